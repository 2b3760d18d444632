//! Opening: choose the header, walk the ring, keep the longest prefix that verifies, replay it in memory.
//!
//! Opening writes nothing. What a crash left unfinished is finished before the session's first write.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::PageRef;
use crate::bytes::NumberSet;
use crate::log::header::Header;
use crate::log::history::History;
use crate::log::layout::{GROUPS_OFFSET, Layout, SECTOR, SLOT_LENGTH};
use crate::log::ledger::{ChecksumLedger, SharedLedger};
use crate::log::record::{self, PageChange, Parked, RecordHead};
use crate::log::unfinished::Unfinished;
use crate::log::{Log, Medium, checksum, history, ring};
use crate::options::{MIN_CACHE_PAGES, Options};

/// A record of the chain.
pub(crate) struct Walked {
    pub(crate) head: RecordHead,
    pub(crate) body: Vec<u8>,
    /// Whether the body is all there: a parked one may not be.
    pub(crate) is_whole: bool,
    /// The bytes it takes in the ring, and the checksum that the next one chains to.
    length: u64,
    chain: u64,
    bytes: Vec<u8>,
}

/// Clean pages of the checksum ledger take at most one of so many parts of the cache,
const CLEAN_GROUPS_SHARE: usize = 8;

/// but so many pages may always stay.
const CLEAN_GROUPS_MIN: usize = 4;

/// The images that replaying gave.
pub(crate) type Replayed = Vec<(Page, PageRef)>;

impl Log {
    /// Opens the database on a medium, or makes a new one where there is none. Returns the log and the pages that
    /// replaying changed, which are newer than those in place.
    pub(crate) fn open(medium: Medium, options: &Options, is_read_only: bool) -> MemoryResult<(Self, Replayed)> {
        let (mut log, replayed) = match choose_header(&medium)? {
            Some(chosen) => Self::recover(medium, chosen, options)?,
            None if is_read_only => {
                return Err(Box::new(MemoryError::NotADatabase { found: "there is nothing yet".into() }));
            }
            None => (Self::create(medium, options)?, Replayed::new()),
        };
        log.is_read_only = is_read_only;
        Ok((log, replayed))
    }

    /// A new database: the ring, zeroed so that its room is taken, then a header. The first pages come with the first
    /// commit.
    fn create(medium: Medium, options: &Options) -> MemoryResult<Self> {
        let layout = Layout::new(options.page_size);
        let database_id = options.database_id.unwrap_or_else(|| medium.entropy());
        let seed = checksum::next_seed(database_id, 1);
        let header = Header { database_id, sequence: 1, lsn: 0, seed, root: 0, pages: 0, tail: 0, sums: Vec::new() };
        medium.write_all(0, &vec![0; GROUPS_OFFSET as usize])?;
        medium.sync()?;
        medium.write_all(0, &header.encode(&layout))?;
        medium.sync()?;
        Ok(Self::at_header(medium, layout, header, 0, options))
    }

    fn at_header(medium: Medium, layout: Layout, header: Header, slot: usize, options: &Options) -> Self {
        let cache_bytes = options.cache_bytes.max(MIN_CACHE_PAGES * layout.page_size);
        let clean_groups = (cache_bytes / CLEAN_GROUPS_SHARE / layout.page_size).max(CLEAN_GROUPS_MIN);
        let tail = u64::from(header.tail);
        let ledger = ChecksumLedger::new(&header.sums, header.pages, clean_groups);
        Self {
            medium,
            ledger: SharedLedger::new(ledger, layout.clone()),
            layout,
            slot,
            is_header_synced: true,
            head: tail,
            tail,
            synced_tail: tail,
            zeroed_head: None,
            pressure: 0,
            lsn: header.lsn,
            durable_lsn: header.lsn,
            chain: header.seed,
            pages: header.pages,
            header,
            dirty: NumberSet::default(),
            incremental: None,
            scrub: None,
            pin: None,
            unfinished: None,
            is_cut: false,
            poison: None,
            is_read_only: false,
            cache_bytes,
        }
    }

