//! The limit on memory: which pages may go, and when.
//!
//! A page may go if it can be had again: its place holds it (it was not changed since the last checkpoint), or it is
//! past the committed mark and written in place first (*spilled*). What may not go is bounded otherwise: pages changed
//! since the last checkpoint by a checkpoint once they reach half the limit; pages of the open batch that were
//! committed before, not at all.

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

impl MemoryManager {
    /// Whether pages should go before another one comes.
    #[inline]
    pub(crate) fn is_over_limit(&self) -> bool {
        let Some(log) = &self.log else { return false };
        let bytes = self.cache.memory_bytes(self.page_size)
            + self.batch.held() * self.page_size
            + self.batch.memory_bytes()
            + log.memory_bytes();
        // The page that is about to come, and the one that is being read from the medium.
        bytes + 2 * self.page_size > self.cache_bytes
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
            let Self { log: Some(log), batch, cache, committed, next, .. } = self else { break };
            let pinned = log.dirty_count() + batch.old().len();
            if cache.len() <= pinned + WORKING_PAGES {
                break;
            }
            let is_pinned = |page| page < *committed && (batch.is_touched(page) || log.is_dirty(page));
            let Some((page, image)) = cache.age(&is_pinned) else { continue };
            if page >= *committed && page < *next && batch.is_touched(page) {
                self.spill(page, image)?;
            }
        }
        Ok(())
    }

    /// Writes a page past the mark in place.
    fn spill(&mut self, page: Page, image: PageRef) -> MemoryResult<()> {
        self.batch.sort();
        let Self { log, batch, cache, zero, committed, next, .. } = self;
        let Some(log) = log else { return Ok(()) };
        let images = InMemory { batch, cache, zero, committed: *committed, next: *next };
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
