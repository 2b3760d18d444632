//! A part of a leaf as a leaf of its own: cells and prefix are copied as they are, nothing is taken apart.

use std::ops::Range;

use crate::bytes::{put, put_u16, put_u32};
use crate::tree::edit::{StoredKey, cell_size};
use crate::tree::node::{COUNT, GARBAGE, HEAP, LAST_HEAD, Node, SLOT, Stored, head_of};

/// A full leaf that is about to be split.
pub(crate) struct Halves<'a> {
    node: Node<'a>,
    /// How long each cell is.
    lengths: Vec<u16>,
    /// The first entry of the right half.
    pub(crate) split: usize,
}

impl<'a> Halves<'a> {
    /// Chooses where to split a leaf before an entry is inserted at `index`, so that both halves are about equally full.
    /// None if the leaf is not sound, if the keys of both halves might share more than its prefix, or if there were no
    /// room for the entry in its half.
    pub(crate) fn of(node: Node<'a>, index: usize, key: StoredKey<'_>, value: Stored<'_>) -> Option<Self> {
        let last = node.count().checked_sub(1)?;
        let suffix = key.inline.strip_prefix(node.prefix())?;
        let head = head_of(suffix);
        let (low, high) = (node.head(0).min(head), node.head(last).max(head));
        if last < 3 || low >> 24 == high >> 24 || index > node.count() || !node.takes(value) {
            return None;
        }
        let lengths = node.sound_lengths()?;
        let total = node.used();
        let (mut left, mut split) = (0, 0);
        for length in &lengths {
            if left * 2 >= total {
                break;
            }
            left += usize::from(*length) + SLOT;
            split += 1;
        }
        // At least one entry stays on each side, the new one not counted.
        let halves = Self { node, lengths, split: split.clamp(1, last) };
        let own = if index <= halves.split { 0..halves.split } else { halves.split..halves.lengths.len() };
        let own_cells = halves.lengths.get(own.clone()).unwrap_or_default();
        let room = node.bytes.len().checked_sub(node.slots_at(own.len() + 1))?;
        let new_cell = cell_size(suffix.len(), key.chain.is_some(), value, node.values());
        let needed = own_cells.iter().map(|length| usize::from(*length)).sum::<usize>() + new_cell;
        (needed <= room).then_some(halves)
    }

    /// Makes the page in `bytes` the left half.
    pub(crate) fn write_left(&self, bytes: &mut [u8]) {
        self.write(0..self.split, bytes);
    }

    /// Makes the page in `bytes` the right half.
    pub(crate) fn write_right(&self, bytes: &mut [u8]) {
        self.write(self.split..self.lengths.len(), bytes);
    }

    fn write(&self, range: Range<usize>, bytes: &mut [u8]) {
        let node = self.node;
        let slots_at = node.slots_at(0);
        bytes.fill(0);
        put(bytes, 0, node.bytes.get(..slots_at).unwrap_or_default());
        let (mut offset, mut slot_at, mut head) = (bytes.len(), slots_at, 0);
        for (index, length) in range.clone().zip(self.lengths.get(range.clone()).unwrap_or_default()) {
            let (from, length) = (node.offset(index), usize::from(*length));
            offset -= length;
            put(bytes, offset, node.bytes.get(from..from + length).unwrap_or_default());
            head = node.head(index);
            put_u32(bytes, slot_at, head);
            put_u16(bytes, slot_at + 4, offset as u16);
            slot_at += SLOT;
        }
        put_u16(bytes, COUNT, range.len() as u16);
        put_u16(bytes, HEAP, (bytes.len() - offset) as u16);
        put_u16(bytes, GARBAGE, 0);
        put_u32(bytes, LAST_HEAD, head);
    }
}
