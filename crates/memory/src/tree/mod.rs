//! B+trees: ordered maps from bytes to bytes on the pages of any [`MemoryAccess`].
//!
//! A [`Tree`] is just the number of its root page and of itself; everything else is in its pages. The root's page
//! number does not change while the tree holds anything: when the root splits, its content moves down. An empty tree
//! has no page at all.

mod check;
mod cursor;
mod edit;
mod entries;
mod merge;
mod node;
mod overflow;
mod path;
mod sound;
mod split;

use std::cmp::Ordering;

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

pub use check::{MAX_FINDINGS, NodeSummary, add_finding};
pub use cursor::Cursor;
pub use path::{Located, MAX_DEPTH};

use crate::access::{MemoryAccess, PageRef, REGISTRY_PAGE, RESERVED_PAGES};
use crate::tree::edit::StoredKey;
use crate::tree::entries::{Entries, NodeHead};
use crate::tree::node::{BRANCH, Node, Search, Step, Stored, cell_length, inline_key_length};
use crate::tree::path::Path;
use crate::tree::sound::unsound;

/// The longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 1 << 20;

/// The longest value, in bytes: 1 GiB less one.
pub const MAX_VALUE_BYTES: usize = (1 << 30) - 1;

/// An ordered map from bytes to bytes.
///
/// ```
/// use wasm_dbms_memory::{MemoryManager, Options, Tree};
///
/// let mut store = MemoryManager::in_memory(Options::new())?;
/// let mut tree = Tree::new(7);
/// tree.put(&mut store, b"b", b"2")?;
/// tree.put(&mut store, b"a", b"1")?;
/// assert_eq!(tree.get(&mut store, b"a")?.as_deref(), Some(&b"1"[..]));
/// assert!(tree.remove(&mut store, b"a")?);
/// assert_eq!(tree.get(&mut store, b"a")?.as_deref(), None);
/// # Ok::<(), wasm_dbms_api::MemoryError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tree {
    /// The root page, 0 while the tree is empty.
    root: Page,
    id: u32,
}

/// A value read from a tree: still in its page if it stands there, else with bytes of its own.
#[derive(Debug, Clone)]
pub enum ValueBytes {
    /// In its page.
    InPage(PageRef, usize, usize),
    /// Collected from a chain.
    Owned(Vec<u8>),
}

impl std::ops::Deref for ValueBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::InPage(page, start, end) => page.get(*start..*end).unwrap_or_default(),
            Self::Owned(bytes) => bytes,
        }
    }
}

impl Tree {
    /// An empty tree. The number tells its pages from those of other trees.
    pub const fn new(id: u32) -> Self {
        Self { root: 0, id }
    }

    /// The tree rooted at a page.
    pub const fn at(root: Page, id: u32) -> Self {
        Self { root, id }
    }

    /// The root page, 0 while the tree is empty.
    pub const fn root(self) -> Page {
        self.root
    }

    /// The number of the tree.
    pub const fn id(self) -> u32 {
        self.id
    }

    /// Looks at the value of a key in place: `look` gets the value's bytes. Returns whether the key is there.
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn look<M: MemoryAccess>(self, store: &mut M, key: &[u8], look: &mut dyn FnMut(&[u8])) -> MemoryResult<bool> {
        let mut page = self.root;
        let mut level = None;
        while page != 0 {
            // The leaf is searched and looked at in one view: a point read is the commonest call there is.
            let (step, is_seen) = store.view(page, |bytes| {
                let node = Node::new(bytes);
                let step = node.step(key);
                match (step.level, step.search) {
                    (0, Search::Found(index)) => match node.value_range(index) {
                        Some(range) => {
                            look(bytes.get(range).unwrap_or_default());
                            (step, true)
                        }
                        None => (step, false),
                    },
                    _ => (step, false),
                }
            })?;
            if level.is_some_and(|expected| step.level != expected) {
                return Err(broken_level(page, step.level));
            }
            match (step.level, step.search) {
                _ if is_seen => return Ok(true),
                // What chains must tell takes the long way.
                (_, Search::Tie(_)) | (0, Search::Found(_)) => {
                    let found = self.find(store, key)?;
                    return match found {
                        Some((page, index)) => self.look_in(store, page, index, look).map(|()| true),
                        None => Ok(false),
                    };
                }
                (0, _) => return Ok(false),
                (found_level, _) => {
                    level = Some(found_level - 1);
                    page = step.child;
                }
            }
        }
        Ok(false)
    }

