//! Inserting an entry, splitting nodes on the way up where there is no room.

use std::ops::Range;

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::MemoryAccess;
use crate::tree::edit::{self, Insertion, StoredKey};
use crate::tree::entries::{Entries, NodeHead, common_prefix};
use crate::tree::halves::Halves;
use crate::tree::node::{Node, Stored, inline_key_length};
use crate::tree::path::Path;
use crate::tree::sound::unsound;
use crate::tree::{MAX_KEY_BYTES, Tree, overflow};

/// A key taken out of its node, chain included.
pub(crate) struct Separator {
    pub(crate) inline: Vec<u8>,
    pub(crate) chain: Option<Page>,
}

impl Tree {
    /// Inserts an entry at the lowest step of `path`. Returns whether it went into that node as it is.
    pub(crate) fn insert_entry<M: MemoryAccess>(
        self,
        store: &mut M,
        mut path: Path,
        key: StoredKey<'_>,
        value: Stored<'_>,
    ) -> MemoryResult<bool> {
        let Some((page, index)) = path.pop() else { return Ok(false) };
        match store.edit_parts(page, |bytes, parts| edit::insert(bytes, parts, self.id(), index, key, value))? {
            Insertion::Done => return Ok(true),
            Insertion::NoRoom => {}
            Insertion::Unsound => return Err(unsound(page, self.id())),
        }
        let handle = store.page(page)?;
        let node = Node::new(&handle);
        let is_at_end = index == node.count() && index > 1;
        if is_at_end && node.takes(value) && key.inline.starts_with(node.prefix()) {
            return self.append_node(store, path, page, key, value, None).map(|()| false);
        }
        if node.is_leaf() && self.split_leaf(store, path, page, index, key, value)? {
            return Ok(false);
        }
        let head = NodeHead { level: node.level(), tree: self.id(), first_child: node.child(0) };
        let mut entries = Entries::of(node).ok_or_else(|| unsound(page, self.id()))?;
        entries.insert(index, key, value);
        let all = 0..entries.len();
        if entries.size(all.clone()) <= handle.len() {
            return self.write_node(store, page, &entries, all, head).map(|()| true);
        }
        let split = choose_split(&mut entries, index, handle.len()).ok_or_else(|| unsound(page, self.id()))?;
        let (separator, right_from, right_head) = if head.level == 0 {
            (self.leaf_separator(store, &entries, split)?, split, head)
        } else {
            // The entry at the split moves up; its child becomes the leftmost of the right node.
            let key = entries.key(split);
            let separator = Separator { inline: key.inline.to_vec(), chain: key.chain };
            (separator, split + 1, NodeHead { first_child: child_of(entries.value(split)), ..head })
        };
        let right = store.claim_page()?;
        self.write_node(store, right, &entries, right_from..entries.len(), right_head)?;
        let left = if path.is_empty() { store.claim_page()? } else { page };
        self.write_node(store, left, &entries, 0..split, head)?;
        self.insert_separator(store, path, (page, left, right), head.level, &separator)?;
        Ok(false)
    }

    /// Lets an entry at the end of a leaf begin a new one, though there may be room; where it cannot, inserts it. The keys
    /// that follow share so many bytes with it.
    pub(crate) fn begin_leaf<M: MemoryAccess>(
        self,
        store: &mut M,
        mut path: Path,
        key: StoredKey<'_>,
        value: Stored<'_>,
        hint: usize,
    ) -> MemoryResult<bool> {
        let way = path;
        let Some((page, index)) = path.pop() else { return Ok(false) };
        let is_end = store.view(page, |bytes| {
            let node = Node::new(bytes);
            node.is_of(self.id()) && node.is_leaf() && index == node.count() && index > 1
        })?;
        if is_end {
            self.append_node(store, path, page, key, value, Some(hint)).map(|()| false)
        } else {
            self.insert_entry(store, way, key, value)
        }
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
        hint: Option<usize>,
    ) -> MemoryResult<()> {
        let handle = store.page(page)?;
        let node = Node::new(&handle);
        let level = node.level();
        let mut entries = Entries::default();
        let mut last = Vec::new();
        node.push_key(node.count() - 1, &mut last);
        let last = StoredKey { inline: &last, chain: node.cell(node.count() - 1).key_chain };
        // If nothing better is known, keys that follow will share what this one shares with its neighbour.
        let hint = hint.unwrap_or_else(|| common_prefix(last.inline, key.inline));
        let right = store.claim_page()?;
        let separator = if level == 0 {
            entries.insert(0, key, value);
            let head = NodeHead { level, tree: self.id(), first_child: 0 };
            if !store.edit(right, |bytes| entries.write(0..1, head, hint, bytes))? {
                return Err(unsound(page, self.id()));
            }
            let mut pair = Entries::default();
            pair.insert(0, last, Stored::Inline(&[]));
            pair.insert(1, key, Stored::Inline(&[]));
            self.leaf_separator(store, &pair, 1)?
        } else {
            // The entry moves up; its child becomes the leftmost of the right node.
            let head = NodeHead { level, tree: self.id(), first_child: child_of(value) };
            self.write_node(store, right, &entries, 0..0, head)?;
            Separator { inline: key.inline.to_vec(), chain: key.chain }
        };
        let left = if path.is_empty() { store.claim_page()? } else { page };
        if left != page {
            store.restore(left, &handle)?;
        }
        self.insert_separator(store, path, (page, left, right), level, &separator)
    }

