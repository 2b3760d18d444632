//! A cursor that looks for a key from where it stands.
//!
//! What the leaf holds is between its first and its last key for sure; what a branch leads to, between its first and its
//! last separator. Outside of these a neighbour may be meant, which the level above knows. So a search goes up as far as it
//! must and down again: not at all for a key in the same leaf, one level for one of the leaves beside it.

use wasm_dbms_api::MemoryResult;

use crate::access::{KeyRange, MemoryAccess};
use crate::tree::Cursor;
use crate::tree::node::Node;
use crate::tree::read::ValueBytes;
use crate::tree::search::Search;

impl Cursor {
    /// As [`seek`](Self::seek), from where the cursor stands: to a key in the same leaf no branch is asked, to one near by
    /// only those below the one that leads to both. Who asks for one key after the other in their order goes through a tree
    /// leaf by leaf. `end` is where the walk from here ends.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// assert!(cursor.seek_near(&mut store, b"b", Some(b"c".to_vec()))?);
    /// assert!(!cursor.next(&mut store)?);
    /// assert!(cursor.seek_near(&mut store, b"c", None)?);
    /// assert_eq!(cursor.index(), 2);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn seek_near<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        key: &[u8],
        end: Option<Vec<u8>>,
    ) -> MemoryResult<bool> {
        self.end = end;
        store.note_read(self.tree.id(), KeyRange::From(key, self.end.as_deref()));
        self.leaves = 0;
        if let Some(leaf) = self.leaf.take() {
            let node = Node::new(&leaf);
            // A key before the first one or behind the last may belong to another leaf.
            let index = match node.search(key) {
                Search::Found(index) => Some(index),
                Search::Missing(index) if index > 0 && index < node.count() => Some(index),
                _ => None,
            };
            if let Some(index) = index {
                self.stand_in(store, self.page, leaf, index)?;
                return self.settle_forward(store);
            }
        }
        while let Some((page, position)) = self.branches.last_mut() {
            let node = Node::new(page);
            let child = match node.search(key) {
                Search::Found(index) => Some(index + 1),
                Search::Missing(index) if index > 0 && index < node.count() => Some(index),
                _ => None,
            };
            if let Some(child) = child {
                *position = child;
                let (page, level) = (node.child(child), node.level());
                self.descend_to(store, page, level.checked_sub(1), key)?;
                return self.settle_forward(store);
            }
            self.branches.pop();
        }
        self.go_to(store, key)
    }

    /// The value of a key, looked for as [`seek_near`](Self::seek_near) does.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut cursor = tree.cursor();
    /// assert!(cursor.get_near(&mut store, b"b")?.is_some());
    /// assert!(cursor.get_near(&mut store, b"bb")?.is_none());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// As [`seek_near`](Self::seek_near).
    pub fn get_near<M: MemoryAccess>(&mut self, store: &mut M, key: &[u8]) -> MemoryResult<Option<ValueBytes>> {
        let mut end = Vec::with_capacity(key.len() + 1);
        end.extend_from_slice(key);
        end.push(0);
        if self.seek_near(store, key, Some(end))? { self.value(store).map(Some) } else { Ok(None) }
    }
}
