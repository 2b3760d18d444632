//! The ledger of unclaimed pages: last in, first out, push and pop in constant time, no limit on its length.
//!
//! Rooted at [`UNCLAIMED_PAGES_PAGE`](crate::UNCLAIMED_PAGES_PAGE). When the root is full, the page that is released
//! next becomes a *spill page*: it takes over what the root holds and the root starts anew. A spill page is the entry
//! that stands for itself: it is handed out (and zeroed) when the root is empty again.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `u32` entries in this page |
//! | 4..8 | `u32` the next spill page, 0 if none |
//! | 8..12 | `u32` unclaimed pages in all, spill pages included (root only) |
//! | 12..16 | `u32` the first page of the *tail*, 0 if none (root only) |
//! | 16.. | entries, `u32` page numbers, oldest first; zero beyond the last |
//!
//! The tail is what the end of the file gives back: all pages from that one on, which are in the ledger without entries.
//! So the same root is right before the committed mark is lowered to it and afterwards, when the tail is empty. It ends
//! ([`UnclaimedPages::end_tail`]) before the store grows past it.
//!
//! Invariants: **I1** every page in the ledger but a spill page is all zero; **I2** no page is in it twice; **I3** no
//! reserved page is in it; **I4** spill pages are full.

use std::ops::Range;

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{MemoryAccess, PageState, RESERVED_PAGES, UNCLAIMED_PAGES_PAGE};
use crate::bytes::{put, put_u32, u32_at};

const COUNT: usize = 0;
const NEXT: usize = 4;
const TOTAL: usize = 8;
const TAIL: usize = 12;
const ENTRIES: usize = 16;
const ENTRY: usize = 4;

/// The ledger of unclaimed pages.
#[derive(Debug)]
pub struct UnclaimedPages;

impl UnclaimedPages {
    /// How many pages are unclaimed.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryAccess, MemoryManager, Options, UnclaimedPages};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.unclaim_page(page)?;
    /// assert_eq!(UnclaimedPages::count(&mut store)?, 1);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What reading the root says.
    pub fn count<M: MemoryAccess + ?Sized>(store: &mut M) -> MemoryResult<u32> {
        let tail = Self::tail(store)?.len() as u32;
        store.view(UNCLAIMED_PAGES_PAGE, |root| u32_at(root, TOTAL).saturating_add(tail))
    }

    /// The pages at the end that are unclaimed without an entry. A store that does not know how many pages it has sees
    /// none.
    pub(crate) fn tail<M: MemoryAccess + ?Sized>(store: &mut M) -> MemoryResult<Range<Page>> {
        let first = Self::first_of_tail(store)?;
        match store.page_count() {
            _ if first == 0 => Ok(0..0),
            Page::MAX => Ok(first..first),
            pages => check_entry(first).map(|()| first..pages.max(first)),
        }
    }

    fn first_of_tail<M: MemoryAccess + ?Sized>(store: &mut M) -> MemoryResult<Page> {
        number(store, UNCLAIMED_PAGES_PAGE, TAIL)
    }

    /// What is left of a tail gets entries, the lowest page to be handed out first. Nobody's state changes. Returns
    /// whether anything did: a store calls this before it grows.
    ///
    /// # Errors
    /// [`MemoryError::Corrupt`] if the ledger contradicts itself; what the store says.
    pub(crate) fn end_tail<M: MemoryAccess + ?Sized>(store: &mut M) -> MemoryResult<bool> {
        if Self::first_of_tail(store)? == 0 {
            return Ok(false);
        }
        let tail = Self::tail(store)?;
        tail.clone().try_for_each(|page| check_free(store, page).and_then(|()| check_zero(store, page)))?;
        change(store, UNCLAIMED_PAGES_PAGE, &mut |root| put_u32(root, TAIL, 0))?;
        tail.rev().try_for_each(|page| Self::enter(store, page))?;
        Ok(true)
    }

    /// Releases a page: zeros it and pushes it.
    pub(crate) fn push<M: MemoryAccess + ?Sized>(store: &mut M, page: Page) -> MemoryResult<()> {
        match store.page_state(page)? {
            PageState::Reserved => return Err(Box::new(MemoryError::ReservedPage { page })),
            PageState::Free => return Err(Box::new(MemoryError::AlreadyUnclaimed { page })),
            PageState::Used => {}
        }
        check_count(
            UNCLAIMED_PAGES_PAGE,
            number(store, UNCLAIMED_PAGES_PAGE, COUNT)? as usize,
            capacity(store.page_size() as usize),
        )?;
        store.zero_page(page)?;
        Self::enter(store, page)?;
        store.mark_page(page, PageState::Free)
    }

