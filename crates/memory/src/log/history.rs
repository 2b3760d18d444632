//! What the records of the chain say about each page, so that replaying costs as much as the log is long.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::log::layout::Layout;
use crate::log::record::{self, Entry, PageChange};
use crate::log::recovery::Walked;
use crate::log::{Medium, checksum};

/// What the records say about each page.
pub(crate) struct History<'a> {
    /// Each change with the place of its record in the chain: by page, those of a page oldest first.
    changes: Vec<(usize, Entry<'a>)>,
}

impl<'a> History<'a> {
    /// What these records say.
    ///
    /// # Errors
    /// [`MemoryError::Corrupt`] if one cannot be decoded.
    pub(crate) fn of(walked: &'a [Walked]) -> MemoryResult<Self> {
        let mut changes = Vec::new();
        for (index, record) in walked.iter().enumerate() {
            for entry in record::entries(&record.body) {
                changes.push((index, entry?));
            }
        }
        changes.sort_unstable_by_key(|(index, entry)| (entry.page, *index));
        Ok(Self { changes })
    }

    /// The pages that the first `kept` records change, in order, each with those changes.
    pub(crate) fn pages(&self, kept: usize) -> Vec<(Page, &[(usize, Entry<'a>)])> {
        let mut pages = Vec::new();
        for changes in self.changes.chunk_by(|(_, one), (_, next)| one.page == next.page) {
            if let changes @ [(_, entry), ..] = first(changes, kept) {
                pages.push((entry.page, changes));
            }
        }
        pages
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
            return Err(MemoryError::corrupt_with(format_args!(
                "the parked body of durable commit {} is gone",
                broken.head.lsn
            )));
        }
        // Nearly always all of them are there.
        let span = durable_count..whole;
        if span.is_empty() || self.verifies(medium, layout, database_id, &span)? {
            return Ok(whole);
        }
        let mut refusals = Refusals::new(whole);
        for (page, changes) in self.pages(whole) {
            refuse(medium, layout, database_id, page, changes, durable_count, &mut refusals)?;
        }
        Ok(refusals.longest().max(durable_count))
    }

    /// Whether all records of the span, which follow the durable ones, can be kept.
    fn verifies(
        &self,
        medium: &Medium,
        layout: &Layout,
        database_id: u64,
        span: &std::ops::Range<usize>,
    ) -> MemoryResult<bool> {
        let size = medium.size()?;
        for (page, changes) in self.pages(span.end) {
            let Some((_, newest)) = changes.last().filter(|_| first_fresh(changes, span.start).is_some()) else {
                continue;
            };
            if !is_there(layout, page, size) {
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

/// Where among its changes a page is first named fresh by a record that is not durable.
fn first_fresh(changes: &[(usize, Entry<'_>)], durable_count: usize) -> Option<usize> {
    changes.iter().position(|(index, entry)| *index >= durable_count && matches!(entry.change, PageChange::Fresh))
}

/// A page that the file is too short for is not there, even if all of it would be zero.
fn is_there(layout: &Layout, page: Page, size: u64) -> bool {
    layout.check_pages(page).is_ok() && layout.page_address(page) + layout.page_size as u64 <= size
}

/// Notes which numbers of records cannot be kept because of this page: those of which it does not verify in its final
/// image. Each image is made once, so that many records cost as much as they are long.
fn refuse(
    medium: &Medium,
    layout: &Layout,
    database_id: u64,
    page: Page,
    changes: &[(usize, Entry<'_>)],
    durable_count: usize,
    refusals: &mut Refusals,
) -> MemoryResult<()> {
    let Some(fresh) = first_fresh(changes, durable_count) else { return Ok(()) };
    let is_there = is_there(layout, page, medium.size()?);
    let mut image = vec![0; layout.page_size];
    if is_there {
        medium.read_available(layout.page_address(page), &mut image)?;
    }
    for (at, (index, entry)) in changes.iter().enumerate() {
        change(&mut image, page, entry)?;
        if at >= fresh && !(is_there && checksum::of_page(database_id, page, &image) == entry.checksum) {
            // From the record itself to the one before the next that changes the page.
            refusals.add(index + 1, changes.get(at + 1).map(|(next, _)| *next));
        }
    }
    Ok(())
}

/// Which numbers of records cannot be kept.
struct Refusals {
    /// How many ranges begin, less those that have ended before.
    steps: Vec<i64>,
}

impl Refusals {
    fn new(records: usize) -> Self {
        Self { steps: vec![0; records + 2] }
    }

    /// These numbers, both included; without an end, all from the first on.
    fn add(&mut self, first: usize, last: Option<usize>) {
        for (at, step) in [(Some(first), 1), (last.map(|last| last + 1), -1)] {
            if let Some(place) = at.and_then(|at| self.steps.get_mut(at)) {
                *place += step;
            }
        }
    }

    /// The largest number that is not refused.
    fn longest(&self) -> usize {
        let mut depth = 0;
        let mut longest = 0;
        for (number, step) in self.steps.iter().take(self.steps.len().saturating_sub(1)).enumerate() {
            depth += step;
            if depth == 0 {
                longest = number;
            }
        }
        longest
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
        change(&mut image, page, entry)?;
    }
    Ok(image)
}

/// Makes a change of a page in its image.
fn change(image: &mut [u8], page: Page, entry: &Entry<'_>) -> MemoryResult<()> {
    match entry.change {
        PageChange::Fresh => {}
        PageChange::Zero => image.fill(0),
        PageChange::Ranges(ranges) => {
            if !record::apply_ranges(image, ranges) {
                return Err(MemoryError::corrupt_with(format_args!("a redo record runs past the end of page {page}")));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_is_the_last_number_that_no_range_holds() {
        let longest = |ranges: &[(usize, Option<usize>)]| {
            let mut refusals = Refusals::new(10);
            ranges.iter().for_each(|(first, last)| refusals.add(*first, *last));
            refusals.longest()
        };
        assert_eq!(longest(&[]), 10);
        assert_eq!(longest(&[(10, None)]), 9);
        assert_eq!(longest(&[(7, Some(10))]), 6);
        assert_eq!(longest(&[(7, Some(9))]), 10);
        assert_eq!(longest(&[(7, Some(9)), (9, None), (3, Some(6))]), 2);
        assert_eq!(longest(&[(1, None)]), 0);
    }
}
