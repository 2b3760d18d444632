//! Whether a node's numbers fit its page. A page with the right checksum may still be foreign: it is asked before it is
//! changed or taken apart, so that nothing there runs past a page, counts below zero or asks for memory without bound.
//!
//! Two questions at two prices. *Coherent* reads the header only, and is asked at each change of a page: kind and level
//! fit, prefix, slots and heap fit in the page, the garbage in the heap. *Sound* reads each cell, and is asked where all
//! of them are read anyway: each one lies in the heap, is no longer than a node may keep, and together they are as long
//! as the heap says.

use wasm_dbms_api::{MemoryError, Page};

use crate::bytes::{u16_at, u32_at, varint_at};
use crate::tree::node::{
    BRANCH, COUNT, Cell, GARBAGE, HEADER, HEAP, KIND, LEAF, LEVEL, Node, PREFIX, SLOT, Stored, TREE, VALUES,
    VALUES_CHILDREN, VALUES_EMPTY, VALUES_VARY, cell_length, inline_key_length,
};

impl<'a> Node<'a> {
    /// Whether the header fits the page.
    #[inline]
    pub(crate) fn is_coherent(self) -> bool {
        let Some(header) = self.bytes.first_chunk::<HEADER>() else { return false };
        let number = |at| usize::from(u16_at(header, at));
        let is_node = match (header.get(KIND), header.get(LEVEL), header.get(VALUES)) {
            (Some(&LEAF), Some(0), Some(&values)) => values == VALUES_VARY || values == VALUES_EMPTY,
            (Some(&BRANCH), Some(level), Some(&VALUES_CHILDREN)) => *level != 0,
            _ => false,
        };
        let (prefix, heap) = (number(PREFIX), number(HEAP));
        is_node
            && prefix <= inline_key_length(self.bytes.len())
            && HEADER + prefix + number(COUNT) * SLOT + heap <= self.bytes.len()
            && number(GARBAGE) <= heap
    }

    /// Whether the page may be changed as a node of this tree.
    #[inline]
    pub(crate) fn is_of(self, tree: u32) -> bool {
        u32_at(self.bytes, TREE) == tree && self.is_coherent()
    }

    /// Whether the page may be walked as a node of this tree: also one that is all zero, as the registry's root is until
    /// the first table.
    #[inline]
    pub(crate) fn is_walkable(self, tree: u32) -> bool {
        self.is_of(tree) || self.kind() == 0 && self.count() == 0 && tree == 0
    }

    /// How long the cell of entry `index` is, if it is one that this node can have. The header is coherent.
    #[inline]
    pub(crate) fn sound_extent(self, index: usize) -> Option<Extent> {
        let page_size = self.bytes.len();
        let offset = self.offset(index);
        let (suffix, width) = varint_at(self.bytes, offset);
        let suffix_length = (suffix >> 1) as usize;
        let key_length = self.prefix_length() + suffix_length;
        // First the key's length: only then can no sum below overflow.
        if suffix_length > page_size || key_length > inline_key_length(page_size) {
            return None;
        }
        let key_chain = if suffix & 1 == 1 { 4 } else { 0 };
        let value_part = width + suffix_length.saturating_sub(4) + key_chain;
        let (value, width) = self.value_code(offset + value_part);
        let value_length = (value >> 1) as usize;
        let has_value_chain = value & 1 == 1;
        let stored_length = if has_value_chain { 4 } else { value_length };
        // What the header says of all values fits kind and page.
        let is_value = has_value_chain || width == 0 || {
            value_length <= page_size && key_length + value_length + 16 <= cell_length(page_size)
        };
        let length = value_part + width + stored_length.min(page_size);
        let is_in_heap = offset >= page_size - self.heap() && offset + length <= page_size;
        (is_in_heap && is_value).then_some(Extent { length, has_chain: key_chain > 0 || has_value_chain })
    }

    /// The entry at `index`, if its cell is one that this node can have. The header is coherent.
    #[inline]
    pub(crate) fn sound_cell(self, index: usize) -> Option<Cell<'a>> {
        self.sound_extent(index).map(|_| self.cell(index))
    }

    /// How long each cell is; none if header and cells do not fit the page and each other.
    pub(crate) fn sound_lengths(self) -> Option<Vec<u16>> {
        if !self.is_coherent() {
            return None;
        }
        let mut lengths = Vec::with_capacity(self.count());
        let mut sum = 0;
        for index in 0..self.count() {
            let length = self.sound_extent(index)?.length;
            sum += length;
            lengths.push(u16::try_from(length).ok()?);
        }
        (sum == self.heap() - self.garbage()).then_some(lengths)
    }

    /// Whether header and cells fit the page and each other.
    pub(crate) fn is_sound(self) -> bool {
        let cells = || (0..self.count()).try_fold(0, |sum, index| Some(sum + self.sound_extent(index)?.length));
        self.is_coherent() && cells() == Some(self.heap() - self.garbage())
    }
}

/// A cell as it lies in its page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) length: usize,
    /// Whether its key or its value goes on in a chain.
    pub(crate) has_chain: bool,
}

impl Cell<'_> {
    /// Where the key and the value go on.
    #[inline]
    pub(crate) fn chains(&self) -> (Option<Page>, Option<Page>) {
        let value = match self.value {
            Stored::Chain { first, .. } => Some(first),
            Stored::Inline(_) => None,
        };
        (self.key_chain, value)
    }
}

/// The error of a page that is no sound node of its tree.
#[cold]
pub(crate) fn unsound(page: Page, tree: u32) -> Box<MemoryError> {
    MemoryError::corrupt_with(format_args!("page {page} is no sound node of tree {tree}"))
}
