//! Which pages are in memory, and which of them goes first.
//!
//! A page is *at hand* (in the table, where the hot path finds it), *idle*, or not here. While there is room nothing
//! becomes idle, and nothing is counted when a page is looked at. When there is none, the page that has been at hand
//! longest becomes idle, and the one that has been idle longest goes; a page that is asked for while it is idle is at
//! hand again. So what is used often stays, at the price of a look into a map now and then, and the hot path notes
//! nothing.
//!
//! The table has a place of 16 bytes for every page of the database, here or not: one look more than that (a table of
//! tables, or of numbers of frames) made a get by key a tenth slower. It counts against the limit.
//!
//! Invariants: **I1** a page is not at hand and idle at once; **I2** every page at hand stands in `arrivals`, every
//! idle one in `departures` (entries of pages that went another way are skipped).

use std::collections::VecDeque;

use wasm_dbms_api::Page;

use crate::access::PageRef;
use crate::bytes::Bits;
use crate::manager::page_map::PageMap;
use crate::manager::queue;

/// The table grows by one place for so many that it has, and by so many at least: doubling it would cost as much again.
const GROWTH_SHARE: usize = 8;
const GROWTH_MIN: usize = 256;

/// At most so many places are taken at once when a database is opened: what a file says of its length is foreign.
const FIRST_PLACES: usize = 1 << 20;

/// One page of this many becomes idle before pages go.
const IDLE_SHARE: usize = 4;

/// Entries of `arrivals` that may be stale before they are swept.
const STALE_ENTRIES: usize = 64;

/// What a page in memory takes beside its bytes: the counts of its handle, what the allocator adds, its entries in the
/// queues and, for one in four, in the map.
pub(crate) const PAGE_OVERHEAD: usize = 64;

/// The pages in memory.
#[derive(Debug, Default)]
pub(crate) struct PageCache {
    table: Vec<Option<PageRef>>,
    at_hand: usize,
    /// Pages at hand, the one that has been there longest first.
    arrivals: VecDeque<Page>,
    idle: PageMap<PageRef>,
    /// Idle pages, the one that has been idle longest first.
    departures: VecDeque<Page>,
}

impl PageCache {
    /// None in memory yet of a database with this many pages.
    pub(crate) fn new(pages: Page) -> Self {
        Self { table: Vec::with_capacity((pages as usize).min(FIRST_PLACES)), ..Self::default() }
    }

    /// The page, if it is at hand.
    #[inline]
    pub(crate) fn get(&self, page: Page) -> Option<&PageRef> {
        self.table.get(page as usize)?.as_ref()
    }

    /// The page, to be changed, if it is at hand.
    #[inline]
    pub(crate) fn get_mut(&mut self, page: Page) -> Option<&mut PageRef> {
        self.table.get_mut(page as usize)?.as_mut()
    }

    /// The page, at hand or idle.
    pub(crate) fn peek(&self, page: Page) -> Option<&PageRef> {
        self.get(page).or_else(|| self.idle.get(page))
    }

    /// How many pages are in memory.
    pub(crate) fn len(&self) -> usize {
        self.at_hand + self.idle.len()
    }

    /// How many bytes all of this takes.
    pub(crate) fn memory_bytes(&self, page_size: usize) -> usize {
        self.len() * (page_size + PAGE_OVERHEAD) + self.table.capacity() * size_of::<Option<PageRef>>()
    }

    /// Puts a page at hand, or another image in its place.
    pub(crate) fn put(&mut self, page: Page, image: PageRef) {
        let index = page as usize;
        if self.table.len() <= index {
            if self.table.capacity() <= index {
                let more = (self.table.len() / GROWTH_SHARE).max(GROWTH_MIN);
                self.table.reserve_exact(index + more - self.table.len());
            }
            self.table.resize(index + 1, None);
        }
        let Some(slot) = self.table.get_mut(index) else { return };
        if slot.replace(image).is_none() {
            self.idle.remove(page);
            self.at_hand += 1;
            self.note_arrival(page);
        }
    }

