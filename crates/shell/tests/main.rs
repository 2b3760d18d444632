//! What the shell does, a file for each matter: one binary, because compiling and linking one for each file takes long. A part
//! of them: `cargo test -p wasm-dbms-shell --test shell importing::`.

#![cfg(test)]

mod document;
mod dumping;
mod importing;
mod looking;
mod migrating;
mod refusing;
mod running;
mod support;
mod talking;
