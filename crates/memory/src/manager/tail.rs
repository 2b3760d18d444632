//! Giving pages at the end of the file back.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{PageState, RESERVED_PAGES, UnclaimedPages};
use crate::manager::MemoryManager;
use crate::options::Durability;

impl MemoryManager {
    /// Gives back the free pages after the last used one: they become the tail of the ledger of unclaimed pages, the
    /// committed mark moves down to it, and the file is cut where the host can. Returns how many pages there are
    /// afterwards.
    ///
    /// Costs a commit, unless there is such a tail already, and three syncs. A crash or a failure on the way leaves a
    /// database in which they are unclaimed still.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.commit(Durability::Full)?;
    /// store.unclaim_page(page)?;
    /// store.commit(Durability::Full)?;
    /// assert!(store.release_tail()? <= page);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// [`MemoryError::Uncommitted`] if anything was written since the last commit; what [`commit`](Self::commit) says.
    pub fn release_tail(&mut self) -> MemoryResult<Page> {
        if !self.is_clean() {
            return Err(Box::new(MemoryError::Uncommitted { operation: "release_tail" }));
        }
        let mut end = self.committed;
        while end > RESERVED_PAGES && self.committed_state(end - 1)? == PageState::Free {
            end -= 1;
        }
        if end == self.committed {
            return Ok(end);
        }
        if UnclaimedPages::tail(self)? != (end..self.committed) {
            let mut kept = UnclaimedPages::list(self)?;
            kept.retain(|page| *page < end);
            let rebuilt = UnclaimedPages::rebuild(self, &kept, end);
            // No page changed its state.
            self.batch.unmarked_changes = 0;
            if let Err(error) = rebuilt {
                self.discard();
                return Err(error);
            }
            self.commit(Durability::Full)?;
        }
        let before = self.ledger_generation();
        let lowered = self.with_log(|log, images| log.lower_mark(end, images));
        if lowered.is_err() && self.ledger_generation() == before {
            return lowered.map(|()| end);
        }
        // A failure after the first entry has ended all writing. Readers go on, and must meet no page that the ledger
        // says nothing of.
        self.cache.truncate(end);
        self.batch.forget_spare();
        self.shared.truncate(end, self.ledger_generation());
        (self.next, self.grown, self.committed) = (end, end, end);
        lowered.map(|()| end)
    }

    fn ledger_generation(&self) -> u64 {
        self.log.as_ref().map_or(0, |log| log.ledger_generation())
    }

    /// Before the store grows: no page past the end may look like one of the tail.
    pub(crate) fn end_tail(&mut self) -> MemoryResult<()> {
        if self.committed < RESERVED_PAGES {
            return Ok(());
        }
        let unmarked_changes = self.batch.unmarked_changes;
        if UnclaimedPages::end_tail(self)? {
            // No page changed its state.
            self.batch.unmarked_changes = unmarked_changes;
        }
        Ok(())
    }
}
