//! `battery hostile`: files that were damaged on purpose and carry the right checksums all the same. Whatever they say,
//! the store answers or refuses: no panic, no hang, no memory without bound.
//!
//! A case is a number: with the seed it says which file is damaged, how, and what is done to it then. Cases run in
//! processes of their own, each with a limit on its address space, so that an abort, an overflow of the stack or a hang
//! costs one case and is named like any other failure.

mod damage;
mod exercise;
mod file;
mod images;
mod worker;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use worker::{Report, Worker};

use crate::battery::tally::Tally;
use crate::battery::{Settings, Size};

/// Cases of the usual run, and of a small one.
const CASES: u64 = 1_000_000;
const CASES_SMALL: u64 = 1000;

/// Cases that a process is given at once.
const SLICE: u64 = 10_000;

/// Runs cases in this process, if the arguments are the battery's name and the first case and the one after the last:
/// what a keeper starts.
pub fn worker(arguments: &[String], seed: u64) -> Option<ExitCode> {
    let [name, from, to, rest @ ..] = arguments else { return None };
    match (name.as_str(), from.parse(), to.parse()) {
        ("hostile", Ok(from), Ok(to)) => Some(worker::run(seed, from..to, rest.iter().any(|text| text == "each"))),
        _ => None,
    }
}

/// Runs the battery.
pub(super) fn run(settings: &Settings, tally: &Tally<'_>) -> u64 {
    let asked = std::env::var("HOSTILE_CASES").ok().and_then(|text| text.parse().ok());
    let usual = if settings.size == Size::Small { CASES_SMALL } else { CASES * settings.rounds() };
    let cases = asked.unwrap_or(usual);
    let Report { failures, opened, changes } = run_cases(settings.seed, cases, settings.threads);
    for failure in failures {
        tally.fail(|| failure);
    }
    tally.say(&format!("{opened} files could be opened, {changes} statements went through"));
    cases
}

/// Runs every case, one process for each processor.
fn run_cases(seed: u64, cases: u64, processes: usize) -> Report {
    let next = AtomicU64::new(0);
    let total = Mutex::new(Report::default());
    std::thread::scope(|scope| {
        for _ in 0..processes {
            scope.spawn(|| {
                loop {
                    let from = next.fetch_add(SLICE, Ordering::Relaxed);
                    if from >= cases {
                        break;
                    }
                    let found = Worker::new(seed).cases(from..(from + SLICE).min(cases));
                    let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                    total.failures.extend(found.failures);
                    total.opened += found.opened;
                    total.changes += found.changes;
                }
            });
        }
    });
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_taken_apart_and_put_together_is_the_same_byte_for_byte() {
        let mut records = 0;
        for (number, bytes) in images::all().unwrap().iter().enumerate() {
            let file = file::File::parse(bytes).unwrap();
            println!(
                "file {number}: {} bytes, {} pages, {} records",
                bytes.len(),
                file.pages.len(),
                file.records.len()
            );
            records += file.records.len();
            let again = file.to_bytes();
            let difference = again.iter().zip(bytes).position(|(left, right)| left != right);
            assert_eq!((again.len(), difference), (bytes.len(), None), "file {number}");
        }
        assert!(records > 5);
    }

    #[test]
    fn some_thousand_hostile_files_are_answered_or_refused() {
        worker::quiet();
        let cases = worker::Cases::new(1).unwrap();
        for case in 0..3000 {
            assert_eq!(cases.run(case).err(), None, "case {case}, seed 1");
        }
    }
}
