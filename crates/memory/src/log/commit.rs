//! The commit: one record in the ring, one sync.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::PageRef;
use crate::log::layout::SECTOR;
use crate::log::ledger::StoredState;
use crate::log::record::{self, Parked, RecordHead};
use crate::log::{CommittedImage, Log, checksum, ring};
use crate::manager::Durability;

/// Fresh pages are written in runs of at most this many bytes.
const RUN_BYTES: usize = 1 << 20;

/// A page that a transaction touched.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) page: Page,
    /// The committed image; none for a page past the committed mark.
    pub(crate) old: Option<PageRef>,
    pub(crate) new: PageRef,
    pub(crate) state: StoredState,
}

/// A record that is ready to be written.
struct Prepared {
    body: Vec<u8>,
    /// The ledger entries that the commit replaces.
    entries: Vec<(Page, u64, StoredState)>,
    root: u64,
}

impl Log {
    /// Commits the changes, which stand in the order of their pages; `pages` is the number of pages afterwards.
    ///
    /// # Errors
    /// Before the first byte of the record is written: a plain refusal, nothing happened. From then on
    /// [`MemoryError::InDoubt`], and writes are refused until the database is opened again.
    pub(crate) fn commit(
        &mut self,
        changes: &[Change],
        pages: Page,
        durability: Durability,
        committed: &mut CommittedImage<'_>,
    ) -> MemoryResult<()> {
        self.check_poison()?;
        self.layout.check_pages(pages)?;
        let prepared = self.prepare(changes)?;
        if prepared.entries.is_empty() && pages == self.pages {
            return if durability == Durability::Full { self.make_durable(committed) } else { Ok(()) };
        }
        self.start_session(committed)?;

        let writes_past_mark = changes.iter().any(|change| change.old.is_none());
        let is_parked = (record::HEAD + prepared.body.len()) as u64 > u64::from(self.layout.ring_length);
        if self.pin.is_some() && (writes_past_mark || is_parked) {
            self.checkpoint(committed)?;
            self.sync()?;
        }
        let parked = is_parked.then(|| Parked {
            address: self.layout.end_of(pages),
            length: prepared.body.len() as u64,
            checksum: checksum::of_bytes(&prepared.body),
        });
        let body_inline: &[u8] = if is_parked { &[] } else { &prepared.body };
        self.make_room_in_ring((record::HEAD + body_inline.len()) as u64, committed)?;

        let end = self.layout.end_of(pages) + parked.map_or(0, |parked| parked.length);
        if writes_past_mark || is_parked {
            self.medium.ensure_size(end)?;
        }
        self.write_fresh(changes)?;
        if let Some(parked) = &parked {
            self.medium.write_all(parked.address, &prepared.body)?;
        }

        let lsn = self.lsn + 1;
        let head = RecordHead { lsn, durable_lsn: self.durable_lsn, pages, root: prepared.root, parked };
        let (mut bytes, chain) = head.encode(&prepared.body, self.chain);
        bytes.resize(bytes.len().next_multiple_of(SECTOR as usize), 0);
        let written = ring::write(&self.medium, &self.layout, self.head, &bytes);
        let synced = written.and_then(|()| match durability {
            Durability::Full => self.medium.sync(),
            Durability::Eventual => Ok(()),
        });
        if let Err(error) = synced {
            self.poison = Some(error.clone());
            return Err(MemoryError::InDoubt { cause: error.to_string().into() });
        }
        self.apply(prepared, pages)?;
        self.lsn = lsn;
        self.chain = chain;
        self.head += bytes.len() as u64;
        self.pin = parked.map(|_| lsn).or(self.pin);
        if durability == Durability::Full {
            self.note_synced();
        }
        Ok(())
    }

    /// Whether so much is logged or dirty that pages should be brought in place soon.
    pub(crate) fn wants_checkpoint(&self) -> bool {
        self.head - self.tail > u64::from(self.layout.ring_length) / 2
    }

    /// The body and the ledger entries of a commit; touched pages that did not change are left out.
    fn prepare(&mut self, changes: &[Change]) -> MemoryResult<Prepared> {
        let mut body = Vec::new();
        let mut entries = Vec::with_capacity(changes.len());
        for change in changes {
            let page = change.page;
            let sum = checksum::of_page(self.header.database_id, page, &change.new);
            let is_changed = match &change.old {
                None => {
                    record::push_fresh(&mut body, page, change.state, sum);
                    true
                }
                Some(_) if change.state == StoredState::Free && change.new.iter().all(|byte| *byte == 0) => {
                    record::push_zero(&mut body, page, change.state, sum);
                    true
                }
                Some(old) => {
                    let old_state = self.state(page)?;
                    record::push_ranges(&mut body, page, (old, old_state), (&change.new, change.state, sum))
                }
            };
            if is_changed {
                entries.push((page, sum, change.state));
            }
        }
        let root = self.ledger.root_after(&entries, &self.medium, &self.layout)?;
        Ok(Prepared { body, entries, root })
    }

    /// Makes sure that a record of `length` bytes does not overwrite one that may still be needed.
    fn make_room_in_ring(&mut self, length: u64, committed: &mut CommittedImage<'_>) -> MemoryResult<()> {
        let length = length.next_multiple_of(u64::from(SECTOR));
        let room = |log: &Self| log.head - log.synced_tail + length <= u64::from(log.layout.ring_length);
        if !room(self) && self.is_header_synced {
            self.checkpoint(committed)?;
        }
        if !room(self) {
            self.sync()?;
        }
        if !room(self) {
            self.checkpoint(committed)?;
            self.sync()?;
        }
        Ok(())
    }

    /// Writes the fresh pages in place, whole, neighbours together.
    fn write_fresh(&self, changes: &[Change]) -> MemoryResult<()> {
        let mut run: Vec<u8> = Vec::new();
        let mut start = 0;
        for change in changes.iter().filter(|change| change.old.is_none()) {
            let address = self.layout.page_address(change.page);
            if !run.is_empty() && (start + run.len() as u64 != address || run.len() >= RUN_BYTES) {
                self.medium.write_all(start, &run)?;
                run.clear();
            }
            if run.is_empty() {
                start = address;
            }
            run.extend_from_slice(&change.new);
        }
        if run.is_empty() { Ok(()) } else { self.medium.write_all(start, &run) }
    }

    /// The commit happened: the ledger, the mark and the set of pages to bring in place follow.
    fn apply(&mut self, prepared: Prepared, pages: Page) -> MemoryResult<()> {
        for (page, sum, state) in prepared.entries {
            self.ledger.set(page, sum, state, &self.medium, &self.layout)?;
            if page < self.pages {
                self.dirty.insert(page);
            }
        }
        self.pages = pages;
        Ok(())
    }
}
