//! Files of this very format, kept: a change of the format that nobody meant shows here. `GOLDEN=write` makes them anew,
//! for one that was meant.

use std::path::PathBuf;

use wasm_dbms::HeapProvider;
use wasm_dbms::prelude::*;

/// What a medium writes whole or not at all, in bytes.
const SECTOR: usize = 512;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "places"]
struct Place {
    #[primary_key]
    id: u32,
    #[index]
    name: String,
    #[unique]
    code: Option<i64>,
    height: f64,
    text: String,
}

#[derive(CustomDataType, Debug, Clone, Copy, PartialEq)]
enum Weather {
    Sun,
    Rain,
    Snow,
}

/// Of every type, and with all that a schema can say.
#[derive(Table, Debug, Clone, PartialEq)]
#[table = "visits"]
#[foreign_key(columns(from), table = "places", references(code), on_delete = "set null", on_update = "cascade")]
#[unique(day desc, id)]
#[index(price desc, include(note, weather))]
struct Visit {
    #[primary_key]
    #[foreign_key(table = "places", column = "id", on_delete = "cascade")]
    place: u32,
    #[primary_key]
    day: Date,
    id: Uuid,
    from: Option<i64>,
    #[default(Weather::Sun)]
    weather: Weather,
    #[sanitizer(Trim)]
    #[validate(MaxLen(40))]
    note: String,
    price: Option<Decimal>,
    at: DateTime,
    meta: Option<Json>,
    photo: Vec<u8>,
    warmth: i8,
    depth: i16,
    people: u8,
    steps: u16,
    balance: i32,
    rating: f32,
    liked: Option<bool>,
    seconds: u64,
}

#[derive(DatabaseSchema)]
#[tables(Place = "places", Visit = "visits")]
struct Atlas;

fn place(id: u32) -> Place {
    // Some texts go on in a chain of pages.
    let length = if id.is_multiple_of(50) { 6000 } else { 20 };
    Place {
        id,
        name: format!("place {:02}", id * 37 % 100),
        code: (!id.is_multiple_of(3)).then_some(i64::from(id) * -7),
        height: f64::from(id) / 8.0,
        text: "abcdefghij".repeat(length / 10),
    }
}

fn visit(number: u32) -> Visit {
    let place = number * 7 % 60;
    Visit {
        place,
        day: Date::new(2026, 1, 1 + number as u8).unwrap(),
        id: Uuid::from_u128(u128::from(number) << 77 | 5),
        from: self::place(place).code,
        weather: [Weather::Sun, Weather::Rain, Weather::Snow][number as usize % 3],
        note: "so it was ".repeat(number as usize % 4).trim().to_owned(),
        price: (!number.is_multiple_of(4)).then(|| format!("-{number}.{number}0").parse().unwrap()),
        at: format!("2026-02-0{}T12:00:00.25+01:00", number % 9 + 1).parse().unwrap(),
        meta: (!number.is_multiple_of(2)).then(|| format!("{{\"b\": [{number}, null], \"a\": 1.50}}").parse().unwrap()),
        photo: vec![0, number as u8, 255],
        warmth: -(number as i8),
        depth: -300,
        people: number as u8,
        steps: 60_000,
        balance: -70_000 * number as i32,
        rating: number as f32 / 3.0,
        liked: (!number.is_multiple_of(3)).then_some(number.is_multiple_of(2)),
        seconds: u64::MAX - u64::from(number),
    }
}

fn options() -> Options {
    Options::new().page_size(4096).database_id(20_261_122)
}

fn open(medium: &HeapProvider) -> Database {
    Database::open_with(medium.clone(), options()).unwrap().with_schema::<Atlas>().unwrap()
}

const VISITS: [u32; 6] = [0, 1, 2, 3, 4, 5];

/// A database that was closed: rows, indexes, chains, free pages.
fn closed() -> HeapProvider {
    let medium = HeapProvider::default();
    let db = open(&medium);
    db.insert_many((0..200).map(place).collect::<Vec<_>>().iter()).unwrap();
    db.delete::<Place>().filter(Place::ID.between(60, 139)).run().unwrap();
    db.insert_many(&VISITS.map(visit)).unwrap();
    db.close().unwrap();
    medium
}

/// The same one, after one commit more that stands in the log, and in the middle of another one.
fn crashed() -> HeapProvider {
    let medium = closed();
    let db = open(&medium);
    db.insert(&place(1000)).unwrap();
    let mut image = medium.to_bytes();
    db.insert_many((2000..2030).map(place).collect::<Vec<_>>().iter()).unwrap();
    let after = medium.to_bytes();
    image.resize(after.len(), 0);
    // Of the sectors that the commit wrote only the first got there.
    let mut sectors = image.chunks_mut(SECTOR).zip(after.chunks(SECTOR));
    if let Some((old, new)) = sectors.find(|(old, new)| **old != **new) {
        old.copy_from_slice(new);
    }
    HeapProvider::from_bytes(image)
}

#[track_caller]
fn check(name: &str, made: &HeapProvider, ids: &[u32]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var("GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::write(&path, made.to_bytes()).unwrap();
    }
    let kept = std::fs::read(&path).unwrap();
    let difference = kept.iter().zip(made.to_bytes()).position(|(kept, made)| *kept != made);
    assert_eq!((kept.len(), difference), (made.to_bytes().len(), None), "{name} is written otherwise today");

    let db = open(&HeapProvider::from_bytes(kept));
    let places = db.select::<Place>().order_by(Place::ID.asc()).all().unwrap();
    assert_eq!(places, ids.iter().map(|id| place(*id)).collect::<Vec<_>>());
    let visits = db.select::<Visit>().order_by(Visit::DAY.asc()).all().unwrap();
    assert_eq!(visits, VISITS.map(visit));
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
    db.insert(&place(3000)).unwrap();
}

fn ids() -> Vec<u32> {
    (0..60).chain(140..200).collect()
}

#[test]
fn a_closed_file_is_read_and_written_as_it_was() {
    check("closed.db", &closed(), &ids());
}

#[test]
fn a_file_that_crashed_in_the_middle_of_a_commit_has_the_commit_before() {
    let mut ids = ids();
    ids.push(1000);
    check("crashed.db", &crashed(), &ids);
}
