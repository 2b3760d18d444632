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
use std::time::Instant;

use worker::{Report, Worker};

/// Cases of a run in continuous integration; `BATTERY=long` is ten times as many.
const CASES: u64 = 1_000_000;

/// Cases that a process is given at once.
const SLICE: u64 = 10_000;

/// Failures that are printed; the rest is counted.
const SHOWN_MAX: usize = 20;

/// What to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Options {
    /// With the number of a case it decides all of it.
    seed: u64,
    /// How many cases.
    cases: u64,
}

impl Options {
    /// The seed and size that the environment asks for: `SEED`, `BATTERY=long`, `HOSTILE_CASES`.
    fn from_environment() -> Self {
        let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse().ok());
        let is_long = std::env::var("BATTERY").is_ok_and(|value| value == "long");
        let cases = number("HOSTILE_CASES").unwrap_or(if is_long { CASES * 10 } else { CASES });
        Self { seed: number("SEED").unwrap_or(20_261_122), cases }
    }
}

/// Runs the battery as the verb of a command line: without arguments all of it, with two numbers the cases from the one
/// to before the other, in this process.
#[allow(clippy::print_stdout, reason = "a battery reports on its standard output")]
pub fn main(arguments: &[String]) -> ExitCode {
    let options = Options::from_environment();
    let numbers: Vec<u64> = arguments.iter().filter_map(|text| text.parse().ok()).collect();
    if let [from, to] = *numbers.as_slice() {
        return worker::run(options.seed, from..to, arguments.iter().any(|text| text == "each"));
    }
    let start = Instant::now();
    let Report { failures, opened, changes } = run(options);
    for failure in failures.iter().take(SHOWN_MAX) {
        println!("{failure}");
    }
    println!("{opened} files could be opened, {changes} statements went through");
    let (count, seconds) = (failures.len(), start.elapsed().as_secs_f64());
    println!("battery hostile: {} files, {count} failures, seed {}, {seconds:.0} s", options.cases, options.seed);
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs every case, one process for each processor.
fn run(options: Options) -> Report {
    let next = AtomicU64::new(0);
    let total = Mutex::new(Report::default());
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                loop {
                    let from = next.fetch_add(SLICE, Ordering::Relaxed);
                    if from >= options.cases {
                        break;
                    }
                    let found = Worker::new(options.seed).cases(from..(from + SLICE).min(options.cases));
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
