//! Clocks, and the floor a durable commit cannot get below.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use cpu_time::ProcessTime;

/// Appends of [`durable_append_us`].
const APPEND_COUNT: u32 = 300;
/// Bytes of one append: a disk block.
const APPEND_BYTES: usize = 4096;

/// What something took. CPU time of the process (user and kernel) is what is compared: other work on the machine
/// moves it less than the wall clock. The wall clock matters where a commit waits for the disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    pub cpu: Duration,
    pub wall: Duration,
}

impl Cost {
    /// Adds another stretch of the same work.
    pub fn add(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.wall += other.wall;
    }
}

/// Times `work` if it succeeds.
pub fn measure<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Cost)> {
    let cpu = ProcessTime::now();
    let wall = Instant::now();
    let value = work()?;
    let cost = Cost { wall: wall.elapsed(), cpu: cpu.elapsed() };
    Ok((value, cost))
}

/// Microseconds per operation, the best of all rounds; CPU and wall each for itself.
#[derive(Debug, Clone, Copy)]
pub struct BestCost {
    pub cpu_us: f64,
    pub wall_us: f64,
}

impl BestCost {
    /// The figure of one round.
    pub fn new(cost: Cost, operations: u64) -> Self {
        let per_operation = |time: Duration| time.as_secs_f64() * 1e6 / operations.max(1) as f64;
        Self { cpu_us: per_operation(cost.cpu), wall_us: per_operation(cost.wall) }
    }

    /// The better of two rounds.
    pub fn min(self, other: Self) -> Self {
        Self { cpu_us: self.cpu_us.min(other.cpu_us), wall_us: self.wall_us.min(other.wall_us) }
    }
}

/// Wall microseconds of appending one block to a bare file and syncing it: what the disk alone asks of a commit.
pub fn durable_append_us(directory: &Path) -> Result<f64> {
    let mut file = File::create(directory.join("append.bin"))?;
    let block = [0x5a; APPEND_BYTES];
    let ((), cost) = measure(|| {
        for _ in 0..APPEND_COUNT {
            file.write_all(&block)?;
            file.sync_data()?;
        }
        Ok(())
    })?;
    Ok(cost.wall.as_secs_f64() * 1e6 / f64::from(APPEND_COUNT))
}
