//! A node: one page of a tree, read in place.
//!
//! | bytes | what |
//! |---|---|
//! | 0 | `u8` kind: 1 leaf, 2 branch |
//! | 1 | `u8` level: 0 for a leaf |
//! | 2..4 | `u16` entries |
//! | 4..6 | `u16` bytes of the heap, garbage included |
//! | 6..8 | `u16` garbage in the heap |
//! | 8..12 | `u32` leftmost child (branch only) |
//! | 12..16 | `u32` the tree this page belongs to |
//! | 16..18 | `u16` length of the prefix that all keys of this node share |
//! | 18 | reserved |
//! | 19 | `u8` 0, or one more than the length of every value, which cells then do not say: 5 in a branch, 1 in a leaf whose values are empty |
//! | 20..24 | `u32` head of the entry that was last when one was last added at the end: where a search starts is guessed from it |
//! | 24..32 | reserved |
//! | 32.. | the prefix: beside the header, since a search reads it first |
//! | after it | slots of 6 bytes: `u32` head, `u16` offset of the cell |
//! | .. end | the heap: cells, the first one at the very end |
//!
//! A key is prefix + suffix. The head is the suffix's first four bytes as a big-endian number, zeros where it is
//! shorter, so that a search compares numbers and touches cells only on a tie. A cell holds
//!
//! | | |
//! |---|---|
//! | varint | suffix length × 2, + 1 if the key goes on in a chain |
//! | bytes | the suffix after its first four bytes |
//! | `u32` | the first page of the key's chain, if it goes on |
//! | varint | value length × 2, + 1 if the value stands in a chain; not there if the header says how long values are |
//! | bytes | the value, or the `u32` first page of its chain |
//!
//! In a branch the value is the `u32` child that holds the keys from this one on. Keys of up to one eighth of a page are
//! inline; longer ones have exactly that much inline and the rest in a chain, read only when all of that is equal.
//!
//! Invariants: **I1** keys ascend strictly; **I2** children of a branch have its level less one; **I3** every key of a
//! child is at or above the separator before it and below the one after; **I4** all keys begin with the prefix.

use wasm_dbms_api::Page;

use crate::bytes::{chunk_at, slice_at, u16_at, u32_at, varint_at};

pub(crate) const KIND: usize = 0;
pub(crate) const LEVEL: usize = 1;
pub(crate) const COUNT: usize = 2;
pub(crate) const HEAP: usize = 4;
pub(crate) const GARBAGE: usize = 6;
pub(crate) const FIRST_CHILD: usize = 8;
pub(crate) const TREE: usize = 12;
pub(crate) const PREFIX: usize = 16;
pub(crate) const VALUES: usize = 19;
pub(crate) const LAST_HEAD: usize = 20;
pub(crate) const HEADER: usize = 32;
pub(crate) const SLOT: usize = 6;

/// The header's word on values, [`VALUES`]: each cell says how long its own is.
pub(crate) const VALUES_VARY: u8 = 0;
/// All are empty: the entries of an index that has the row's key in its own.
pub(crate) const VALUES_EMPTY: u8 = 1;
/// All are children.
pub(crate) const VALUES_CHILDREN: u8 = 5;

pub(crate) const LEAF: u8 = 1;
pub(crate) const BRANCH: u8 = 2;
pub(crate) const OVERFLOW: u8 = 3;

/// How much of a key stands in the node, at most.
pub(crate) fn inline_key_length(page_size: usize) -> usize {
    page_size / 8
}

/// How long a cell may be: four fit in a page.
pub(crate) fn cell_length(page_size: usize) -> usize {
    (page_size - HEADER) / 4 - SLOT
}

/// The first four bytes of a suffix as a number that orders as they do.
#[inline]
pub(crate) fn head_of(suffix: &[u8]) -> u32 {
    match suffix.first_chunk() {
        Some(chunk) => u32::from_be_bytes(*chunk),
        None => match *suffix {
            [first, second, third] => u32::from_be_bytes([first, second, third, 0]),
            [first, second] => u32::from_be_bytes([first, second, 0, 0]),
            [first] => u32::from_be_bytes([first, 0, 0, 0]),
            _ => 0,
        },
    }
}

/// A stored value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stored<'a> {
    Inline(&'a [u8]),
    Chain { length: u32, first: Page },
}

/// An entry of a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell<'a> {
    /// The suffix's length, head included.
    pub(crate) suffix_length: usize,
    /// The suffix after its first four bytes.
    pub(crate) tail: &'a [u8],
    /// Where the key goes on.
    pub(crate) key_chain: Option<Page>,
    pub(crate) value: Stored<'a>,
    /// How many bytes the cell takes.
    pub(crate) length: usize,
}

