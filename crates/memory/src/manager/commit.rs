//! The end of a batch: it becomes the last commit, for the log and for everybody who reads, or it is put back.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use wasm_dbms_api::{MemoryResult, Page};

use crate::log::{Log, StoredState};
use crate::manager::MemoryManager;
use crate::manager::batch::OldPage;
use crate::manager::committed::State;
use crate::manager::images::InMemory;
use crate::manager::snapshot::{Snapshot, Snapshots};
use crate::manager::versions::{Image, OldVersion};
use crate::options::Durability;

/// What the ledger said before the commit of pages that it changes, and that snapshots may want to know.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// Pages that the batch gave a state.
    states: Vec<(Page, StoredState)>,
    /// Pages whose committed image is in place only.
    checksums: Vec<(Page, u64)>,
}

impl Before {
    fn checksum(&self, page: Page) -> u64 {
        find(&self.checksums, page).unwrap_or(0)
    }
}

fn find<T: Copy>(sorted: &[(Page, T)], page: Page) -> Option<T> {
    sorted.get(sorted.binary_search_by_key(&page, |(number, _)| *number).ok()?).map(|(_, value)| *value)
}

impl MemoryManager {
    /// Ends the batch: what was written since the last commit stays.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.write_at(page, 0, &7u64)?;
    /// store.commit(Durability::Full)?;
    /// store.discard();
    /// assert_eq!(store.read_at::<u64>(page, 0)?, 7);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the host says; then the batch is discarded. [`MemoryError::InDoubt`](wasm_dbms_api::MemoryError::InDoubt) if
    /// it may survive all the same.
    pub fn commit(&mut self, durability: Durability) -> MemoryResult<()> {
        match self.try_commit(durability) {
            Ok(before) => {
                if !self.is_clean() {
                    self.publish(&before);
                }
                self.batch.clear(self.committed);
                self.committed = self.next;
                self.catch_up();
                self.share_room();
                Ok(())
            }
            Err(error) => {
                if let Some(log) = &self.log {
                    self.shared.note_generation(log.ledger_generation());
                }
                self.discard();
                Err(error)
            }
        }
    }

    fn try_commit(&mut self, durability: Durability) -> MemoryResult<Before> {
        self.settle_states()?;
        let mut before = Before::default();
        if self.log.is_none() {
            return Ok(before);
        }
        for page in self.batch.marked() {
            if page < self.committed {
                self.touch(page)?;
            }
        }
        self.batch.sort();
        let next = self.next;
        if let Some(log) = &mut self.log {
            for page in self.batch.marked() {
                if page < self.committed {
                    before.states.push((page, log.state(page)?));
                }
            }
            for old in self.batch.old() {
                if old.image.is_none() {
                    before.checksums.push((old.page, log.entry(old.page)?.0));
                }
            }
        }
        self.with_log(|log, images| log.commit(images, next, durability))?;
        Ok(before)
    }

    /// Does something with the log if there is one.
    pub(crate) fn with_log(
        &mut self,
        act: impl FnOnce(&mut Log, &InMemory<'_>) -> MemoryResult<()>,
    ) -> MemoryResult<()> {
        self.batch.sort();
        let Self { log, batch, cache, shared, committed, next, .. } = self;
        match log {
            Some(log) => act(log, &InMemory { batch, cache, shared, committed: *committed, next: *next }),
            None => Ok(()),
        }
    }

    /// The batch has become the last commit: everybody sees its pages from now on, and snapshots keep those before.
    fn publish(&mut self, before: &Before) {
        let Self { shared, batch, cache, committed, next, log, unsettled, .. } = self;
        let mut state = shared.lock();
        state.sweep_waiting();
        let commit = state.commit + 1;
        let is_pinned = !state.pins.is_empty();
        for OldPage { page, image: old, .. } in batch.old() {
            let replaced = match cache.peek(*page) {
                Some(image) => state.put_held(*page, image),
                None => {
                    // The log has seen it a moment ago.
                    let Some(place) = batch.scratched(*page) else { continue };
                    unsettled.push(*page);
                    state.put(*page, Image::Spilled(Arc::clone(place)), false)
                }
            };
            state.note_change(commit, *page);
            if is_pinned && state.is_needed(*page) {
                let stored = match log {
                    None => state.free_state(*page),
                    Some(log) => match find(&before.states, *page) {
                        Some(stored) => stored,
                        // The commit did not change it; its ledger page has just been in memory.
                        None => log.state(*page).unwrap_or(StoredState::Used),
                    },
                };
                let old = match (old, replaced) {
                    (Some(old), _) => OldVersion::Kept(Image::Held(old.clone())),
                    (None, Some(replaced)) => OldVersion::Kept(replaced),
                    (None, None) => OldVersion::InPlace(before.checksum(*page)),
                };
                state.versions.add(*page, commit, old, stored);
            }
        }
        for page in *committed..*next {
            if let Some(image) = cache.peek(page) {
                state.put_held(page, image);
            }
        }
        match log {
            None => note_free_pages(&mut state, batch),
            Some(log) => state.generation = log.ledger_generation(),
        }
        (state.commit, state.mark) = (commit, *next);
        shared.note_alone(&state);
        let has_versions = !state.versions.is_empty();
        drop(state);
        shared.announce(commit);
        shared.count_changes(batch.old().len());
        if has_versions {
            shared.settle_versions();
        }
    }

    /// Puts everything back as the last commit left it.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.commit(Durability::Full)?;
    /// store.write_at(page, 0, &7u64)?;
    /// store.discard();
    /// assert_eq!(store.read_at::<u64>(page, 0)?, 0);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn discard(&mut self) {
        for OldPage { page, image: old, .. } in self.batch.old() {
            match old {
                Some(old) => self.cache.put(*page, old.clone()),
                None => _ = self.cache.take(*page),
            }
        }
        self.zero_fresh(self.committed);
        self.batch.clear(self.committed);
        self.next = self.committed;
    }

