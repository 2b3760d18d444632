//! What was written since the last commit.
//!
//! Of a page that was committed before, the committed image is kept, or, where it stands in place and memory is short,
//! only that it was touched. Pages past the committed mark need no such thing: all of them belong to the batch. Such a
//! page may be *spilled*: written in place before the commit, so that it need not stay in memory. A changed page below the
//! mark may wait in scratch space meanwhile.

use std::sync::Arc;

use wasm_dbms_api::Page;

use crate::access::{PageRef, PageState, Parts};
use crate::bytes::{Bits, NumberSet};
use crate::manager::page_map::PageMap;
use crate::manager::scratch::ScratchPage;

/// What the handle of a page in scratch space takes.
const SCRATCHED_BYTES: usize = 64;

/// So many pages that nobody needs any more stay for the copies of the next batches: as many as a small commit changes,
/// and a few more.
const SPARE_PAGES_MAX: usize = 6;

/// Of so many touched pages below the mark the written parts are known; if there are more, of none.
const KNOWN_PARTS_MAX: usize = 8;

/// A touched page below the committed mark.
#[derive(Debug)]
pub(crate) struct OldPage {
    pub(crate) page: Page,
    /// Its committed image; none if it stands in place.
    pub(crate) image: Option<PageRef>,
    /// What of it was written since.
    parts: Parts,
}

/// The image that a page had before a commit changed it.
#[derive(Debug)]
struct Spare {
    page: Page,
    image: PageRef,
    /// What the commit wrote of the page.
    parts: Parts,
}

/// What the batch changed.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Pages that can be written as they are in memory: their committed image is kept and they are not spilled.
    touched: Bits,
    /// Touched pages below the committed mark.
    old: Vec<OldPage>,
    is_sorted: bool,
    held: usize,
    /// Touched pages below the mark that are in scratch space as they are now, and not in memory.
    scratched: PageMap<Arc<ScratchPage>>,
    /// The checksums of pages past the committed mark, counted from there, that are in place as they are now; 0 for
    /// others.
    spilled: Vec<u64>,
    /// Images that nobody holds, to be written over, those that came first in front; of a page the last before this one.
    spare: Vec<Spare>,
    marked: NumberSet,
    marked_free: Bits,
    /// Changes of the ledger of unclaimed pages that [`mark`](Self::mark) did not explain yet.
    pub(crate) unmarked_changes: u32,
}

impl Batch {
    /// Whether the page can be written as it is in memory.
    #[inline]
    pub(crate) fn is_touched(&self, page: Page) -> bool {
        self.touched.contains(page)
    }

    /// Notes that a page below the committed mark is about to change; its committed image is `old`, or stands in place.
    pub(crate) fn touch_old(&mut self, page: Page, old: Option<PageRef>) {
        if self.touched.insert(page) {
            self.is_sorted = self.old.last().is_none_or(|last| self.is_sorted && last.page < page);
            self.held += usize::from(old.is_some());
            self.old.push(OldPage { page, image: old, parts: Parts::NONE });
        }
    }

    /// Notes that a page past the committed mark is about to change.
    pub(crate) fn touch_fresh(&mut self, page: Page, committed: Page) {
        self.touched.insert(page);
        if let Some(checksum) = self.spilled.get_mut((page - committed) as usize) {
            *checksum = 0;
        }
    }

    /// Notes that a page past the committed mark is in place as it is now. A checksum of 0 stands for "no"; then the
    /// answer is false.
    pub(crate) fn note_spilled(&mut self, page: Page, committed: Page, checksum: u64) -> bool {
        let index = (page - committed) as usize;
        if self.spilled.len() <= index {
            self.spilled.resize(index + 1, 0);
        }
        let Some(place) = self.spilled.get_mut(index).filter(|_| checksum != 0) else { return false };
        *place = checksum;
        self.touched.remove(page);
        true
    }

    /// The checksum of a page past the committed mark, if it is in place as it is now.
    pub(crate) fn spilled(&self, page: Page, committed: Page) -> Option<u64> {
        self.spilled.get(page.checked_sub(committed)? as usize).copied().filter(|checksum| *checksum != 0)
    }

    /// Notes that a touched page below the mark is in scratch space as it is now.
    pub(crate) fn put_scratched(&mut self, page: Page, place: Arc<ScratchPage>) {
        self.scratched.insert(page, place);
    }

    /// Where a touched page below the mark waits in scratch space.
    pub(crate) fn scratched(&self, page: Page) -> Option<&Arc<ScratchPage>> {
        self.scratched.get(page)
    }

    /// A touched page below the mark is in memory again.
    pub(crate) fn forget_scratched(&mut self, page: Page) {
        self.scratched.remove(page);
    }

