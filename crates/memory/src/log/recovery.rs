//! Opening: choose the header, walk the ring, keep the longest prefix that verifies, replay it in memory.
//!
//! Opening writes nothing. What a crash left unfinished is finished before the session's first write.

use std::collections::BTreeMap;

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::PageRef;
use crate::bytes::NumberSet;
use crate::log::header::Header;
use crate::log::layout::{Layout, SECTOR, SLOT_LENGTH};
use crate::log::ledger::{ChecksumLedger, StoredState};
use crate::log::record::{self, Entry, PageChange, Parked, RecordHead};
use crate::log::{Log, Medium, checksum, ring};

/// What must be done before the first write of a session.
#[derive(Debug)]
pub(crate) struct Unfinished {
    /// Bytes to be written again, each where it was read.
    pub(crate) rewrites: Vec<(u64, Vec<u8>)>,
    /// Whether records were replayed, so that pages must be brought in place.
    pub(crate) has_replayed: bool,
}

/// A record of the chain.
struct Walked {
    head: RecordHead,
    body: Vec<u8>,
    /// Whether the body is all there: a parked one may not be.
    is_whole: bool,
    /// The bytes it takes in the ring, and the checksum that the next one chains to.
    length: u64,
    chain: u64,
    bytes: Vec<u8>,
}

/// The images that replaying gave.
pub(crate) type Replayed = BTreeMap<Page, PageRef>;

impl Log {
    /// Opens the database on a medium, or makes a new one where there is none. Returns the log and the pages that
    /// replaying changed, which are newer than those in place.
    pub(crate) fn open(medium: Medium, page_size: usize, database_id: Option<u64>) -> MemoryResult<(Self, Replayed)> {
        match choose_header(&medium)? {
            Some((slot, slot_bytes, header, layout)) => Self::recover(medium, slot, slot_bytes, header, layout),
            None => Ok((Self::create(medium, page_size, database_id)?, Replayed::new())),
        }
    }

    /// A new database: a header of one sector and nothing else. The first pages come with the first commit.
    fn create(medium: Medium, page_size: usize, database_id: Option<u64>) -> MemoryResult<Self> {
        let layout = Layout::new(page_size);
        let database_id = database_id.unwrap_or_else(|| medium.entropy());
        let seed = checksum::next_seed(database_id, 1);
        let header = Header { database_id, sequence: 1, lsn: 0, seed, root: 0, pages: 0, tail: 0, sums: Vec::new() };
        medium.write_all(0, &header.encode(&layout))?;
        medium.sync()?;
        Ok(Self::at_header(medium, layout, header, 0))
    }

    fn at_header(medium: Medium, layout: Layout, header: Header, slot: usize) -> Self {
        let tail = u64::from(header.tail);
        Self {
            medium,
            layout,
            slot,
            is_header_synced: true,
            head: tail,
            tail,
            synced_tail: tail,
            lsn: header.lsn,
            durable_lsn: header.lsn,
            chain: header.seed,
            pages: header.pages,
            ledger: ChecksumLedger::new(&header.sums, header.root),
            header,
            dirty: NumberSet::default(),
            pin: None,
            unfinished: None,
            poison: None,
        }
    }

    fn recover(
        medium: Medium,
        slot: usize,
        slot_bytes: Vec<u8>,
        header: Header,
        layout: Layout,
    ) -> MemoryResult<(Self, Replayed)> {
        let size = medium.size()?;
        if size < layout.end_of(header.pages) && header.pages > 0 {
            return Err(MemoryError::corrupt(format!(
                "the file is truncated: {size} bytes, its {} committed pages need {}",
                header.pages,
                layout.end_of(header.pages)
            )));
        }
        let walked = walk(&medium, &layout, &header)?;
        let durable = walked.iter().map(|record| record.head.durable_lsn).max().unwrap_or(0).max(header.lsn);
        let durable_count = (durable - header.lsn) as usize;
        if durable_count > walked.len() {
            return Err(MemoryError::corrupt(format!(
                "the log breaks off after commit {}, but commit {durable} was durable",
                header.lsn + walked.len() as u64
            )));
        }
        let kept = longest_verified(&medium, &layout, &header, &walked, durable_count)?;
        let mut log = Self::at_header(medium, layout, header, slot);
        let mut rewrites = vec![(slot as u64 * SLOT_LENGTH, slot_bytes)];
        let records = walked.get(..kept).unwrap_or_default();
        let replayed = log.replay(records)?;
        for (index, record) in records.iter().enumerate() {
            let position = log.head;
            log.head += record.length;
            log.lsn = record.head.lsn;
            log.chain = record.chain;
            log.pages = record.head.pages;
            if index >= durable_count {
                log.note_rewrites(record, position, &mut rewrites)?;
            }
        }
        log.durable_lsn = log.lsn;
        log.unfinished = Some(Unfinished { rewrites, has_replayed: kept > 0 });
        Ok((log, replayed))
    }

