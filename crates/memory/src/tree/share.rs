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
        let found = self.go_down(store, &mut |store, page, node, _| self.position_of(store, page, node, key))?;
        Ok(found.map_or(0.0, |(below, ..)| below))
    }

    /// The key that stands where about this share of the entries lies below; none in an empty tree.
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn key_at<M: MemoryAccess>(self, store: &mut M, share: f64) -> MemoryResult<Option<Vec<u8>>> {
        let mut rest = share;
        let found = self.go_down(store, &mut |_, _, node, parts| {
            let most = parts.ceil() - 1.0;
            let place = (rest * parts).clamp(0.0, most.max(0.0));
            rest = place.fract() / (parts - place.floor()).clamp(f64::MIN_POSITIVE, 1.0);
            Ok((place as usize).min(node.count()))
        })?;
        let Some((_, leaf, index)) = found.filter(|(_, leaf, index)| *index < Node::new(leaf).count()) else {
            return Ok(None);
        };
        full_key(store, self.id(), Node::new(&leaf), index).map(Some)
    }

    /// Goes down to a leaf; `choose` gives the position to take in each node, of which it is told how many full parts it
    /// has. Returns what lies below it, the leaf, and the position there.
    fn go_down<M: MemoryAccess>(
        self,
        store: &mut M,
        choose: &mut dyn FnMut(&mut M, Page, Node<'_>, f64) -> MemoryResult<usize>,
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
            let (count, is_branch) = (node.count(), node.kind() == BRANCH);
            // Rows that come in order fill every page but the last one of a level.
            let is_small = count < FEW_CHILDREN;
            let mut last = if is_branch && is_small { share_of_last(store, page, node)? } else { 1.0 };
            let parts = if is_branch { count as f64 + last } else { count as f64 };
            let position = choose(store, page, node, parts)?;
            let part = width / parts.max(f64::MIN_POSITIVE);
            below += position as f64 * part;
            width = part;
            if is_branch && position == count {
                if !is_small {
                    last = share_of_last(store, page, node)?;
                }
                width *= last;
            }
            if !is_branch {
                return Ok(Some((below, handle, position)));
            }
            (page, level) = (check_child(page, node.child(position))?, node.level().checked_sub(1));
        }
        Err(broken_level(page, 0))
    }
}

/// A branch with fewer children looks whether the last one is as full as the others; among more it is one of many.
const FEW_CHILDREN: usize = 8;

/// How full the last child of a branch is, beside the one before.
fn share_of_last<M: MemoryAccess>(store: &mut M, page: Page, node: Node<'_>) -> MemoryResult<f64> {
    let count = node.count();
    let mut parts = |place: usize| {
        let child = check_child(page, node.child(place))?;
        store.view(child, |bytes| Node::new(bytes).count().max(1) as f64)
    };
    match count.checked_sub(1) {
        Some(before) => Ok((parts(count)? / parts(before)?).min(1.0)),
        None => Ok(1.0),
    }
}
