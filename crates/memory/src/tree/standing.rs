//! What a cursor reads of the entry it stands on: its place, its key, its value.

use wasm_dbms_api::MemoryResult;

use crate::access::{MemoryAccess, PageRef};
use crate::tree::Cursor;
use crate::tree::node::Node;
use crate::tree::read::{ValueBytes, full_key, value_of};

impl Cursor {
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
}
