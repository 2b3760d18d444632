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
use crate::log::ledger::{self, Group, StoredState};

/// What is exported.
pub(crate) trait Exported {
    /// The checksum and the state of a committed page.
    fn entry(&mut self, page: Page) -> MemoryResult<(u64, StoredState)>;

    /// The committed image of a page.
    fn image(&mut self, page: Page) -> MemoryResult<PageRef>;
}

/// Writes the canonical form of `pages` pages.
pub(crate) fn write(
    writer: &mut dyn Write,
    page_size: usize,
    database_id: u64,
    pages: Page,
    exported: &mut dyn Exported,
) -> MemoryResult<()> {
    let layout = Layout::new(page_size);
    layout.check_pages(pages)?;
    let mut sums = Vec::with_capacity(layout.groups_of(pages));
    for group in 0..layout.groups_of(pages) {
        sums.push(group_of(group, pages, &layout, exported)?.sum(group as Page * layout.pages_per_group));
    }
    let header = Header {
        database_id,
        sequence: 1,
        lsn: 0,
        seed: checksum::next_seed(database_id, 1),
        root: ledger::total(&sums),
        pages,
        tail: 0,
        sums: ledger::header_sums(&sums, &layout),
    };
    let mut head = header.encode(&layout);
    head.resize((2 * SLOT_LENGTH) as usize + layout.ring_length as usize, 0);
    put(writer, &head)?;
    for page in 0..pages {
        if layout.index_in_group(page) == 0 {
            let group = layout.group_of(page);
            if let Some(number) =
                layout.sum_page_of(group).filter(|number| layout.groups_of_sum_page(*number).start == group)
            {
                put(writer, &ledger::sum_page(&sums, number, &layout))?;
            }
            put(writer, &group_of(layout.group_of(page), pages, &layout, exported)?.encode(&layout))?;
        }
        put(writer, &exported.image(page)?)?;
    }
    writer.flush().map_err(|error| failed(&error))
}

/// The ledger entries of a group: they are made twice rather than kept, as a database may be larger than memory.
fn group_of(number: usize, pages: Page, layout: &Layout, exported: &mut dyn Exported) -> MemoryResult<Group> {
    let mut group = Group::empty(layout);
    let first = number as Page * layout.pages_per_group;
    for page in first..pages.min(first.saturating_add(layout.pages_per_group)) {
        let (checksum, state) = exported.entry(page)?;
        group.set((page - first) as usize, checksum, state);
    }
    Ok(group)
}

fn put(writer: &mut dyn Write, bytes: &[u8]) -> MemoryResult<()> {
    writer.write_all(bytes).map_err(|error| failed(&error))
}

fn failed(error: &io::Error) -> Box<MemoryError> {
    Box::new(MemoryError::Host {
        operation: "export",
        reason: words_of(error).into(),
        is_full: error.kind() == io::ErrorKind::StorageFull,
    })
}

/// What a writer says. A module has no system whose errors it could meet: their words would weigh half a kilobyte gzip in it.
fn words_of(error: &io::Error) -> String {
    match error.get_ref() {
        Some(own) => own.to_string(),
        None if cfg!(all(target_family = "wasm", target_os = "unknown")) => "the writer refuses".to_owned(),
        None => error.to_string(),
    }
}
