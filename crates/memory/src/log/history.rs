//! What the records of the chain say about each page, so that replaying costs as much as the log is long.

use std::collections::BTreeMap;

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::log::layout::Layout;
use crate::log::record::{self, Entry, PageChange};
use crate::log::recovery::Walked;
use crate::log::{Medium, checksum};

/// What one page went through: each change with the place of its record in the chain, oldest first.
type Changes<'a> = Vec<(usize, Entry<'a>)>;

/// What the records say about each page.
pub(crate) struct History<'a> {
    pages: BTreeMap<Page, Changes<'a>>,
}

impl<'a> History<'a> {
    /// What these records say.
    ///
    /// # Errors
    /// [`MemoryError::Corrupt`] if one cannot be decoded.
    pub(crate) fn of(walked: &'a [Walked]) -> MemoryResult<Self> {
        let mut pages: BTreeMap<Page, Changes<'a>> = BTreeMap::new();
        for (index, record) in walked.iter().enumerate() {
            for entry in record::entries(&record.body) {
                let entry = entry?;
                pages.entry(entry.page).or_default().push((index, entry));
            }
        }
        Ok(Self { pages })
    }

    /// The pages that the first `kept` records change, in order, each with those changes.
    pub(crate) fn pages(&self, kept: usize) -> impl Iterator<Item = (Page, &[(usize, Entry<'a>)])> {
        self.pages.iter().map(move |(page, changes)| (*page, first(changes, kept))).filter(|(_, c)| !c.is_empty())
    }

    /// How many records to keep: the most for which every page that an unsynced record names fresh is in place. It is
    /// verified in its final image, because a later record may have changed it and a recovery cut off may have brought
    /// it in place.
    ///
    /// # Errors
    /// [`MemoryError::Corrupt`] if the parked body of a durable record is gone; what the medium says.
    pub(crate) fn longest_verified(
        &self,
        medium: &Medium,
        layout: &Layout,
        database_id: u64,
        walked: &[Walked],
        durable_count: usize,
    ) -> MemoryResult<usize> {
        let whole = walked.iter().take_while(|record| record.is_whole).count();
        if let Some(broken) = walked.get(whole).filter(|_| whole < durable_count) {
            return Err(MemoryError::corrupt(format!("the parked body of durable commit {} is gone", broken.head.lsn)));
        }
        for kept in (durable_count + 1..=whole).rev() {
            if self.verifies(medium, layout, database_id, durable_count, kept)? {
                return Ok(kept);
            }
        }
        Ok(durable_count)
    }

    fn verifies(
        &self,
        medium: &Medium,
        layout: &Layout,
        database_id: u64,
        durable_count: usize,
        kept: usize,
    ) -> MemoryResult<bool> {
        let size = medium.size()?;
        for (page, changes) in self.pages(kept) {
            let is_unsynced = |(index, entry): &(usize, Entry<'_>)| {
                *index >= durable_count && matches!(entry.change, PageChange::Fresh)
            };
            let Some((_, newest)) = changes.last().filter(|_| changes.iter().any(is_unsynced)) else { continue };
            // A page that the file is too short for is not there, even if all of it would be zero.
            if layout.check_pages(page).is_err() || layout.page_address(page) + layout.page_size as u64 > size {
                return Ok(false);
            }
            let image = rebuild(medium, layout, page, changes)?;
            if checksum::of_page(database_id, page, &image) != newest.checksum {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The changes that the first `kept` records made.
fn first<'c, 'a>(changes: &'c [(usize, Entry<'a>)], kept: usize) -> &'c [(usize, Entry<'a>)] {
    changes.get(..changes.partition_point(|(index, _)| *index < kept)).unwrap_or_default()
}

/// A page as these changes leave it: the bytes in place (zero where the file ends before) with all ranges applied.
pub(crate) fn rebuild(
    medium: &Medium,
    layout: &Layout,
    page: Page,
    changes: &[(usize, Entry<'_>)],
) -> MemoryResult<Vec<u8>> {
    let mut image = vec![0; layout.page_size];
    medium.read_available(layout.page_address(page), &mut image)?;
    for (_, entry) in changes {
        match entry.change {
            PageChange::Fresh => {}
            PageChange::Zero => image.fill(0),
            PageChange::Ranges(ranges) => {
                if !record::apply_ranges(&mut image, ranges) {
                    return Err(MemoryError::corrupt(format!("a redo record runs past the end of page {page}")));
                }
            }
        }
    }
    Ok(image)
}
