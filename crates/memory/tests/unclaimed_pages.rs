//! The ledger of unclaimed pages: last in, first out, without a limit, and no byte of a released page can be read.

use wasm_dbms_api::prelude::*;
use wasm_dbms_memory::{
    Durability, MemoryAccess, MemoryManager, PageState, RESERVED_PAGES, UNCLAIMED_PAGES_PAGE, UnclaimedPages,
};

use crate::support::{FourFunctions, Medium, NineMethods, in_memory, open};

/// More than three pages of the ledger hold.
const MANY: usize = 3500;

fn claim(store: &mut impl MemoryAccess, count: usize) -> Vec<Page> {
    let claim = |_| {
        let page = store.claim_page().unwrap();
        store.edit(page, |bytes| bytes.fill(0xAB)).unwrap();
        page
    };
    (0..count).map(claim).collect()
}

fn is_zero(store: &mut impl MemoryAccess, page: Page) -> bool {
    store.view(page, |bytes| bytes.iter().all(|byte| *byte == 0)).unwrap()
}

#[test]
fn the_page_released_last_is_handed_out_first() {
    let mut store = in_memory();
    let pages = claim(&mut store, 10);
    for page in &pages {
        store.unclaim_page(*page).unwrap();
    }
    let claimed: Vec<Page> = (0..10).map(|_| store.claim_page().unwrap()).collect();
    assert_eq!(claimed, pages.into_iter().rev().collect::<Vec<Page>>());
}

/// Releases many pages and claims them all again.
fn spill(store: &mut impl MemoryAccess) {
    let pages = claim(store, MANY);
    for page in &pages {
        store.unclaim_page(*page).unwrap();
    }
    assert_eq!(UnclaimedPages::count(store).unwrap() as usize, MANY);
    let newest_first: Vec<Page> = pages.iter().rev().copied().collect();
    assert!(UnclaimedPages::list(store).unwrap() == newest_first);
    for page in newest_first {
        assert_eq!(store.claim_page().unwrap(), page);
        assert!(is_zero(store, page), "page {page}, a spill page too, comes back zero");
    }
    assert_eq!(UnclaimedPages::count(store).unwrap(), 0);
    assert_eq!(store.claim_page().unwrap(), MANY as Page + RESERVED_PAGES, "then the store grows again");
}

#[test]
fn the_ledger_spills_over_as_many_pages_as_it_needs() {
    spill(&mut in_memory());
}

#[test]
fn the_ledger_spills_behind_an_interceptor_that_forwards_nothing() {
    let mut store = FourFunctions(in_memory());
    spill(&mut store);
    store.0.commit(Durability::Full).unwrap();
}

#[test]
fn the_ledger_spills_in_a_store_that_knows_neither_page_nor_edit() {
    spill(&mut NineMethods::new());
}

#[test]
fn a_page_released_twice_is_refused() {
    let mut store = in_memory();
    let pages = claim(&mut store, MANY);
    for page in &pages {
        store.unclaim_page(*page).unwrap();
    }
    for page in pages {
        assert_eq!(*store.unclaim_page(page).unwrap_err(), MemoryError::AlreadyUnclaimed { page });
    }
    assert_eq!(UnclaimedPages::count(&mut store).unwrap() as usize, MANY, "a refusal changes nothing");
}

#[test]
fn a_reserved_page_or_one_out_of_range_is_refused() {
    let mut store = in_memory();
    for page in 0..RESERVED_PAGES {
        assert_eq!(*store.unclaim_page(page).unwrap_err(), MemoryError::ReservedPage { page });
    }
    let pages = store.page_count();
    for page in [pages, Page::MAX] {
        assert_eq!(*store.unclaim_page(page).unwrap_err(), MemoryError::PageOutOfRange { page, pages });
    }
    assert_eq!(UnclaimedPages::count(&mut store).unwrap(), 0);
}

#[test]
fn a_page_released_by_a_batch_that_is_discarded_is_in_use_again() {
    let mut store = in_memory();
    let page = claim(&mut store, 1)[0];
    store.commit(Durability::Full).unwrap();
    store.unclaim_page(page).unwrap();
    assert_eq!(store.page_state(page).unwrap(), PageState::Free);
    store.discard();
    assert_eq!(store.page_state(page).unwrap(), PageState::Used);
    assert!(store.page(page).unwrap().iter().all(|byte| *byte == 0xAB));
    store.unclaim_page(page).unwrap();
}

