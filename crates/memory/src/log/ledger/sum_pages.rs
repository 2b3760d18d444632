//! The sums of the groups of the checksum ledger.
//!
//! The header has those of the first groups; those of later groups stand in *sum pages*, of which the header has the
//! sums in turn. Sum pages are read when a database is opened and written at checkpoints, as ledger pages are; what is
//! said of these for crashes holds for them too. The sum of the last group is taken from its ledger page: a mark that
//! was lowered leaves the sum page as it was.
//!
//! | bytes of a sum page | what |
//! |---|---|
//! | 0..64 | zero |
//! | 64.. | `u64` sum of each group; what stands past the last says nothing |

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::bytes::{put_u64, u64_at};
use crate::log::layout::{DIRECT_GROUPS, Layout, SUM_PAGE_HEADER};
use crate::log::ledger::ChecksumLedger;
use crate::log::medium::Medium;

impl ChecksumLedger {
    /// Reads the sum pages, unverified: [`check_sums`](Self::check_sums) follows when the log is replayed.
    pub(crate) fn load_sums(&mut self, medium: &Medium, layout: &Layout) -> MemoryResult<()> {
        let groups = layout.groups_of(self.pages_in_place);
        let Some(last) = groups.checked_sub(1).filter(|last| layout.sum_page_of(*last).is_some()) else {
            return Ok(());
        };
        let mut page = vec![0; layout.page_size];
        for number in 0..layout.sum_pages_of(groups) {
            medium.read_exact(layout.sum_page_address(number), &mut page)?;
            let count = groups.min(layout.groups_of_sum_page(number).end) - self.sums.len();
            for index in 0..count {
                self.sums.push(u64_at(&page, SUM_PAGE_HEADER + index * 8));
            }
        }
        let sum = self.read(last, medium, layout)?.sum(last as Page * layout.pages_per_group);
        if let Some(place) = self.sums.last_mut() {
            *place = sum;
        }
        self.reach(groups);
        self.root = total(&self.sums);
        Ok(())
    }

    /// Refuses sum pages that are not what the header names. Those with a group that records changed are made anew; of
    /// them the root says whether they are right.
    pub(crate) fn check_sums(&self, header_sums: &[u64], layout: &Layout) -> MemoryResult<()> {
        let changed = self.dirty_sum_pages(layout);
        for (number, expected) in header_sums.iter().skip(DIRECT_GROUPS).enumerate() {
            if !changed.contains(&number) && self.sum_of_page(number, layout) != *expected {
                return Err(MemoryError::corrupt_with(format_args!(
                    "sum page {number} is not the one that the header names"
                )));
            }
        }
        Ok(())
    }

    /// The sums that a header of so many pages has.
    pub(crate) fn header_sums(&self, pages: Page, layout: &Layout) -> Vec<u64> {
        header_sums(self.sums.get(..layout.groups_of(pages)).unwrap_or_default(), layout)
    }

    /// Sum pages that are behind on the medium.
    pub(crate) fn dirty_sum_pages(&self, layout: &Layout) -> Vec<usize> {
        let mut numbers: Vec<usize> =
            self.dirty.sorted().into_iter().filter_map(|group| layout.sum_page_of(group as usize)).collect();
        numbers.dedup();
        numbers
    }

    /// The bytes of a sum page.
    pub(crate) fn sum_page(&self, number: usize, layout: &Layout) -> Vec<u8> {
        sum_page(&self.sums, number, layout)
    }

    fn sum_of_page(&self, number: usize, layout: &Layout) -> u64 {
        let range = layout.groups_of_sum_page(number);
        total(self.sums.get(range.start..range.end.min(self.sums.len())).unwrap_or_default())
    }
}

/// The wrapping sum of sums.
pub(crate) fn total(sums: &[u64]) -> u64 {
    sums.iter().fold(0, |total, sum| total.wrapping_add(*sum))
}

/// The sums that a header has of groups with these.
pub(crate) fn header_sums(sums: &[u64], layout: &Layout) -> Vec<u64> {
    let (direct, later) = sums.split_at_checked(DIRECT_GROUPS).unwrap_or((sums, &[]));
    let mut sums = direct.to_vec();
    for page in later.chunks(layout.groups_per_sum_page().max(1)) {
        sums.push(total(page));
    }
    sums
}

/// The bytes of a sum page of groups with these sums.
pub(crate) fn sum_page(sums: &[u64], number: usize, layout: &Layout) -> Vec<u8> {
    let mut page = vec![0; layout.page_size];
    let range = layout.groups_of_sum_page(number);
    for (index, sum) in sums.iter().skip(range.start).take(range.len()).enumerate() {
        put_u64(&mut page, SUM_PAGE_HEADER + index * 8, *sum);
    }
    page
}
