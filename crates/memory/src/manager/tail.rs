//! Giving pages at the end of the file back.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{PageState, RESERVED_PAGES, UnclaimedPages};
use crate::manager::MemoryManager;
use crate::options::Durability;

impl MemoryManager {
    /// Gives back the free pages after the last used one: they leave the ledger of unclaimed pages, the committed mark
    /// moves down, and the file is cut where the host can. Returns how many pages there are afterwards.
    ///
    /// Costs a commit if such pages are unclaimed, and three syncs. A crash on the way leaves a database in which they
    /// are free still; those that had left the ledger are found by their state when this is called again.
    ///
    /// # Errors
    /// [`MemoryError::Uncommitted`] if anything was written since the last commit; what [`commit`](Self::commit) says.
    pub fn release_tail(&mut self) -> MemoryResult<Page> {
        if !self.is_clean() {
            return Err(MemoryError::Uncommitted { operation: "release_tail" });
        }
        let mut end = self.committed;
        while end > RESERVED_PAGES && self.committed_state(end - 1)? == PageState::Free {
            end -= 1;
        }
        if end == self.committed {
            return Ok(end);
        }
        let unclaimed = UnclaimedPages::list(self)?;
        let kept: Vec<Page> = unclaimed.iter().copied().filter(|page| *page < end).collect();
        if kept.len() < unclaimed.len() {
            let rebuilt = UnclaimedPages::rebuild(self, &kept);
            // No page changed its state.
            self.batch.unmarked_changes = 0;
            if let Err(error) = rebuilt {
                self.discard();
                return Err(error);
            }
            self.commit(Durability::Full)?;
        }
        self.with_log(|log, images| log.lower_mark(end, images))?;
        self.cache.truncate(end);
        self.shared.truncate(end, self.log.as_ref().map_or(0, |log| log.ledger_generation()));
        (self.next, self.grown, self.committed) = (end, end, end);
        Ok(end)
    }
}
