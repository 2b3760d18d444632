//! A cursor's way down to a leaf. Pages may be foreign bytes: it never goes down without end, nor stands in a page that is
//! none of its tree.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{MemoryAccess, PageRef};
use crate::tree::Cursor;
use crate::tree::node::{BRANCH, Node};
use crate::tree::path::MAX_DEPTH;
use crate::tree::search::Search;
use crate::tree::sound::unsound;

impl Cursor {
    /// Goes down from `page` to where `key` is or would be.
    pub(super) fn descend_to<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        page: Page,
        level: Option<u8>,
        key: &[u8],
    ) -> MemoryResult<()> {
        let tree = self.tree;
        self.descend(store, page, level, &mut |store, node, page| match node.search(key) {
            Search::Tie(_) => {
                let (search, _) = tree.search_with_chains(store, page, key)?;
                Ok(position(search, node))
            }
            search => Ok(position(search, node)),
        })
    }

    pub(super) fn descend_from_root<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        choose: &mut dyn FnMut(&mut M, Node<'_>, Page) -> MemoryResult<usize>,
    ) -> MemoryResult<()> {
        self.branches.clear();
        self.leave();
        self.leaves = 0;
        if self.tree.root() == 0 { Ok(()) } else { self.descend(store, self.tree.root(), None, choose) }
    }

    /// Goes down from `page` to a leaf; `choose` gives the position to take in each node.
    pub(super) fn descend<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        mut page: Page,
        mut level: Option<u8>,
        choose: &mut dyn FnMut(&mut M, Node<'_>, Page) -> MemoryResult<usize>,
    ) -> MemoryResult<()> {
        // Branches that lead to the same leaves again and again would make a walk without end.
        if self.leaves.unsigned_abs() > u64::from(store.page_count()) {
            return Err(MemoryError::corrupt_with(format_args!("tree {} comes back to pages it left", self.tree.id())));
        }
        loop {
            let handle = store.page(page)?;
            let node = Node::new(&handle);
            if !node.is_walkable(self.tree.id()) {
                return Err(unsound(page, self.tree.id()));
            }
            if level.is_some_and(|expected| expected != node.level()) || self.branches.len() >= MAX_DEPTH {
                return Err(super::broken_level(page, node.level()));
            }
            let position = choose(store, node, page)?;
            if node.kind() != BRANCH || node.level() == 0 {
                return self.stand_in(store, page, handle, position);
            }
            page = super::check_child(page, node.child(position))?;
            level = Some(node.level() - 1);
            self.branches.push((handle, position));
        }
    }

    /// Stands in a leaf and looks where the walk ends in it.
    pub(super) fn stand_in<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        page: Page,
        leaf: PageRef,
        index: usize,
    ) -> MemoryResult<()> {
        let node = Node::new(&leaf);
        (self.page, self.index) = (page, index);
        self.count = match &self.end {
            None => node.count(),
            Some(end) => match node.search(end) {
                Search::Found(index) | Search::Missing(index) => index,
                Search::Tie(_) => match self.tree.search_with_chains(store, page, end)?.0 {
                    Search::Found(index) | Search::Missing(index) | Search::Tie(index) => index,
                },
            },
        };
        self.is_last_leaf = self.count < node.count();
        self.leaf = Some(leaf);
        Ok(())
    }
}

/// The position that a search leads to: of the child in a branch, of the entry in a leaf.
fn position(search: Search, node: Node<'_>) -> usize {
    match search {
        Search::Found(index) if node.kind() == BRANCH => index + 1,
        Search::Found(index) | Search::Missing(index) | Search::Tie(index) => index,
    }
}
