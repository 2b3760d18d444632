//! Moving pages: the pages of a tree at the end of the store go into free ones further in front, so that the end can be
//! given back.
//!
//! A node is found by a key that it holds: the way to that key leads through its parent. A page of a chain does not say
//! whose it is, so chains are found by walking the tree, leaf after leaf.

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::MemoryAccess;
use crate::bytes::put_u32;
use crate::tree::node::{BRANCH, FIRST_CHILD, Node};
use crate::tree::path::{Located, MAX_DEPTH};
use crate::tree::read::full_key;
use crate::tree::sound::unsound;
use crate::tree::{Tree, check_child, overflow};

/// Claimed pages to move into, and those that were left.
#[derive(Debug, Default)]
pub struct Targets {
    /// Claimed pages, the one to be used next last.
    free: Vec<Page>,
    /// Pages whose content stands elsewhere now.
    left: Vec<Page>,
}

impl Targets {
    /// Claims up to `count` pages, as long as the ledger of unclaimed pages has one.
    ///
    /// # Errors
    /// What the store says.
    pub fn claim<M: MemoryAccess>(store: &mut M, count: usize) -> MemoryResult<Self> {
        let mut free = Vec::new();
        while free.len() < count && crate::access::UnclaimedPages::count(store)? > 0 {
            free.push(store.claim_page()?);
        }
        free.sort_unstable_by(|left, right| right.cmp(left));
        Ok(Self { free, left: Vec::new() })
    }

    /// How many pages were moved.
    pub fn moved(&self) -> usize {
        self.left.len()
    }

    /// Whether the page is one that was claimed to be moved into.
    pub fn holds(&self, page: Page) -> bool {
        self.free.contains(&page)
    }

    /// Whether there is no page left to move into.
    pub fn is_empty(&self) -> bool {
        self.free.is_empty()
    }

    /// Releases what was left and what was not needed.
    ///
    /// # Errors
    /// What the store says.
    pub fn release<M: MemoryAccess>(mut self, store: &mut M) -> MemoryResult<()> {
        // The lowest last: it is then handed out first.
        self.free.append(&mut self.left);
        self.free.sort_unstable_by(|left, right| right.cmp(left));
        self.free.into_iter().try_for_each(|page| store.unclaim_page(page))
    }

    /// Moves the content of a page; where to, or none if no free page is before it.
    fn take<M: MemoryAccess>(&mut self, store: &mut M, page: Page) -> MemoryResult<Option<Page>> {
        let Some(target) = self.free.pop_if(|target| *target < page) else { return Ok(None) };
        let image = store.page(page)?;
        store.restore(target, &image)?;
        self.left.push(page);
        Ok(Some(target))
    }
}

impl Tree {
    /// Moves a node of the tree in front. False if there is no free page before it, or nothing in it.
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn relocate_node<M: MemoryAccess>(
        &mut self,
        store: &mut M,
        page: Page,
        targets: &mut Targets,
    ) -> MemoryResult<bool> {
        if page == self.root() {
            let target = targets.take(store, page)?;
            self.root = target.unwrap_or(page);
            return Ok(target.is_some());
        }
        let Some(key) = self.key_below(store, page)? else { return Ok(false) };
        let Located { path, .. } = self.locate(store, &key)?;
        let (parent, position) = path.parent_of(page).ok_or_else(|| unsound(page, self.id()))?;
        match targets.take(store, page)? {
            Some(target) => self.set_child(store, parent, position, target).map(|()| true),
            None => Ok(false),
        }
    }

