//! The load under which workers are killed: numbered batches, each one transaction and a pure function of its number,
//! so that the last number that is there says what every row must be.

use wasm_dbms::prelude::*;

/// Batches that are kept; older ones are deleted, so that pages are released and claimed again.
const KEPT: u64 = 30;

/// A batch's rows are changed this many batches later.
const REVISED_AFTER: u64 = 7;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "entries"]
pub(crate) struct Entry {
    #[primary_key]
    id: u64,
    #[index]
    batch: u64,
    #[unique]
    label: String,
    revision: Option<u64>,
    payload: Vec<u8>,
}

/// The number of the last batch: one row.
#[derive(Table, Debug, Clone, PartialEq)]
#[table = "progress"]
struct Progress {
    #[primary_key]
    id: u8,
    last: u64,
    rows: u64,
}

#[derive(DatabaseSchema)]
#[tables(Entry = "entries", Progress = "progress")]
struct Batches;

/// Opens the database and creates the tables that are missing.
pub(crate) fn open(provider: impl MemoryProvider + 'static) -> Result<Database> {
    Database::open(provider)?.with_schema::<Batches>()
}

/// The number of the last batch; 0 before the first.
pub(crate) fn last(database: &Database) -> Result<u64> {
    Ok(database.get::<Progress>(1)?.map_or(0, |progress| progress.last))
}

/// Whether a batch is synced when it is committed.
pub(crate) fn durability(number: u64) -> Durability {
    if number % 4 == 1 { Durability::Eventual } else { Durability::Full }
}

/// Commits a batch.
pub(crate) fn commit(database: &Database, number: u64) -> Result<()> {
    database.transaction_with(durability(number), |tx| {
        tx.insert_many(&batch(number))?;
        let revised = number.saturating_sub(REVISED_AFTER);
        tx.update::<Entry>().set(Entry::REVISION, Some(number)).filter(Entry::BATCH.eq(revised)).run()?;
        tx.delete::<Entry>().filter(Entry::BATCH.le(number.saturating_sub(KEPT))).run()?;
        let rows = tx.select::<Entry>().count()?;
        if !tx.update_key::<Progress>(1).set(Progress::LAST, number).set(Progress::ROWS, rows).run()? {
            tx.insert(&Progress { id: 1, last: number, rows })?;
        }
        Ok(())
    })
}

/// Runs `check()` and compares every row with what the batches up to the last one make; returns its number.
pub(crate) fn verify(database: &Database) -> Result<u64> {
    let findings = database.check()?;
    if !findings.is_empty() {
        return Err(Error::other(format!("check() found: {}", findings.join("; "))));
    }
    let last = last(database)?;
    let found = database.select::<Entry>().order_by(Entry::ID.asc()).all()?;
    let expected = expected(last);
    if found == expected {
        return Ok(last);
    }
    let same = found.iter().zip(&expected).take_while(|(found, expected)| found == expected).count();
    Err(Error::other(format!(
        "the last batch is {last}, which makes {} rows; there are {}, the first {same} as they should be",
        expected.len(),
        found.len(),
    )))
}

/// The rows of a batch as they are inserted.
fn batch(number: u64) -> Vec<Entry> {
    let mut random = fastrand::Rng::with_seed(number);
    let count = if random.u8(..40) == 0 { random.u64(200..400) } else { random.u64(1..20) };
    let rows = (0..count).map(|position| {
        let length = if random.u8(..60) == 0 { random.usize(5_000..60_000) } else { random.usize(..300) };
        let mut payload = vec![0; length];
        random.fill(&mut payload);
        let id = number * 1000 + position;
        Entry { id, batch: number, label: format!("{:x} of {number}", random.u64(..)), revision: None, payload }
    });
    rows.collect()
}

/// Every row after the batch `last`.
fn expected(last: u64) -> Vec<Entry> {
    let kept = last.saturating_sub(KEPT) + 1..=last;
    let revised = |entry: Entry| {
        let revision = entry.batch + REVISED_AFTER;
        Entry { revision: (revision <= last).then_some(revision), ..entry }
    };
    kept.flat_map(batch).map(revised).collect()
}
