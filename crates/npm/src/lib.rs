//! wasm-dbms for JavaScript: the module of the npm package `wasm-dbms`, whose scripts are in `js/`.
//!
//! ```text
//! exports    the edge of the module: numbers, pointers, codes (wasm only)
//! server     databases, sessions, statements and subscriptions by their numbers
//! owned      a database with the sessions that borrow it
//! wire       values as JavaScript writes them and reads them: parameters in, rows out
//! failure    what went wrong, as a kind, words and a place
//! ```

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod exports;
mod failure;
mod owned;
mod server;
mod wire;

pub use failure::{Failure, FailureKind, Result};
pub use server::Server;
pub use wire::{Batch, MAX_BATCH_BYTES, MAX_BATCH_CELLS, read_values, write_value};
