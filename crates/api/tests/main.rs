//! Values and rules against the libraries that everyone uses: one binary, because compiling and linking one for each file takes
//! long. A part of them: `cargo test -p wasm-dbms-api --test api rule_oracles::`.

#![cfg(test)]

mod oracles;
mod rule_oracles;
mod rule_page;