    /// Pages from `first` on, past the committed mark, are zero again.
    pub(crate) fn zero_fresh(&mut self, first: Page) {
        for page in first..self.next {
            self.cache.take_idle(page);
            if let Some(image) = self.cache.get_mut(page) {
                *image = self.shared.zero.clone();
            }
        }
    }

    /// Brings pages in place when the ring fills up or many are not. What was committed stands whatever happens here: a
    /// failed sync has poisoned the writes that follow; after a failed write the ring is as full as before, and the
    /// commit that needs the room names the failure.
    pub(crate) fn catch_up(&mut self) {
        if self.log.as_ref().is_some_and(|log| log.is_behind()) {
            let _met_again = self.with_log(|log, images| log.catch_up(images));
        }
    }

    /// Pages in scratch space that are in place by now need not be there.
    pub(crate) fn settle_spilled(&mut self) {
        let Some(log) = self.log.as_ref().filter(|_| !self.unsettled.is_empty()) else { return };
        let mut settled = Vec::new();
        for page in std::mem::take(&mut self.unsettled) {
            let pages = if log.is_dirty(page) { &mut self.unsettled } else { &mut settled };
            pages.push(page);
        }
        self.shared.forget_spilled(&settled);
    }

    /// The last commit, for reading; it stays as it is whatever is committed later.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.commit(Durability::Full)?;
    /// let mut before = store.snapshot();
    /// store.write_at(page, 0, &7u64)?;
    /// store.commit(Durability::Full)?;
    /// assert_eq!(before.read_at::<u64>(page, 0)?, 0);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        self.snapshots().take()
    }

    /// The number of the last commit, counted since the store was opened.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// let before = store.last_commit();
    /// store.commit(Durability::Full)?;
    /// assert_eq!(store.last_commit(), before + 1);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn last_commit(&self) -> u64 {
        self.shared.last_commit()
    }

    /// Who hands out snapshots on other threads.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// let snapshots = store.snapshots();
    /// store.commit(Durability::Full)?;
    /// assert_eq!(snapshots.last_commit(), store.last_commit());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn snapshots(&self) -> Snapshots {
        Snapshots { committed: Arc::clone(&self.shared) }
    }

    /// Writes the last commit in canonical form: the same operations and options give the same bytes on every host.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.commit(Durability::Full)?;
    /// let mut bytes = Vec::new();
    /// store.export(&mut bytes)?;
    /// assert!(!bytes.is_empty());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the writer or the host says.
    pub fn export(&mut self, writer: &mut dyn Write) -> MemoryResult<()> {
        self.snapshot().export(writer)
    }

    /// Says how much memory the head takes, and gives room to readers that found none.
    fn share_room(&mut self) {
        if self.log.is_none() {
            return;
        }
        self.settle_spilled();
        if self.shared.wanted.load(Ordering::Relaxed) > 0 {
            self.give_room();
        }
        self.shared.head_bytes.store(self.head_bytes(), Ordering::Relaxed);
    }
}

fn note_free_pages(state: &mut State, batch: &crate::manager::batch::Batch) {
    for page in batch.marked() {
        if let Some(given) = batch.mark_of(page) {
            state.set_free_state(page, given);
        }
    }
}
