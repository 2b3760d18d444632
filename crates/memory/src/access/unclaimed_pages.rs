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
//! | 12..16 | zero |
//! | 16.. | entries, `u32` page numbers, oldest first; zero beyond the last |
//!
//! Invariants: **I1** every page in the ledger but a spill page is all zero; **I2** no page is in it twice; **I3** no
//! reserved page is in it; **I4** spill pages are full.

use std::collections::BTreeSet;

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{MemoryAccess, PageState, RESERVED_PAGES, UNCLAIMED_PAGES_PAGE};
use crate::bytes::{put, put_u32, u32_at};

const COUNT: usize = 0;
const NEXT: usize = 4;
const TOTAL: usize = 8;
const ENTRIES: usize = 16;
const ENTRY: usize = 4;

/// The ledger of unclaimed pages.
#[derive(Debug)]
pub struct UnclaimedPages;

impl UnclaimedPages {
    /// How many pages are unclaimed.
    ///
    /// # Errors
    /// What reading the root says.
    pub fn count<M: MemoryAccess + ?Sized>(store: &mut M) -> MemoryResult<u32> {
        store.view(UNCLAIMED_PAGES_PAGE, |root| u32_at(root, TOTAL))
    }

    /// Releases a page: zeros it and pushes it.
    pub(crate) fn push<M: MemoryAccess + ?Sized>(store: &mut M, page: Page) -> MemoryResult<()> {
        match store.page_state(page)? {
            PageState::Reserved => return Err(MemoryError::ReservedPage { page }),
            PageState::Free => return Err(MemoryError::AlreadyUnclaimed { page }),
            PageState::Used => {}
        }
        let (count, total, capacity) = store.view(UNCLAIMED_PAGES_PAGE, |root| {
            (u32_at(root, COUNT) as usize, u32_at(root, TOTAL).saturating_add(1), capacity(root.len()))
        })?;
        store.zero_page(page)?;
        if count < capacity {
            store.edit(UNCLAIMED_PAGES_PAGE, |bytes| {
                put_u32(bytes, ENTRIES + count * ENTRY, page);
                put_u32(bytes, COUNT, count as u32 + 1);
                put_u32(bytes, TOTAL, total);
            })?;
        } else {
            let root = store.page(UNCLAIMED_PAGES_PAGE)?;
            store.edit(page, |bytes| {
                put(bytes, 0, &root);
                put_u32(bytes, TOTAL, 0);
            })?;
            store.edit(UNCLAIMED_PAGES_PAGE, |bytes| {
                bytes.fill(0);
                put_u32(bytes, NEXT, page);
                put_u32(bytes, TOTAL, total);
            })?;
        }
        store.mark_page(page, PageState::Free)
    }

    /// Takes the page released last; all zero.
    pub(crate) fn pop<M: MemoryAccess + ?Sized>(store: &mut M) -> MemoryResult<Option<Page>> {
        let (count, next, total) = store.view(UNCLAIMED_PAGES_PAGE, |root| {
            (u32_at(root, COUNT) as usize, u32_at(root, NEXT), u32_at(root, TOTAL))
        })?;
        let page = if count > 0 {
            let at = ENTRIES + (count - 1) * ENTRY;
            let page = store.view(UNCLAIMED_PAGES_PAGE, |root| u32_at(root, at))?;
            check_entry(page)?;
            store.edit(UNCLAIMED_PAGES_PAGE, |bytes| {
                put_u32(bytes, at, 0);
                put_u32(bytes, COUNT, count as u32 - 1);
                put_u32(bytes, TOTAL, total.saturating_sub(1));
            })?;
            page
        } else if next != 0 {
            check_entry(next)?;
            let spill = store.page(next)?;
            store.edit(UNCLAIMED_PAGES_PAGE, |bytes| {
                put(bytes, 0, &spill);
                put_u32(bytes, TOTAL, total.saturating_sub(1));
            })?;
            store.zero_page(next)?;
            next
        } else {
            return Ok(None);
        };
        store.mark_page(page, PageState::Used)?;
        Ok(Some(page))
    }

    /// Every unclaimed page, the one released last first.
    ///
    /// # Errors
    /// [`MemoryError::Corrupt`] if the ledger contradicts itself.
    pub fn list<M: MemoryAccess + ?Sized>(store: &mut M) -> MemoryResult<Vec<Page>> {
        let mut pages = Vec::new();
        let mut spill_pages = BTreeSet::new();
        let mut at = UNCLAIMED_PAGES_PAGE;
        loop {
            let bytes = store.page(at)?;
            let count = u32_at(&bytes, COUNT) as usize;
            let capacity = capacity(bytes.len());
            if count > capacity || at != UNCLAIMED_PAGES_PAGE && count < capacity {
                return Err(MemoryError::corrupt(format!("page {at} of the unclaimed ledger states {count} entries")));
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
            if !spill_pages.insert(at) {
                return Err(MemoryError::corrupt(format!("the unclaimed ledger comes back to page {at}")));
            }
            pages.push(at);
        }
        let total = Self::count(store)?;
        if pages.len() as u64 != u64::from(total) {
            return Err(MemoryError::corrupt(format!(
                "the unclaimed ledger holds {} pages and states {total}",
                pages.len()
            )));
        }
        Ok(pages)
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

fn check_entry(page: Page) -> MemoryResult<()> {
    if page < RESERVED_PAGES {
        return Err(MemoryError::corrupt(format!("the unclaimed ledger holds the reserved page {page}")));
    }
    Ok(())
}
