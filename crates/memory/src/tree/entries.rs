//! Entries taken out of their nodes: what a split, a merge or a rebuild lays out anew.

use std::ops::Range;

use wasm_dbms_api::Page;

use crate::bytes::{put, put_u16, put_u32, slice_at, varint_length};
use crate::tree::edit::{StoredKey, write_cell};
use crate::tree::node::{
    BRANCH, COUNT, FIRST_CHILD, HEADER, HEAP, KIND, LAST_HEAD, LEAF, LEVEL, Node, PREFIX, SLOT, Stored, TREE, VALUES,
    VALUES_CHILDREN, VALUES_EMPTY, VALUES_VARY, head_of,
};

/// What every node has beside its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeHead {
    pub(crate) level: u8,
    pub(crate) tree: u32,
    pub(crate) first_child: Page,
}

/// Where an entry stands among the bytes, and how long its cell is beside the suffix.
#[derive(Debug, Clone, Copy)]
struct Entry {
    key_at: u32,
    key_length: u32,
    value_at: u32,
    value_length: u32,
    key_chain: Option<Page>,
    /// Length and first page of a value that stands in a chain.
    value_chain: Option<(u32, Page)>,
    /// Bytes of the slot and of the cell without its suffix's length and tail.
    fixed_size: u32,
}

impl Entry {
    /// The bytes that the entry takes in a node with a prefix of this length, where the cell says the value's.
    #[inline]
    fn size(&self, prefix: usize) -> usize {
        let suffix = (self.key_length as usize).saturating_sub(prefix);
        self.fixed_size as usize + varint_length((suffix as u32) << 1) + suffix.saturating_sub(4)
    }
}

/// Entries in ascending order, with bytes of their own.
#[derive(Debug)]
pub(crate) struct Entries {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// The longest prefix that nodes are laid out with.
    longest_prefix: usize,
    /// Whether they are a branch's, whose values are children.
    is_branch: bool,
}

impl Default for Entries {
    fn default() -> Self {
        Self { bytes: Vec::new(), entries: Vec::new(), longest_prefix: usize::MAX, is_branch: false }
    }
}

impl Entries {
    /// Takes every entry of a node, with room for one more; none if the node is not sound.
    pub(crate) fn of(node: Node<'_>) -> Option<Self> {
        if !node.is_coherent() {
            return None;
        }
        let mut entries = Self {
            bytes: Vec::with_capacity(node.bytes.len() * 2 + node.count() * node.prefix().len()),
            entries: Vec::with_capacity(node.count() + 1),
            is_branch: !node.is_leaf(),
            ..Self::default()
        };
        entries.append(node).then_some(entries)
    }

    /// Appends every entry of a node whose keys are above all that are there; false if the node is not sound.
    #[must_use]
    pub(crate) fn append(&mut self, node: Node<'_>) -> bool {
        if !node.is_coherent() {
            return false;
        }
        let prefix = node.prefix();
        let mut room = node.heap();
        for index in 0..node.count() {
            let Some(cell) = node.sound_cell(index) else { return false };
            let Some(rest) = room.checked_sub(cell.length) else { return false };
            room = rest;
            let head = node.head(index).to_be_bytes();
            let start = self.bytes.len();
            self.bytes.extend_from_slice(prefix);
            self.bytes.extend_from_slice(&head);
            if cell.suffix_length > 4 {
                self.bytes.extend_from_slice(cell.tail);
            } else {
                self.bytes.truncate(start + prefix.len() + cell.suffix_length);
            }
            let entry = self.entry(start, cell.key_chain, cell.value);
            self.entries.push(entry);
        }
        true
    }

    /// Inserts an entry.
    pub(crate) fn insert(&mut self, index: usize, key: StoredKey<'_>, value: Stored<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key.inline);
        let entry = self.entry(start, key.chain, value);
        self.entries.insert(index, entry);
    }

    /// The entry whose key is the bytes from `key_at` on; takes its value.
    #[inline]
    fn entry(&mut self, key_at: usize, key_chain: Option<Page>, value: Stored<'_>) -> Entry {
        let key_end = self.bytes.len();
        let (value_chain, value_code, stored_length) = match value {
            Stored::Inline(bytes) => {
                self.bytes.extend_from_slice(bytes);
                (None, (bytes.len() as u32) << 1, bytes.len())
            }
            Stored::Chain { length, first } => (Some((length, first)), length << 1 | 1, 4),
        };
        let chain_length = if key_chain.is_some() { 4 } else { 0 };
        Entry {
            key_at: key_at as u32,
            key_length: (key_end - key_at) as u32,
            value_at: key_end as u32,
            value_length: (self.bytes.len() - key_end) as u32,
            key_chain,
            value_chain,
            fixed_size: (SLOT + varint_length(value_code) + stored_length + chain_length) as u32,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The key of an entry.
    #[inline]
    pub(crate) fn key(&self, index: usize) -> StoredKey<'_> {
        self.entries.get(index).map_or(StoredKey { inline: &[], chain: None }, |entry| StoredKey {
            inline: slice_at(&self.bytes, entry.key_at as usize, entry.key_length as usize),
            chain: entry.key_chain,
        })
    }

    /// The value of an entry.
    #[inline]
    pub(crate) fn value(&self, index: usize) -> Stored<'_> {
        let Some(entry) = self.entries.get(index) else { return Stored::Inline(&[]) };
        match entry.value_chain {
            Some((length, first)) => Stored::Chain { length, first },
            None => Stored::Inline(slice_at(&self.bytes, entry.value_at as usize, entry.value_length as usize)),
        }
    }

