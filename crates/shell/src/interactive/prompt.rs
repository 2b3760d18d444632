//! The help of the line editor.

use std::borrow::Cow;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};
use wasm_dbms::prelude::Database;

use super::complete::Words;
use super::highlight;
use crate::command::is_command;
use crate::input::is_whole;

/// Knows the database whose names it completes.
pub(super) struct Prompt<'db> {
    database: &'db Database,
    is_coloured: bool,
}

impl<'db> Prompt<'db> {
    pub(super) fn new(database: &'db Database, is_coloured: bool) -> Self {
        Self { database, is_coloured }
    }
}

impl Helper for Prompt<'_> {}

impl Hinter for Prompt<'_> {
    type Hint = String;
}

impl Completer for Prompt<'_> {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = line.get(..pos).unwrap_or(line);
        // A database that cannot be read has no names to offer; the statement will say why.
        let schemas = self.database.schemas().unwrap_or_default();
        let views = crate::definition::views(self.database).unwrap_or_default();
        Ok(Words::new(&schemas, &views).complete(before))
    }
}

impl Highlighter for Prompt<'_> {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        match self.is_coloured {
            true => Cow::Owned(highlight::coloured(line)),
            false => Cow::Borrowed(line),
        }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.is_coloured && kind != CmdKind::MoveCursor
    }
}

impl Validator for Prompt<'_> {
    /// A command is a line; a statement goes on until its semicolon.
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        let is_done = is_command(text.trim_start()) || is_whole(text);
        Ok(if is_done { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}
