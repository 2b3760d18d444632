//! [`Snapshot`]: the pages of one commit, for reading.

use std::io::Write;
use std::sync::Arc;

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{MemoryAccess, PageRef, PageState, RESERVED_PAGES};
use crate::log::{Exported, StoredState, export_canonical, page_checksum};
use crate::manager::committed::{Committed, Found};
use crate::manager::lookaside::Lookaside;
use crate::manager::out_of_range;
use crate::manager::scratch_space::ScratchSpace;
use crate::manager::versions::{Image, OldVersion};
use crate::options::MIN_CACHE_PAGES;
use crate::prefetch::{self, LINE};

/// A page that does not verify is looked for so many times more while a commit is being made known.
const TRIES: usize = 10_000;

/// The handles of a snapshot take at most one of so many parts of the cache.
const LOOKASIDE_SHARE: usize = 8;

/// So many pages may change before a reader that rests lets go of its handles: they may be the last on old images.
const STALE_PAGES: u64 = 64;

/// Of so many changed pages that a reader at work had at hand it gets the images of the commit that it goes on to at once.
const AHEAD_PAGES_MAX: usize = 4;

/// Hands out snapshots of the last commit, without the store itself: on any thread, whatever the writer does.
#[derive(Debug, Clone)]
pub struct Snapshots {
    pub(crate) committed: Arc<Committed>,
}

impl Snapshots {
    /// The pages of the last commit.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.commit(Durability::Full)?;
    /// assert_eq!(store.snapshots().take().commit(), store.last_commit());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn take(&self) -> Snapshot {
        Snapshot::new(Arc::clone(&self.committed), LOOKASIDE_SHARE)
    }

    /// As [`take`](Self::take), for one that will [`follow`](Snapshot::follow) the last commit and may have as many pages
    /// at hand as the cache.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// let mut reader = store.snapshots().take_reader();
    /// store.commit(Durability::Full)?;
    /// assert!(!reader.is_last());
    /// reader.follow();
    /// assert!(reader.is_last());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn take_reader(&self) -> Snapshot {
        Snapshot::new(Arc::clone(&self.committed), 1)
    }

    /// The number of the last commit, counted since the store was opened.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.commit(Durability::Full)?;
    /// assert_eq!(store.snapshots().last_commit(), store.last_commit());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn last_commit(&self) -> u64 {
        self.committed.last_commit()
    }

    /// How many old versions of pages are kept for snapshots.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.commit(Durability::Full)?;
    /// let before = store.snapshot();
    /// store.write_at(page, 0, &7u64)?;
    /// store.commit(Durability::Full)?;
    /// assert_eq!(store.snapshots().kept_versions(), 1);
    /// drop(before);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn kept_versions(&self) -> usize {
        self.committed.lock().versions.len()
    }

    /// How many committed pages are in memory.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// let store = MemoryManager::in_memory(Options::new())?;
    /// assert!(store.snapshots().pages_in_memory() < 1000);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn pages_in_memory(&self) -> usize {
        self.committed.lock().frame_count()
    }
}

/// The pages of one commit, for reading: they stay as they are whatever is committed later. Writes are refused with
/// [`MemoryError::ReadOnly`].
///
/// Old versions of pages count against [`Options::snapshot_memory_bytes`](crate::Options::snapshot_memory_bytes), then
/// go to [`MemoryProvider::scratch`](crate::MemoryProvider::scratch); past
/// [`Options::snapshot_spill_max_bytes`](crate::Options::snapshot_spill_max_bytes) the oldest snapshot ends, and reading
/// from it gives [`MemoryError::SnapshotExpired`].
///
/// ```
/// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
///
/// let mut store = MemoryManager::in_memory(Options::new())?;
/// let page = store.claim_page()?;
/// store.write_at(page, 0, &1u64)?;
/// store.commit(Durability::Full)?;
/// let mut snapshot = store.snapshot();
/// store.write_at(page, 0, &2u64)?;
/// store.commit(Durability::Full)?;
/// assert_eq!(snapshot.read_at::<u64>(page, 0)?, 1);
/// assert!(snapshot.write_at(page, 0, &3u64).is_err());
/// # Ok::<(), wasm_dbms_api::MemoryError>(())
/// ```
#[derive(Debug)]
pub struct Snapshot {
    committed: Arc<Committed>,
    commit: u64,
    mark: Page,
    is_pinned: bool,
    lookaside: Lookaside,
    /// The page that was read last and is kept nowhere.
    last: PageRef,
    pressure: u64,
    /// How many pages commits had changed when this one was pinned.
    changes: u64,
    has_met_pressure: bool,
}

