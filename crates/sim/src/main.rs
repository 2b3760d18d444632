//! The batteries, by name.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks on its standard streams")]

use std::process::ExitCode;

use wasm_dbms_sim::battery::hostile;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((name, rest)) if name == "hostile" => hostile::main(rest),
        _ => {
            eprintln!("usage: wasm-dbms-battery hostile");
            ExitCode::FAILURE
        }
    }
}
