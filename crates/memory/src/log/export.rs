//! The canonical form of a database: the same operations and options give the same bytes on every host.
//!
//! One header in slot A with sequence 1, an empty ring of zeros, the pages up to the mark. No trace of which commits
//! were checkpointed when, or of the host.

use std::io::{self, Write};

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::PageRef;
use crate::log::checksum;
use crate::log::header::Header;
use crate::log::layout::{Layout, SLOT_LENGTH};
use crate::log::ledger::{ChecksumLedger, StoredState};
use crate::log::{CommittedImage, Medium};
use crate::provider::HeapProvider;

/// Writes the canonical form of `pages` pages; `image` gives each with its state.
pub(crate) fn write(
    writer: &mut dyn Write,
    page_size: usize,
    database_id: u64,
    pages: Page,
    state: &mut dyn FnMut(Page) -> MemoryResult<StoredState>,
    image: &mut CommittedImage<'_>,
) -> MemoryResult<()> {
    let layout = Layout::new(page_size);
    layout.check_pages(pages)?;
    let nowhere = Medium::new(Box::new(HeapProvider::new()));
    let mut ledger = ChecksumLedger::default();
    for page in 0..pages {
        let sum = checksum::of_page(database_id, page, &image(page)?);
        ledger.set(page, sum, state(page)?, &nowhere, &layout)?;
    }
    let header = Header {
        database_id,
        sequence: 1,
        lsn: 0,
        seed: checksum::next_seed(database_id, 1),
        root: ledger.root(),
        pages,
        tail: 0,
        sums: ledger.sums().to_vec(),
    };
    let mut head = header.encode(&layout);
    head.resize((2 * SLOT_LENGTH) as usize + layout.ring_length as usize, 0);
    put(writer, &head)?;
    for page in 0..pages {
        if layout.index_in_group(page) == 0 {
            put(writer, &ledger.page(layout.group_of(page), &layout).unwrap_or_default())?;
        }
        let bytes: PageRef = image(page)?;
        put(writer, &bytes)?;
    }
    writer.flush().map_err(|error| failed(&error))
}

fn put(writer: &mut dyn Write, bytes: &[u8]) -> MemoryResult<()> {
    writer.write_all(bytes).map_err(|error| failed(&error))
}

fn failed(error: &io::Error) -> MemoryError {
    MemoryError::Host {
        operation: "export",
        reason: error.to_string().into(),
        is_full: error.kind() == io::ErrorKind::StorageFull,
    }
}
