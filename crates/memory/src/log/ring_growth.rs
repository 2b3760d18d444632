//! A longer ring, where records do not fit, keep forcing checkpoints, or go round it again and again: each round writes the
//! pages in place that changed in it.
//!
//! At a checkpoint, when everything is in place and the ring is empty: the end of the file becomes the ring
//! ([`runs`](crate::log::runs)), zeroed; a sync; a header that names it; a sync; and the header once more into the other
//! slot, so that none is left that names the ring before. Then that ring's room is free for pages. No record is written
//! before the header is synced, so there is none that only one of two headers leads to.

use wasm_dbms_api::MemoryResult;

use crate::log::layout::Layout;
use crate::log::runs::{MAX_RING_LENGTH, SHORT_RING_LENGTH};
use crate::log::{Images, Log};

/// The ring grows when it was too short so many times, or commits went round it as often.
const PRESSURE: u32 = 3;

impl Log {
    /// The ring was too short, for a body of so many bytes if it was parked.
    pub(crate) fn note_pressure(&mut self, body_length: usize) {
        // What no ring holds is parked whatever its length.
        if body_length < MAX_RING_LENGTH as usize {
            self.pressure = self.pressure.saturating_add(1);
        }
    }

    /// Commits went round the ring. A long one, which the next opener has to read, is not made longer for that.
    pub(crate) fn note_round(&mut self) {
        if u64::from(self.layout.ring_length) < SHORT_RING_LENGTH {
            self.note_pressure(0);
        }
    }

    /// Whether a longer ring would pay and the file is long enough for one.
    pub(crate) fn wants_longer_ring(&self) -> bool {
        self.pressure >= PRESSURE && self.layout.longer_ring(self.pages).is_some()
    }

    /// Brings everything in place and goes on with a longer ring. Nothing may stand past the mark.
    pub(crate) fn grow_ring(&mut self, images: &dyn Images) -> MemoryResult<()> {
        // If it fails it is not tried again at once.
        self.pressure = 0;
        self.check_writable("checkpoint")?;
        let Some(length) = self.layout.longer_ring(self.pages) else { return Ok(()) };
        let layout = self.layout.with_ring(length, self.pages);
        self.unpin(images)?;
        self.prepare_in_place(images)?;
        self.medium.ensure_size(layout.end_of(self.pages))?;
        self.medium.zero(layout.ring_offset, length.into())?;
        self.sync_now()?;
        // The header may stand on the medium whatever the host says of its writing, and no record of the ring before is
        // found from it: a failure ends all writing.
        self.set_layout(layout);
        self.zeroed_head = Some(0);
        if let Err(error) = self.flip(self.chain).and_then(|()| self.sync_now()) {
            if self.poison.is_none() {
                self.poison = Some(error.clone());
            }
            return Err(error);
        }
        // The next flip writes that slot too.
        let _met_again = self.flip(self.chain);
        Ok(())
    }

    /// From now on everything stands so. If the ring moves, it is empty.
    pub(crate) fn set_layout(&mut self, layout: Layout) {
        if layout.ring_offset != self.layout.ring_offset {
            (self.head, self.tail, self.synced_tail) = (0, 0, 0);
            self.zeroed_head = None;
            self.scrub = None;
        }
        self.ledger.set_layout(layout.clone());
        self.layout = layout;
    }
}
