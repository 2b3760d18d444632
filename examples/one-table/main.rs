//! `cargo run --release --example one_table`: the scenario on this machine.

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut stdout = io::stdout().lock();
    let outcome = one_table::run(&mut |line| writeln!(stdout, "{line}").is_ok());
    match outcome {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            // If stderr is closed as well there is nobody left to tell.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}
