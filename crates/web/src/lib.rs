//! wasm-dbms in a browser: databases in the origin private file system (OPFS), from a dedicated worker.
//!
//! ```text
//! opfs       OpfsProvider: a MemoryProvider over one file; counts and refusals of the browser as typed errors
//! handle     SyncAccessHandle: what the browser gives for an open file; Refusal: the exception it throws
//! imports    the handles that js/opfs.js opens, by their number (the only unsafe code)
//! ```
//!
//! Opening a file is asynchronous in a browser and nothing else is. So the script opens (`await opfs.prepare(name)` of
//! `js/opfs.js`), and the module takes what was opened, under the same name:
//!
//! ```no_run
//! use wasm_dbms::prelude::*;
//! use wasm_dbms_web::OpfsProvider;
//!
//! let database = Database::open(OpfsProvider::open("app.db")?)?;
//! # Ok::<(), Error>(())
//! ```
//!
//! No special headers are needed (neither COOP nor COEP): nothing is shared between threads.

mod handle;
#[cfg(target_family = "wasm")]
mod imports;
mod opfs;

pub use handle::{Refusal, SyncAccessHandle};
pub use opfs::OpfsProvider;
