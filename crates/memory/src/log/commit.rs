//! The commit: one record in the ring, one sync.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{PageRef, Parts, RESERVED_PAGES};
use crate::log::layout::SECTOR;
use crate::log::ledger::StoredState;
use crate::log::record::{self, Parked, RecordHead};
use crate::log::together::Together;
use crate::log::{Log, checksum, ring};
use crate::options::Durability;

/// What a page was at the last commit.
#[derive(Debug)]
pub(crate) enum OldImage {
    /// Past the committed mark.
    None,
    Held(PageRef),
    /// It stands in place and is not in memory.
    InPlace,
}

/// What a page is now.
#[derive(Debug)]
pub(crate) enum NewImage {
    Held(PageRef),
    /// It was written in place already; this is its checksum.
    Spilled(u64),
}

/// A page that a transaction touched.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) page: Page,
    pub(crate) old: OldImage,
    pub(crate) new: NewImage,
    /// What of it was written, if it was there before.
    pub(crate) parts: Parts,
    /// The state that the transaction gave it; none if it keeps the one it has.
    pub(crate) state: Option<StoredState>,
}

/// What the log asks of the pages in memory.
pub(crate) trait Images {
    /// The committed image of a page that was changed since the last checkpoint.
    fn committed(&self, page: Page) -> MemoryResult<PageRef>;

    /// How many pages the transaction touched.
    fn change_count(&self) -> usize;

    /// The touched page with this number, counted in the order of the pages.
    fn change(&self, index: usize) -> MemoryResult<Change>;
}

/// A record of a small commit is no longer than so.
const SMALL_RECORD_BYTES: usize = 2048;

/// A record that is ready to be written.
struct Prepared {
    /// Room for the head, and the body.
    record: Vec<u8>,
    /// The root of the ledger after the commit.
    root: u64,
}

/// What follows the head.
fn body_of(record: &[u8]) -> &[u8] {
    record.get(record::HEAD..).unwrap_or_default()
}

impl Log {
    /// Commits the changes; `pages` is the number of pages afterwards.
    ///
    /// # Errors
    /// Before the first byte of the record is written: a plain refusal, nothing happened. From then on
    /// [`InDoubt`](wasm_dbms_api::MemoryError::InDoubt), and writes are refused until the database is opened again.
    pub(crate) fn commit(&mut self, images: &dyn Images, pages: Page, durability: Durability) -> MemoryResult<()> {
        if self.is_read_only && images.change_count() == 0 {
            return Ok(());
        }
        self.check_writable("commit")?;
        if durability == Durability::None && self.medium.is_persistent() {
            return Err(Box::new(MemoryError::PersistentMedium));
        }
        self.layout.check_pages(pages)?;
        let Prepared { mut record, root } = self.prepare(images)?;
        if body_of(&record).is_empty() && pages == self.pages {
            return if durability == Durability::Full { self.make_durable(images) } else { Ok(()) };
        }
        self.start_session(images)?;
        if self.medium.is_message_atomic() {
            return self.write_through(body_of(&record), images, pages);
        }

        let writes_past_mark = pages > self.pages;
        let is_parked = record.len() as u64 > u64::from(self.layout.ring_length);
        if writes_past_mark || is_parked {
            self.unpin(images)?;
        }
        let parked_body = if is_parked { record.split_off(record::HEAD) } else { Vec::new() };
        if is_parked {
            self.note_pressure(parked_body.len());
        }
        let parked = is_parked.then(|| Parked {
            address: self.layout.end_of(pages),
            length: parked_body.len() as u64,
            checksum: checksum::of_bytes(&parked_body),
        });
        let record_length = record.len();
        self.make_room_in_ring(record_length as u64, images)?;

        if writes_past_mark || is_parked {
            self.medium.ensure_size(self.layout.end_of(pages) + parked_body.len() as u64)?;
        }
        self.write_fresh(images)?;
        if let Some(parked) = &parked {
            self.medium.write_all(parked.address, &parked_body)?;
        }

        let lsn = self.lsn + 1;
        let head = RecordHead { lsn, durable_lsn: self.durable_lsn, pages, root, parked };
        let chain = head.write(&mut record, self.chain);
        // Not by `resize`, which in a module goes byte by byte.
        let rest = record_length.next_multiple_of(SECTOR as usize) - record_length;
        record.extend_from_slice([0; SECTOR as usize].get(..rest).unwrap_or_default());
        let written = ring::write(&self.medium, &self.layout, self.head, &record);
        let synced = written.and_then(|()| match durability {
            Durability::Full => self.medium.sync(),
            Durability::Eventual | Durability::None => Ok(()),
        });
        if let Err(error) = synced {
            return Err(self.poisoned_by(&error, lsn));
        }
        let body = if is_parked { &parked_body } else { body_of(record.get(..record_length).unwrap_or_default()) };
        if let Err(error) = self.apply(body, pages) {
            return Err(self.poisoned_by(&error, lsn));
        }
        self.lsn = lsn;
        self.chain = chain;
        self.head += record.len() as u64;
        self.pin = parked.map(|_| lsn).or(self.pin);
        if durability == Durability::Full {
            self.note_synced();
        }
        Ok(())
    }