    /// Makes the ledger anew with these zero pages, the one to be handed out first in front, and with a tail from `tail`
    /// on unless that is 0. Nobody's state is changed.
    pub(crate) fn rebuild<M: MemoryAccess + ?Sized>(store: &mut M, pages: &[Page], tail: Page) -> MemoryResult<()> {
        let mut spill = number(store, UNCLAIMED_PAGES_PAGE, NEXT)?;
        while spill != 0 {
            let next = number(store, spill, NEXT)?;
            store.zero_page(spill)?;
            spill = next;
        }
        change(store, UNCLAIMED_PAGES_PAGE, &mut |root| {
            root.fill(0);
            put_u32(root, TAIL, tail);
        })?;
        pages.iter().rev().try_for_each(|page| Self::enter(store, *page))
    }

    /// Enters a zero page.
    #[inline(never)]
    fn enter<M: MemoryAccess + ?Sized>(store: &mut M, page: Page) -> MemoryResult<()> {
        let count = number(store, UNCLAIMED_PAGES_PAGE, COUNT)? as usize;
        let total = number(store, UNCLAIMED_PAGES_PAGE, TOTAL)?.saturating_add(1);
        let capacity = capacity(store.page_size() as usize);
        check_count(UNCLAIMED_PAGES_PAGE, count, capacity)?;
        if count < capacity {
            change(store, UNCLAIMED_PAGES_PAGE, &mut |bytes| {
                put_u32(bytes, ENTRIES + count * ENTRY, page);
                put_u32(bytes, COUNT, count as u32 + 1);
                put_u32(bytes, TOTAL, total);
            })?;
        } else {
            let root = store.page(UNCLAIMED_PAGES_PAGE)?;
            change(store, page, &mut |bytes| {
                put(bytes, 0, &root);
                put_u32(bytes, TOTAL, 0);
                put_u32(bytes, TAIL, 0);
            })?;
            change(store, UNCLAIMED_PAGES_PAGE, &mut |bytes| {
                bytes.fill(0);
                put_u32(bytes, NEXT, page);
                put_u32(bytes, TOTAL, total);
                put_u32(bytes, TAIL, u32_at(&root, TAIL));
            })?;
        }
        Ok(())
    }

    /// Takes the page released last; all zero.
    pub(crate) fn pop<M: MemoryAccess + ?Sized>(store: &mut M) -> MemoryResult<Option<Page>> {
        let count = number(store, UNCLAIMED_PAGES_PAGE, COUNT)? as usize;
        let next = number(store, UNCLAIMED_PAGES_PAGE, NEXT)?;
        let total = number(store, UNCLAIMED_PAGES_PAGE, TOTAL)?;
        let capacity = capacity(store.page_size() as usize);
        check_count(UNCLAIMED_PAGES_PAGE, count, capacity)?;
        let page = if count > 0 {
            let at = ENTRIES + (count - 1) * ENTRY;
            let page = number(store, UNCLAIMED_PAGES_PAGE, at)?;
            check_free(store, page)?;
            check_zero(store, page)?;
            change(store, UNCLAIMED_PAGES_PAGE, &mut |bytes| {
                put_u32(bytes, at, 0);
                put_u32(bytes, COUNT, count as u32 - 1);
                put_u32(bytes, TOTAL, total.saturating_sub(1));
            })?;
            page
        } else if next != 0 {
            check_free(store, next)?;
            let spill = store.page(next)?;
            let spilled = u32_at(&spill, COUNT) as usize;
            if spilled != capacity {
                return Err(broken_count(next, spilled));
            }
            change(store, UNCLAIMED_PAGES_PAGE, &mut |bytes| {
                let tail = u32_at(bytes, TAIL);
                put(bytes, 0, &spill);
                put_u32(bytes, TOTAL, total.saturating_sub(1));
                put_u32(bytes, TAIL, tail);
            })?;
            store.zero_page(next)?;
            next
        } else if !Self::tail(store)?.is_empty() {
            Self::end_tail(store)?;
            return Self::pop(store);
        } else {
            return Ok(None);
        };
        store.mark_page(page, PageState::Used)?;
        Ok(Some(page))
    }

