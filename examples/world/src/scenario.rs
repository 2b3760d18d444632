//! All of it in order.

use wasm_dbms::prelude::*;

use crate::data::Data;
use crate::load::{Loaded, load};
use crate::report::{self, Report};
use crate::stopwatch::Rates;
use crate::{Error, Result, changes, pages, questions};

/// Loads `data` into `database`, changes it, asks it and looks at it.
///
/// # Errors
/// Whatever stops it; a load that fails leaves the database as it was.
pub fn run(database: &Database, data: &Data, report: &mut dyn Report) -> Result<()> {
    let mut rates = Rates::default();
    report.heading("Loading")?;
    let Loaded { regions, places, places_without_region } = load(database, data, &mut rates, report)?;
    report.answer(&format!(
        "loaded: {regions} regions and {places} places, {places_without_region} of them in no known region"
    ))?;

    let crowds = questions::crowded_regions(database, 1)?;
    let Some(crowd) = crowds.first() else {
        return Err(Error::NoPlaces { file: data.places.name().to_owned() });
    };
    report.heading("Changes")?;
    changes::make(database, &crowd.region, &mut rates, report)?;

    report.heading("Questions")?;
    questions::ask(database, &mut rates, report)?;
    pages::show(database, "places", report)?;
    report.heading("Rows per second")?;
    report::rates(report, rates.steps())
}

/// Asks a database that [`run`] has written, maybe on another host, what it asked then: the answers must be the same.
///
/// # Errors
/// If the database cannot answer, or finds itself damaged.
pub fn verify(database: &Database, report: &mut dyn Report) -> Result<()> {
    let mut rates = Rates::default();
    report.heading("Questions")?;
    questions::ask(database, &mut rates, report)?;
    report.heading("Rows per second")?;
    report::rates(report, rates.steps())
}
