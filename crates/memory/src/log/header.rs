//! The header slot: which commit the pages in place contain, and where the log goes on.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | `wasmdbms` |
//! | 8..12 | `u32` format version |
//! | 12..16 | `u32` length of the slot's used bytes |
//! | 16..24 | `u64` checksum of the used bytes, this field taken as zero |
//! | 24..32 | `u64` database id |
//! | 32..40 | `u64` sequence: each flip counts one up and writes the other slot |
//! | 40..48 | `u64` lsn: the last commit that the pages in place contain |
//! | 48..56 | `u64` chain seed of the record after it |
//! | 56..64 | `u64` ledger root at that commit |
//! | 64..68 | `u32` page size |
//! | 68..72 | `u32` committed pages |
//! | 72..80 | `u64` ring offset |
//! | 80..84 | `u32` ring length |
//! | 84..88 | `u32` ring position of the record after lsn |
//! | 88..92 | `u32` bytes reserved in each page (0 today) |
//! | 92..96 | `u32` how many runs of places there are after the first |
//! | 96..128 | zero |
//! | 128.. | `u64` sum of each group's ledger entries, of the first 224 groups; then of each sum page |
//! | after them | each run: `u64` its first place, `u64` where that stands |
//!
//! The first three fields and the checksum mean the same in every version, so that a newer one can be refused by name.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::bytes::{put, put_u32, put_u64, slice_at, u32_at, u64_at};
use crate::log::checksum;
use crate::log::layout::{DIRECT_GROUPS, FORMAT_VERSION, Layout, MAX_SUM_PAGES, SECTOR, SLOT_LENGTH};
use crate::log::runs::{MAX_RUNS, Run};
use crate::options::{MAX_PAGE_SIZE, MIN_PAGE_SIZE};

const MAGIC: &[u8; 8] = b"wasmdbms";
const CHECKSUM: usize = 16;
const SUMS: usize = 128;
const RUN: usize = 16;

/// A header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) database_id: u64,
    pub(crate) sequence: u64,
    pub(crate) lsn: u64,
    pub(crate) seed: u64,
    pub(crate) root: u64,
    pub(crate) pages: Page,
    pub(crate) tail: u32,
    pub(crate) sums: Vec<u64>,
}

impl Header {
    /// The bytes of the slot: whole sectors.
    pub(crate) fn encode(&self, layout: &Layout) -> Vec<u8> {
        let runs_at = SUMS + self.sums.len() * 8;
        let length = runs_at + layout.runs.len() * RUN;
        let mut bytes = vec![0; length.next_multiple_of(SECTOR as usize)];
        put(&mut bytes, 0, MAGIC);
        put_u32(&mut bytes, 8, FORMAT_VERSION);
        put_u32(&mut bytes, 12, length as u32);
        put_u64(&mut bytes, 24, self.database_id);
        put_u64(&mut bytes, 32, self.sequence);
        put_u64(&mut bytes, 40, self.lsn);
        put_u64(&mut bytes, 48, self.seed);
        put_u64(&mut bytes, 56, self.root);
        put_u32(&mut bytes, 64, layout.page_size as u32);
        put_u32(&mut bytes, 68, self.pages);
        put_u64(&mut bytes, 72, layout.ring_offset);
        put_u32(&mut bytes, 80, layout.ring_length);
        put_u32(&mut bytes, 84, self.tail);
        put_u32(&mut bytes, 92, layout.runs.len() as u32);
        for (index, sum) in self.sums.iter().enumerate() {
            put_u64(&mut bytes, SUMS + index * 8, *sum);
        }
        for (index, run) in layout.runs.iter().enumerate() {
            put_u64(&mut bytes, runs_at + index * RUN, run.first);
            put_u64(&mut bytes, runs_at + index * RUN + 8, run.address);
        }
        let sum = checksum::of_bytes(slice_at(&bytes, 0, length));
        put_u64(&mut bytes, CHECKSUM, sum);
        bytes
    }

    /// The header in a slot, or why there is none.
    pub(crate) fn decode(slot: &[u8]) -> MemoryResult<(Self, Layout)> {
        let not_ours = |found: String| MemoryError::NotADatabase { found: found.into() };
        if slice_at(slot, 0, MAGIC.len()) != MAGIC {
            return Err(Box::new(not_ours("it does not begin with the name of the format".into())));
        }
        let length = u32_at(slot, 12) as usize;
        let mut used = slice_at(slot, 0, length).to_vec();
        if used.len() < SUMS || length as u64 > SLOT_LENGTH {
            return Err(Box::new(not_ours(format!("a header of {length} bytes"))));
        }
        put_u64(&mut used, CHECKSUM, 0);
        if checksum::of_bytes(&used) != u64_at(slot, CHECKSUM) {
            return Err(MemoryError::corrupt("the checksum of the header does not fit"));
        }
        let version = u32_at(slot, 8);
        if version > FORMAT_VERSION {
            return Err(Box::new(MemoryError::NewerFormat { found: version, supported: FORMAT_VERSION }));
        }
        let page_size = u32_at(slot, 64) as usize;
        if !page_size.is_power_of_two() || !(MIN_PAGE_SIZE..=MAX_PAGE_SIZE).contains(&page_size) {
            return Err(MemoryError::corrupt_with(format_args!("the header states pages of {page_size} bytes")));
        }
        let runs = u32_at(slot, 92) as usize;
        let runs_at = length.saturating_sub(runs.saturating_mul(RUN));
        if runs > MAX_RUNS || runs_at < SUMS {
            return Err(MemoryError::corrupt_with(format_args!("the header states {runs} runs of places")));
        }
        let mut layout =
            Layout { ring_offset: u64_at(slot, 72), ring_length: u32_at(slot, 80), ..Layout::new(page_size) };
        for index in 0..runs {
            let at = runs_at + index * RUN;
            layout.runs.push(Run { first: u64_at(slot, at), address: u64_at(slot, at + 8) });
        }
        let mut sums = Vec::new();
        for index in 0..(runs_at - SUMS) / 8 {
            sums.push(u64_at(slot, SUMS + index * 8));
        }
        let header = Self {
            database_id: u64_at(slot, 24),
            sequence: u64_at(slot, 32),
            lsn: u64_at(slot, 40),
            seed: u64_at(slot, 48),
            root: u64_at(slot, 56),
            pages: u32_at(slot, 68),
            tail: u32_at(slot, 84),
            sums,
        };
        if !layout.is_sound() || header.tail >= layout.ring_length || !header.tail.is_multiple_of(SECTOR) {
            return Err(MemoryError::corrupt("the header names a redo ring that cannot be"));
        }
        let groups = layout.groups_of(header.pages);
        let sum_pages = layout.sum_pages_of(groups);
        if header.sums.len() != groups.min(DIRECT_GROUPS) + sum_pages || sum_pages > MAX_SUM_PAGES {
            return Err(MemoryError::corrupt_with(format_args!("the header states {} pages", header.pages)));
        }
        let sum = header.sums.iter().fold(0u64, |sum, group| sum.wrapping_add(*group));
        if sum != header.root {
            return Err(MemoryError::corrupt("the sums of the header do not add up to its root"));
        }
        if u64_at(slot, 32) == u64::MAX || u64_at(slot, 40) >= u64::MAX / 2 {
            return Err(MemoryError::corrupt("the header states a sequence that cannot be"));
        }
        Ok((header, layout))
    }
}
