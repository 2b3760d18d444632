//! [`ReadSet`]: the key ranges that a transaction has read, tree by tree.
//!
//! Bounded: where a tree has too many ranges they are joined, first those that touch, then all of them into one. So a
//! range here may be wider than what was read, never narrower.

use wasm_dbms_memory::KeyRange;

use crate::codec::key;

/// The most ranges kept of one tree before they are joined.
pub(crate) const MAX_READ_RANGES: usize = 4096;

/// The most bytes that the ranges of one tree take before they are joined.
pub(crate) const MAX_READ_BYTES: usize = 1 << 20;

/// What something is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Nobody relies on it.
    Nothing,
    /// An answer to the caller, or the rows that a statement is about.
    Question,
    /// What a constraint asks, and the row that a change is about.
    Constraint,
}

/// Keys at or above the first and below the second; an empty second one, which no key is below, is no bound.
type Range = (Vec<u8>, Vec<u8>);

/// The ranges of one tree.
#[derive(Debug, Default)]
pub(crate) struct Ranges {
    ranges: Vec<Range>,
    bytes: usize,
    /// How many of them, from the first on, are in order and apart.
    sorted: usize,
}

/// What was read, tree by tree.
#[derive(Debug, Default)]
pub(crate) struct ReadSet {
    /// In the order of the trees.
    trees: Vec<(u32, Ranges)>,
}

impl ReadSet {
    /// Keeps that a tree was read in this range.
    pub(crate) fn note(&mut self, tree: u32, range: KeyRange<'_>) {
        let (start, end) = match range {
            KeyRange::Key(key) => (key, after(key)),
            KeyRange::Prefix(prefix) => {
                let mut end = prefix.to_vec();
                if !key::make_successor(&mut end) {
                    end.clear();
                }
                (prefix, end)
            }
            // No key is there.
            KeyRange::From(_, Some([])) => return,
            KeyRange::From(from, end) => (from, end.unwrap_or_default().to_vec()),
        };
        let range = (start.to_vec(), end);
        let place = match self.trees.binary_search_by_key(&tree, |(tree, _)| *tree) {
            Ok(place) => place,
            Err(place) => {
                self.trees.insert(place, (tree, Ranges::default()));
                place
            }
        };
        if let Some((_, ranges)) = self.trees.get_mut(place) {
            ranges.add(range);
        }
    }

    /// The ranges of each tree, in order.
    pub(crate) fn trees(&mut self) -> impl Iterator<Item = (u32, &Ranges)> {
        self.trees.iter_mut().map(|(tree, ranges)| {
            ranges.join();
            (*tree, &*ranges)
        })
    }
}

/// The smallest key above this one.
fn after(key: &[u8]) -> Vec<u8> {
    let mut after = Vec::with_capacity(key.len() + 1);
    after.extend_from_slice(key);
    after.push(0);
    after
}

fn size_of_range((start, end): &Range) -> usize {
    size_of::<Range>() + start.len() + end.len()
}

impl Ranges {
    fn add(&mut self, range: Range) {
        if self.ranges.last() == Some(&range) {
            return;
        }
        self.bytes += size_of_range(&range);
        self.ranges.push(range);
        if self.ranges.len() > MAX_READ_RANGES || self.bytes > MAX_READ_BYTES {
            self.join();
            // Half of the room must be free again, or joining would cost more than it gives.
            if self.ranges.len() > MAX_READ_RANGES / 2 || self.bytes > MAX_READ_BYTES / 2 {
                self.join_all();
            }
        }
    }

    /// Puts the ranges in order and makes one of those that overlap or touch.
    fn join(&mut self) {
        if self.sorted == self.ranges.len() {
            return;
        }
        self.ranges.sort_unstable();
        let mut joined: Vec<Range> = Vec::with_capacity(self.ranges.len());
        for (start, end) in self.ranges.drain(..) {
            match joined.last_mut() {
                Some((_, last)) if last.is_empty() || *last >= start => {
                    if !last.is_empty() && (end.is_empty() || end > *last) {
                        *last = end;
                    }
                }
                _ => joined.push((start, end)),
            }
        }
        self.ranges = joined;
        self.sorted = self.ranges.len();
        self.bytes = self.ranges.iter().map(size_of_range).sum();
    }

