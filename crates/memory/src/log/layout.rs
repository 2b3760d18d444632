//! Where everything stands on the medium.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::log::runs::Run;

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

/// How many groups' sums stand in the header itself. Those of later groups stand in sum pages, each before the groups
/// it is for, and the header has the sum of each sum page.
pub(crate) const DIRECT_GROUPS: usize = if cfg!(test) { 2 } else { 224 };

/// How many sum pages there can be.
pub(crate) const MAX_SUM_PAGES: usize = 240;

/// Bytes of a sum page before its sums.
pub(crate) const SUM_PAGE_HEADER: usize = 64;

/// How many pages a database of 8 KiB pages can have: 224 groups of 896 pages, and 240 times 1,016 more: 1.6 TiB.
pub const MAX_PAGES_HINT: Page = (224 + 240 * 1016) * 896;

/// Where everything stands on the medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) page_size: usize,
    pub(crate) pages_per_group: Page,
    pub(crate) ring_offset: u64,
    pub(crate) ring_length: u32,
    /// The runs of places after the first one.
    pub(crate) runs: Vec<Run>,
}

impl Layout {
    /// The layout of a database with the ring of a new one.
    pub(crate) fn new(page_size: usize) -> Self {
        // A multiple of eight, so that the states start aligned.
        let entries = page_size.saturating_sub(LEDGER_HEADER) / LEDGER_ENTRY / 8 * 8;
        Self {
            page_size,
            pages_per_group: entries as Page,
            ring_offset: RING_OFFSET,
            ring_length: RING_LENGTH,
            runs: Vec::new(),
        }
    }

    /// How many pages there can be.
    pub(crate) fn max_pages(&self) -> Page {
        let groups = (DIRECT_GROUPS + MAX_SUM_PAGES * self.groups_per_sum_page()) as Page;
        self.pages_per_group.saturating_mul(groups).min(Page::MAX - self.pages_per_group)
    }

    /// How many groups a sum page is for.
    pub(crate) fn groups_per_sum_page(&self) -> usize {
        if cfg!(test) { 3 } else { self.page_size.saturating_sub(SUM_PAGE_HEADER) / size_of::<u64>() }
    }

    /// The sum page that a group's sum stands in; none if it stands in the header.
    pub(crate) fn sum_page_of(&self, group: usize) -> Option<usize> {
        group.checked_sub(DIRECT_GROUPS).map(|later| later / self.groups_per_sum_page().max(1))
    }

    /// The groups that a sum page is for.
    pub(crate) fn groups_of_sum_page(&self, number: usize) -> std::ops::Range<usize> {
        let first = DIRECT_GROUPS + number * self.groups_per_sum_page();
        first..first + self.groups_per_sum_page()
    }

    /// How many sum pages this many groups need.
    pub(crate) fn sum_pages_of(&self, groups: usize) -> usize {
        groups.checked_sub(1).and_then(|last| self.sum_page_of(last)).map_or(0, |last| last + 1)
    }

    /// Where a sum page stands.
    pub(crate) fn sum_page_address(&self, number: usize) -> u64 {
        self.place_address(self.ledger_place(self.groups_of_sum_page(number).start) - 1)
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

    /// The place of the ledger page of a group.
    fn ledger_place(&self, group: usize) -> u64 {
        let sum_pages = self.sum_page_of(group).map_or(0, |number| number as u64 + 1);
        group as u64 * (u64::from(self.pages_per_group) + 1) + sum_pages
    }

    fn page_place(&self, page: Page) -> u64 {
        self.ledger_place(self.group_of(page)) + self.index_in_group(page) as u64 + 1
    }

    /// How many places so many pages take, with their ledger and sum pages.
    pub(crate) fn places_of(&self, pages: Page) -> u64 {
        pages.checked_sub(1).map_or(0, |last| self.page_place(last) + 1)
    }

    /// Where the ledger page of a group stands.
    pub(crate) fn ledger_address(&self, group: usize) -> u64 {
        self.place_address(self.ledger_place(group))
    }

    /// Where a page stands.
    pub(crate) fn page_address(&self, page: Page) -> u64 {
        self.place_address(self.page_place(page))
    }

    /// Refuses a page past the limit of the format.
    pub(crate) fn check_pages(&self, pages: Page) -> MemoryResult<()> {
        let limit = self.max_pages();
        if pages > limit {
            return Err(Box::new(MemoryError::LimitExceeded { what: "the number of pages", limit: limit.into() }));
        }
        Ok(())
    }
}
