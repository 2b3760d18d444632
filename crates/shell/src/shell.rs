//! [`Shell`]: a database, and how it is talked to.

use std::ffi::OsString;
use std::io::{BufRead, Write};
use std::time::Instant;

use wasm_dbms::prelude::Database;
use wasm_dbms_sql::{Dialect, Rows, Session, parse_all};

use crate::Outcome;
use crate::command::{self, Command, is_command};
use crate::error::{Error, Result};
use crate::format::{self, Format};
use crate::input::{Input, Script};

/// A database, and how it is talked to.
pub(crate) struct Shell<'db> {
    pub(crate) database: &'db Database,
    pub(crate) session: Session<'db>,
    pub(crate) format: Format,
    /// Whether it says how long each statement takes.
    pub(crate) is_timed: bool,
    /// Whether it says how many rows were written.
    pub(crate) is_interactive: bool,
}

impl<'db> Shell<'db> {
    pub(crate) fn new(database: &'db Database, format: Format) -> Self {
        Self { database, session: Session::new(database), format, is_timed: false, is_interactive: false }
    }

    /// Runs the words of the command line, up to the first error.
    pub(crate) fn run_words(&mut self, inputs: &[Input], out: &mut dyn Write) -> Result<Outcome> {
        let mut outcome = Outcome::Done;
        for input in inputs {
            let ran = self.run(input, out)?;
            out.flush()?;
            if !ran.goes_on(&mut outcome) {
                break;
            }
        }
        self.end()?;
        Ok(outcome)
    }

    /// Runs a script, up to the first error.
    pub(crate) fn run_script(&mut self, mut script: impl BufRead, out: &mut dyn Write) -> Result<Outcome> {
        let mut outcome = Outcome::Done;
        let mut lines = Script::default();
        let mut line = String::new();
        let mut is_open = true;
        while is_open {
            line.clear();
            let read = script.read_line(&mut line);
            let read = read.map_err(|error| Error::Usage(format!("the script cannot be read: {error}")))?;
            let at = |line: usize| move |error: Error| Error::Script { line, error: error.into() };
            let next = if read == 0 {
                is_open = false;
                lines.end()
            } else {
                let pushed = lines.push(&line);
                pushed.map_err(at(lines.line()))?
            };
            let Some((begun, input)) = next else { continue };
            if !self.run(&input, out).map_err(at(begun))?.goes_on(&mut outcome) {
                break;
            }
        }
        out.flush()?;
        self.end()?;
        Ok(outcome)
    }

    /// What is not committed at the end is lost: that is an error, not a habit.
    fn end(&self) -> Result<()> {
        match self.session.is_in_transaction() {
            true => Err(Error::Usage("the transaction was not committed: nothing of it stays".into())),
            false => Ok(()),
        }
    }

    /// Runs statements or a command.
    pub(crate) fn run(&mut self, input: &Input, out: &mut dyn Write) -> Result<Outcome> {
        let start = self.is_timed.then(Instant::now);
        let outcome = match input {
            Input::Sql(text) => self.run_sql(text, out).map(|()| Outcome::Done),
            Input::Command(command) => command::run(command, self, out),
        };
        if let (Some(start), true) = (start, outcome.is_ok()) {
            writeln!(out, "time: {:.3} s", start.elapsed().as_secs_f64())?;
        }
        outcome
    }

    fn run_sql(&self, text: &str, out: &mut dyn Write) -> Result<()> {
        let mut failed = None;
        let ran = self.session.run_visiting(text, &mut |count, rows| {
            self.show(count, rows, out).map_err(|error| match error {
                Error::Sql(error) => error,
                other => {
                    // Whatever: what counts is kept.
                    failed = Some(other);
                    wasm_dbms_sql::Error::NoRows
                }
            })
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(ran?),
        }
    }

    /// Prints what a statement answers.
    fn show(&self, count: u64, rows: Rows, out: &mut dyn Write) -> Result<()> {
        let columns = rows.columns().to_vec();
        if columns.is_empty() {
            if self.is_interactive {
                writeln!(out, "ok{}", if count > 0 { format!(", rows: {count}") } else { String::new() })?;
            }
            return Ok(());
        }
        let rows = rows.map(|row| Ok(row?.into_values())).collect::<wasm_dbms_sql::Result<Vec<_>>>()?;
        format::write(self.format, &columns, &rows, out)
    }
}

/// What the words of the command line say. All of it is understood before anything runs.
pub(crate) fn inputs(words: &[OsString]) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    let mut rest = words;
    while let Some((word, after)) = rest.split_first() {
        if is_command(word) {
            let (command, after) = Command::parse_first(rest)?;
            inputs.push(Input::Command(command));
            rest = after;
            continue;
        }
        let Some(text) = word.to_str() else {
            return Err(Error::Usage(format!("{} is not valid Unicode", word.display())));
        };
        parse_all(text, Dialect::PostgreSql)?;
        inputs.push(Input::Sql(text.to_owned()));
        rest = after;
    }
    Ok(inputs)
}
