//! Records into the table; what is refused and why.

use std::io::Write;

use wasm_dbms::prelude::*;
use wasm_dbms::{Interrupt, Transaction};

use super::{Place, Record};
use crate::Outcome;
use crate::cell;
use crate::error::Result;

/// How many rows are inserted at once.
const BATCH_ROWS: usize = 8192;

/// How often rows that wait for each other are tried together, and then each on its own.
const TRIES_TOGETHER: usize = 64;
const TRIES_ALONE: usize = 16;

/// How many rejected rows a report names.
const NAMED_REJECTIONS: usize = 20;

/// What came of the rows of a table.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) imported: u64,
    rejected: u64,
    named: Vec<(Place, String)>,
}

impl Report {
    fn reject(&mut self, place: Place, reason: String) {
        self.rejected += 1;
        if self.named.len() < NAMED_REJECTIONS {
            self.named.push((place, reason));
        }
    }

    /// Says it; rejected rows are findings.
    pub(super) fn write(&self, table: &str, made: Option<&TableSchema>, out: &mut dyn Write) -> Result<Outcome> {
        let made = made.map_or_else(String::new, |schema| {
            let columns = schema.columns.iter().map(|column| format!("{} {}", column.name, column.data_type));
            format!(", made with {}", columns.collect::<Vec<_>>().join(", "))
        });
        writeln!(out, "{}: {} rows imported{}", cell::escaped(table), self.imported, cell::escaped(&made))?;
        if self.rejected == 0 {
            return Ok(Outcome::Done);
        }
        writeln!(out, "{} rows rejected:", self.rejected)?;
        for (place, reason) in &self.named {
            writeln!(out, "  {place}: {}", cell::escaped(reason))?;
        }
        let more = self.rejected - self.named.len() as u64;
        if more > 0 {
            writeln!(out, "  and {more} more")?;
        }
        Ok(Outcome::Findings)
    }
}

/// Takes records and inserts them, many at once.
pub(super) struct Inserter<'t, 'db> {
    transaction: &'t Transaction<'db>,
    interrupt: &'t Interrupt,
    table: &'t str,
    columns: Vec<&'t str>,
    batch: Vec<(Place, Vec<Value>)>,
    /// Rows that refer to one that is not there yet: it may come.
    waiting: Vec<(Place, Vec<Value>)>,
    report: Report,
}

impl<'t, 'db> Inserter<'t, 'db> {
    pub(super) fn new(
        transaction: &'t Transaction<'db>,
        interrupt: &'t Interrupt,
        table: &'t str,
        columns: &'t [ColumnSchema],
    ) -> Self {
        let columns = columns.iter().map(|column| column.name.as_str()).collect();
        Self {
            transaction,
            interrupt,
            table,
            columns,
            batch: Vec::new(),
            waiting: Vec::new(),
            report: Report::default(),
        }
    }

    pub(super) fn push(&mut self, record: Record) -> Result<()> {
        match record.values {
            Ok(values) => self.batch.push((record.place, values)),
            Err(reason) => self.report.reject(record.place, reason),
        }
        if self.batch.len() >= BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        if self.interrupt.is_stopped() {
            return Err(Error::Interrupted.into());
        }
        let rows = batch.iter().map(|(_, values)| values);
        match self.transaction.insert_many_values(self.table, &self.columns, rows) {
            Ok(count) => self.report.imported += count as u64,
            Err(error) if is_of_row(&error) => self.insert_each(batch)?,
            Err(error) => return Err(error.into()),
        }
        self.batch = Vec::with_capacity(BATCH_ROWS);
        Ok(())
    }

    /// One row after the other: those that are refused are left out.
    fn insert_each(&mut self, rows: Vec<(Place, Vec<Value>)>) -> Result<()> {
        for (place, values) in rows {
            if self.interrupt.is_stopped() {
                return Err(Error::Interrupted.into());
            }
            match self.transaction.insert_many_values(self.table, &self.columns, [&values]) {
                Ok(count) => self.report.imported += count as u64,
                // Only rows of this table come.
                Err(Error::ForeignKey { other, .. }) if other == self.table => self.waiting.push((place, values)),
                Err(error) if is_of_row(&error) => self.report.reject(place, error.to_string()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The end of the rows. Those that wait for each other come together, without those that wait for none.
    pub(super) fn end(mut self) -> Result<Report> {
        self.flush()?;
        for _ in 0..TRIES_TOGETHER {
            if self.waiting.is_empty() {
                return Ok(self.report);
            }
            let rows = self.waiting.iter().map(|(_, values)| values);
            match self.transaction.insert_many_values(self.table, &self.columns, rows) {
                Ok(count) => {
                    self.report.imported += count as u64;
                    return Ok(self.report);
                }
                Err(error) if self.reject_waiting(&error) => {}
                Err(error) if is_of_row(&error) => break,
                Err(error) => return Err(error.into()),
            }
        }
        // Each on its own: from the last to the first, from the first to the last.
        for _ in 0..TRIES_ALONE {
            let mut waiting = std::mem::take(&mut self.waiting);
            let count = waiting.len();
            waiting.reverse();
            self.insert_each(waiting)?;
            if self.waiting.len() == count {
                break;
            }
        }
        for (place, values) in std::mem::take(&mut self.waiting) {
            match self.transaction.insert_many_values(self.table, &self.columns, [&values]) {
                Ok(count) => self.report.imported += count as u64,
                Err(error) => self.report.reject(place, error.to_string()),
            }
        }
        Ok(self.report)
    }

    /// Rejects the rows that wait for what an error says is not there; whether there are such.
    fn reject_waiting(&mut self, error: &Error) -> bool {
        let Error::ForeignKey { columns, value, .. } = error else { return false };
        let named: Vec<&str> = columns.split(", ").collect();
        let places: Vec<usize> =
            named.iter().filter_map(|name| self.columns.iter().position(|column| column == name)).collect();
        let is_such = |values: &[Value]| {
            let own = places.iter().filter_map(|place| values.get(*place)).map(ToString::to_string);
            places.len() == named.len() && own.collect::<Vec<_>>().join(", ") == *value
        };
        let (such, others) = std::mem::take(&mut self.waiting).into_iter().partition(|(_, values)| is_such(values));
        let such: Vec<(Place, Vec<Value>)> = such;
        self.waiting = others;
        such.iter().for_each(|(place, _)| self.report.reject(*place, error.to_string()));
        !such.is_empty()
    }
}

/// Whether it is the row that is wrong, not the database or the file.
fn is_of_row(error: &Error) -> bool {
    error.is_constraint()
        || matches!(error, Error::Type { .. } | Error::TooLong { .. } | Error::Conversion(_) | Error::NotNull { .. })
}
