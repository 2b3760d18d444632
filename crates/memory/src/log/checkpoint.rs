//! The checkpoint: brings the pages in place, then flips the header.

use wasm_dbms_api::{MemoryResult, Page};

use crate::log::header::Header;
use crate::log::layout::{Layout, SLOT_LENGTH};
use crate::log::ledger::StoredState;
use crate::log::unfinished::Unfinished;
use crate::log::{Images, Log, checksum, ring};

impl Log {
    /// Brings every committed change in place and flips the header. The flip itself is synced by whatever sync comes
    /// next; only then is what it frees reused.
    pub(crate) fn checkpoint(&mut self, images: &dyn Images) -> MemoryResult<()> {
        self.check_writable("checkpoint")?;
        if self.header.lsn == self.lsn {
            return Ok(());
        }
        self.prepare_in_place(images)?;
        self.sync_now()?;
        self.flip(self.chain)
    }

    /// Writes everything in place that is not; a sync must follow.
    pub(crate) fn prepare_in_place(&mut self, images: &dyn Images) -> MemoryResult<()> {
        self.take_over_incremental();
        // Rule 10: the log first, or a page in place could hold bytes of a commit that is lost.
        if self.durable_lsn < self.lsn {
            self.sync()?;
        }
        self.write_in_place(images)
    }

    /// Brings everything in place, makes that durable and empties the ring. The other slot gets the header too: the one
    /// before names a ring that is gone, and must not stand in for a header that is damaged later.
    pub(crate) fn close(&mut self, images: &dyn Images) -> MemoryResult<()> {
        if self.unfinished.is_some() {
            // Nothing was written in this session. What was found may have come from the host's cache, though: it is
            // made durable, if this may write.
            return if self.durable_lsn == self.lsn || self.is_read_only { Ok(()) } else { self.sync() };
        }
        self.checkpoint(images)?;
        self.sync()?;
        let from = self.zeroed_head.unwrap_or_else(|| self.head.saturating_sub(u64::from(self.layout.ring_length)));
        let to = self.zeroed_head.map_or(from + u64::from(self.layout.ring_length), |_| self.head);
        ring::clear(&self.medium, &self.layout, from, to)?;
        self.zeroed_head = Some(self.head);
        self.flip(self.chain)?;
        self.sync_now()
    }

    /// Lowers the mark over free pages, so that they need not be kept. No record can say so: the header does, and
    /// nothing is written, and the file is not cut, before it is synced. What stands in place is not touched, so the
    /// header before it stays right until then.
    pub(crate) fn lower_mark(&mut self, pages: Page, images: &dyn Images) -> MemoryResult<()> {
        self.check_writable("checkpoint")?;
        self.start_session(images)?;
        self.checkpoint(images)?;
        self.sync()?;
        let layout = self.layout.lowered(pages);
        let moves_ring = layout.ring_offset != self.layout.ring_offset;
        // From here on what is in memory says less than the header before does: a failure ends all writing.
        if let Err(error) = self.flip_to(pages, layout) {
            self.poison = self.poison.take().or(Some(Box::new(*error.clone())));
            return Err(error);
        }
        // A host that cannot shrink keeps the bytes; they mean nothing.
        let _tolerated = self.medium.set_size(self.layout.end_of(pages));
        if moves_ring {
            // The next flip writes that slot too.
            let _met_again = self.flip(self.chain);
        }
        Ok(())
    }

    fn flip_to(&mut self, pages: Page, layout: Layout) -> MemoryResult<()> {
        for page in pages..self.pages {
            self.ledger.set(page, 0, StoredState::None, &self.medium, &self.layout)?;
        }
        self.pages = pages;
        self.set_layout(layout);
        self.flip(self.chain)?;
        self.sync_now()
    }

    /// What must be done once before a session writes anything: see rules 22, 23 and 25 in `docs/DURABILITY.md`.
    pub(crate) fn start_session(&mut self, images: &dyn Images) -> MemoryResult<()> {
        let Some(unfinished) = self.unfinished.take() else { return Ok(()) };
        let started = self.finish_recovery(&unfinished, images);
        if started.is_err() {
            self.unfinished = Some(unfinished);
        }
        started
    }

    fn finish_recovery(&mut self, unfinished: &Unfinished, images: &dyn Images) -> MemoryResult<()> {
        unfinished.rewrite(&self.medium, &self.layout, self.header.database_id)?;
        self.sync_now()?;
        if unfinished.has_replayed {
            self.write_in_place(images)?;
            self.sync_now()?;
        }
        // A new seed: no record that was rejected can ever chain to one of this session.
        self.flip(checksum::next_seed(self.chain, self.header.sequence + 1))?;
        self.sync_now()
    }

    /// Writes the pages changed by ranges, and the ledger pages that are behind.
    fn write_in_place(&mut self, images: &dyn Images) -> MemoryResult<()> {
        for page in self.dirty.sorted() {
            self.medium.write_all(self.layout.page_address(page), &images.committed(page)?)?;
        }
        self.write_ledger()
    }

    /// Writes the ledger pages and the sum pages that are behind.
    pub(crate) fn write_ledger(&self) -> MemoryResult<()> {
        for group in self.ledger.dirty_groups() {
            let bytes = self.ledger.page(group, &self.layout).unwrap_or_default();
            self.medium.write_all(self.layout.ledger_address(group), &bytes)?;
        }
        for number in self.ledger.dirty_sum_pages(&self.layout) {
            let bytes = self.ledger.sum_page(number, &self.layout);
            self.medium.write_all(self.layout.sum_page_address(number), &bytes)?;
        }
        Ok(())
    }

    /// Writes the header of the last commit into the other slot.
    pub(crate) fn flip(&mut self, seed: u64) -> MemoryResult<()> {
        self.take_over_incremental();
        let header = self.header_now(seed);
        self.write_header(&header)?;
        self.tail = self.head;
        self.chain = seed;
        self.dirty.clear();
        self.ledger.note_in_place(self.pages);
        self.note_flipped(header);
        Ok(())
    }

    /// The next header, of the last commit.
    pub(crate) fn header_now(&self, seed: u64) -> Header {
        Header {
            database_id: self.header.database_id,
            sequence: self.header.sequence + 1,
            lsn: self.lsn,
            seed,
            root: self.ledger.root(),
            pages: self.pages,
            tail: (self.head % u64::from(self.layout.ring_length)) as u32,
            sums: self.ledger.header_sums(self.pages, &self.layout),
        }
    }

    /// Writes a header into the slot that does not count.
    pub(crate) fn write_header(&self, header: &Header) -> MemoryResult<()> {
        self.medium.write_all((1 - self.slot) as u64 * SLOT_LENGTH, &header.encode(&self.layout))
    }

    /// The header was written; the next sync makes it the one that counts.
    pub(crate) fn note_flipped(&mut self, header: Header) {
        self.header = header;
        self.slot = 1 - self.slot;
        self.is_header_synced = false;
    }
}
