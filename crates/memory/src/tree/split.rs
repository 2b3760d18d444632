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
        let head = NodeHead { level: node.level(), tree: self.id(), first_child: node.child(0) };
        let mut entries = Entries::of(node);
        let is_last = index == entries.len();
        entries.insert(index, key, value);
        let all = 0..entries.len();
        if entries.size(all.clone()) <= handle.len() {
            return store.edit(page, |bytes| entries.write(all, head, 0, bytes));
        }
        let split = choose_split(&entries, index, is_last, handle.len());
        let (separator, right_from, right_head) = if head.level == 0 {
            (self.leaf_separator(store, &entries, split)?, split, head)
        } else {
            // The entry at the split moves up; its child becomes the leftmost of the right node.
            let key = entries.key(split);
            let separator = Separator { inline: key.inline.to_vec(), chain: key.chain };
            (separator, split + 1, NodeHead { first_child: child_of(entries.value(split)), ..head })
        };
        let right = store.claim_page()?;
        // Keys that follow an appended one will share what it shares with its neighbour.
        let hint = common_prefix(entries.key(split.saturating_sub(1)).inline, entries.key(split).inline);
        store.edit(right, |bytes| entries.write(right_from..entries.len(), right_head, hint, bytes))?;
        let key = StoredKey { inline: &separator.inline, chain: separator.chain };
        let child = right.to_le_bytes();
        if path.is_empty() {
            // The root keeps its page: its left half moves down.
            let left = store.claim_page()?;
            store.edit(left, |bytes| entries.write(0..split, head, 0, bytes))?;
            let root = NodeHead { level: head.level + 1, tree: self.id(), first_child: left };
            let mut only = Entries::default();
            only.insert(0, key, Stored::Inline(&child));
            return store.edit(page, |bytes| only.write(0..1, root, 0, bytes));
        }
        store.edit(page, |bytes| entries.write(0..split, head, 0, bytes))?;
        self.insert_entry(store, path, key, Stored::Inline(&child))
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

/// Where to split: at the end for an append, so that ascending inserts fill their pages; else in the middle. An entry
/// that does not share the others' prefix stands at one end, and is split off alone if the halves would not fit.
fn choose_split(entries: &Entries, index: usize, is_last: bool, page_size: usize) -> usize {
    let preferred = if is_last { index } else { entries.middle() };
    let candidates = [preferred, index, index + 1];
    let fits = |split: &usize| {
        (1..entries.len()).contains(split)
            && entries.size(0..*split) <= page_size
            && entries.size(*split..entries.len()) <= page_size
    };
    candidates.into_iter().find(fits).unwrap_or(preferred)
}

/// The page number in a branch's entry.
pub(crate) fn child_of(value: Stored<'_>) -> Page {
    match value {
        Stored::Inline(bytes) => crate::bytes::u32_at(bytes, 0),
        Stored::Chain { .. } => 0,
    }
}
