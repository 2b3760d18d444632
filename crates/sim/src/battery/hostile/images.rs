//! The files that are damaged: small ones, made through the public face, that hold what files hold. Tables with every
//! kind of key, indexes, branches, chains of long values and long keys, released pages, records that were not checkpointed.

use wasm_dbms::prelude::*;

/// A user.
#[derive(Table, Debug, Clone)]
#[table = "users"]
pub(crate) struct User {
    /// Counts up.
    #[primary_key]
    #[autoincrement]
    pub(crate) id: u64,
    /// Indexed, unique, in pages of their own keys.
    #[unique]
    pub(crate) email: String,
    /// Indexed, may be NULL.
    #[index]
    pub(crate) age: Option<u8>,
    /// Fixed, changed in place.
    pub(crate) balance: i64,
    /// Whatever length.
    pub(crate) note: String,
}

/// What a user wrote.
#[derive(Table, Debug, Clone)]
#[table = "posts"]
pub(crate) struct Post {
    /// Given.
    #[primary_key]
    pub(crate) id: i32,
    /// Goes with the user.
    #[foreign_key(table = "users", column = "id", on_delete = "cascade")]
    #[index]
    pub(crate) author: u64,
    /// Long ones stand in chains.
    pub(crate) body: Vec<u8>,
}

/// Keyed by text, so by a row id with an index.
#[derive(Table, Debug, Clone)]
#[table = "words"]
pub(crate) struct Word {
    /// Long ones go on in chains.
    #[primary_key]
    pub(crate) word: String,
    /// In an index with NULL.
    #[unique]
    pub(crate) rank: Option<u32>,
    /// A float key.
    #[index]
    pub(crate) weight: f64,
}

/// No key at all.
#[derive(Table, Debug, Clone)]
#[table = "lines"]
pub(crate) struct Line {
    /// Anything.
    pub(crate) text: Option<String>,
    /// Anything.
    pub(crate) flag: bool,
}

/// The tables of the files.
#[derive(DatabaseSchema, Debug)]
#[tables(User = "users", Post = "posts", Word = "words", Line = "lines")]
pub(crate) struct Everything;

/// A user with a note of this length.
pub(crate) fn user(number: u64, note: usize) -> NewUser {
    NewUser {
        email: format!("{}@example.com", number.wrapping_mul(7_919)),
        age: (!number.is_multiple_of(5)).then_some(number as u8),
        balance: number as i64 - 20,
        note: "n".repeat(note),
        ..Default::default()
    }
}

/// A word of this length.
pub(crate) fn word(number: u32, length: usize) -> Word {
    let rank = (!number.is_multiple_of(3)).then_some(number);
    Word { word: format!("{}{number}", "w".repeat(length)), rank, weight: f64::from(number) / 4.0 }
}

/// One file: what is done to an empty database, and whether it is closed.
type Recipe = (fn(&Database) -> Result<()>, bool);

fn people(db: &Database) -> Result<()> {
    db.insert_many(&(0..40).map(|number| user(number, 20 + number as usize * 8)).collect::<Vec<_>>())?;
    db.insert_many(
        &(0..30).map(|id| Post { id, author: 1 + id as u64, body: vec![7; id as usize * 4] }).collect::<Vec<_>>(),
    )?;
    Ok(())
}

fn chains(db: &Database) -> Result<()> {
    db.insert_many(&(0..6).map(|number| user(number, 1500 * number as usize)).collect::<Vec<_>>())?;
    db.insert(&Post { id: -1, author: 1, body: vec![9; 9000] })?;
    for (number, length) in (0..12).zip([3, 300, 600, 1200, 5000].into_iter().cycle()) {
        db.insert(&word(number, length))?;
    }
    Ok(())
}

fn deep(db: &Database) -> Result<()> {
    // Four entries a page: three levels from few rows. In one commit, or the ring would grow.
    db.insert_many(&(0..44u32).map(|number| word(number.wrapping_mul(2_654_435_761), 480)).collect::<Vec<_>>())?;
    Ok(())
}

fn holes(db: &Database) -> Result<()> {
    people(db)?;
    chains_of_lines(db)?;
    db.delete::<User>().filter(User::ID.ge(9).and(User::ID.le(35))).run()?;
    db.delete::<Line>().run()?;
    Ok(())
}

fn chains_of_lines(db: &Database) -> Result<()> {
    for number in 0..9usize {
        db.insert(&Line { text: (number != 4).then(|| "l".repeat(number * 900)), flag: number.is_multiple_of(2) })?;
    }
    Ok(())
}

fn steps(db: &Database) -> Result<()> {
    // The ring holds these: ranges, fresh pages, pages given back.
    for number in 0..5 {
        db.insert(&user(number, 40))?;
    }
    db.insert(&Line { text: Some("x".repeat(6000)), flag: true })?;
    db.update::<User>().set(User::BALANCE, 5).filter(User::ID.ge(2)).run()?;
    db.delete::<Line>().run()?;
    db.delete::<User>().filter(User::ID.eq(3)).run()?;
    Ok(())
}

fn growth(db: &Database) -> Result<()> {
    for number in 0..14 {
        db.insert(&user(number, 700))?;
    }
    db.drop_table("lines")?;
    db.insert(&word(1, 700))?;
    Ok(())
}

const RECIPES: &[Recipe] = &[
    (|_| Ok(()), true),
    (people, true),
    (chains, true),
    (deep, true),
    (holes, true),
    (chains_of_lines, true),
    (steps, false),
    (growth, false),
];

/// The bytes of every file.
///
/// # Errors
/// What making them says: then the store is broken without any damage.
pub(crate) fn all() -> Result<Vec<Vec<u8>>> {
    let mut images = Vec::new();
    for (number, (fill, is_closed)) in (1..).zip(RECIPES) {
        let provider = HeapProvider::new();
        let options = Options::new().page_size(4096).database_id(number);
        let db = Database::open_with(provider.clone(), options)?.with_schema::<Everything>()?;
        fill(&db)?;
        let findings = db.check()?;
        if !findings.is_empty() {
            return Err(Error::other(findings.join("; ")));
        }
        if *is_closed {
            db.close()?;
        } else {
            drop(db);
        }
        images.push(provider.to_bytes());
    }
    Ok(images)
}
