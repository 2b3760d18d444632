//! The commands: their words, and what they mean.
//!
//! ```text
//! words     a line in words, with quotes
//! run       what each command does
//! tables, schema, indexes, rows, page, check, backup, export, migrate, vacuum     one command each, or two
//! ```

mod backup;
mod check;
mod export;
mod indexes;
mod migrate;
mod page;
mod rows;
mod run;
mod schema;
mod tables;
mod words;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use wasm_dbms::Page;

use crate::error::{Error, Result};
use crate::format::Format;
use crate::input::begins_statement;

pub(crate) use page::percent;
pub(crate) use run::run;

/// What `.help` prints.
pub(crate) const HELP: &str = "\
Commands, each with its arguments; all else is SQL, with a semicolon behind each statement:
  .tables              every table: rows, columns, indexes; views
  .schema [TABLE]      tables, indexes, references and views as SQL
  .indexes [TABLE]     every index: table, columns, what it includes
  .rows TABLE [LIMIT]  rows in the order of their key
  .count TABLE         how many rows
  .dump [TABLE]        SQL that restores everything, or one table
  .import PATH [TABLE] rows of a file of CSV, JSON lines or SQLite; a table that is not there is made
  .export PATH [TABLE|QUERY]  rows into a new file: .csv, .json, .jsonl or .md; nothing named: as .backup
  .backup PATH         the whole database into a new file
  .migrate plan PATH   what would make the tables those of a schema in SQL or JSON; others go
  .migrate apply PATH ['OPERATION; ..']  does it; what loses data only if it is named, in the plan's words
  .migrate history     the migrations that were made: when, and what was done
  .check               walks everything; exit code 1 if something is wrong
  .vacuum              gives back the space of what was deleted
  .pages [PATH.svg]    a map of the file, one character a page, and totals for each table and index
  .page N              one page: kind, tree, entries, fill, its bytes
  .format FORMAT       table, csv, json, markdown or line
  .timer on|off        says how long each statement takes
  .help                this text
  .quit                ends the shell
A word is a command if it is a point and letters; write ./NAME for a file that is named like that.
";

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Tables,
    Schema(Option<String>),
    Indexes(Option<String>),
    Rows { table: String, limit: Option<u64> },
    Count(String),
    Dump(Option<String>),
    Import { path: PathBuf, table: Option<String> },
    Export { path: PathBuf, what: Option<String> },
    Backup(PathBuf),
    Migrate { path: PathBuf, applies: bool, allowed: Option<String> },
    Migrations,
    Check,
    Vacuum,
    Pages(Option<PathBuf>),
    Page(Page),
    Format(Format),
    Timer(bool),
    Quit,
}

/// The names, for those who complete them.
pub(crate) const NAMES: [&str; 18] = [
    ".backup", ".check", ".count", ".dump", ".export", ".format", ".help", ".import", ".indexes", ".migrate", ".page",
    ".pages", ".quit", ".rows", ".schema", ".tables", ".timer", ".vacuum",
];

impl Command {
    /// The command that these words begin with, and the words behind it.
    pub(crate) fn parse_first(words: &[OsString]) -> Result<(Self, &[OsString])> {
        let Some((name, after)) = words.split_first() else { return Err(unknown(OsStr::new(""))) };
        let text = name.to_string_lossy();
        if text.split_whitespace().nth(1).is_some() {
            // It came quoted together with its arguments.
            return Ok((Self::parse_line(&text)?, after));
        }
        // What must be there is an argument whatever it looks like.
        let (least, most) = argument_counts(&text).ok_or_else(|| unknown(name))?;
        let is_next = |word: &OsString| is_command(word) || word.to_str().is_some_and(begins_statement);
        let is_history = after.first().is_some_and(|word| word == "history");
        let applies = after.first().is_some_and(|word| word == "apply");
        // These may look like SQL.
        let is_query = |place: usize| match place {
            1 => text == ".export" || text == ".migrate" && !is_history,
            2 => text == ".migrate" && applies,
            _ => false,
        };
        let next = after.iter().enumerate().position(|(place, word)| {
            place >= most && !is_plain_argument(word) || place >= least && is_next(word) && !is_query(place)
        });
        let (arguments, rest) = after.split_at_checked(next.unwrap_or(after.len())).unwrap_or((after, &[]));
        Ok((Self::parse(&text, arguments)?, rest))
    }

    /// The command of a line.
    pub(crate) fn parse_line(line: &str) -> Result<Self> {
        let words = words::split(line)?;
        let Some((name, arguments)) = words.split_first() else { return Err(unknown(OsStr::new(line))) };
        let mut arguments: Vec<OsString> = arguments.iter().map(|word| OsString::from(&word.text)).collect();
        if name.text == ".export"
            && let Some(query) = words.get(2)
        {
            // The query is all that follows, quotes and all.
            arguments.truncate(1);
            arguments.push(line.get(query.start..).unwrap_or_default().trim().into());
        }
        Self::parse(&name.text, &arguments)
    }

