//! [`MemoryManager`]: the page store behind the seam.
//!
//! ```text
//! commit       the end of a batch: commit or discard
//! room         the limit on memory
//! images       what the log sees of all this
//! states       which pages are in use
//! tail         giving pages at the end back
//! scrub        leaving nothing on the medium of what was released
//! batch        what was written since the last commit
//! page_cache   which pages the head has in memory, and which goes first
//!
//! snapshot     the pages of one commit, for reading
//! private      the same, with changes that nobody else sees
//! lookaside    the pages that a reader looked at last
//! committed    the last commit as everybody sees it, behind one lock
//! versions     what snapshots keep of commits before the last
//! pins         which commits those are of
//! scratch      pages that wait on a throw-away medium; scratch_space: what a question puts there
//! page_map     a map by page number; queue: pages in the order they came
//! ```
//!
//! Pages live in memory as shared handles; a first write copies the page and keeps the old handle in the *batch*. A
//! batch ends by [`commit`](MemoryManager::commit), which hands the pairs (old, new) to the log, or by
//! [`discard`](MemoryManager::discard), which puts the old handles back. Without a provider the commit is just the end
//! of the batch.
//!
//! Invariants: **I1** a page below the committed mark that is in no batch has its committed image; **I2** a page at or
//! past `next` is zero; **I3** a page changed since the last checkpoint is in memory or in scratch space; **I4** so is a
//! touched page below the mark. The invariants of what readers share stand in [`committed`].

mod batch;
mod commit;
mod committed;
mod images;
mod lookaside;
mod page_cache;
mod page_map;
mod pins;
mod private;
mod queue;
mod room;
mod scratch;
mod scratch_space;
mod scrub;
mod snapshot;
mod states;
mod tail;
mod versions;

pub use private::PrivateView;
pub use scratch::ScratchPage;
pub use scratch_space::ScratchSpace;
pub use snapshot::{Snapshot, Snapshots};

use std::sync::Arc;

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{MemoryAccess, PageRef, PageState, Parts, RESERVED_PAGES, UNCLAIMED_PAGES_PAGE};
use crate::log::{Log, Medium};
use crate::options::{Durability, MIN_CACHE_PAGES, Options};
use crate::provider::MemoryProvider;
use batch::Batch;
use committed::Committed;
use page_cache::PageCache;
use versions::Image;

/// The page store: a cache of pages over a provider, or, without one, the pages themselves.
#[derive(Debug)]
pub struct MemoryManager {
    page_size: usize,
    database_id: u64,
    zero: PageRef,
    cache: PageCache,
    cache_bytes: usize,
    scrubs_on_close: bool,
    /// The first page that was not handed out.
    next: Page,
    /// The first page that never was: those from `next` on were given up and can be read still.
    grown: Page,
    committed: Page,
    batch: Batch,
    /// Committed pages that are in scratch space until a checkpoint brings them in place.
    unsettled: Vec<Page>,
    log: Option<Box<Log>>,
    /// The last commit, which readers share.
    shared: Arc<Committed>,
}

impl MemoryManager {
    /// A store that lives in memory only.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// assert!(MemoryManager::in_memory(Options::new())?.page_count() > 0);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// [`MemoryError::LimitExceeded`] for a page size that cannot be.
    pub fn in_memory(options: Options) -> MemoryResult<Self> {
        options.check()?;
        Self::bootstrap(Self::with(options.page_size, options.database_id.unwrap_or(0), &options, None, 0))
    }

    /// Opens the store on a provider, or makes a new one where there is none.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, HeapProvider, MemoryAccess, MemoryManager, Options};
    ///
    /// let medium = HeapProvider::new();
    /// let mut store = MemoryManager::open(Box::new(medium.clone()), Options::new())?;
    /// let page = store.claim_page()?;
    /// store.write_at(page, 0, &7u64)?;
    /// store.commit(Durability::Full)?;
    /// store.close()?;
    /// let mut store = MemoryManager::open(Box::new(medium), Options::new())?;
    /// assert_eq!(store.read_at::<u64>(page, 0)?, 7);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// [`MemoryError::NotADatabase`], [`MemoryError::NewerFormat`], [`MemoryError::Corrupt`], or what the host says.
    pub fn open(provider: Box<dyn MemoryProvider>, options: Options) -> MemoryResult<Self> {
        Self::open_as(provider, &options, false)
    }

