//! Reading committed pages from their places, beside the log: readers do it on threads of their own.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::PageRef;
use crate::log::checksum;
use crate::log::ledger::{SharedLedger, StoredState};
use crate::log::medium::Medium;

/// Where the pages stand, and what the ledger says of them. Clones share both.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) medium: Medium,
    pub(crate) page_size: usize,
    pub(crate) database_id: u64,
    pub(crate) ledger: SharedLedger,
}

impl Places {
    /// The checksum and the state that the newest commit gave a page, and the generation of the ledger that says so.
    pub(crate) fn entry(&self, page: Page) -> MemoryResult<(u64, StoredState, u64)> {
        self.ledger.entry_of(page, &self.medium)
    }

    /// Reads a page from its place; its checksum must be this one.
    pub(crate) fn read_as(&self, page: Page, expected: u64) -> MemoryResult<PageRef> {
        let address = self.ledger.address(page);
        read_page(&self.medium, address, self.page_size, self.database_id, page, expected)
    }
}

/// Reads a page from its place, which is there; its checksum must be `expected`.
pub(crate) fn read_page(
    medium: &Medium,
    address: u64,
    page_size: usize,
    database_id: u64,
    page: Page,
    expected: u64,
) -> MemoryResult<PageRef> {
    let mut image = vec![0; page_size];
    medium.read_exact(address, &mut image)?;
    let found = checksum::of_page(database_id, page, &image);
    if found != expected {
        return Err(MemoryError::corrupt_with(format_args!(
            "page {page} has checksum {found:016x}, the ledger says {expected:016x}"
        )));
    }
    Ok(image.into())
}
