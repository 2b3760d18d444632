//! Vacuum: the same rows in fewer pages, in steps between which everything else happens.

use wasm_dbms::prelude::*;

use crate::support::{Counting, assert_sound, rows, seed};

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

/// What a step reads and moves is bounded, also where pages of chains at the end of the file must be looked for in the
/// whole of a table, and where one chain is longer than many steps.
#[test]
fn a_step_reads_and_moves_no_more_pages_than_it_may() {
    let mut random = fastrand::Rng::with_seed(seed(20_261_122));
    let provider = Counting::over(HeapProvider::new());
    let options = || Options::new().page_size(4096).cache_bytes(512 << 10);
    let db = Database::open_with(provider.clone(), options()).unwrap().with_schema::<All>().unwrap();
    for id in 0..1500 {
        let length = [10, 10, 10, 30_000][random.usize(..4)];
        let note = "n".repeat(if id == 1400 { 3_000_000 } else { length });
        db.insert(&User { note, ..user(id, &mut random) }).unwrap();
    }
    // Those that stay have their chains at the end.
    db.delete::<User>().filter(User::ID.lt(1100u64)).run().unwrap();
    let expected = rows(&db, "users");
    let before = db.page_count();
    db.close().unwrap();
    let db = Database::open_with(provider.clone(), options()).unwrap().with_schema::<All>().unwrap();
    let (mut is_done, mut steps, mut most_read, mut most_moved) = (false, 0, 0, 0);
    let bytes_before = provider.size().unwrap();
    let pages = 16;
    while !is_done {
        let read = provider.read();
        let report = db.vacuum_step(pages).unwrap();
        is_done = report.is_done;
        most_read = most_read.max((provider.read() - read) / 4096);
        most_moved = most_moved.max(report.moved);
        steps += 1;
        assert!(steps < 20_000, "it does not end");
        // No second copy: beside the file there may be a log that grew, an eighth of it at most.
        let bytes = provider.size().unwrap();
        assert!(bytes <= bytes_before + bytes_before / 8, "{bytes} bytes, before {bytes_before}");
    }
    println!(
        "{before} pages, {} after {steps} steps; {most_read} read and {most_moved} moved at most",
        db.page_count()
    );
    assert!(most_moved <= pages / 2, "{most_moved} pages moved in a step");
    // The ledger of unclaimed pages takes a page for a thousand here, the way to a leaf two.
    let aside = u64::from(before) / 1000 + 8;
    assert!(most_read <= 2 * pages as u64 + aside, "{most_read} pages read in a step");
    assert!(db.page_count() < before / 2);
    assert!(rows(&db, "users") == expected);
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
