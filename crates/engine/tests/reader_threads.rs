//! Reader threads do not stand in each other's way, nor in a writer's. `cargo xtask bench` measures by how little, on a
//! machine that does nothing else, and says whether the promises hold (1.7 times the throughput, 1.1 times the CPU time of a
//! read). Here a lock that all share, or a writer that readers wait for, must show on any machine: two processors that are
//! one core's read no more than one and a half times as much as one. The best of some rounds counts, and CPU time where the
//! wall clock does not say it.

#![cfg(test)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Barrier, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use wasm_dbms::FileProvider;
use wasm_dbms::prelude::*;

const ROW_COUNT: u32 = 20_000;

/// Reads of a thread in a round.
const READ_COUNT: u32 = 150_000;

/// The fewest and the most rounds; they end as soon as the promise is kept.
const ROUNDS_MIN: usize = 3;
const ROUNDS_MAX: usize = 60;

/// Throughput of two threads to that of one, and CPU time of a read beside a writer to that of one alone.
const TWO_MIN: f64 = 1.3;
const BESIDE_MAX: f64 = 1.25;

/// What a disk needs for a sync, at least. Some hosts say at once that it is done, and a writer then commits as often as
/// none can that is told the truth.
const SYNC_MIN: Duration = Duration::from_micros(100);

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "numbers"]
struct Number {
    #[primary_key]
    id: u32,
    value: i64,
}

fn filled(db: Database) -> Database {
    db.create_table(Number::schema()).unwrap();
    let rows: Vec<Number> = (0..ROW_COUNT).map(|id| Number { id, value: id.into() }).collect();
    db.insert_many(&rows).unwrap();
    db
}

/// The CPU time of this thread, where the host says it.
fn cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// What is measured is measured alone: none if this machine can say nothing about two threads, and it says why.
fn turn() -> Option<MutexGuard<'static, ()>> {
    static TURN: Mutex<()> = Mutex::new(());
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let can_tell = processors > 1 && cpu_time().is_some();
    if !can_tell {
        println!("skipped: {processors} processors, CPU time of a thread: {:?}", cpu_time());
    }
    can_tell.then(|| TURN.lock().unwrap_or_else(|broken| broken.into_inner()))
}

/// Reads rows here and there; returns microseconds of CPU time of one read.
fn read(db: &Database, seed: u64) -> f64 {
    let mut random = fastrand::Rng::with_seed(seed);
    let before = cpu_time().unwrap();
    for _ in 0..READ_COUNT {
        let id = random.u32(..ROW_COUNT);
        assert_eq!(db.get::<Number>(id).unwrap().map(|row| row.id), Some(id));
    }
    (cpu_time().unwrap() - before).as_secs_f64() * 1e6 / f64::from(READ_COUNT)
}

/// Reads in so many threads at once: microseconds of CPU time of one read, and reads in a microsecond of the wall clock.
fn together(db: &Database, threads: u64) -> (f64, f64) {
    let barrier = Barrier::new(threads as usize);
    let start = Instant::now();
    let sum: f64 = std::thread::scope(|scope| {
        let work = |seed: u64| {
            barrier.wait();
            read(db, seed)
        };
        let spawned: Vec<_> = (0..threads).map(|seed| scope.spawn(move || work(seed))).collect();
        spawned.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let reads = f64::from(READ_COUNT) * threads as f64;
    (sum / threads as f64, reads / (start.elapsed().as_secs_f64() * 1e6))
}

#[test]
fn two_threads_read_nearly_twice_as_much_as_one() {
    let Some(_turn) = turn() else { return };
    let db = filled(Database::in_memory());
    let (mut cpu, mut wall) = ([f64::MAX; 2], [0.0f64; 2]);
    for round in 1..=ROUNDS_MAX {
        for (threads, (cpu, wall)) in (1u64..).zip(cpu.iter_mut().zip(&mut wall)) {
            let (read_us, reads) = together(&db, threads);
            (*cpu, *wall) = (cpu.min(read_us), wall.max(reads));
        }
        let (by_cpu, by_wall) = (2.0 * cpu[0] / cpu[1], wall[1] / wall[0]);
        println!(
            "round {round}: {by_cpu:.2} times by CPU time, {by_wall:.2} by the wall clock, {:.3} us a read",
            cpu[0]
        );
        if round >= ROUNDS_MIN && by_cpu.max(by_wall) >= TWO_MIN {
            return;
        }
    }
    panic!("two threads never read {TWO_MIN} times as much as one");
}

/// Microseconds of CPU time of one read, beside a writer of the same or another database that commits row by row; and how
/// often it did.
fn beside(db: &Database, written: &Database) -> (f64, u64) {
    let (is_over, commits) = (AtomicBool::new(false), AtomicU64::new(0));
    let read_us = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = fastrand::Rng::with_seed(1);
            while !is_over.load(Ordering::Relaxed) {
                let value = random.i64(..);
                assert!(written.update_key::<Number>(random.u32(..ROW_COUNT)).set(Number::VALUE, value).run().unwrap());
                std::thread::sleep(SYNC_MIN);
                commits.fetch_add(1, Ordering::Relaxed);
            }
        });
        let read_us = scope.spawn(|| read(db, 2)).join();
        is_over.store(true, Ordering::Relaxed);
        read_us.unwrap()
    });
    (read_us, commits.into_inner())
}

#[test]
fn a_writer_that_commits_beside_a_reader_takes_nearly_nothing_from_it() {
    let Some(_turn) = turn() else { return };
    let folder = tempfile::tempdir().unwrap();
    let on_file = |name: &str| filled(Database::open(FileProvider::open(folder.path().join(name)).unwrap()).unwrap());
    // What a reader has in common with the writer of another database is the machine alone.
    let (db, other) = (on_file("numbers.db"), on_file("others.db"));
    let (mut beside_other, mut beside_own, mut commits) = (f64::MAX, f64::MAX, 0);
    for round in 1..=ROUNDS_MAX {
        beside_other = beside_other.min(beside(&db, &other).0);
        let (read_us, committed) = beside(&db, &db);
        // A round in which the host let nothing be committed says nothing.
        if committed > 0 {
            beside_own = beside_own.min(read_us);
            commits += committed;
        }
        println!(
            "round {round}: {beside_other:.3} us beside another's writer, {beside_own:.3} us beside {commits} commits"
        );
        if round >= ROUNDS_MIN && commits > 10 && beside_own <= beside_other * BESIDE_MAX {
            return;
        }
    }
    panic!("a read takes more than {BESIDE_MAX} times the CPU time beside a writer");
}
