//! Leaving nothing on the medium of what was released.

use wasm_dbms_api::{MemoryError, MemoryResult};

use crate::manager::MemoryManager;

/// A step of [`MemoryManager::scrub`] writes about so many pages.
const STEP_PAGES: usize = 256;

impl MemoryManager {
    /// Leaves no byte on the medium of what was released: pages are zero in their place, no record in the log is from
    /// before, and what an aborted transaction or an earlier log left is zeroed.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.write_at(page, 0, &7u64)?;
    /// store.commit(Durability::Full)?;
    /// store.unclaim_page(page)?;
    /// store.commit(Durability::Full)?;
    /// store.scrub()?;
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// [`MemoryError::Uncommitted`] if anything was written since the last commit; what the host says.
    pub fn scrub(&mut self) -> MemoryResult<()> {
        while !self.scrub_step(STEP_PAGES)? {}
        Ok(())
    }

    /// One step of [`scrub`](Self::scrub) that writes about so many pages, and whether it was the last. Commits may go
    /// on between two steps; what they release is for the next scrub. Where the last step stopped is kept in memory
    /// only: after opening again scrubbing begins anew.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, HeapProvider, MemoryAccess, MemoryManager, Options};
    ///
    /// let medium = HeapProvider::new();
    /// let mut store = MemoryManager::open(Box::new(medium.clone()), Options::new())?;
    /// let page = store.claim_page()?;
    /// store.write_at_raw(page, 0, b"a secret")?;
    /// store.commit(Durability::Full)?;
    /// store.unclaim_page(page)?;
    /// store.commit(Durability::Full)?;
    ///
    /// let holds_secret = || medium.to_bytes().windows(8).any(|bytes| bytes == b"a secret");
    /// assert!(holds_secret());
    /// while !store.scrub_step(16)? {}
    /// assert!(!holds_secret());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// As [`scrub`](Self::scrub).
    pub fn scrub_step(&mut self, pages: usize) -> MemoryResult<bool> {
        if !self.is_clean() {
            return Err(Box::new(MemoryError::Uncommitted { operation: "scrub" }));
        }
        let mut is_done = true;
        self.with_log(|log, images| {
            is_done = log.scrub_step(images, pages)?;
            Ok(())
        })?;
        Ok(is_done)
    }
}
