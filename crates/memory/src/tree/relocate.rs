//! Moving pages: the pages of a tree at the end of the store go into free ones further in front, so that the end can be
//! given back.
//!
//! A node is found by a key that it holds: the way to that key leads through its parent. A page of a chain does not say
//! whose it is, so chains are found by walking the tree, leaf after leaf.

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::MemoryAccess;
use crate::bytes::put_u32;
use crate::tree::node::{BRANCH, FIRST_CHILD, Node};
use crate::tree::path::{Located, MAX_DEPTH, Path};
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
    /// ```
    /// use wasm_dbms_memory::{MemoryAccess, MemoryManager, Options, Targets};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.unclaim_page(page)?;
    /// let targets = Targets::claim(&mut store, 10)?;
    /// assert!(targets.holds(page));
    /// targets.release(&mut store)?;
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
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
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Targets};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let targets = Targets::claim(&mut store, 10)?;
    /// assert_eq!(targets.moved(), 0);
    /// targets.release(&mut store)?;
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn moved(&self) -> usize {
        self.left.len()
    }

    /// Whether the page is one that was claimed to be moved into.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Targets};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let targets = Targets::claim(&mut store, 10)?;
    /// assert!(!targets.holds(1_000));
    /// targets.release(&mut store)?;
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn holds(&self, page: Page) -> bool {
        self.free.contains(&page)
    }

    /// Whether there is no page left to move into.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Targets};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let targets = Targets::claim(&mut store, 10)?;
    /// assert!(targets.is_empty()); // No page is free.
    /// targets.release(&mut store)?;
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.free.is_empty()
    }

    /// Releases what was left and what was not needed.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryAccess, MemoryManager, Options, Targets, UnclaimedPages};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.unclaim_page(page)?;
    /// Targets::claim(&mut store, 10)?.release(&mut store)?;
    /// assert_eq!(UnclaimedPages::count(&mut store)?, 1);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
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

/// Where a walk over the chains of a tree is. It stays good whatever happens to the tree in between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChainWalk {
    /// The first key whose chains were not looked at.
    from: Vec<u8>,
    /// The page of a chain that was looked at last, if more follow; else 0.
    inside: Page,
    /// How many pages of that chain were.
    followed: Page,
}

impl Tree {
    /// Moves a node of the tree in front. False if there is no free page before it, or nothing in it.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Targets, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut targets = Targets::claim(&mut store, 1)?;
    /// let root = tree.root();
    /// assert!(!tree.relocate_node(&mut store, root, &mut targets)?); // No page is free.
    /// targets.release(&mut store)?;
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
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

    /// Goes on with a walk over the chains of the tree, to the end of a leaf at most: pages of theirs from `limit` on move
    /// in front. `pages` counts down with each page of a chain that is looked at; at zero the walk stops, but never before
    /// the first. Returns whether the walk came to the end of the tree.
    ///
    /// ```
    /// # use wasm_dbms_memory::{ChainWalk, MemoryManager, Options, Targets, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let (mut walk, mut targets) = (ChainWalk::default(), Targets::claim(&mut store, 1)?);
    /// assert!(tree.relocate_chains(&mut store, &mut walk, 100, &mut targets, &mut 100)?); // There is no chain.
    /// targets.release(&mut store)?;
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn relocate_chains<M: MemoryAccess>(
        self,
        store: &mut M,
        walk: &mut ChainWalk,
        limit: Page,
        targets: &mut Targets,
        pages: &mut usize,
    ) -> MemoryResult<bool> {
        if walk.inside != 0 && walk.inside < store.page_count() {
            // Should that chain be gone, its page is none any more, or another's, which may as well be moved.
            self.relocate_rest(store, walk, limit, targets, pages)?;
            if walk.inside != 0 {
                return Ok(false);
            }
        }
        let Located { path, .. } = self.locate(store, &walk.from)?;
        let Some((leaf, first)) = path.last() else { return Ok(true) };
        let next = self.key_after(store, path, &walk.from)?;
        self.relocate_separator(store, path, limit, targets)?;
        let count = store.view(leaf, |bytes| Node::new(bytes).count())?;
        let mut is_first = true;
        for index in first..count {
            let (key_chain, value_chain) = store.view(leaf, |bytes| Node::new(bytes).cell(index).chains())?;
            if key_chain.is_none() && value_chain.is_none() {
                continue;
            }
            if !is_first && (*pages == 0 || targets.is_empty()) {
                let handle = store.page(leaf)?;
                walk.from = full_key(store, self.id(), Node::new(&handle), index)?;
                return Ok(false);
            }
            is_first = false;
            self.relocate_key_chain(store, leaf, index, limit, targets)?;
            let Some(chain) = value_chain else { continue };
            if let Some(moved) = self.relocate_first(store, walk, chain, limit, targets, pages)? {
                self.set_chain(store, leaf, index, moved, false)?;
            }
            if walk.inside != 0 {
                let handle = store.page(leaf)?;
                walk.from = full_key(store, self.id(), Node::new(&handle), index)?;
                // The smallest key above it.
                walk.from.push(0);
                return Ok(false);
            }
        }
        let is_end = next.is_none();
        walk.from = next.unwrap_or_default();
        Ok(is_end)
    }

