//! The small data set gives these answers, on every run and every medium.

use wasm_dbms::prelude::*;
use world::arguments::Arguments;
use world::data::Data;
use world::report::{Answers, Lines, Quiet};
use world::schema::{self, Place, Region};
use world::{Error, command, scenario};

/// What the questions are answered after the changes of the scenario.
const QUESTIONS: &[&str] = &[
    "68 places, 4 of them in no known region",
    "30 regions",
    "crowded 1: California (US.CA) has 7 places",
    "crowded 2: England (GB.ENG) has 6 places",
    "crowded 3: Texas (US.TX) has 5 places",
    "crowded 4: Bavaria (DE.02) has 4 places",
    "crowded 5: New York (US.NY) has 4 places",
    "crowded 6: Andalusia (ES.51) has 3 places",
    "crowded 7: Provence-Alpes-Côte d'Azur (FR.93) has 3 places",
    "crowded 8: Scotland (GB.SCT) has 3 places",
    "crowded 9: Catalonia (ES.56) has 2 places",
    "crowded 10: Lombardy (IT.09) has 2 places",
    "5 names begin with \"San \"",
    "name San Antonio is place 8 in US.TX",
    "name San Diego, California is place 2 in US.CA",
    "name San Francisco, California is place 1 in US.CA",
    "name San Jose, California is place 3 in US.CA",
    "name San Salvador is place 67 in no known region",
    "furthest north: Longyearbyen at 78.22, 15.65",
    "furthest south: Melbourne at -37.81, 144.96",
    "check: no findings",
];

/// What loading and changing answers.
const CHANGES: &[&str] = &[
    "loaded: 30 regions and 68 places, 4 of them in no known region",
    "updated: 7 places of California now say so in their name",
    "refused: the region US.CA cannot be deleted while places lie in it",
    "rolled back: 7 places had left US.CA and the region was gone; nothing of it stayed",
];

/// Runs the command with these arguments; gives its answers.
fn answers(arguments: &Arguments) -> world::Result<Vec<String>> {
    let mut report = Answers::default();
    command::run(arguments, &mut report)?;
    Ok(report.answers)
}

#[test]
fn the_small_data_set_gives_the_expected_answers() {
    let expected: Vec<&str> = CHANGES.iter().chain(QUESTIONS).copied().collect();
    assert_eq!(answers(&Arguments::default()).expect("the scenario succeeds"), expected);
}

#[test]
fn a_file_and_its_export_are_asked_again_with_the_same_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, export) = (folder.path().join("world.db"), folder.path().join("world.export"));
    let arguments =
        Arguments { database: Some(database.clone()), export: Some(export.clone()), ..Arguments::default() };
    answers(&arguments).expect("the scenario succeeds");
    for file in [database, export] {
        let verify = Arguments { verify: Some(file), ..Arguments::default() };
        assert_eq!(answers(&verify).expect("the file is asked"), QUESTIONS);
    }
}

#[test]
fn the_export_does_not_depend_on_the_medium() {
    let folder = tempfile::tempdir().expect("a folder");
    let export = folder.path().join("world.export");
    answers(&Arguments { export: Some(export.clone()), ..Arguments::default() }).expect("in a file");

    let database = schema::open(HeapProvider::new()).expect("the heap opens");
    scenario::run(&database, &Data::built_in(), &mut Answers::default()).expect("on the heap");
    let mut on_the_heap = Vec::new();
    database.export(&mut on_the_heap).expect("the export succeeds");
    assert!(std::fs::read(export).expect("the export was written") == on_the_heap, "the exports differ");
}

#[test]
fn a_database_that_holds_rows_is_refused_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("world.db");
    let arguments = Arguments { database: Some(file.clone()), ..Arguments::default() };
    answers(&arguments).expect("the first run");
    let error = answers(&arguments).expect_err("the second run");
    assert!(matches!(error, Error::Occupied { places: 68, regions: 30 }), "{error:?}");
    let verify = Arguments { verify: Some(file), ..Arguments::default() };
    assert_eq!(answers(&verify).expect("the file is asked"), QUESTIONS);
}

#[test]
fn a_file_that_is_not_ours_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing.db");
    assert!(answers(&Arguments { verify: Some(missing.clone()), ..Arguments::default() }).is_err());
    assert!(!missing.exists(), "verifying creates nothing");

    let foreign = folder.path().join("foreign.db");
    let other = Database::open(FileProvider::open(&foreign).expect("a file")).expect("an empty database");
    other.close().expect("it closes");
    let error = answers(&Arguments { verify: Some(foreign), ..Arguments::default() }).expect_err("no tables");
    assert!(matches!(error, Error::Foreign { table: "regions" }), "{error:?}");

    let text = folder.path().join("text.db");
    std::fs::write(&text, "id,name\n".repeat(10_000)).expect("a file");
    assert!(answers(&Arguments { verify: Some(text), ..Arguments::default() }).is_err());
}

#[test]
fn quiet_prints_answers_and_nothing_else() {
    let mut bytes = Vec::new();
    command::run(&Arguments::default(), &mut Quiet(Lines(&mut bytes))).expect("the scenario succeeds");
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert!(text.lines().all(|line| line.starts_with("answer: ")), "{text}");
    assert_eq!(text.lines().count(), CHANGES.len() + QUESTIONS.len());
}

#[test]
fn a_rolled_back_transaction_leaves_no_byte() {
    let database = schema::open(HeapProvider::new()).expect("the heap opens");
    scenario::run(&database, &Data::built_in(), &mut Answers::default()).expect("the scenario succeeds");
    let exported = || {
        let mut bytes = Vec::new();
        database.export(&mut bytes).map(|()| bytes).expect("the export succeeds")
    };
    let before = exported();
    let outcome = database.try_transaction(|transaction| -> world::Result<()> {
        transaction.update::<Place>().set(Place::REGION, None::<String>).run()?;
        transaction.delete::<Region>().run()?;
        Err(Error::TakenBack)
    });
    assert!(matches!(outcome, Err(Error::TakenBack)), "{outcome:?}");
    assert!(exported() == before, "the transaction left bytes in the file");
}

#[test]
fn the_region_of_a_place_is_found_through_an_index() {
    let database = schema::open(HeapProvider::new()).expect("the heap opens");
    scenario::run(&database, &Data::built_in(), &mut Answers::default()).expect("the scenario succeeds");
    for query in [
        database.select::<Place>().filter(Place::NAME.like("San %")),
        database.select::<Place>().filter(Place::REGION.eq("US.CA")),
    ] {
        let plan = query.explain().expect("a plan");
        assert!(plan.contains("index"), "{plan}");
    }
}
