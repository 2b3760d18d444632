//! Vacuum: the same rows in fewer pages, in steps between which everything else happens.

#![cfg(test)]

mod support;

use wasm_dbms::prelude::*;

use support::{assert_sound, rows, seed};

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "users"]
struct User {
    #[primary_key]
    id: u64,
    #[unique]
    email: String,
    #[index]
    age: Option<u8>,
    note: String,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "words"]
struct Word {
    #[primary_key]
    word: String,
    rank: u32,
}

#[derive(DatabaseSchema)]
#[tables(User = "users", Word = "words")]
struct All;

fn user(id: u64, random: &mut fastrand::Rng) -> User {
    let note = match random.u8(..12) {
        0 => random.usize(..30_000),
        1..4 => random.usize(..1500),
        _ => random.usize(..60),
    };
    User { id, email: format!("{:016x}", random.u64(..)), age: Some(random.u8(..90)), note: "n".repeat(note) }
}

fn word(rank: u32, random: &mut fastrand::Rng) -> Word {
    let length = [5, 60, 700, 3000][random.usize(..4)];
    Word { word: format!("{:08x}{}{rank}", random.u32(..), "w".repeat(length)), rank }
}

fn pages_in_use(db: &Database) -> usize {
    db.page_count() as usize - db.page(0).unwrap().entries
}

fn filled(provider: HeapProvider, random: &mut fastrand::Rng) -> Database {
    let db = Database::open_with(provider, Options::new().page_size(4096)).unwrap().with_schema::<All>().unwrap();
    let users: Vec<_> = (0..1500).map(|id| user(id, random)).collect();
    db.insert_many(&users).unwrap();
    let words: Vec<_> = (0..150).map(|rank| word(rank, random)).collect();
    db.insert_many(&words).unwrap();
    db
}

#[test]
fn after_a_vacuum_the_same_rows_are_in_fewer_pages_and_the_file_is_shorter() {
    let mut random = fastrand::Rng::with_seed(seed(20_261_122));
    let provider = HeapProvider::new();
    let db = filled(provider.clone(), &mut random);
    db.transaction(|tx| {
        for id in 0..1500 {
            if random.u8(..10) < 8 {
                tx.delete_key::<User>(id)?;
            }
        }
        tx.delete::<Word>().filter(Word::RANK.ge(70)).run()
    })
    .unwrap();
    let expected = (rows(&db, "users"), rows(&db, "words"));
    let (pages, in_use) = (db.page_count(), pages_in_use(&db));
    let report = db.vacuum().unwrap();
    println!("{pages} pages, {in_use} in use; {report:?}, {} in use", pages_in_use(&db));
    assert_sound(&db);
    assert!((rows(&db, "users"), rows(&db, "words")) == expected);
    assert_eq!((report.pages_before, report.pages_after, report.is_done), (pages, db.page_count(), true));
    assert!(pages_in_use(&db) <= in_use);
    let last = (0..db.page_count()).rfind(|page| db.page(*page).unwrap().kind != "free").unwrap();
    assert_eq!(last as usize + 1, pages_in_use(&db), "every page in use is before every unclaimed one");
    assert_eq!(db.page_count() as usize, pages_in_use(&db), "and those left the file");
    let again = db.vacuum().unwrap();
    assert_eq!((again.moved, again.pages_after), (0, report.pages_after), "a second vacuum has nothing to do");
    let longest = 40_960 + (db.page_count() as usize + 2) * 4096;
    db.close().unwrap();
    assert!(provider.to_bytes().len() <= longest, "{} bytes", provider.to_bytes().len());
    let db = Database::open(provider).unwrap();
    assert!((rows(&db, "users"), rows(&db, "words")) == expected);
    assert_sound(&db);
}

#[test]
fn between_two_steps_of_a_vacuum_everything_else_may_happen() {
    for seed in seed(20_261_122)..20_261_126 {
        let mut random = fastrand::Rng::with_seed(seed);
        let db = filled(HeapProvider::new(), &mut random);
        db.delete::<User>().filter(User::AGE.ge(20)).run().unwrap();
        let mut is_done = false;
        let mut next = 2000;
        for step in 0..2000 {
            if is_done {
                break;
            }
            is_done = db.vacuum_step(random.usize(1..12)).unwrap().is_done;
            let before = (rows(&db, "users").len(), rows(&db, "words").len());
            match random.u8(..8) {
                0 => {
                    next += 1;
                    db.insert(&user(next, &mut random)).unwrap();
                }
                1 => drop(db.delete_key::<User>(random.u64(..1500)).unwrap()),
                2 => drop(db.insert(&word(next as u32, &mut random)).unwrap()),
                3 => {
                    let undone: Result<()> = db.transaction(|tx| {
                        tx.delete::<User>().run()?;
                        Err(Error::other("no"))
                    });
                    undone.unwrap_err();
                    assert_eq!((rows(&db, "users").len(), rows(&db, "words").len()), before);
                }
                _ => {}
            }
            if step % 16 == 0 {
                assert_sound(&db);
            }
        }
        assert!(is_done, "seed {seed}: it does not end");
        assert_sound(&db);
    }
}

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

/// The table of the benchmark: what its rows take once nothing is half empty.
#[test]
fn a_vacuum_leaves_few_bytes_per_row() {
    const ROWS: u32 = 50_000;
    let mut random = fastrand::Rng::with_seed(seed(20_261_122));
    let db = Database::in_memory().with_schema::<People>().unwrap();
    let text = |random: &mut fastrand::Rng, length: usize| (0..length).map(|_| random.lowercase()).collect::<String>();
    let people: Vec<Person> = (1..=ROWS)
        .map(|id| Person {
            id,
            name: {
                let length = random.usize(8..=16);
                text(&mut random, length)
            },
            email: format!("{}@example.com", text(&mut random, 12)),
            age: random.u32(0..100),
            balance: random.i64(-1_000_000_000..=1_000_000_000),
        })
        .collect();
    db.insert_many(&people).unwrap();
    let bytes_of = |tree: &str| {
        let pages = (0..db.page_count()).filter(|page| db.page(*page).unwrap().tree == tree).count();
        pages as f64 * 8192.0 / f64::from(ROWS)
    };
    let before = (bytes_of("people"), bytes_of("people.email"));
    db.vacuum().unwrap();
    let after = (bytes_of("people"), bytes_of("people.email"));
    println!("bytes per row, table and index: {before:.1?} before, {after:.1?} after");
    assert_sound(&db);
    assert!(after.0 <= 62.0 && after.0 + after.1 <= 92.0, "{after:?}");
}
