//! The last commit as everybody sees it: its images in memory, and what snapshots keep of the commits before.
//!
//! One table behind one short lock, shared by the head and by every snapshot. The head puts the pages of a commit here
//! when the commit is made, at once; readers keep handles of their own ([`Lookaside`](super::lookaside)) and come here
//! for the others. No lock is held while a medium is read, written or synced.
//!
//! Invariants: **C1** an image in the table is the page's newest committed one; **C2** every committed page that the head
//! has in memory and did not change is in the table, and every page that is not in its place (I3), or, without a
//! medium, not zero; **C3** a page that is in no table is in its place, and the ledger's generation of the last commit,
//! or an earlier one, has its checksum.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{PageRef, PageState, RESERVED_PAGES};
use crate::apart::Apart;
use crate::bytes::{Bits, NumberSet};
use crate::log::{Places, StoredState};
use crate::manager::page_cache::PAGE_OVERHEAD;
use crate::manager::page_map::PageMap;
use crate::manager::pins::Pins;
use crate::manager::queue;
use crate::manager::scratch::Scratch;
use crate::manager::scratch_space::ScratchSpace;
use crate::manager::versions::{Image, OldVersion, Version, VersionKey, Versions};
use crate::options::Options;

/// So many pages are looked at for one that may go.
const STEPS: usize = 32;

/// So many changes of pages are remembered for readers that go on to the last commit. One that is further behind starts
/// with nothing in its hands.
const RECENT_CHANGES: usize = 128;

/// So many old versions in memory may wait for the next commit when the reader that needed them goes on: whoever commits
/// has made them, and lets go of them at less cost than a reader.
const WAITING_VERSIONS: usize = 64;

/// Entries of `departures` that may be stale before they are swept.
const STALE_ENTRIES: usize = 64;

/// A committed page in memory.
#[derive(Debug)]
struct Frame {
    image: Image,
    /// Whether the head has it too, and decides when it goes.
    in_head: bool,
}

/// What the lock is for.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The last commit, counted since the store was opened.
    pub(crate) commit: u64,
    /// How many pages it has.
    pub(crate) mark: Page,
    /// The ledger's generation that describes it.
    pub(crate) generation: u64,
    frames: PageMap<Frame>,
    /// Frames in memory that the head does not have, the one that has been there longest first.
    departures: VecDeque<Page>,
    alone: usize,
    pub(crate) versions: Versions,
    pub(crate) pins: Pins,
    /// Whether there may be versions that no pin needs.
    has_waiting: bool,
    /// Snapshots of this commit and of those before it have expired.
    pub(crate) expired: Option<u64>,
    /// Pages that commits changed, and every one since `recent_from`.
    recent: VecDeque<VersionKey>,
    recent_from: u64,
    /// The committed free pages where there is no log.
    free: Bits,
}

/// What a snapshot finds here.
#[derive(Debug)]
pub(crate) enum Found {
    Image(Image),
    /// The page stands in its place, with this checksum.
    InPlace(u64),
    /// Nothing is known here: the page was not changed since, and stands in its place.
    Nothing,
}

/// The last commit, shared.
#[derive(Debug)]
pub(crate) struct Committed {
    pub(crate) page_size: usize,
    pub(crate) database_id: u64,
    pub(crate) zero: PageRef,
    /// None without a medium.
    pub(crate) places: Option<Places>,
    pub(crate) scratch: Arc<Scratch>,
    query_memory_bytes: usize,
    pub(crate) cache_bytes: usize,
    pub(crate) snapshot_memory_bytes: u64,
    pub(crate) snapshot_spill_max_bytes: u64,
    /// The last commit, for readers that only look whether there is a newer one.
    published: Apart<AtomicU64>,
    /// What the head takes of the cache.
    pub(crate) head_bytes: AtomicUsize,
    /// What frames take that the head does not have.
    alone_bytes: AtomicUsize,
    /// What the table itself takes.
    table_bytes: AtomicUsize,
    /// How often readers found no room because of what the head has.
    pub(crate) wanted: AtomicUsize,
    /// How many pages commits have changed.
    changes: AtomicU64,
    /// How often everybody was asked to let go of what they need not have.
    pressure: AtomicU64,
    state: Mutex<State>,
}