    /// Moves the chain of the separator that the leaf at the end of `path` lies to the right of, if it is the first leaf
    /// there: so each separator is met once.
    fn relocate_separator<M: MemoryAccess>(
        self,
        store: &mut M,
        mut path: Path,
        limit: Page,
        targets: &mut Targets,
    ) -> MemoryResult<()> {
        path.pop();
        while let Some((page, position)) = path.pop() {
            if let Some(separator) = position.checked_sub(1) {
                return self.relocate_key_chain(store, page, separator, limit, targets);
            }
        }
        Ok(())
    }

    /// Moves the chain of an entry's key, which is a megabyte at most.
    fn relocate_key_chain<M: MemoryAccess>(
        self,
        store: &mut M,
        page: Page,
        index: usize,
        limit: Page,
        targets: &mut Targets,
    ) -> MemoryResult<()> {
        let (key_chain, _) = store.view(page, |bytes| Node::new(bytes).cell(index).chains())?;
        let Some(first) = key_chain else { return Ok(()) };
        let (mut walk, mut pages) = (ChainWalk::default(), usize::MAX);
        match self.relocate_first(store, &mut walk, first, limit, targets, &mut pages)? {
            Some(moved) => self.set_chain(store, page, index, moved, true),
            None => Ok(()),
        }
    }

    /// Moves the pages of a chain; its new first page, if that is another.
    fn relocate_first<M: MemoryAccess>(
        self,
        store: &mut M,
        walk: &mut ChainWalk,
        first: Page,
        limit: Page,
        targets: &mut Targets,
        pages: &mut usize,
    ) -> MemoryResult<Option<Page>> {
        if store.view(first, |bytes| overflow::link(bytes, self.id()).is_none())? {
            return Err(overflow::broken(first));
        }
        let target = if first >= limit { targets.take(store, first)? } else { None };
        walk.inside = target.unwrap_or(first);
        walk.followed = 0;
        *pages = pages.saturating_sub(1);
        if *pages > 0 {
            self.relocate_rest(store, walk, limit, targets, pages)?;
        }
        Ok(target)
    }

    /// Moves the pages of a chain that follow the one where the walk stopped.
    fn relocate_rest<M: MemoryAccess>(
        self,
        store: &mut M,
        walk: &mut ChainWalk,
        limit: Page,
        targets: &mut Targets,
        pages: &mut usize,
    ) -> MemoryResult<()> {
        loop {
            let link = store.view(walk.inside, |bytes| overflow::link(bytes, self.id()).map(|(_, next)| next))?;
            let page = link.unwrap_or(0);
            if page == 0 {
                walk.inside = 0;
                return Ok(());
            }
            // A chain that comes back to itself ends with the pages there are.
            if walk.followed >= store.page_count() {
                return Err(overflow::broken(page));
            }
            if store.view(page, |bytes| overflow::link(bytes, self.id()).is_none())? {
                return Err(overflow::broken(page));
            }
            walk.followed += 1;
            let target = if page >= limit { targets.take(store, page)? } else { None };
            if let Some(target) = target {
                store.edit(walk.inside, |bytes| put_u32(bytes, overflow::NEXT, target))?;
            }
            walk.inside = target.unwrap_or(page);
            *pages = pages.saturating_sub(1);
            if *pages == 0 {
                return Ok(());
            }
        }
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
