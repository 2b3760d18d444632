//! `.import`: rows of a file.
//!
//! ```text
//! csv, json_lines, sqlite   what reads a format: records, and for a new table its columns
//! infer                     which type the texts of a column have
//! value                     one text as a value of a column
//! table                     the table that takes the rows
//! rows                      records into the table; what is refused and why
//! ```
//!
//! All rows of a file come in one transaction. A row that is refused is left out and reported, the others stay.

mod csv;
mod infer;
mod json_lines;
mod rows;
mod sqlite;
mod table;
mod value;

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use wasm_dbms::Interrupt;
use wasm_dbms::prelude::*;

use crate::Outcome;
use crate::error::{Error, Result};

/// A row of a file.
pub(super) struct Record {
    /// Where it stands, as a report calls it: `line 7`.
    pub(super) place: Place,
    /// Its values in the order of the columns; or why it is none.
    pub(super) values: std::result::Result<Vec<Value>, String>,
}

/// Where a row stands in its file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Line(u64),
    Row(u64),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Row(number) => write!(f, "row {number}"),
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Fields with this byte between.
    Csv(u8),
    JsonLines,
    Sqlite,
}

impl Kind {
    /// The kind of a file: by its first bytes if it is one of SQLite, else by its name, else by its first character.
    fn of(path: &Path) -> std::io::Result<Self> {
        let mut start = Vec::new();
        File::open(path)?.take(4096).read_to_end(&mut start)?;
        if start.starts_with(b"SQLite format 3\0") {
            return Ok(Self::Sqlite);
        }
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
        Ok(match extension.to_ascii_lowercase().as_str() {
            "csv" => Self::Csv(b','),
            "tsv" | "tab" => Self::Csv(b'\t'),
            "json" | "jsonl" | "ndjson" => Self::JsonLines,
            _ if first == Some(&b'{') => Self::JsonLines,
            _ => Self::Csv(b','),
        })
    }
}

/// Imports a file.
pub(crate) fn run(
    database: &Database,
    interrupt: &Interrupt,
    path: &Path,
    table: Option<&str>,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let kind = Kind::of(path).map_err(|error| Error::import(path, error))?;
    let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let named = table.map_or_else(|| table_name(path), str::to_owned);
    let job = Job { database, interrupt, path };
    match kind {
        Kind::Csv(delimiter) => csv::import(&job, delimiter, &named, length, out),
        Kind::JsonLines => json_lines::import(&job, &named, length, out),
        Kind::Sqlite => sqlite::import(&job, table, out),
    }
}

/// What every import is given.
pub(super) struct Job<'a> {
    pub(super) database: &'a Database,
    pub(super) interrupt: &'a Interrupt,
    pub(super) path: &'a Path,
}

/// The name of a table for a file: that of the file, in small letters.
fn table_name(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
    stem.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).collect()
}

/// A bar of so many bytes or rows; it is drawn on a terminal only.
fn progress(length: u64, name: &str) -> ProgressBar {
    let bar = ProgressBar::new(length).with_message(name.to_owned());
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent} % {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
