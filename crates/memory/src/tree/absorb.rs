//! Moving every entry of a node behind those of its left neighbour, without taking either apart: what most merges are.

use crate::bytes::{put, put_u16, put_u32};
use crate::tree::edit::{cell_size, compact, write_cell};
use crate::tree::node::{COUNT, HEAP, LAST_HEAD, Node, SLOT, head_of};

/// Appends the entries of the leaf `right`, whose keys are above all of the leaf in `bytes`. False, and nothing is
/// changed, if there is no room, if they do not begin with the leaf's prefix, if only one of both says how long its values
/// are, or if one of both is no sound node.
#[must_use]
pub(crate) fn absorb(bytes: &mut [u8], right: Node<'_>) -> bool {
    let node = Node::new(bytes);
    if !node.is_coherent() || !right.is_sound() || node.values() != right.values() {
        return false;
    }
    let values = node.values();
    // What the right node's prefix has more becomes part of its suffixes.
    let Some(extra) = right.prefix().strip_prefix(node.prefix()) else { return false };
    let sizes = (0..right.count()).map(|index| size_of(right, index, extra.len()));
    let needed: usize = sizes.map(|size| size + SLOT).sum();
    if node.used() + needed > bytes.len() {
        return false;
    }
    if node.gap() < needed && !compact(bytes) {
        return false;
    }
    let node = Node::new(bytes);
    let (count, mut offset) = (node.count(), bytes.len() - node.heap());
    let mut suffix = Vec::new();
    let mut head = 0;
    for index in 0..right.count() {
        let size = size_of(right, index, extra.len());
        // Checked above: the sizes add up to less than the gap.
        offset -= size;
        if extra.is_empty() {
            let from = right.offset(index);
            put(bytes, offset, right.bytes.get(from..from + size).unwrap_or_default());
            head = right.head(index);
        } else {
            let cell = right.cell(index);
            suffix.clear();
            suffix.extend_from_slice(extra);
            suffix.extend_from_slice(
                right.head(index).to_be_bytes().get(..cell.suffix_length.min(4)).unwrap_or_default(),
            );
            suffix.extend_from_slice(cell.tail);
            write_cell(bytes, offset, &suffix, cell.key_chain, cell.value, values);
            head = head_of(&suffix);
        }
        let slot = Node::new(bytes).slots_at(count + index);
        put_u32(bytes, slot, head);
        put_u16(bytes, slot + 4, offset as u16);
    }
    if right.count() > 0 {
        put_u32(bytes, LAST_HEAD, head);
    }
    put_u16(bytes, COUNT, (count + right.count()) as u16);
    let heap = bytes.len() - offset;
    put_u16(bytes, HEAP, heap as u16);
    true
}

/// The bytes of an entry's cell once its suffix is longer by `extra`.
fn size_of(node: Node<'_>, index: usize, extra: usize) -> usize {
    let cell = node.cell(index);
    if extra == 0 {
        cell.length
    } else {
        cell_size(cell.suffix_length + extra, cell.key_chain.is_some(), cell.value, node.values())
    }
}
