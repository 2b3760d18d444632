//! The checksum ledger: the checksum and the state of every committed page.
//!
//! In memory it says what the last commit made of each page; on the medium (one ledger page at the head of each group)
//! it describes the pages in place, and is written at checkpoints only.
//!
//! | bytes of a ledger page | what |
//! |---|---|
//! | 0..64 | zero |
//! | 64.. | `u64` checksum of each page of the group; 0 past the last |
//! | after them | `u8` state of each page: 0 none, 1 used, 2 free, 3 reserved |
//!
//! For each group there is the wrapping sum of what its entries contribute, so a ledger page that is not the right one
//! is found when it is read, and one entry can be replaced without the others. Where these sums stand: [`sum_pages`].

mod shared;
mod sum_pages;

pub(crate) use shared::SharedLedger;
pub(crate) use sum_pages::{header_sums, sum_page, total};

use std::collections::VecDeque;

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::bytes::{NumberSet, put_u64, u64_at};
use crate::log::checksum;
use crate::log::layout::{DIRECT_GROUPS, LEDGER_ENTRY, LEDGER_HEADER, Layout};
use crate::log::medium::Medium;

/// The state of a page as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum StoredState {
    /// Not committed.
    #[default]
    None = 0,
    Used = 1,
    Free = 2,
    Reserved = 3,
}

impl StoredState {
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        [Self::None, Self::Used, Self::Free, Self::Reserved].get(usize::from(code)).copied()
    }
}

/// The entries of one group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    checksums: Vec<u64>,
    states: Vec<StoredState>,
}

/// The checksum ledger.
#[derive(Debug, Default)]
pub(crate) struct ChecksumLedger {
    groups: Vec<Option<Group>>,
    sums: Vec<u64>,
    root: u64,
    /// How many pages the ledger pages on the medium describe. What stands after their entries says nothing.
    pages_in_place: Page,
    /// Groups whose page on the medium is behind, and those that are being written by a checkpoint in small steps.
    dirty: NumberSet,
    flushing: NumberSet,
    /// Groups in memory, the one that has been there longest first.
    arrivals: VecDeque<u32>,
    /// So many groups may be in memory, dirty ones apart.
    clean_groups: usize,
}

impl ChecksumLedger {
    /// The ledger that a header with these sums describes; pages of it are read when they are needed. `pages` of them
    /// are committed; at most `clean_groups` stay in memory beside those that must.
    pub(crate) fn new(header_sums: &[u64], pages: Page, clean_groups: usize) -> Self {
        let sums = header_sums.split_at_checked(DIRECT_GROUPS).map_or(header_sums, |(direct, _)| direct).to_vec();
        let root = total(&sums);
        let mut ledger = Self { root, pages_in_place: pages, clean_groups, ..Self::default() };
        ledger.reach(sums.len());
        ledger.sums = sums;
        ledger
    }

    /// How many bytes the groups in memory take.
    pub(crate) fn memory_bytes(&self, layout: &Layout) -> usize {
        self.arrivals.len() * layout.pages_per_group as usize * LEDGER_ENTRY
            + self.groups.capacity() * size_of::<Option<Group>>()
            + self.sums.capacity() * size_of::<u64>()
    }

    /// How many groups' pages on the medium are behind.
    pub(crate) fn dirty_count(&self) -> usize {
        self.dirty.len() + self.flushing.len()
    }

    /// The sum over all entries.
    pub(crate) fn root(&self) -> u64 {
        self.root
    }

    /// The checksum and state of a page.
    pub(crate) fn entry(&mut self, page: Page, medium: &Medium, layout: &Layout) -> MemoryResult<(u64, StoredState)> {
        let index = layout.index_in_group(page);
        let group = self.group(layout.group_of(page), medium, layout)?;
        let checksum = group.checksums.get(index).copied().unwrap_or(0);
        Ok((checksum, group.states.get(index).copied().unwrap_or_default()))
    }

