//! What the modules of the npm package `wasm-dbms` have in common, whatever is said to them: SQL (`crates/npm`) or tables
//! (`crates/tables`).
//!
//! ```text
//! edge       the exports of a module: numbers, pointers, codes (wasm only)
//! server     databases, sessions, statements and subscriptions by their numbers
//! owned      a database with the sessions that borrow it
//! language   what is said in a session, and how it is understood
//! wire       values as JavaScript writes them and reads them: parameters in, rows out
//! failure    what went wrong, as a kind, words and a place
//! heap       where a module has its memory from (wasm only)
//! ```

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub mod edge;
mod failure;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod heap;
mod language;
mod owned;
mod server;
mod wire;

pub use failure::{Failure, FailureKind, Result};
pub use language::{Language, NextRow};
pub use server::Server;
pub use wire::{Batch, MAX_BATCH_BYTES, MAX_BATCH_CELLS, Values, write_value};
