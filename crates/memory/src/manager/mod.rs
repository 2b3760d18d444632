//! [`MemoryManager`]: the page store behind the seam.
//!
//! Pages live in memory as shared handles; a first write copies the page and keeps the old handle in the *batch*. A
//! batch ends by [`commit`](MemoryManager::commit), which hands the pairs (old, new) to the log, or by
//! [`discard`](MemoryManager::discard), which puts the old handles back. Without a provider the commit is just the end
//! of the batch.
//!
//! Invariants: **I1** a page below the committed mark that is in no batch has its committed image; **I2** a page at or
//! past `next` is zero; **I3** a page changed since the last checkpoint is in memory.

mod options;

use std::io::Write;

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

pub use options::{Durability, MAX_PAGE_SIZE, MIN_PAGE_SIZE, Options};

use crate::access::{MemoryAccess, PageRef, PageState, RESERVED_PAGES, UNCLAIMED_PAGES_PAGE, UnclaimedPages};
use crate::bytes::NumberSet;
use crate::log::{Change, Log, Medium, StoredState, export_canonical};
use crate::provider::MemoryProvider;

/// A page in memory.
#[derive(Debug, Clone, Default)]
struct Slot {
    /// The page as it is now; none while it was not read yet.
    image: Option<PageRef>,
    /// The state the batch gave it.
    marked: Option<PageState>,
    /// The committed state where there is no log.
    is_free: bool,
}

/// What the batch changed.
#[derive(Debug, Default)]
struct Batch {
    touched: NumberSet,
    /// Committed images of touched pages; none for pages past the committed mark.
    old: Vec<(Page, Option<PageRef>)>,
    marked: Vec<Page>,
    /// Changes of the ledger of unclaimed pages that [`MemoryAccess::mark_page`] did not explain yet.
    unmarked_changes: u32,
}

/// The page store: a cache of pages over a provider, or, without one, the pages themselves.
#[derive(Debug)]
pub struct MemoryManager {
    page_size: usize,
    database_id: u64,
    zero: PageRef,
    slots: Vec<Slot>,
    /// The first page that was not handed out.
    next: Page,
    committed: Page,
    batch: Batch,
    log: Option<Box<Log>>,
}

impl MemoryManager {
    /// A store that lives in memory only.
    ///
    /// # Errors
    /// [`MemoryError::LimitExceeded`] for a page size that cannot be.
    pub fn in_memory(options: Options) -> MemoryResult<Self> {
        options.check()?;
        let database_id = options.database_id.unwrap_or(0);
        Self::bootstrap(Self::with(options.page_size, database_id, None, 0))
    }

    /// Opens the store on a provider, or makes a new one where there is none.
    ///
    /// # Errors
    /// [`MemoryError::NotADatabase`], [`MemoryError::NewerFormat`], [`MemoryError::Corrupt`], or what the host says.
    pub fn open(provider: Box<dyn MemoryProvider>, options: Options) -> MemoryResult<Self> {
        options.check()?;
        let (log, replayed) = Log::open(Medium::new(provider), options.page_size, options.database_id)?;
        let pages = log.pages();
        let mut manager = Self::with(log.page_size(), log.database_id(), Some(Box::new(log)), pages);
        for (page, image) in replayed {
            if let Some(slot) = manager.slots.get_mut(page as usize) {
                slot.image = Some(image);
            }
        }
        Self::bootstrap(manager)
    }

