//! The commands: their words, and what they mean.

use std::ffi::OsString;
use std::path::PathBuf;

use wasm_dbms::Page;

use crate::error::{Error, Result};

/// What `.help` prints.
pub(crate) const HELP: &str = "\
Commands, each with its arguments as words of their own:
  .tables              every table: rows, columns, indexes
  .schema [TABLE]      columns, keys, indexes and foreign keys
  .rows TABLE [LIMIT]  rows in the order of their key (--format table, csv, json or line)
  .count TABLE         how many rows
  .pages               a map of the file, one character a page, and totals for each table and index
  .page N              one page: kind, tree, entries, fill, its bytes
  .check               walks everything; exit code 1 if something is wrong
  .export PATH         writes the canonical bytes into a new file
  .help                this text
A word is a command if it is a point and letters; write ./NAME for a file that is named like that.
There is no SQL yet.
";

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Tables,
    Schema(Option<String>),
    Rows { table: String, limit: Option<u64> },
    Count(String),
    Pages,
    Page(Page),
    Check,
    Export(PathBuf),
}

impl Command {
    /// The commands of these words; help and the tables if there are none.
    pub(crate) fn parse_all(words: &[OsString]) -> Result<Vec<Self>> {
        if words.is_empty() {
            return Ok(vec![Self::Help, Self::Tables]);
        }
        let words = words.iter().flat_map(split).collect::<Vec<_>>();
        let mut commands = Vec::new();
        let mut rest = words.as_slice();
        while let Some((name, after)) = rest.split_first() {
            if !is_command(name) {
                return Err(unknown(name));
            }
            let count = after.iter().position(is_command).unwrap_or(after.len());
            let (arguments, next) = after.split_at_checked(count).unwrap_or((after, &[]));
            commands.push(Self::parse(&name.to_string_lossy(), arguments)?);
            rest = next;
        }
        Ok(commands)
    }

    fn parse(name: &str, arguments: &[OsString]) -> Result<Self> {
        Ok(match (name, arguments) {
            (".help", []) => Self::Help,
            (".tables", []) => Self::Tables,
            (".schema", []) => Self::Schema(None),
            (".schema", [table]) => Self::Schema(Some(text(table)?)),
            (".rows", [table]) => Self::Rows { table: text(table)?, limit: None },
            (".rows", [table, limit]) => {
                Self::Rows { table: text(table)?, limit: Some(number(limit, "the limit of .rows")?) }
            }
            (".count", [table]) => Self::Count(text(table)?),
            (".pages", []) => Self::Pages,
            (".page", [page]) => Self::Page(number(page, "the page of .page")?),
            (".check", []) => Self::Check,
            (".export", [path]) => Self::Export(path.into()),
            _ => return Err(misused(name)),
        })
    }
}

/// A command that came quoted together with its arguments, in words.
fn split(word: &OsString) -> Vec<OsString> {
    match word.to_str() {
        Some(text) if text.starts_with('.') && is_command(text.split_whitespace().next().unwrap_or_default()) => {
            text.split_whitespace().map(OsString::from).collect()
        }
        _ => vec![word.clone()],
    }
}

/// Whether a word is a point and letters.
fn is_command(word: impl AsRef<std::ffi::OsStr>) -> bool {
    let name = word.as_ref().to_str().and_then(|text| text.strip_prefix('.'));
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphabetic()))
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

fn unknown(word: &std::ffi::OsStr) -> Error {
    Error::Usage(format!("unknown command {}; .help lists them", word.display()))
}

fn text(word: &OsString) -> Result<String> {
    let text = word.to_str().map(str::to_owned);
    text.ok_or_else(|| Error::Usage(format!("{} is no UTF-8 text", word.display())))
}

fn number<N: std::str::FromStr>(word: &OsString, what: &str) -> Result<N> {
    let parsed = word.to_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| Error::Usage(format!("{what} is a whole number, not {}", word.display())))
}
