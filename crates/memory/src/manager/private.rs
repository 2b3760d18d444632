//! [`PrivateView`]: the pages of one commit, with changes that nobody else sees.
//!
//! A page that is written is copied out of the snapshot below and stays here; pages that are grown have numbers that mean
//! nothing outside. Neither touches the database's medium: past a limit, pages wait in scratch space.

use std::collections::VecDeque;
use std::sync::Arc;

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{MemoryAccess, PageRef, PageState, RESERVED_PAGES, UnclaimedPages};
use crate::manager::out_of_range;
use crate::manager::page_map::PageMap;
use crate::manager::queue;
use crate::manager::scratch::{Scratch, ScratchPage};
use crate::manager::scratch_space::ScratchSpace;
use crate::manager::snapshot::{Snapshot, Snapshots};
use crate::options::MIN_CACHE_PAGES;

/// A page of the view's own.
#[derive(Debug)]
enum Own {
    Held(PageRef),
    Spilled(Arc<ScratchPage>),
}

/// The pages of one commit, with changes of one's own over them: what an interactive transaction writes to. Dropping it
/// drops the changes.
///
/// Of its own pages as many are in memory as
/// [`Options::transaction_memory_bytes`](crate::Options::transaction_memory_bytes) says; others wait in
/// [`MemoryProvider::scratch`](crate::MemoryProvider::scratch), up to
/// [`Options::transaction_spill_max_bytes`](crate::Options::transaction_spill_max_bytes). With more, writes are refused
/// with [`MemoryError::LimitExceeded`].
///
/// ```
/// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
///
/// let mut store = MemoryManager::in_memory(Options::new())?;
/// let page = store.claim_page()?;
/// store.write_at(page, 0, &1u64)?;
/// store.commit(Durability::Full)?;
/// let mut view = store.snapshots().take_private(&Options::new());
/// view.write_at(page, 0, &2u64)?;
/// assert_eq!(view.read_at::<u64>(page, 0)?, 2);
/// assert_eq!(store.read_at::<u64>(page, 0)?, 1);
/// # Ok::<(), wasm_dbms_api::MemoryError>(())
/// ```
#[derive(Debug)]
pub struct PrivateView {
    below: Snapshot,
    own: PageMap<Own>,
    states: PageMap<PageState>,
    /// The first page that was not handed out.
    next: Page,
    /// The view's own pages in memory, in the order they came; some may have gone.
    arrivals: VecDeque<Page>,
    held: usize,
    held_max: usize,
    own_max: usize,
    scratch: Arc<Scratch>,
}

impl Snapshots {
    /// The pages of the last commit, to be changed by one that nobody else sees. The options say how much room it may
    /// take.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let mut view = store.snapshots().take_private(&Options::new());
    /// view.claim_page()?;
    /// assert_eq!(view.own_pages(), 1);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn take_private(&self, options: &crate::Options) -> PrivateView {
        let committed = &self.committed;
        let (below, scratch) = (self.take(), Arc::clone(&committed.scratch));
        let page_size = committed.page_size.max(1);
        let memory = (options.transaction_memory_bytes / page_size).max(MIN_CACHE_PAGES);
        let spilled = usize::try_from(options.transaction_spill_max_bytes).unwrap_or(usize::MAX) / page_size;
        let own_max = memory.saturating_add(spilled);
        // Without scratch space all of it is memory.
        let held_max = if scratch.is_available() { memory } else { own_max };
        PrivateView {
            next: below.page_count(),
            below,
            own: PageMap::default(),
            states: PageMap::default(),
            arrivals: VecDeque::new(),
            held: 0,
            held_max,
            own_max,
            scratch,
        }
    }
}