impl Snapshot {
    fn new(committed: Arc<Committed>, share: usize) -> Self {
        let (commit, mark) = committed.pin();
        let pages = committed.cache_bytes / committed.page_size.max(1);
        let lookaside = Lookaside::new((pages / share).max(MIN_CACHE_PAGES / 2));
        let (last, pressure, changes) = (committed.zero.clone(), committed.pressure(), committed.changes());
        Self { committed, commit, mark, is_pinned: true, lookaside, last, pressure, changes, has_met_pressure: false }
    }

    /// Where a question puts what it keeps.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// let store = MemoryManager::in_memory(Options::new())?;
    /// assert_eq!(store.snapshot().scratch_space().page_size(), 8 * 1024);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn scratch_space(&self) -> ScratchSpace {
        self.committed.scratch_space()
    }

    /// The number of the commit, counted since the store was opened.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.commit(Durability::Full)?;
    /// assert_eq!(store.snapshot().commit(), store.last_commit());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn commit(&self) -> u64 {
        self.commit
    }

    pub(crate) fn zero_page(&self) -> PageRef {
        self.committed.zero.clone()
    }

    /// Whether this is the last commit, and nothing of it can go.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// let before = store.snapshot();
    /// assert!(before.is_last());
    /// store.commit(Durability::Full)?;
    /// assert!(!before.is_last());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn is_last(&self) -> bool {
        self.is_pinned && self.committed.last_commit() == self.commit
    }

    /// Goes on to the last commit. Pages that did not change stay at hand.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// let mut snapshot = store.snapshot();
    /// store.write_at(page, 0, &7u64)?;
    /// store.commit(Durability::Full)?;
    /// snapshot.follow();
    /// assert_eq!(snapshot.read_at::<u64>(page, 0)?, 7);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn follow(&mut self) {
        let mut state = self.committed.lock();
        let was_at_work = self.is_pinned;
        if was_at_work {
            if state.commit == self.commit {
                return;
            }
            state.unpin_in_passing(self.commit);
        }
        let lookaside = &mut self.lookaside;
        let (mut ahead, mut count) = ([0; AHEAD_PAGES_MAX], 0);
        let are_known = state.changes_since(self.commit, &mut |page| {
            if lookaside.forget(page)
                && let Some(place) = ahead.get_mut(count)
            {
                *place = page;
                count += 1;
            }
        });
        if !are_known {
            lookaside.clear();
        }
        (self.commit, self.mark) = state.pin();
        (self.changes, self.is_pinned) = (self.committed.changes(), true);
        // What it reads all the time it will read again, and every line of that page is in the writer's processor: to ask
        // for all of them at once takes a fraction of waiting for one after the other. One at rest may not come back.
        let ahead = if was_at_work && prefetch::IS_POSSIBLE { ahead.get(..count) } else { None }.unwrap_or_default();
        for page in ahead {
            if let Ok(Found::Image(Image::Held(image))) = state.find(*page, self.commit) {
                lookaside.put(*page, image);
            }
        }
        drop(state);
        for image in ahead.iter().filter_map(|page| lookaside.get(*page)) {
            image.iter().step_by(LINE).for_each(prefetch::hint);
        }
    }

    /// Says that nothing is read before [`follow`](Self::follow) is called again, so that nothing need be kept for it.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// let mut snapshot = store.snapshot();
    /// snapshot.rest();
    /// store.commit(Durability::Full)?;
    /// snapshot.follow();
    /// assert!(snapshot.is_last());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn rest(&mut self) {
        if self.is_pinned {
            self.is_pinned = false;
            self.committed.unpin(self.commit);
        }
        self.relax();
    }

    /// Lets go of handles that nobody else has any more.
    fn relax(&mut self) {
        if self.pressure != self.committed.pressure() {
            self.pressure = self.committed.pressure();
            self.lookaside.clear();
        } else if self.committed.changes() - self.changes > STALE_PAGES {
            self.lookaside.clear();
        }
    }

    /// Lets go of every page at hand.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// let store = MemoryManager::in_memory(Options::new())?;
    /// let mut snapshot = store.snapshot();
    /// snapshot.let_go();
    /// assert!(snapshot.bytes(0).is_ok());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn let_go(&mut self) {
        self.lookaside.clear();
        self.last = self.committed.zero.clone();
    }

    /// Whether a page could not be kept at hand since the last time that this was asked.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// let store = MemoryManager::in_memory(Options::new())?;
    /// assert!(!store.snapshot().take_pressure());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn take_pressure(&mut self) -> bool {
        std::mem::take(&mut self.has_met_pressure)
    }

    /// Writes the commit in canonical form: the same operations and options give the same bytes on every host.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.commit(Durability::Full)?;
    /// let (mut one, mut two) = (Vec::new(), Vec::new());
    /// store.snapshot().export(&mut one)?;
    /// store.export(&mut two)?;
    /// assert_eq!(one, two);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the writer or the host says; [`MemoryError::SnapshotExpired`].
    pub fn export(&mut self, writer: &mut dyn Write) -> MemoryResult<()> {
        let (page_size, database_id) = (self.committed.page_size, self.committed.database_id);
        export_canonical(writer, page_size, database_id, self.mark, self)
    }

    /// The bytes of a page, without a handle on it.
    ///
    /// ```
    /// use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Options};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.commit(Durability::Full)?;
    /// assert_eq!(store.snapshot().bytes(page)?[0], 0);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// As [`page`](MemoryAccess::page).
    #[inline]
    pub fn bytes(&mut self, page: Page) -> MemoryResult<&[u8]> {
        if self.lookaside.get(page).is_none() {
            self.last = self.fetch(page)?;
        }
        Ok(self.lookaside.get(page).unwrap_or(&self.last))
    }

    /// A page that is not at hand.
    #[cold]
    fn fetch(&mut self, page: Page) -> MemoryResult<PageRef> {
        if page >= self.mark {
            // A database whose first commit a crash took away has its own pages as zeros.
            let is_own = page < RESERVED_PAGES;
            return if is_own { Ok(self.committed.zero.clone()) } else { Err(out_of_range(page, self.mark)) };
        }
        if self.pressure != self.committed.pressure() {
            self.pressure = self.committed.pressure();
            self.lookaside.clear();
        }
        let committed = Arc::clone(&self.committed);
        for tries in 0.. {
            let found = committed.lock().find(page, self.commit)?;
            let expected = match found {
                Found::Image(Image::Held(image)) => {
                    self.lookaside.put(page, image.clone());
                    return Ok(image);
                }
                Found::Image(Image::Spilled(place)) => return place.read(),
                Found::InPlace(checksum) => Some(checksum),
                Found::Nothing => None,
            };
            let Some(places) = &committed.places else { return Ok(committed.zero.clone()) };
            let (checksum, generation) = match expected {
                Some(checksum) => (checksum, 0),
                None => match places.entry(page) {
                    Ok((checksum, _, generation)) => (checksum, generation),
                    Err(error) if tries > 0 => return Err(error),
                    Err(_) => continue,
                },
            };
            let image = places.read_as(page, checksum);
            if expected.is_some() && image.is_ok() {
                return image;
            }
            // Meanwhile a commit may have changed the page, or a checkpoint be writing it: then it is in the table.
            let mut state = committed.lock();
            let is_known = !matches!(state.find(page, self.commit)?, Found::Nothing);
            let is_ahead = generation > state.generation;
            match image {
                Ok(image) if !is_known && !is_ahead => {
                    committed.put_by_reader(&mut state, page, &image);
                    let is_kept = !matches!(state.find(page, self.commit)?, Found::Nothing);
                    drop(state);
                    if is_kept {
                        self.lookaside.put(page, image.clone());
                    } else {
                        self.has_met_pressure = true;
                    }
                    return Ok(image);
                }
                Err(error) if !is_known && !is_ahead && tries > 0 => return Err(error),
                Err(error) if tries >= TRIES => return Err(error),
                _ => drop(state),
            }
            if is_ahead {
                std::thread::yield_now();
            }
        }
        Err(Box::new(MemoryError::SnapshotExpired))
    }

    /// The checksum and the state of a page; none if the image must say the checksum.
    fn find_entry(&self, page: Page) -> MemoryResult<(Option<u64>, StoredState)> {
        if page >= self.mark {
            return Err(out_of_range(page, self.mark));
        }
        for tries in 0.. {
            let stated = self.committed.places.as_ref().map(|places| places.entry(page));
            let state = self.committed.lock();
            if let Some(version) = state.version(page, self.commit)? {
                let checksum = match &version.image {
                    OldVersion::Kept(Image::Held(_)) => None,
                    OldVersion::Kept(Image::Spilled(place)) => Some(place.checksum()),
                    OldVersion::InPlace(checksum) => Some(*checksum),
                    OldVersion::Lost => return Err(Box::new(MemoryError::SnapshotExpired)),
                };
                return Ok((checksum, version.state));
            }
            match stated {
                None => return Ok((None, state.free_state(page))),
                Some(Ok((checksum, stored, generation))) if generation <= state.generation => {
                    return Ok((Some(checksum), stored));
                }
                Some(Err(error)) if tries >= TRIES => return Err(error),
                Some(Err(error))
                    if self
                        .committed
                        .places
                        .as_ref()
                        .is_none_or(|places| places.ledger.generation() <= state.generation)
                        && tries > 0 =>
                {
                    return Err(error);
                }
                Some(_) => drop(state),
            }
            std::thread::yield_now();
        }
        Err(Box::new(MemoryError::SnapshotExpired))
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        if self.is_pinned {
            self.committed.unpin(self.commit);
        }
    }
}

