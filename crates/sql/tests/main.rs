//! What SQL says and does, a file for each matter: one binary, because compiling and linking one for each file takes long. A
//! part of them: `cargo test -p wasm-dbms-sql --test sql statements::`.
//!
//! `partitioning` is a binary of its own, since it asks as much as it has time for, in as many threads as there are
//! processors.

#![cfg(test)]

mod common;
mod definitions;
mod dialects;
mod differential;
mod errors;
mod execute;
mod explain;
mod hostile;
mod hostile_runs;
mod oracle;
mod peer;
mod reference;
mod returning;
mod round_trip;
mod statements;
mod windows;
