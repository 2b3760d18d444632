//! Tables through the engine's face: rows, indexes, references, schemas that come and go.

use wasm_dbms::{DataType, Database, DatabaseSchema, Durability, Error, Query, Table, TableSchema, Transaction};

use crate::workload::keys::Digest;
use crate::workload::related::{self, Booking, Room};
use crate::workload::{Trouble, migrating};

/// A row that others refer to.
#[derive(Table, Debug, Clone, PartialEq)]
#[table = "users"]
pub(crate) struct User {
    #[primary_key]
    #[autoincrement]
    id: u64,
    #[unique]
    email: String,
    #[index]
    age: Option<u8>,
    bio: String,
}

/// A row that refers to one.
#[derive(Table, Debug, Clone, PartialEq)]
#[table = "posts"]
pub(crate) struct Post {
    #[primary_key]
    id: u64,
    #[foreign_key(table = "users", column = "id", on_delete = "cascade")]
    author: u64,
    #[index]
    title: String,
}

/// Which transaction this is.
#[derive(Table, Debug, Clone, PartialEq)]
#[table = "serials"]
pub(crate) struct Serial {
    #[primary_key]
    id: u8,
    serial: u64,
}

/// The tables that are always there.
#[derive(DatabaseSchema)]
#[tables(User = "users", Post = "posts", Serial = "serials", Room = "rooms", Booking = "bookings")]
pub(crate) struct People;

/// What a transaction does to the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// A few rows come.
    Insert,
    /// So many at once that the ring does not hold them.
    Load,
    /// Some rows change, keys of indexes too.
    Update,
    /// Some rows go, with those that refer to them.
    Delete,
    /// A statement inside is undone.
    Savepoint,
    /// An interactive transaction commits, and one beside it that wrote the same conflicts.
    Interactive,
    /// Rows that refer to each other by several columns come, change and go.
    Related,
    /// A table comes, or goes if it is there.
    Schema,
    /// Tables that go from release to release.
    Releases(migrating::Change),
}

impl Change {
    /// Whether it changes schemas: such a commit is durable when it returns.
    pub(crate) fn is_of_schemas(self) -> bool {
        self == Self::Schema || matches!(self, Self::Releases(change) if change != migrating::Change::Rows)
    }
}

/// The table that comes and goes.
const EXTRA: &str = "extra";

/// Creates the tables that are always there, in one commit.
pub(crate) fn create(db: Database) -> Result<Database, Trouble> {
    Ok(db.with_schema::<People>()?)
}

/// The digest of every row of every table, read by `query`, and of `state`, where releases come.
fn digest_of(
    state: &str,
    mut names: Vec<String>,
    query: &mut dyn FnMut(&Query) -> wasm_dbms::Result<wasm_dbms::Answer>,
) -> Result<u64, Trouble> {
    names.sort();
    let mut digest = Digest::new();
    if !state.is_empty() {
        digest.add(&[], state.as_bytes());
    }
    for name in names {
        digest.add(name.as_bytes(), &[]);
        for row in query(&Query::from(name))?.rows {
            digest.add(&[], format!("{row:?}").as_bytes());
        }
    }
    Ok(digest.finish(0))
}

/// The digest of everything in the database, after a check of everything.
pub(crate) fn digest(db: &Database) -> Result<u64, Trouble> {
    // Every page first: what cannot be read is an error here, and a finding in words where trees are walked.
    (0..db.page_count()).try_for_each(|page| db.page(page).map(|_| ()))?;
    let mut findings = db.check()?;
    if !findings.is_empty() {
        // Where not all pages fit into the cache, a read may have failed after all.
        (0..db.page_count()).try_for_each(|page| db.page(page).map(|_| ()))?;
        findings = db.check()?;
    }
    if !findings.is_empty() {
        return Err(Trouble::Wrong(findings.join("; ")));
    }
    digest_unchecked(db)
}

