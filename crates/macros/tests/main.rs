//! What the derives write, a file for each matter: one binary, because compiling and linking one for each file takes long. A
//! part of them: `cargo test -p wasm-dbms-macros --test macros hygiene::`.
//!
//! `compile_fail` is a binary of its own, since it runs a compiler.

#![cfg(test)]

extern crate wasm_dbms_api as wasm_dbms;

mod database_schema;
mod encode;
mod hygiene;
mod table_rows;
mod table_schema;
