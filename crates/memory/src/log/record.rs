//! The redo record: one commit.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | `u64` checksum of all that follows, chained to the record before |
//! | 8..16 | `u64` lsn: counts commits |
//! | 16..24 | `u64` the last lsn known durable when this was written |
//! | 24..28 | `u32` length of the record, this head included |
//! | 28..32 | `u32` committed pages afterwards |
//! | 32..40 | `u64` ledger root afterwards |
//! | 40..48 | `u64` address of the body if it is parked past the mark, else 0 |
//! | 48..56 | `u64` length of the body |
//! | 56..64 | `u64` checksum of a parked body, else 0 |
//! | 64.. | the body, if it is not parked |
//!
//! The body is one entry for each touched page:
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `u32` page |
//! | 4 | `u8` state afterwards |
//! | 5 | `u8` how it changed: 0 ranges, 1 fresh (written in place, whole), 2 all zero |
//! | 6..8 | `u16` how many ranges follow |
//! | 8..16 | `u64` checksum of the page's image afterwards |
//! | 16.. | each range: `u16` offset, `u16` length less one, its bytes |

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::Parts;
use crate::bytes::{put_u16, put_u32, put_u64, slice_at, u16_at, u32_at, u64_at};
use crate::log::checksum;
use crate::log::diff;
use crate::log::ledger::StoredState;

/// Bytes of a record before its body.
pub(crate) const HEAD: usize = 64;

const ENTRY_HEAD: usize = 16;
const RANGE_HEAD: usize = 4;
const LONGEST_RANGE: usize = 1 << 16;

/// A body that stands past the mark because the ring is too short for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parked {
    pub(crate) address: u64,
    pub(crate) length: u64,
    pub(crate) checksum: u64,
}

/// A record's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordHead {
    pub(crate) lsn: u64,
    pub(crate) durable_lsn: u64,
    pub(crate) pages: Page,
    pub(crate) root: u64,
    pub(crate) parked: Option<Parked>,
}

impl RecordHead {
    /// Writes the head of a record before its body, which follows the first [`HEAD`] bytes unless it is parked. Returns
    /// the record's checksum, which the next one chains to.
    pub(crate) fn write(&self, record: &mut [u8], chain: u64) -> u64 {
        let length = record.len();
        let inline = Parked { address: 0, length: (length - HEAD) as u64, checksum: 0 };
        let body = self.parked.unwrap_or(inline);
        put_u64(record, 8, self.lsn);
        put_u64(record, 16, self.durable_lsn);
        put_u32(record, 24, length as u32);
        put_u32(record, 28, self.pages);
        put_u64(record, 32, self.root);
        put_u64(record, 40, body.address);
        put_u64(record, 48, body.length);
        put_u64(record, 56, body.checksum);
        let sum = checksum::of_record(chain, record.get(8..).unwrap_or_default());
        put_u64(record, 0, sum);
        sum
    }

    /// The record at the start of `bytes`, its inline body and its checksum, if it is the one with this lsn that chains
    /// to `chain`.
    pub(crate) fn decode(bytes: &[u8], lsn: u64, chain: u64) -> Option<(Self, &[u8], u64)> {
        if u64_at(bytes, 8) != lsn {
            return None;
        }
        let sum = sum(bytes, chain).filter(|sum| *sum == u64_at(bytes, 0))?;
        let record = bytes.get(..u32_at(bytes, 24) as usize)?;
        let (address, body_length) = (u64_at(record, 40), u64_at(record, 48));
        let head = Self {
            lsn,
            durable_lsn: u64_at(record, 16),
            pages: u32_at(record, 28),
            root: u64_at(record, 32),
            parked: (address != 0).then_some(Parked { address, length: body_length, checksum: u64_at(record, 56) }),
        };
        Some((head, record.get(HEAD..)?, sum))
    }
}

/// The checksum that the record at the start of `bytes` ought to have, if its length can be.
pub(crate) fn sum(bytes: &[u8], chain: u64) -> Option<u64> {
    let record = bytes.get(..u32_at(bytes, 24) as usize).filter(|record| record.len() >= HEAD)?;
    record.get(8..).map(|covered| checksum::of_record(chain, covered))
}

/// Whether a record with this lsn was begun at the start of `bytes`, although what stands there cannot be read as one:
/// its lsn is there, or all but its lsn.
pub(crate) fn is_cut(bytes: &[u8], lsn: u64, chain: u64) -> bool {
    let is_whole_but_for_lsn = || {
        let Some(stated) = bytes.get(..length(bytes)).filter(|stated| stated.len() >= HEAD) else { return false };
        let mut whole = stated.to_vec();
        put_u64(&mut whole, 8, lsn);
        RecordHead::decode(&whole, lsn, chain).is_some()
    };
    // What is left of a ring may be shorter than a record's head.
    bytes.len() >= HEAD && (u64_at(bytes, 8) == lsn || is_whole_but_for_lsn())
}

/// The length of the record at the start of `bytes`, as it states it.
pub(crate) fn length(bytes: &[u8]) -> usize {
    (u32_at(bytes, 24) as usize).min(bytes.len())
}

/// The lsn of the record at the start of `bytes`, and the one it calls durable; not verified.
pub(crate) fn stated_lsns(bytes: &[u8]) -> (u64, u64) {
    (u64_at(bytes, 8), u64_at(bytes, 16))
}

/// How a page changed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PageChange<'a> {
    /// Byte ranges; walk them with [`apply_ranges`].
    Ranges(&'a [u8]),
    /// Written in place, whole.
    Fresh,
    /// All zero.
    Zero,
}