    /// Replays the records in memory: images, ledger entries, the set of pages to bring in place.
    fn replay(&mut self, records: &[Walked]) -> MemoryResult<Replayed> {
        let mut replayed = Replayed::new();
        let Some(last) = records.last() else { return Ok(replayed) };
        self.layout.check_pages(last.head.pages)?;
        let mut entries: BTreeMap<Page, (u64, StoredState)> = BTreeMap::new();
        for record in records {
            for entry in record::entries(&record.body)? {
                if entry.page >= last.head.pages {
                    return Err(MemoryError::corrupt(format!("a redo record names page {} past the mark", entry.page)));
                }
                entries.insert(entry.page, (entry.checksum, entry.state));
                if !matches!(entry.change, PageChange::Fresh) {
                    self.dirty.insert(entry.page);
                }
            }
        }
        let mut groups: Vec<usize> = entries.keys().map(|page| self.layout.group_of(*page)).collect();
        groups.dedup();
        for group in groups {
            self.ledger.load_unverified(group, self.header.pages, &self.medium, &self.layout)?;
        }
        for (page, (checksum, state)) in &entries {
            self.ledger.set(*page, *checksum, *state, &self.medium, &self.layout)?;
        }
        if self.ledger.root() != last.head.root {
            return Err(MemoryError::corrupt("the checksum ledger does not add up to the root of the last commit"));
        }
        for (page, (expected, _)) in &entries {
            let image = rebuild(&self.medium, &self.layout, records, *page)?;
            let found = checksum::of_page(self.header.database_id, *page, &image);
            if found != *expected {
                return Err(MemoryError::corrupt(format!(
                    "page {page} after replay has checksum {found:016x}, the log says {expected:016x}"
                )));
            }
            replayed.insert(*page, image.into());
        }
        Ok(replayed)
    }

    /// Collects what a record not known durable stands on: itself, its parked body, its fresh pages as they are in place.
    fn note_rewrites(&self, record: &Walked, position: u64, rewrites: &mut Vec<(u64, Vec<u8>)>) -> MemoryResult<()> {
        let start = position % u64::from(self.layout.ring_length);
        let room = (u64::from(self.layout.ring_length) - start) as usize;
        let (first, second) = record.bytes.split_at_checked(room).unwrap_or((&record.bytes, &[]));
        rewrites.push((self.layout.ring_offset + start, first.to_vec()));
        if !second.is_empty() {
            rewrites.push((self.layout.ring_offset, second.to_vec()));
        }
        if let Some(parked) = record.head.parked {
            rewrites.push((parked.address, record.body.clone()));
        }
        for entry in record::entries(&record.body)? {
            if matches!(entry.change, PageChange::Fresh) {
                let address = self.layout.page_address(entry.page);
                let mut image = vec![0; self.layout.page_size];
                self.medium.read_available(address, &mut image)?;
                rewrites.push((address, image));
            }
        }
        Ok(())
    }
}

/// The valid header with the highest sequence, with its slot; none where there is no database yet.
fn choose_header(medium: &Medium) -> MemoryResult<Option<(usize, Vec<u8>, Header, Layout)>> {
    let mut slots = [vec![0; SLOT_LENGTH as usize], vec![0; SLOT_LENGTH as usize]];
    for (index, slot) in slots.iter_mut().enumerate() {
        medium.read_available(index as u64 * SLOT_LENGTH, slot)?;
    }
    // A creation that was cut off leaves zeros and no more than a header's room.
    if medium.size()? <= 2 * SLOT_LENGTH && slots.iter().flatten().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let mut best: Option<(usize, Vec<u8>, Header, Layout)> = None;
    let mut refusal: Option<MemoryError> = None;
    for (index, bytes) in slots.into_iter().enumerate() {
        match Header::decode(&bytes) {
            Ok((header, layout)) => {
                if best.as_ref().is_none_or(|(_, _, other, _)| header.sequence > other.sequence) {
                    best = Some((index, bytes, header, layout));
                }
            }
            Err(error @ MemoryError::NewerFormat { .. }) => return Err(error),
            // "Not ours" says less than "ours, but damaged".
            Err(error) if refusal.as_ref().is_none_or(|_| matches!(error, MemoryError::Corrupt { .. })) => {
                refusal = Some(error);
            }
            Err(_) => {}
        }
    }
    match (best, refusal) {
        (Some(best), _) => Ok(Some(best)),
        (None, Some(refusal)) => Err(refusal),
        (None, None) => Ok(None),
    }
}

