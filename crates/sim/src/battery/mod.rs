//! The long proofs of the store: `cargo xtask battery <name>`.
//!
//! | name | what is done | what must come out |
//! |---|---|---|
//! | `crash` | every crash of some fifty workloads | the last acknowledged transaction or the one in flight, everything sound |
//! | `recovery` | crashes of the session after a crash, and of the session after that | the same |
//! | `io-error` | each call of each workload fails in each way | a typed error, the last acknowledged state, and on it goes |
//! | `bit-flip` | every bit flipped, every page swapped and taken back, every length | a refusal, or nothing is lost |
//! | `isolation` | interactive transactions, many at once | a serial order; no cycle that the level forbids |
//! | `hostile` | files damaged on purpose, with the right checksums | an answer or a refusal, in bounded time and memory |
//! | `model` | drawn programs: tables, rows, transactions, questions, crashes, failing calls | what an oracle says, operation by operation |
//!
//! A battery of its own goes into a file of its own here, into [`NAMES`] and into [`run`].

mod bit_flip;
mod contents;
mod coverage;
mod crash;
#[doc(hidden)]
pub mod hostile;
mod io_error;
mod isolation;
mod model;
mod plant;
mod recovery;
mod tally;

use std::time::{Duration, Instant};

#[doc(hidden)]
pub use plant::Plant;
use tally::Tally;
pub(crate) use tally::panic_text;

/// Every battery.
pub const NAMES: [&str; 7] = ["crash", "recovery", "io-error", "bit-flip", "hostile", "isolation", "model"];

/// How much is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// What a unit test has time for.
    Small,
    /// What is done before each commit.
    Usual,
    /// Ten times as much.
    Long,
}

/// How a battery is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Seeds everything that is drawn.
    pub seed: u64,
    /// How much is done.
    pub size: Size,
    /// How many threads work.
    pub threads: usize,
    #[doc(hidden)]
    pub plant: Option<Plant>,
}

impl Settings {
    /// The usual size on every processor there is.
    pub fn new(seed: u64) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { seed, size: Size::Usual, threads, plant: None }
    }

    /// How often everything is done, each time with other seeds.
    fn rounds(&self) -> u64 {
        if self.size == Size::Long { 10 } else { 1 }
    }
}

/// What came out of a battery. As text it is the line that the battery ends with.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The battery.
    pub name: &'static str,
    /// How many images, runs or damages were tried.
    pub count: u64,
    /// What was counted.
    pub unit: &'static str,
    /// How many of them were wrong.
    pub failures: u64,
    /// The first of them, in words.
    pub examples: Vec<String>,
    /// The seed of the run.
    pub seed: u64,
    /// How long it took.
    pub time: Duration,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, count, unit, failures, seed, time, .. } = self;
        write!(f, "battery {name}: {count} {unit}, {failures} failures, seed {seed}, {:.1} s", time.as_secs_f64())
    }
}

/// Runs a battery and tells `progress` how it goes, in words. None if there is none of this name.
pub fn run(name: &str, settings: &Settings, progress: &(dyn Fn(&str) + Sync)) -> Option<Outcome> {
    let start = Instant::now();
    let (name, unit, battery): (_, _, fn(&Settings, &Tally<'_>) -> u64) = match name {
        "crash" => ("crash", "images", crash::run),
        "recovery" => ("recovery", "images", recovery::run),
        "io-error" => ("io-error", "runs", io_error::run),
        "bit-flip" => ("bit-flip", "damages", bit_flip::run),
        "hostile" => ("hostile", "files", hostile::run),
        "model" => ("model", "operations", model::run),
        "isolation" => ("isolation", "transactions", isolation::run),
        _ => return None,
    };
    let tally = Tally::new(progress, settings.threads);
    let count = battery(settings, &tally);
    let (failures, examples) = tally.failures();
    Some(Outcome { name, count, unit, failures, examples, seed: settings.seed, time: start.elapsed() })
}