    /// Looks at the value of a located entry in place.
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn look_at<M: MemoryAccess>(
        self,
        store: &mut M,
        located: &Located,
        look: &mut dyn FnMut(&[u8]),
    ) -> MemoryResult<()> {
        self.look_in(store, located.page(), located.index(), look)
    }

    /// Lets `change` overwrite the value of a key in place, keeping its length. Returns none if the key is not there, and
    /// false, changing nothing, if its value does not stand in its node.
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn change<M: MemoryAccess>(
        self,
        store: &mut M,
        key: &[u8],
        change: &mut dyn FnMut(&mut [u8]),
    ) -> MemoryResult<Option<bool>> {
        let Some((page, index)) = self.find(store, key)? else { return Ok(None) };
        let is_inline = store.view(page, |bytes| Node::new(bytes).value_range(index).is_some())?;
        if !is_inline {
            return Ok(Some(false));
        }
        store
            .edit(page, |bytes| {
                let range = Node::new(bytes).value_range(index);
                range.and_then(|range| bytes.get_mut(range)).map(change).is_some()
            })
            .map(Some)
    }

    /// The value of a key.
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn get<M: MemoryAccess>(self, store: &mut M, key: &[u8]) -> MemoryResult<Option<ValueBytes>> {
        let Some((page, index)) = self.find(store, key)? else { return Ok(None) };
        let page = store.page(page)?;
        value_of(store, self.id, &page, index).map(Some)
    }

    /// Whether there is an entry with this key.
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn contains<M: MemoryAccess>(self, store: &mut M, key: &[u8]) -> MemoryResult<bool> {
        self.find(store, key).map(|found| found.is_some())
    }

    /// The leaf and the place in it of a key that is there: [`locate`](Self::locate) without the way.
    fn find<M: MemoryAccess>(self, store: &mut M, key: &[u8]) -> MemoryResult<Option<(Page, usize)>> {
        let mut page = self.root;
        let mut level = None;
        while page != 0 {
            let Step { search, child, level: found_level } = self.step(store, page, key, level)?;
            if found_level == 0 {
                return Ok(match search {
                    Search::Found(index) => Some((page, index)),
                    _ => None,
                });
            }
            level = Some(found_level - 1);
            page = child;
        }
        Ok(None)
    }

    /// Searches one node: where the key is or would be, the child that leads on, the node's level.
    #[inline]
    fn step<M: MemoryAccess>(
        self,
        store: &mut M,
        page: Page,
        key: &[u8],
        expected_level: Option<u8>,
    ) -> MemoryResult<Step> {
        let mut step = store.view(page, |bytes| Node::new(bytes).step(key))?;
        if expected_level.is_some_and(|expected| step.level != expected) {
            return Err(broken_level(page, step.level));
        }
        if matches!(step.search, Search::Tie(_)) {
            (step.search, step.child) = self.search_with_chains(store, page, key)?;
        }
        Ok(step)
    }

    /// Where a key is or would be. Good until the tree changes.
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn locate<M: MemoryAccess>(self, store: &mut M, key: &[u8]) -> MemoryResult<Located> {
        let mut path = Path::default();
        if self.root == 0 {
            return Ok(Located::missing(path));
        }
        let mut page = self.root;
        let mut level = None;
        loop {
            let Step { search, child, level: found_level } = self.step(store, page, key, level)?;
            let (is_found, index) = match search {
                Search::Found(index) => (true, index),
                Search::Missing(index) | Search::Tie(index) => (false, index),
            };
            if found_level == 0 {
                path.push(page, index)?;
                return Ok(Located { path, is_found });
            }
            path.push(page, index + usize::from(is_found))?;
            level = Some(found_level - 1);
            page = check_child(page, child)?;
        }
    }

