//! B+trees: ordered maps from bytes to bytes on the pages of any [`MemoryAccess`].
//!
//! A [`Tree`] is just the number of its root page and of itself; everything else is in its pages. The root's page
//! number does not change while the tree holds anything: when the root splits, its content moves down. An empty tree
//! has no page at all.

mod absorb;
mod batch;
mod check;
mod cursor;
mod descent;
mod edit;
mod entries;
mod halves;
mod merge;
mod near;
mod node;
mod overflow;
mod pack;
mod path;
mod put_run;
mod range;
mod read;
mod relocate;
mod search;
mod share;
mod sound;
mod split;
mod standing;
mod tail;

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

pub use batch::{LeafBatch, PageValues, Span};
pub use check::{MAX_FINDINGS, NodeSummary, add_finding};
pub use cursor::Cursor;
pub use path::{Located, MAX_DEPTH};
pub use read::{Place, ValueBytes};
pub use relocate::{ChainWalk, Targets};
pub use tail::Tail;

use crate::access::{MemoryAccess, REGISTRY_PAGE, RESERVED_PAGES};
use crate::tree::edit::{Removal, StoredKey};
use crate::tree::entries::{Entries, NodeHead};
use crate::tree::node::{BRANCH, Node, Stored, cell_length, inline_key_length};
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

