//! What the simulator finds, and what it once found: one binary, because compiling and linking one for each file takes long. A
//! part of them: `cargo test -p wasm-dbms-sim --test sim crash::`.

#![cfg(test)]

mod batteries;
mod conformance;
mod crash;
mod failing_medium;
mod hostile;
mod migrations;
mod programs;
mod syncs;
