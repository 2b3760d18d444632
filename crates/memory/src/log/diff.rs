//! What differs between two images of a page.

use crate::access::Parts;

/// Equal bytes between two differences that are cheaper to repeat than to start a new range for.
const GAP: usize = 8;

/// How many words are compared at once; a part has a multiple of them.
const BLOCK: usize = 8;

/// What of a block is looked at closely at once; no longer than a gap, so that what differs in it is one run.
const WORD: usize = 8;
const _: () = assert!(WORD <= GAP);

/// Calls `range` with the offset and length of each run of `new` that differs from `old`; the images are equally long and
/// differ in these parts at most. Runs come in order, have no word in common, and are at most 65,536 bytes long.
pub(crate) fn ranges(old: &[u8], new: &[u8], parts: Parts, range: impl FnMut(usize, usize)) {
    let mut runs = Runs { start: 0, end: 0, range };
    for part in parts.ranges(new.len()) {
        let (old, new) = (old.get(part.clone()).unwrap_or_default(), new.get(part.clone()).unwrap_or_default());
        runs.compare_part(part.start, old, new);
    }
    runs.end();
}

/// What differs in two words: zero if nothing does.
#[inline(always)]
fn difference(old: &[u8; WORD], new: &[u8; WORD]) -> u64 {
    u64::from_le_bytes(*old) ^ u64::from_le_bytes(*new)
}

/// The run that is open, and what takes those that have ended.
struct Runs<F> {
    start: usize,
    /// 0 while nothing is open.
    end: usize,
    range: F,
}

impl<F: FnMut(usize, usize)> Runs<F> {
    /// Looks at a part of the page, which begins at `at`.
    fn compare_part(&mut self, mut at: usize, old: &[u8], new: &[u8]) {
        let (mut old, mut new) = (old.as_chunks::<WORD>().0, new.as_chunks::<WORD>().0);
        // Spelled out: a module is compiled for size, which leaves a loop over a block one of calls.
        while let ([a, b, c, d, e, f, g, h, old_after @ ..], [i, j, k, l, m, n, o, p, new_after @ ..]) = (old, new) {
            let first_half = difference(a, i) | difference(b, j) | difference(c, k) | difference(d, l);
            let second_half = difference(e, m) | difference(f, n) | difference(g, o) | difference(h, p);
            if first_half | second_half != 0 {
                self.compare(at, old.iter().zip(new).take(BLOCK));
            }
            at += BLOCK * WORD;
            (old, new) = (old_after, new_after);
        }
    }

    /// Looks closely at words that follow one another, the first of them at `at`.
    fn compare<'a>(&mut self, at: usize, words: impl Iterator<Item = (&'a [u8; WORD], &'a [u8; WORD])>) {
        for (index, (old, new)) in words.enumerate() {
            self.add(at + index * WORD, difference(old, new));
        }
    }

    /// The word at `at` differs in these bits.
    fn add(&mut self, at: usize, differs: u64) {
        if differs == 0 {
            return;
        }
        let first = at + (differs.trailing_zeros() / 8) as usize;
        if self.end == 0 || first > self.end + GAP {
            self.end();
            self.start = first;
        }
        self.end = at + WORD - (differs.leading_zeros() / 8) as usize;
    }

    fn end(&mut self) {
        if self.end > 0 {
            (self.range)(self.start, self.end - self.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applying_the_ranges_to_the_old_image_gives_the_new_one() {
        let seed = 7;
        let mut random = fastrand::Rng::with_seed(seed);
        for round in 0..500 {
            let old: Vec<u8> = (0..4096).map(|_| random.u8(..3)).collect();
            let mut new = old.clone();
            for _ in 0..random.usize(0..40) {
                let at = random.usize(0..4096);
                let end = (at + random.usize(0..80)).min(4096);
                new[at..end].fill_with(|| random.u8(..));
            }
            let mut image = old.clone();
            let mut last: Option<usize> = None;
            ranges(&old, &new, Parts::ALL, |start, length| {
                let end = start + length;
                assert!(last.is_none_or(|last| start > last + GAP), "seed {seed}, round {round}: ranges too near");
                assert!(old[start] != new[start] && old[end - 1] != new[end - 1], "seed {seed}, round {round}: loose");
                image[start..end].copy_from_slice(&new[start..end]);
                last = Some(end);
            });
            assert!(image == new, "seed {seed}, round {round}");
        }
    }
}