impl Committed {
    /// Where questions put what they keep.
    pub(crate) fn scratch_space(&self) -> ScratchSpace {
        ScratchSpace::new(&self.scratch, self.query_memory_bytes)
    }

    pub(crate) fn new(
        options: &Options,
        page_size: usize,
        database_id: u64,
        places: Option<Places>,
        cache_bytes: usize,
        mark: Page,
    ) -> Self {
        let source = places.as_ref().map(|places| places.medium.clone());
        let generation = places.as_ref().map_or(0, |places| places.ledger.generation());
        Self {
            page_size,
            database_id,
            zero: PageRef::zeroed(page_size),
            places,
            scratch: Arc::new(Scratch::new(source, page_size, database_id)),
            query_memory_bytes: options.query_memory_bytes,
            cache_bytes,
            snapshot_memory_bytes: options.snapshot_memory_bytes as u64,
            snapshot_spill_max_bytes: options.snapshot_spill_max_bytes,
            published: Apart::new(AtomicU64::new(1)),
            head_bytes: AtomicUsize::new(0),
            alone_bytes: AtomicUsize::new(0),
            table_bytes: AtomicUsize::new(0),
            wanted: AtomicUsize::new(0),
            changes: AtomicU64::new(0),
            pressure: AtomicU64::new(0),
            state: Mutex::new(State { commit: 1, mark, generation, recent_from: 1, ..State::default() }),
        }
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    #[cfg_attr(not(target_family = "wasm"), inline)]
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last commit.
    #[inline]
    pub(crate) fn last_commit(&self) -> u64 {
        self.published.load(Ordering::Acquire)
    }

    /// Lets readers see that there is a newer commit.
    pub(crate) fn announce(&self, commit: u64) {
        self.published.store(commit, Ordering::Release);
    }

    /// How many pages commits have changed.
    #[inline]
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Notes that the last commit changed so many.
    pub(crate) fn count_changes(&self, pages: usize) {
        self.changes.fetch_add(pages as u64, Ordering::Relaxed);
    }

    pub(crate) fn pressure(&self) -> u64 {
        self.pressure.load(Ordering::Relaxed)
    }

    /// Asks everybody to let go of pages.
    pub(crate) fn press(&self) {
        self.pressure.fetch_add(1, Ordering::Relaxed);
    }

    /// What frames take that the head does not have.
    pub(crate) fn alone_bytes(&self) -> usize {
        self.alone_bytes.load(Ordering::Relaxed)
    }

    /// What the table takes beside its pages.
    pub(crate) fn table_bytes(&self) -> usize {
        self.table_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn note_alone(&self, state: &State) {
        let queues =
            state.departures.capacity() * size_of::<Page>() + state.recent.capacity() * size_of::<VersionKey>();
        self.table_bytes.store(state.frames.memory_bytes() + queues, Ordering::Relaxed);
        self.alone_bytes.store(state.alone * (self.page_size + PAGE_OVERHEAD), Ordering::Relaxed);
    }

    /// A committed page that the head did not have, which has it from now on.
    pub(crate) fn take_for_head(&self, page: Page) -> Option<Image> {
        let mut state = self.lock();
        let frame = state.frames.get_mut(page)?;
        let image = frame.image.clone();
        if matches!(image, Image::Held(_)) && !std::mem::replace(&mut frame.in_head, true) {
            state.alone -= 1;
            self.note_alone(&state);
        }
        Some(image)
    }

    /// A page that the head has read.
    pub(crate) fn put_by_head(&self, page: Page, image: PageRef) {
        let mut state = self.lock();
        state.put(page, Image::Held(image), true);
        self.note_alone(&state);
    }

    /// The head has the page no longer. It stays if a reader holds it, or if it may.
    pub(crate) fn let_go(&self, page: Page, may_stay: bool) {
        let mut state = self.lock();
        state.let_go(page, may_stay, 1);
        self.note_alone(&state);
    }

    /// The head is about to change this image of a page and need not keep it: it is in place.
    pub(crate) fn let_go_of(&self, page: Page, _image: &PageRef) {
        let mut state = self.lock();
        state.let_go(page, false, 2);
        self.note_alone(&state);
    }

    /// A page that a reader has read: it is kept for others if there is room.
    pub(crate) fn put_by_reader(&self, state: &mut State, page: Page, image: &PageRef) {
        let one = self.page_size + PAGE_OVERHEAD;
        let head = self.head_bytes.load(Ordering::Relaxed) + self.table_bytes() + 2 * one;
        while head + state.alone * one > self.cache_bytes {
            if !state.evict() {
                if state.alone > 0 {
                    self.press();
                }
                self.wanted.fetch_add(1, Ordering::Relaxed);
                self.note_alone(state);
                return;
            }
        }
        state.put(page, Image::Held(image.clone()), false);
        self.note_alone(state);
    }

    /// Takes away a page that only this table has. Returns whether there was one.
    pub(crate) fn evict(&self) -> bool {
        let mut state = self.lock();
        let is_gone = state.evict();
        self.note_alone(&state);
        is_gone
    }

    /// The newest committed image of a page, if it is in the table.
    pub(crate) fn image(&self, page: Page) -> Option<Image> {
        self.lock().frames.get(page).map(|frame| frame.image.clone())
    }

    /// Pages in scratch space that are in place by now.
    pub(crate) fn forget_spilled(&self, pages: &[Page]) {
        let mut state = self.lock();
        for page in pages {
            if matches!(state.frames.get(*page), Some(Frame { image: Image::Spilled(_), .. })) {
                state.frames.remove(*page);
            }
        }
    }

    /// The mark is lower: pages from it on are no more. They were free.
    pub(crate) fn truncate(&self, mark: Page, generation: u64) {
        let mut state = self.lock();
        let commit = state.commit + 1;
        for page in mark..state.mark {
            state.remove(page);
            if state.is_needed(page) {
                let image = OldVersion::Kept(Image::Held(self.zero.clone()));
                state.versions.add(page, commit, image, StoredState::Free);
            }
        }
        (state.commit, state.mark, state.generation) = (commit, mark, generation);
        state.free.truncate(mark);
        state.forget_recent();
        self.note_alone(&state);
        self.announce(commit);
    }

    /// The ledger says more than the last commit: the one on its way failed.
    pub(crate) fn note_generation(&self, generation: u64) {
        self.lock().generation = generation;
    }

    /// Pins a snapshot to the last commit. Returns the commit and how many pages it has.
    pub(crate) fn pin(&self) -> (u64, Page) {
        self.lock().pin()
    }

    /// A snapshot of this commit is no more.
    pub(crate) fn unpin(&self, commit: u64) {
        self.lock().unpin(commit);
    }

    /// Writes old versions to scratch space, until those in memory are as many as may be; ends the oldest snapshots if
    /// there are more than may be at all. First those that stand in place are kept, as a checkpoint may come.
    pub(crate) fn settle_versions(&self) {
        let pending = {
            let mut state = self.lock();
            if state.versions.is_empty() {
                return;
            }
            state.versions.take_pending()
        };
        for (page, replaced_at) in pending {
            let version = self.lock().versions.get((page, replaced_at)).map(|version| version.image.clone());
            let (Some(OldVersion::InPlace(checksum)), Some(places)) = (version, &self.places) else { continue };
            let kept = places.read_as(page, checksum).map(|image| OldVersion::Kept(Image::Held(image)));
            self.lock().versions.replace((page, replaced_at), kept.unwrap_or(OldVersion::Lost));
            self.spill_versions();
        }
        self.spill_versions();
    }

    fn spill_versions(&self) {
        let page_size = self.page_size as u64;
        loop {
            let mut state = self.lock();
            let (held, spilled) =
                (state.versions.held() as u64 * page_size, state.versions.spilled() as u64 * page_size);
            let all_max = self.snapshot_memory_bytes.saturating_add(self.snapshot_spill_max_bytes);
            let can_spill = self.scratch.is_available();
            if spilled > self.snapshot_spill_max_bytes || held + spilled > all_max {
                if !state.expire_oldest() {
                    return;
                }
                continue;
            }
            if held <= self.snapshot_memory_bytes || !can_spill {
                return;
            }
            let Some((key, image)) = state.versions.pop_oldest_held() else { return };
            drop(state);
            self.press();
            match self.scratch.put(key.0, &image) {
                Ok(place) => {
                    self.lock().versions.replace(key, OldVersion::Kept(Image::Spilled(place)));
                }
                Err(_) => {
                    let mut state = self.lock();
                    state.versions.replace(key, OldVersion::Kept(Image::Held(image)));
                    if !state.expire_oldest() {
                        return;
                    }
                }
            }
        }
    }
}

impl State {
    /// What a page was at a commit.
    pub(crate) fn find(&self, page: Page, commit: u64) -> MemoryResult<Found> {
        if let Some(version) = self.version(page, commit)? {
            return match &version.image {
                OldVersion::Kept(image) => Ok(Found::Image(image.clone())),
                OldVersion::InPlace(checksum) => Ok(Found::InPlace(*checksum)),
                OldVersion::Lost => Err(Box::new(MemoryError::SnapshotExpired)),
            };
        }
        Ok(self.frames.get(page).map_or(Found::Nothing, |frame| Found::Image(frame.image.clone())))
    }

    /// The version of a page at a commit, if it changed since.
    pub(crate) fn version(&self, page: Page, commit: u64) -> MemoryResult<Option<&Version>> {
        if self.expired.is_some_and(|expired| commit <= expired) {
            return Err(Box::new(MemoryError::SnapshotExpired));
        }
        Ok(if self.versions.is_empty() { None } else { self.versions.find(page, commit) })
    }

    /// Puts a committed image there that the head has. Returns the one before.
    #[inline]
    pub(crate) fn put_held(&mut self, page: Page, image: &PageRef) -> Option<Image> {
        match self.frames.get_mut(page) {
            Some(Frame { image: old @ Image::Held(_), in_head: true }) => {
                Some(std::mem::replace(old, Image::Held(image.clone())))
            }
            _ => self.put(page, Image::Held(image.clone()), true),
        }
    }

    /// Puts a committed image there. Returns the one before.
    pub(crate) fn put(&mut self, page: Page, image: Image, in_head: bool) -> Option<Image> {
        let is_alone = !in_head && matches!(image, Image::Held(_));
        let old = self.frames.insert(page, Frame { image, in_head });
        let was_alone = matches!(old, Some(Frame { image: Image::Held(_), in_head: false }));
        if is_alone != was_alone {
            self.alone = if is_alone { self.alone + 1 } else { self.alone - 1 };
        }
        if is_alone && !was_alone {
            self.note_departure(page);
        }
        old.map(|frame| frame.image)
    }

    fn remove(&mut self, page: Page) {
        if let Some(Frame { image: Image::Held(_), in_head: false }) = self.frames.remove(page) {
            self.alone -= 1;
        }
    }

    fn let_go(&mut self, page: Page, may_stay: bool, handles: usize) {
        let Some(frame) = self.frames.get_mut(page) else { return };
        let Frame { image: Image::Held(image), in_head: in_head @ true } = frame else { return };
        if may_stay || image.handles() > handles {
            *in_head = false;
            self.alone += 1;
            self.note_departure(page);
        } else {
            self.frames.remove(page);
        }
    }

    fn note_departure(&mut self, page: Page) {
        self.departures.push_back(page);
        if self.departures.len() > 2 * self.alone + STALE_ENTRIES {
            let mut met = NumberSet::default();
            let Self { departures, frames, .. } = self;
            queue::keep(departures, &mut |page| {
                frames.get(page).is_some_and(|frame| !frame.in_head) && met.insert(page)
            });
        }
    }

    /// Takes away the page that has been here alone longest, if no reader holds it.
    fn evict(&mut self) -> bool {
        for _ in 0..STEPS {
            let Some(page) = self.departures.pop_front() else { return false };
            match self.frames.get(page) {
                Some(Frame { image: Image::Held(image), in_head: false }) if image.is_shared() => {
                    self.departures.push_back(page);
                }
                Some(Frame { image: Image::Held(_), in_head: false }) => {
                    self.frames.remove(page);
                    self.alone -= 1;
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    /// Whether a snapshot needs the image that the page is about to lose.
    #[inline]
    pub(crate) fn is_needed(&self, page: Page) -> bool {
        !self.pins.is_empty() && self.versions.is_needed(page, &self.pins)
    }

    /// Notes that the commit on its way changes a page that was there before.
    pub(crate) fn note_change(&mut self, commit: u64, page: Page) {
        if self.recent.len() == RECENT_CHANGES
            && let Some((_, commit)) = self.recent.pop_front()
        {
            self.recent_from = commit;
        }
        self.recent.push_back((page, commit));
    }

    fn forget_recent(&mut self) {
        self.recent.clear();
        self.recent_from = self.commit;
    }

    /// Calls `visit` with every page that changed since that commit; false if that is not known any more.
    pub(crate) fn changes_since(&self, commit: u64, visit: &mut dyn FnMut(Page)) -> bool {
        if commit < self.recent_from {
            return false;
        }
        self.recent.iter().rev().take_while(|(_, changed_at)| *changed_at > commit).for_each(|(page, _)| visit(*page));
        true
    }

    pub(crate) fn pin(&mut self) -> (u64, Page) {
        self.pins.add(self.commit);
        (self.commit, self.mark)
    }

    pub(crate) fn unpin(&mut self, commit: u64) {
        // One that expired is pinned no more.
        if self.pins.remove(commit) && !self.versions.is_empty() {
            self.sweep();
        }
    }

    /// As [`unpin`](Self::unpin), by a reader that goes on to the last commit: a few versions wait for the next commit.
    pub(crate) fn unpin_in_passing(&mut self, commit: u64) {
        if self.versions.held() > WAITING_VERSIONS || self.versions.spilled() > 0 {
            self.unpin(commit);
        } else if self.pins.remove(commit) {
            self.has_waiting = true;
        }
    }

    /// Lets go of the versions that wait.
    pub(crate) fn sweep_waiting(&mut self) {
        if self.has_waiting && !self.versions.is_empty() {
            self.sweep();
        }
        self.has_waiting = false;
    }

    fn sweep(&mut self) {
        self.has_waiting = false;
        self.versions.sweep(&self.pins);
    }

    /// Ends the oldest snapshots, unless they are of the last commit.
    fn expire_oldest(&mut self) -> bool {
        let Some(oldest) = self.pins.oldest().filter(|oldest| *oldest < self.commit) else { return false };
        self.pins.remove_oldest();
        self.expired = Some(oldest);
        self.sweep();
        true
    }

    /// The committed state of a page where there is no log.
    pub(crate) fn free_state(&self, page: Page) -> StoredState {
        match page {
            0..RESERVED_PAGES => StoredState::Reserved,
            _ if self.free.contains(page) => StoredState::Free,
            _ => StoredState::Used,
        }
    }

    /// A commit gave a page a state, where there is no log.
    pub(crate) fn set_free_state(&mut self, page: Page, state: PageState) {
        if state == PageState::Free {
            self.free.insert(page);
        } else {
            self.free.remove(page);
        }
    }

    /// How many frames there are.
    pub(crate) fn frame_count(&self) -> usize {
        self.frames.len()
    }
}
