//! wasm-dbms on the Internet Computer: a database in the stable memory of a canister, where it outlives upgrades.
//!
//! ```text
//! provider   StableMemoryProvider: a MemoryProvider over stable memory
//! stable     StableMemory: what the system gives; the imports of `ic0` (the only unsafe code)
//! ```
//!
//! ```no_run
//! use wasm_dbms::prelude::*;
//! use wasm_dbms_canister::StableMemoryProvider;
//!
//! // In `canister_init` and in `canister_post_upgrade`:
//! let database = Database::open(StableMemoryProvider::open()?)?;
//! # Ok::<(), Error>(())
//! ```
//!
//! A message that traps leaves no trace, neither on the heap nor in stable memory: so a commit needs no log, and must end
//! within the message that began it.

mod provider;
mod stable;

pub use provider::StableMemoryProvider;
pub use stable::StableMemory;
