//! Both files in one transaction: all of them or nothing.

use wasm_dbms::prelude::*;

use crate::data::{Data, Source};
use crate::report::Report;
use crate::rows::{Found, Places, Regions, malformed};
use crate::schema::{Place, Region};
use crate::stopwatch::{Rates, Stopwatch};
use crate::{Error, Result};

/// Rows given to the database in one call.
const BATCH_ROWS: usize = 1_000;

/// What a load has put into the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loaded {
    /// Number of regions.
    pub regions: u64,
    /// Number of places.
    pub places: u64,
    /// Number of places whose region is not known, or not given.
    pub places_without_region: u64,
}

/// Loads `data` into the empty tables of `database`.
///
/// # Errors
/// If the tables have rows already, if a line is malformed or holds a key for the second time, if the database is full.
/// Whatever it is, the database is then as it was before.
pub fn load(database: &Database, data: &Data, rates: &mut Rates, report: &mut dyn Report) -> Result<Loaded> {
    let (places, regions) = (database.select::<Place>().count()?, database.select::<Region>().count()?);
    if (places, regions) != (0, 0) {
        return Err(Error::Occupied { places, regions });
    }
    let whole = Stopwatch::start();
    let loaded = database.try_transaction(|transaction| -> Result<Loaded> {
        let stopwatch = Stopwatch::start();
        let codes = load_regions(transaction, &data.regions, report)?;
        let regions = codes.len() as u64;
        rates.add("read and insert regions", regions, &stopwatch);

        let stopwatch = Stopwatch::start();
        let loaded = load_places(transaction, &data.places, &codes, report)?;
        rates.add("read and insert places", loaded.places, &stopwatch);
        Ok(Loaded { regions, ..loaded })
    })?;
    rates.add("load and commit all of it", loaded.regions + loaded.places, &whole);
    Ok(loaded)
}

/// Loads the regions; gives their codes.
fn load_regions(transaction: &mut Transaction<'_>, source: &Source, report: &mut dyn Report) -> Result<Vec<String>> {
    let mut regions = Regions::open(source)?;
    let mut codes = Vec::new();
    let mut batch = Batch::new(source, "regions");
    while let Some(found) = regions.advance()? {
        codes.push(found.row.code.clone());
        batch.push(transaction, found, report)?;
    }
    batch.finish(transaction, report)?;
    codes.sort_unstable();
    Ok(codes)
}

/// Loads the places; a region that is not among `codes` becomes none.
fn load_places(
    transaction: &mut Transaction<'_>,
    source: &Source,
    codes: &[String],
    report: &mut dyn Report,
) -> Result<Loaded> {
    let mut places = Places::open(source)?;
    let mut batch = Batch::new(source, "places");
    let mut loaded = Loaded::default();
    while let Some(mut found) = places.advance()? {
        found.row.region = found.row.region.filter(|code| codes.binary_search(code).is_ok());
        loaded.places += 1;
        loaded.places_without_region += u64::from(found.row.region.is_none());
        batch.push(transaction, found, report)?;
    }
    batch.finish(transaction, report)?;
    Ok(loaded)
}

/// Rows on their way into one table.
struct Batch<'a, T> {
    source: &'a Source,
    what: &'static str,
    rows: Vec<Found<T>>,
}

impl<'a, T: Insert> Batch<'a, T> {
    /// An empty batch of rows of `source`.
    fn new(source: &'a Source, what: &'static str) -> Self {
        Self { source, what, rows: Vec::with_capacity(BATCH_ROWS) }
    }

    /// Adds a row; inserts the batch when it is full.
    fn push(&mut self, transaction: &mut Transaction<'_>, found: Found<T>, report: &mut dyn Report) -> Result<()> {
        let offset = found.offset;
        self.rows.push(found);
        if self.rows.len() == BATCH_ROWS {
            self.insert(transaction)?;
            report.progress(self.what, offset, self.source.bytes());
        }
        Ok(())
    }

    /// Inserts what is left.
    fn finish(mut self, transaction: &mut Transaction<'_>, report: &mut dyn Report) -> Result<()> {
        self.insert(transaction)?;
        report.progress(self.what, self.source.bytes(), self.source.bytes());
        Ok(())
    }

    /// Inserts all rows of the batch, at once. Only if one of them is refused, which leaves none of them there, row
    /// by row: the error then names the line.
    fn insert(&mut self, transaction: &mut Transaction<'_>) -> Result<()> {
        if let Err(refused) = transaction.insert_many(self.rows.iter().map(|found| &found.row)) {
            if !refused.is_constraint() {
                return Err(refused.into());
            }
            for found in &self.rows {
                if let Err(refused) = transaction.insert(&found.row) {
                    return Err(malformed(self.source, found.offset, refused));
                }
            }
            return Err(refused.into());
        }
        self.rows.clear();
        Ok(())
    }
}
