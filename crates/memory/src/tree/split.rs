//! Inserting an entry, splitting nodes on the way up where there is no room.

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::MemoryAccess;
use crate::tree::edit::{self, Insertion, StoredKey};
use crate::tree::entries::{Entries, NodeHead, common_prefix};
use crate::tree::node::{Node, Stored, inline_key_length};
use crate::tree::path::Path;
use crate::tree::{MAX_KEY_BYTES, Tree, overflow};

/// A key taken out of its node, chain included.
struct Separator {
    inline: Vec<u8>,
    chain: Option<Page>,
}

impl Tree {
    /// Inserts an entry at the lowest step of `path`.
    pub(crate) fn insert_entry<M: MemoryAccess>(
        self,
        store: &mut M,
        mut path: Path,
        key: StoredKey<'_>,
        value: Stored<'_>,
    ) -> MemoryResult<()> {
        let Some((page, index)) = path.pop() else { return Ok(()) };
        if store.edit(page, |bytes| edit::insert(bytes, index, key, value))? == Insertion::Done {
            return Ok(());
        }
        let handle = store.page(page)?;
        let node = Node::new(&handle);
        if index == node.count() && node.count() > 1 && key.inline.starts_with(node.prefix()) {
            return self.append_node(store, path, page, key, value);
        }
        let head = NodeHead { level: node.level(), tree: self.id(), first_child: node.child(0) };
        let mut entries = Entries::of(node);
        entries.insert(index, key, value);
        let all = 0..entries.len();
        if entries.size(all.clone()) <= handle.len() {
            return store.edit(page, |bytes| entries.write(all, head, 0, bytes));
        }
        let split = choose_split(&mut entries, index, handle.len());
        let (separator, right_from, right_head) = if head.level == 0 {
            (self.leaf_separator(store, &entries, split)?, split, head)
        } else {
            // The entry at the split moves up; its child becomes the leftmost of the right node.
            let key = entries.key(split);
            let separator = Separator { inline: key.inline.to_vec(), chain: key.chain };
            (separator, split + 1, NodeHead { first_child: child_of(entries.value(split)), ..head })
        };
        let right = store.claim_page()?;
        store.edit(right, |bytes| entries.write(right_from..entries.len(), right_head, 0, bytes))?;
        let left = if path.is_empty() { store.claim_page()? } else { page };
        store.edit(left, |bytes| entries.write(0..split, head, 0, bytes))?;
        self.insert_separator(store, path, (page, left, right), head.level, &separator)
    }

    /// Appends an entry to a full node: the node stays as it is, so that ascending inserts fill their pages, and the
    /// entry starts a node of its own.
    fn append_node<M: MemoryAccess>(
        self,
        store: &mut M,
        path: Path,
        page: Page,
        key: StoredKey<'_>,
        value: Stored<'_>,
    ) -> MemoryResult<()> {
        let handle = store.page(page)?;
        let node = Node::new(&handle);
        let level = node.level();
        let mut entries = Entries::default();
        let mut last = Vec::new();
        node.push_key(node.count() - 1, &mut last);
        let last = StoredKey { inline: &last, chain: node.cell(node.count() - 1).key_chain };
        // Keys that follow will share what this one shares with its neighbour.
        let hint = common_prefix(last.inline, key.inline);
        let right = store.claim_page()?;
        let separator = if level == 0 {
            entries.insert(0, key, value);
            let head = NodeHead { level, tree: self.id(), first_child: 0 };
            store.edit(right, |bytes| entries.write(0..1, head, hint, bytes))?;
            let mut pair = Entries::default();
            pair.insert(0, last, Stored::Inline(&[]));
            pair.insert(1, key, Stored::Inline(&[]));
            self.leaf_separator(store, &pair, 1)?
        } else {
            // The entry moves up; its child becomes the leftmost of the right node.
            let head = NodeHead { level, tree: self.id(), first_child: child_of(value) };
            store.edit(right, |bytes| entries.write(0..0, head, 0, bytes))?;
            Separator { inline: key.inline.to_vec(), chain: key.chain }
        };
        let left = if path.is_empty() { store.claim_page()? } else { page };
        if left != page {
            store.restore(left, &handle)?;
        }
        self.insert_separator(store, path, (page, left, right), level, &separator)
    }

    /// Tells the parent of a node that was split. A root keeps its page: `left` then is another one.
    fn insert_separator<M: MemoryAccess>(
        self,
        store: &mut M,
        path: Path,
        (page, left, right): (Page, Page, Page),
        level: u8,
        separator: &Separator,
    ) -> MemoryResult<()> {
        let key = StoredKey { inline: &separator.inline, chain: separator.chain };
        let child = right.to_le_bytes();
        if !path.is_empty() {
            return self.insert_entry(store, path, key, Stored::Inline(&child));
        }
        let root = NodeHead { level: level + 1, tree: self.id(), first_child: left };
        let mut only = Entries::default();
        only.insert(0, key, Stored::Inline(&child));
        store.edit(page, |bytes| only.write(0..1, root, 0, bytes))
    }

    /// The shortest key that is above the last of the left leaf and not above the first of the right one.
    fn leaf_separator<M: MemoryAccess>(
        self,
        store: &mut M,
        entries: &Entries,
        split: usize,
    ) -> MemoryResult<Separator> {
        let (left, right) = (entries.key(split - 1), entries.key(split));
        let common = common_prefix(left.inline, right.inline);
        if let Some(inline) = right.inline.get(..=common) {
            return Ok(Separator { inline: inline.to_vec(), chain: None });
        }
        let mut keys = [left.inline.to_vec(), right.inline.to_vec()];
        for (key, chain) in keys.iter_mut().zip([left.chain, right.chain]) {
            if let Some(chain) = chain {
                overflow::read(store, chain, MAX_KEY_BYTES, key)?;
            }
        }
        let [left, mut right] = keys;
        right.truncate(common_prefix(&left, &right) + 1);
        let rest = right.split_off(inline_key_length(store.page_size() as usize).min(right.len()));
        let chain = if rest.is_empty() { None } else { Some(overflow::write(store, self.id(), &rest)?) };
        Ok(Separator { inline: right, chain })
    }
}

/// Where to split: in the middle. An entry that does not share the others' prefix stands at one end, and is split off
/// alone if the halves would not fit.
fn choose_split(entries: &mut Entries, index: usize, page_size: usize) -> usize {
    let candidates = [entries.middle(), index, index + 1];
    let find = |entries: &Entries| {
        candidates.into_iter().find(|split| {
            (1..entries.len()).contains(split)
                && entries.size(0..*split) <= page_size
                && entries.size(*split..entries.len()) <= page_size
        })
    };
    entries.share_prefix();
    if let Some(split) = find(entries) {
        return split;
    }
    entries.free_prefix();
    find(entries).unwrap_or(1)
}

/// The page number in a branch's entry.
pub(crate) fn child_of(value: Stored<'_>) -> Page {
    match value {
        Stored::Inline(bytes) => crate::bytes::u32_at(bytes, 0),
        Stored::Chain { .. } => 0,
    }
}
