//! Which parts of a page were written.

use std::ops::Range;

/// A page has two to this power parts, a bit for each.
const PARTS_LOG: u32 = u64::BITS.ilog2();

/// The parts of a page that somebody has written, or may have: nothing outside of them differs from what it was. A part is
/// one sixty-fourth of the page, whose length is a power of two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts(u64);

impl Parts {
    /// Nothing was written.
    pub const NONE: Self = Self(0);

    /// Everything may have been.
    pub const ALL: Self = Self(u64::MAX);

    /// These bytes of a page of so many were written.
    ///
    /// ```
    /// use wasm_dbms_memory::Parts;
    ///
    /// let mut parts = Parts::NONE;
    /// parts.add(8192, 20..22);
    /// parts.add(8192, 8000..8100);
    /// assert_eq!(parts.ranges(8192).collect::<Vec<_>>(), [0..128, 7936..8192]);
    /// ```
    #[inline]
    pub fn add(&mut self, page_size: usize, bytes: Range<usize>) {
        let log = part_log(page_size);
        let last = bytes.end.saturating_sub(1);
        self.0 |= u64::MAX << (bytes.start >> log & 63) & u64::MAX >> (63 - (last >> log & 63));
    }

    /// What they are of a page of so many bytes, in order; parts beside each other are one range.
    ///
    /// ```
    /// use wasm_dbms_memory::Parts;
    ///
    /// assert_eq!(Parts::ALL.ranges(8192).collect::<Vec<_>>(), [0..8192]);
    /// assert_eq!(Parts::NONE.ranges(8192).count(), 0);
    /// ```
    pub fn ranges(self, page_size: usize) -> impl Iterator<Item = Range<usize>> {
        let log = part_log(page_size);
        let Self(mut rest) = self;
        std::iter::from_fn(move || {
            let first = rest.trailing_zeros();
            let after = first + rest.checked_shr(first)?.trailing_ones();
            // The lowest bit added to a run of ones carries through it.
            rest &= rest.wrapping_add(1 << first);
            Some((first as usize) << log..(after as usize) << log)
        })
    }
}

/// A part has two to this power bytes.
#[inline]
fn part_log(page_size: usize) -> u32 {
    page_size.trailing_zeros().saturating_sub(PARTS_LOG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_that_was_added_is_in_a_range_and_few_others_are() {
        let seed = 20_261_130;
        let mut random = fastrand::Rng::with_seed(seed);
        for round in 0..500 {
            let page_size = [4096, 8192, 65_536][random.usize(..3)];
            let mut parts = Parts::NONE;
            let mut expected = vec![false; page_size];
            for _ in 0..random.usize(..4) {
                let start = random.usize(..page_size);
                let end = (start + random.usize(1..page_size / 8)).min(page_size);
                parts.add(page_size, start..end);
                let part = page_size / 64;
                expected[start / part * part..end.next_multiple_of(part)].fill(true);
            }
            let mut covered = vec![false; page_size];
            let mut last_end = None;
            for range in parts.ranges(page_size) {
                assert!(last_end.is_none_or(|end| end < range.start), "seed {seed}, round {round}");
                last_end = Some(range.end);
                covered[range].fill(true);
            }
            assert!(covered == expected, "seed {seed}, round {round}");
        }
    }
}
