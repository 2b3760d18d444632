//! After a removal: nodes that are less than half full merge with a neighbour if both fit in one page.

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::{MemoryAccess, REGISTRY_PAGE};
use crate::tree::edit::{self, StoredKey};
use crate::tree::entries::{Entries, NodeHead};
use crate::tree::node::{BRANCH, Node, Stored};
use crate::tree::path::Path;
use crate::tree::{Tree, overflow};

impl Tree {
    /// Restores the fill of the node at the lowest step of `path`, and of those above it.
    pub(crate) fn rebalance<M: MemoryAccess>(&mut self, store: &mut M, mut path: Path) -> MemoryResult<()> {
        while let Some((page, _)) = path.pop() {
            let (used, size, count, kind) = store.view(page, |bytes| {
                let node = Node::new(bytes);
                (node.used(), bytes.len(), node.count(), node.kind())
            })?;
            let Some((parent, position)) = path.last() else {
                return self.shrink_root(store, page, count, kind);
            };
            if used * 2 >= size {
                return Ok(());
            }
            let siblings = store.view(parent, |bytes| Node::new(bytes).count())?;
            let left = position.checked_sub(1);
            let right = (position < siblings).then_some(position);
            let mut has_merged = false;
            for separator in [left, right].into_iter().flatten() {
                if self.merge(store, parent, separator)? {
                    has_merged = true;
                    break;
                }
            }
            if !has_merged {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Merges the children left and right of a separator; false if they do not fit in one page.
    fn merge<M: MemoryAccess>(self, store: &mut M, parent: Page, separator: usize) -> MemoryResult<bool> {
        let parent_handle = store.page(parent)?;
        let parent_node = Node::new(&parent_handle);
        let (left, right) = (parent_node.child(separator), parent_node.child(separator + 1));
        let (left_handle, right_handle) = (store.page(left)?, store.page(right)?);
        let (left_node, right_node) = (Node::new(&left_handle), Node::new(&right_handle));
        // A cheap bound first: merging can only lengthen what the shorter prefix no longer covers.
        if left_node.used() + right_node.used() > left_handle.len() + left_handle.len() / 8 {
            return Ok(false);
        }
        let mut entries = Entries::of(left_node);
        let separator_chain = parent_node.cell(separator).key_chain;
        let is_branch = left_node.kind() == BRANCH;
        if is_branch {
            // The separator comes down and leads to what was the right node's leftmost child.
            let mut key = Vec::new();
            parent_node.push_key(separator, &mut key);
            let child = right_node.child(0).to_le_bytes();
            let stored = StoredKey { inline: &key, chain: separator_chain };
            entries.insert(entries.len(), stored, Stored::Inline(&child));
        }
        entries.append(right_node);
        let all = 0..entries.len();
        if entries.size(all.clone()) > left_handle.len() {
            return Ok(false);
        }
        let head = NodeHead { level: left_node.level(), tree: self.id(), first_child: left_node.child(0) };
        store.edit(left, |bytes| entries.write(all, head, 0, bytes))?;
        store.edit(parent, |bytes| edit::remove(bytes, separator))?;
        store.unclaim_page(right)?;
        if let Some(chain) = separator_chain.filter(|_| !is_branch) {
            overflow::free(store, chain)?;
        }
        Ok(true)
    }

    /// A root branch with one child takes over its content; an empty root leaf is released.
    fn shrink_root<M: MemoryAccess>(&mut self, store: &mut M, root: Page, count: usize, kind: u8) -> MemoryResult<()> {
        if count > 0 {
            return Ok(());
        }
        if kind == BRANCH {
            let child = store.view(root, |bytes| Node::new(bytes).child(0))?;
            let handle = store.page(child)?;
            store.restore(root, &handle)?;
            store.unclaim_page(child)?;
            let node = Node::new(&handle);
            return self.shrink_root(store, root, node.count(), node.kind());
        }
        if root != REGISTRY_PAGE {
            store.unclaim_page(root)?;
            self.root = 0;
        }
        Ok(())
    }
}
