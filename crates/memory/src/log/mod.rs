//! The durable side of a database: what stands on the medium and in which order it gets there.
//!
//! ```text
//! 0          header slot A     4 KiB
//! 4096       header slot B     4 KiB
//! 8192       redo ring         32 KiB in a new file; a longer one may stand between pages ([`runs`])
//! 40960      group 0:          checksum-ledger page, then as many pages as it has entries for
//!            group 1 ...
//! ```
//!
//! A commit is one record in the ring and one sync ([`commit`]); a checkpoint brings the pages in place and flips the
//! header ([`checkpoint`], or [`incremental`] in small steps); opening walks the ring from the header on ([`recovery`]). The rules and the argument why no
//! crash between any two writes loses an acknowledged commit are in `docs/DURABILITY.md`.

mod catch_up;
mod checkpoint;
mod checksum;
mod commit;
mod diff;
mod export;
mod header;
mod history;
mod incremental;
mod layout;
mod ledger;
#[cfg(test)]
mod many_groups;
mod medium;
mod places;
mod record;
mod recovery;
mod ring;
mod ring_growth;
mod runs;
mod scrub;
mod together;
mod unfinished;
mod write_through;

pub(crate) use checksum::of_page as page_checksum;
pub(crate) use commit::{Change, Images, NewImage, OldImage};
pub(crate) use export::{Exported, write as export_canonical};
pub use layout::{FORMAT_VERSION, MAX_PAGES_HINT};
pub(crate) use ledger::StoredState;
pub(crate) use medium::Medium;
pub(crate) use places::Places;

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::PageRef;
use crate::bytes::NumberSet;
use header::Header;
use incremental::Incremental;
use layout::Layout;
use ledger::SharedLedger;
use scrub::Scrub;
use unfinished::Unfinished;

/// The durable side of an open database.
#[derive(Debug)]
pub(crate) struct Log {
    medium: Medium,
    layout: Layout,
    /// The header written last, and the slot it stands in.
    header: Header,
    slot: usize,
    /// Whether a completed sync followed the writing of `header`.
    is_header_synced: bool,
    /// Ring positions, counted without wrapping: where the next record goes, and the tails of the last header and of
    /// the last header known synced. What lies between the synced tail and the head must not be overwritten.
    head: u64,
    tail: u64,
    synced_tail: u64,
    /// Where the head stood when the ring was all zero, if that is known.
    zeroed_head: Option<u64>,
    /// How often the ring was too short, or was gone round, since it grew.
    pressure: u32,
    /// The last commit, and the last one known durable.
    lsn: u64,
    durable_lsn: u64,
    /// The checksum that the next record chains to.
    chain: u64,
    /// Committed pages (the high-water mark).
    pages: Page,
    ledger: SharedLedger,
    /// Pages changed by ranges since the last checkpoint, or, while one is under way in small steps, since its commit.
    dirty: NumberSet,
    incremental: Option<Incremental>,
    /// Where the next step of a scrub goes on.
    scrub: Option<Scrub>,
    /// The record whose parked body stands past the mark, until a header that contains it is synced.
    pin: Option<u64>,
    /// What must be done before the first write of the session; `None` once it is done.
    unfinished: Option<Unfinished>,
    /// Whether opening found a commit begun after the last one that it kept.
    is_cut: bool,
    poison: Option<Box<MemoryError>>,
    is_read_only: bool,
    /// The most memory that the cache may take: half of it may be pages that are not in place.
    cache_bytes: usize,
}

impl Log {
    /// How many pages are committed.
    pub(crate) fn pages(&self) -> Page {
        self.pages
    }

    /// How many pages this layout can hold.
    pub(crate) fn max_pages(&self) -> Page {
        self.layout.max_pages()
    }

    /// The size of a page in bytes.
    pub(crate) fn page_size(&self) -> usize {
        self.layout.page_size
    }

    /// The number that tells this database from others.
    pub(crate) fn database_id(&self) -> u64 {
        self.header.database_id
    }

    /// Whether opening found a commit begun after the last one that it kept.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Whether only reading is allowed.
    pub(crate) fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    /// Refuses writes after a failed write or sync, and where only reading is allowed.
    pub(crate) fn check_writable(&self, operation: &'static str) -> MemoryResult<()> {
        match &self.poison {
            Some(cause) => Err(Box::new(MemoryError::Poisoned { cause: cause.to_string().into() })),
            None if self.is_read_only => Err(Box::new(MemoryError::ReadOnly { operation })),
            None => Ok(()),
        }
    }

