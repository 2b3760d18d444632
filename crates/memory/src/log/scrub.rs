//! Scrubbing: on the medium, nothing is left of what was released before it began. In steps of about so many pages,
//! between which commits may go on.
//!
//! 1. *In place*: everything committed is brought in place, as by a checkpoint in small steps, and the header synced:
//!    released pages are zero there, and no record from before is needed.
//! 2. *Ring*: what of it is not in use is zeroed. Records that come meanwhile overwrite what they stand on.
//! 3. *Unused*: so is what belongs to nothing: past the last page, and the room of an earlier ring that no page took.

use wasm_dbms_api::MemoryResult;

use crate::log::{Images, Log, ring};

/// Where the next step goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scrub {
    /// Until a synced header contains this commit.
    InPlace { lsn: u64 },
    /// The ring between these positions, counted without wrapping.
    Ring { at: u64, end: u64 },
    /// What belongs to nothing, from this byte of the file on.
    Unused { at: u64 },
}

impl Log {
    /// Makes one step, and says whether it was the last.
    pub(crate) fn scrub_step(&mut self, images: &dyn Images, pages: usize) -> MemoryResult<bool> {
        self.check_writable("scrub")?;
        self.start_session(images)?;
        let bytes = pages.max(1) as u64 * self.layout.page_size as u64;
        let next = match self.scrub.unwrap_or(Scrub::InPlace { lsn: self.lsn }) {
            Scrub::InPlace { lsn } => self.scrub_in_place(lsn, images, pages)?,
            Scrub::Ring { at, end } => self.scrub_ring(at, end, bytes)?,
            Scrub::Unused { at } => {
                self.unpin(images)?;
                let at = self.scrub_unused(at, bytes)?;
                at.map(|at| Scrub::Unused { at })
            }
        };
        self.scrub = next;
        if next.is_none() {
            self.sync_now()?;
        }
        Ok(next.is_none())
    }

    fn scrub_in_place(&mut self, lsn: u64, images: &dyn Images, pages: usize) -> MemoryResult<Option<Scrub>> {
        self.sync_now()?;
        if self.header.lsn < lsn {
            self.step_of(images, pages.max(1))?;
            return Ok(Some(Scrub::InPlace { lsn }));
        }
        let length = u64::from(self.layout.ring_length);
        let end = self.synced_tail + length;
        // One round later the positions are the same bytes.
        let at = self.zeroed_head.map_or(self.head, |head| (head + length).min(end));
        Ok(Some(Scrub::Ring { at, end }))
    }

    fn scrub_ring(&mut self, at: u64, end: u64, bytes: u64) -> MemoryResult<Option<Scrub>> {
        // What commits have overwritten since is theirs.
        let from = at.max(self.head);
        let to = from.saturating_add(bytes).min(end);
        ring::clear(&self.medium, &self.layout, from, to)?;
        if to < end {
            return Ok(Some(Scrub::Ring { at: to, end }));
        }
        self.zeroed_head = Some(end - u64::from(self.layout.ring_length));
        Ok(Some(Scrub::Unused { at: 0 }))
    }

    fn scrub_unused(&mut self, at: u64, mut bytes: u64) -> MemoryResult<Option<u64>> {
        for range in self.layout.unused(self.pages, self.medium.size()?) {
            let from = range.start.max(at);
            let to = range.end.min(from.saturating_add(bytes));
            if from < to {
                self.medium.zero(from, to - from)?;
                bytes -= to - from;
            }
            if to < range.end && from < range.end {
                return Ok(Some(to));
            }
        }
        Ok(None)
    }
}