    /// Takes a page away if it is idle.
    pub(crate) fn take_idle(&mut self, page: Page) -> Option<PageRef> {
        self.idle.remove(page)
    }

    /// Takes a page away.
    pub(crate) fn take(&mut self, page: Page) -> Option<PageRef> {
        self.take_at_hand(page).or_else(|| self.take_idle(page))
    }

    /// Takes every page away from this one on.
    pub(crate) fn truncate(&mut self, end: Page) {
        for page in end..self.table.len() as Page {
            self.take_at_hand(page);
        }
        self.idle.retain(|page, _| page < end);
        self.table.truncate(end as usize);
    }

    /// Makes a page idle again that was to go and cannot.
    pub(crate) fn put_idle(&mut self, page: Page, image: PageRef) {
        self.idle.insert(page, image);
        self.departures.push_back(page);
    }

    /// One step towards room: the page that has been at hand longest becomes idle unless it is pinned, or, if enough
    /// are idle, the one that has been idle longest is taken away and returned, unless it is pinned by now.
    pub(crate) fn age(&mut self, is_pinned: &dyn Fn(Page) -> bool) -> Option<(Page, PageRef)> {
        if self.idle.len() * IDLE_SHARE >= self.len() {
            let page = self.departures.pop_front()?;
            let image = self.take_idle(page)?;
            if is_pinned(page) {
                self.put(page, image);
                return None;
            }
            return Some((page, image));
        }
        let page = self.arrivals.pop_front()?;
        if is_pinned(page) {
            self.arrivals.push_back(page);
        } else if let Some(image) = self.take_at_hand(page) {
            self.put_idle(page, image);
        }
        None
    }

    fn take_at_hand(&mut self, page: Page) -> Option<PageRef> {
        let image = self.table.get_mut(page as usize)?.take()?;
        self.at_hand -= 1;
        Some(image)
    }

    fn note_arrival(&mut self, page: Page) {
        self.arrivals.push_back(page);
        if self.arrivals.len() > 2 * self.at_hand + STALE_ENTRIES {
            let mut arrivals = std::mem::take(&mut self.arrivals);
            let mut met = Bits::default();
            queue::keep(&mut arrivals, &mut |page| self.get(page).is_some() && met.insert(page));
            self.arrivals = arrivals;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> PageRef {
        PageRef::zeroed(16)
    }

    /// Takes steps until a page goes.
    fn next_to_go(cache: &mut PageCache, is_pinned: &dyn Fn(Page) -> bool) -> Option<Page> {
        (0..100).find_map(|_| cache.age(is_pinned)).map(|(page, _)| page)
    }

    #[test]
    fn pages_go_in_the_order_they_came() {
        let mut cache = PageCache::default();
        (0..8).for_each(|page| cache.put(page, image()));
        assert_eq!((0..6).filter_map(|_| next_to_go(&mut cache, &|_| false)).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_page_that_is_asked_for_while_it_is_idle_stays() {
        let mut cache = PageCache::default();
        (0..16).for_each(|page| cache.put(page, image()));
        assert_eq!(next_to_go(&mut cache, &|_| false), Some(0));
        let page = cache.take_idle(1).unwrap();
        cache.put(1, page);
        assert_eq!(next_to_go(&mut cache, &|_| false), Some(2));
        assert!(cache.get(1).is_some());
    }

    #[test]
    fn a_pinned_page_stays_at_hand() {
        let mut cache = PageCache::default();
        (0..100).for_each(|page| cache.put(page, image()));
        while next_to_go(&mut cache, &|page| page % 3 == 0).is_some() {}
        assert!((0..100).filter(|page| page % 3 == 0).all(|page| cache.get(page).is_some()));
    }

    #[test]
    fn pages_that_come_and_go_leave_nothing_behind() {
        let mut cache = PageCache::default();
        for round in 0..1000 {
            cache.put(round % 7 * 100, image());
            assert!(cache.take(round % 7 * 100).is_some());
        }
        assert_eq!(cache.len(), 0);
        assert!(cache.arrivals.len() <= STALE_ENTRIES + 2);
    }
}