    fn recover(
        medium: Medium,
        (slot, slot_bytes, header, layout): Chosen,
        options: &Options,
    ) -> MemoryResult<(Self, Replayed)> {
        let Walk { records: walked, is_cut, is_zero } = walk(&medium, &layout, &header)?;
        let durable = walked.iter().map(|record| record.head.durable_lsn).max().unwrap_or(0).max(header.lsn);
        if durable > header.lsn + walked.len() as u64 {
            return Err(MemoryError::corrupt_with(format_args!(
                "the log breaks off after commit {}, but commit {durable} was durable",
                header.lsn + walked.len() as u64
            )));
        }
        let durable_count = (durable - header.lsn) as usize;
        // Pages that only unsynced records name may be missing; those that were durable may not.
        let durable_mark = walked.get(..durable_count).and_then(<[_]>::last).map_or(0, |record| record.head.pages);
        let pages = durable_mark.max(header.pages);
        let size = medium.size()?;
        if size < layout.end_of(pages) {
            return Err(MemoryError::corrupt_with(format_args!(
                "the file is truncated: {size} bytes, its {pages} committed pages need {}",
                layout.end_of(pages)
            )));
        }
        let history = History::of(&walked)?;
        let kept = history.longest_verified(&medium, &layout, header.database_id, &walked, durable_count)?;
        let mut log = Self::at_header(medium, layout, header, slot, options);
        let mut unfinished = Unfinished::at_header(slot as u64 * SLOT_LENGTH, slot_bytes, kept > 0);
        let records = walked.get(..kept).unwrap_or_default();
        log.ledger.load_sums(&log.medium, &log.layout)?;
        let replayed = log.replay(records, &history)?;
        log.ledger.check_sums(&log.header.sums, &log.layout)?;
        for (index, record) in records.iter().enumerate() {
            if index >= durable_count {
                unfinished.note_record(&log.layout, log.head, &record.bytes);
                unfinished.note_parked(record.head.parked, &record.body);
            }
            log.head += record.length;
            log.lsn = record.head.lsn;
            log.chain = record.chain;
            log.pages = record.head.pages;
        }
        for (page, changes) in history.pages(kept) {
            if let [(index, entry), later @ ..] = changes
                && *index >= durable_count
                && matches!(entry.change, PageChange::Fresh)
            {
                unfinished.note_fresh(&log.medium, &log.layout, page, entry.checksum, !later.is_empty())?;
            }
        }
        log.durable_lsn = durable;
        log.zeroed_head = is_zero.then_some(log.head);
        log.is_cut = is_cut || kept < walked.len();
        log.unfinished = Some(unfinished);
        Ok((log, replayed))
    }

    /// Replays the records in memory: images, ledger entries, the set of pages to bring in place. A page that was only
    /// written fresh is in place; it is verified when it is first read, as every page.
    fn replay(&mut self, records: &[Walked], history: &History<'_>) -> MemoryResult<Replayed> {
        let mut replayed = Replayed::new();
        let Some(last) = records.last() else { return Ok(replayed) };
        let marks = records.iter().map(|record| record.head.pages);
        if !marks.clone().is_sorted() || marks.min().is_some_and(|first| first < self.header.pages) {
            return Err(MemoryError::corrupt("a redo record takes committed pages back"));
        }
        self.layout.check_pages(last.head.pages)?;
        let mut group_loaded = None;
        for (page, changes) in history.pages(records.len()) {
            if page >= last.head.pages {
                return Err(MemoryError::corrupt_with(format_args!("a redo record names page {page} past the mark")));
            }
            let group = self.layout.group_of(page);
            if group_loaded.replace(group) != Some(group) {
                self.ledger.load_unverified(group, &self.medium, &self.layout)?;
            }
            let Some((_, newest)) = changes.last() else { continue };
            self.ledger.set(page, newest.checksum, newest.state, &self.medium, &self.layout)?;
        }
        if self.ledger.root() != last.head.root {
            return Err(MemoryError::corrupt("the checksum ledger does not add up to the root of the last commit"));
        }
        for (page, changes) in history.pages(records.len()) {
            if changes.iter().all(|(_, entry)| matches!(entry.change, PageChange::Fresh)) {
                continue;
            }
            let image = history::rebuild(&self.medium, &self.layout, page, changes)?;
            let found = checksum::of_page(self.header.database_id, page, &image);
            let expected = changes.last().map_or(0, |(_, newest)| newest.checksum);
            if found != expected {
                return Err(MemoryError::corrupt_with(format_args!(
                    "page {page} after replay has checksum {found:016x}, the log says {expected:016x}"
                )));
            }
            self.dirty.insert(page);
            replayed.push((page, image.into()));
        }
        Ok(replayed)
    }
}

/// What the ring holds from the header on.
struct Walk {
    records: Vec<Walked>,
    /// Whether one was begun after the last that verifies.
    is_cut: bool,
    /// Whether the whole ring is zero.
    is_zero: bool,
}

/// A header with the number and the bytes of its slot.
type Chosen = (usize, Vec<u8>, Header, Layout);

