//! Where the places of the file stand, and the ring between them.
//!
//! Ledger pages, sum pages and pages follow one another in *places* of one page size each, counted from 0. In a new
//! file the ring stands before them and they stand in one *run*. A longer ring takes the end of the file: the places
//! that are not in use yet first get the room of the ring before it, and go on behind the longer one. So nothing but
//! addresses knows where the ring stands: the same operations give the same pages on every host.
//!
//! ```text
//! header slots | ring    | places 0 ..                                                a new file
//! header slots | S .. S+7 | places 0 .. S-1 | longer ring | places S+8 ..             with a longer ring
//! ```
//!
//! Invariants: **I1** the first places of the runs ascend; **I2** neither two runs overlap, nor a run and the ring or the
//! header slots; **I3** the last run has no end, and everything else ends before it begins.

use std::ops::Range;

use wasm_dbms_api::Page;

use crate::log::layout::{GROUPS_OFFSET, Layout, RING_LENGTH, RING_OFFSET, SECTOR, SLOT_LENGTH};

/// How many runs there can be beside the first: as many as the header has room for.
pub(crate) const MAX_RUNS: usize = 16;

/// The longest ring.
pub(crate) const MAX_RING_LENGTH: u32 = 16 << 20;

/// A ring takes at most one part of so many of the file, and grows to at most so many times its length.
const RING_FILE_SHARE: u64 = 8;
const RING_GROWTH: u32 = 4;

/// As long as it is no longer than this, it may take as much as the rest of the file: in a round of the ring every page that
/// is changed is written in place once, so a short one is what commits of a few rows pay most for.
pub(crate) const SHORT_RING_LENGTH: u64 = 1 << 20;

/// No file is so long, and no place has such a number.
const ADDRESS_MAX: u64 = 1 << 62;
const PLACE_MAX: u64 = 1 << 40;

/// Places that follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// The first place.
    pub(crate) first: u64,
    /// Where it stands.
    pub(crate) address: u64,
}

const FIRST_RUN: Run = Run { first: 0, address: GROUPS_OFFSET };

impl Layout {
    /// Every run with the place after its last one; the last run has none.
    fn all_runs(&self) -> Vec<(Run, Option<u64>)> {
        let mut all = Vec::with_capacity(self.runs.len() + 1);
        let mut run = FIRST_RUN;
        for next in &self.runs {
            all.push((run, Some(next.first)));
            run = *next;
        }
        all.push((run, None));
        all
    }

    fn last_run(&self) -> Run {
        self.runs.last().copied().unwrap_or(FIRST_RUN)
    }

    fn length_of(&self, places: u64) -> u64 {
        places * self.page_size as u64
    }

    fn ring_end(&self) -> u64 {
        self.ring_offset + u64::from(self.ring_length)
    }

    /// Where a place stands.
    pub(crate) fn place_address(&self, place: u64) -> u64 {
        let run = self.runs.iter().rev().find(|run| run.first <= place).copied().unwrap_or(FIRST_RUN);
        run.address + self.length_of(place - run.first)
    }

    /// The first byte after everything that belongs to so many pages, ring and unused places in between included.
    pub(crate) fn end_of(&self, pages: Page) -> u64 {
        let last = self.last_run();
        last.address + self.length_of(self.places_of(pages).saturating_sub(last.first))
    }

    /// What belongs to the header slots, the ring and so many places, in order.
    fn taken(&self, places: u64) -> Vec<Range<u64>> {
        let mut taken = vec![0..2 * SLOT_LENGTH, self.ring_offset..self.ring_end()];
        for (run, end) in self.all_runs() {
            let count = end.unwrap_or(places).min(places).saturating_sub(run.first);
            let range = run.address..run.address.saturating_add(count.saturating_mul(self.page_size as u64));
            let place = taken.partition_point(|other| (other.start, other.end) < (range.start, range.end));
            taken.insert(place, range);
        }
        taken
    }

    /// What of a file of this size belongs to nothing, with so many pages.
    pub(crate) fn unused(&self, pages: Page, size: u64) -> Vec<Range<u64>> {
        let used = self.taken(self.places_of(pages));
        let mut unused = Vec::new();
        let mut at = 0;
        for range in used.into_iter().chain(std::iter::once(size..size)) {
            if at < range.start.min(size) {
                unused.push(at..range.start.min(size));
            }
            at = at.max(range.end);
        }
        unused
    }

