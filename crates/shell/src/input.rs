//! What is said to the shell: a text in statements and commands.

use wasm_dbms_sql::{Dialect, TokenKind, tokens};

use crate::command::{self, Command};
use crate::error::Result;

/// Something to run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Statements, with semicolons behind them.
    Sql(String),
    /// A command.
    Command(Command),
}

/// The words that statements begin with.
const FIRST_WORDS: [&str; 20] = [
    "select",
    "insert",
    "update",
    "delete",
    "create",
    "drop",
    "alter",
    "with",
    "values",
    "begin",
    "commit",
    "rollback",
    "savepoint",
    "release",
    "explain",
    "replace",
    "start",
    "end",
    "abort",
    "table",
];

/// Whether a word of the command line looks like SQL: it begins with a word that statements begin with and goes on.
pub(crate) fn begins_statement(word: &str) -> bool {
    let text = word.trim_start_matches([' ', '\n', '\t', '(']);
    let first: String = text.chars().take_while(|character| character.is_ascii_alphabetic()).collect();
    let is_first = FIRST_WORDS.iter().any(|known| known.eq_ignore_ascii_case(&first));
    is_first && (text.len() > first.len() || ["begin", "commit", "rollback"].contains(&&*first.to_ascii_lowercase()))
}

/// Whether a text has only whole statements: nothing is open, and a semicolon stands at the end.
pub(crate) fn is_whole(text: &str) -> bool {
    let last = tokens(text, Dialect::PostgreSql).last();
    last.is_none_or(|(kind, range)| kind == TokenKind::Sign && text.get(range) == Some(";"))
}

/// Takes lines and gives what can be run, with the line on which it began.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pending: String,
    /// The line on which what is pending begins, and the last one.
    begun: usize,
    line: usize,
}

impl Script {
    /// Takes a line, with its end.
    pub(crate) fn push(&mut self, line: &str) -> Result<Option<(usize, Input)>> {
        self.line += 1;
        let is_first = self.pending.trim().is_empty();
        if is_first {
            self.pending.clear();
            self.begun = self.line;
            let line = line.trim();
            if command::is_command(line) {
                return Ok(Some((self.line, Input::Command(Command::parse_line(line)?))));
            }
        }
        self.pending.push_str(line);
        // Only a semicolon can end a statement.
        if !line.contains(';') || !is_whole(&self.pending) {
            return Ok(None);
        }
        Ok(Some((self.begun, Input::Sql(std::mem::take(&mut self.pending)))))
    }

    /// The line that was read last.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// What is left at the end: a statement may go without its semicolon.
    pub(crate) fn end(&mut self) -> Option<(usize, Input)> {
        let rest = std::mem::take(&mut self.pending);
        (!rest.trim().is_empty()).then_some((self.begun, Input::Sql(rest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_at_its_semicolon_and_not_in_a_text() {
        let mut script = Script::default();
        assert_eq!(script.push("SELECT 'a;\n").unwrap(), None);
        let (line, input) = script.push("b' -- ;\n;\n").unwrap().unwrap();
        assert_eq!((line, input), (1, Input::Sql("SELECT 'a;\nb' -- ;\n;\n".into())));
        assert_eq!(script.push(".tables\n").unwrap(), Some((3, Input::Command(Command::Tables))));
        assert_eq!(script.push("SELECT 1\n").unwrap(), None);
        assert_eq!(script.end(), Some((4, Input::Sql("SELECT 1\n".into()))));
    }

    #[test]
    fn what_is_whole_may_be_run() {
        for text in ["", "  -- nothing", "SELECT 1;", "SELECT 1; -- one\n", "SELECT ';';;"] {
            assert!(is_whole(text), "{text}");
        }
        for text in ["SELECT 1", "SELECT ';", "/* ;", "SELECT 1; SELECT 2"] {
            assert!(!is_whole(text), "{text}");
        }
    }
}
