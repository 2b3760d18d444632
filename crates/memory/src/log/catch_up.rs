//! What is better done between two commits than when there is no room for the next one.

use wasm_dbms_api::MemoryResult;

use crate::log::{Images, Log};

/// Pages that are not in place may take one part of so many of the cache.
const DIRTY_CACHE_SHARE: usize = 2;

impl Log {
    /// Whether there is something to catch up with. Before the session's first write there is not.
    pub(crate) fn is_behind(&self) -> bool {
        self.unfinished.is_none() && (self.is_dirty_beyond_measure() || self.wants_step())
    }

    /// Brings pages in place: a few, or all of them where they take too much memory.
    pub(crate) fn catch_up(&mut self, images: &dyn Images) -> MemoryResult<()> {
        if self.is_dirty_beyond_measure() { self.checkpoint(images) } else { self.checkpoint_step(images) }
    }

    fn is_dirty_beyond_measure(&self) -> bool {
        self.dirty_bytes() * DIRTY_CACHE_SHARE > self.cache_bytes
    }
}