    /// From now on writes are refused. Commits up to `lsn` that are not known durable are in doubt.
    fn poisoned_by(&mut self, error: &MemoryError, lsn: u64) -> Box<MemoryError> {
        self.poison.get_or_insert_with(|| Box::new(error.clone()));
        match lsn.saturating_sub(self.durable_lsn) {
            0 => Box::new(error.clone()),
            commits => Box::new(MemoryError::InDoubt { cause: error.to_string().into(), commits }),
        }
    }

    /// Whether the page was changed since the last checkpoint, so that its place holds an older version.
    pub(crate) fn is_dirty(&self, page: Page) -> bool {
        self.dirty.contains(page) || self.incremental.as_ref().is_some_and(|step| step.contains(page))
    }

    /// How many pages were changed since the last checkpoint.
    pub(crate) fn dirty_count(&self) -> usize {
        let since = self.dirty.len();
        self.incremental.as_ref().map_or(since, |step| step.dirty_count(since))
    }

    /// How many bytes the pages and ledger pages take that are not in place.
    fn dirty_bytes(&self) -> usize {
        (self.dirty_count() + self.ledger.dirty_count()) * self.layout.page_size
    }

    /// The page was changed by ranges.
    fn note_dirty(&mut self, page: Page) {
        if self.dirty.insert(page)
            && let Some(step) = &mut self.incremental
        {
            step.note_again(page);
        }
    }

    /// How many bytes the ledger and the sets of pages take.
    pub(crate) fn memory_bytes(&self) -> usize {
        let step = self.incremental.as_ref().map_or(0, Incremental::memory_bytes);
        self.ledger.memory_bytes(&self.layout) + self.dirty.memory_bytes() + step
    }

    /// What readers on other threads need of the log.
    pub(crate) fn places(&self) -> Places {
        let (medium, ledger) = (self.medium.clone(), self.ledger.clone());
        Places { medium, page_size: self.layout.page_size, database_id: self.header.database_id, ledger }
    }

    /// How many entries of the ledger were replaced so far.
    pub(crate) fn ledger_generation(&self) -> u64 {
        self.ledger.generation()
    }

    /// Whether a commit is in place when it returns.
    pub(crate) fn is_message_atomic(&self) -> bool {
        self.medium.is_message_atomic()
    }

    /// Reads a committed page from its place and verifies it. Only for pages that no record since the last checkpoint
    /// changed: those live in the cache until they are in place.
    pub(crate) fn read_page(&mut self, page: Page) -> MemoryResult<PageRef> {
        let (expected, _) = self.ledger.entry(page, &self.medium, &self.layout)?;
        self.read_page_as(page, expected)
    }

    /// Reads a page from its place; its checksum must be this one.
    pub(crate) fn read_page_as(&self, page: Page, expected: u64) -> MemoryResult<PageRef> {
        let address = self.layout.page_address(page);
        places::read_page(&self.medium, address, self.layout.page_size, self.header.database_id, page, expected)
    }

    /// The checksum and the state of a committed page.
    pub(crate) fn entry(&mut self, page: Page) -> MemoryResult<(u64, StoredState)> {
        self.ledger.entry(page, &self.medium, &self.layout)
    }

    /// The committed state of a page.
    pub(crate) fn state(&mut self, page: Page) -> MemoryResult<StoredState> {
        self.ledger.entry(page, &self.medium, &self.layout).map(|(_, state)| state)
    }

    /// Makes every commit durable, those that recovery found too. After a failure nobody can say so, even if nothing
    /// waits for a sync any more.
    pub(crate) fn make_durable(&mut self, images: &dyn Images) -> MemoryResult<()> {
        if self.poison.is_some() {
            return self.check_writable("sync");
        }
        if self.durable_lsn < self.lsn {
            self.start_session(images)?;
        }
        self.sync()
    }

    fn sync(&mut self) -> MemoryResult<()> {
        if self.durable_lsn < self.lsn || !self.is_header_synced { self.sync_now() } else { Ok(()) }
    }

    fn sync_now(&mut self) -> MemoryResult<()> {
        self.check_writable("sync")?;
        if let Err(error) = self.medium.sync() {
            return Err(self.poisoned_by(&error, self.lsn));
        }
        self.note_synced();
        Ok(())
    }

    /// A sync completed: every commit and the last header are durable, and what the header freed may be reused.
    fn note_synced(&mut self) {
        self.durable_lsn = self.lsn;
        self.is_header_synced = true;
        self.synced_tail = self.tail;
        if let Some(step) = &mut self.incremental {
            step.note_synced();
        }
        if self.pin.is_some_and(|pinned| pinned <= self.header.lsn) {
            self.pin = None;
        }
    }
}
