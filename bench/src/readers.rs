//! Reader threads: what two of them do together, and what a writer beside them takes from one.

use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use cpu_time::ThreadTime;
use fastrand::Rng;
use wasm_dbms::prelude::*;

/// Rows of the table, reads of a thread in a round, and rounds, of which the best counts.
const ROW_COUNT: u32 = 100_000;
const READ_COUNT: u32 = 400_000;
const ROUNDS: u32 = 7;

/// How long the reader beside the writer reads, and how often. The median of the ratios counts: the readings of a round
/// follow each other at once, so that a machine that is slow for a second is so for all of them.
const READING: Duration = Duration::from_millis(600);
const BESIDE_ROUNDS: usize = 11;

/// What is promised: throughput of two threads to that of one; CPU time of a read beside a writer to that of one alone.
const TWO_MIN: f64 = 1.7;
const BESIDE_MAX: f64 = 1.1;

#[derive(Debug, Clone, PartialEq, Eq, Table)]
#[table = "numbers"]
struct Number {
    #[primary_key]
    id: u32,
    value: i64,
}

#[derive(DatabaseSchema)]
#[tables(Number = "numbers")]
struct Numbers;

/// What was found.
#[derive(Debug, Clone, Copy)]
pub struct ReaderThreads {
    /// Throughput of two threads to that of one, by the wall clock: right on a machine that does nothing else.
    pub by_wall: f64,
    /// The same by CPU time: what two processors would do that nobody else uses.
    pub by_cpu: f64,
    /// Microseconds of CPU time of one read, alone.
    pub read_us: f64,
    /// CPU time of a read beside a writer that commits at `Full` to that of one without, on file.
    pub beside: f64,
    /// The same beside the same writer of another file: what the machine takes, whose processors share more than memory.
    pub beside_other: f64,
    /// Commits that the writer made in a second meanwhile.
    pub commits: f64,
}

impl ReaderThreads {
    /// The lines of the report.
    pub fn report(&self) -> String {
        let Self { by_wall, by_cpu, read_us, beside, beside_other, commits } = self;
        let two = if by_wall.max(*by_cpu) >= TWO_MIN { "reached" } else { "MISSED" };
        let one = if *beside <= BESIDE_MAX { "reached" } else { "MISSED" };
        format!(
            "## Reader threads\n\n\
             Point reads of {ROW_COUNT} rows, each its own statement, {read_us:.3} us of CPU time.\n\n\
             - two threads without a writer: {by_wall:.2} times the throughput of one by the wall clock, {by_cpu:.2} by \
             CPU time; at least {TWO_MIN:.1}: {two}\n\
             - beside a writer that commits single rows at `Full`, {commits:.0} in a second: a read takes {beside:.2} \
             times the CPU time; at most {BESIDE_MAX:.1}: {one}. Beside the same writer of another database, with which it \
             shares nothing but the machine, {beside_other:.2} times\n\n"
        )
    }
}

fn filled(database: Database) -> Result<Database> {
    let database = database.with_schema::<Numbers>()?;
    let rows: Vec<Number> = (0..ROW_COUNT).map(|id| Number { id, value: i64::from(id) }).collect();
    database.insert_many(&rows)?;
    Ok(database)
}

/// Reads the rows of these ids. Returns the CPU time that took.
fn read(database: &Database, ids: &[u32]) -> Result<Duration> {
    let clock = ThreadTime::now();
    for id in ids {
        let row = database.get::<Number>(*id)?;
        ensure!(row.is_some_and(|row| row.id == *id), "row {id} is missing");
    }
    Ok(clock.elapsed())
}

/// Microseconds of CPU time of a read, and reads in a microsecond of the wall clock, of so many threads at once.
fn together(database: &Database, ids: &[Vec<u32>], threads: usize) -> Result<(f64, f64)> {
    let barrier = Barrier::new(threads);
    let start = Instant::now();
    let times = thread::scope(|scope| {
        let work = |ids: &Vec<u32>| {
            barrier.wait();
            read(database, ids)
        };
        let spawned: Vec<_> = ids.iter().take(threads).map(|ids| scope.spawn(move || work(ids))).collect();
        spawned.into_iter().map(joined).collect::<Result<Vec<Duration>>>()
    })?;
    let reads = f64::from(READ_COUNT) * threads as f64;
    let wall = start.elapsed().as_secs_f64() * 1e6;
    Ok((times.iter().sum::<Duration>().as_secs_f64() * 1e6 / reads, reads / wall))
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().map_err(|_| anyhow!("a thread has panicked"))?
}

/// Microseconds of CPU time of a read for some time, beside a writer of a database or alone; and the writer's commits in a
/// second.
fn beside(database: &Database, ids: &[u32], written: Option<&Database>) -> Result<(f64, f64)> {
    let (is_over, commits) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut random = Rng::with_seed(1);
            while let Some(written) = written.filter(|_| !is_over.load(Ordering::Relaxed)) {
                let (id, value) = (random.u32(..ROW_COUNT), random.i64(..));
                written.update_key::<Number>(id).set(Number::VALUE, value).run()?;
                commits.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        let reader = scope.spawn(|| {
            let (start, mut reads, mut time) = (Instant::now(), 0, Duration::ZERO);
            for ids in ids.chunks(1000).cycle() {
                if start.elapsed() >= READING {
                    break;
                }
                time += read(database, ids)?;
                reads += ids.len();
            }
            is_over.store(true, Ordering::Relaxed);
            let seconds = start.elapsed().as_secs_f64();
            Ok((time.as_secs_f64() * 1e6 / reads as f64, commits.load(Ordering::Relaxed) as f64 / seconds))
        });
        let found = joined(reader);
        is_over.store(true, Ordering::Relaxed);
        joined(writer)?;
        found
    })
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Measures both.
pub fn run(seed: u64, directory: &Path) -> Result<ReaderThreads> {
    eprintln!("reader threads");
    let mut random = Rng::with_seed(seed);
    let ids: Vec<Vec<u32>> = (0..2).map(|_| (0..READ_COUNT).map(|_| random.u32(..ROW_COUNT)).collect()).collect();
    let in_memory = filled(Database::in_memory())?;
    let (mut one_us, mut one_wall) = (f64::INFINITY, 0.0f64);
    let (mut two_us, mut two_wall) = (f64::INFINITY, 0.0f64);
    for _ in 0..ROUNDS {
        let (cpu, wall) = together(&in_memory, &ids, 1)?;
        (one_us, one_wall) = (one_us.min(cpu), one_wall.max(wall));
        let (cpu, wall) = together(&in_memory, &ids, 2)?;
        (two_us, two_wall) = (two_us.min(cpu), two_wall.max(wall));
    }
    let folder = tempfile::tempdir_in(directory)?;
    let file = |name: &str| filled(Database::open(FileProvider::open(folder.path().join(name))?)?);
    let (on_file, other) = (file("readers.db")?, file("other.db")?);
    let (mut besides, mut others, mut commits) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..BESIDE_ROUNDS {
        let (alone_us, _) = beside(&on_file, &ids[0], None)?;
        let (other_us, _) = beside(&on_file, &ids[0], Some(&other))?;
        let (beside_us, in_a_second) = beside(&on_file, &ids[0], Some(&on_file))?;
        besides.push(beside_us / alone_us);
        others.push(other_us / alone_us);
        commits.push(in_a_second);
    }
    let (by_wall, by_cpu) = (two_wall / one_wall, 2.0 * one_us / two_us);
    let (beside, beside_other, commits) = (median(besides), median(others), median(commits));
    Ok(ReaderThreads { by_wall, by_cpu, read_us: one_us, beside, beside_other, commits })
}
