//! What only reads. The answers are the same on every host, and for the same file at any later time.

use wasm_dbms::prelude::*;

use crate::report::Report;
use crate::schema::{Place, Region};
use crate::stopwatch::{Rates, Stopwatch};
use crate::{Error, Result};

/// How many regions are listed.
const CROWDED_LIMIT: u64 = 10;

/// What the names that are searched begin with.
const NAME_PREFIX: &str = "San ";

/// How many of these names are listed.
const NAMES_LIMIT: u64 = 5;

/// A region and the number of its places.
#[derive(Debug, Clone, PartialEq)]
pub struct Crowd {
    /// The region.
    pub region: Region,
    /// Number of its places.
    pub places: u64,
}

/// Asks all questions and gives the answers.
///
/// # Errors
/// If the database cannot answer, or finds itself damaged.
pub fn ask(database: &Database, rates: &mut Rates, report: &mut dyn Report) -> Result<()> {
    totals(database, rates, report)?;
    crowded(database, rates, report)?;
    names(database, rates, report)?;
    extremes(database, rates, report)?;
    check(database, rates, report)
}

/// The regions with most places: by their number, then by name, then by code.
///
/// # Errors
/// If the database cannot answer.
pub fn crowded_regions(database: &Database, limit: u64) -> Result<Vec<Crowd>> {
    let rows: Vec<(String, String, u64)> = database
        .select::<Place>()
        .join::<Region>(Place::REGION, Region::CODE)
        .group_by(Region::CODE)
        .group_by(Region::NAME)
        .columns((Region::CODE, Region::NAME, count()))
        .order_by(count().desc())
        .order_by(Region::NAME.asc())
        .order_by(Region::CODE.asc())
        .limit(limit)
        .all()?;
    Ok(rows.into_iter().map(|(code, name, places)| Crowd { region: Region { code, name }, places }).collect())
}

/// Number of places that lie in no known region.
///
/// # Errors
/// If the database cannot answer.
pub fn places_without_region(database: &Database) -> Result<u64> {
    Ok(database.select::<Place>().filter(Place::REGION.is_null()).count()?)
}

/// How much there is.
fn totals(database: &Database, rates: &mut Rates, report: &mut dyn Report) -> Result<()> {
    let stopwatch = Stopwatch::start();
    let places = database.select::<Place>().count()?;
    let regions = database.select::<Region>().count()?;
    let without_region = places_without_region(database)?;
    rates.add("count rows", places + regions + without_region, &stopwatch);
    report.answer(&format!("{places} places, {without_region} of them in no known region"))?;
    report.answer(&format!("{regions} regions"))
}

/// The most crowded regions: join, group, count, order.
fn crowded(database: &Database, rates: &mut Rates, report: &mut dyn Report) -> Result<()> {
    report.heading("The most crowded regions")?;
    let stopwatch = Stopwatch::start();
    let crowds = crowded_regions(database, CROWDED_LIMIT)?;
    rates.add("join, group and count places", database.select::<Place>().count()?, &stopwatch);
    for (index, Crowd { region, places }) in crowds.iter().enumerate() {
        report.answer(&format!("crowded {}: {} ({}) has {places} places", index + 1, region.name, region.code))?;
    }
    Ok(())
}

/// Places whose name begins as asked, found through the index on names.
fn names(database: &Database, rates: &mut Rates, report: &mut dyn Report) -> Result<()> {
    report.heading(&format!("Places whose name begins with \"{NAME_PREFIX}\""))?;
    let pattern = format!("{NAME_PREFIX}%");
    let found = || database.select::<Place>().filter(Place::NAME.like(pattern.as_str()));

    let stopwatch = Stopwatch::start();
    let number = found().count()?;
    rates.add("count names by prefix", number, &stopwatch);
    report.answer(&format!("{number} names begin with \"{NAME_PREFIX}\""))?;

    let first = found().order_by(Place::NAME.asc()).order_by(Place::ID.asc()).limit(NAMES_LIMIT);
    for line in first.explain()?.lines() {
        report.note(line)?;
    }
    for place in first.all()? {
        let Place { id, name, region, .. } = place;
        report.answer(&format!("name {name} is place {id} in {}", region.as_deref().unwrap_or("no known region")))?;
    }
    Ok(())
}

/// The places furthest north and south: no index helps, one pass does.
fn extremes(database: &Database, rates: &mut Rates, report: &mut dyn Report) -> Result<()> {
    report.heading("The ends of the world")?;
    let stopwatch = Stopwatch::start();
    let north = database.select::<Place>().order_by(Place::LATITUDE.desc()).order_by(Place::ID.asc()).first()?;
    let south = database.select::<Place>().order_by(Place::LATITUDE.asc()).order_by(Place::ID.asc()).first()?;
    rates.add("order places by latitude, twice", 2 * database.select::<Place>().count()?, &stopwatch);
    for (end, place) in [("north", north), ("south", south)] {
        if let Some(Place { name, latitude, longitude, .. }) = place {
            report.answer(&format!("furthest {end}: {name} at {latitude}, {longitude}"))?;
        }
    }
    Ok(())
}

/// Lets the database check itself.
fn check(database: &Database, rates: &mut Rates, report: &mut dyn Report) -> Result<()> {
    let stopwatch = Stopwatch::start();
    let findings = database.check()?;
    rates.add("check everything", database.select::<Place>().count()?, &stopwatch);
    if let Some(first) = findings.first() {
        return Err(Error::BrokenPromise(format!("a check has {} findings, the first: {first}", findings.len())));
    }
    report.answer("check: no findings")
}