impl Tree {
    /// An empty tree. The number tells its pages from those of other trees.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// assert_eq!(Tree::new(8).root(), 0);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub const fn new(id: u32) -> Self {
        Self { root: 0, id }
    }

    /// The tree rooted at a page.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let again = Tree::at(tree.root(), tree.id());
    /// assert!(again.contains(&mut store, b"a")?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub const fn at(root: Page, id: u32) -> Self {
        Self { root, id }
    }

    /// The root page, 0 while the tree is empty.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// assert_ne!(tree.root(), 0);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub const fn root(self) -> Page {
        self.root
    }

    /// The number of the tree.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// assert_eq!(tree.id(), 7);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub const fn id(self) -> u32 {
        self.id
    }

    /// Lets `change` overwrite the value of a key in place, keeping its length. Returns none if the key is not there, and
    /// false, changing nothing, if its value does not stand in its node.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// tree.change(&mut store, b"a", &mut |value| value[0] = b'V')?;
    /// assert_eq!(tree.get(&mut store, b"a")?.as_deref(), Some(&b"Value"[..]));
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
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
        store.edit_parts(page, |bytes, parts| edit::value_mut(bytes, parts, index).map(change).is_some()).map(Some)
    }

    /// Sets the value of a key. Returns whether the key was there.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// assert!(!tree.put(&mut store, b"d", b"new")?);
    /// assert!(tree.put(&mut store, b"d", b"newer")?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
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

    /// Inserts an entry where [`locate`](Self::locate) found that its key is missing. Returns whether it went into its
    /// leaf, so that the ways to all leaves are still right.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let place = tree.locate(&mut store, b"d")?;
    /// assert!(!place.is_found());
    /// tree.insert_at(&mut store, place, b"d", b"new")?;
    /// assert!(tree.contains(&mut store, b"d")?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// [`MemoryError::LimitExceeded`] for a key or value too long; what the store says.
    pub fn insert_at<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        located: Located,
        key: &[u8],
        value: &[u8],
    ) -> MemoryResult<bool> {
        self.insert_or_append(store, located, key, value, None)
    }

    /// As [`insert_at`](Self::insert_at); with `new_leaf` the entry begins a leaf after that one if it can, and keys that
    /// share so many bytes with it will follow.
    fn insert_or_append<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        located: Located,
        key: &[u8],
        value: &[u8],
        new_leaf: Option<usize>,
    ) -> MemoryResult<bool> {
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
        let key = StoredKey { inline, chain };
        match new_leaf {
            Some(hint) => self.begin_leaf(store, path, key, stored, hint),
            None => self.insert_entry(store, path, key, stored),
        }
    }

    /// Replaces the value of an entry that [`locate`](Self::locate) found.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let place = tree.locate(&mut store, b"a")?;
    /// tree.replace_at(&mut store, place, b"a", b"other")?;
    /// assert_eq!(tree.get(&mut store, b"a")?.as_deref(), Some(&b"other"[..]));
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
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
        if store.edit_parts(page, |bytes, parts| edit::replace_value(bytes, parts, index, value))? {
            return Ok(());
        }
        self.free_chains(store, page, index)?;
        self.remove_entry(store, page, index)?;
        self.insert_at(store, located, key, value).map(|_| ())
    }

    /// Removes a key. Returns whether it was there.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// assert!(tree.remove(&mut store, b"a")?);
    /// assert!(!tree.remove(&mut store, b"a")?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
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
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let place = tree.locate(&mut store, b"a")?;
    /// tree.remove_at(&mut store, place)?;
    /// assert!(!tree.contains(&mut store, b"a")?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn remove_at<M: MemoryAccess>(&mut self, store: &mut M, located: Located) -> MemoryResult<()> {
        let (page, index) = (located.page(), located.index());
        match store.edit_parts(page, |bytes, parts| edit::remove(bytes, parts, self.id, index, false))? {
            Removal::Done => Ok(()),
            Removal::DoneAndSparse => self.rebalance(store, located.path),
            Removal::HasChain => {
                self.free_chains(store, page, index)?;
                self.remove_entry(store, page, index)?;
                self.rebalance(store, located.path)
            }
            Removal::Unsound => Err(unsound(page, self.id)),
        }
    }

    /// Removes an entry from its node; its chains are released, or somebody else's.
    pub(crate) fn remove_entry<M: MemoryAccess>(self, store: &mut M, page: Page, index: usize) -> MemoryResult<()> {
        match store.edit_parts(page, |bytes, parts| edit::remove(bytes, parts, self.id, index, true))? {
            Removal::Done | Removal::DoneAndSparse => Ok(()),
            Removal::HasChain | Removal::Unsound => Err(unsound(page, self.id)),
        }
    }

    /// Releases every page of the tree.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// tree.clear(&mut store)?;
    /// assert_eq!(tree.root(), 0);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
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

    /// Releases every page below this one. What was released is zero and so no node: no page is met twice. Returns how many
    /// entries there were.
    fn clear_below<M: MemoryAccess>(self, store: &mut M, page: Page, expected: Option<u8>) -> MemoryResult<u64> {
        let handle = store.page(page)?;
        let node = Node::new(&handle);
        if !node.is_walkable(self.id) {
            return Err(unsound(page, self.id));
        }
        if expected.is_some_and(|level| level != node.level()) || usize::from(node.level()) >= MAX_DEPTH {
            return Err(broken_level(page, node.level()));
        }
        for index in 0..node.count() {
            let (key_chain, value_chain) = node.cell(index).chains();
            self.free_both(store, key_chain, value_chain)?;
        }
        if node.kind() != BRANCH {
            return Ok(node.count() as u64);
        }
        let mut entries = 0;
        for position in 0..=node.count() {
            let child = node.child(position);
            entries += self.clear_below(store, child, node.level().checked_sub(1))?;
            store.unclaim_page(child)?;
        }
        Ok(entries)
    }

    /// Makes a page an empty leaf of this tree.
    pub(crate) fn clear_leaf<M: MemoryAccess>(self, store: &mut M, page: Page) -> MemoryResult<()> {
        let head = NodeHead { level: 0, tree: self.id, first_child: 0 };
        self.write_node(store, page, &Entries::default(), 0..0, head)
    }

    /// Releases the chains of an entry.
    fn free_chains<M: MemoryAccess>(self, store: &mut M, page: Page, index: usize) -> MemoryResult<()> {
        let (key_chain, value_chain) = store.view(page, |bytes| Node::new(bytes).cell(index).chains())?;
        self.free_both(store, key_chain, value_chain)
    }

    fn free_both<M: MemoryAccess>(self, store: &mut M, key: Option<Page>, value: Option<Page>) -> MemoryResult<()> {
        let mut chains = key.into_iter().chain(value);
        chains.try_for_each(|chain| overflow::free(store, self.id, chain))
    }
}

fn check_length(what: &'static str, length: usize, limit: usize) -> MemoryResult<()> {
    if length > limit { Err(Box::new(MemoryError::LimitExceeded { what, limit: limit as u64 })) } else { Ok(()) }
}

/// No page of a tree but the registry's root is one of the store's own.
#[inline]
fn check_child(parent: Page, child: Page) -> MemoryResult<Page> {
    if child < RESERVED_PAGES {
        return Err(MemoryError::corrupt_with(format_args!("page {parent} leads to the reserved page {child}")));
    }
    Ok(child)
}

fn broken_level(page: Page, found: u8) -> Box<MemoryError> {
    MemoryError::corrupt_with(format_args!("page {page} has level {found}, which its parent does not expect"))
}
