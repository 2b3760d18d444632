//! CSV, the first line of which has the names of the columns.

use std::fs::File;
use std::io::{BufReader, Write};

use csv::{Reader, ReaderBuilder, StringRecord};
use wasm_dbms::Durability;
use wasm_dbms::prelude::DataType;

use super::infer::Guess;
use super::rows::Inserter;
use super::{Job, Place, Record, progress, table, value};
use crate::Outcome;
use crate::error::{Error, Result};

/// How many rows are read between two moves of the bar.
const BAR_ROWS: u64 = 4096;

/// Imports a file of fields with this byte between.
pub(super) fn import(job: &Job<'_>, delimiter: u8, name: &str, length: u64, out: &mut dyn Write) -> Result<Outcome> {
    let mut reader = open(job, delimiter)?;
    let names: Vec<String> = header(job, &mut reader)?.iter().map(str::to_owned).collect();
    let target = table::find(job, name, &names, || types(job, delimiter, names.len()))?;
    let transaction = job.database.begin_exclusive()?;
    if target.is_new {
        wasm_dbms::SchemaChange::CreateTable(target.schema.clone()).run(&transaction)?;
    }
    let bar = progress(length, name);
    let mut rows = Inserter::new(&transaction, job.interrupt, &target.schema.name, &target.columns);
    let mut record = StringRecord::new();
    let mut count = 0u64;
    loop {
        let read = reader.read_record(&mut record);
        let line = record.position().map_or(0, csv::Position::line);
        match read {
            Ok(false) => break,
            Ok(true) => {
                let values = match record.len() == target.columns.len() {
                    true => record
                        .iter()
                        .zip(&target.columns)
                        .map(|(field, column)| value::of_field(field, column))
                        .collect(),
                    false => Err(format!("{} fields, not {}", record.len(), target.columns.len())),
                };
                rows.push(Record { place: Place::Line(line), values })?;
            }
            Err(error) => match error.kind() {
                csv::ErrorKind::Utf8 { pos, .. } => {
                    let line = pos.as_ref().map_or(line, csv::Position::line);
                    rows.push(Record { place: Place::Line(line), values: Err("is not UTF-8".into()) })?;
                }
                _ => return Err(Error::import(job.path, error)),
            },
        }
        count += 1;
        if count.is_multiple_of(BAR_ROWS) {
            bar.set_position(reader.position().byte());
        }
    }
    let report = rows.end()?;
    transaction.commit(Durability::Full)?;
    bar.finish_and_clear();
    report.write(name, target.is_new.then_some(&target.schema), out)
}

fn open(job: &Job<'_>, delimiter: u8) -> Result<Reader<BufReader<File>>> {
    let file = File::open(job.path).map_err(|error| Error::import(job.path, error))?;
    Ok(ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(BufReader::with_capacity(1 << 16, file)))
}

fn header<'r>(job: &Job<'_>, reader: &'r mut Reader<BufReader<File>>) -> Result<&'r StringRecord> {
    let header = reader.headers().map_err(|error| Error::import(job.path, error))?;
    match header.is_empty() {
        true => Err(Error::import(job.path, "there is no line with the names of the columns")),
        false => Ok(header),
    }
}

/// The types of the columns, of all rows.
fn types(job: &Job<'_>, delimiter: u8, count: usize) -> Result<Vec<DataType>> {
    let mut reader = open(job, delimiter)?;
    let mut guesses = vec![Guess::default(); count];
    let mut record = StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            // A row of another length will be rejected.
            Ok(true) if record.len() == count => {
                guesses.iter_mut().zip(&record).for_each(|(guess, field)| guess.see(field));
            }
            Ok(true) => {}
            Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {}
            Err(error) => return Err(Error::import(job.path, error)),
        }
    }
    Ok(guesses.into_iter().map(Guess::data_type).collect())
}
