//! The limit on memory: which pages may go, and when.
//!
//! A page may go if it can be had again: its place holds it (it was not changed since the last checkpoint), or it is
//! past the committed mark and written in place first (*spilled*), or, changed but not committed, it is written to
//! scratch space first. Pages changed since the last checkpoint stay; a checkpoint comes once they reach half the limit.
//! What only readers have goes before what the head has, once it is a quarter.

use std::sync::atomic::Ordering;

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::PageRef;
use crate::manager::MemoryManager;
use crate::manager::images::InMemory;
use crate::options::MIN_CACHE_PAGES;

/// So many pages are looked at for each one that comes: if nearly all must stay, looking for others must not cost more
/// than they give.
const STEPS: usize = 64;

/// So many pages that may go stay in memory however many there are that must.
const WORKING_PAGES: usize = MIN_CACHE_PAGES / 2;

/// What only readers have goes first if it is more than one of so many parts of the limit.
const ALONE_SHARE: usize = 4;

impl MemoryManager {
    /// What the head takes of the limit.
    pub(crate) fn head_bytes(&self) -> usize {
        let Some(log) = &self.log else { return 0 };
        self.cache.memory_bytes(self.page_size)
            + self.batch.held() * self.page_size
            + self.batch.memory_bytes()
            + log.memory_bytes()
    }

    /// Whether pages should go before another one comes.
    #[inline]
    pub(crate) fn is_over_limit(&self) -> bool {
        if self.log.is_none() {
            return false;
        }
        // The page that is about to come, and the one that is being read from the medium.
        self.head_bytes() + self.shared.alone_bytes() + self.shared.table_bytes() + 2 * self.page_size
            > self.cache_bytes
    }

    /// Makes room for another page.
    ///
    /// # Errors
    /// What the host says to the writing of a page before its commit; that page stays in memory.
    pub(crate) fn make_room(&mut self) -> MemoryResult<()> {
        for _ in 0..STEPS {
            if !self.is_over_limit() {
                break;
            }
            self.batch.forget_spare();
            let is_head_small = self.cache.len() <= self.pinned() + WORKING_PAGES;
            if (is_head_small || self.shared.alone_bytes() > self.cache_bytes / ALONE_SHARE) && self.shared.evict() {
                continue;
            }
            if is_head_small {
                break;
            }
            self.age()?;
        }
        if self.log.is_some() {
            self.shared.head_bytes.store(self.head_bytes(), Ordering::Relaxed);
        }
        Ok(())
    }

    /// How many pages cannot go at all.
    fn pinned(&self) -> usize {
        let changed = if self.shared.scratch.is_available() { 0 } else { self.batch.old().len() };
        self.log.as_ref().map_or(0, |log| log.dirty_count()) + changed
    }

    /// One step towards room in what the head has.
    fn age(&mut self) -> MemoryResult<()> {
        let Self { log: Some(log), batch, cache, committed, next, shared, .. } = self else { return Ok(()) };
        let can_wait = shared.scratch.is_available();
        let is_pinned = |page| page < *committed && if batch.is_touched(page) { !can_wait } else { log.is_dirty(page) };
        let Some((page, image)) = cache.age(&is_pinned) else { return Ok(()) };
        if !batch.is_touched(page) || page >= *next {
            drop(image);
            shared.let_go(page, false);
            return Ok(());
        }
        if page >= *committed {
            return self.spill(page, image);
        }
        match shared.scratch.put(page, &image) {
            Ok(place) => {
                batch.put_scratched(page, place);
                Ok(())
            }
            Err(error) => {
                cache.put_idle(page, image);
                Err(error)
            }
        }
    }

    /// Lets readers have half of the cache, as far as pages may go. They stay in memory until somebody needs the room.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// store.give_room();
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn give_room(&mut self) {
        self.shared.wanted.store(0, Ordering::Relaxed);
        let Some(log) = &self.log else { return };
        let Self { batch, cache, shared, cache_bytes, page_size, .. } = self;
        let is_pinned = |page| batch.is_touched(page) || log.is_dirty(page);
        for _ in 0..2 * cache.len() {
            if cache.memory_bytes(*page_size) <= *cache_bytes / 2 {
                break;
            }
            if let Some((page, image)) = cache.age(&is_pinned) {
                drop(image);
                shared.let_go(page, true);
            }
        }
        self.shared.head_bytes.store(self.head_bytes(), Ordering::Relaxed);
    }

    /// Writes a page past the mark in place.
    fn spill(&mut self, page: Page, image: PageRef) -> MemoryResult<()> {
        self.batch.sort();
        let Self { log, batch, cache, shared, committed, next, .. } = self;
        let Some(log) = log else { return Ok(()) };
        let images = InMemory { batch, cache, shared, committed: *committed, next: *next };
        let spilled = log.spill(page, &image, &images);
        match spilled {
            Ok(checksum) if batch.note_spilled(page, *committed, checksum) => Ok(()),
            Ok(_) => {
                cache.put_idle(page, image);
                Ok(())
            }
            Err(error) => {
                cache.put_idle(page, image);
                Err(error)
            }
        }
    }
}
