//! How much of a tree lies below a key, by the way that leads to it: one page a level is looked at, nothing is counted.

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::{MemoryAccess, PageRef};
use crate::tree::node::{BRANCH, Node};
use crate::tree::path::MAX_DEPTH;
use crate::tree::read::full_key;
use crate::tree::sound::unsound;
use crate::tree::{Tree, broken_level, check_child};

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
        let found = self.go_down(store, &mut |store, page, node| self.position_of(store, page, node, key))?;
        Ok(found.map_or(0.0, |(below, ..)| below))
    }

    /// The key that stands where about this share of the entries lies below; none in an empty tree.
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn key_at<M: MemoryAccess>(self, store: &mut M, share: f64) -> MemoryResult<Option<Vec<u8>>> {
        let mut rest = share;
        let found = self.go_down(store, &mut |_, _, node| {
            let parts = node.count() + usize::from(node.kind() == BRANCH);
            let place = (rest * parts as f64).clamp(0.0, parts.saturating_sub(1) as f64);
            rest = place.fract();
            Ok(place as usize)
        })?;
        let Some((_, leaf, index)) = found.filter(|(_, leaf, index)| *index < Node::new(leaf).count()) else {
            return Ok(None);
        };
        full_key(store, self.id(), Node::new(&leaf), index).map(Some)
    }

    /// Goes down to a leaf; `choose` gives the position to take in each node. Returns what lies below it, the leaf, and the
    /// position there.
    fn go_down<M: MemoryAccess>(
        self,
        store: &mut M,
        choose: &mut dyn FnMut(&mut M, Page, Node<'_>) -> MemoryResult<usize>,
    ) -> MemoryResult<Option<(f64, PageRef, usize)>> {
        let (mut page, mut level) = (self.root(), None);
        let (mut below, mut width) = (0.0, 1.0);
        for _ in 0..MAX_DEPTH {
            if page == 0 {
                return Ok(None);
            }
            let handle = store.page(page)?;
            let node = Node::new(&handle);
            if !node.is_of(self.id()) {
                return Err(unsound(page, self.id()));
            }
            if level.is_some_and(|expected| expected != node.level()) {
                break;
            }
            let position = choose(store, page, node)?;
            let is_branch = node.kind() == BRANCH;
            width /= (node.count() + usize::from(is_branch)).max(1) as f64;
            below += position as f64 * width;
            if !is_branch {
                return Ok(Some((below, handle, position)));
            }
            (page, level) = (check_child(page, node.child(position))?, node.level().checked_sub(1));
        }
        Err(broken_level(page, 0))
    }
}
