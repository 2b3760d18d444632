//! Changing a node in place: one entry in, one entry out.

use wasm_dbms_api::Page;

use crate::bytes::{put, put_u16, put_u32, put_varint, varint_length};
use crate::tree::node::{COUNT, Cell, GARBAGE, HEAP, LAST_HEAD, Node, SCATTERED, SLOT, Stored, head_of};

/// A key as a node stores it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredKey<'a> {
    /// The part that stands in the node, prefix included.
    pub(crate) inline: &'a [u8],
    /// Where it goes on.
    pub(crate) chain: Option<Page>,
}

/// Whether an entry went in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Insertion {
    Done,
    /// There is no room, or the key does not begin with the node's prefix.
    NoRoom,
    /// The page is no sound node of the tree; nothing was changed.
    Unsound,
}

/// The bytes that a cell takes.
pub(crate) fn cell_size(suffix_length: usize, has_chain: bool, value: Stored<'_>) -> usize {
    let (value_code, value_length) = value_code(value);
    varint_length(key_code(suffix_length, has_chain))
        + varint_length(value_code)
        + suffix_length.saturating_sub(4)
        + if has_chain { 4 } else { 0 }
        + value_length
}

fn key_code(suffix_length: usize, has_chain: bool) -> u32 {
    (suffix_length as u32) << 1 | u32::from(has_chain)
}

fn value_code(value: Stored<'_>) -> (u32, usize) {
    match value {
        Stored::Inline(bytes) => ((bytes.len() as u32) << 1, bytes.len()),
        Stored::Chain { length, .. } => (length << 1 | 1, 4),
    }
}

/// Inserts an entry at `index` into a node of `tree`.
pub(crate) fn insert(bytes: &mut [u8], tree: u32, index: usize, key: StoredKey<'_>, value: Stored<'_>) -> Insertion {
    let node = Node::new(bytes);
    if !node.is_of(tree) || index > node.count() {
        return Insertion::Unsound;
    }
    let Some(suffix) = key.inline.strip_prefix(node.prefix()) else { return Insertion::NoRoom };
    let size = cell_size(suffix.len(), key.chain.is_some(), value);
    if node.gap() < size + SLOT {
        if node.gap() + node.garbage() < size + SLOT {
            return Insertion::NoRoom;
        }
        if !compact(bytes) {
            return Insertion::Unsound;
        }
    }
    let node = Node::new(bytes);
    let (count, heap) = (node.count(), node.heap() + size);
    let (slot_at, end) = (node.slots_at(index), node.slots_at(count));
    let offset = bytes.len() - heap;
    write_cell(bytes, offset, suffix, key.chain, value);
    bytes.copy_within(slot_at..end, slot_at + SLOT);
    let head = head_of(suffix);
    let [a, b, c, d] = head.to_le_bytes();
    let [low, high] = (offset as u16).to_le_bytes();
    put(bytes, slot_at, &[a, b, c, d, low, high]);
    if index == count {
        put_u32(bytes, LAST_HEAD, head);
    } else {
        put(bytes, SCATTERED, &[1]);
    }
    put_u16(bytes, COUNT, count as u16 + 1);
    put_u16(bytes, HEAP, heap as u16);
    Insertion::Done
}

/// Writes a cell at `offset`.
pub(crate) fn write_cell(bytes: &mut [u8], offset: usize, suffix: &[u8], chain: Option<Page>, value: Stored<'_>) {
    let mut at = offset;
    at += put_varint(bytes, at, key_code(suffix.len(), chain.is_some()));
    at += put_varint(bytes, at, value_code(value).0);
    let tail = suffix.get(4..).unwrap_or_default();
    put(bytes, at, tail);
    at += tail.len();
    if let Some(chain) = chain {
        put_u32(bytes, at, chain);
        at += 4;
    }
    match value {
        Stored::Inline(value) => put(bytes, at, value),
        Stored::Chain { first, .. } => put_u32(bytes, at, first),
    }
}

/// Removes the entry at `index` from a node of `tree`. Its chains are the caller's. False, changing nothing, if the page
/// is no sound node.
#[must_use]
pub(crate) fn remove(bytes: &mut [u8], tree: u32, index: usize) -> bool {
    let node = Node::new(bytes);
    let (count, heap, offset) = (node.count(), node.heap(), node.offset(index));
    if !node.is_of(tree) || index >= count {
        return false;
    }
    let Some(Cell { length, .. }) = node.sound_cell(index) else { return false };
    let garbage = node.garbage() + length;
    if garbage > heap {
        return false;
    }
    let (slot_at, end) = (node.slots_at(index), node.slots_at(count));
    if let Some(cell) = bytes.get_mut(offset..offset + length) {
        cell.fill(0);
    }
    bytes.copy_within(slot_at + SLOT..end, slot_at);
    if let Some(slot) = bytes.get_mut(end - SLOT..end) {
        slot.fill(0);
    }
    put_u16(bytes, COUNT, count as u16 - 1);
    if offset == bytes.len() - heap {
        put_u16(bytes, HEAP, (heap - length) as u16);
    } else {
        put_u16(bytes, GARBAGE, garbage as u16);
    }
    true
}

/// Overwrites the inline value of the entry at `index` with one of the same length; false if it has another.
pub(crate) fn replace_value(bytes: &mut [u8], index: usize, value: &[u8]) -> bool {
    let range = Node::new(bytes).value_range(index).filter(|range| range.len() == value.len());
    match range.and_then(|range| bytes.get_mut(range)) {
        Some(old) => {
            old.copy_from_slice(value);
            true
        }
        None => false,
    }
}

/// Moves the cells together, so that all garbage becomes gap. False, changing nothing, if they are not sound.
pub(crate) fn compact(bytes: &mut [u8]) -> bool {
    let old = bytes.to_vec();
    let node = Node::new(&old);
    if !node.is_sound() {
        return false;
    }
    let mut offset = bytes.len();
    if let Some(area) = bytes.get_mut(node.slots_at(node.count())..) {
        area.fill(0);
    }
    for index in 0..node.count() {
        let (from, length) = (node.offset(index), node.cell(index).length);
        offset -= length;
        put(bytes, offset, old.get(from..from + length).unwrap_or_default());
        put_u16(bytes, node.slots_at(index) + 4, offset as u16);
    }
    put_u16(bytes, HEAP, (bytes.len() - offset) as u16);
    put_u16(bytes, GARBAGE, 0);
    put(bytes, SCATTERED, &[0]);
    true
}