    /// Pages past `first` are as new.
    pub(crate) fn forget_fresh(&mut self, first: Page, committed: Page) {
        self.touched.truncate(first);
        self.spilled.truncate((first - committed) as usize);
    }

    /// The touched pages below the committed mark.
    pub(crate) fn old(&self) -> &[OldPage] {
        &self.old
    }

    /// Where to note what is written of a touched page, if anybody is going to ask.
    pub(crate) fn parts_mut(&mut self, page: Page) -> Option<&mut Parts> {
        if !self.are_parts_known() {
            return None;
        }
        self.old.iter_mut().find(|old| old.page == page).map(|old| &mut old.parts)
    }

    /// What was written of a touched page below the mark, since the mark.
    pub(crate) fn parts_of(&self, old: &OldPage) -> Parts {
        if self.are_parts_known() { old.parts } else { Parts::ALL }
    }

    fn are_parts_known(&self) -> bool {
        self.old.len() <= KNOWN_PARTS_MAX
    }

    /// How many images are kept: committed ones, and spare pages.
    pub(crate) fn held(&self) -> usize {
        self.held + self.spare.len()
    }

    /// Puts the touched pages in order, so that [`find_old`](Self::find_old) finds them.
    pub(crate) fn sort(&mut self) {
        if !self.is_sorted {
            self.old.sort_unstable_by_key(|old| old.page);
            self.is_sorted = true;
        }
    }

    /// A touched page below the committed mark; the batch is sorted.
    pub(crate) fn find_old(&self, page: Page) -> Option<&OldPage> {
        debug_assert!(self.is_sorted || self.old.is_empty());
        self.old.get(self.old.binary_search_by_key(&page, |old| old.page).ok()?)
    }

    /// The page is in this state from now on.
    pub(crate) fn mark(&mut self, page: Page, state: PageState) {
        self.marked.insert(page);
        if state == PageState::Free {
            self.marked_free.insert(page);
        } else {
            self.marked_free.remove(page);
        }
    }

    /// The state that the batch gave a page.
    pub(crate) fn mark_of(&self, page: Page) -> Option<PageState> {
        let is_free = self.marked_free.contains(page);
        self.marked.contains(page).then_some(if is_free { PageState::Free } else { PageState::Used })
    }

    /// The pages that the batch gave a state.
    pub(crate) fn marked(&self) -> Vec<Page> {
        self.marked.sorted()
    }

    /// Whether a page below the committed mark was touched or a state given.
    pub(crate) fn is_empty(&self) -> bool {
        self.old.is_empty() && self.marked.is_empty()
    }

    /// Gives a page bytes of its own before it is written to, if there are spare ones: small commits allocate none. A page
    /// that was touched just now is as the last commit left it; its own spare image lacks only what that one wrote of it.
    pub(crate) fn copy(&mut self, page: Page, image: &mut PageRef) {
        if self.spare.is_empty() {
            return;
        }
        let committed = self.old.last().filter(|old| old.page == page).and_then(|old| old.image.as_ref());
        let is_committed = committed.is_some_and(|committed| committed.is_same(image));
        let own = self.spare.iter().position(|spare| spare.page == page && is_committed);
        let spare = self.spare.remove(own.unwrap_or(0));
        image.move_to(spare.image, own.map_or(Parts::ALL, |_| spare.parts));
    }

    /// Spare images are for nothing: memory is short, or pages are what they were not.
    pub(crate) fn forget_spare(&mut self) {
        self.spare.clear();
    }

    /// Empties the batch.
    pub(crate) fn clear(&mut self, committed: Page) {
        let are_parts_known = self.are_parts_known();
        for OldPage { page, image, parts } in self.old.drain(..) {
            self.touched.remove(page);
            self.spare.retain(|spare| spare.page != page);
            if let Some(image) = image.filter(|image| !image.is_shared()) {
                if self.spare.len() == SPARE_PAGES_MAX {
                    self.spare.remove(0);
                }
                self.spare.push(Spare { page, image, parts: if are_parts_known { parts } else { Parts::ALL } });
            }
        }
        self.forget_fresh(committed, committed);
        self.scratched.clear();
        for page in self.marked.sorted() {
            self.marked_free.remove(page);
        }
        self.marked.clear();
        self.unmarked_changes = 0;
        self.held = 0;
        self.is_sorted = true;
    }

    /// How many bytes all of this takes beside the images.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.touched.memory_bytes()
            + self.marked_free.memory_bytes()
            + self.old.capacity() * size_of::<OldPage>()
            + self.spilled.capacity() * size_of::<u64>()
            + self.scratched.memory_bytes()
            + self.scratched.len() * SCRATCHED_BYTES
    }
}
