//! Changing a node in place: one entry in, one entry out.

use wasm_dbms_api::Page;

use crate::access::Parts;
use crate::bytes::{put, put_u16, put_u32, put_varint, varint_length};
use crate::tree::node::{
    COUNT, GARBAGE, HEAP, LAST_HEAD, Node, SLOT, Stored, VALUES, VALUES_EMPTY, VALUES_VARY, head_of,
};
use crate::tree::sound::Extent;

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
    /// There is no room, the key does not begin with the node's prefix, or the header does not allow for the value.
    NoRoom,
    /// The page is no sound node of the tree; nothing was changed.
    Unsound,
}

/// The bytes that a cell takes in a node whose header says this of values.
pub(crate) fn cell_size(suffix_length: usize, has_chain: bool, value: Stored<'_>, values: u8) -> usize {
    let (value_code, value_length) = value_code(value);
    varint_length(key_code(suffix_length, has_chain))
        + if values == VALUES_VARY { varint_length(value_code) } else { 0 }
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
pub(crate) fn insert(
    bytes: &mut [u8],
    parts: &mut Parts,
    tree: u32,
    index: usize,
    key: StoredKey<'_>,
    value: Stored<'_>,
) -> Insertion {
    let node = Node::new(bytes);
    if !node.is_of(tree) || index > node.count() {
        return Insertion::Unsound;
    }
    let Some(suffix) = key.inline.strip_prefix(node.prefix()) else { return Insertion::NoRoom };
    // The first entry of a leaf decides.
    let is_first = node.count() == 0 && node.is_leaf();
    let values = if is_first { values_of(value) } else { node.values() };
    if !is_first && !node.takes(value) {
        return Insertion::NoRoom;
    }
    let size = cell_size(suffix.len(), key.chain.is_some(), value, values);
    if node.gap() < size + SLOT {
        if node.gap() + node.garbage() < size + SLOT {
            return Insertion::NoRoom;
        }
        if !compact(bytes) {
            return Insertion::Unsound;
        }
        *parts = Parts::ALL;
    }
    let node = Node::new(bytes);
    let (count, heap) = (node.count(), node.heap() + size);
    let (slot_at, end) = (node.slots_at(index), node.slots_at(count));
    let offset = bytes.len() - heap;
    // Header, slots, those before this one too since that is one range less, and the cell.
    parts.add(bytes.len(), 0..end + SLOT);
    parts.add(bytes.len(), offset..offset + size);
    if is_first {
        put(bytes, VALUES, &[values]);
    }
    write_cell(bytes, offset, suffix, key.chain, value, values);
    bytes.copy_within(slot_at..end, slot_at + SLOT);
    let head = head_of(suffix);
    let [a, b, c, d] = head.to_le_bytes();
    let [low, high] = (offset as u16).to_le_bytes();
    put(bytes, slot_at, &[a, b, c, d, low, high]);
    if index == count {
        put_u32(bytes, LAST_HEAD, head);
    }
    put_u16(bytes, COUNT, count as u16 + 1);
    put_u16(bytes, HEAP, heap as u16);
    Insertion::Done
}

/// What a leaf says of values that holds this one alone.
pub(crate) fn values_of(value: Stored<'_>) -> u8 {
    match value {
        Stored::Inline([]) => VALUES_EMPTY,
        _ => VALUES_VARY,
    }
}

/// Writes a cell at `offset` of a node whose header says this of values.
pub(crate) fn write_cell(
    bytes: &mut [u8],
    offset: usize,
    suffix: &[u8],
    chain: Option<Page>,
    value: Stored<'_>,
    values: u8,
) {
    let mut at = offset;
    at += put_varint(bytes, at, key_code(suffix.len(), chain.is_some()));
    let tail = suffix.get(4..).unwrap_or_default();
    put(bytes, at, tail);
    at += tail.len();
    if let Some(chain) = chain {
        put_u32(bytes, at, chain);
        at += 4;
    }
    if values == VALUES_VARY {
        at += put_varint(bytes, at, value_code(value).0);
    }
    match value {
        Stored::Inline(value) => put(bytes, at, value),
        Stored::Chain { first, .. } => put_u32(bytes, at, first),
    }
}

/// Whether an entry went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removal {
    Done,
    /// It did, and the node is less than a third full now.
    DoneAndSparse,
    /// It leads to a chain, which is the caller's to release first; nothing was changed.
    HasChain,
    /// The page is no sound node of the tree; nothing was changed.
    Unsound,
}

/// Removes the entry at `index` from a node of `tree`; with `chains_are_free` whatever it leads to.
pub(crate) fn remove(bytes: &mut [u8], parts: &mut Parts, tree: u32, index: usize, chains_are_free: bool) -> Removal {
    let node = Node::new(bytes);
    let (count, heap, offset) = (node.count(), node.heap(), node.offset(index));
    if !node.is_of(tree) || index >= count {
        return Removal::Unsound;
    }
    let Some(Extent { length, has_chain }) = node.sound_extent(index) else { return Removal::Unsound };
    let garbage = node.garbage() + length;
    if garbage > heap {
        return Removal::Unsound;
    }
    if has_chain && !chains_are_free {
        return Removal::HasChain;
    }
    let (slot_at, end) = (node.slots_at(index), node.slots_at(count));
    let used = end - SLOT + heap - garbage;
    parts.add(bytes.len(), 0..end);
    parts.add(bytes.len(), offset..offset + length);
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
    if is_sparse(used, bytes.len()) { Removal::DoneAndSparse } else { Removal::Done }
}

/// Whether a node with so many bytes in use should merge with a neighbour. At a third, not a half: two halves that have
/// just merged leave a full node, which the next insert splits again.
#[inline]
pub(crate) fn is_sparse(used: usize, page_size: usize) -> bool {
    used * 3 < page_size
}

/// Overwrites the inline value of the entry at `index` with one of the same length; false if it has another.
pub(crate) fn replace_value(bytes: &mut [u8], parts: &mut Parts, index: usize, value: &[u8]) -> bool {
    match value_mut(bytes, parts, index).filter(|old| old.len() == value.len()) {
        Some(old) => {
            old.copy_from_slice(value);
            true
        }
        None => false,
    }
}

/// The inline value of the entry at `index`, to be changed.
#[inline]
pub(crate) fn value_mut<'a>(bytes: &'a mut [u8], parts: &mut Parts, index: usize) -> Option<&'a mut [u8]> {
    let range = Node::new(bytes).value_range(index)?;
    parts.add(bytes.len(), range.clone());
    bytes.get_mut(range)
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
    true
}