fn digest_unchecked(db: &Database) -> Result<u64, Trouble> {
    digest_of(&migrating::state(db)?, db.tables()?, &mut |query| db.query(query))
}

/// A transaction. The digest of the state that it leads to is noted before it is committed.
pub(crate) fn commit(
    db: &Database,
    serial: u64,
    change: Change,
    durability: Durability,
    random: &mut fastrand::Rng,
    (expected, splits): (&mut Option<u64>, bool),
) -> Result<(), Trouble> {
    let names = db.tables()?;
    let state = migrating::state(db)?;
    if let Change::Releases(change) = change
        && change != migrating::Change::Rows
    {
        let copy = migrating::copy_of(db)?;
        migrating::migrate(&copy, change, &mut random.clone(), false)?;
        *expected = Some(digest_unchecked(&copy)?);
        return migrating::migrate(db, change, random, splits);
    }
    if change == Change::Schema {
        let has_extra = names.iter().any(|name| name == EXTRA);
        let mut after: Vec<String> = names.into_iter().filter(|name| name != EXTRA).collect();
        if has_extra {
            *expected = Some(digest_of(&state, after, &mut |query| db.query(query))?);
            return Ok(db.drop_table(EXTRA)?);
        }
        after.push(EXTRA.to_owned());
        let nothing = || wasm_dbms::Answer::default();
        let mut query = |query: &Query| if *query == Query::from(EXTRA) { Ok(nothing()) } else { db.query(query) };
        *expected = Some(digest_of(&state, after, &mut query)?);
        let column = |name: &str, kind| wasm_dbms::ColumnSchema::new(name, kind);
        let schema = TableSchema::new(EXTRA)
            .column(column("id", DataType::U64).autoincrement())
            .column(column("text", DataType::Text))
            .primary_key(["id"])
            .unique(["text"]);
        return Ok(db.create_table(&schema)?);
    }
    if change == Change::Interactive {
        return commit_interactive(db, serial, names, durability, random, expected);
    }
    let papers = if matches!(change, Change::Releases(_)) { migrating::papers(db)? } else { None };
    let mut wrong = None;
    let done = db.transaction_with(durability, |tx| {
        apply(tx, serial, change, names.iter().any(|name| name == EXTRA), random)?;
        if let Some(papers) = &papers {
            migrating::apply(tx, papers, serial, random)?;
        }
        match digest_of(&state, names, &mut |query| tx.query(query)) {
            Ok(digest) => *expected = Some(digest),
            Err(Trouble::Memory(error)) => return Err(error.into()),
            Err(Trouble::Wrong(what)) => wrong = Some(what),
        }
        Ok(())
    });
    match wrong {
        Some(what) => Err(Trouble::Wrong(what)),
        None => Ok(done?),
    }
}

/// An interactive transaction. One beside it writes the same row and must conflict.
fn commit_interactive(
    db: &Database,
    serial: u64,
    names: Vec<String>,
    durability: Durability,
    random: &mut fastrand::Rng,
    expected: &mut Option<u64>,
) -> Result<(), Trouble> {
    let (tx, rival) = (db.begin()?, db.begin()?);
    for tx in [&tx, &rival] {
        if !tx.update_key::<Serial>(0u8).set(Serial::SERIAL, serial).run()? {
            tx.insert(&Serial { id: 0, serial })?;
        }
    }
    let low = random.u8(..80);
    tx.delete::<User>().filter(User::AGE.ge(low).and(User::AGE.lt(low.saturating_add(5)))).run()?;
    for number in 0..random.usize(1..8) {
        let author = tx.insert(&new_user(serial, number, random))?;
        tx.insert(&Post { id: serial * 1000 + number as u64, author, title: text(random, 60) })?;
    }
    let bio = text(random, 400);
    tx.update::<User>().set(User::BIO, bio).filter(User::AGE.ge(low)).run()?;
    *expected = Some(digest_of("", names, &mut |query| tx.query(query))?);
    tx.commit(durability)?;
    match rival.commit(durability) {
        Err(error) if error.is_conflict() => Ok(()),
        other => Err(Trouble::Wrong(format!("{other:?} where a transaction must conflict"))),
    }
}