    /// What the root becomes when the entry of a page is replaced.
    pub(crate) fn root_after(&self, root: u64, page: Page, old: (u64, StoredState), new: (u64, StoredState)) -> u64 {
        root.wrapping_sub(contribution(page, old.0, old.1)).wrapping_add(contribution(page, new.0, new.1))
    }

    /// Replaces the entry of a page.
    pub(crate) fn set(
        &mut self,
        page: Page,
        checksum: u64,
        state: StoredState,
        medium: &Medium,
        layout: &Layout,
    ) -> MemoryResult<()> {
        let number = layout.group_of(page);
        let index = layout.index_in_group(page);
        let group = self.group(number, medium, layout)?;
        let (Some(old_checksum), Some(old_state)) = (group.checksums.get_mut(index), group.states.get_mut(index))
        else {
            return Ok(());
        };
        let before = contribution(page, *old_checksum, *old_state);
        *old_checksum = checksum;
        *old_state = state;
        let change = contribution(page, checksum, state).wrapping_sub(before);
        self.root = self.root.wrapping_add(change);
        if let Some(sum) = self.sums.get_mut(number) {
            *sum = sum.wrapping_add(change);
        }
        self.dirty.insert(number as u32);
        Ok(())
    }

    /// Takes a group's page from the medium as it is, unverified, for recovery: entries that records name are set
    /// afterwards, and the root then tells whether the rest was right.
    pub(crate) fn load_unverified(&mut self, number: usize, medium: &Medium, layout: &Layout) -> MemoryResult<()> {
        self.reach(number + 1);
        let group = self.read(number, medium, layout)?;
        let sum = group.sum(number as Page * layout.pages_per_group);
        if let Some(old) = self.sums.get_mut(number) {
            self.root = self.root.wrapping_sub(*old).wrapping_add(sum);
            *old = sum;
        }
        self.place(number, group);
        Ok(())
    }

    /// Groups whose page on the medium is behind; all of them are in memory.
    pub(crate) fn dirty_groups(&self) -> Vec<usize> {
        self.dirty.sorted().into_iter().map(|number| number as usize).collect()
    }

    /// The bytes of a loaded group's page.
    pub(crate) fn page(&self, number: usize, layout: &Layout) -> Option<Vec<u8>> {
        self.groups.get(number)?.as_ref().map(|group| group.encode(layout))
    }

    /// The groups that are behind now are about to be written, one after the other; returns them. Those that change
    /// from now on are behind again.
    pub(crate) fn begin_flush(&mut self) -> Vec<usize> {
        let groups = self.dirty_groups();
        self.flushing = std::mem::take(&mut self.dirty);
        groups
    }

    /// What was to be written is, and describes so many pages; groups that changed since are behind.
    pub(crate) fn end_flush(&mut self, pages: Page) {
        self.flushing.clear();
        self.pages_in_place = pages;
    }

    /// What was to be written is behind again.
    pub(crate) fn abandon_flush(&mut self) {
        for group in std::mem::take(&mut self.flushing).sorted() {
            self.dirty.insert(group);
        }
    }

    /// The pages on the medium are up to date and describe so many pages.
    pub(crate) fn note_in_place(&mut self, pages: Page) {
        self.dirty.clear();
        self.pages_in_place = pages;
    }

    /// There are so many groups at least. Not by `resize`, which in a module is a routine of its own for each type.
    fn reach(&mut self, groups: usize) {
        while self.groups.len() < groups {
            self.groups.push(None);
        }
        while self.sums.len() < groups {
            self.sums.push(0);
        }
    }

    /// A group's entries, read and verified if they are not in memory.
    fn group(&mut self, number: usize, medium: &Medium, layout: &Layout) -> MemoryResult<&mut Group> {
        self.reach(number + 1);
        if self.groups.get(number).is_none_or(Option::is_none) {
            let expected = self.sums.get(number).copied().unwrap_or(0);
            let group = self.read(number, medium, layout)?;
            if group.sum(number as Page * layout.pages_per_group) != expected {
                return Err(MemoryError::corrupt_with(format_args!(
                    "the checksum-ledger page of group {number} is not the one that the header names"
                )));
            }
            self.place(number, group);
        }
        let group = self.groups.get_mut(number).and_then(Option::as_mut);
        group.ok_or_else(|| MemoryError::corrupt("no such ledger group"))
    }

