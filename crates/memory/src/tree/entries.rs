//! Entries taken out of their nodes: what a split, a merge or a rebuild lays out anew.

use std::ops::Range;

use wasm_dbms_api::Page;

use crate::bytes::{put, put_u16, put_u32};
use crate::tree::edit::{StoredKey, cell_size, write_cell};
use crate::tree::node::{
    BRANCH, COUNT, FIRST_CHILD, HEADER, HEAP, KIND, LEAF, LEVEL, Node, PREFIX, SLOT, Stored, TREE, head_of,
};

/// What every node has beside its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeHead {
    pub(crate) level: u8,
    pub(crate) tree: u32,
    pub(crate) first_child: Page,
}

#[derive(Debug)]
struct Entry {
    key: Range<usize>,
    chain: Option<Page>,
    value: EntryValue,
}

#[derive(Debug)]
enum EntryValue {
    Inline(Range<usize>),
    Chain { length: u32, first: Page },
}

/// Entries in ascending order, with bytes of their own.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

impl Entries {
    /// Takes every entry of a node.
    pub(crate) fn of(node: Node<'_>) -> Self {
        let mut entries = Self::default();
        entries.bytes.reserve(node.bytes.len());
        entries.append(node);
        entries
    }

    /// Appends every entry of a node whose keys are above all that are there.
    pub(crate) fn append(&mut self, node: Node<'_>) {
        for index in 0..node.count() {
            let start = self.bytes.len();
            node.push_key(index, &mut self.bytes);
            let key = start..self.bytes.len();
            let cell = node.cell(index);
            let value = self.keep(cell.value);
            self.entries.push(Entry { key, chain: cell.key_chain, value });
        }
    }

    /// Inserts an entry.
    pub(crate) fn insert(&mut self, index: usize, key: StoredKey<'_>, value: Stored<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key.inline);
        let range = start..self.bytes.len();
        let value = self.keep(value);
        self.entries.insert(index, Entry { key: range, chain: key.chain, value });
    }

    fn keep(&mut self, value: Stored<'_>) -> EntryValue {
        match value {
            Stored::Inline(bytes) => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(bytes);
                EntryValue::Inline(start..self.bytes.len())
            }
            Stored::Chain { length, first } => EntryValue::Chain { length, first },
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The key of an entry.
    pub(crate) fn key(&self, index: usize) -> StoredKey<'_> {
        self.entries.get(index).map_or(StoredKey { inline: &[], chain: None }, |entry| StoredKey {
            inline: self.bytes.get(entry.key.clone()).unwrap_or_default(),
            chain: entry.chain,
        })
    }

    /// The value of an entry.
    pub(crate) fn value(&self, index: usize) -> Stored<'_> {
        match self.entries.get(index).map(|entry| &entry.value) {
            Some(EntryValue::Inline(range)) => Stored::Inline(self.bytes.get(range.clone()).unwrap_or_default()),
            Some(EntryValue::Chain { length, first }) => Stored::Chain { length: *length, first: *first },
            None => Stored::Inline(&[]),
        }
    }

    /// The prefix that a node with these entries would have: what all keys share, but no more than leaves the longest
    /// key a suffix that fits its head. Beyond that a longer prefix would save no tail and take room itself, and a part
    /// of a full node's entries might no longer fit in a node.
    fn prefix_length(&self, range: Range<usize>) -> usize {
        if range.len() < 2 {
            return 0;
        }
        let shared = common_prefix(self.key(range.start).inline, self.key(range.end - 1).inline);
        let longest = range.map(|index| self.key(index).inline.len()).max().unwrap_or(0);
        shared.min(longest.saturating_sub(4))
    }

    /// The bytes that a node with these entries would use.
    pub(crate) fn size(&self, range: Range<usize>) -> usize {
        let prefix = self.prefix_length(range.clone());
        let cells = range.map(|index| {
            let key = self.key(index);
            SLOT + cell_size(key.inline.len() - prefix, key.chain.is_some(), self.value(index))
        });
        HEADER + prefix + cells.sum::<usize>()
    }

    /// Where to split so that both halves are about equally full.
    pub(crate) fn middle(&self) -> usize {
        let size = |index: usize| {
            let key = self.key(index);
            SLOT + cell_size(key.inline.len(), key.chain.is_some(), self.value(index))
        };
        let total: usize = (0..self.len()).map(size).sum();
        let mut left = 0;
        for index in 0..self.len() {
            left += size(index);
            if left * 2 >= total {
                return (index + 1).clamp(1, self.len() - 1);
            }
        }
        1
    }

    /// Lays a node with these entries out; `prefix_hint` is the prefix of a node of one entry.
    pub(crate) fn write(&self, range: Range<usize>, head: NodeHead, prefix_hint: usize, bytes: &mut [u8]) {
        let prefix = if range.len() == 1 {
            prefix_hint.min(self.key(range.start).inline.len())
        } else {
            self.prefix_length(range.clone())
        };
        let first_key = if range.is_empty() { &[] } else { self.key(range.start).inline };
        bytes.fill(0);
        let mut offset = bytes.len() - prefix;
        put(bytes, offset, first_key.get(..prefix).unwrap_or_default());
        put(bytes, KIND, &[if head.level == 0 { LEAF } else { BRANCH }]);
        put(bytes, LEVEL, &[head.level]);
        put_u16(bytes, COUNT, range.len() as u16);
        put_u32(bytes, FIRST_CHILD, head.first_child);
        put_u32(bytes, TREE, head.tree);
        put_u16(bytes, PREFIX, prefix as u16);
        for (place, index) in range.enumerate() {
            let key = self.key(index);
            let suffix = key.inline.get(prefix..).unwrap_or_default();
            let value = self.value(index);
            offset -= cell_size(suffix.len(), key.chain.is_some(), value);
            write_cell(bytes, offset, suffix, key.chain, value);
            put_u32(bytes, HEADER + place * SLOT, head_of(suffix));
            put_u16(bytes, HEADER + place * SLOT + 4, offset as u16);
        }
        let heap = bytes.len() - offset;
        put_u16(bytes, HEAP, heap as u16);
    }
}

/// How many bytes two keys have in common at the start.
pub(crate) fn common_prefix(left: &[u8], right: &[u8]) -> usize {
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}
