//! The search in one node: a guess by proportion, a few cuts, and at most a look at cells with the same head.

use std::cmp::Ordering;

use wasm_dbms_api::Page;

use crate::bytes::{slice_at, u16_at, u32_at, varint_at};
use crate::prefetch::{self, LINE};
use crate::tree::node::{BRANCH, COUNT, HEADER, LAST_HEAD, LEAF, Node, PREFIX, SLOT, head_of, inline_key_length};

/// Where a key is, or would be, in a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Search {
    /// The entry with this key.
    Found(usize),
    /// Where an entry with this key would go.
    Missing(usize),
    /// The inline parts are equal and both keys go on in chains.
    Tie(usize),
}

/// What a search of one node leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) search: Search,
    /// The child that leads on; 0 in a leaf or on a tie.
    pub(crate) child: Page,
    /// 0 in a leaf.
    pub(crate) level: u8,
}

/// Where the search for a key's value leads on from a node: small enough for registers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    /// To a child; the node has this level, 1 or more, and the key is at about this share of the child, in 65,536 parts.
    Child(Page, u8, u16),
    /// The value stands in these bytes of the page.
    Value(u16, u16),
    /// The key is that of this entry, whose value stands in a chain.
    Entry(u16),
    /// The key is not there.
    Missing,
    /// Only chains can tell.
    Tie,
}

impl Node<'_> {
    /// Searches the node and finds the child that leads on.
    #[inline]
    pub(crate) fn step(self, key: &[u8]) -> Step {
        let search = self.search(key);
        if self.kind() != BRANCH {
            return Step { search, child: 0, level: 0 };
        }
        let child = match search {
            Search::Found(index) => self.child(index + 1),
            Search::Missing(index) => self.child(index),
            Search::Tie(_) => 0,
        };
        Step { search, child, level: self.level() }
    }

    /// Where the search for the value of `key` leads on.
    #[inline]
    pub(crate) fn way(self, key: &[u8]) -> Way {
        let Step { search, child, level } = self.step(key);
        match search {
            Search::Tie(_) => Way::Tie,
            Search::Missing(index) | Search::Found(index) if level > 0 => {
                Way::Child(child, level, self.share(key, index))
            }
            Search::Missing(_) => Way::Missing,
            // A page is at most 64 KiB long; only the end of the whole of it would not fit.
            Search::Found(index) => match self.value_range(index) {
                Some(range) => match (u16::try_from(range.start), u16::try_from(range.end)) {
                    (Ok(start), Ok(end)) => Way::Value(start, end),
                    _ => Way::Entry(index as u16),
                },
                None => Way::Entry(index as u16),
            },
        }
    }

    /// About where in the child before entry `index` the key is, in parts of 65,536: by the proportion between the
    /// separators beside it; 0 if one of them is in another node.
    #[inline]
    fn share(self, key: &[u8], index: usize) -> u16 {
        let Some(before) = index.checked_sub(1).filter(|_| index < self.count()) else { return 0 };
        let head = key.get(self.prefix_length()..).map_or(0, head_of);
        let (first, last) = (self.head(before), self.head(index));
        if first <= head && head < last {
            return ((u64::from(head - first) << 16) / u64::from(last - first)) as u16;
        }
        0
    }

    /// Asks for what the search for a key at this [share](Self::share) of a leaf will read: the header, the slot and the
    /// cell, all at once. In a large table each is in no near cache, and a search would wait for one after the other; so
    /// a point read takes a fifth less. The cell is where the guess says if the leaf is full, was filled in order and has
    /// cells of some sixty bytes or more. Elsewhere a line or two were asked for in vain.
    #[inline]
    pub(crate) fn foresee(self, share: u16) {
        // Less than `length`, and no overflow in 32 bits: a page has at most 64 KiB.
        let part_of = |length: usize| (usize::from(share) * length) >> 16;
        let slot = HEADER + part_of(self.bytes.len() / 16 * SLOT / 4);
        let cell_end = self.bytes.len() - part_of(self.bytes.len() / 32 * 29);
        for at in [0, slot, cell_end.wrapping_sub(LINE), cell_end.wrapping_sub(2 * LINE)] {
            self.bytes.get(at).into_iter().for_each(prefetch::hint);
        }
    }

    /// Where `key` is or would be.
    #[inline]
    pub(crate) fn search(self, key: &[u8]) -> Search {
        let Some(header) = self.bytes.first_chunk::<HEADER>() else { return Search::Missing(0) };
        let prefix_length = usize::from(u16_at(header, PREFIX));
        let rest = self.bytes.get(HEADER..).unwrap_or_default();
        let (prefix, rest) = rest.split_at_checked(prefix_length).unwrap_or_default();
        let slots = rest.as_chunks::<SLOT>().0;
        let slots = slots.get(..usize::from(u16_at(header, COUNT))).unwrap_or_default();
        let suffix = match key.split_at_checked(prefix.len()) {
            // A prefix is a few bytes: a loop over them costs less than a call.
            Some((start, suffix)) if start.iter().zip(prefix).all(|(left, right)| left == right) => suffix,
            Some((start, _)) if *start < *prefix => return Search::Missing(0),
            None if key < prefix => return Search::Missing(0),
            // A key that is a part of the prefix itself is below all.
            None if prefix.starts_with(key) => return Search::Missing(0),
            _ => return Search::Missing(slots.len()),
        };
        let limit = inline_key_length(self.bytes.len()).saturating_sub(prefix.len());
        let inline = suffix.get(..limit).unwrap_or(suffix);
        let goes_on = inline.len() < suffix.len();
        let head = head_of(inline);
        let mut among = slots;
        let mut low = 0;
        if header.first() == Some(&LEAF) {
            // The head of the last slot comes from the header, as a hint, so that its cache line is not needed.
            let (first, last) = (slots.first().map_or(0, head_in), u32_at(header, LAST_HEAD));
            if slots.len() > FEW_SLOTS && first < head && head < last {
                let middle = guess(slots.len(), head - first, last - first);
                if let Some(slot) = slots.get(middle)
                    && head_in(slot) == head
                {
                    match self.compare_suffix(offset_in(slot), inline, goes_on) {
                        None => return Search::Tie(middle),
                        Some(Ordering::Equal) => return Search::Found(middle),
                        _ => {}
                    }
                }
                (low, among) = near(slots, middle, head);
            }
        }
        low += count_below(among, head);
        let mut high = slots.len();
        // What has the same head is told apart by what follows it.
        let mut middle = low;
        while low < high {
            let Some(slot) = slots.get(middle) else { break };
            if head_in(slot) != head {
                high = middle;
            } else {
                match self.compare_suffix(offset_in(slot), inline, goes_on) {
                    None => return Search::Tie(middle),
                    Some(Ordering::Less) => low = middle + 1,
                    Some(Ordering::Greater) => high = middle,
                    Some(Ordering::Equal) => return Search::Found(middle),
                }
            }
            middle = low.midpoint(high);
        }
        Search::Missing(low)
    }

    /// The order of an entry's key against the inline part of a suffix whose head equals its own; none if only chains
    /// can tell.
    #[inline]
    fn compare_suffix(self, offset: usize, inline: &[u8], goes_on: bool) -> Option<Ordering> {
        let (suffix, width) = varint_at(self.bytes, offset);
        let suffix_length = (suffix >> 1) as usize;
        let order = if suffix_length.min(inline.len()) <= 4 {
            // Equal heads: the shorter one is a prefix of the longer.
            suffix_length.cmp(&inline.len())
        } else {
            let tail = slice_at(self.bytes, offset + width, suffix_length - 4);
            tail.cmp(inline.get(4..).unwrap_or_default())
        };
        match (order, suffix & 1 == 1, goes_on) {
            (Ordering::Equal, false, true) => Some(Ordering::Less),
            (Ordering::Equal, true, false) => Some(Ordering::Greater),
            (Ordering::Equal, true, true) => None,
            (order, ..) => Some(order),
        }
    }
}

