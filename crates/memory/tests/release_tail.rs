//! Free pages at the end of the file are given back, and no crash on the way loses anything.

#![cfg(test)]

mod support;

use std::ops::Range;

use wasm_dbms_api::{MemoryError, Page};
use wasm_dbms_memory::{Durability, HeapProvider, MemoryAccess, MemoryManager, PageState, Registry, UnclaimedPages};

use support::{Call, Medium, TREE, assert_content, bytes_of, commit, fail_after, in_memory, open, put};
use wasm_dbms_sim::Crashes;

/// Claims pages and fills them; nothing is committed.
fn claim(store: &mut MemoryManager, count: usize) -> Vec<Page> {
    let pages: Vec<Page> = (0..count).map(|_| store.claim_page().unwrap()).collect();
    for page in &pages {
        store.edit(*page, |bytes| bytes.fill(7)).unwrap();
    }
    pages
}

fn release(store: &mut MemoryManager, pages: &[Page]) {
    pages.iter().for_each(|page| store.unclaim_page(*page).unwrap());
    store.commit(Durability::Full).unwrap();
}

#[test]
fn free_pages_at_the_end_are_given_back_and_the_file_is_shorter() {
    let medium = Medium::default();
    let mut stores = [in_memory(), open(medium.clone()).unwrap()];
    for store in &mut stores {
        commit(store, 0..100, 1, 100);
        let pages = store.page_count();
        let claimed = claim(store, 600);
        store.commit(Durability::Full).unwrap();
        release(store, &claimed);
        assert_eq!(store.release_tail().unwrap(), pages);
        assert_eq!((store.page_count(), UnclaimedPages::count(store).unwrap()), (pages, 0));
        assert_eq!(store.release_tail().unwrap(), pages, "there is nothing more");
        assert_content(store, 0..100, 1, 100);
        commit(store, 0..300, 2, 100);
        assert_content(store, 0..300, 2, 100);
    }
    let [_, store] = stores;
    let pages = store.page_count();
    drop(store);
    assert_eq!(bytes_of(&medium).len(), 40_960 + (pages as usize + 1) * 4096);
    assert_content(&mut open(medium).unwrap(), 0..300, 2, 100);
}

#[test]
fn free_pages_before_the_last_used_one_stay_unclaimed() {
    let mut store = open(HeapProvider::new()).unwrap();
    // More than the root of the ledger holds, so that it spills.
    let claimed = claim(&mut store, 3000);
    store.commit(Durability::Full).unwrap();
    let (kept, mut released): (Vec<Page>, Vec<Page>) = claimed.iter().partition(|page| **page == 2500);
    fastrand::Rng::with_seed(20_261_122).shuffle(&mut released);
    release(&mut store, &released);
    assert_eq!(store.release_tail().unwrap(), 2501);
    let mut unclaimed = UnclaimedPages::list(&mut store).unwrap();
    unclaimed.sort_unstable();
    assert!(unclaimed == (2..2500).collect::<Vec<_>>());
    assert!(store.view(kept[0], |bytes| bytes.iter().all(|byte| *byte == 7)).unwrap());
    for _ in 0..2498 {
        assert!(store.claim_page().unwrap() < 2500);
    }
    assert_eq!(store.claim_page().unwrap(), 2501);
}

#[test]
fn an_open_batch_is_refused_and_kept() {
    let mut store = open(HeapProvider::new()).unwrap();
    put(&mut store, 0..10, 1, 10);
    assert!(matches!(store.release_tail().unwrap_err(), MemoryError::Uncommitted { .. }));
    store.commit(Durability::Full).unwrap();
    assert_content(&mut store, 0..10, 1, 10);
}

/// What the tree holds, pages left aside: between two steps free pages may stand outside the ledger.
fn byte_of(store: &mut MemoryManager, keys: Range<u32>) -> u64 {
    let state = Registry::tree_state(store, TREE).unwrap();
    let tree = wasm_dbms_memory::Tree::at(state.root, TREE);
    for key in keys {
        let value = tree.get(store, &key.to_be_bytes()).unwrap().unwrap();
        assert!(value.iter().all(|byte| u64::from(*byte) == state.counter));
    }
    state.counter
}

#[test]
fn no_crash_while_pages_are_given_back_loses_a_commit_or_a_page() {
    let mut images = 0;
    for seed in 20_261_122..20_261_126 {
        let mut random = fastrand::Rng::with_seed(seed);
        let medium = Medium::default();
        let mut store = open(medium.clone()).unwrap();
        commit(&mut store, 0..30, 1, 100);
        // When each commit was begun and durable.
        let mut durable = vec![(0, medium.count())];
        for byte in 2..9 {
            let claimed = claim(&mut store, random.usize(1..6));
            put(&mut store, 0..30, byte, 100);
            let begun = medium.count();
            store.commit(Durability::Full).unwrap();
            durable.push((begun, medium.count()));
            release(&mut store, &claimed[random.usize(..claimed.len())..]);
            if random.bool() {
                fail_after(&medium, random.u64(..8));
                let failed = store.release_tail();
                medium.inner().heal();
                if failed.is_err() {
                    drop(store);
                    store = open(medium.clone()).unwrap();
                    assert_eq!(byte_of(&mut store, 0..30), u64::from(byte), "seed {seed}");
                }
            }
            store.release_tail().unwrap();
        }
        drop(store);
        let calls = medium.calls();
        Crashes::of(&[], &calls).seed(seed).torn_max(20).for_each(&mut |crash| {
            let made = crash.made();
            if made < durable[0].1 {
                return;
            }
            images += 1;
            let mut store = open(crash.provider()).unwrap_or_else(|error| panic!("seed {seed}, {made} calls: {error}"));
            let byte = byte_of(&mut store, 0..30) as usize;
            let kept = durable.iter().rposition(|(_, end)| *end <= made).unwrap() + 1;
            let begun = durable.iter().rposition(|(begin, _)| *begin < made).unwrap() + 1;
            assert!((kept..=begun).contains(&byte), "seed {seed}, {made} calls: commit {byte} of {kept}..={begun}");
            // Whatever was on its way is taken up again, and no page is lost.
            store.release_tail().unwrap();
            put(&mut store, 0..30, 99, 100);
            store.commit(Durability::Full).unwrap();
            let unclaimed = UnclaimedPages::list(&mut store).unwrap();
            for page in 2..store.page_count() {
                let is_free = store.page_state(page).unwrap() == PageState::Free;
                assert_eq!(is_free, unclaimed.contains(&page), "seed {seed}, {made} calls: page {page}");
                store.page(page).unwrap();
            }
        });
        assert!(calls.iter().any(|call| matches!(call, Call::SetSize(_))));
    }
    println!("crash, giving pages back: {images} images");
}