    fn with(page_size: usize, database_id: u64, log: Option<Box<Log>>, pages: Page) -> Self {
        Self {
            page_size,
            database_id,
            zero: PageRef::zeroed(page_size),
            slots: vec![Slot::default(); pages as usize],
            next: pages,
            committed: pages,
            batch: Batch::default(),
            log,
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
    pub fn database_id(&self) -> u64 {
        self.database_id
    }

    /// How many pages were handed out, committed or not.
    pub fn page_count(&self) -> Page {
        self.next
    }

    /// Whether anything was written since the last commit.
    pub fn is_clean(&self) -> bool {
        self.batch.old.is_empty() && self.batch.marked.is_empty() && self.next == self.committed
    }

    /// Ends the batch: what was written since the last commit stays.
    ///
    /// # Errors
    /// What the host says; then the batch is discarded. [`MemoryError::InDoubt`] if it may survive all the same.
    pub fn commit(&mut self, durability: Durability) -> MemoryResult<()> {
        match self.try_commit(durability) {
            Ok(()) => {
                self.end_batch();
                self.checkpoint_if_wanted();
                Ok(())
            }
            Err(error) => {
                self.discard();
                Err(error)
            }
        }
    }

    fn try_commit(&mut self, durability: Durability) -> MemoryResult<()> {
        self.settle_states()?;
        if self.log.is_none() {
            return Ok(());
        }
        for page in self.committed..self.next {
            self.touch(page)?;
        }
        for page in self.batch.marked.clone() {
            // A page whose growth was abandoned may have been marked before.
            if page < self.next {
                self.touch(page)?;
            }
        }
        self.batch.old.sort_unstable_by_key(|(page, _)| *page);
        let mut changes = Vec::with_capacity(self.batch.old.len());
        for index in 0..self.batch.old.len() {
            let Some((page, old)) = self.batch.old.get(index).cloned() else { continue };
            if page < self.next {
                let state = stored(self.page_state(page)?);
                changes.push(Change { page, old, new: self.current(page)?, state });
            }
        }
        let Self { log, batch, slots, next, .. } = self;
        let Some(log) = log else { return Ok(()) };
        log.commit(&changes, *next, durability, &mut |page| committed_image(batch, slots, page))
    }

    /// Puts everything back as the last commit left it.
    pub fn discard(&mut self) {
        for (page, old) in std::mem::take(&mut self.batch.old) {
            if let Some(slot) = self.slots.get_mut(page as usize) {
                slot.image = Some(old.unwrap_or_else(|| self.zero.clone()));
            }
        }
        for page in std::mem::take(&mut self.batch.marked) {
            if let Some(slot) = self.slots.get_mut(page as usize) {
                slot.marked = None;
            }
        }
        self.batch.touched.clear();
        self.batch.unmarked_changes = 0;
        self.next = self.committed;
    }

    /// Makes every commit durable.
    ///
    /// # Errors
    /// What the host says; writes are refused from then on.
    pub fn sync(&mut self) -> MemoryResult<()> {
        self.batch.old.sort_unstable_by_key(|(page, _)| *page);
        let Self { log, batch, slots, .. } = self;
        match log {
            Some(log) => log.make_durable(&mut |page| committed_image(batch, slots, page)),
            None => Ok(()),
        }
    }

    /// Discards the batch, brings every commit in place and empties the log.
    ///
    /// # Errors
    /// What the host says; no commit is lost by it.
    pub fn close(mut self) -> MemoryResult<()> {
        self.discard();
        let Self { log, batch, slots, .. } = &mut self;
        match log {
            Some(log) => log.close(&mut |page| committed_image(batch, slots, page)),
            None => Ok(()),
        }
    }

    /// Writes the last commit in canonical form: the same operations and options give the same bytes on every host.
    ///
    /// # Errors
    /// What the writer or the host says.
    pub fn export(&mut self, writer: &mut dyn Write) -> MemoryResult<()> {
        let mut states = Vec::with_capacity(self.committed as usize);
        for page in 0..self.committed {
            states.push(stored(self.committed_state(page)?));
        }
        let (page_size, database_id, committed) = (self.page_size, self.database_id, self.committed);
        let state_of = &mut |page: Page| Ok(states.get(page as usize).copied().unwrap_or_default());
        export_canonical(writer, page_size, database_id, committed, state_of, &mut |page| {
            let old =
                self.batch.touched.contains(page).then(|| self.batch.old.iter().find(|(number, _)| *number == page));
            match old.flatten() {
                Some((_, Some(image))) => Ok(image.clone()),
                _ => self.current(page),
            }
        })
    }

    /// The bytes of a page as it is now, without a handle on it.
    ///
    /// # Errors
    /// [`MemoryError::PageOutOfRange`], [`MemoryError::Corrupt`], or what the host says.
    #[inline]
    pub fn bytes(&mut self, page: Page) -> MemoryResult<&[u8]> {
        if !matches!(self.slots.get(page as usize), Some(Slot { image: Some(_), .. })) {
            self.load(page)?;
        }
        match self.slots.get(page as usize) {
            Some(Slot { image: Some(image), .. }) => Ok(image),
            _ => Ok(&self.zero),
        }
    }

    /// Brings a page into memory.
    #[cold]
    fn load(&mut self, page: Page) -> MemoryResult<()> {
        self.current(page).map(|_| ())
    }

    /// The page as it is now, read from its place if need be.
    fn current(&mut self, page: Page) -> MemoryResult<PageRef> {
        let pages = self.slots.len() as Page;
        let slot = self.slots.get_mut(page as usize).ok_or(MemoryError::PageOutOfRange { page, pages })?;
        match (&slot.image, &mut self.log) {
            (Some(image), _) => Ok(image.clone()),
            (None, Some(log)) if page < self.committed => {
                let image = log.read_page(page)?;
                slot.image = Some(image.clone());
                Ok(image)
            }
            (None, _) => Ok(self.zero.clone()),
        }
    }

    /// Notes the page in the batch, with its committed image.
    #[cold]
    fn touch(&mut self, page: Page) -> MemoryResult<()> {
        if page >= self.next {
            return Err(MemoryError::PageOutOfRange { page, pages: self.next });
        }
        if let Some(log) = &self.log {
            log.check_poison()?;
        }
        let image = self.current(page)?;
        if self.batch.touched.insert(page) {
            let old = (page < self.committed).then(|| image.clone());
            self.batch.old.push((page, old));
        }
        if let Some(slot) = self.slots.get_mut(page as usize) {
            slot.image = Some(image);
        }
        Ok(())
    }

    /// The batch has become the committed state.
    fn end_batch(&mut self) {
        for page in std::mem::take(&mut self.batch.marked) {
            if let Some(slot) = self.slots.get_mut(page as usize) {
                slot.is_free = slot.marked.take() == Some(PageState::Free);
            }
        }
        self.batch.old.clear();
        self.batch.touched.clear();
        self.committed = self.next;
    }

    /// Brings pages in place when the ring fills up. The commit before it stands whatever happens here: a failed sync
    /// has poisoned the writes that follow; after a failed write the ring is as full as before, and the commit that
    /// needs the room names the failure.
    fn checkpoint_if_wanted(&mut self) {
        let Self { log, batch, slots, .. } = self;
        if let Some(log) = log.as_mut().filter(|log| log.wants_checkpoint()) {
            let _met_again = log.checkpoint(&mut |page| committed_image(batch, slots, page));
        }
    }

    fn committed_state(&mut self, page: Page) -> MemoryResult<PageState> {
        if page < RESERVED_PAGES {
            return Ok(PageState::Reserved);
        }
        match &mut self.log {
            Some(log) if page < self.committed => {
                Ok(if log.state(page)? == StoredState::Free { PageState::Free } else { PageState::Used })
            }
            _ => {
                let is_free = self.slots.get(page as usize).is_some_and(|slot| slot.is_free);
                Ok(if is_free { PageState::Free } else { PageState::Used })
            }
        }
    }

    /// Finds the states anew where somebody changed the ledger of unclaimed pages without saying what it meant.
    fn settle_states(&mut self) -> MemoryResult<()> {
        if self.batch.unmarked_changes == 0 {
            return Ok(());
        }
        let mut is_free = NumberSet::default();
        for page in UnclaimedPages::list(self)? {
            if page >= self.next || !is_free.insert(page) {
                return Err(MemoryError::corrupt(format!("the unclaimed ledger cannot hold page {page} here")));
            }
        }
        for page in RESERVED_PAGES..self.next {
            let state = if is_free.contains(page) { PageState::Free } else { PageState::Used };
            let known = match self.slots.get(page as usize).and_then(|slot| slot.marked) {
                Some(state) => state,
                None => self.committed_state(page)?,
            };
            if state != known {
                self.mark_page(page, state)?;
            }
        }
        self.batch.unmarked_changes = 0;
        Ok(())
    }
}

/// The committed image of a page that is in memory.
fn committed_image(batch: &Batch, slots: &[Slot], page: Page) -> MemoryResult<PageRef> {
    let old = batch.old.binary_search_by_key(&page, |(number, _)| *number).ok().and_then(|index| batch.old.get(index));
    let image = match old {
        Some((_, old)) => old.clone(),
        None => slots.get(page as usize).and_then(|slot| slot.image.clone()),
    };
    image.ok_or_else(|| MemoryError::corrupt(format!("page {page} was changed but is not in memory")))
}

fn stored(state: PageState) -> StoredState {
    match state {
        PageState::Used => StoredState::Used,
        PageState::Free => StoredState::Free,
        PageState::Reserved => StoredState::Reserved,
    }
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
            return Err(MemoryError::LimitExceeded { what: "the number of pages", limit: limit.into() });
        }
        let page = self.next;
        let index = page as usize;
        if self.slots.len() <= index {
            self.slots.resize(index + 1, Slot::default());
        }
        if let Some(slot) = self.slots.get_mut(index) {
            slot.image = Some(self.zero.clone());
        }
        self.next += 1;
        Ok(page)
    }