/// Up to so many slots are looked at one after the other.
const FEW_SLOTS: usize = 12;

/// In how many parts a search cuts a run of slots at once.
const PARTS: usize = 8;

/// Where a head should be by proportion, among `room` slots. Heads are often spread evenly (numbers, random text): then
/// the guess is right or off by a few.
#[inline]
fn guess(room: usize, part: u32, whole: u32) -> usize {
    // At most `room - 1`: the part is less than the whole.
    (u64::from(part) * room as u64 / u64::from(whole)) as usize
}

/// The slots that a search goes on in after a guess, and how many stand before them: a few around the guess if the head
/// belongs there, which even spreading makes likely, else all on one side.
#[inline]
fn near(slots: &[[u8; SLOT]], middle: usize, head: u32) -> (usize, &[[u8; SLOT]]) {
    let reach = 8 + slots.len() / 32;
    let start = middle.saturating_sub(reach);
    let end = (middle + reach).min(slots.len());
    let is_below = |index: usize| slots.get(index).is_some_and(|slot| head_in(slot) < head);
    if start > 0 && !is_below(start) {
        return (0, slots.get(..start).unwrap_or_default());
    }
    if end < slots.len() && is_below(end - 1) {
        return (end, slots.get(end..).unwrap_or_default());
    }
    (start, slots.get(start..end).unwrap_or_default())
}

/// How many of these slots have a head below this one. A step cuts what is left in [`PARTS`] at once, and counts instead of
/// branching: a processor guesses such branches wrong half of the time, and reads that do not wait for each other go on
/// side by side.
#[inline]
fn count_below(slots: &[[u8; SLOT]], head: u32) -> usize {
    let is_below = |slot: &[u8; SLOT]| usize::from(head_in(slot) < head);
    let mut below = 0;
    let mut room = slots.len();
    while room > FEW_SLOTS {
        let step = room / PARTS + 1;
        let ends = (1..PARTS).map(|part| slots.get(below + part * step - 1));
        below += step * ends.map(|slot| slot.map_or(0, is_below)).sum::<usize>();
        room = step - 1;
    }
    let rest = slots.get(below..).unwrap_or_default();
    below + rest.iter().take(room).map(is_below).sum::<usize>()
}

#[inline]
fn head_in(slot: &[u8; SLOT]) -> u32 {
    u32_at(slot, 0)
}

#[inline]
pub(super) fn offset_in(slot: &[u8; SLOT]) -> usize {
    usize::from(u16_at(slot, 4))
}
