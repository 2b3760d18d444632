//! A bulk load writes every byte about once, whatever memory there is, and leaves what single inserts would.

use wasm_dbms::HeapProvider;
use wasm_dbms::prelude::*;

use crate::support::{Counting, assert_sound, rows, seed};

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "people"]
struct Person {
    #[primary_key]
    id: u32,
    name: String,
    #[index]
    email: String,
    age: u32,
    balance: i64,
}

#[derive(DatabaseSchema)]
#[tables(Person = "people")]
struct People;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "notes"]
struct Note {
    #[primary_key]
    id: u32,
    text: String,
}

#[derive(DatabaseSchema)]
#[tables(Note = "notes")]
struct Notes;

fn text(random: &mut fastrand::Rng, length: usize) -> String {
    (0..length).map(|_| random.lowercase()).collect()
}

fn person(id: u32, random: &mut fastrand::Rng) -> Person {
    let length = random.usize(8..=16);
    Person {
        id,
        name: text(random, length),
        email: format!("{}@example.com", text(random, 12)),
        age: random.u32(0..100),
        balance: random.i64(-1_000_000_000..=1_000_000_000),
    }
}

/// Loads, closes, and returns how often a byte of the file was written, on average; the pages of the file, its ledger
/// pages and the record count as written, but only what stands in place counts as stored.
fn writes_per_byte<S: DatabaseSchema>(cache_bytes: usize, load: impl FnOnce(&Database)) -> f64 {
    let inner = HeapProvider::new();
    let provider = Counting::over(inner.clone());
    let db = Database::open_with(provider.clone(), Options::new().cache_bytes(cache_bytes)).unwrap();
    let db = db.with_schema::<S>().unwrap();
    let before = provider.written();
    load(&db);
    let stored = u64::from(db.page_count()) * 8192;
    db.close().unwrap();
    let written = provider.written() - before;
    let db = Database::open(inner).unwrap();
    assert_sound(&db);
    println!("{written} bytes written, {stored} stored, {} of cache", cache_bytes);
    written as f64 / stored as f64
}

#[test]
fn a_bulk_load_into_a_file_writes_every_byte_about_once() {
    const ROWS: u32 = 150_000;
    for cache_bytes in [64 << 20, 1 << 20] {
        let mut random = fastrand::Rng::with_seed(seed(20_261_122));
        let people: Vec<Person> = (1..=ROWS).map(|id| person(id, &mut random)).collect();
        let ratio = writes_per_byte::<People>(cache_bytes, |db| {
            db.insert_many(&people).unwrap();
        });
        assert!(ratio <= 1.1, "with an index, {cache_bytes} bytes of cache: {ratio}");
        let notes: Vec<Note> = (1..=ROWS).map(|id| Note { id, text: text(&mut random, 50) }).collect();
        let ratio = writes_per_byte::<Notes>(cache_bytes, |db| {
            db.insert_many(&notes).unwrap();
        });
        assert!(ratio <= 1.1, "without an index, {cache_bytes} bytes of cache: {ratio}");
    }
}

/// Rows that go in together leave what rows that go in singly do, also where a statement is refused half-way, undone, or
/// ends in a panic.
#[test]
fn rows_inserted_together_and_singly_are_the_same() {
    for seed in seed(20_261_122)..20_261_126 {
        let mut random = fastrand::Rng::with_seed(seed);
        let together = Database::in_memory().with_schema::<People>().unwrap();
        let singly = Database::in_memory().with_schema::<People>().unwrap();
        for round in 0..30 {
            let mut ids: Vec<u32> = (0..random.usize(1..300)).map(|_| random.u32(..20_000)).collect();
            ids.sort_unstable();
            ids.dedup();
            ids.retain(|id| singly.get::<Person>(*id).unwrap().is_none());
            let mut people: Vec<Person> = ids.iter().map(|id| person(*id, &mut random)).collect();
            if random.bool() {
                random.shuffle(&mut people);
            }
            match random.u8(..5) {
                0 => {
                    // The last one is refused, so none is there.
                    let twice = [people.clone(), people.iter().take(1).cloned().collect()].concat();
                    assert_eq!(together.insert_many(&twice).is_err(), !people.is_empty());
                }
                1 => {
                    let undone: Result<()> = together.transaction(|tx| {
                        let refused = [people.clone(), people.clone()].concat();
                        tx.insert_many(&refused)?;
                        Err(Error::other("undone"))
                    });
                    undone.unwrap_err();
                }
                2 => {
                    // A panic of the iterator, caught inside the transaction, which goes on.
                    together
                        .transaction(|tx| {
                            let rows = people.iter().chain(std::iter::from_fn(|| panic!("no more rows")));
                            let caught =
                                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tx.insert_many(rows)));
                            assert!(caught.is_err());
                            people.iter().take(3).try_for_each(|person| tx.insert(person).map(|_| ()))
                        })
                        .unwrap();
                    for person in people.iter().take(3) {
                        singly.insert(person).unwrap();
                    }
                }
                _ => {
                    assert_eq!(together.insert_many(&people).unwrap(), people.len());
                    for person in &people {
                        singly.insert(person).unwrap();
                    }
                }
            }
            assert_sound(&together);
            assert!(rows(&together, "people") == rows(&singly, "people"), "seed {seed}, round {round}");
            for person in &people {
                let found = |db: &Database| db.get_by(Person::EMAIL, person.email.as_str()).unwrap();
                assert_eq!(found(&together), found(&singly), "seed {seed}, round {round}");
            }
        }
    }
}
