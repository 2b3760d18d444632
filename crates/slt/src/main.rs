//! Runs sqllogictest files against the database: `cargo xtask slt PATH`.
//!
//! PATH is a file, or a folder whose `.test` files are run, each against a new database in memory. The last line counts:
//! `slt: <n> passed, <n> failed, <n> skipped in <t> s`. What is skipped is told by its reason, what fails by its class.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks on its standard streams")]

mod answer;
mod database;
mod record;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use wasm_dbms::Database;

use crate::database::{Engine, Own, Sqlite};
use crate::record::{Expectation, Record, records};

/// Each statement is read, planned and forgotten: many small pieces of memory, which SQLite takes from a pool of its own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How the files call our kind of database.
const LABEL: &str = "sqlite";

/// How many failures of a class are shown.
const SHOWN_FAILURES: usize = 3;

/// How many with `--all`.
const SHOWN_FAILURES_OF_ALL: usize = 1000;

/// Records that are no proof: the end of their file's path, their line, and why.
const SKIPPED: &[(&str, usize, &str)] = &[(
    "evidence/slt_lang_aggfunc.test",
    480,
    "an empty answer, written down when SQLite refused the query: integer overflow",
)];

/// Runs sqllogictest files.
#[derive(Parser)]
struct Arguments {
    /// Files, or folders of them
    paths: Vec<PathBuf>,
    /// Run them against SQLite: the time to compare with
    #[arg(long)]
    sqlite: bool,
    /// Show every file with its time
    #[arg(long)]
    files: bool,
    /// Show every failure
    #[arg(long)]
    all: bool,
}

/// What became of the records.
#[derive(Default)]
struct Report {
    /// How many failures of a class are shown.
    shown_max: usize,
    passed: u64,
    failed: u64,
    skipped: BTreeMap<String, u64>,
    /// The failures of each class, with the first of them.
    classes: BTreeMap<String, (u64, Vec<String>)>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> std::io::Result<bool> {
    let mut files = Vec::new();
    arguments.paths.iter().try_for_each(|path| find(path, &mut files))?;
    files.sort();
    let shown_max = if arguments.all { SHOWN_FAILURES_OF_ALL } else { SHOWN_FAILURES };
    let mut report = Report { shown_max, ..Report::default() };
    let begin = Instant::now();
    for path in &files {
        let text = std::fs::read_to_string(path)?;
        let began = Instant::now();
        if arguments.sqlite {
            let connection = rusqlite::Connection::open_in_memory().map_err(std::io::Error::other)?;
            report.run_file(path, &text, &mut Sqlite(connection));
        } else {
            let database = Database::in_memory();
            report.run_file(path, &text, &mut Own::new(&database));
        }
        if arguments.files {
            println!("{:8.3} s {}", began.elapsed().as_secs_f64(), path.display());
        }
    }
    report.tell();
    let skipped: u64 = report.skipped.values().sum();
    let seconds = begin.elapsed().as_secs_f64();
    println!("slt: {} passed, {} failed, {skipped} skipped in {seconds:.1} s", report.passed, report.failed);
    Ok(report.failed == 0)
}

/// The files of a path.
fn find(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "test") {
            find(&path, files)?;
        }
    }
    Ok(())
}

impl Report {
    fn run_file(&mut self, path: &Path, text: &str, engine: &mut dyn Engine) {
        for mut record in records(text, LABEL) {
            let is_it = |(file, line, _): &&(&str, usize, &str)| path.ends_with(file) && record.line == *line;
            if let Some((.., reason)) = SKIPPED.iter().find(is_it) {
                record.skip = Some((*reason).to_owned());
            }
            if let Some(reason) = record.skip {
                *self.skipped.entry(reason).or_default() += 1;
                continue;
            }
            match check(&record, engine) {
                Ok(()) => self.passed += 1,
                Err((class, problem)) => {
                    self.failed += 1;
                    let (count, shown) = self.classes.entry(class).or_default();
                    *count += 1;
                    if shown.len() < self.shown_max {
                        shown.push(format!("{}:{}: {problem}\n    {}", path.display(), record.line, record.sql));
                    }
                }
            }
        }
    }

    fn tell(&self) {
        for (class, (count, shown)) in &self.classes {
            println!("{count} failed: {class}");
            shown.iter().for_each(|failure| println!("  {failure}"));
        }
        for (reason, count) in &self.skipped {
            println!("{count} skipped: {reason}");
        }
    }
}

/// Runs a record. What is wrong is told by its class, and in full.
fn check(record: &Record<'_>, engine: &mut dyn Engine) -> Result<(), (String, String)> {
    let answer = match record.expectation {
        Expectation::Rows { .. } => engine.query(&record.sql),
        _ => engine.execute(&record.sql).map(|()| Vec::new()),
    };
    match (&record.expectation, answer) {
        (Expectation::Ok, Ok(_)) | (Expectation::Error, Err(_)) => Ok(()),
        (Expectation::Error, Ok(_)) => Err(("it runs, and should not".into(), String::new())),
        (_, Err(error)) => Err((class_of(&error), error)),
        (Expectation::Rows { types, sort, lines }, Ok(rows)) => {
            let width = types.len();
            if rows.first().is_some_and(|row| row.len() != width) {
                return Err(("another number of columns".into(), String::new()));
            }
            let shown = rows.iter().flat_map(|row| row.iter().zip(types.chars()));
            let values = shown.map(|(value, data_type)| answer::shown(value, data_type)).collect();
            match answer::difference(&answer::sorted(values, width, *sort), lines) {
                Some(difference) => Err(("another answer".into(), difference)),
                None => Ok(()),
            }
        }
    }
}

/// An error without its place and its names.
fn class_of(error: &str) -> String {
    let line = error.lines().next().unwrap_or_default();
    let line = line.split_once(": ").filter(|(place, _)| place.starts_with("line ")).map_or(line, |(_, rest)| rest);
    let word = |word: &str| {
        let is_name = word.contains(|character: char| character.is_ascii_digit() || "()'.<>=*+-".contains(character));
        if is_name { "..".to_owned() } else { word.to_owned() }
    };
    let mut words: Vec<String> = line.split_whitespace().map(word).collect();
    words.dedup();
    words.truncate(24);
    words.join(" ")
}