    /// The length of the next longer ring, if the file is long enough for one.
    pub(crate) fn longer_ring(&self, pages: Page) -> Option<u32> {
        let end = self.end_of(pages);
        let short = end.saturating_sub(self.ring_length.into()).min(SHORT_RING_LENGTH);
        let share = (end / RING_FILE_SHARE).max(short).min(MAX_RING_LENGTH.into()) as u32;
        let power = 1u32.checked_shl(share.checked_ilog2()?)?;
        let length = power.min(self.ring_length.saturating_mul(RING_GROWTH));
        (length >= self.ring_length.saturating_mul(2) && self.runs.len() + 2 <= MAX_RUNS).then_some(length)
    }

    /// The layout with a ring of this length at the end, and the room of the one before for the next places.
    pub(crate) fn with_ring(&self, length: u32, pages: Page) -> Self {
        let end = self.end_of(pages);
        let mut runs = self.runs.clone();
        // Nothing stands in the last run from here on.
        let place = self.places_of(pages).max(self.last_run().first);
        while runs.last().is_some_and(|run| run.first >= place) {
            runs.pop();
        }
        let released = u64::from(self.ring_length) / self.page_size as u64;
        if released > 0 {
            runs.push(Run { first: place, address: self.ring_offset });
        }
        runs.push(Run { first: place + released, address: end + u64::from(length) });
        Self { ring_offset: end, ring_length: length, runs, ..*self }
    }

    /// The layout when the mark is lowered to so many pages: what stood after them goes, the ring too.
    pub(crate) fn lowered(&self, pages: Page) -> Self {
        let places = self.places_of(pages);
        if places > self.last_run().first || self.runs.is_empty() {
            return self.clone();
        }
        // The runs that are in use, each with the place after its last one.
        let mut kept = Vec::new();
        for (run, end) in self.all_runs() {
            if run.first < places || run.first == 0 {
                kept.push((run, end.unwrap_or(places)));
            }
        }
        let end_of = |(run, end): &(Run, u64)| run.address + self.length_of(end - run.first);
        let Some(((last, last_end), others)) = kept.split_last() else { return self.clone() };
        let others_end = others.iter().map(end_of).max().unwrap_or(0).max(GROUPS_OFFSET);
        let stays = self.ring_end() <= others_end.max(end_of(&(*last, places.max(last.first))));
        let is_top = last.address >= others_end.max(if stays { self.ring_end() } else { 0 });
        // If nothing stands after the last of them, it goes on without an end.
        let cut = if is_top { places.max(last.first) } else { *last_end };
        let mut end = others_end.max(end_of(&(*last, cut)));
        let mut lowered = Self { runs: kept.iter().skip(1).map(|(run, _)| *run).collect(), ..self.clone() };
        if !stays {
            let is_free = kept.iter().all(|(run, _)| run.address >= GROUPS_OFFSET);
            lowered.ring_length = RING_LENGTH.max(if is_free { 0 } else { self.page_size as u32 });
            lowered.ring_offset = if is_free { RING_OFFSET } else { end };
            end = end.max(lowered.ring_end());
        }
        if !is_top || lowered.ring_offset >= last.address {
            lowered.runs.push(Run { first: cut, address: end });
        }
        lowered
    }

