//! The provider of browsers without a browser: one binary, because compiling and linking one for each file takes long. A part
//! of them: `cargo test -p wasm-dbms-web --test web crashes::`.

#![cfg(test)]

#[path = "../browser_test/batches.rs"]
mod batches;
#[path = "../browser_test/contract.rs"]
mod contract;
mod crashes;
mod provider;
