//! Where everything stands on the medium.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::log::header::MAX_GROUPS;

/// The version of the format this build writes. It stays 0 until the first release.
pub const FORMAT_VERSION: u32 = 0;

/// The distance between the two header slots, and the most bytes that one takes.
pub(crate) const SLOT_LENGTH: u64 = 4096;

/// Where the redo ring of a new database starts.
pub(crate) const RING_OFFSET: u64 = 2 * SLOT_LENGTH;

/// How long the redo ring of a new database is.
pub(crate) const RING_LENGTH: u32 = 32 * 1024;

/// Where the groups start. No database is shorter.
pub(crate) const GROUPS_OFFSET: u64 = RING_OFFSET + RING_LENGTH as u64;

/// The unit that a medium writes whole or not at all; records start on one.
pub(crate) const SECTOR: u32 = 512;

/// Bytes of a ledger page before its entries.
pub(crate) const LEDGER_HEADER: usize = 64;

/// Bytes of a ledger entry: a checksum and a state.
pub(crate) const LEDGER_ENTRY: usize = 9;

/// How many pages a database of 8 KiB pages can have: 384 groups of 896 pages, 2.6 GiB.
pub const MAX_PAGES_HINT: Page = MAX_GROUPS as Page * 896;

/// Where everything stands on the medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) page_size: usize,
    pub(crate) pages_per_group: Page,
    pub(crate) ring_offset: u64,
    pub(crate) ring_length: u32,
}

impl Layout {
    /// The layout of a database with the ring of a new one.
    pub(crate) fn new(page_size: usize) -> Self {
        // A multiple of eight, so that the states start aligned.
        let entries = page_size.saturating_sub(LEDGER_HEADER) / LEDGER_ENTRY / 8 * 8;
        Self { page_size, pages_per_group: entries as Page, ring_offset: RING_OFFSET, ring_length: RING_LENGTH }
    }

    /// How many pages there can be.
    pub(crate) fn max_pages(&self) -> Page {
        self.pages_per_group.saturating_mul(MAX_GROUPS as Page)
    }

    /// The group that a page belongs to.
    pub(crate) fn group_of(&self, page: Page) -> usize {
        (page / self.pages_per_group.max(1)) as usize
    }

    /// Where a page stands among those of its group.
    pub(crate) fn index_in_group(&self, page: Page) -> usize {
        (page % self.pages_per_group.max(1)) as usize
    }

    /// How many groups hold this many pages.
    pub(crate) fn groups_of(&self, pages: Page) -> usize {
        pages.div_ceil(self.pages_per_group.max(1)) as usize
    }

    /// Where the ledger page of a group stands.
    pub(crate) fn ledger_address(&self, group: usize) -> u64 {
        let pages_before = group as u64 * (u64::from(self.pages_per_group) + 1);
        GROUPS_OFFSET + pages_before * self.page_size as u64
    }

    /// Where a page stands.
    pub(crate) fn page_address(&self, page: Page) -> u64 {
        let in_group = self.index_in_group(page) as u64 + 1;
        self.ledger_address(self.group_of(page)) + in_group * self.page_size as u64
    }

    /// The first byte after the last of this many pages.
    pub(crate) fn end_of(&self, pages: Page) -> u64 {
        match pages.checked_sub(1) {
            Some(last) => self.page_address(last) + self.page_size as u64,
            None => GROUPS_OFFSET,
        }
    }

    /// Refuses a page past the limit of the format.
    pub(crate) fn check_pages(&self, pages: Page) -> MemoryResult<()> {
        let limit = self.max_pages();
        if pages > limit {
            return Err(MemoryError::LimitExceeded { what: "the number of pages", limit: limit.into() });
        }
        Ok(())
    }
}