    /// Splits a full leaf whose halves keep its prefix: their cells move as they are. False, and nothing is changed, if
    /// the prefix could grow.
    fn split_leaf<M: MemoryAccess>(
        self,
        store: &mut M,
        path: Path,
        page: Page,
        index: usize,
        key: StoredKey<'_>,
        value: Stored<'_>,
    ) -> MemoryResult<bool> {
        let handle = store.page(page)?;
        let node = Node::new(&handle);
        let Some(halves) = Halves::of(node, index, key, value) else { return Ok(false) };
        let split = halves.split;
        // The new entry goes left where it stands at the split, so it is on one side of it or the other.
        let is_left = index <= split;
        let mut neighbour = Vec::new();
        let (mut pair, stored) = (Entries::default(), Stored::Inline(&[]));
        let mut push = |pair: &mut Entries, index: usize| {
            neighbour.clear();
            node.push_key(index, &mut neighbour);
            pair.insert(pair.len(), StoredKey { inline: &neighbour, chain: node.cell(index).key_chain }, stored);
        };
        if index == split {
            pair.insert(0, key, stored);
        } else {
            push(&mut pair, split - 1);
        }
        push(&mut pair, split);
        let separator = self.leaf_separator(store, &pair, 1)?;

        let right = store.claim_page()?;
        let left = if path.is_empty() { store.claim_page()? } else { page };
        store.edit(right, |bytes| halves.write_right(bytes))?;
        store.edit(left, |bytes| halves.write_left(bytes))?;
        let (target, index) = if is_left { (left, index) } else { (right, index - split) };
        let insertion =
            store.edit_parts(target, |bytes, parts| edit::insert(bytes, parts, self.id(), index, key, value))?;
        if insertion != Insertion::Done {
            return Err(unsound(page, self.id()));
        }
        self.insert_separator(store, path, (page, left, right), 0, &separator)?;
        Ok(true)
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
            return self.insert_entry(store, path, key, Stored::Inline(&child)).map(|_| ());
        }
        let root = NodeHead { level: level + 1, tree: self.id(), first_child: left };
        let mut only = Entries::default();
        only.insert(0, key, Stored::Inline(&child));
        self.write_node(store, page, &only, 0..1, root)
    }

    /// Lays a page out as a node of these entries, which fit.
    pub(crate) fn write_node<M: MemoryAccess>(
        self,
        store: &mut M,
        page: Page,
        entries: &Entries,
        range: Range<usize>,
        head: NodeHead,
    ) -> MemoryResult<()> {
        let fits = store.edit(page, |bytes| entries.write(range, head, 0, bytes))?;
        if fits { Ok(()) } else { Err(unsound(page, self.id())) }
    }

    /// The shortest key that is above the last of the left leaf and not above the first of the right one.
    pub(crate) fn leaf_separator<M: MemoryAccess>(
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
                overflow::read(store, self.id(), chain, MAX_KEY_BYTES, key)?;
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
/// alone if the halves would not fit. None if nothing fits: then the keys are not in order.
fn choose_split(entries: &mut Entries, index: usize, page_size: usize) -> Option<usize> {
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
        return Some(split);
    }
    entries.free_prefix();
    find(entries)
}

/// The page number in a branch's entry.
pub(crate) fn child_of(value: Stored<'_>) -> Page {
    match value {
        Stored::Inline(bytes) => crate::bytes::u32_at(bytes, 0),
        Stored::Chain { .. } => 0,
    }
}
