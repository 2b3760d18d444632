//! Walking a tree in order, both ways.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{KeyRange, MemoryAccess, PageRef};
use crate::tree::Tree;
use crate::tree::node::{BRANCH, Node};
use crate::tree::path::MAX_DEPTH;
use crate::tree::read::{ValueBytes, full_key, value_of};
use crate::tree::search::Search;
use crate::tree::sound::unsound;

/// A place in a tree, on an entry or past either end. It holds handles on the pages it stands in, so it sees the tree
/// as it was when it came there; after a change of the tree, [`seek`](Self::seek) again.
#[derive(Debug, Clone)]
pub struct Cursor {
    pub(super) tree: Tree,
    /// Branches from the root down, each with the position of the child taken.
    pub(super) branches: Vec<(PageRef, usize)>,
    pub(super) leaf: Option<PageRef>,
    /// The number of the leaf's page.
    pub(super) page: Page,
    index: usize,
    count: usize,
    /// Entries at or above this key are not part of the walk.
    pub(super) end: Option<Vec<u8>>,
    /// Whether the end lies in this leaf.
    is_last_leaf: bool,
    /// How many leaves the walk is to the right of the one it began in; a tree cannot have more than there are pages.
    pub(super) leaves: i64,
}

impl Tree {
    /// A cursor on nothing yet.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// assert!(cursor.first(&mut store)?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn cursor(self) -> Cursor {
        Cursor {
            tree: self,
            branches: Vec::new(),
            leaf: None,
            page: 0,
            index: 0,
            count: 0,
            end: None,
            is_last_leaf: false,
            leaves: 0,
        }
    }
}

impl Cursor {
    /// Ends the walk forward before the first entry at or above `end`. Costs one search a leaf, nothing an entry.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor().until(Some(b"b".to_vec()));
    /// assert!(cursor.first(&mut store)?);
    /// assert!(!cursor.next(&mut store)?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[must_use]
    pub fn until(mut self, end: Option<Vec<u8>>) -> Self {
        self.end = end;
        self
    }

    /// The tree that it walks.
    ///
    /// ```
    /// # use wasm_dbms_memory::Tree;
    /// assert_eq!(Tree::new(7).cursor().tree(), Tree::new(7));
    /// ```
    #[inline]
    pub fn tree(&self) -> Tree {
        self.tree
    }

