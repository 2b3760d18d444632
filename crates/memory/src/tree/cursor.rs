//! Walking a tree in order, both ways.

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::{KeyRange, MemoryAccess, PageRef};
use crate::tree::Tree;
use crate::tree::node::Node;

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
    pub(super) index: usize,
    pub(super) count: usize,
    /// Entries at or above this key are not part of the walk.
    pub(super) end: Option<Vec<u8>>,
    /// Whether the end lies in this leaf.
    pub(super) is_last_leaf: bool,
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

    pub(super) fn leave(&mut self) {
        self.leaf = None;
        self.index = 0;
        self.count = 0;
        self.is_last_leaf = false;
    }
}
