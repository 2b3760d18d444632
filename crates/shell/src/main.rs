//! `wasm-dbms FILE [.command]...`: looks into a database file. It changes no row.
//!
//! | to change | see |
//! |---|---|
//! | the command line | `arguments.rs` |
//! | which commands there are, their words and `.help` | `command.rs` |
//! | what a command prints | the file of its name: `tables.rs`, `schema.rs`, `rows.rs`, `page_map.rs`, .. |
//! | how rows are printed | `format.rs`, one value in `cell.rs` |

mod arguments;
mod cell;
mod check;
mod command;
mod error;
mod export;
mod file;
mod format;
mod page;
mod page_map;
mod rows;
mod schema;
mod tables;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use wasm_dbms::prelude::Database;

use crate::arguments::Arguments;
use crate::command::Command;
use crate::error::Result;
use crate::format::Format;

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    /// It ran, and something is wrong with the database.
    Findings,
}

fn main() -> ExitCode {
    match run() {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::FAILURE,
        // Whoever read the output has seen enough.
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            // If stderr is closed as well there is nobody left to tell.
            let _nobody_left = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Outcome> {
    let mut out = BufWriter::new(io::stdout().lock());
    let Some(arguments) = Arguments::parse(std::env::args_os(), &mut out)? else {
        out.flush()?;
        return Ok(Outcome::Done);
    };
    // Every command is understood before the first one runs.
    let commands = Command::parse_all(&arguments.commands)?;
    let database = file::open(&arguments.file)?;
    let mut outcome = Outcome::Done;
    for command in &commands {
        if execute(command, &database, arguments.format, &mut out)? == Outcome::Findings {
            outcome = Outcome::Findings;
        }
        out.flush()?;
    }
    Ok(outcome)
}

fn execute(command: &Command, database: &Database, format: Format, out: &mut dyn Write) -> Result<Outcome> {
    match command {
        Command::Help => out.write_all(command::HELP.as_bytes())?,
        Command::Tables => tables::write(database, format, out)?,
        Command::Schema(table) => schema::write(database, table.as_deref(), out)?,
        Command::Rows { table, limit } => rows::write(database, table, *limit, format, out)?,
        Command::Count(table) => writeln!(out, "{}", rows::count(database, table)?)?,
        Command::Pages => return page_map::write(database, out),
        Command::Page(number) => page::write(database, *number, out)?,
        Command::Check => return check::write(database, out),
        Command::Export(path) => export::write(database, path, out)?,
    }
    Ok(Outcome::Done)
}