/// A transaction that its closure takes back.
pub(crate) fn roll_back(db: &Database, serial: u64, random: &mut fastrand::Rng) -> Result<(), Trouble> {
    let result = db.transaction(|tx| {
        apply(tx, serial, Change::Load, false, random)?;
        Err::<(), _>(Error::other(RolledBack))
    });
    match result {
        Err(Error::Other(error)) if error.is::<RolledBack>() => Ok(()),
        Err(error) => Err(error.into()),
        Ok(()) => Err(Trouble::Wrong("a transaction that was rolled back was committed".into())),
    }
}

/// Why a transaction is rolled back: because it is meant to be.
#[derive(Debug)]
struct RolledBack;

impl std::fmt::Display for RolledBack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("rolled back on purpose")
    }
}

impl std::error::Error for RolledBack {}

pub(crate) fn text(random: &mut fastrand::Rng, longest: usize) -> String {
    (0..random.usize(..longest)).map(|_| random.lowercase()).collect()
}

fn new_user(serial: u64, number: usize, random: &mut fastrand::Rng) -> NewUser {
    let longest = if random.u8(..12) == 0 { 9000 } else { 300 };
    NewUser {
        email: format!("{serial}.{number}@{}", text(random, 20)),
        age: random.bool().then(|| random.u8(..100)),
        bio: text(random, longest),
        ..Default::default()
    }
}

fn apply(
    tx: &mut Transaction<'_>,
    serial: u64,
    change: Change,
    has_extra: bool,
    random: &mut fastrand::Rng,
) -> wasm_dbms::Result<()> {
    let note = Serial { id: 0, serial };
    if !tx.update_key::<Serial>(0u8).set(Serial::SERIAL, serial).run()? {
        tx.insert(&note)?;
    }
    match change {
        Change::Insert => {
            for number in 0..random.usize(1..4) {
                let author = tx.insert(&new_user(serial, number, random))?;
                for post in 0..random.u64(..3) {
                    let id = serial * 1000 + number as u64 * 10 + post;
                    tx.insert(&Post { id, author, title: text(random, 60) })?;
                }
            }
            if has_extra {
                tx.insert_values(EXTRA, &[("text", format!("{serial} {}", text(random, 100)).into())])?;
            }
        }
        Change::Load => {
            let users: Vec<NewUser> = (0..60).map(|number| new_user(serial, number, random)).collect();
            tx.insert_many(&users)?;
        }
        Change::Update => {
            let low = random.u8(..80);
            let bio = text(random, 400);
            tx.update::<User>()
                .set(User::BIO, bio)
                .set(User::AGE, random.bool().then(|| random.u8(..100)))
                .filter(User::AGE.ge(low).and(User::AGE.lt(low.saturating_add(15))))
                .run()?;
        }
        Change::Delete => {
            let low = random.u8(..80);
            tx.delete::<User>().filter(User::AGE.ge(low).and(User::AGE.lt(low.saturating_add(20)))).run()?;
        }
        Change::Savepoint => {
            let undone = tx.savepoint(|tx| {
                apply(tx, serial + 1, Change::Load, false, random)?;
                Err::<(), _>(Error::other(RolledBack))
            });
            match undone {
                Err(Error::Other(error)) if error.is::<RolledBack>() => {}
                other => return other,
            }
            apply(tx, serial, Change::Insert, has_extra, random)?;
        }
        Change::Related => related::apply(tx, serial, random)?,
        Change::Schema | Change::Interactive | Change::Releases(_) => {}
    }
    Ok(())
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Memory(error) => Self::Memory(Box::new(*error)),
            error => Self::Wrong(error.to_string()),
        }
    }
}