    /// Opens the store on a provider for reading only: nothing is written, whatever a crash left to be finished. Writes
    /// are refused with [`MemoryError::ReadOnly`].
    ///
    /// ```
    /// use wasm_dbms_memory::{HeapProvider, MemoryAccess, MemoryManager, Options};
    ///
    /// let medium = HeapProvider::new();
    /// MemoryManager::open(Box::new(medium.clone()), Options::new())?.close()?;
    /// let mut store = MemoryManager::open_read_only(Box::new(medium), Options::new())?;
    /// assert!(store.claim_page().is_err());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// As [`open`](Self::open); [`MemoryError::NotADatabase`] too where there is nothing yet.
    pub fn open_read_only(provider: Box<dyn MemoryProvider>, options: Options) -> MemoryResult<Self> {
        Self::open_as(provider, &options, true)
    }

    /// Where a question puts what it keeps.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// let store = MemoryManager::in_memory(Options::new())?;
    /// assert_eq!(store.scratch_space().page_size(), 8 * 1024);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn scratch_space(&self) -> ScratchSpace {
        self.shared.scratch_space()
    }

    fn open_as(provider: Box<dyn MemoryProvider>, options: &Options, is_read_only: bool) -> MemoryResult<Self> {
        options.check()?;
        let (log, replayed) = Log::open(Medium::new(provider), options, is_read_only)?;
        let pages = log.pages();
        let mut manager = Self::with(log.page_size(), log.database_id(), options, Some(Box::new(log)), pages);
        for (page, image) in replayed {
            manager.shared.put_by_head(page, image.clone());
            manager.cache.put(page, image);
        }
        if is_read_only {
            // A database whose first commit a crash took away has them as zeros.
            manager.grown = manager.grown.max(RESERVED_PAGES);
            return Ok(manager);
        }
        Self::bootstrap(manager)
    }

    fn with(page_size: usize, database_id: u64, options: &Options, log: Option<Box<Log>>, pages: Page) -> Self {
        let cache_bytes = options.cache_bytes.max(MIN_CACHE_PAGES * page_size);
        let places = log.as_ref().map(|log| log.places());
        let shared = Committed::new(options, page_size, database_id, places, cache_bytes, pages);
        Self {
            page_size,
            database_id,
            zero: shared.zero.clone(),
            cache: PageCache::new(pages),
            cache_bytes,
            scrubs_on_close: options.scrubs_on_close,
            next: pages,
            grown: pages,
            committed: pages,
            batch: Batch::default(),
            unsettled: Vec::new(),
            log,
            shared: Arc::new(shared),
        }
    }

    /// A store has its reserved pages from the start.
    fn bootstrap(mut self) -> MemoryResult<Self> {
        if self.committed < RESERVED_PAGES {
            while self.next < RESERVED_PAGES {
                self.grow_one_page()?;
            }
            self.commit(Durability::Full)?;
        }
        Ok(self)
    }

    /// The number that tells this database from others.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// assert_eq!(MemoryManager::in_memory(Options::new().database_id(7))?.database_id(), 7);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn database_id(&self) -> u64 {
        self.database_id
    }

    /// How many pages were handed out, committed or not.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let before = store.page_count();
    /// store.claim_page()?;
    /// assert!(store.page_count() > before);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn page_count(&self) -> Page {
        self.next
    }

    /// Whether, when the store was opened, its log went on after the last commit that was kept. A crash leaves that,
    /// which cut off a commit that nobody was told of; and so does damage of the last commits, which looks the same.
    /// After a clean close it is never so.
    ///
    /// ```
    /// use wasm_dbms_memory::{HeapProvider, MemoryManager, Options};
    ///
    /// let medium = HeapProvider::new();
    /// MemoryManager::open(Box::new(medium.clone()), Options::new())?.close()?;
    /// assert!(!MemoryManager::open(Box::new(medium), Options::new())?.is_log_cut());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn is_log_cut(&self) -> bool {
        self.log.as_ref().is_some_and(|log| log.is_cut())
    }

    /// Whether anything was written since the last commit.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// assert!(!store.is_clean());
    /// store.commit(Durability::Full)?;
    /// assert!(store.is_clean());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn is_clean(&self) -> bool {
        self.batch.is_empty() && self.next == self.committed
    }

    /// Makes every commit durable.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.commit(Durability::Eventual)?;
    /// store.sync()?;
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the host says; writes are refused from then on.
    pub fn sync(&mut self) -> MemoryResult<()> {
        self.with_log(|log, images| log.make_durable(images))?;
        self.catch_up();
        Ok(())
    }

    /// Discards the batch, brings every commit in place and empties the log.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.commit(Durability::Full)?;
    /// store.close()?;
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the host says; no commit is lost by it.
    pub fn close(mut self) -> MemoryResult<()> {
        self.finish()
    }

    /// As [`close`](Self::close), for an owner that drops the store with what is around it. Nothing else may be asked of it
    /// then.
    #[doc(hidden)]
    pub fn finish(&mut self) -> MemoryResult<()> {
        self.discard();
        if self.scrubs_on_close && self.log.as_ref().is_some_and(|log| !log.is_read_only()) {
            self.scrub()?;
        }
        self.with_log(|log, images| log.close(images))
    }

    /// The bytes of a page as it is now, without a handle on it.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.write_at(page, 0, &7u8)?;
    /// assert_eq!(store.bytes(page)?[0], 7);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// [`MemoryError::PageOutOfRange`], [`MemoryError::Corrupt`], or what the host says.
    #[inline]
    pub fn bytes(&mut self, page: Page) -> MemoryResult<&[u8]> {
        if self.cache.get(page).is_none() {
            self.fetch(page)?;
        }
        Ok(self.cache.get(page).unwrap_or(&self.zero))
    }

    /// The bytes of a page, to be changed in place.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.bytes_mut(page)?[0] = 7;
    /// assert_eq!(store.bytes(page)?[0], 7);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// As [`edit`](MemoryAccess::edit).
    #[inline]
    pub fn bytes_mut(&mut self, page: Page) -> MemoryResult<&mut [u8]> {
        let (bytes, parts) = self.bytes_and_parts_mut(page)?;
        if let Some(parts) = parts {
            *parts = Parts::ALL;
        }
        Ok(bytes)
    }

    /// The bytes of a page, to be changed in place, and where to add which parts of it are, if the store wants to know.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// let (bytes, parts) = store.bytes_and_parts_mut(page)?;
    /// bytes[0] = 7;
    /// if let Some(parts) = parts {
    ///     parts.add(bytes.len(), 0..1);
    /// }
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// As [`edit`](MemoryAccess::edit).
    #[inline]
    pub fn bytes_and_parts_mut(&mut self, page: Page) -> MemoryResult<(&mut [u8], Option<&mut Parts>)> {
        if page >= self.next || !self.batch.is_touched(page) {
            self.touch(page)?;
        }
        if page == UNCLAIMED_PAGES_PAGE {
            self.batch.unmarked_changes += 1;
        }
        if self.cache.get(page).is_none() {
            let image = self.fetch(page)?;
            self.cache.put(page, image);
        }
        match self.cache.get_mut(page) {
            Some(image) => {
                if image.is_shared() {
                    self.batch.copy(page, image);
                }
                Ok((image.make_mut(), self.batch.parts_mut(page)))
            }
            None => Err(out_of_range(page, self.next)),
        }
    }

    /// A page that is not at hand: it is idle, or read from its place, or was never written.
    #[cold]
    fn fetch(&mut self, page: Page) -> MemoryResult<PageRef> {
        if let Some(image) = self.cache.get(page) {
            return Ok(image.clone());
        }
        if page >= self.grown {
            return Err(out_of_range(page, self.grown));
        }
        let image = match self.cache.take_idle(page) {
            Some(image) => image,
            None if page < self.committed => self.fetch_committed(page)?,
            None => match (self.batch.spilled(page, self.committed), &self.log) {
                (Some(checksum), Some(log)) => log.read_page_as(page, checksum)?,
                _ => return Ok(self.zero.clone()),
            },
        };
        // A page that cannot be spilled stays in memory; a read need not fail for it, the next write will.
        let _stays = self.make_room();
        self.cache.put(page, image.clone());
        Ok(image)
    }

    /// A page below the mark that the head does not have: it waits in scratch space, a reader has it, or it is read from
    /// its place, or it was never written.
    fn fetch_committed(&mut self, page: Page) -> MemoryResult<PageRef> {
        let Some(log) = &mut self.log else { return Ok(self.zero.clone()) };
        if let Some(place) = self.batch.scratched(page) {
            let image = place.read()?;
            self.batch.forget_scratched(page);
            return Ok(image);
        }
        match self.shared.take_for_head(page) {
            Some(Image::Held(image)) => Ok(image),
            Some(Image::Spilled(place)) => {
                let image = place.read()?;
                self.shared.put_by_head(page, image.clone());
                Ok(image)
            }
            None => {
                let image = log.read_page(page)?;
                self.shared.put_by_head(page, image.clone());
                Ok(image)
            }
        }
    }

    /// Notes the page in the batch, with its committed image.
    #[cold]
    fn touch(&mut self, page: Page) -> MemoryResult<()> {
        if page >= self.next {
            return Err(out_of_range(page, self.next));
        }
        if let Some(log) = &self.log {
            log.check_writable("write")?;
        }
        self.make_room()?;
        let image = self.fetch(page)?;
        if page < self.committed {
            // Where a commit writes in place at once, what stands there is gone by then.
            let is_in_place = self.log.as_ref().is_some_and(|log| !log.is_dirty(page) && !log.is_message_atomic());
            let is_kept = !is_in_place || !self.is_over_limit();
            self.batch.touch_old(page, is_kept.then(|| image.clone()));
            if !is_kept {
                self.cache.take(page);
                self.shared.let_go_of(page, &image);
            }
        } else {
            self.batch.touch_fresh(page, self.committed);
        }
        self.cache.put(page, image);
        Ok(())
    }
}

