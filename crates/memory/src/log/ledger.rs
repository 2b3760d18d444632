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
//! The header holds the wrapping sum of what each group's entries contribute, so a ledger page that is not the right
//! one is found when it is read, and one entry can be replaced without the others.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::bytes::{NumberSet, put_u64, u64_at};
use crate::log::checksum;
use crate::log::layout::{LEDGER_HEADER, Layout};
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
struct Group {
    checksums: Vec<u64>,
    states: Vec<StoredState>,
}

/// The checksum ledger.
#[derive(Debug, Default)]
pub(crate) struct ChecksumLedger {
    groups: Vec<Option<Group>>,
    sums: Vec<u64>,
    root: u64,
    /// Groups whose page on the medium is behind.
    dirty: NumberSet,
}

impl ChecksumLedger {
    /// The ledger that a header describes; pages of it are read when they are needed.
    pub(crate) fn new(sums: &[u64], root: u64) -> Self {
        Self { groups: vec![None; sums.len()], sums: sums.to_vec(), root, dirty: NumberSet::default() }
    }

    /// The sum over all entries.
    pub(crate) fn root(&self) -> u64 {
        self.root
    }

    /// The sum of each group.
    pub(crate) fn sums(&self) -> &[u64] {
        &self.sums
    }

    /// The checksum and state of a page.
    pub(crate) fn entry(&mut self, page: Page, medium: &Medium, layout: &Layout) -> MemoryResult<(u64, StoredState)> {
        let index = layout.index_in_group(page);
        let group = self.group(layout.group_of(page), medium, layout)?;
        let checksum = group.checksums.get(index).copied().unwrap_or(0);
        Ok((checksum, group.states.get(index).copied().unwrap_or_default()))
    }

    /// What the root becomes when these entries are replaced.
    pub(crate) fn root_after(
        &mut self,
        entries: &[(Page, u64, StoredState)],
        medium: &Medium,
        layout: &Layout,
    ) -> MemoryResult<u64> {
        let mut root = self.root;
        for (page, checksum, state) in entries {
            let (old_checksum, old_state) = self.entry(*page, medium, layout)?;
            root = root
                .wrapping_sub(contribution(*page, old_checksum, old_state))
                .wrapping_add(contribution(*page, *checksum, *state));
        }
        Ok(root)
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
    pub(crate) fn load_unverified(
        &mut self,
        number: usize,
        committed_pages: Page,
        medium: &Medium,
        layout: &Layout,
    ) -> MemoryResult<()> {
        self.make_room(number);
        let first = number as Page * layout.pages_per_group;
        let count = committed_pages.saturating_sub(first).min(layout.pages_per_group);
        let group = if count == 0 { Group::empty(layout) } else { Group::read(number, count, medium, layout)? };
        let sum = group.sum(first);
        if let Some(old) = self.sums.get_mut(number) {
            self.root = self.root.wrapping_sub(*old).wrapping_add(sum);
            *old = sum;
        }
        if let Some(place) = self.groups.get_mut(number) {
            *place = Some(group);
        }
        Ok(())
    }

    /// Groups whose page on the medium is behind, with what it must hold.
    pub(crate) fn dirty_pages(&self, layout: &Layout) -> Vec<(usize, Vec<u8>)> {
        let numbers = self.dirty.sorted();
        numbers.iter().filter_map(|number| Some((*number as usize, self.page(*number as usize, layout)?))).collect()
    }

    /// The bytes of a loaded group's page.
    pub(crate) fn page(&self, number: usize, layout: &Layout) -> Option<Vec<u8>> {
        self.groups.get(number)?.as_ref().map(|group| group.encode(layout))
    }

    /// The pages on the medium are up to date.
    pub(crate) fn clear_dirty(&mut self) {
        self.dirty.clear();
    }

    fn make_room(&mut self, number: usize) {
        if self.groups.len() <= number {
            self.groups.resize(number + 1, None);
            self.sums.resize(number + 1, 0);
        }
    }

    /// A group's entries, read and verified if they are not in memory.
    fn group(&mut self, number: usize, medium: &Medium, layout: &Layout) -> MemoryResult<&mut Group> {
        if number >= self.groups.len() {
            self.make_room(number);
            if let Some(place) = self.groups.get_mut(number) {
                *place = Some(Group::empty(layout));
            }
        }
        let expected = self.sums.get(number).copied().unwrap_or(0);
        let place = self.groups.get_mut(number).ok_or_else(|| MemoryError::corrupt("no such ledger group"))?;
        match place {
            Some(group) => Ok(group),
            None => {
                let group = Group::read(number, layout.pages_per_group, medium, layout)?;
                if group.sum(number as Page * layout.pages_per_group) != expected {
                    return Err(MemoryError::corrupt(format!(
                        "the checksum-ledger page of group {number} is not the one that the header names"
                    )));
                }
                Ok(place.insert(group))
            }
        }
    }
}

impl Group {
    fn empty(layout: &Layout) -> Self {
        let count = layout.pages_per_group as usize;
        Self { checksums: vec![0; count], states: vec![StoredState::None; count] }
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
                MemoryError::corrupt(format!("entry {index} of checksum-ledger group {number} has state {code}"))
            })?;
        }
        Ok(group)
    }

    fn encode(&self, layout: &Layout) -> Vec<u8> {
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

    fn sum(&self, first: Page) -> u64 {
        let entries = self.checksums.iter().zip(&self.states).zip(first..);
        entries.fold(0, |sum, ((checksum, state), page)| sum.wrapping_add(contribution(page, *checksum, *state)))
    }
}

/// What an entry adds to the sums; nothing for a page that is not committed.
fn contribution(page: Page, checksum: u64, state: StoredState) -> u64 {
    if state == StoredState::None { 0 } else { checksum::of_entry(page, checksum, state as u8) }
}
