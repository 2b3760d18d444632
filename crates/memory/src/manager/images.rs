//! What the log and an export see of the pages in memory.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{MemoryAccess, PageRef, PageState};
use crate::log::{Change, Exported, Images, NewImage, OldImage, StoredState};
use crate::manager::MemoryManager;
use crate::manager::batch::Batch;
use crate::manager::page_cache::PageCache;

/// The open batch over the pages in memory. The batch is sorted.
pub(crate) struct InMemory<'a> {
    pub(crate) batch: &'a Batch,
    pub(crate) cache: &'a PageCache,
    pub(crate) zero: &'a PageRef,
    pub(crate) committed: Page,
    pub(crate) next: Page,
}

impl Images for InMemory<'_> {
    fn committed(&self, page: Page) -> MemoryResult<PageRef> {
        let image = match self.batch.find_old(page) {
            Some((_, old)) => old.as_ref(),
            None => self.cache.get(page),
        };
        image.cloned().ok_or_else(|| MemoryError::corrupt(format!("page {page} was changed but is not in memory")))
    }

    fn change_count(&self) -> usize {
        self.batch.old().len() + (self.next - self.committed) as usize
    }

    fn change(&self, index: usize) -> MemoryResult<Change> {
        if let Some((page, old)) = self.batch.old().get(index) {
            let new = self.cache.peek(*page);
            let new =
                new.ok_or_else(|| MemoryError::corrupt(format!("page {page} was changed but is not in memory")))?;
            let old = old.as_ref().map_or(OldImage::InPlace, |old| OldImage::Held(old.clone()));
            return Ok(Change { page: *page, old, new: NewImage::Held(new.clone()), state: self.state(*page) });
        }
        let page = self.committed + (index - self.batch.old().len()) as Page;
        let new = match self.batch.spilled(page, self.committed) {
            Some(checksum) => NewImage::Spilled(checksum),
            // A page that nobody wrote to may have gone: it is zero.
            None => NewImage::Held(self.cache.peek(page).unwrap_or(self.zero).clone()),
        };
        Ok(Change { page, old: OldImage::None, new, state: self.state(page) })
    }
}

impl InMemory<'_> {
    fn state(&self, page: Page) -> Option<StoredState> {
        self.batch.mark_of(page).map(stored)
    }
}

pub(crate) fn stored(state: PageState) -> StoredState {
    match state {
        PageState::Used => StoredState::Used,
        PageState::Free => StoredState::Free,
        PageState::Reserved => StoredState::Reserved,
    }
}

/// The last commit, whatever the open batch has changed. The batch is sorted.
pub(crate) struct LastCommit<'a>(pub(crate) &'a mut MemoryManager);

impl Exported for LastCommit<'_> {
    fn entry(&mut self, page: Page) -> MemoryResult<(u64, StoredState)> {
        if let Some(log) = &mut self.0.log {
            return log.entry(page);
        }
        let state = self.0.committed_state(page)?;
        let checksum = crate::log::page_checksum(self.0.database_id, page, &self.image(page)?);
        Ok((checksum, stored(state)))
    }

    fn image(&mut self, page: Page) -> MemoryResult<PageRef> {
        match (self.0.batch.find_old(page), &mut self.0.log) {
            (Some((_, Some(old))), _) => Ok(old.clone()),
            (Some((_, None)), Some(log)) => log.read_page(page),
            _ => self.0.page(page),
        }
    }
}
