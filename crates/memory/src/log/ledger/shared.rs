//! The checksum ledger behind a short lock: the log changes it, readers of pages in place ask it.
//!
//! The lock is held for one entry at a time, never across a sync, so that a cold read does not wait for one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_dbms_api::{MemoryResult, Page};

use crate::log::layout::Layout;
use crate::log::ledger::{ChecksumLedger, StoredState};
use crate::log::medium::Medium;

#[derive(Debug)]
struct Counted {
    ledger: ChecksumLedger,
    /// How many entries were replaced.
    generation: u64,
    /// Where everything stands, for those who read beside the log.
    layout: Layout,
}

/// The checksum ledger. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct SharedLedger(Arc<Mutex<Counted>>);

impl SharedLedger {
    pub(crate) fn new(ledger: ChecksumLedger, layout: Layout) -> Self {
        Self(Arc::new(Mutex::new(Counted { ledger, generation: 0, layout })))
    }

    /// From now on everything stands so. Pages that are there stay where they are.
    pub(crate) fn set_layout(&self, layout: Layout) {
        self.lock().layout = layout;
    }

    /// Where a page stands.
    pub(crate) fn address(&self, page: Page) -> u64 {
        self.lock().layout.page_address(page)
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many entries were replaced so far.
    pub(crate) fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// The checksum and state of a page, and the generation that says so.
    pub(crate) fn entry_of(&self, page: Page, medium: &Medium) -> MemoryResult<(u64, StoredState, u64)> {
        let counted = &mut *self.lock();
        let (checksum, state) = counted.ledger.entry(page, medium, &counted.layout)?;
        Ok((checksum, state, counted.generation))
    }

    // What follows is as in `ChecksumLedger`.

    pub(crate) fn memory_bytes(&self, layout: &Layout) -> usize {
        self.lock().ledger.memory_bytes(layout)
    }

    pub(crate) fn dirty_count(&self) -> usize {
        self.lock().ledger.dirty_count()
    }

    pub(crate) fn root(&self) -> u64 {
        self.lock().ledger.root()
    }

    pub(crate) fn entry(&self, page: Page, medium: &Medium, layout: &Layout) -> MemoryResult<(u64, StoredState)> {
        self.lock().ledger.entry(page, medium, layout)
    }

    pub(crate) fn root_after(&self, root: u64, page: Page, old: (u64, StoredState), new: (u64, StoredState)) -> u64 {
        self.lock().ledger.root_after(root, page, old, new)
    }

    pub(crate) fn set(
        &self,
        page: Page,
        checksum: u64,
        state: StoredState,
        medium: &Medium,
        layout: &Layout,
    ) -> MemoryResult<()> {
        let mut counted = self.lock();
        counted.generation += 1;
        counted.ledger.set(page, checksum, state, medium, layout)
    }

    pub(crate) fn load_sums(&self, medium: &Medium, layout: &Layout) -> MemoryResult<()> {
        self.lock().ledger.load_sums(medium, layout)
    }

    pub(crate) fn check_sums(&self, header_sums: &[u64], layout: &Layout) -> MemoryResult<()> {
        self.lock().ledger.check_sums(header_sums, layout)
    }

    pub(crate) fn load_unverified(&self, number: usize, medium: &Medium, layout: &Layout) -> MemoryResult<()> {
        self.lock().ledger.load_unverified(number, medium, layout)
    }

    pub(crate) fn dirty_groups(&self) -> Vec<usize> {
        self.lock().ledger.dirty_groups()
    }

    pub(crate) fn dirty_sum_pages(&self, layout: &Layout) -> Vec<usize> {
        self.lock().ledger.dirty_sum_pages(layout)
    }

    pub(crate) fn page(&self, number: usize, layout: &Layout) -> Option<Vec<u8>> {
        self.lock().ledger.page(number, layout)
    }

    pub(crate) fn sum_page(&self, number: usize, layout: &Layout) -> Vec<u8> {
        self.lock().ledger.sum_page(number, layout)
    }

    pub(crate) fn header_sums(&self, pages: Page, layout: &Layout) -> Vec<u64> {
        self.lock().ledger.header_sums(pages, layout)
    }

    pub(crate) fn begin_flush(&self) -> Vec<usize> {
        self.lock().ledger.begin_flush()
    }

    pub(crate) fn end_flush(&self, pages: Page) {
        self.lock().ledger.end_flush(pages);
    }

    pub(crate) fn abandon_flush(&self) {
        self.lock().ledger.abandon_flush();
    }

    pub(crate) fn note_in_place(&self, pages: Page) {
        self.lock().ledger.note_in_place(pages);
    }
}