#[test]
fn no_byte_of_a_released_page_can_be_read_again() {
    let mut store = in_memory();
    let pages = claim(&mut store, MANY);
    for page in &pages {
        store.unclaim_page(*page).unwrap();
    }
    for page in (0..store.page_count()).chain([UNCLAIMED_PAGES_PAGE]) {
        // Four equal bytes would be an entry for page 0xABABABAB.
        let has_residue = store.view(page, |bytes| bytes.windows(4).any(|four| four == [0xAB; 4])).unwrap();
        assert!(!has_residue, "page {page}");
    }
}

#[test]
fn what_an_interceptor_releases_without_a_word_is_known_after_the_commit_and_after_reopening() {
    let medium = Medium::default();
    let mut store = FourFunctions(open(medium.clone()).unwrap());
    let pages = claim(&mut store, 5);
    store.0.commit(Durability::Full).unwrap();
    store.unclaim_page(pages[1]).unwrap();
    store.unclaim_page(pages[3]).unwrap();
    store.0.commit(Durability::Full).unwrap();
    let check = |store: &mut MemoryManager| {
        let states: Vec<PageState> = pages.iter().map(|page| store.page_state(*page).unwrap()).collect();
        let (used, free) = (PageState::Used, PageState::Free);
        assert_eq!(states, [used, free, used, free, used]);
    };
    check(&mut store.0);
    store.0.close().unwrap();
    check(&mut open(medium).unwrap());
}

#[test]
fn a_ledger_that_contradicts_itself_is_named_and_never_walked_for_ever() {
    type Damage = (&'static str, fn(&mut [u8]));
    let damage: [Damage; 8] = [
        ("a count past the page", |root| root[..4].copy_from_slice(&5000u32.to_le_bytes())),
        ("a chain to itself", |root| root[4..8].copy_from_slice(&2u32.to_le_bytes())),
        ("a reserved page", |root| root[16..20].copy_from_slice(&1u32.to_le_bytes())),
        ("a wrong total", |root| root[8..12].copy_from_slice(&9u32.to_le_bytes())),
        ("a page out of range", |root| root[16..20].copy_from_slice(&u32::MAX.to_le_bytes())),
        ("a page twice", |root| root[20..24].copy_from_slice(&2u32.to_le_bytes())),
        ("a reserved page in the tail", |root| root[12..16].copy_from_slice(&1u32.to_le_bytes())),
        ("a tail of pages that have entries", |root| root[12..16].copy_from_slice(&3u32.to_le_bytes())),
    ];
    for (what, damage) in damage {
        let mut store = in_memory();
        for page in claim(&mut store, 2) {
            store.unclaim_page(page).unwrap();
        }
        store.commit(Durability::Full).unwrap();
        store.edit(UNCLAIMED_PAGES_PAGE, damage).unwrap();
        let refused = store.commit(Durability::Full).unwrap_err();
        assert!(refused.is_corrupt(), "{what}: {refused}");
    }
}

#[test]
fn the_ledger_behaves_as_a_stack_whatever_is_done_to_it() {
    for seed in 20_261_122..20_261_130 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut store = in_memory();
        let (mut used, mut free) = (Vec::new(), Vec::new());
        let mut committed = (used.clone(), free.clone());
        for step in 0..6000 {
            let is_growing = step / 2000 % 2 == 0;
            match random.u8(..100) {
                0..2 => {
                    store.commit(Durability::Full).unwrap();
                    committed = (used.clone(), free.clone());
                }
                2..4 => {
                    store.discard();
                    (used, free) = committed.clone();
                }
                choice if (choice < 70) == is_growing => {
                    let page = claim(&mut store, 1)[0];
                    let next = (used.len() + free.len()) as Page + RESERVED_PAGES;
                    assert_eq!(page, free.pop().unwrap_or(next), "seed {seed}, step {step}");
                    used.push(page);
                }
                _ if !used.is_empty() => {
                    let page = used.swap_remove(random.usize(..used.len()));
                    store.unclaim_page(page).unwrap();
                    free.push(page);
                }
                _ => {}
            }
        }
        free.reverse();
        assert!(UnclaimedPages::list(&mut store).unwrap() == free, "seed {seed}");
    }
}
