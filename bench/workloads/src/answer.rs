//! What a workload returned, folded small enough to be checked inside the timed part without distorting it.

use std::hash::{BuildHasher as _, Hash};

use rustc_hash::FxBuildHasher;

/// Odd, so that multiplication by it loses nothing.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Count and digests of the rows an engine returned. Every column of every row enters; a few nanoseconds per row,
/// the same for all engines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answer {
    /// Rows returned or changed.
    pub rows: u64,
    sum: u64,
    chain: u64,
}

impl Answer {
    /// Adds one row.
    pub fn add(&mut self, row: &impl Hash) {
        let digest = FxBuildHasher.hash_one(row);
        self.rows += 1;
        self.sum = self.sum.wrapping_add(digest);
        self.chain = (self.chain.rotate_left(7) ^ digest).wrapping_mul(SPREAD);
    }

    /// Adds one group of W9. The average is rounded: engines may sum in another order or in decimals.
    pub fn add_total(&mut self, age: u32, count: u64, sum: i64, average: f64) {
        self.add(&(age, count, sum, (average * 1_000.0).round() as i64));
    }

    /// Adds rows that were changed, not returned.
    pub fn add_changed(&mut self, rows: u64) {
        self.rows += rows;
    }

    /// The same rows, in the same order if the workload asks for one.
    pub fn matches(&self, expected: &Self, ordered: bool) -> bool {
        self.rows == expected.rows && self.sum == expected.sum && (!ordered || self.chain == expected.chain)
    }
}
