//! How much of a tree lies below a key, by the way that leads to it: one page a level is looked at, nothing is counted.

use wasm_dbms_api::MemoryResult;

use crate::access::MemoryAccess;
use crate::tree::node::{BRANCH, Node};
use crate::tree::path::MAX_DEPTH;
use crate::tree::sound::unsound;
use crate::tree::{Tree, broken_level, check_child};

/// A branch with fewer children looks whether the last one is as full as the others; among more it is one of many.
const FEW_CHILDREN: usize = 8;

impl Tree {
    /// The share of the entries that lie below a key, from 0 to 1, as if all pages of a level led to as many. Nothing is
    /// noted as read: an estimate is no answer.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let mut tree = Tree::new(7);
    /// for key in [b"a", b"b", b"c", b"d"] {
    ///     tree.put(&mut store, key, b"")?;
    /// }
    /// assert_eq!(tree.share_below(&mut store, b"b")?, 0.25);
    /// assert_eq!(tree.share_below(&mut store, b"z")?, 1.0);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn share_below<M: MemoryAccess>(self, store: &mut M, key: &[u8]) -> MemoryResult<f64> {
        let mut page = self.root();
        let (mut below, mut width) = (0.0, 1.0);
        for _ in 0..MAX_DEPTH {
            if page == 0 {
                return Ok(below);
            }
            let handle = store.page(page)?;
            let node = Node::new(&handle);
            if !node.is_of(self.id()) {
                return Err(unsound(page, self.id()));
            }
            let position = self.position_of(store, page, node, key)?;
            let count = node.count();
            if node.kind() != BRANCH {
                return Ok(below + width * position as f64 / count.max(1) as f64);
            }
            // Rows that come in order fill every page but the last one of a level.
            let mut last = 1.0;
            if (1..FEW_CHILDREN).contains(&count) {
                for place in count - 1..count + 1 {
                    let child = store.page(check_child(page, node.child(place))?)?;
                    last = Node::new(&child).count().max(1) as f64 / last;
                }
                last = last.min(1.0);
            }
            width /= count as f64 + last;
            below += position as f64 * width;
            if position == count {
                width *= last;
            }
            page = check_child(page, node.child(position))?;
        }
        Err(broken_level(page, 0))
    }
}
