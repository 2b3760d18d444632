//! Filling leaves up: what random inserts and deletes leave half empty is moved together, one pair of neighbours a step.
//!
//! A step takes the leaf that holds a key and its right neighbour below the same branch. If both fit in one page, they
//! merge; else the left one takes as much as it has room for. Where a step ends the next one begins: the position is a key,
//! so it stays good whatever happens to the tree in between.

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::MemoryAccess;
use crate::tree::edit::StoredKey;
use crate::tree::entries::{Entries, NodeHead};
use crate::tree::node::{Node, Stored};
use crate::tree::path::{Located, Path};
use crate::tree::read::full_key;
use crate::tree::sound::unsound;
use crate::tree::{MAX_KEY_BYTES, Tree, overflow};

impl Tree {
    /// Fills up the leaf that holds `from`. Returns where the next step begins; none if this was the last leaf.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut from = Some(Vec::new());
    /// while let Some(key) = from {
    ///     from = tree.pack_step(&mut store, &key)?;
    /// }
    /// assert!(tree.contains(&mut store, b"c")?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn pack_step<M: MemoryAccess>(&mut self, store: &mut M, from: &[u8]) -> MemoryResult<Option<Vec<u8>>> {
        let Located { mut path, .. } = self.locate(store, from)?;
        let next = self.key_after(store, path, from)?;
        path.pop();
        let Some((parent, position)) = path.last() else { return Ok(None) };
        let parent_handle = store.page(parent)?;
        let parent_node = Node::new(&parent_handle);
        if position >= parent_node.count() {
            return Ok(next);
        }
        let (left, right) = (parent_node.child(position), parent_node.child(position + 1));
        let (left_handle, right_handle) = (store.page(left)?, store.page(right)?);
        let (left_node, right_node) = (Node::new(&left_handle), Node::new(&right_handle));
        if left == right || !left_node.is_leaf() || !left_node.is_of(self.id()) || !right_node.is_of(self.id()) {
            return Err(unsound(parent, self.id()));
        }
        let page_size = left_handle.len();
        let mut entries = Entries::of(left_node).ok_or_else(|| unsound(left, self.id()))?;
        if !right_node.is_leaf() || !entries.append(right_node) {
            return Err(unsound(right, self.id()));
        }
        let count = entries.len();
        let head = NodeHead { level: 0, tree: self.id(), first_child: 0 };
        if entries.size(0..count) <= page_size {
            self.write_node(store, left, &entries, 0..count, head)?;
            self.remove_separator(store, parent, position)?;
            store.unclaim_page(right)?;
            self.rebalance(store, path)?;
            return Ok(Some(from.to_vec()));
        }
        // As many as fit; more entries never take less room.
        let (mut fit, mut too_many) = (left_node.count(), count);
        while fit + 1 < too_many {
            let middle = fit.midpoint(too_many);
            if entries.size(0..middle) <= page_size {
                fit = middle;
            } else {
                too_many = middle;
            }
        }
        if fit == left_node.count() || entries.size(fit..count) > page_size {
            return Ok(next);
        }
        self.write_node(store, left, &entries, 0..fit, head)?;
        self.write_node(store, right, &entries, fit..count, head)?;
        self.remove_separator(store, parent, position)?;
        let separator = self.leaf_separator(store, &entries, fit)?;
        let mut position_key = separator.inline.clone();
        if let Some(chain) = separator.chain {
            overflow::read(store, self.id(), chain, MAX_KEY_BYTES, &mut position_key)?;
        }
        let key = StoredKey { inline: &separator.inline, chain: separator.chain };
        let child = right.to_le_bytes();
        // At the place of the separator that was there.
        path.pop();
        path.push(parent, position)?;
        self.insert_entry(store, path, key, Stored::Inline(&child))?;
        if position_key.as_slice() <= from {
            return Err(unsound(left, self.id()));
        }
        Ok(Some(position_key))
    }

    /// The key at which the leaf after the one at the end of `path`, the way to `from`, begins; none if that is the last
    /// leaf. It is above `from`, or a walk from key to key would have no end.
    pub(crate) fn key_after<M: MemoryAccess>(
        self,
        store: &mut M,
        mut path: Path,
        from: &[u8],
    ) -> MemoryResult<Option<Vec<u8>>> {
        path.pop();
        while let Some((page, position)) = path.pop() {
            let handle = store.page(page)?;
            let node = Node::new(&handle);
            if position < node.count() {
                let key = full_key(store, self.id(), node, position)?;
                return if key.as_slice() > from { Ok(Some(key)) } else { Err(unsound(page, self.id())) };
            }
        }
        Ok(None)
    }

    /// Removes a separator with its chain.
    fn remove_separator<M: MemoryAccess>(self, store: &mut M, parent: Page, separator: usize) -> MemoryResult<()> {
        let chain = store.view(parent, |bytes| Node::new(bytes).cell(separator).key_chain)?;
        self.remove_entry(store, parent, separator)?;
        match chain {
            Some(chain) => overflow::free(store, self.id(), chain),
            None => Ok(()),
        }
    }
}