/// There are only so many pages.
#[cold]
fn out_of_range(page: Page, pages: Page) -> Box<MemoryError> {
    Box::new(MemoryError::PageOutOfRange { page, pages })
}

impl MemoryAccess for MemoryManager {
    fn page_size(&self) -> u64 {
        self.page_size as u64
    }

    fn page_count(&self) -> Page {
        self.next
    }

    fn grow_one_page(&mut self) -> MemoryResult<Page> {
        let limit = self.log.as_ref().map_or(Page::MAX, |log| log.max_pages());
        if self.next >= limit {
            return Err(Box::new(MemoryError::LimitExceeded { what: "the number of pages", limit: limit.into() }));
        }
        if let Some(log) = &self.log {
            log.check_writable("grow_one_page")?;
        }
        if self.next == self.committed {
            self.end_tail()?;
        }
        self.make_room()?;
        let page = self.next;
        self.cache.put(page, self.zero.clone());
        self.next += 1;
        self.grown = self.grown.max(self.next);
        Ok(page)
    }

    #[inline]
    fn page(&mut self, page: Page) -> MemoryResult<PageRef> {
        if let Some(image) = self.cache.get(page) {
            return Ok(image.clone());
        }
        self.fetch(page)
    }

    #[inline]
    fn view<R>(&mut self, page: Page, look: impl FnOnce(&[u8]) -> R) -> MemoryResult<R> {
        if let Some(image) = self.cache.get(page) {
            return Ok(look(image));
        }
        self.fetch(page).map(|image| look(&image))
    }

