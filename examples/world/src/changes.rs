//! What writes after the load: an update, a deletion that a foreign key refuses, a transaction taken back.

use wasm_dbms::prelude::*;

use crate::questions;
use crate::report::Report;
use crate::schema::{Place, Region};
use crate::stopwatch::{Rates, Stopwatch};
use crate::{Error, Result};

/// What of the database the changes of this file can reach; compared before and after one that is taken back.
#[derive(Debug, PartialEq)]
struct Picture {
    region: Option<Region>,
    places: Vec<Place>,
    without_region: u64,
    regions: u64,
}

/// Makes the changes and says what they did. `region` is one that has places.
///
/// # Errors
/// If a change fails that should not, succeeds that should not, or leaves something when it is taken back.
pub fn make(database: &Database, region: &Region, rates: &mut Rates, report: &mut dyn Report) -> Result<()> {
    let stopwatch = Stopwatch::start();
    let renamed = name_region_in_places(database, region)?;
    rates.add("update names of places", renamed, &stopwatch);
    report.answer(&format!("updated: {renamed} places of {} now say so in their name", region.name))?;

    refuse_deletion(database, region)?;
    report.answer(&format!("refused: the region {} cannot be deleted while places lie in it", region.code))?;

    let stopwatch = Stopwatch::start();
    let moved = take_back(database, region)?;
    rates.add("update regions of places, roll back", moved, &stopwatch);
    report.answer(&format!(
        "rolled back: {moved} places had left {} and the region was gone; nothing of it stayed",
        region.code
    ))
}

/// Appends the name of the region to the name of each of its places: `Oxford, England`. Gives their number.
fn name_region_in_places(database: &Database, region: &Region) -> Result<u64> {
    let places = database.select::<Place>().filter(Place::REGION.eq(region.code.as_str())).all()?;
    database.try_transaction(|transaction| -> Result<u64> {
        for place in &places {
            let name = format!("{}, {}", place.name, region.name);
            if !transaction.update_key::<Place>(place.id).set(Place::NAME, name).run()? {
                return Err(Error::BrokenPromise(format!("place {} was selected and is not there", place.id)));
            }
        }
        Ok(places.len() as u64)
    })
}

/// Tries to delete a region that has places; the foreign key must refuse it.
fn refuse_deletion(database: &Database, region: &Region) -> Result<()> {
    match database.delete_key::<Region>(region.code.as_str()) {
        Err(error) if error.is_constraint() => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Err(Error::BrokenPromise(format!("region {} was deleted from under its places", region.code))),
    }
}

/// Moves all places out of the region and deletes it, looks, and takes everything back. Gives the number of places.
fn take_back(database: &Database, region: &Region) -> Result<u64> {
    let before = picture(database, region)?;
    let mut moved = 0;
    let outcome = database.try_transaction(|transaction| -> Result<()> {
        moved = transaction
            .update::<Place>()
            .set(Place::REGION, None::<String>)
            .filter(Place::REGION.eq(region.code.as_str()))
            .run()?;
        let deleted = transaction.delete_key::<Region>(region.code.as_str())?;
        let left = transaction.select::<Place>().filter(Place::REGION.eq(region.code.as_str())).count()?;
        if !deleted || left != 0 {
            return Err(Error::BrokenPromise(format!("{left} places are left in {}", region.code)));
        }
        Err(Error::TakenBack)
    });
    match outcome {
        Err(Error::TakenBack) if picture(database, region)? == before => Ok(moved),
        Err(Error::TakenBack) => Err(Error::BrokenPromise(String::from("a rolled back transaction left something"))),
        Err(error) => Err(error),
        Ok(()) => Err(Error::BrokenPromise(String::from("a transaction that failed was committed"))),
    }
}

/// Looks at everything that [`take_back`] touches.
fn picture(database: &Database, region: &Region) -> Result<Picture> {
    let places = database.select::<Place>().filter(Place::REGION.eq(region.code.as_str()));
    Ok(Picture {
        region: database.get::<Region>(region.code.as_str())?,
        places: places.order_by(Place::ID.asc()).all()?,
        without_region: questions::places_without_region(database)?,
        regions: database.select::<Region>().count()?,
    })
}
