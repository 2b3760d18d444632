//! After a removal: nodes that are less than a third full merge with a neighbour if both fit in one page.

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::{MemoryAccess, REGISTRY_PAGE};
use crate::tree::absorb::absorb;
use crate::tree::edit::{StoredKey, is_sparse};
use crate::tree::entries::{Entries, NodeHead};
use crate::tree::node::{BRANCH, HEADER, Node, Stored};
use crate::tree::path::Path;
use crate::tree::sound::unsound;
use crate::tree::{Tree, overflow};

impl Tree {
    /// Restores the fill of the node at the lowest step of `path`, and of those above it.
    pub(crate) fn rebalance<M: MemoryAccess>(&mut self, store: &mut M, mut path: Path) -> MemoryResult<()> {
        while let Some((page, _)) = path.pop() {
            let (used, size) = store.view(page, |bytes| (Node::new(bytes).used(), bytes.len()))?;
            let Some((parent, position)) = path.last() else {
                return self.shrink_root(store, page);
            };
            if !is_sparse(used, size) {
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
        let is_child =
            |node: Node<'_>| node.is_of(self.id()) && node.level().checked_add(1) == Some(parent_node.level());
        if left == right || !is_child(left_node) || !is_child(right_node) {
            return Err(unsound(parent, self.id()));
        }
        // What both use is about what one would: a shared prefix saves little, a shorter one costs little.
        // An empty leaf always goes.
        let is_empty = left_node.is_leaf() && (left_node.count() == 0 || right_node.count() == 0);
        if !is_empty && left_node.used() + right_node.used() > left_handle.len() + HEADER {
            return Ok(false);
        }
        let separator_chain = parent_node.cell(separator).key_chain;
        if left_node.is_leaf()
            && right_node.prefix().starts_with(left_node.prefix())
            && store.edit(left, |bytes| absorb(bytes, right_node))?
        {
            self.remove_entry(store, parent, separator)?;
            store.unclaim_page(right)?;
            return match separator_chain {
                Some(chain) => overflow::free(store, self.id(), chain),
                None => Ok(()),
            }
            .map(|()| true);
        }
        let mut entries = Entries::of(left_node).ok_or_else(|| unsound(left, self.id()))?;
        let is_branch = left_node.kind() == BRANCH;
        if is_branch {
            // The separator comes down and leads to what was the right node's leftmost child.
            let mut key = Vec::new();
            parent_node.push_key(separator, &mut key);
            let child = right_node.child(0).to_le_bytes();
            let stored = StoredKey { inline: &key, chain: separator_chain };
            entries.insert(entries.len(), stored, Stored::Inline(&child));
        }
        if !entries.append(right_node) {
            return Err(unsound(right, self.id()));
        }
        let all = 0..entries.len();
        if entries.size(all.clone()) > left_handle.len() {
            return Ok(false);
        }
        let head = NodeHead { level: left_node.level(), tree: self.id(), first_child: left_node.child(0) };
        self.write_node(store, left, &entries, all, head)?;
        self.remove_entry(store, parent, separator)?;
        store.unclaim_page(right)?;
        if let Some(chain) = separator_chain.filter(|_| !is_branch) {
            overflow::free(store, self.id(), chain)?;
        }
        Ok(true)
    }

    /// A root branch with one child takes over its content; an empty root leaf is released.
    fn shrink_root<M: MemoryAccess>(&mut self, store: &mut M, root: Page) -> MemoryResult<()> {
        loop {
            let (count, level, child) = store.view(root, |bytes| {
                let node = Node::new(bytes);
                (node.count(), node.level(), node.child(0))
            })?;
            if count > 0 {
                return Ok(());
            }
            // A root branch leads to nodes one level below: so the loop ends.
            let Some(below) = level.checked_sub(1) else { break };
            let handle = store.page(child)?;
            if !Node::new(&handle).is_of(self.id()) || Node::new(&handle).level() != below {
                return Err(unsound(child, self.id()));
            }
            store.restore(root, &handle)?;
            store.unclaim_page(child)?;
        }
        if root != REGISTRY_PAGE {
            store.unclaim_page(root)?;
            self.root = 0;
        }
        Ok(())
    }
}
