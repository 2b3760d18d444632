//! A database file as `docs/FORMAT.md` describes it: taken apart, and put together again with every checksum right. It
//! is written from that page alone and shares no code with the store, so that a file put together unchanged, byte for
//! byte, shows that the page is right.
//!
//! Enough of it for small files: pages of one group, records with their bodies in the ring.

use crate::checksum;

const SLOT: usize = 4096;
const RING: usize = 8192;
const RING_LENGTH: usize = 32_768;
const GROUPS: usize = 40_960;
const SECTOR: usize = 512;

/// How an entry of a record changes its page.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Ranges(Vec<(u16, Vec<u8>)>),
    Fresh,
    Zero,
}

/// One entry of a record.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) page: u32,
    pub(crate) state: u8,
    pub(crate) change: Change,
}

/// One record of the ring.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// The 64 bytes of its head; checksum, length and root are put in when the file is put together.
    pub(crate) head: Vec<u8>,
    pub(crate) entries: Vec<Entry>,
}

/// A database file.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// The bytes that are not described below: the other slot, old records, what lies between.
    base: Vec<u8>,
    slot: usize,
    /// The header's used bytes; root, sums and checksum are put in when the file is put together.
    pub(crate) header: Vec<u8>,
    pub(crate) page_size: usize,
    /// Pages in place, those that records write fresh included.
    pub(crate) pages: Vec<Vec<u8>>,
    /// The stored state of each page below the mark.
    pub(crate) states: Vec<u8>,
    pub(crate) records: Vec<Record>,
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u16::from_le_bytes(*chunk))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u32::from_le_bytes(*chunk))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

/// Writes as much of `source` at `at` as fits.
pub(crate) fn put(bytes: &mut [u8], at: usize, source: &[u8]) {
    for (place, byte) in bytes.iter_mut().skip(at).zip(source) {
        *place = *byte;
    }
}

fn entry_sum(page: usize, checksum: u64, state: u8) -> u64 {
    if state == 0 { 0 } else { checksum::of_entry(page as u64, checksum, state) }
}

impl File {
    /// Takes a file apart; none if it is none that this module understands.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let slots = [bytes.get(..SLOT)?, bytes.get(SLOT..2 * SLOT)?];
        let used =
            |slot: &[u8]| slot.get(..u32_at(slot, 12) as usize).filter(|used| used.len() >= 128).map(<[u8]>::to_vec);
        let is_valid = |slot: &&[u8]| {
            slot.starts_with(b"wasmdbms")
                && used(slot).is_some_and(|mut used| {
                    put(&mut used, 16, &[0; 8]);
                    checksum::of_bytes(&used, 0) == u64_at(slot, 16)
                })
        };
        let slot = (0..2)
            .filter(|slot| slots.get(*slot).is_some_and(is_valid))
            .max_by_key(|slot| slots.get(*slot).map_or(0, |slot| u64_at(slot, 32)))?;
        let header = used(slots.get(slot)?)?;
        let page_size = u32_at(&header, 64) as usize;
        let mark = u32_at(&header, 68) as usize;
        let group = (page_size - 64) / 9 / 8 * 8;
        let first = GROUPS + page_size;
        let pages: Vec<Vec<u8>> = bytes.get(first..)?.chunks_exact(page_size).map(<[u8]>::to_vec).collect();
        if pages.len() > group || mark > pages.len() {
            return None;
        }
        let states = bytes.get(GROUPS + 64 + group * 8..)?.get(..mark)?.to_vec();
        let records = records(bytes, &header)?;
        Some(Self { base: bytes.to_vec(), slot, header, page_size, pages, states, records })
    }

    fn page_sum(&self, page: usize, image: &[u8]) -> u64 {
        let database_id = u64_at(&self.header, 24);
        checksum::of_page(database_id, page as u64, image)
    }

    /// Puts the file together, with every checksum, sum and root as the bytes now are.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let group = (self.page_size - 64) / 9 / 8 * 8;
        let mut bytes = self.base.clone();
        let mut ledger = vec![0; self.page_size];
        // The entries of the ledger as records change them, pages past the mark included.
        let mut entries = vec![(0, 0); self.pages.len()];
        for (page, (image, state)) in self.pages.iter().zip(&self.states).enumerate() {
            let sum = self.page_sum(page, image);
            put(&mut ledger, 64 + page * 8, &sum.to_le_bytes());
            put(&mut ledger, 64 + group * 8 + page, &[*state]);
            if let Some(entry) = entries.get_mut(page) {
                *entry = (sum, *state);
            }
        }
        put(&mut bytes, GROUPS, &ledger);
        for (page, image) in self.pages.iter().enumerate() {
            put(&mut bytes, GROUPS + (page + 1) * self.page_size, image);
        }
        let sums = |entries: &[(u64, u8)]| {
            entries
                .iter()
                .enumerate()
                .fold(0u64, |sum, (page, (checksum, state))| sum.wrapping_add(entry_sum(page, *checksum, *state)))
        };
        let mut root = sums(&entries);
        let mut header = self.header.clone();
        put(&mut header, 56, &root.to_le_bytes());
        put(&mut header, 128, &root.to_le_bytes());
        seal(&mut header);
        put(&mut bytes, self.slot * SLOT, &header);

        let mut images = self.pages.clone();
        let mut chain = u64_at(&header, 48);
        let mut at = u32_at(&header, 84) as usize;
        for record in &self.records {
            let mut body = Vec::new();
            for entry in &record.entries {
                self.push_entry(&mut body, entry, &mut images, &mut entries, &mut root);
            }
            let mut whole = record.head.clone();
            whole.extend_from_slice(&body);
            let length = (whole.len() as u32).to_le_bytes();
            put(&mut whole, 24, &length);
            put(&mut whole, 32, &root.to_le_bytes());
            put(&mut whole, 48, &(body.len() as u64).to_le_bytes());
            chain = checksum::of_bytes(whole.get(8..).unwrap_or_default(), chain);
            put(&mut whole, 0, &chain.to_le_bytes());
            whole.resize(whole.len().next_multiple_of(SECTOR), 0);
            for (offset, sector) in whole.chunks(SECTOR).enumerate() {
                put(&mut bytes, RING + (at + offset * SECTOR) % RING_LENGTH, sector);
            }
            at += whole.len();
        }
        bytes
    }

    /// Appends an entry with the checksum that its page then has.
    fn push_entry(
        &self,
        body: &mut Vec<u8>,
        entry: &Entry,
        images: &mut [Vec<u8>],
        entries: &mut [(u64, u8)],
        root: &mut u64,
    ) {
        let page = entry.page as usize;
        let (mut code, mut ranges_bytes, mut count) = (0, Vec::new(), 0u16);
        let mut nowhere = vec![0; self.page_size];
        let image = images.get_mut(page).unwrap_or(&mut nowhere);
        match &entry.change {
            Change::Fresh => code = 1,
            Change::Zero => {
                code = 2;
                image.fill(0);
            }
            Change::Ranges(ranges) => {
                for (offset, range) in ranges {
                    put(image, usize::from(*offset), range);
                    ranges_bytes.extend_from_slice(&offset.to_le_bytes());
                    ranges_bytes.extend_from_slice(&(range.len().saturating_sub(1) as u16).to_le_bytes());
                    ranges_bytes.extend_from_slice(range);
                    count += 1;
                }
            }
        }
        let sum = self.page_sum(page, image);
        if let Some(old) = entries.get_mut(page) {
            *root = root.wrapping_sub(entry_sum(page, old.0, old.1)).wrapping_add(entry_sum(page, sum, entry.state));
            *old = (sum, entry.state);
        }
        body.extend_from_slice(&entry.page.to_le_bytes());
        body.extend_from_slice(&[entry.state, code]);
        body.extend_from_slice(&count.to_le_bytes());
        body.extend_from_slice(&sum.to_le_bytes());
        body.extend_from_slice(&ranges_bytes);
    }
}