impl Exported for Snapshot {
    fn entry(&mut self, page: Page) -> MemoryResult<(u64, StoredState)> {
        match self.find_entry(page)? {
            (Some(checksum), state) => Ok((checksum, state)),
            (None, state) => {
                let database_id = self.committed.database_id;
                Ok((page_checksum(database_id, page, self.bytes(page)?), state))
            }
        }
    }

    fn image(&mut self, page: Page) -> MemoryResult<PageRef> {
        self.page(page)
    }
}

fn refused<R>(operation: &'static str) -> MemoryResult<R> {
    Err(Box::new(MemoryError::ReadOnly { operation }))
}

impl MemoryAccess for Snapshot {
    fn page_size(&self) -> u64 {
        self.committed.page_size as u64
    }

    fn page_count(&self) -> Page {
        self.mark
    }

    fn grow_one_page(&mut self) -> MemoryResult<Page> {
        refused("grow_one_page")
    }

    #[inline]
    fn page(&mut self, page: Page) -> MemoryResult<PageRef> {
        if let Some(image) = self.lookaside.get(page) {
            return Ok(image.clone());
        }
        self.fetch(page)
    }

    #[inline]
    fn view<R>(&mut self, page: Page, look: impl FnOnce(&[u8]) -> R) -> MemoryResult<R> {
        if let Some(image) = self.lookaside.get(page) {
            return Ok(look(image));
        }
        self.fetch(page).map(|image| look(&image))
    }