    /// Writes a page past the mark in place before its commit and returns its checksum. Nothing on the medium names it
    /// until that commit.
    pub(crate) fn spill(&mut self, page: Page, image: &PageRef, images: &dyn Images) -> MemoryResult<u64> {
        self.check_writable("write")?;
        self.start_session(images)?;
        self.unpin(images)?;
        self.medium.write_all(self.layout.page_address(page), image)?;
        Ok(checksum::of_page(self.header.database_id, page, image))
    }

    /// Makes the room past the mark free: a parked body may stand there that is still needed.
    pub(crate) fn unpin(&mut self, images: &dyn Images) -> MemoryResult<()> {
        let Some(pinned) = self.pin else { return Ok(()) };
        if pinned > self.header.lsn {
            self.checkpoint(images)?;
        }
        self.sync()
    }

    /// The record of a commit but for its head; touched pages that did not change are left out.
    fn prepare(&mut self, images: &dyn Images) -> MemoryResult<Prepared> {
        let mut record = Vec::with_capacity(SMALL_RECORD_BYTES);
        record.extend_from_slice(&[0; record::HEAD]);
        let mut root = self.ledger.root();
        for index in 0..images.change_count() {
            let change = images.change(index)?;
            let page = change.page;
            let (old_sum, old_state) = self.ledger.entry(page, &self.medium, &self.layout)?;
            let state = match (change.state, page < RESERVED_PAGES) {
                (_, true) => StoredState::Reserved,
                (Some(state), _) => state,
                (None, _) if matches!(change.old, OldImage::None) => StoredState::Used,
                (None, _) => old_state,
            };
            let database_id = self.header.database_id;
            let old = match change.old {
                OldImage::None => None,
                OldImage::Held(image) => Some(image),
                OldImage::InPlace => Some(self.read_page(page)?),
            };
            let sum = match (&old, &change.new) {
                (Some(_), NewImage::Held(new)) if state == StoredState::Free && new.iter().all(|byte| *byte == 0) => {
                    let sum = checksum::of_page(database_id, page, new);
                    record::push_zero(&mut record, page, state, sum);
                    Some(sum)
                }
                (Some(old), NewImage::Held(new)) => {
                    let place = (database_id, page);
                    let images = (old.as_ref(), new.as_ref(), change.parts);
                    let sum = record::push_ranges(&mut record, place, old_sum, images, (old_state, state));
                    debug_assert_eq!(sum.unwrap_or(old_sum), checksum::of_page(database_id, page, new), "page {page}");
                    sum
                }
                (_, new) => {
                    let sum = match new {
                        NewImage::Held(image) => checksum::of_page(database_id, page, image),
                        NewImage::Spilled(sum) => *sum,
                    };
                    record::push_fresh(&mut record, page, state, sum);
                    Some(sum)
                }
            };
            if let Some(sum) = sum {
                root = self.ledger.root_after(root, page, (old_sum, old_state), (sum, state));
            }
        }
        Ok(Prepared { record, root })
    }

    /// Makes sure that a record of `length` bytes does not overwrite one that may still be needed.
    fn make_room_in_ring(&mut self, length: u64, images: &dyn Images) -> MemoryResult<()> {
        let length = length.next_multiple_of(u64::from(SECTOR));
        let room = |log: &Self| log.head - log.synced_tail + length <= u64::from(log.layout.ring_length);
        if !room(self) {
            self.note_pressure(0);
        }
        if !room(self) && self.is_header_synced {
            self.checkpoint(images)?;
        }
        if !room(self) {
            self.sync()?;
        }
        if !room(self) {
            self.checkpoint(images)?;
            self.sync()?;
        }
        Ok(())
    }

    /// Writes the fresh pages in place, whole, neighbours together; those that were spilled are there.
    pub(crate) fn write_fresh(&self, images: &dyn Images) -> MemoryResult<()> {
        let mut together = Together::new(&self.medium, images.change_count() * self.layout.page_size);
        for index in 0..images.change_count() {
            if let Change { page, old: OldImage::None, new: NewImage::Held(image), .. } = images.change(index)? {
                together.write(self.layout.page_address(page), &image)?;
            }
        }
        together.finish()
    }

    /// The commit happened: the ledger, the mark and the set of pages to bring in place follow.
    pub(crate) fn apply(&mut self, body: &[u8], pages: Page) -> MemoryResult<()> {
        for entry in record::entries(body) {
            let entry = entry?;
            self.ledger.set(entry.page, entry.checksum, entry.state, &self.medium, &self.layout)?;
            if entry.page < self.pages {
                self.note_dirty(entry.page);
            }
        }
        self.pages = pages;
        Ok(())
    }
}