/// Puts the checksum on a header.
fn seal(header: &mut [u8]) {
    let length = u32_at(header, 12) as usize;
    put(header, 16, &[0; 8]);
    let sum = checksum::of_bytes(header.get(..length).unwrap_or(header), 0);
    put(header, 16, &sum.to_le_bytes());
}

/// The records that chain to the header; none if one is parked.
fn records(bytes: &[u8], header: &[u8]) -> Option<Vec<Record>> {
    let ring = bytes.get(RING..RING + RING_LENGTH)?;
    let tail = u32_at(header, 84) as usize;
    let ring = [ring.get(tail..)?, ring.get(..tail)?].concat();
    let mut rest = ring.as_slice();
    let (mut chain, mut lsn) = (u64_at(header, 48), u64_at(header, 40));
    let mut records = Vec::new();
    while u64_at(rest, 8) == lsn + 1 {
        let Some(whole) = rest.get(..u32_at(rest, 24) as usize).filter(|whole| whole.len() >= 64) else { break };
        let sum = checksum::of_bytes(whole.get(8..)?, chain);
        if sum != u64_at(whole, 0) {
            break;
        }
        if u64_at(whole, 40) != 0 {
            return None;
        }
        records.push(Record { head: whole.get(..64)?.to_vec(), entries: entries(whole.get(64..)?)? });
        rest = rest.get(whole.len().next_multiple_of(SECTOR)..)?;
        (chain, lsn) = (sum, lsn + 1);
    }
    Some(records)
}

fn entries(mut body: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while !body.is_empty() {
        let (page, state, code, count) = (u32_at(body, 0), *body.get(4)?, *body.get(5)?, u16_at(body, 6));
        body = body.get(16..)?;
        let mut ranges = Vec::new();
        for _ in 0..count {
            let (offset, length) = (u16_at(body, 0), usize::from(u16_at(body, 2)) + 1);
            ranges.push((offset, body.get(4..4 + length)?.to_vec()));
            body = body.get(4 + length..)?;
        }
        let change = match code {
            0 => Change::Ranges(ranges),
            1 => Change::Fresh,
            _ => Change::Zero,
        };
        entries.push(Entry { page, state, change });
    }
    Some(entries)
}
