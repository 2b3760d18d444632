//! What is better done between two commits than when there is no room for the next one.

use wasm_dbms_api::MemoryResult;

use crate::log::{Images, Log};

/// Pages that are not in place may take one part of so many of the cache.
const DIRTY_CACHE_SHARE: usize = 2;

impl Log {
    /// Whether there is something to catch up with. Before the session's first write there is not.
    pub(crate) fn is_behind(&self) -> bool {
        self.unfinished.is_none() && (self.is_dirty_beyond_measure() || self.wants_step() || self.wants_longer_ring())
    }

    /// Brings pages in place: a few, or all of them where they take too much memory or the ring grows.
    pub(crate) fn catch_up(&mut self, images: &dyn Images) -> MemoryResult<()> {
        // Pages of an open batch may have been written past the mark.
        if self.wants_longer_ring() && images.change_count() == 0 {
            return self.grow_ring(images);
        }
        if self.is_dirty_beyond_measure() { self.checkpoint(images) } else { self.checkpoint_step(images) }
    }

    fn is_dirty_beyond_measure(&self) -> bool {
        self.dirty_bytes() * DIRTY_CACHE_SHARE > self.cache_bytes
    }
}