    /// Every unclaimed page, the one released last first.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryAccess, MemoryManager, Options, UnclaimedPages};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let page = store.claim_page()?;
    /// store.unclaim_page(page)?;
    /// assert_eq!(UnclaimedPages::list(&mut store)?, [page]);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// [`MemoryError::Corrupt`] if the ledger contradicts itself.
    pub fn list<M: MemoryAccess + ?Sized>(store: &mut M) -> MemoryResult<Vec<Page>> {
        let mut pages = Vec::new();
        let mut spill_pages = Vec::new();
        let mut at = UNCLAIMED_PAGES_PAGE;
        loop {
            let bytes = store.page(at)?;
            let count = u32_at(&bytes, COUNT) as usize;
            let capacity = capacity(bytes.len());
            check_count(at, count, capacity)?;
            if at != UNCLAIMED_PAGES_PAGE && count < capacity {
                return Err(broken_count(at, count));
            }
            if pages.len() as u64 > u64::from(store.page_count()) {
                return Err(MemoryError::corrupt("the unclaimed ledger holds more pages than there are"));
            }
            for index in (0..count).rev() {
                let page = u32_at(&bytes, ENTRIES + index * ENTRY);
                check_entry(page)?;
                pages.push(page);
            }
            at = u32_at(&bytes, NEXT);
            if at == 0 {
                break;
            }
            // A chain that returns to a page it left would never end; every page is released at most once.
            check_entry(at)?;
            if spill_pages.contains(&at) {
                return Err(MemoryError::corrupt_with(format_args!("the unclaimed ledger comes back to page {at}")));
            }
            spill_pages.push(at);
            pages.push(at);
        }
        let total = number(store, UNCLAIMED_PAGES_PAGE, TOTAL)?;
        if pages.len() as u64 != u64::from(total) {
            return Err(MemoryError::corrupt_with(format_args!(
                "the unclaimed ledger holds {} pages and states {total}",
                pages.len()
            )));
        }
        pages.extend(Self::tail(store)?);
        Ok(pages)
    }

    /// Puts the ledger in order, so that the lowest page is handed out first. Returns how many pages are unclaimed.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryAccess, MemoryManager, Options, UnclaimedPages};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let (one, two) = (store.claim_page()?, store.claim_page()?);
    /// for page in [one, two] {
    ///     store.unclaim_page(page)?;
    /// }
    /// assert_eq!(UnclaimedPages::sort(&mut store)?, 2);
    /// assert_eq!(store.claim_page()?, one);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// [`MemoryError::Corrupt`] if the ledger contradicts itself; what the store says.
    pub fn sort<M: MemoryAccess + ?Sized>(store: &mut M) -> MemoryResult<usize> {
        let mut pages = Self::list(store)?;
        if !pages.is_sorted() {
            pages.sort_unstable();
            Self::rebuild(store, &pages, 0)?;
        }
        Ok(pages.len())
    }

