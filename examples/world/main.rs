//! `cargo run --release --example world`: see the README of this folder.

use std::io::{self, Write};
use std::process::ExitCode;

use world::arguments::{Parsed, parse};
use world::report::{Quiet, Report};
use world::{Result, command};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If stderr is closed as well there is nobody left to tell.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the command line says.
fn run() -> Result<()> {
    let mut stdout = io::stdout().lock();
    match parse(std::env::args_os().skip(1))? {
        Parsed::Help(text) => Ok(stdout.write_all(text.as_bytes())?),
        Parsed::Run(arguments) if arguments.quiet => command::run(&arguments, &mut Quiet(report(stdout))),
        Parsed::Run(arguments) => command::run(&arguments, &mut report(stdout)),
    }
}

/// Lines, a progress bar, tables.
#[cfg(feature = "terminal")]
fn report(writer: impl Write) -> impl Report {
    world::terminal::Terminal::new(writer)
}

/// Lines.
#[cfg(not(feature = "terminal"))]
fn report(writer: impl Write) -> impl Report {
    world::report::Lines(writer)
}
