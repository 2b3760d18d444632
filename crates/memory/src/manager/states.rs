//! Which pages are in use, as the batch and the last commit say.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{MemoryAccess, PageState, RESERVED_PAGES, UnclaimedPages};
use crate::bytes::NumberSet;
use crate::log::StoredState;
use crate::manager::MemoryManager;

impl MemoryManager {
    pub(crate) fn committed_state(&mut self, page: Page) -> MemoryResult<PageState> {
        if page < RESERVED_PAGES {
            return Ok(PageState::Reserved);
        }
        match &mut self.log {
            Some(log) if page < self.committed => {
                Ok(if log.state(page)? == StoredState::Free { PageState::Free } else { PageState::Used })
            }
            _ => {
                let is_free = self.shared.lock().free_state(page) == StoredState::Free;
                Ok(if is_free { PageState::Free } else { PageState::Used })
            }
        }
    }

    /// Finds the states anew where somebody changed the ledger of unclaimed pages without saying what it meant.
    pub(crate) fn settle_states(&mut self) -> MemoryResult<()> {
        if self.batch.unmarked_changes == 0 {
            return Ok(());
        }
        let mut is_free = NumberSet::default();
        for page in UnclaimedPages::list(self)? {
            if page >= self.next || !is_free.insert(page) {
                return Err(MemoryError::corrupt_with(format_args!(
                    "the unclaimed ledger cannot hold page {page} here"
                )));
            }
        }
        for page in RESERVED_PAGES..self.next {
            let state = if is_free.contains(page) { PageState::Free } else { PageState::Used };
            let known = match self.batch.mark_of(page) {
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