/// The records that chain to the header, up to the first that does not verify.
fn walk(medium: &Medium, layout: &Layout, header: &Header) -> MemoryResult<Vec<Walked>> {
    let ring = ring::read_from(medium, layout, header.tail)?;
    let size = medium.size()?;
    let mut records: Vec<Walked> = Vec::new();
    let mut rest = ring.as_slice();
    let mut chain = header.seed;
    let mut lsn = header.lsn;
    while let Some((head, body, sum)) = RecordHead::decode(rest, lsn + 1, chain) {
        let length = (record::HEAD + body.len()).next_multiple_of(SECTOR as usize);
        let Some((bytes, tail)) = rest.split_at_checked(length) else { break };
        let (body, is_whole) = match head.parked {
            None => (body.to_vec(), true),
            Some(parked) => match read_parked(medium, parked, size)? {
                Some(body) => (body, true),
                None => (Vec::new(), false),
            },
        };
        records.push(Walked { head, body, is_whole, length: length as u64, chain: sum, bytes: bytes.to_vec() });
        rest = tail;
        chain = sum;
        lsn += 1;
    }
    Ok(records)
}

/// A parked body, if it is all there.
fn read_parked(medium: &Medium, parked: Parked, size: u64) -> MemoryResult<Option<Vec<u8>>> {
    if parked.address.checked_add(parked.length).is_none_or(|end| end > size) {
        return Ok(None);
    }
    let mut body = vec![0; parked.length as usize];
    medium.read_exact(parked.address, &mut body)?;
    Ok((checksum::of_bytes(&body) == parked.checksum).then_some(body))
}

/// How many records to keep: the most for which every page that an unsynced record names fresh is in place. It is
/// verified in its final image, because a later record may have changed it and a recovery cut off may have brought it
/// in place.
fn longest_verified(
    medium: &Medium,
    layout: &Layout,
    header: &Header,
    walked: &[Walked],
    durable_count: usize,
) -> MemoryResult<usize> {
    for kept in (durable_count + 1..=walked.len()).rev() {
        let records = walked.get(..kept).unwrap_or_default();
        if verifies(medium, layout, header, records, durable_count)? {
            return Ok(kept);
        }
    }
    let durable = walked.get(..durable_count).unwrap_or_default();
    if let Some(broken) = durable.iter().find(|record| !record.is_whole) {
        return Err(MemoryError::corrupt(format!("the parked body of durable commit {} is gone", broken.head.lsn)));
    }
    Ok(durable_count)
}

fn verifies(
    medium: &Medium,
    layout: &Layout,
    header: &Header,
    records: &[Walked],
    durable_count: usize,
) -> MemoryResult<bool> {
    if records.iter().any(|record| !record.is_whole) {
        return Ok(false);
    }
    let mut fresh: BTreeMap<Page, u64> = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        for entry in record::entries(&record.body)? {
            if index >= durable_count && matches!(entry.change, PageChange::Fresh) {
                fresh.insert(entry.page, entry.checksum);
            } else if let Some(expected) = fresh.get_mut(&entry.page) {
                *expected = entry.checksum;
            }
        }
    }
    for (page, expected) in fresh {
        if layout.check_pages(page).is_err() {
            return Ok(false);
        }
        let image = rebuild(medium, layout, records, page)?;
        if checksum::of_page(header.database_id, page, &image) != expected {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A page as the records leave it: the bytes in place (zero where the file ends before) with all ranges applied.
fn rebuild(medium: &Medium, layout: &Layout, records: &[Walked], page: Page) -> MemoryResult<Vec<u8>> {
    let mut image = vec![0; layout.page_size];
    medium.read_available(layout.page_address(page), &mut image)?;
    for record in records {
        for Entry { change, .. } in record::entries(&record.body)?.into_iter().filter(|entry| entry.page == page) {
            match change {
                PageChange::Fresh => {}
                PageChange::Zero => image.fill(0),
                PageChange::Ranges(ranges) => {
                    if !record::apply_ranges(&mut image, ranges) {
                        return Err(MemoryError::corrupt(format!("a redo record runs past the end of page {page}")));
                    }
                }
            }
        }
    }
    Ok(image)
}