    /// Searches a node where only chains can tell.
    fn search_with_chains<M: MemoryAccess>(
        self,
        store: &mut M,
        page: Page,
        key: &[u8],
    ) -> MemoryResult<(Search, Page)> {
        let handle = store.page(page)?;
        let node = Node::new(&handle);
        let (mut low, mut high) = (0, node.count());
        let mut search = Search::Missing(0);
        while low < high {
            let middle = low.midpoint(high);
            match full_key(store, self.id, node, middle)?.as_slice().cmp(key) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => {
                    search = Search::Found(middle);
                    break;
                }
            }
        }
        let (search, position) = match search {
            Search::Found(index) => (search, index + 1),
            _ => (Search::Missing(low), low),
        };
        Ok((search, node.child(position)))
    }

    /// Sets the value of a key. Returns whether the key was there.
    ///
    /// # Errors
    /// [`MemoryError::LimitExceeded`] for a key or value too long; what the store says.
    pub fn put<M: MemoryAccess>(&mut self, store: &mut M, key: &[u8], value: &[u8]) -> MemoryResult<bool> {
        let located = self.locate(store, key)?;
        let was_there = located.is_found();
        if was_there {
            self.replace_at(store, located, key, value)?;
        } else {
            self.insert_at(store, located, key, value)?;
        }
        Ok(was_there)
    }

    /// Inserts an entry where [`locate`](Self::locate) found that its key is missing.
    ///
    /// # Errors
    /// [`MemoryError::LimitExceeded`] for a key or value too long; what the store says.
    pub fn insert_at<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        located: Located,
        key: &[u8],
        value: &[u8],
    ) -> MemoryResult<()> {
        check_length("the length of a key", key.len(), MAX_KEY_BYTES)?;
        check_length("the length of a value", value.len(), MAX_VALUE_BYTES)?;
        let mut path = located.path;
        if path.is_empty() {
            self.root = store.claim_page()?;
            self.clear_leaf(store, self.root)?;
            path.push(self.root, 0)?;
        }
        let page_size = store.page_size() as usize;
        let limit = inline_key_length(page_size);
        let (inline, rest) = key.split_at_checked(limit).unwrap_or((key, &[]));
        let chain = if rest.is_empty() { None } else { Some(overflow::write(store, self.id, rest)?) };
        let is_inline = inline.len() + value.len() + 16 <= cell_length(page_size);
        let stored = if is_inline {
            Stored::Inline(value)
        } else {
            Stored::Chain { length: value.len() as u32, first: overflow::write(store, self.id, value)? }
        };
        self.insert_entry(store, path, StoredKey { inline, chain }, stored)
    }

    /// Replaces the value of an entry that [`locate`](Self::locate) found.
    ///
    /// # Errors
    /// [`MemoryError::LimitExceeded`] for a value too long; what the store says.
    pub fn replace_at<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        located: Located,
        key: &[u8],
        value: &[u8],
    ) -> MemoryResult<()> {
        check_length("the length of a value", value.len(), MAX_VALUE_BYTES)?;
        let (page, index) = (located.page(), located.index());
        if store.edit(page, |bytes| edit::replace_value(bytes, index, value))? {
            return Ok(());
        }
        self.free_chains(store, page, index)?;
        self.remove_entry(store, page, index)?;
        self.insert_at(store, located, key, value)
    }

    /// Removes a key. Returns whether it was there.
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn remove<M: MemoryAccess>(&mut self, store: &mut M, key: &[u8]) -> MemoryResult<bool> {
        let located = self.locate(store, key)?;
        let was_there = located.is_found();
        if was_there {
            self.remove_at(store, located)?;
        }
        Ok(was_there)
    }

    /// Removes an entry that [`locate`](Self::locate) found.
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn remove_at<M: MemoryAccess>(&mut self, store: &mut M, located: Located) -> MemoryResult<()> {
        let (page, index) = (located.page(), located.index());
        self.free_chains(store, page, index)?;
        self.remove_entry(store, page, index)?;
        self.rebalance(store, located.path)
    }

    /// Removes an entry from its node.
    pub(crate) fn remove_entry<M: MemoryAccess>(self, store: &mut M, page: Page, index: usize) -> MemoryResult<()> {
        let is_done = store.edit(page, |bytes| edit::remove(bytes, self.id, index))?;
        if is_done { Ok(()) } else { Err(unsound(page, self.id)) }
    }

    /// Releases every page of the tree.
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn clear<M: MemoryAccess>(&mut self, store: &mut M) -> MemoryResult<()> {
        if self.root != 0 {
            self.clear_below(store, self.root, None)?;
            if self.root == REGISTRY_PAGE {
                self.clear_leaf(store, self.root)?;
            } else {
                store.unclaim_page(self.root)?;
                self.root = 0;
            }
        }
        Ok(())
    }

    /// Releases every page below this one. What was released is zero and so no node: no page is met twice.
    fn clear_below<M: MemoryAccess>(self, store: &mut M, page: Page, expected: Option<u8>) -> MemoryResult<()> {
        let handle = store.page(page)?;
        let node = Node::new(&handle);
        if !node.is_walkable(self.id) {
            return Err(unsound(page, self.id));
        }
        if expected.is_some_and(|level| level != node.level()) || usize::from(node.level()) >= MAX_DEPTH {
            return Err(broken_level(page, node.level()));
        }
        for index in 0..node.count() {
            self.free_chains(store, page, index)?;
        }
        if node.kind() == BRANCH {
            for position in 0..=node.count() {
                let child = node.child(position);
                self.clear_below(store, child, node.level().checked_sub(1))?;
                store.unclaim_page(child)?;
            }
        }
        Ok(())
    }

    /// Makes a page an empty leaf of this tree.
    pub(crate) fn clear_leaf<M: MemoryAccess>(self, store: &mut M, page: Page) -> MemoryResult<()> {
        let head = NodeHead { level: 0, tree: self.id, first_child: 0 };
        self.write_node(store, page, &Entries::default(), 0..0, head)
    }

    /// Releases the chains of an entry.
    fn free_chains<M: MemoryAccess>(self, store: &mut M, page: Page, index: usize) -> MemoryResult<()> {
        let (key, value) = store.view(page, |bytes| {
            let cell = Node::new(bytes).cell(index);
            let value = match cell.value {
                Stored::Chain { first, .. } => Some(first),
                Stored::Inline(_) => None,
            };
            (cell.key_chain, value)
        })?;
        for chain in [key, value].into_iter().flatten() {
            overflow::free(store, self.id, chain)?;
        }
        Ok(())
    }

    /// Calls `look` with the value of an entry, in place if it stands there.
    fn look_in<M: MemoryAccess>(
        self,
        store: &mut M,
        page: Page,
        index: usize,
        look: &mut dyn FnMut(&[u8]),
    ) -> MemoryResult<()> {
        let chain = store.view(page, |bytes| match Node::new(bytes).value_range(index) {
            Some(range) => {
                look(bytes.get(range).unwrap_or_default());
                None
            }
            None => match Node::new(bytes).cell(index).value {
                Stored::Chain { length, first } => Some((length, first)),
                Stored::Inline(_) => None,
            },
        })?;
        match chain {
            Some((length, first)) => {
                look(&read_chain(store, self.id, length, first)?);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// The whole key of an entry.
pub(crate) fn full_key<M: MemoryAccess>(
    store: &mut M,
    tree: u32,
    node: Node<'_>,
    index: usize,
) -> MemoryResult<Vec<u8>> {
    let mut key = Vec::new();
    node.push_key(index, &mut key);
    if let Some(chain) = node.cell(index).key_chain {
        overflow::read(store, tree, chain, MAX_KEY_BYTES, &mut key)?;
    }
    Ok(key)
}

/// The value of an entry.
pub(crate) fn value_of<M: MemoryAccess>(
    store: &mut M,
    tree: u32,
    page: &PageRef,
    index: usize,
) -> MemoryResult<ValueBytes> {
    let node = Node::new(page);
    let cell = node.cell(index);
    match cell.value {
        Stored::Inline(value) => {
            let end = node.offset(index).wrapping_add(cell.length);
            Ok(ValueBytes::InPage(page.clone(), end.saturating_sub(value.len()), end))
        }
        Stored::Chain { length, first } => read_chain(store, tree, length, first).map(ValueBytes::Owned),
    }
}

fn read_chain<M: MemoryAccess>(store: &mut M, tree: u32, length: u32, first: Page) -> MemoryResult<Vec<u8>> {
    let mut bytes = Vec::new();
    overflow::read(store, tree, first, length as usize, &mut bytes)?;
    if bytes.len() != length as usize {
        return Err(MemoryError::corrupt(format!(
            "the overflow chain at page {first} holds {} bytes, its entry says {length}",
            bytes.len()
        )));
    }
    Ok(bytes)
}

fn check_length(what: &'static str, length: usize, limit: usize) -> MemoryResult<()> {
    if length > limit { Err(MemoryError::LimitExceeded { what, limit: limit as u64 }) } else { Ok(()) }
}

/// No page of a tree but the registry's root is one of the store's own.
#[inline]
fn check_child(parent: Page, child: Page) -> MemoryResult<Page> {
    if child < RESERVED_PAGES {
        return Err(MemoryError::corrupt(format!("page {parent} leads to the reserved page {child}")));
    }
    Ok(child)
}

fn broken_level(page: Page, found: u8) -> MemoryError {
    MemoryError::corrupt(format!("page {page} has level {found}, which its parent does not expect"))
}