/// A page of a tree. The bytes may be foreign: nothing here panics, whatever they say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a> {
    pub(crate) bytes: &'a [u8],
}

impl<'a> Node<'a> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    #[inline]
    pub(crate) fn kind(self) -> u8 {
        self.bytes.first().copied().unwrap_or(0)
    }

    #[inline]
    pub(crate) fn is_leaf(self) -> bool {
        self.kind() == LEAF
    }

    #[inline]
    pub(crate) fn level(self) -> u8 {
        self.bytes.get(LEVEL).copied().unwrap_or(0)
    }

    #[inline]
    pub(crate) fn count(self) -> usize {
        usize::from(u16_at(self.bytes, COUNT))
    }

    pub(crate) fn heap(self) -> usize {
        usize::from(u16_at(self.bytes, HEAP))
    }

    pub(crate) fn garbage(self) -> usize {
        usize::from(u16_at(self.bytes, GARBAGE))
    }

    pub(crate) fn tree(self) -> u32 {
        u32_at(self.bytes, TREE)
    }

    /// Bytes in use: everything but what an insert could take.
    pub(crate) fn used(self) -> usize {
        (self.slots_at(self.count()) + self.heap()).saturating_sub(self.garbage())
    }

    /// Bytes between the slots and the heap.
    pub(crate) fn gap(self) -> usize {
        self.bytes.len().saturating_sub(self.slots_at(self.count()) + self.heap())
    }

    #[inline]
    pub(crate) fn prefix_length(self) -> usize {
        usize::from(u16_at(self.bytes, PREFIX))
    }

    #[inline]
    pub(crate) fn prefix(self) -> &'a [u8] {
        slice_at(self.bytes, HEADER, self.prefix_length())
    }

    /// Where slot `index` stands.
    #[inline]
    pub(crate) fn slots_at(self, index: usize) -> usize {
        HEADER + self.prefix_length() + index * SLOT
    }

    #[inline]
    pub(crate) fn head(self, index: usize) -> u32 {
        u32_at(self.bytes, self.slots_at(index))
    }

    #[inline]
    pub(crate) fn offset(self, index: usize) -> usize {
        usize::from(u16_at(self.bytes, self.slots_at(index) + 4))
    }

    /// The entry at `index`.
    #[inline]
    pub(crate) fn cell(self, index: usize) -> Cell<'a> {
        self.cell_at(self.offset(index))
    }

    #[inline]
    fn cell_at(self, offset: usize) -> Cell<'a> {
        let (suffix, width) = varint_at(self.bytes, offset);
        let suffix_length = (suffix >> 1) as usize;
        let tail_at = offset + width;
        let tail_length = suffix_length.saturating_sub(4);
        let tail = slice_at(self.bytes, tail_at, tail_length);
        let mut value_at = tail_at + tail_length;
        let key_chain = (suffix & 1 == 1).then(|| u32_at(self.bytes, value_at));
        if key_chain.is_some() {
            value_at += 4;
        }
        let (value, width) = self.value_code(value_at);
        value_at += width;
        let (stored, stored_length) = if value & 1 == 0 {
            let length = (value >> 1) as usize;
            (Stored::Inline(slice_at(self.bytes, value_at, length)), length)
        } else {
            (Stored::Chain { length: value >> 1, first: u32_at(self.bytes, value_at) }, 4)
        };
        // Foreign lengths may overflow where an address has 32 bits; whoever trusts this one checked the key's first.
        let length = value_at.wrapping_add(stored_length).wrapping_sub(offset);
        Cell { suffix_length, tail, key_chain, value: stored, length }
    }

    /// What the header says of values.
    #[inline]
    pub(crate) fn values(self) -> u8 {
        self.bytes.get(VALUES).copied().unwrap_or(0)
    }

    /// Whether a cell of this node can hold a value, going by what the header says of values.
    #[inline]
    pub(crate) fn takes(self, value: Stored<'_>) -> bool {
        match (self.values().checked_sub(1), value) {
            (None, _) => true,
            (Some(length), Stored::Inline(value)) => value.len() == usize::from(length),
            (Some(_), Stored::Chain { .. }) => false,
        }
    }

    /// The length of a value as a cell says it, and the bytes that takes at `at`: none if the header says it.
    #[inline]
    pub(crate) fn value_code(self, at: usize) -> (u32, usize) {
        match self.values().checked_sub(1) {
            None => varint_at(self.bytes, at),
            Some(length) => (u32::from(length) << 1, 0),
        }
    }

    /// Where the value part of the cell at `offset` starts, after the key.
    #[inline]
    fn value_part(self, offset: usize) -> usize {
        let (suffix, width) = varint_at(self.bytes, offset);
        let chain = if suffix & 1 == 1 { 4 } else { 0 };
        offset + width + ((suffix >> 1) as usize).saturating_sub(4) + chain
    }

    /// Where the value of entry `index` stands in the page, if it is inline. Reads as little of the cell as it can.
    #[inline]
    pub(crate) fn value_range(self, index: usize) -> Option<std::ops::Range<usize>> {
        let at = self.value_part(self.offset(index));
        let (value, width) = self.value_code(at);
        if value & 1 == 1 {
            return None;
        }
        let start = at + width;
        Some(start..start.wrapping_add((value >> 1) as usize))
    }

    /// Where the number of the first page of the key's chain stands, or of the value's.
    pub(crate) fn chain_at(self, index: usize, is_key: bool) -> usize {
        let at = self.value_part(self.offset(index));
        if is_key { at.saturating_sub(4) } else { at + self.value_code(at).1 }
    }

    /// Sets `key` to the inline part of the key of entry `index`; false if the key goes on in a chain. With `has_prefix`
    /// it holds another key of this node already, so that the prefix need not be copied.
    #[inline]
    pub(crate) fn read_key(self, index: usize, key: &mut Vec<u8>, has_prefix: bool) -> bool {
        let prefix_length = self.prefix_length();
        if has_prefix {
            key.truncate(prefix_length);
        } else {
            key.clear();
            key.extend_from_slice(slice_at(self.bytes, HEADER, prefix_length));
        }
        let start = key.len();
        let [a, b, c, d, offset @ ..] =
            chunk_at(self.bytes, HEADER + prefix_length + index * SLOT).unwrap_or([0; SLOT]);
        let offset = usize::from(u16::from_le_bytes(offset));
        key.extend_from_slice(&u32::from_le_bytes([a, b, c, d]).to_be_bytes());
        let (suffix, width) = varint_at(self.bytes, offset);
        let suffix_length = (suffix >> 1) as usize;
        if suffix_length > 4 {
            key.extend_from_slice(slice_at(self.bytes, offset + width, suffix_length - 4));
        } else {
            key.truncate(start + suffix_length);
        }
        suffix & 1 == 0
    }

    /// Sets `rest` to what follows `start` in the key of entry `index`, and `value` to its value; false if the key does not
    /// begin so. None if there is no such entry, or if it goes on in a chain.
    #[inline]
    pub(crate) fn read_rest(self, index: usize, start: &[u8], rest: &mut Vec<u8>, value: &mut Vec<u8>) -> Option<bool> {
        let range = if index < self.count() { self.value_range(index)? } else { return None };
        let offset = self.offset(index);
        let (suffix, width) = varint_at(self.bytes, offset);
        if suffix & 1 == 1 {
            return None;
        }
        let tail_length = ((suffix >> 1) as usize).checked_sub(4);
        let after_prefix = start.strip_prefix(self.prefix()).and_then(|start| start.split_first_chunk());
        rest.clear();
        match (after_prefix, tail_length) {
            // What is asked for reaches into the tail, as nearly always.
            (Some((head, start)), Some(length)) => {
                match slice_at(self.bytes, offset + width, length).strip_prefix(start) {
                    Some(found) if u32::from_be_bytes(*head) == self.head(index) => rest.extend_from_slice(found),
                    _ => return Some(false),
                }
            }
            _ => {
                self.push_key(index, rest);
                if !rest.starts_with(start) {
                    return Some(false);
                }
                rest.drain(..start.len());
            }
        }
        self.bytes.get(range)?.clone_into(value);
        Some(true)
    }

    /// Appends the inline part of the key of entry `index`.
    pub(crate) fn push_key(self, index: usize, key: &mut Vec<u8>) {
        let cell = self.cell(index);
        key.extend_from_slice(self.prefix());
        let head = self.head(index).to_be_bytes();
        key.extend_from_slice(head.get(..cell.suffix_length.min(4)).unwrap_or_default());
        key.extend_from_slice(cell.tail);
    }

    /// The child at a position: position 0 is the leftmost, position `i` that of entry `i - 1`.
    #[inline]
    pub(crate) fn child(self, position: usize) -> Page {
        match position.checked_sub(1) {
            None => u32_at(self.bytes, FIRST_CHILD),
            Some(index) => self.value_range(index).map_or(0, |range| u32_at(self.bytes, range.start)),
        }
    }
}