/// One entry of a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) page: Page,
    pub(crate) state: StoredState,
    pub(crate) checksum: u64,
    pub(crate) change: PageChange<'a>,
}

/// Appends the entry of a page that changes from an old image to a new one, which differ in these parts at most, and from
/// an old state to a new one; returns the new checksum, given the old one. Appends and returns nothing if nothing of the
/// page changed.
pub(crate) fn push_ranges(
    body: &mut Vec<u8>,
    place: (u64, Page),
    checksum: u64,
    (old, new, parts): (&[u8], &[u8], Parts),
    (old_state, state): (StoredState, StoredState),
) -> Option<u64> {
    let start = body.len();
    let (mut count, mut checksum) = (0u16, checksum);
    push_head(body, place.1, state, 0, 0);
    diff::ranges(old, new, parts, |offset, length| {
        debug_assert!(length <= LONGEST_RANGE);
        let head: [u8; RANGE_HEAD] = (offset as u32 | ((length - 1) as u32) << 16).to_le_bytes();
        body.extend_from_slice(&head);
        body.extend_from_slice(slice_at(new, offset, length));
        checksum = checksum::after_change(checksum, place, (old, new), (offset, length));
        count += 1;
    });
    if count == 0 && old_state == state {
        body.truncate(start);
        return None;
    }
    put_u16(body, start + 6, count);
    put_u64(body, start + 8, checksum);
    Some(checksum)
}

/// Appends the entry of a page that was written in place.
pub(crate) fn push_fresh(body: &mut Vec<u8>, page: Page, state: StoredState, checksum: u64) {
    push_head(body, page, state, 1, checksum);
}

/// Appends the entry of a page that is all zero.
pub(crate) fn push_zero(body: &mut Vec<u8>, page: Page, state: StoredState, checksum: u64) {
    push_head(body, page, state, 2, checksum);
}

fn push_head(body: &mut Vec<u8>, page: Page, state: StoredState, change: u8, checksum: u64) {
    body.extend_from_slice(&page.to_le_bytes());
    body.extend_from_slice(&[state as u8, change, 0, 0]);
    body.extend_from_slice(&checksum.to_le_bytes());
}

/// The longest body that a commit can need: each page once, all of it changed. Ranges lie so far apart that several
/// never take more than a single one.
pub(crate) fn longest_body(page_size: usize, pages: Page) -> u64 {
    u64::from(pages) * (ENTRY_HEAD + RANGE_HEAD + page_size) as u64
}

/// The entries of a body, which stand in the order of their pages, each page once. The first that is cut short, out of
/// order, or names a state or change that does not exist is [`MemoryError::Corrupt`] and the last.
pub(crate) fn entries(body: &[u8]) -> Entries<'_> {
    Entries { rest: body, last: None }
}

/// The entries of a body.
pub(crate) struct Entries<'a> {
    rest: &'a [u8],
    last: Option<Page>,
}

impl<'a> Iterator for Entries<'a> {
    type Item = MemoryResult<Entry<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = split_entry(&mut self.rest).filter(|entry| self.last.is_none_or(|last| last < entry.page));
        match entry {
            Some(entry) => {
                self.last = Some(entry.page);
                Some(Ok(entry))
            }
            None => {
                self.rest = &[];
                let after = self.last.map_or_else(|| "at the start".to_owned(), |page| format!("after page {page}"));
                Some(Err(MemoryError::corrupt_with(format_args!(
                    "an entry of a redo record cannot be decoded, {after}"
                ))))
            }
        }
    }
}

fn split_entry<'a>(rest: &mut &'a [u8]) -> Option<Entry<'a>> {
    let (head, mut tail) = rest.split_at_checked(ENTRY_HEAD)?;
    let ranges = tail;
    for _ in 0..u16_at(head, 6) {
        let length = usize::from(u16_at(tail.get(..RANGE_HEAD)?, 2)) + 1;
        tail = tail.get(RANGE_HEAD + length..)?;
    }
    let ranges = ranges.get(..ranges.len() - tail.len())?;
    *rest = tail;
    let change = match head.get(5)? {
        0 => PageChange::Ranges(ranges),
        1 if ranges.is_empty() => PageChange::Fresh,
        2 if ranges.is_empty() => PageChange::Zero,
        _ => return None,
    };
    let state = StoredState::from_code(*head.get(4)?)?;
    Some(Entry { page: u32_at(head, 0), state, checksum: u64_at(head, 8), change })
}

/// The ranges of an entry: offset and bytes of each. One that is cut short is the last, and empty.
pub(crate) fn ranges(mut ranges: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    std::iter::from_fn(move || {
        if ranges.is_empty() {
            return None;
        }
        let offset = usize::from(u16_at(ranges, 0));
        let length = usize::from(u16_at(ranges, 2)) + 1;
        let bytes = slice_at(ranges, RANGE_HEAD, length);
        ranges = ranges.get(RANGE_HEAD + length..).unwrap_or_default();
        Some((offset, bytes))
    })
}

/// Writes the ranges of an entry into a page's image; false if one does not fit.
pub(crate) fn apply_ranges(image: &mut [u8], encoded: &[u8]) -> bool {
    for (offset, bytes) in ranges(encoded) {
        match image.get_mut(offset..offset + bytes.len()) {
            Some(target) if !bytes.is_empty() => target.copy_from_slice(bytes),
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_was_begun_where_less_than_a_head_is_left() {
        for length in [0, 8, HEAD - 1] {
            assert!(!is_cut(&vec![7; length], u64::from_le_bytes([7; 8]), 0), "{length} bytes");
        }
    }
}