    #[inline]
    fn edit<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8]) -> R) -> MemoryResult<R> {
        Ok(change(self.bytes_mut(page)?))
    }

    #[inline]
    fn edit_parts<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8], &mut Parts) -> R) -> MemoryResult<R> {
        let (bytes, parts) = self.bytes_and_parts_mut(page)?;
        Ok(change(bytes, parts.unwrap_or(&mut Parts::default())))
    }

    fn restore(&mut self, page: Page, image: &PageRef) -> MemoryResult<()> {
        if page >= self.next || !self.batch.is_touched(page) {
            self.touch(page)?;
        }
        if page == UNCLAIMED_PAGES_PAGE {
            self.batch.unmarked_changes += 1;
        }
        self.cache.put(page, image.clone());
        if let Some(parts) = self.batch.parts_mut(page) {
            *parts = Parts::ALL;
        }
        Ok(())
    }

    fn page_state(&mut self, page: Page) -> MemoryResult<PageState> {
        self.settle_states()?;
        if page >= self.next {
            return Err(out_of_range(page, self.next));
        }
        match self.batch.mark_of(page) {
            Some(state) => Ok(state),
            None => self.committed_state(page),
        }
    }

    fn mark_page(&mut self, page: Page, state: PageState) -> MemoryResult<()> {
        self.batch.unmarked_changes = self.batch.unmarked_changes.saturating_sub(1);
        self.batch.mark(page, state);
        Ok(())
    }

    fn abandon_growth(&mut self, first: Page) -> MemoryResult<()> {
        let first = first.max(self.committed);
        self.zero_fresh(first);
        for page in first..self.next {
            if self.batch.mark_of(page).is_some() {
                self.batch.mark(page, PageState::Used);
            }
        }
        if first < self.next {
            self.batch.forget_fresh(first, self.committed);
            self.next = first;
        }
        Ok(())
    }
}