impl PrivateView {
    /// The number of the commit that it began with, counted since the store was opened.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// let store = MemoryManager::in_memory(Options::new())?;
    /// let view = store.snapshots().take_private(&Options::new());
    /// assert_eq!(view.commit(), store.last_commit());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn commit(&self) -> u64 {
        self.below.commit()
    }

    /// Where a question puts what it keeps.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// let store = MemoryManager::in_memory(Options::new())?;
    /// let view = store.snapshots().take_private(&Options::new());
    /// assert_eq!(view.scratch_space().page_size(), 8 * 1024);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn scratch_space(&self) -> ScratchSpace {
        self.below.scratch_space()
    }

    /// How many pages are its own.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// let store = MemoryManager::in_memory(Options::new())?;
    /// let view = store.snapshots().take_private(&Options::new());
    /// assert_eq!(view.own_pages(), 0);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn own_pages(&self) -> usize {
        self.own.len()
    }

    /// How many of them wait in scratch space.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// let store = MemoryManager::in_memory(Options::new())?;
    /// let view = store.snapshots().take_private(&Options::new());
    /// assert_eq!(view.spilled_pages(), 0);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn spilled_pages(&self) -> usize {
        self.own.len() - self.held
    }

    /// The bytes of a page, without a handle on it.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let mut view = store.snapshots().take_private(&Options::new());
    /// let page = view.claim_page()?;
    /// view.write_at(page, 0, &7u8)?;
    /// assert_eq!(view.bytes(page)?[0], 7);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// As [`page`](MemoryAccess::page).
    #[inline]
    pub fn bytes(&mut self, page: Page) -> MemoryResult<&[u8]> {
        if !self.own.has(page) {
            return if page < self.below.page_count() {
                self.below.bytes(page)
            } else {
                Err(out_of_range(page, self.next))
            };
        }
        Ok(self.own_mut(page)?)
    }

    /// The bytes of a page, to be changed in place: it is the view's own from now on.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let mut view = store.snapshots().take_private(&Options::new());
    /// let page = view.claim_page()?;
    /// view.bytes_mut(page)?[0] = 7;
    /// assert_eq!(view.bytes(page)?[0], 7);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// As [`edit`](MemoryAccess::edit).
    pub fn bytes_mut(&mut self, page: Page) -> MemoryResult<&mut [u8]> {
        self.take_over(page)?;
        Ok(self.own_mut(page)?.make_mut())
    }

    /// A page of its own, brought back into memory if need be.
    fn own_mut(&mut self, page: Page) -> MemoryResult<&mut PageRef> {
        if let Some(Own::Spilled(place)) = self.own.get(page) {
            let image = place.read()?;
            self.make_room()?;
            self.put(page, image)?;
        }
        match self.own.get_mut(page) {
            Some(Own::Held(image)) => Ok(image),
            _ => Err(out_of_range(page, self.next)),
        }
    }

    /// Makes a page its own, as it is now; does nothing if it is.
    fn take_over(&mut self, page: Page) -> MemoryResult<()> {
        if self.own.has(page) {
            return Ok(());
        }
        if page >= self.next {
            return Err(out_of_range(page, self.next));
        }
        self.make_room()?;
        let image = self.below.page(page)?;
        self.put(page, image)
    }

    fn put(&mut self, page: Page, image: PageRef) -> MemoryResult<()> {
        if self.own.len() >= self.own_max && !self.own.has(page) {
            let page_size = self.page_size();
            return Err(Box::new(MemoryError::LimitExceeded {
                what: "the changed pages of an interactive transaction, in bytes",
                limit: (self.own_max as u64).saturating_mul(page_size),
            }));
        }
        if !matches!(self.own.insert(page, Own::Held(image)), Some(Own::Held(_))) {
            self.held += 1;
            self.arrivals.push_back(page);
        }
        Ok(())
    }

    /// Lets the page that has been in memory longest wait in scratch space, if there are as many as may be.
    fn make_room(&mut self) -> MemoryResult<()> {
        while self.held >= self.held_max && self.scratch.is_available() {
            let Some(page) = self.arrivals.pop_front() else { break };
            let Some(Own::Held(image)) = self.own.get(page) else { continue };
            match self.scratch.put(page, image) {
                Ok(place) => {
                    self.own.insert(page, Own::Spilled(place));
                    self.held -= 1;
                }
                Err(error) => {
                    self.arrivals.push_front(page);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn forget(&mut self, page: Page) {
        if let Some(Own::Held(_)) = self.own.remove(page) {
            self.held -= 1;
        }
        self.states.remove(page);
    }
}

impl MemoryAccess for PrivateView {
    fn page_size(&self) -> u64 {
        self.below.page_size()
    }

    fn page_count(&self) -> Page {
        self.next
    }

    fn grow_one_page(&mut self) -> MemoryResult<Page> {
        let page = self.next;
        let next = page.checked_add(1);
        let next = next.ok_or(MemoryError::LimitExceeded { what: "the number of pages", limit: Page::MAX.into() })?;
        if page == self.below.page_count() {
            UnclaimedPages::end_tail(self)?;
        }
        self.make_room()?;
        self.put(page, self.below.zero_page())?;
        self.next = next;
        Ok(page)
    }

    fn page(&mut self, page: Page) -> MemoryResult<PageRef> {
        if !self.own.has(page) {
            return if page < self.below.page_count() {
                self.below.page(page)
            } else {
                Err(out_of_range(page, self.next))
            };
        }
        self.own_mut(page).cloned()
    }

    #[inline]
    fn view<R>(&mut self, page: Page, look: impl FnOnce(&[u8]) -> R) -> MemoryResult<R> {
        Ok(look(self.bytes(page)?))
    }

    fn edit<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8]) -> R) -> MemoryResult<R> {
        Ok(change(self.bytes_mut(page)?))
    }

    fn restore(&mut self, page: Page, image: &PageRef) -> MemoryResult<()> {
        if page >= self.next {
            return Err(out_of_range(page, self.next));
        }
        self.make_room()?;
        self.put(page, image.clone())
    }

    fn page_state(&mut self, page: Page) -> MemoryResult<PageState> {
        match self.states.get(page) {
            Some(state) => Ok(*state),
            None if page < RESERVED_PAGES => Ok(PageState::Reserved),
            None if page < self.below.page_count() => self.below.page_state(page),
            None if page < self.next => Ok(PageState::Used),
            None => Err(out_of_range(page, self.next)),
        }
    }

    fn mark_page(&mut self, page: Page, state: PageState) -> MemoryResult<()> {
        self.states.insert(page, state);
        Ok(())
    }

    fn abandon_growth(&mut self, first: Page) -> MemoryResult<()> {
        let first = first.max(self.below.page_count());
        for page in first..self.next {
            self.forget(page);
        }
        self.next = self.next.min(first);
        queue::keep(&mut self.arrivals, &mut |page| page < first);
        Ok(())
    }
}