    fn range(&self, range: Range<usize>) -> &[Entry] {
        self.entries.get(range).unwrap_or_default()
    }

    /// The prefix that a node with these entries would have: what all keys share, but no more than leaves the longest
    /// key a suffix that fits its head. Beyond that a longer prefix would save no tail and take room itself, and a part
    /// of a full node's entries might no longer fit in a node.
    fn prefix_length(&self, range: Range<usize>) -> usize {
        if range.len() < 2 {
            return 0;
        }
        let shared = common_prefix(self.key(range.start).inline, self.key(range.end - 1).inline);
        let longest = self.range(range).iter().map(|entry| entry.key_length as usize).max().unwrap_or(0);
        shared.min(longest.saturating_sub(4)).min(self.longest_prefix)
    }

    /// Keeps the prefixes of nodes that are laid out from now on to what all entries share. The halves of a split take
    /// keys from the whole range of the node that was split: a prefix of their own first and last keys would soon meet
    /// one that does not begin with it.
    pub(crate) fn share_prefix(&mut self) {
        self.longest_prefix = self.prefix_length(0..self.len());
    }

    /// Lets nodes that are laid out from now on have the prefix of their own entries.
    pub(crate) fn free_prefix(&mut self) {
        self.longest_prefix = usize::MAX;
    }

    /// What the header of a node with these entries says of values.
    fn values(&self, range: Range<usize>, is_branch: bool) -> u8 {
        let entries = self.range(range);
        let is_empty = |entry: &Entry| entry.value_length == 0 && entry.value_chain.is_none();
        match (is_branch, entries) {
            (true, _) => VALUES_CHILDREN,
            (false, [_, ..]) if entries.iter().all(is_empty) => VALUES_EMPTY,
            _ => VALUES_VARY,
        }
    }

    /// The bytes that a node with these entries would use.
    pub(crate) fn size(&self, range: Range<usize>) -> usize {
        let prefix = self.prefix_length(range.clone());
        // Where the header says how long values are, each cell is a byte shorter.
        let saved = if self.values(range.clone(), self.is_branch) == VALUES_VARY { 0 } else { range.len() };
        HEADER + prefix + self.range(range).iter().map(|entry| entry.size(prefix)).sum::<usize>() - saved
    }

    /// Where to split so that both halves are about equally full.
    pub(crate) fn middle(&self) -> usize {
        let total: usize = self.entries.iter().map(|entry| entry.size(0)).sum();
        let mut left = 0;
        for (index, entry) in self.entries.iter().enumerate() {
            left += entry.size(0);
            if left * 2 >= total {
                return (index + 1).clamp(1, self.len() - 1);
            }
        }
        1
    }

    /// Lays a node with these entries out; `prefix_hint` is the prefix of a node of one entry. Whoever calls has made sure
    /// by [`size`](Self::size) that they fit; false if they do not.
    #[must_use]
    pub(crate) fn write(&self, range: Range<usize>, head: NodeHead, prefix_hint: usize, bytes: &mut [u8]) -> bool {
        let prefix = if range.len() == 1 {
            prefix_hint.min(self.key(range.start).inline.len())
        } else {
            self.prefix_length(range.clone())
        };
        let first_key = if range.is_empty() { &[] } else { self.key(range.start).inline };
        let values = self.values(range.clone(), head.level > 0);
        let saved = if values == VALUES_VARY { 0 } else { 1 };
        bytes.fill(0);
        let mut offset = bytes.len();
        put(bytes, VALUES, &[values]);
        put(bytes, HEADER, first_key.get(..prefix).unwrap_or_default());
        put(bytes, KIND, &[if head.level == 0 { LEAF } else { BRANCH }]);
        put(bytes, LEVEL, &[head.level]);
        put_u16(bytes, COUNT, range.len() as u16);
        put_u32(bytes, FIRST_CHILD, head.first_child);
        put_u32(bytes, TREE, head.tree);
        put_u16(bytes, PREFIX, prefix as u16);
        let mut last_head = 0;
        let slots_end = HEADER + prefix + range.len() * SLOT;
        for (place, index) in range.enumerate() {
            let key = self.key(index);
            let suffix = key.inline.get(prefix..).unwrap_or_default();
            let size = self.entries.get(index).map_or(0, |entry| entry.size(prefix) - SLOT - saved);
            match offset.checked_sub(size) {
                Some(next) if next >= slots_end => offset = next,
                _ => return false,
            }
            write_cell(bytes, offset, suffix, key.chain, self.value(index), values);
            let mut slot = [0; SLOT];
            put_u32(&mut slot, 0, head_of(suffix));
            last_head = head_of(suffix);
            put_u16(&mut slot, 4, offset as u16);
            put(bytes, HEADER + prefix + place * SLOT, &slot);
        }
        put_u32(bytes, LAST_HEAD, last_head);
        let heap = bytes.len() - offset;
        put_u16(bytes, HEAP, heap as u16);
        true
    }
}

/// How many bytes two keys have in common at the start.
pub(crate) fn common_prefix(left: &[u8], right: &[u8]) -> usize {
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}
