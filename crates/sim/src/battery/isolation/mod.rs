//! `battery isolation`: many interactive transactions at once, and whether what they saw can have been.
//!
//! ```text
//! workload   seeded transactions, interleaved on one thread step by step, or run by threads
//! serial     in the order of the commits, each must have read just what was there
//! graph      who read and wrote what of whom: no cycle that the level of isolation forbids
//! ```
//!
//! Registers are overwritten, inserted and read by key, by range, by an index and counted; lists are appended to. Every
//! value is written once, so a value read says who wrote it; in which order they came to be the change feed says, and of
//! lists the lists themselves.

mod graph;
mod serial;
mod workload;

use std::sync::atomic::{AtomicU64, Ordering};

use wasm_dbms::Isolation;

use crate::battery::tally::Tally;
use crate::battery::{Plant, Settings, Size};
use workload::Round;

/// Transactions of the usual run, and of a small one.
const TRANSACTIONS: u64 = 240_000;
const TRANSACTIONS_SMALL: u64 = 6_000;

/// Transactions of one database.
const TRANSACTIONS_A_ROUND: u64 = 300;

/// One round of so many is run by threads.
const THREADED_ROUNDS: u64 = 8;

/// Runs the battery.
pub(super) fn run(settings: &Settings, tally: &Tally<'_>) -> u64 {
    let count = if settings.size == Size::Small { TRANSACTIONS_SMALL } else { TRANSACTIONS * settings.rounds() };
    let rounds: Vec<u64> = (0..count.div_ceil(TRANSACTIONS_A_ROUND)).collect();
    let [begun, committed, conflicts, skews] = [const { AtomicU64::new(0) }; 4];
    tally.for_each(&rounds, &|round| format!("round {round} of seed {}", settings.seed), &|number, worker| {
        let isolation = if number % 3 == 2 { Isolation::Snapshot } else { Isolation::Serializable };
        let round = Round {
            seed: settings.seed.wrapping_mul(1_000_003).wrapping_add(*number),
            transactions: TRANSACTIONS_A_ROUND,
            isolation,
            is_threaded: number % THREADED_ROUNDS == 5,
            bug: settings.plant.and_then(Plant::bug),
        };
        let history = round.run(&|| worker.beat());
        begun.fetch_add(history.transactions.len() as u64, Ordering::Relaxed);
        committed.fetch_add(history.committed() as u64, Ordering::Relaxed);
        conflicts.fetch_add(history.conflicts, Ordering::Relaxed);
        let mut findings = history.findings.clone();
        let cycles = graph::check(&history);
        skews.fetch_add(cycles.skews, Ordering::Relaxed);
        findings.extend(cycles.findings);
        findings.extend(serial::check(&history));
        for finding in findings {
            tally.fail(|| format!("round {number} ({round:?}): {finding}"));
        }
    });
    let [begun, committed, conflicts, skews] =
        [begun, committed, conflicts, skews].map(|counter| counter.load(Ordering::Relaxed));
    tally.say(&format!(
        "{committed} of {begun} committed, {conflicts} conflicts; {skews} write skews of snapshot isolation seen"
    ));
    // What never happens proves nothing.
    if settings.plant.is_none() && (committed < begun / 4 || conflicts < begun / 50 || skews == 0) {
        tally.fail(|| "too few transactions committed, conflicted or skewed for a proof".to_owned());
    }
    begun
}
