//! What the log sees of the pages in memory.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{PageRef, PageState, Parts};
use crate::log::{Change, Images, NewImage, OldImage, StoredState};
use crate::manager::batch::Batch;
use crate::manager::committed::Committed;
use crate::manager::page_cache::PageCache;

/// The open batch over the pages in memory. The batch is sorted.
pub(crate) struct InMemory<'a> {
    pub(crate) batch: &'a Batch,
    pub(crate) cache: &'a PageCache,
    pub(crate) shared: &'a Committed,
    pub(crate) committed: Page,
    pub(crate) next: Page,
}

impl Images for InMemory<'_> {
    fn committed(&self, page: Page) -> MemoryResult<PageRef> {
        let image = match self.batch.find_old(page) {
            Some(old) => old.image.as_ref(),
            None => self.cache.peek(page),
        };
        match image {
            Some(image) => Ok(image.clone()),
            None => self.shared.image(page).ok_or_else(|| not_here(page))?.read(),
        }
    }

    fn change_count(&self) -> usize {
        self.batch.old().len() + (self.next - self.committed) as usize
    }

    fn change(&self, index: usize) -> MemoryResult<Change> {
        if let Some(old) = self.batch.old().get(index) {
            let page = old.page;
            let new = match (self.cache.peek(page), self.batch.scratched(page)) {
                (Some(image), _) => image.clone(),
                (None, Some(place)) => place.read()?,
                (None, None) => return Err(not_here(page)),
            };
            let parts = self.batch.parts_of(old);
            let old = old.image.as_ref().map_or(OldImage::InPlace, |old| OldImage::Held(old.clone()));
            return Ok(Change { page, old, new: NewImage::Held(new), parts, state: self.state(page) });
        }
        let page = self.committed + (index - self.batch.old().len()) as Page;
        let new = match self.batch.spilled(page, self.committed) {
            Some(checksum) => NewImage::Spilled(checksum),
            // A page that nobody wrote to may have gone: it is zero.
            None => NewImage::Held(self.cache.peek(page).unwrap_or(&self.shared.zero).clone()),
        };
        Ok(Change { page, old: OldImage::None, new, parts: Parts::ALL, state: self.state(page) })
    }
}

impl InMemory<'_> {
    fn state(&self, page: Page) -> Option<StoredState> {
        self.batch.mark_of(page).map(stored)
    }
}

fn not_here(page: Page) -> Box<MemoryError> {
    MemoryError::corrupt_with(format_args!("page {page} was changed but is not in memory"))
}

fn stored(state: PageState) -> StoredState {
    match state {
        PageState::Used => StoredState::Used,
        PageState::Free => StoredState::Free,
        PageState::Reserved => StoredState::Reserved,
    }
}