    /// Moves the pages from `limit` on of every chain of the leaf that holds `from` in front, and those of the branches
    /// on the way to it. Returns where the next step begins; none if this was the last leaf.
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn relocate_chains<M: MemoryAccess>(
        self,
        store: &mut M,
        from: &[u8],
        limit: Page,
        targets: &mut Targets,
    ) -> MemoryResult<Option<Vec<u8>>> {
        let Located { mut path, .. } = self.locate(store, from)?;
        let next = self.key_after(store, path, from)?;
        while let Some((page, _)) = path.pop() {
            let count = store.view(page, |bytes| Node::new(bytes).count())?;
            for index in 0..count {
                let (key_chain, value_chain) = store.view(page, |bytes| Node::new(bytes).cell(index).chains())?;
                if let Some(first) = key_chain
                    && let Some(moved) = self.relocate_chain(store, first, limit, targets)?
                {
                    self.set_chain(store, page, index, moved, true)?;
                }
                if let Some(first) = value_chain
                    && let Some(moved) = self.relocate_chain(store, first, limit, targets)?
                {
                    self.set_chain(store, page, index, moved, false)?;
                }
            }
        }
        Ok(next)
    }

    /// Moves the pages of a chain; its new first page, if that is another.
    fn relocate_chain<M: MemoryAccess>(
        self,
        store: &mut M,
        first: Page,
        limit: Page,
        targets: &mut Targets,
    ) -> MemoryResult<Option<Page>> {
        let (mut page, mut before, mut new_first) = (first, None, None);
        // A chain that comes back to itself ends with the pages there are.
        for _ in 0..store.page_count() {
            let link = store.view(page, |bytes| overflow::link(bytes, self.id()).map(|(_, next)| next))?;
            let next = link.ok_or_else(|| overflow::broken(page))?;
            let target = if page >= limit { targets.take(store, page)? } else { None };
            match (target, before) {
                (Some(target), Some(before)) => store.edit(before, |bytes| put_u32(bytes, overflow::NEXT, target))?,
                (Some(target), None) => new_first = Some(target),
                (None, _) => {}
            }
            before = Some(target.unwrap_or(page));
            if next == 0 {
                return Ok(new_first);
            }
            page = next;
        }
        Err(overflow::broken(page))
    }

    /// A key that lies below a node; none if its first leaf is empty.
    fn key_below<M: MemoryAccess>(self, store: &mut M, mut page: Page) -> MemoryResult<Option<Vec<u8>>> {
        for _ in 0..MAX_DEPTH {
            let handle = store.page(page)?;
            let node = Node::new(&handle);
            if !node.is_of(self.id()) {
                break;
            }
            if node.is_leaf() {
                return if node.count() == 0 { Ok(None) } else { full_key(store, self.id(), node, 0).map(Some) };
            }
            page = check_child(page, node.child(0))?;
        }
        Err(unsound(page, self.id()))
    }

    /// Lets a branch lead to another page.
    fn set_child<M: MemoryAccess>(self, store: &mut M, parent: Page, position: usize, child: Page) -> MemoryResult<()> {
        let is_done = store.edit(parent, |bytes| {
            let node = Node::new(bytes);
            if !node.is_of(self.id()) || node.kind() != BRANCH {
                return false;
            }
            let at = match position.checked_sub(1) {
                None => Some(FIRST_CHILD),
                Some(index) => node.value_range(index).map(|range| range.start),
            };
            at.and_then(|at| bytes.get_mut(at..at + 4))
                .map(|place| place.copy_from_slice(&child.to_le_bytes()))
                .is_some()
        })?;
        if is_done { Ok(()) } else { Err(unsound(parent, self.id())) }
    }

    /// Lets an entry's key or value go on in another page.
    fn set_chain<M: MemoryAccess>(
        self,
        store: &mut M,
        page: Page,
        index: usize,
        first: Page,
        is_key: bool,
    ) -> MemoryResult<()> {
        let is_done = store.edit(page, |bytes| {
            let node = Node::new(bytes);
            let has_chain = node.is_of(self.id()) && node.sound_extent(index).is_some_and(|extent| extent.has_chain);
            let at = if has_chain { node.chain_at(index, is_key) } else { usize::MAX - 4 };
            bytes.get_mut(at..at + 4).map(|place| place.copy_from_slice(&first.to_le_bytes())).is_some()
        })?;
        if is_done { Ok(()) } else { Err(unsound(page, self.id())) }
    }
}
