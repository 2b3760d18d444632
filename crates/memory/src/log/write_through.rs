//! The commit on a host where a message's writes survive all or not at all: no record, no ring, no sync.
//!
//! Everything that can fail is done before the first write; then the fresh pages, the changed ranges, the ledger pages
//! and the header are written where they belong. What stands on the medium after the message is the commit, in place.

use wasm_dbms_api::{MemoryResult, Page};

use crate::log::record::{self, PageChange};
use crate::log::{Images, Log};

impl Log {
    /// Writes a commit in place; `body` is what its record would hold.
    pub(crate) fn write_through(&mut self, body: &[u8], images: &dyn Images, pages: Page) -> MemoryResult<()> {
        self.unpin(images)?;
        self.checkpoint(images)?;
        self.medium.ensure_size(self.layout.end_of(pages))?;
        let lsn = self.lsn + 1;
        match self.write_changes(body, images, pages, lsn) {
            Ok(()) => {
                self.note_synced();
                Ok(())
            }
            // A host that keeps its promise traps instead, and this message never was.
            Err(error) => Err(self.poisoned_by(&error, lsn)),
        }
    }

    fn write_changes(&mut self, body: &[u8], images: &dyn Images, pages: Page, lsn: u64) -> MemoryResult<()> {
        self.write_fresh(images)?;
        for entry in record::entries(body) {
            let entry = entry?;
            let address = self.layout.page_address(entry.page);
            match entry.change {
                PageChange::Fresh => {}
                PageChange::Zero => self.medium.write_all(address, &vec![0; self.layout.page_size])?,
                PageChange::Ranges(ranges) => {
                    for (offset, bytes) in record::ranges(ranges) {
                        self.medium.write_all(address + offset as u64, bytes)?;
                    }
                }
            }
        }
        self.apply(body, pages)?;
        self.write_ledger()?;
        self.lsn = lsn;
        self.flip(self.chain)
    }
}