    fn edit<R>(&mut self, _page: Page, _change: impl FnOnce(&mut [u8]) -> R) -> MemoryResult<R> {
        refused("write")
    }

    fn restore(&mut self, _page: Page, _image: &PageRef) -> MemoryResult<()> {
        refused("write")
    }

    fn page_state(&mut self, page: Page) -> MemoryResult<PageState> {
        Ok(match self.find_entry(page)?.1 {
            StoredState::Free => PageState::Free,
            StoredState::Reserved => PageState::Reserved,
            StoredState::Used | StoredState::None => PageState::Used,
        })
    }

    fn mark_page(&mut self, _page: Page, _state: PageState) -> MemoryResult<()> {
        refused("write")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Durability, MemoryManager, Options};

    /// How many pages a reader has at hand that went on to a commit which changed so many that it had read.
    fn at_hand_after(page_count: usize, is_at_work: bool) -> usize {
        let mut store = MemoryManager::in_memory(Options::new()).unwrap();
        let pages: Vec<Page> = (0..page_count).map(|_| store.claim_page().unwrap()).collect();
        store.commit(Durability::Full).unwrap();
        let mut reader = store.snapshots().take_reader();
        for page in &pages {
            assert_eq!(reader.read_at::<u64>(*page, 0).unwrap(), 0);
            store.write_at(*page, 0, &7_u64).unwrap();
        }
        store.commit(Durability::Full).unwrap();
        if !is_at_work {
            reader.rest();
        }
        reader.follow();
        let at_hand = pages.iter().filter_map(|page| reader.lookaside.get(*page));
        at_hand.inspect(|image| assert_eq!(image.first(), Some(&7))).count()
    }

    #[test]
    fn a_reader_at_work_gets_the_first_changed_pages_with_the_commit_and_one_at_rest_none() {
        for page_count in [1, AHEAD_PAGES_MAX, AHEAD_PAGES_MAX + 1, 3 * AHEAD_PAGES_MAX] {
            let expected = if prefetch::IS_POSSIBLE { page_count.min(AHEAD_PAGES_MAX) } else { 0 };
            assert_eq!(at_hand_after(page_count, true), expected, "{page_count} pages");
            assert_eq!(at_hand_after(page_count, false), 0, "{page_count} pages");
        }
    }
}