    /// Whether ring and runs can be what a header states.
    pub(crate) fn is_sound(&self) -> bool {
        let sector = u64::from(SECTOR);
        let is_ring = (RING_LENGTH..=MAX_RING_LENGTH).contains(&self.ring_length)
            && self.ring_length.is_multiple_of(SECTOR)
            && self.ring_offset.is_multiple_of(sector)
            && self.ring_offset < ADDRESS_MAX;
        let are_runs = self.runs.len() <= MAX_RUNS
            && self.all_runs().iter().all(|(run, end)| {
                let is_address = run.address.is_multiple_of(sector) && run.address < ADDRESS_MAX;
                is_address && run.first < PLACE_MAX && end.is_none_or(|end| end > run.first)
            });
        if !is_ring || !are_runs {
            return false;
        }
        let taken = self.taken(self.last_run().first);
        // I2, and I3: the last run begins where all else has ended.
        let last = self.last_run().address;
        taken.iter().zip(taken.iter().skip(1)).all(|(one, next)| one.end <= next.start)
            && taken.iter().all(|range| range.end <= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where each page, ledger page and the ring stand must not overlap, whatever is done.
    fn assert_disjoint(layout: &Layout, pages: Page, what: &str) {
        assert!(layout.is_sound(), "{what}: {layout:?}");
        let size = layout.page_size as u64;
        let mut taken: Vec<Range<u64>> = (0..layout.places_of(pages) + 40)
            .map(|place| layout.place_address(place))
            .map(|address| address..address + size)
            .collect();
        taken.push(0..2 * SLOT_LENGTH);
        taken.push(layout.ring_offset..layout.ring_end());
        taken.sort_unstable_by_key(|range| range.start);
        assert!(taken.windows(2).all(|two| two[0].end <= two[1].start), "{what}: {layout:?}");
        let end = layout.end_of(pages);
        let used = (0..layout.places_of(pages)).map(|place| layout.place_address(place) + size);
        assert!(used.max().unwrap_or(0).max(layout.ring_end()) <= end, "{what}: {layout:?}");
        let unused: u64 = layout.unused(pages, end).iter().map(|range| range.end - range.start).sum();
        let in_use = 2 * SLOT_LENGTH + u64::from(layout.ring_length) + layout.places_of(pages) * size;
        assert_eq!(unused + in_use, end, "{what}: {layout:?}");
    }

    #[test]
    fn no_two_things_stand_in_the_same_place_whatever_the_ring_and_the_mark_do() {
        let (mut grown, mut moved, mut back) = (0, 0, 0);
        for seed in 20_261_122..20_261_182 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut layout = Layout::new(4096 << random.u32(..5));
            let mut pages = 2;
            for step in 0..60 {
                let what = format!("seed {seed}, step {step}, {pages} pages");
                match random.u8(..4) {
                    0 => pages += random.u32(..30),
                    1 => pages += random.u32(..3000),
                    2 => {
                        if let Some(length) = layout.longer_ring(pages) {
                            let kept: Vec<u64> =
                                (0..layout.places_of(pages)).map(|n| layout.place_address(n)).collect();
                            let share = if u64::from(length) <= SHORT_RING_LENGTH { 1 } else { 8 };
                            assert!(u64::from(length) * share <= layout.end_of(pages), "{what}");
                            layout = layout.with_ring(length, pages);
                            assert!(kept.into_iter().zip(0..).all(|(at, n)| layout.place_address(n) == at), "{what}");
                            grown += 1;
                        }
                    }
                    _ => {
                        let before = layout.end_of(pages);
                        pages -= random.u32(..pages - 1);
                        let kept: Vec<u64> = (0..layout.places_of(pages)).map(|n| layout.place_address(n)).collect();
                        let lowered = layout.lowered(pages);
                        assert!(kept.into_iter().zip(0..).all(|(at, n)| lowered.place_address(n) == at), "{what}");
                        assert!(lowered.end_of(pages) <= before, "{what}: {layout:?} {lowered:?}");
                        moved += usize::from(lowered.ring_offset != layout.ring_offset);
                        back += usize::from(lowered != layout && lowered == Layout::new(layout.page_size));
                        layout = lowered;
                    }
                }
                assert_disjoint(&layout, pages, &what);
            }
        }
        assert!(grown > 200 && moved > 60 && back > 20, "{grown}, {moved}, {back}");
    }

    #[test]
    fn runs_that_overlap_are_not_sound() {
        let new = Layout::new(4096);
        let grown = new.with_ring(1 << 17, 1000);
        assert!(new.is_sound() && grown.is_sound());
        let with = |change: &dyn Fn(&mut Layout)| {
            let mut layout = grown.clone();
            change(&mut layout);
            layout.is_sound()
        };
        assert!(!with(&|layout| layout.ring_offset = 4096));
        assert!(!with(&|layout| layout.ring_offset -= 4096));
        assert!(!with(&|layout| layout.ring_length = 16 << 10));
        assert!(!with(&|layout| layout.ring_length = 1 << 30));
        assert!(!with(&|layout| layout.runs[1].address -= 512));
        assert!(!with(&|layout| layout.runs[1].address = u64::MAX - 511));
        assert!(!with(&|layout| layout.runs[0].address = 4096));
        assert!(!with(&|layout| layout.runs[0].first = u64::MAX));
        assert!(!with(&|layout| layout.runs.swap(0, 1)));
        assert!(!with(&|layout| _ = layout.runs.pop()));
    }
}