    /// A group as its page on the medium says; that page need not be there yet.
    fn read(&self, number: usize, medium: &Medium, layout: &Layout) -> MemoryResult<Group> {
        let first = number as Page * layout.pages_per_group;
        match self.pages_in_place.saturating_sub(first).min(layout.pages_per_group) {
            0 => Ok(Group::empty(layout)),
            count => Group::read(number, count, medium, layout),
        }
    }

    /// Keeps a group in memory; one that has been there long may go for it.
    fn place(&mut self, number: usize, group: Group) {
        // A group that is counted twice lets one more stay.
        while self.arrivals.len() >= self.clean_groups + self.dirty_count() {
            let Some(oldest) = self.arrivals.pop_front() else { break };
            if self.dirty.contains(oldest) || self.flushing.contains(oldest) {
                self.arrivals.push_back(oldest);
            } else if let Some(place) = self.groups.get_mut(oldest as usize) {
                *place = None;
            }
        }
        if let Some(place) = self.groups.get_mut(number)
            && place.replace(group).is_none()
        {
            self.arrivals.push_back(number as u32);
        }
    }
}

impl Group {
    pub(crate) fn empty(layout: &Layout) -> Self {
        let count = layout.pages_per_group as usize;
        Self { checksums: vec![0; count], states: vec![StoredState::None; count] }
    }

    pub(crate) fn set(&mut self, index: usize, checksum: u64, state: StoredState) {
        if let (Some(old_checksum), Some(old_state)) = (self.checksums.get_mut(index), self.states.get_mut(index)) {
            (*old_checksum, *old_state) = (checksum, state);
        }
    }

    /// The first `count` entries of a group's page on the medium; the others are none.
    fn read(number: usize, count: Page, medium: &Medium, layout: &Layout) -> MemoryResult<Self> {
        let mut page = vec![0; layout.page_size];
        medium.read_exact(layout.ledger_address(number), &mut page)?;
        let mut group = Self::empty(layout);
        let states_at = LEDGER_HEADER + layout.pages_per_group as usize * 8;
        let entries = group.checksums.iter_mut().zip(&mut group.states);
        for (index, (checksum, state)) in entries.take(count as usize).enumerate() {
            *checksum = u64_at(&page, LEDGER_HEADER + index * 8);
            let code = page.get(states_at + index).copied().unwrap_or(0);
            *state = StoredState::from_code(code).ok_or_else(|| {
                MemoryError::corrupt_with(format_args!(
                    "entry {index} of checksum-ledger group {number} has state {code}"
                ))
            })?;
        }
        Ok(group)
    }

    pub(crate) fn encode(&self, layout: &Layout) -> Vec<u8> {
        let mut page = vec![0; layout.page_size];
        let states_at = LEDGER_HEADER + layout.pages_per_group as usize * 8;
        for (index, (checksum, state)) in self.checksums.iter().zip(&self.states).enumerate() {
            put_u64(&mut page, LEDGER_HEADER + index * 8, *checksum);
            if let Some(place) = page.get_mut(states_at + index) {
                *place = *state as u8;
            }
        }
        page
    }

    pub(crate) fn sum(&self, first: Page) -> u64 {
        let entries = self.checksums.iter().zip(&self.states).zip(first..);
        entries.fold(0, |sum, ((checksum, state), page)| sum.wrapping_add(contribution(page, *checksum, *state)))
    }
}

/// What an entry adds to the sums; nothing for a page that is not committed.
fn contribution(page: Page, checksum: u64, state: StoredState) -> u64 {
    if state == StoredState::None { 0 } else { checksum::of_entry(page, checksum, state as u8) }
}
