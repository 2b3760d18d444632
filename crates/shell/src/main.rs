//! `wasm-dbms [FILE] [SQL or .command]...`: the shell of a database file.
//!
//! | to change | see |
//! |---|---|
//! | the command line, the manual page, completions | `arguments.rs` |
//! | how a script is cut into statements and commands | `input.rs` |
//! | what runs them, and what is said of it | `shell.rs` |
//! | which commands there are, their words and `.help` | `command/mod.rs` |
//! | what a command does | `command/run.rs`, the file of its name |
//! | the prompt: history, completion, colours | `interactive/` |
//! | how rows are printed | `format.rs`, one value in `cell.rs` |
//! | `.import`: a format, types, rejected rows | `import/` |
//! | `.dump`, `.schema` | `dump.rs`, `definition.rs` |
//! | `.pages` | `pages/` |
//! | `wasm-dbms migrate`, `.migrate` | `migrate.rs` |

mod arguments;
mod cell;
mod command;
mod definition;
mod dump;
mod error;
mod file;
mod format;
mod import;
mod input;
mod interactive;
mod migrate;
mod pages;
mod shell;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use crate::arguments::{Arguments, Subcommand};
use crate::error::Result;
use crate::input::Input;
use crate::shell::Shell;

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    /// It ran, and something is wrong with the database or with what was read.
    Findings,
    /// There is a plan, and nobody asked for more than to see it.
    Pending,
    /// It would lose data that nobody has named.
    Refused,
    /// The shell ends.
    Quit,
}

impl Outcome {
    /// Adds what this says to what all so far came to; whether more is to be run.
    fn goes_on(self, all: &mut Self) -> bool {
        if self == Self::Findings {
            *all = self;
        }
        self != Self::Quit
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(Outcome::Findings) => ExitCode::FAILURE,
        Ok(Outcome::Pending) => ExitCode::from(2),
        Ok(Outcome::Refused) => ExitCode::from(3),
        Ok(_) => ExitCode::SUCCESS,
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
    if let Some(Subcommand::Migrate(asked)) = &arguments.subcommand {
        let outcome = migrate::run(asked, &mut out)?;
        out.flush()?;
        return Ok(outcome);
    }
    let inputs = shell::inputs(&arguments.words)?;
    // Who only looks does not want a new database.
    let only_looks = !inputs.is_empty()
        && inputs.iter().all(|input| matches!(input, Input::Command(command) if command.only_looks()));
    let database = file::open(arguments.path().as_deref(), arguments.read_only, only_looks)?;
    let database = database.with_clock(migrate::WallClock);
    let mut shell = Shell::new(&database, arguments.format);
    if !inputs.is_empty() {
        return shell.run_words(&inputs, &mut out);
    }
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return interactive::run(&mut shell, arguments.path().as_deref(), &mut out);
    }
    shell.run_script(io::stdin().lock(), &mut out)
}