/// The valid header with the highest sequence; none where there is no database yet.
fn choose_header(medium: &Medium) -> MemoryResult<Option<Chosen>> {
    if is_blank(medium)? {
        return Ok(None);
    }
    let mut best: Option<Chosen> = None;
    let mut refusal: Option<Box<MemoryError>> = None;
    for index in 0..2 {
        let mut bytes = vec![0; SLOT_LENGTH as usize];
        medium.read_available(index as u64 * SLOT_LENGTH, &mut bytes)?;
        match Header::decode(&bytes) {
            Ok((header, layout)) => {
                if best.as_ref().is_none_or(|(_, _, other, _)| header.sequence > other.sequence) {
                    best = Some((index, bytes, header, layout));
                }
            }
            Err(error) if matches!(*error, MemoryError::NewerFormat { .. }) => return Err(error),
            // "Not ours" says less than "ours, but damaged".
            Err(error) if refusal.as_ref().is_none_or(|_| matches!(*error, MemoryError::Corrupt { .. })) => {
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

/// Whether there is nothing, or what a creation that was cut off leaves: zeros, no more than up to the groups.
fn is_blank(medium: &Medium) -> MemoryResult<bool> {
    let mut bytes = vec![0; GROUPS_OFFSET as usize];
    let is_short = medium.size()? <= GROUPS_OFFSET;
    Ok(is_short && medium.read_available(0, &mut bytes).map(|_| bytes.iter().all(|byte| *byte == 0))?)
}

/// The records that chain to the header, up to the first that does not verify.
fn walk(medium: &Medium, layout: &Layout, header: &Header) -> MemoryResult<Walk> {
    let size = medium.size()?;
    let ring_end = layout.ring_offset + u64::from(layout.ring_length);
    // A ring is there before a header names it.
    if size < ring_end {
        return Err(MemoryError::corrupt_with(format_args!(
            "the file is truncated: {size} bytes, its redo ring reaches to byte {ring_end}"
        )));
    }
    let ring = ring::read_from(medium, layout, header.tail)?;
    let mut records: Vec<Walked> = Vec::new();
    let mut rest = ring.as_slice();
    let mut chain = header.seed;
    let mut lsn = header.lsn;
    while let Some((head, body, sum)) = RecordHead::decode(rest, lsn + 1, chain) {
        let length = (record::HEAD + body.len()).next_multiple_of(SECTOR as usize);
        let Some((bytes, tail)) = rest.split_at_checked(length) else { break };
        // A second body is parked only after a header that contains the first is synced.
        if head.parked.is_some() && records.iter().any(|record| record.head.parked.is_some()) {
            return Err(MemoryError::corrupt("the redo ring names two parked bodies"));
        }
        let (body, is_whole) = match head.parked {
            None => (body.to_vec(), true),
            Some(parked) => match read_parked(medium, layout, head.pages, parked, size)? {
                Some(body) => (body, true),
                None => (Vec::new(), false),
            },
        };
        records.push(Walked { head, body, is_whole, length: length as u64, chain: sum, bytes: bytes.to_vec() });
        rest = tail;
        chain = sum;
        lsn += 1;
    }
    refuse_hole(rest, lsn + 1, chain)?;
    let is_zero = ring.iter().all(|byte| *byte == 0);
    Ok(Walk { is_cut: record::is_cut(rest, lsn + 1, chain), records, is_zero })
}

/// At most so many bytes are hashed to tell whether a record beyond the break belongs to this log. Where nothing was
/// forged it takes a few records.
const HOLE_BYTES_MAX: usize = 64 << 20;

/// A crash tears only what was not synced. So if a record beyond the break states that the commit missing there was
/// durable, the log is damaged, and to go on without that commit would lose it silently.
fn refuse_hole(rest: &[u8], missing: u64, chain: u64) -> MemoryResult<()> {
    // What a later record may chain to: the checksum that stands at the start of any record before it, or, if that is
    // what was damaged, the one that the missing record's bytes have.
    let mut sums: Vec<u64> = record::sum(rest, chain).into_iter().collect();
    let mut left = HOLE_BYTES_MAX;
    for (index, sector) in rest.chunks(SECTOR as usize).enumerate() {
        let later = rest.get(index * SECTOR as usize..).unwrap_or_default();
        let (lsn, durable) = record::stated_lsns(later);
        let states_it = (missing..lsn).contains(&durable);
        // The record before stands shortly before.
        let tries = left / record::length(later).max(1);
        let mut tried = 0;
        let mut belongs = |sum: &u64| {
            tried += 1;
            RecordHead::decode(later, lsn, *sum).is_some()
        };
        let is_later = states_it && sums.iter().rev().take(tries).any(&mut belongs);
        left = left.saturating_sub(tried * record::length(later));
        if is_later {
            return Err(MemoryError::corrupt_with(format_args!(
                "commit {missing} is damaged in the redo ring: commit {lsn} after it states that it was durable"
            )));
        }
        sums.push(crate::bytes::u64_at(sector, 0));
    }
    Ok(())
}

/// A parked body, if it is all there. Its length is what one commit can need, or it is no commit's.
fn read_parked(
    medium: &Medium,
    layout: &Layout,
    pages: Page,
    parked: Parked,
    size: u64,
) -> MemoryResult<Option<Vec<u8>>> {
    let longest = record::longest_body(layout.page_size, pages.min(layout.max_pages()));
    let is_there = parked.address.checked_add(parked.length).is_some_and(|end| end <= size);
    let mut body = Vec::new();
    let length = usize::try_from(parked.length).unwrap_or(usize::MAX);
    if parked.length > longest || !is_there || body.try_reserve_exact(length).is_err() {
        return Ok(None);
    }
    body.resize(length, 0);
    medium.read_exact(parked.address, &mut body)?;
    Ok((checksum::of_bytes(&body) == parked.checksum).then_some(body))
}