    /// Leaves where it stands, lets go of every page, and walks this tree from the next [`seek`](Self::seek) on, in the
    /// memory that it has.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let (mut one, mut other) = (Tree::new(7), Tree::new(8));
    /// # one.put(&mut store, b"a", b"value")?;
    /// # other.put(&mut store, b"b", b"value")?;
    /// let mut cursor = one.cursor();
    /// assert!(cursor.seek(&mut store, b"a")?);
    /// cursor.turn_to(other);
    /// assert!(!cursor.is_on_entry());
    /// assert!(cursor.seek(&mut store, b"b")?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn turn_to(&mut self, tree: Tree) {
        self.tree = tree;
        self.branches.clear();
        self.leave();
        self.end = None;
        self.leaves = 0;
    }

    /// As [`until`](Self::until), from the next [`seek`](Self::seek) on.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// cursor.set_end(Some(b"b".to_vec()));
    /// assert!(!cursor.seek(&mut store, b"b")?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn set_end(&mut self, end: Option<Vec<u8>>) {
        self.end = end;
    }

    /// Goes to the first entry at or above `key`. Returns whether there is one.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// assert!(cursor.seek(&mut store, b"aa")?);
    /// let mut key = Vec::new();
    /// cursor.read_key(&mut store, &mut key)?;
    /// assert_eq!(key, b"b");
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn seek<M: MemoryAccess>(&mut self, store: &mut M, key: &[u8]) -> MemoryResult<bool> {
        store.note_read(self.tree.id(), KeyRange::From(key, self.end.as_deref()));
        self.go_to(store, key)
    }

    /// As [`seek`](Self::seek), of which the store has heard.
    pub(crate) fn go_to<M: MemoryAccess>(&mut self, store: &mut M, key: &[u8]) -> MemoryResult<bool> {
        self.branches.clear();
        self.leave();
        self.leaves = 0;
        if self.tree.root() != 0 {
            self.descend_to(store, self.tree.root(), None, key)?;
        }
        self.settle_forward(store)
    }

    /// Goes down from `page` to where `key` is or would be.
    pub(super) fn descend_to<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        page: Page,
        level: Option<u8>,
        key: &[u8],
    ) -> MemoryResult<()> {
        let tree = self.tree;
        self.descend(store, page, level, &mut |store, node, page| match node.search(key) {
            Search::Tie(_) => {
                let (search, _) = tree.search_with_chains(store, page, key)?;
                Ok(position(search, node))
            }
            search => Ok(position(search, node)),
        })
    }

    /// Goes to the last entry below `key`. Returns whether there is one.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// assert!(cursor.seek_before(&mut store, b"b")?);
    /// let mut key = Vec::new();
    /// cursor.read_key(&mut store, &mut key)?;
    /// assert_eq!(key, b"a");
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn seek_before<M: MemoryAccess>(&mut self, store: &mut M, key: &[u8]) -> MemoryResult<bool> {
        store.note_read(self.tree.id(), KeyRange::From(&[], Some(key)));
        if self.go_to(store, key)? { self.prev(store) } else { self.go_to_last(store) }
    }

    /// Goes to the first entry. Returns whether there is one.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// assert!(cursor.first(&mut store)?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn first<M: MemoryAccess>(&mut self, store: &mut M) -> MemoryResult<bool> {
        store.note_read(self.tree.id(), KeyRange::From(&[], self.end.as_deref()));
        self.descend_from_root(store, &mut |_, _, _| Ok(0))?;
        self.settle_forward(store)
    }

    /// Goes to the last entry. Returns whether there is one.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// assert!(cursor.last(&mut store)?);
    /// assert!(!cursor.next(&mut store)?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn last<M: MemoryAccess>(&mut self, store: &mut M) -> MemoryResult<bool> {
        store.note_read(self.tree.id(), KeyRange::From(&[], None));
        self.go_to_last(store)
    }

    fn go_to_last<M: MemoryAccess>(&mut self, store: &mut M) -> MemoryResult<bool> {
        self.descend_from_root(store, &mut |_, node, _| Ok(node.count()))?;
        self.index = self.count;
        self.prev(store)
    }

    /// Goes to the next entry. Returns whether there is one.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// let mut is_on_entry = cursor.first(&mut store)?;
    /// let mut count = 0;
    /// while is_on_entry {
    ///     count += 1;
    ///     is_on_entry = cursor.next(&mut store)?;
    /// }
    /// assert_eq!(count, 3);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    #[inline]
    pub fn next<M: MemoryAccess>(&mut self, store: &mut M) -> MemoryResult<bool> {
        self.index += 1;
        if self.index < self.count { Ok(true) } else { self.settle_forward(store) }
    }

    /// Goes to the entry before. Returns whether there is one. A walk backwards begins with
    /// [`seek_before`](Self::seek_before) or [`last`](Self::last): they say what it reads.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// cursor.last(&mut store)?;
    /// assert!(cursor.prev(&mut store)?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn prev<M: MemoryAccess>(&mut self, store: &mut M) -> MemoryResult<bool> {
        loop {
            if self.leaf.is_some() && self.index > 0 {
                self.index -= 1;
                return Ok(true);
            }
            while self.branches.last().is_some_and(|(_, position)| *position == 0) {
                self.branches.pop();
            }
            let Some((page, position)) = self.branches.last_mut() else {
                self.leave();
                return Ok(false);
            };
            *position -= 1;
            self.leaves -= 1;
            let node = Node::new(page);
            let (child, level) = (node.child(*position), node.level());
            self.descend(store, child, level.checked_sub(1), &mut |_, node, _| Ok(node.count()))?;
            self.index = self.count;
        }
    }

    /// Whether the cursor stands on an entry.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// assert!(!cursor.is_on_entry());
    /// cursor.first(&mut store)?;
    /// assert!(cursor.is_on_entry());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn is_on_entry(&self) -> bool {
        self.leaf.is_some() && self.index < self.count
    }

    /// The page the cursor stands in; the same handle as long as it stays there.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// cursor.first(&mut store)?;
    /// assert!(cursor.leaf().is_some());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn leaf(&self) -> Option<&PageRef> {
        self.leaf.as_ref()
    }

    /// The place of the entry in its page.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// cursor.last(&mut store)?;
    /// assert_eq!(cursor.index(), 2);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The page that a walk forward comes to after this leaf, unless it ends here or goes up further.
    pub(crate) fn child_ahead(&self) -> Option<Page> {
        let (page, position) = self.branches.last().filter(|_| !self.is_last_leaf)?;
        let node = Node::new(page);
        (*position < node.count()).then(|| node.child(position + 1))
    }

    /// Where the walk ends in this leaf.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    #[inline]
    pub(crate) fn tree_id(&self) -> u32 {
        self.tree.id()
    }

    /// Goes to an entry of the leaf that the walk is in.
    #[inline]
    pub(crate) fn stand_on(&mut self, index: usize) {
        self.index = index;
    }

    /// Sets `key` to the key of the entry.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// cursor.first(&mut store)?;
    /// let mut key = Vec::new();
    /// cursor.read_key(&mut store, &mut key)?;
    /// assert_eq!(key, b"a");
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    #[inline]
    pub fn read_key<M: MemoryAccess>(&self, store: &mut M, key: &mut Vec<u8>) -> MemoryResult<()> {
        self.read_key_after(store, key, false)
    }

    /// As [`read_key`](Self::read_key); `is_same_leaf` says that `key` holds a key of the very leaf the cursor is in.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// let mut key = Vec::new();
    /// cursor.first(&mut store)?;
    /// cursor.read_key(&mut store, &mut key)?;
    /// cursor.next(&mut store)?;
    /// cursor.read_key_after(&mut store, &mut key, true)?;
    /// assert_eq!(key, b"b");
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    #[inline]
    pub fn read_key_after<M: MemoryAccess>(
        &self,
        store: &mut M,
        key: &mut Vec<u8>,
        is_same_leaf: bool,
    ) -> MemoryResult<()> {
        let Some(leaf) = &self.leaf else {
            key.clear();
            return Ok(());
        };
        let node = Node::new(leaf);
        if !node.read_key(self.index, key, is_same_leaf) {
            *key = full_key(store, self.tree.id(), node, self.index)?;
        }
        Ok(())
    }

    /// The value of the entry.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// cursor.first(&mut store)?;
    /// assert_eq!(&*cursor.value(&mut store)?, b"value");
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn value<M: MemoryAccess>(&self, store: &mut M) -> MemoryResult<ValueBytes> {
        match &self.leaf {
            Some(leaf) => value_of(store, self.tree.id(), leaf, self.index),
            None => Ok(ValueBytes::Owned(Vec::new())),
        }
    }

    /// Where the value stands in the page, if it stands there.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// cursor.first(&mut store)?;
    /// assert_eq!(cursor.value_range().map(|range| range.len()), Some(5));
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn value_range(&self) -> Option<std::ops::Range<usize>> {
        Node::new(self.leaf.as_ref()?).value_range(self.index)
    }

    /// Stands on the entry at `index`, or goes on to the first of the pages that follow.
    pub(super) fn settle_forward<M: MemoryAccess>(&mut self, store: &mut M) -> MemoryResult<bool> {
        loop {
            if self.leaf.is_some() && self.index < self.count {
                return Ok(true);
            }
            if self.is_last_leaf {
                // The leaf is where a key near by is looked for.
                self.index = self.count;
                return Ok(false);
            }
            while self.branches.last().is_some_and(|(page, position)| *position >= Node::new(page).count()) {
                self.branches.pop();
            }
            let Some((page, position)) = self.branches.last_mut() else {
                self.leave();
                return Ok(false);
            };
            *position += 1;
            self.leaves += 1;
            let node = Node::new(page);
            let (child, level) = (node.child(*position), node.level());
            self.descend(store, child, level.checked_sub(1), &mut |_, _, _| Ok(0))?;
        }
    }

    fn leave(&mut self) {
        self.leaf = None;
        self.index = 0;
        self.count = 0;
        self.is_last_leaf = false;
    }

    fn descend_from_root<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        choose: &mut dyn FnMut(&mut M, Node<'_>, Page) -> MemoryResult<usize>,
    ) -> MemoryResult<()> {
        self.branches.clear();
        self.leave();
        self.leaves = 0;
        if self.tree.root() == 0 { Ok(()) } else { self.descend(store, self.tree.root(), None, choose) }
    }

    /// Goes down from `page` to a leaf; `choose` gives the position to take in each node.
    fn descend<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        mut page: Page,
        mut level: Option<u8>,
        choose: &mut dyn FnMut(&mut M, Node<'_>, Page) -> MemoryResult<usize>,
    ) -> MemoryResult<()> {
        // Branches that lead to the same leaves again and again would make a walk without end.
        if self.leaves.unsigned_abs() > u64::from(store.page_count()) {
            return Err(MemoryError::corrupt(format!("tree {} comes back to pages it left", self.tree.id())));
        }
        loop {
            let handle = store.page(page)?;
            let node = Node::new(&handle);
            if !node.is_walkable(self.tree.id()) {
                return Err(unsound(page, self.tree.id()));
            }
            if level.is_some_and(|expected| expected != node.level()) || self.branches.len() >= MAX_DEPTH {
                return Err(super::broken_level(page, node.level()));
            }
            let position = choose(store, node, page)?;
            if node.kind() != BRANCH || node.level() == 0 {
                return self.stand_in(store, page, handle, position);
            }
            page = super::check_child(page, node.child(position))?;
            level = Some(node.level() - 1);
            self.branches.push((handle, position));
        }
    }

    /// Stands in a leaf and looks where the walk ends in it.
    pub(super) fn stand_in<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        page: Page,
        leaf: PageRef,
        index: usize,
    ) -> MemoryResult<()> {
        let node = Node::new(&leaf);
        (self.page, self.index) = (page, index);
        self.count = match &self.end {
            None => node.count(),
            Some(end) => match node.search(end) {
                Search::Found(index) | Search::Missing(index) => index,
                Search::Tie(_) => match self.tree.search_with_chains(store, page, end)?.0 {
                    Search::Found(index) | Search::Missing(index) | Search::Tie(index) => index,
                },
            },
        };
        self.is_last_leaf = self.count < node.count();
        self.leaf = Some(leaf);
        Ok(())
    }
}

/// The position that a search leads to: of the child in a branch, of the entry in a leaf.
fn position(search: Search, node: Node<'_>) -> usize {
    match search {
        Search::Found(index) if node.kind() == BRANCH => index + 1,
        Search::Found(index) | Search::Missing(index) | Search::Tie(index) => index,
    }
}