    fn join_all(&mut self) {
        let Some((start, _)) = self.ranges.first_mut().map(std::mem::take) else { return };
        let end = self.ranges.pop().map(|(_, end)| end).unwrap_or_default();
        let whole = (start, end);
        self.bytes = size_of_range(&whole);
        self.ranges = vec![whole];
        self.sorted = 1;
    }

    /// Whether a key is in one of the ranges.
    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        let following = self.ranges.partition_point(|(start, _)| start.as_slice() <= key);
        let range = following.checked_sub(1).and_then(|index| self.ranges.get(index));
        range.is_some_and(|(_, end)| end.is_empty() || key < end.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(reads: &mut ReadSet) -> Vec<Range> {
        reads.trees().flat_map(|(_, ranges)| ranges.ranges.clone()).collect()
    }

    #[test]
    fn ranges_that_touch_become_one() {
        let mut reads = ReadSet::default();
        reads.note(1, KeyRange::From(b"m", Some(b"p")));
        reads.note(1, KeyRange::Key(b"a"));
        reads.note(1, KeyRange::From(b"c", Some(b"n")));
        assert_eq!(ranges(&mut reads), [(b"a".to_vec(), b"a\0".to_vec()), (b"c".to_vec(), b"p".to_vec())]);
    }

    #[test]
    fn a_range_without_an_end_swallows_what_follows() {
        let mut reads = ReadSet::default();
        reads.note(1, KeyRange::From(b"c", None));
        reads.note(1, KeyRange::From(b"b", Some(b"d")));
        reads.note(1, KeyRange::Key(b"z"));
        assert_eq!(ranges(&mut reads), [(b"b".to_vec(), Vec::new())]);
        reads.note(1, KeyRange::Key(b"zz"));
        assert_eq!(ranges(&mut reads), [(b"b".to_vec(), Vec::new())]);
    }

    #[test]
    fn a_range_that_ends_before_every_key_is_no_range_without_an_end() {
        let mut reads = ReadSet::default();
        reads.note(1, KeyRange::From(b"", Some(b"")));
        reads.note(1, KeyRange::Key(b"b"));
        assert_eq!(ranges(&mut reads), [(b"b".to_vec(), b"b\0".to_vec())]);
    }

    #[test]
    fn a_prefix_ends_where_no_key_begins_with_it() {
        let mut reads = ReadSet::default();
        reads.note(1, KeyRange::Prefix(&[1, 0xFF]));
        let (_, ranges) = reads.trees().next().unwrap();
        assert!(ranges.contains(&[1, 0xFF, 7]) && !ranges.contains(&[2]) && !ranges.contains(&[1, 0xFE]));
    }

    #[test]
    fn past_the_limit_ranges_become_wider_never_narrower() {
        let mut reads = ReadSet::default();
        let key = |number: usize| (2 * number as u32).to_be_bytes();
        for number in 0..2 * MAX_READ_RANGES {
            reads.note(1, KeyRange::Key(&key(number)));
        }
        let (_, ranges) = reads.trees().next().unwrap();
        assert!(ranges.ranges.len() <= MAX_READ_RANGES);
        assert!((0..2 * MAX_READ_RANGES).all(|number| ranges.contains(&key(number))));
        assert!(!ranges.contains(&key(2 * MAX_READ_RANGES)));
        let long = vec![7; MAX_READ_BYTES];
        reads.note(2, KeyRange::Key(&long));
        reads.note(2, KeyRange::Key(b"a"));
        assert!(reads.trees().nth(1).unwrap().1.contains(b"a"));
    }
}