    #[inline]
    fn page(&mut self, page: Page) -> MemoryResult<PageRef> {
        if let Some(Slot { image: Some(image), .. }) = self.slots.get(page as usize) {
            return Ok(image.clone());
        }
        self.current(page)
    }

    #[inline]
    fn view<R>(&mut self, page: Page, look: impl FnOnce(&[u8]) -> R) -> MemoryResult<R> {
        if let Some(Slot { image: Some(image), .. }) = self.slots.get(page as usize) {
            return Ok(look(image));
        }
        self.current(page).map(|image| look(&image))
    }

    #[inline]
    fn edit<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8]) -> R) -> MemoryResult<R> {
        if page >= self.next || !self.batch.touched.contains(page) {
            self.touch(page)?;
        }
        if page == UNCLAIMED_PAGES_PAGE {
            self.batch.unmarked_changes += 1;
        }
        match self.slots.get_mut(page as usize) {
            Some(Slot { image: Some(image), .. }) => Ok(change(image.make_mut())),
            _ => Err(MemoryError::PageOutOfRange { page, pages: self.next }),
        }
    }

    fn restore(&mut self, page: Page, image: &PageRef) -> MemoryResult<()> {
        if page >= self.next || !self.batch.touched.contains(page) {
            self.touch(page)?;
        }
        if page == UNCLAIMED_PAGES_PAGE {
            self.batch.unmarked_changes += 1;
        }
        if let Some(slot) = self.slots.get_mut(page as usize) {
            slot.image = Some(image.clone());
        }
        Ok(())
    }

    fn page_state(&mut self, page: Page) -> MemoryResult<PageState> {
        self.settle_states()?;
        if page >= self.next {
            return Err(MemoryError::PageOutOfRange { page, pages: self.next });
        }
        match self.slots.get(page as usize).and_then(|slot| slot.marked) {
            Some(state) => Ok(state),
            None => self.committed_state(page),
        }
    }

    fn mark_page(&mut self, page: Page, state: PageState) -> MemoryResult<()> {
        self.batch.unmarked_changes = self.batch.unmarked_changes.saturating_sub(1);
        if let Some(slot) = self.slots.get_mut(page as usize) {
            if slot.marked.is_none() {
                self.batch.marked.push(page);
            }
            slot.marked = Some(state);
        }
        Ok(())
    }

    fn abandon_growth(&mut self, first: Page) -> MemoryResult<()> {
        let first = first.max(self.committed);
        for page in first..self.next {
            if let Some(slot) = self.slots.get_mut(page as usize) {
                slot.image = Some(self.zero.clone());
                slot.marked = slot.marked.map(|_| PageState::Used);
            }
        }
        self.next = self.next.min(first);
        Ok(())
    }
}