    fn parse(name: &str, arguments: &[OsString]) -> Result<Self> {
        Ok(match (name, arguments) {
            (".help", []) => Self::Help,
            (".quit" | ".exit", []) => Self::Quit,
            (".tables", []) => Self::Tables,
            (".schema", []) => Self::Schema(None),
            (".schema", [table]) => Self::Schema(Some(text(table)?)),
            (".indexes", []) => Self::Indexes(None),
            (".indexes", [table]) => Self::Indexes(Some(text(table)?)),
            (".rows", [table]) => Self::Rows { table: text(table)?, limit: None },
            (".rows", [table, limit]) => {
                Self::Rows { table: text(table)?, limit: Some(number(limit, "the limit of .rows")?) }
            }
            (".count", [table]) => Self::Count(text(table)?),
            (".dump", []) => Self::Dump(None),
            (".dump", [table]) => Self::Dump(Some(text(table)?)),
            (".import", [path]) => Self::Import { path: path.into(), table: None },
            (".import", [path, table]) => Self::Import { path: path.into(), table: Some(text(table)?) },
            (".export", [path]) => Self::Export { path: path.into(), what: None },
            (".export", [path, what]) => Self::Export { path: path.into(), what: Some(text(what)?) },
            (".backup", [path]) => Self::Backup(path.into()),
            (".migrate", [history]) if history == "history" => Self::Migrations,
            (".migrate", [plan, path]) if plan == "plan" => {
                Self::Migrate { path: path.into(), applies: false, allowed: None }
            }
            (".migrate", [apply, path]) if apply == "apply" => {
                Self::Migrate { path: path.into(), applies: true, allowed: None }
            }
            (".migrate", [apply, path, allowed]) if apply == "apply" => {
                Self::Migrate { path: path.into(), applies: true, allowed: Some(text(allowed)?) }
            }
            (".check", []) => Self::Check,
            (".vacuum", []) => Self::Vacuum,
            (".pages", []) => Self::Pages(None),
            (".pages", [path]) => Self::Pages(Some(path.into())),
            (".page", [page]) => Self::Page(number(page, "the page of .page")?),
            (".format", [format]) => Self::Format(format_of(format)?),
            (".timer", [on]) if on == "on" => Self::Timer(true),
            (".timer", [off]) if off == "off" => Self::Timer(false),
            _ => return Err(misused(name)),
        })
    }

    /// Whether it only looks at a database: one that is not there is then a mistake.
    pub(crate) fn only_looks(&self) -> bool {
        !matches!(self, Self::Import { .. } | Self::Help | Self::Format(_) | Self::Timer(_) | Self::Quit)
    }
}

/// How many arguments a command takes, at least and at most; none if there is no such command.
fn argument_counts(name: &str) -> Option<(usize, usize)> {
    Some(match name {
        ".help" | ".tables" | ".check" | ".vacuum" | ".quit" | ".exit" => (0, 0),
        ".schema" | ".indexes" | ".dump" | ".pages" => (0, 1),
        ".count" | ".backup" | ".page" | ".format" | ".timer" => (1, 1),
        ".rows" | ".import" | ".export" => (1, 2),
        ".migrate" => (1, 3),
        _ => return None,
    })
}

/// Whether a word is a point and letters.
pub(crate) fn is_command(word: impl AsRef<OsStr>) -> bool {
    let first = word.as_ref().to_str().and_then(|text| text.split_whitespace().next());
    let name = first.and_then(|text| text.strip_prefix('.'));
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphabetic()))
}

/// Whether a word is neither a command nor SQL: one too many then, not the next thing to run.
fn is_plain_argument(word: &OsString) -> bool {
    !is_command(word) && !word.to_str().is_some_and(begins_statement)
}

/// The line of `.help` about a command.
fn usage(name: &str) -> Option<&'static str> {
    HELP.lines().map(str::trim_start).find(|line| line.split_whitespace().next() == Some(name))
}

fn misused(name: &str) -> Error {
    match usage(name) {
        Some(usage) => Error::Usage(format!("{name} is used otherwise: {usage}")),
        None => unknown(name.as_ref()),
    }
}

fn unknown(word: &OsStr) -> Error {
    Error::Usage(format!("unknown command {}; .help lists them", word.display()))
}

fn format_of(word: &OsString) -> Result<Format> {
    let text = word.to_string_lossy();
    let known = <Format as clap::ValueEnum>::from_str(&text, true);
    known.map_err(|_| Error::Usage(format!("the format is table, csv, json, markdown or line, not {text}")))
}

fn text(word: &OsString) -> Result<String> {
    match word.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(Error::Usage(format!("{} is not valid Unicode", word.display()))),
    }
}

fn number<T: std::str::FromStr>(word: &OsString, what: &str) -> Result<T> {
    let number = word.to_str().and_then(|text| text.parse().ok());
    number.ok_or_else(|| Error::Usage(format!("{what} is a whole number, not {}", word.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_line_of_help_and_a_count_of_arguments() {
        for name in NAMES {
            assert!(usage(name).is_some() && argument_counts(name).is_some(), "{name}");
        }
        let listed = HELP.lines().filter(|line| line.starts_with("  ."));
        // One has three lines.
        assert_eq!(listed.count(), NAMES.len() + 2);
    }
}
