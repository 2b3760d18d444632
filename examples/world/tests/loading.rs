//! A load is all or nothing, and says which line stopped it.

#![expect(clippy::expect_used, reason = "the helpers of a test fail as it does")]

use wasm_dbms::prelude::*;
use world::data::{Data, Source};
use world::load::{Loaded, load};
use world::report::Answers;
use world::schema::{self, Place, Region};
use world::stopwatch::Rates;
use world::{Error, Result};

const REGIONS: &str = "code,name\nAT.04,Upper Austria\nAT.09,Vienna\n";

/// An empty database on the heap.
fn database() -> Database {
    schema::open(HeapProvider::new()).expect("the heap opens")
}

/// Loads texts into a database.
fn load_texts(database: &Database, places: &str, regions: &str) -> Result<Loaded> {
    let data = Data {
        places: Source::new("places.csv", places.as_bytes().to_vec()),
        regions: Source::new("regions.csv", regions.as_bytes().to_vec()),
    };
    load(database, &data, &mut Rates::default(), &mut Answers::default())
}

/// Places of a text with `number` right lines, then `last`.
fn places_text(number: u32, last: &str) -> String {
    let lines = (1..=number).map(|id| format!("{id},Place {id},AT,09,48.21,16.37\n"));
    format!("id,name,country,admin1,lat,lng\n{}{last}", lines.collect::<String>())
}

/// The bytes of the database, to compare.
fn exported(database: &Database) -> Vec<u8> {
    let mut bytes = Vec::new();
    database.export(&mut bytes).expect("the export succeeds");
    bytes
}

/// Asserts that a load is refused with exactly this message, or one that begins so, and leaves no byte behind.
fn assert_refused(places: &str, regions: &str, message: &str) {
    let database = database();
    let before = exported(&database);
    let error = load_texts(&database, places, regions).expect_err("the load must be refused");
    assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
    assert!(error.to_string().starts_with(message), "{error}");
    assert_eq!(database.select::<Place>().count().expect("count"), 0);
    assert_eq!(database.select::<Region>().count().expect("count"), 0);
    assert!(exported(&database) == before, "the refused load left bytes in the file");
    load_texts(&database, &places_text(3, ""), REGIONS).expect("the database is as good as new");
    assert_eq!(database.check().expect("check"), Vec::<String>::new());
}

#[test]
fn places_and_regions_are_counted_and_linked() {
    let database = database();
    let places = places_text(2, "7,\"Linz, Donau\",AT,04,48.31,14.29\n8,Nowhere,AT,77,1,1\n9,Monaco,MC,,43.7,7.4\n");
    let loaded = load_texts(&database, &places, REGIONS).expect("the text is right");
    assert_eq!(loaded, Loaded { regions: 2, places: 5, places_without_region: 2 });
    let place = database.get::<Place>(7).expect("get").expect("place 7 was loaded");
    assert_eq!(place.name, "Linz, Donau");
    assert_eq!(place.region.as_deref(), Some("AT.04"));
    let unknown = database.get::<Place>(8).expect("get").expect("place 8 was loaded");
    assert_eq!(unknown.region, None, "a region that is not listed is not invented");
}

#[test]
fn a_malformed_line_is_reported_and_nothing_of_both_files_stays() {
    assert_refused(&places_text(2_500, "2501,Linz\n"), REGIONS, "places.csv:2502: 2 columns instead of 6");
    assert_refused(&places_text(3, "x,Linz,AT,04,1,1\n"), REGIONS, "places.csv:5: id is not a number (u32): \"x\"");
    assert_refused(&places_text(3, ""), "code,name\nAT.04\n", "regions.csv:2: 1 columns instead of 2");
    assert_refused(&places_text(3, ""), "name,code\n", "regions.csv:1: the header is not \"code,name\"");
    assert_refused("", REGIONS, "places.csv:1: the header is not");
}

#[test]
fn a_key_that_comes_twice_is_reported_with_the_second_line() {
    let far_away = places_text(2_500, "17,Linz,AT,04,48.31,14.29\n");
    assert_refused(&far_away, REGIONS, "places.csv:2502: ");
    let same_batch = places_text(10, "10,Linz,AT,04,48.31,14.29\n11,Graz,AT,,47.07,15.44\n");
    assert_refused(&same_batch, REGIONS, "places.csv:12: ");
    assert_refused(&places_text(1, ""), &format!("{REGIONS}AT.04,Again\n"), "regions.csv:4: ");
}

#[test]
fn a_database_with_rows_is_not_loaded_into() {
    let database = database();
    load_texts(&database, &places_text(3, ""), REGIONS).expect("the first load");
    let before = exported(&database);
    let error = load_texts(&database, &places_text(4, ""), REGIONS).expect_err("the second load");
    assert!(matches!(error, Error::Occupied { places: 3, regions: 2 }), "{error:?}");
    assert!(exported(&database) == before);
}