    /// Walks the ledger: its pages, its counts, that what it holds is free, zero and held once. `pages` is told of each
    /// page and says whether it is met for the first time; what is wrong is handed to `finding`.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, UnclaimedPages};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let mut findings = Vec::new();
    /// UnclaimedPages::check(&mut store, &mut |_page| true, &mut |finding| findings.push(finding));
    /// assert!(findings.is_empty());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn check<M: MemoryAccess + ?Sized>(
        store: &mut M,
        pages: &mut dyn FnMut(Page) -> bool,
        finding: &mut dyn FnMut(String),
    ) {
        let (mut held, mut at) = (0u64, UNCLAIMED_PAGES_PAGE);
        // Whether the page may be in the ledger; one that is no spill page is zero.
        let mut is_sound = |store: &mut M, page: Page, is_spill: bool, finding: &mut dyn FnMut(String)| {
            let what = match (check_entry(page), store.page_state(page)) {
                (Err(error), _) | (_, Err(error)) => error.to_string(),
                (_, Ok(PageState::Free)) if pages(page) => {
                    match store.view(page, |bytes| is_spill || bytes.iter().all(|byte| *byte == 0)) {
                        Ok(true) => return true,
                        Ok(false) => format!("page {page} is unclaimed but not zero"),
                        Err(error) => error.to_string(),
                    }
                }
                (_, Ok(PageState::Free)) => format!("page {page} is unclaimed and in use, or unclaimed twice"),
                (_, Ok(_)) => format!("page {page} is unclaimed, its state says that it is used"),
            };
            finding(what);
            false
        };
        loop {
            let bytes = match store.page(at) {
                Ok(bytes) => bytes,
                Err(error) => {
                    finding(format!("page {at} of the unclaimed ledger: {error}"));
                    break;
                }
            };
            let (count, capacity) = (u32_at(&bytes, COUNT) as usize, capacity(bytes.len()));
            if count > capacity || at != UNCLAIMED_PAGES_PAGE && count < capacity {
                finding(broken_count(at, count).to_string());
            }
            for index in (0..count.min(capacity)).rev() {
                held += 1;
                is_sound(store, u32_at(&bytes, ENTRIES + index * ENTRY), false, finding);
            }
            at = u32_at(&bytes, NEXT);
            if at == 0 {
                break;
            }
            // A chain that returns to a page it left would never end; every page is released at most once.
            held += 1;
            if !is_sound(store, at, true, finding) {
                break;
            }
        }
        let total = u64::from(store.view(UNCLAIMED_PAGES_PAGE, |root| u32_at(root, TOTAL)).unwrap_or(0));
        if held != total {
            finding(format!("the unclaimed ledger holds {held} pages and states {total}"));
        }
        match Self::tail(store) {
            Ok(tail) => tail.for_each(|page| _ = is_sound(store, page, false, finding)),
            Err(error) => finding(error.to_string()),
        }
    }

    /// The state of a page, found by walking the ledger.
    pub(crate) fn state_by_walk<M: MemoryAccess + ?Sized>(store: &mut M, page: Page) -> MemoryResult<PageState> {
        store.view(page, |_| ())?;
        if page < RESERVED_PAGES {
            return Ok(PageState::Reserved);
        }
        let is_free = Self::list(store)?.contains(&page);
        Ok(if is_free { PageState::Free } else { PageState::Used })
    }
}

/// How many entries a page of this size holds.
fn capacity(page_size: usize) -> usize {
    page_size.saturating_sub(ENTRIES) / ENTRY
}

/// A number of a page. Not inlined, as [`change`] is not: each kind of store would be in the module once for each use.
#[inline(never)]
fn number<M: MemoryAccess + ?Sized>(store: &mut M, page: Page, at: usize) -> MemoryResult<u32> {
    store.view(page, |bytes| u32_at(bytes, at))
}

/// Changes a page.
#[inline(never)]
fn change<M: MemoryAccess + ?Sized>(store: &mut M, page: Page, change: &mut dyn FnMut(&mut [u8])) -> MemoryResult<()> {
    store.edit(page, change)
}

/// A page about to be handed out is one that was released.
#[inline(never)]
fn check_free<M: MemoryAccess + ?Sized>(store: &mut M, page: Page) -> MemoryResult<()> {
    check_entry(page)?;
    match store.page_state(page)? {
        PageState::Free => Ok(()),
        state => {
            Err(MemoryError::corrupt_with(format_args!("the unclaimed ledger holds page {page}, which is {state}")))
        }
    }
}

/// Whoever claims a page takes it for zero; a foreign file may say so of one that is not.
#[inline(never)]
fn check_zero<M: MemoryAccess + ?Sized>(store: &mut M, page: Page) -> MemoryResult<()> {
    if store.view(page, |bytes| bytes.iter().all(|byte| *byte == 0))? {
        return Ok(());
    }
    Err(MemoryError::corrupt_with(format_args!("page {page} is unclaimed but not zero")))
}

fn check_count(page: Page, count: usize, capacity: usize) -> MemoryResult<()> {
    if count > capacity { Err(broken_count(page, count)) } else { Ok(()) }
}

#[cold]
fn broken_count(page: Page, count: usize) -> Box<MemoryError> {
    MemoryError::corrupt_with(format_args!("page {page} of the unclaimed ledger states {count} entries"))
}

fn check_entry(page: Page) -> MemoryResult<()> {
    if page < RESERVED_PAGES {
        return Err(MemoryError::corrupt_with(format_args!("the unclaimed ledger holds the reserved page {page}")));
    }
    Ok(())
}
