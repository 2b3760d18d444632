//! A process that is killed while it writes loses nothing that was acknowledged, and leaves nothing half done.
//!
//! The test starts itself as a child that commits numbered batches, each a pure function of its number, and says so;
//! kills it after a random time; opens the file and compares every row with what the batches up to the last one make.

#![cfg(test)]

mod support;

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use wasm_dbms::prelude::*;

use support::{assert_sound, seed};

/// Batches that are kept; older ones are deleted, so that pages are released and claimed again.
const KEPT: u64 = 40;

/// A batch's rows are changed this many batches later.
const REVISED_AFTER: u64 = 7;

const KILLS: u64 = 200;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "entries"]
struct Entry {
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

fn open(path: &Path) -> Database {
    Database::open(FileProvider::open(path).unwrap()).unwrap().with_schema::<Batches>().unwrap()
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

fn write_batch(db: &Database, number: u64, durability: Durability) {
    db.transaction_with(durability, |tx| {
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
    .unwrap();
}

/// The child: it writes until it is killed. Without its variables this does nothing.
#[test]
fn the_writer_that_gets_killed() {
    let Ok(path) = std::env::var("KILL_NINE_FILE") else { return };
    let mut random = fastrand::Rng::with_seed(std::env::var("KILL_NINE_SEED").unwrap().parse().unwrap());
    let eventual_of_four = random.u8(..5);
    let db = open(Path::new(&path));
    let mut number = db.get::<Progress>(1).unwrap().map_or(0, |progress| progress.last);
    loop {
        number += 1;
        let is_full = random.u8(..4) >= eventual_of_four;
        write_batch(&db, number, if is_full { Durability::Full } else { Durability::Eventual });
        let word = if is_full { "full" } else { "eventual" };
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(format!("\ndone {number} {word}\n").as_bytes()).unwrap();
        stdout.flush().unwrap();
    }
}

/// Starts a writer, kills it after a time, and returns the last batch it acknowledged and the last of them that was
/// synced.
fn write_until_killed(path: &Path, seed: u64, after: Duration) -> (Option<u64>, Option<u64>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_writer_that_gets_killed", "--nocapture", "--test-threads=1"])
        .env("KILL_NINE_FILE", path)
        .env("KILL_NINE_SEED", seed.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        text
    });
    std::thread::sleep(after);
    assert_eq!(child.try_wait().unwrap(), None, "the writer ended by itself");
    child.kill().unwrap();
    child.wait().unwrap();
    let text = reader.join().unwrap();
    let (mut done, mut full) = (None, None);
    // What follows the last line end was cut short by the kill.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    for line in whole.lines() {
        let Some((number, word)) = line.strip_prefix("done ").and_then(|rest| rest.split_once(' ')) else { continue };
        done = Some(number.parse().unwrap());
        if word == "full" {
            full = done;
        }
    }
    (done, full)
}

#[test]
fn a_killed_process_loses_nothing_that_was_acknowledged() {
    let seed = seed(20_261);
    let mut random = fastrand::Rng::with_seed(seed);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("killed.db");
    let (mut last, mut unacknowledged, mut idle) = (0, 0, 0);
    for kill in 0..KILLS {
        let after = Duration::from_micros(random.u64(1_000..120_000));
        let (done, full) = write_until_killed(&path, random.u64(..), after);
        let (done, durable) = (done.unwrap_or(last), full.unwrap_or(last));
        let db = open(&path);
        assert_sound(&db);
        let progress = db.get::<Progress>(1).unwrap().unwrap_or(Progress { id: 1, last: 0, rows: 0 });
        let found = progress.last;
        assert!(found >= durable, "seed {seed}, kill {kill}: batch {durable} was durable, {found} is the last");
        assert!(found <= done + 1, "seed {seed}, kill {kill}: batch {done} was acknowledged, {found} is there");
        let rows = db.select::<Entry>().order_by(Entry::ID.asc()).all().unwrap();
        assert_eq!(rows.len() as u64, progress.rows, "seed {seed}, kill {kill}");
        assert!(rows == expected(found), "seed {seed}, kill {kill}: the rows are not those of batch {found}");
        unacknowledged += u64::from(found > done);
        idle += u64::from(found == last);
        last = found;
        if random.u8(..5) == 0 {
            db.close().unwrap();
        }
    }
    println!(
        "{KILLS} kills, {last} batches, {unacknowledged} that were not acknowledged, {idle} kills before a commit"
    );
    assert!(last > 2 * KILLS, "too few batches were written: {last}");
    assert!(idle < KILLS / 2, "too many writers were killed before their first commit: {idle}");
}
