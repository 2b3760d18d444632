//! Removing a whole range of keys: what lies below one branch and wholly within the range is released page by page, and
//! its entries are only looked at for chains.

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::MemoryAccess;
use crate::tree::node::{BRANCH, Node};
use crate::tree::path::MAX_DEPTH;
use crate::tree::search::Search;
use crate::tree::sound::unsound;
use crate::tree::{Tree, broken_level, check_child};

impl Tree {
    /// Removes every key at or above `from` and below `to`; without `to`, up to the last one. Returns how many there were.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let mut tree = Tree::new(7);
    /// for key in [b"a", b"b", b"c", b"d"] {
    ///     tree.put(&mut store, key, b"")?;
    /// }
    /// assert_eq!(tree.remove_range(&mut store, b"b", Some(b"d"))?, 2);
    /// assert!(tree.contains(&mut store, b"d")? && !tree.contains(&mut store, b"c")?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn remove_range<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        from: &[u8],
        to: Option<&[u8]>,
    ) -> MemoryResult<u64> {
        if self.root() == 0 || to.is_some_and(|to| to <= from) {
            return Ok(0);
        }
        let removed = self.remove_below(store, self.root(), None, Some(from), to, 0)?;
        if removed > 0 {
            self.restore_fill(store, from)?;
            if let Some(to) = to {
                self.restore_fill(store, to)?;
            }
        }
        Ok(removed)
    }

    /// Removes the range from the node and all below it. A bound that is none lies outside of the node.
    fn remove_below<M: MemoryAccess>(
        self,
        store: &mut M,
        page: Page,
        expected: Option<u8>,
        from: Option<&[u8]>,
        to: Option<&[u8]>,
        depth: usize,
    ) -> MemoryResult<u64> {
        let handle = store.page(page)?;
        let node = Node::new(&handle);
        if !node.is_of(self.id()) {
            return Err(unsound(page, self.id()));
        }
        if expected.is_some_and(|level| level != node.level()) || depth >= MAX_DEPTH {
            return Err(broken_level(page, node.level()));
        }
        let first = from.map_or(Ok(0), |from| self.position_of(store, page, node, from))?;
        let last = to.map_or(Ok(node.count()), |to| self.position_of(store, page, node, to))?;
        if node.kind() != BRANCH {
            for index in (first..last).rev() {
                self.free_chains(store, page, index)?;
                self.remove_entry(store, page, index)?;
            }
            return Ok(last.saturating_sub(first) as u64);
        }
        let below = node.level().checked_sub(1);
        if first >= last {
            let child = check_child(page, node.child(last))?;
            return self.remove_below(store, child, below, from, to, depth + 1);
        }
        let (left, right) = (check_child(page, node.child(first))?, check_child(page, node.child(last))?);
        let mut removed = self.remove_below(store, left, below, from, None, depth + 1)?;
        // The children in between go as they are, with the separators that lead to them.
        for position in (first + 1..last).rev() {
            let child = check_child(page, node.child(position))?;
            removed += self.clear_below(store, child, below)?;
            store.unclaim_page(child)?;
            self.free_chains(store, page, position - 1)?;
            self.remove_entry(store, page, position - 1)?;
        }
        removed += self.remove_below(store, right, below, None, to, depth + 1)?;
        Ok(removed)
    }

    /// The entry of a leaf at or above a key; the child of a branch that the key belongs to.
    pub(super) fn position_of<M: MemoryAccess>(
        self,
        store: &mut M,
        page: Page,
        node: Node<'_>,
        key: &[u8],
    ) -> MemoryResult<usize> {
        let search = match node.search(key) {
            Search::Tie(_) => self.search_with_chains(store, page, key)?.0,
            search => search,
        };
        Ok(match search {
            Search::Found(index) => index + usize::from(node.kind() == BRANCH),
            Search::Missing(index) | Search::Tie(index) => index,
        })
    }

    /// Merges what became too small along the way to a key, from the leaf up.
    fn restore_fill<M: MemoryAccess>(&mut self, store: &mut M, key: &[u8]) -> MemoryResult<()> {
        for level in 0..MAX_DEPTH {
            let mut path = self.locate(store, key)?.path;
            for _ in 0..level {
                path.pop();
            }
            if path.is_empty() {
                break;
            }
            self.rebalance(store, path)?;
        }
        Ok(())
    }
}
