//! Records that are written once and read again, in order or from a place: in memory first, past a limit in scratch space.
//!
//! | bytes of a record | |
//! |---|---|
//! | `u32`, `u32` | how long its key and its payload are |
//! | bytes | the key, then the payload |

use std::sync::Arc;

use wasm_dbms_api::MemoryError;
use wasm_dbms_memory::{PageRef, ScratchPage, ScratchSpace};

use crate::Error;
use crate::error::Fallible;

const HEADER_BYTES: usize = 8;

/// Memory of so many bytes is used for one row after the other.
const KEPT_ROW_BYTES: usize = 4096;

/// A record: a key and a payload.
pub(crate) type Record<'a> = (&'a [u8], &'a [u8]);

/// Makes room for the bytes of the next row. The memory of a long one is given back: it is none of what a sort may take.
pub(super) fn forget(row: &mut Vec<u8>) {
    if row.capacity() > KEPT_ROW_BYTES {
        *row = Vec::new();
    }
    row.clear();
}

/// Adds a record to bytes.
pub(super) fn push_record(bytes: &mut Vec<u8>, (key, payload): Record<'_>) -> Fallible<()> {
    for part in [key, payload] {
        let length = check_length(part)?;
        bytes.extend_from_slice(&length.to_le_bytes());
    }
    bytes.extend_from_slice(key);
    bytes.extend_from_slice(payload);
    Ok(())
}

/// How long a part of a record is, if it is not too long.
pub(super) fn check_length(part: &[u8]) -> Fallible<u32> {
    u32::try_from(part.len()).map_err(|_| too_long(part.len()))
}

/// How long the key of a record is that begins with these bytes, and the key and the payload together.
fn lengths(header: &[u8]) -> Option<(usize, usize)> {
    let (key, rest) = header.split_first_chunk()?;
    let (key, payload) = (u32::from_le_bytes(*key), u32::from_le_bytes(*rest.first_chunk()?));
    Some((key as usize, (key as usize).checked_add(payload as usize)?))
}

/// The record that begins at a place.
pub(super) fn record_at(bytes: &[u8], start: usize) -> Option<Record<'_>> {
    let rest = bytes.get(start..)?;
    let (key, length) = lengths(rest)?;
    rest.get(HEADER_BYTES..)?.get(..length)?.split_at_checked(key)
}

/// How many bytes a record takes.
pub(super) fn record_bytes((key, payload): Record<'_>) -> usize {
    HEADER_BYTES + key.len() + payload.len()
}

#[cold]
fn too_long(length: usize) -> Box<Error> {
    Error::TooLong { what: "a row".into(), bytes: length as u64, limit: u32::MAX.into() }.into()
}

#[cold]
pub(super) fn broken() -> Box<Error> {
    MemoryError::corrupt("what was written to scratch space cannot be read").into()
}

/// Records, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Spool {
    /// None: everything stays in memory.
    space: Option<ScratchSpace>,
    pages: Vec<Arc<ScratchPage>>,
    /// What stands behind the pages.
    tail: Vec<u8>,
}

/// What is at hand of the pages of a [`Spool`].
#[derive(Debug)]
pub(crate) struct SpoolReader {
    /// Each page has one place where it can be.
    pages: Vec<Option<(usize, PageRef)>>,
    /// Bytes that stand in more than one page.
    joined: Vec<u8>,
}

impl Default for SpoolReader {
    fn default() -> Self {
        Self::new(1)
    }
}

impl SpoolReader {
    /// One that holds so many pages.
    pub(super) fn new(pages: usize) -> Self {
        let mut own = vec![None];
        while own.len() < pages {
            own.push(None);
        }
        Self { pages: own, joined: Vec::new() }
    }

    fn page(&mut self, spool: &Spool, number: usize) -> Fallible<&[u8]> {
        let count = self.pages.len();
        let place = self.pages.get_mut(number % count).ok_or_else(broken)?;
        if place.as_ref().is_none_or(|(own, _)| *own != number) {
            *place = Some((number, spool.pages.get(number).ok_or_else(broken)?.read()?));
        }
        place.as_ref().map(|(_, page)| &**page).ok_or_else(broken)
    }
}

impl Spool {
    pub(crate) fn new(space: &ScratchSpace) -> Self {
        Self { space: Some(space.clone()), ..Self::default() }
    }

    /// Whether there is no record.
    pub(crate) fn is_empty(&self) -> bool {
        self.pages.is_empty() && self.tail.is_empty()
    }

    /// Where the next record will stand.
    pub(super) fn end(&self) -> u64 {
        self.bytes_in_pages() + self.tail.len() as u64
    }

    /// How much memory the records take.
    pub(super) fn memory_bytes(&self) -> usize {
        self.tail.len()
    }

    fn page_size(&self) -> usize {
        self.space.as_ref().map_or(1, ScratchSpace::page_size)
    }

    fn bytes_in_pages(&self) -> u64 {
        self.pages.len() as u64 * self.page_size() as u64
    }

    /// Adds a record.
    pub(crate) fn push(&mut self, record: Record<'_>) -> Fallible<()> {
        push_record(&mut self.tail, record)?;
        match &self.space {
            Some(space) if self.tail.len() > space.memory_bytes() => self.write_out(),
            _ => Ok(()),
        }
    }

    /// Brings whole pages to scratch space.
    pub(super) fn write_out(&mut self) -> Fallible<()> {
        let (Some(space), page_size) = (&self.space, self.page_size()) else { return Ok(()) };
        let mut start = 0;
        while let Some(image) = self.tail.get(start..start + page_size) {
            self.pages.push(space.put(image.to_vec())?);
            start += page_size;
        }
        if start > 0 {
            // Without the room of what is gone: there may be many of these.
            self.tail = self.tail.split_off(start);
        }
        Ok(())
    }

    /// The record at a place, which moves on to the next; none at the end.
    pub(crate) fn read<'a>(&'a self, at: &mut u64, reader: &'a mut SpoolReader) -> Fallible<Option<Record<'a>>> {
        if *at >= self.end() {
            return Ok(None);
        }
        let (key, length) = lengths(self.bytes(*at, HEADER_BYTES, reader)?).ok_or_else(broken)?;
        let start = *at + HEADER_BYTES as u64;
        *at = start + length as u64;
        Ok(self.bytes(start, length, reader)?.split_at_checked(key))
    }

    fn bytes<'a>(&'a self, start: u64, length: usize, reader: &'a mut SpoolReader) -> Fallible<&'a [u8]> {
        let page_size = self.page_size();
        if let Some(start) = start.checked_sub(self.bytes_in_pages()) {
            return self.tail.get(start as usize..).and_then(|rest| rest.get(..length)).ok_or_else(broken);
        }
        let (mut number, mut offset) = ((start / page_size as u64) as usize, (start % page_size as u64) as usize);
        if length <= page_size - offset {
            return reader.page(self, number)?.get(offset..offset + length).ok_or_else(broken);
        }
        let mut joined = std::mem::take(&mut reader.joined);
        joined.clear();
        while joined.len() < length {
            let rest = length - joined.len();
            let bytes = if number < self.pages.len() { reader.page(self, number)? } else { &self.tail };
            let end = bytes.len().min(offset.saturating_add(rest));
            joined.extend_from_slice(bytes.get(offset..end).filter(|part| !part.is_empty()).ok_or_else(broken)?);
            (number, offset) = (number + 1, 0);
        }
        reader.joined = joined;
        Ok(&reader.joined)
    }
}
