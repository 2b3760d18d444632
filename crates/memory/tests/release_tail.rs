//! Free pages at the end of the file are given back, and no crash on the way loses anything.

use std::ops::Range;

use wasm_dbms_api::{MemoryError, Page};
use wasm_dbms_memory::{Durability, HeapProvider, MemoryAccess, MemoryManager, PageState, Registry, UnclaimedPages};

use crate::support::{Call, Medium, TREE, assert_content, bytes_of, commit, fail_after, in_memory, open, put};
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
    assert!(matches!(*store.release_tail().unwrap_err(), MemoryError::Uncommitted { .. }));
    store.commit(Durability::Full).unwrap();
    assert_content(&mut store, 0..10, 1, 10);
}

/// Every free page is in the ledger, and no other.
fn assert_ledger(store: &mut MemoryManager, what: &str) {
    let unclaimed = UnclaimedPages::list(store).unwrap();
    assert_eq!(UnclaimedPages::count(store).unwrap() as usize, unclaimed.len(), "{what}");
    for page in 2..store.page_count() {
        let is_free = store.page_state(page).unwrap() == PageState::Free;
        assert_eq!(is_free, unclaimed.contains(&page), "{what}: page {page}");
    }
    let (mut findings, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
    UnclaimedPages::check(store, &mut |page| seen.insert(page), &mut |finding| findings.push(finding));
    assert_eq!(findings, Vec::<String>::new(), "{what}");
}

/// A store whose tail of free pages was to be given back when the medium failed, and which pages these are. It can be
/// written to.
fn cut_short(used: usize, free: usize) -> (Medium, MemoryManager, Range<Page>) {
    for calls in 0..100 {
        let medium = Medium::default();
        let mut store = open(medium.clone()).unwrap();
        claim(&mut store, used);
        let claimed = claim(&mut store, free);
        store.commit(Durability::Full).unwrap();
        release(&mut store, &claimed);
        let tail = claimed[0]..claimed[0] + free as Page;
        fail_after(&medium, calls);
        let is_cut_short = store.release_tail().is_err() && store.edit(2, |_| ()).is_ok();
        medium.inner().heal();
        store.discard();
        // The pages that are claimed next are the highest ones as long as they have entries.
        if is_cut_short && UnclaimedPages::list(&mut store).unwrap()[0] == tail.start {
            assert_eq!(store.page_count(), tail.end, "the mark was not lowered");
            return (medium, store, tail);
        }
    }
    panic!("it was never cut short")
}

#[test]
fn pages_that_were_to_be_given_back_when_it_failed_are_claimed_again() {
    for is_reopened in [false, true] {
        let (medium, mut store, tail) = cut_short(5, 40);
        if is_reopened {
            drop(store);
            store = open(medium.clone()).unwrap();
        }
        assert_ledger(&mut store, "after it failed");
        assert_eq!(UnclaimedPages::list(&mut store).unwrap(), tail.clone().collect::<Vec<_>>());
        let claimed: Vec<Page> = (0..40).map(|_| store.claim_page().unwrap()).collect();
        assert_eq!(claimed, tail.clone().collect::<Vec<_>>(), "the lowest first, and no other");
        assert_eq!(store.claim_page().unwrap(), tail.end, "then the store grows");
        store.unclaim_page(claimed[7]).unwrap();
        store.commit(Durability::Full).unwrap();
        assert_ledger(&mut store, "after a commit");
        drop(store);
        assert_ledger(&mut open(medium).unwrap(), "opened again");
    }
}

#[test]
fn a_store_that_grows_past_pages_that_were_to_be_given_back_keeps_them_in_the_ledger() {
    // More than the root of the ledger holds, so that it spills.
    let (medium, mut store, tail) = cut_short(5, 1500);
    assert_eq!(store.grow_one_page().unwrap(), tail.end);
    store.discard();
    assert_ledger(&mut store, "after growth that was discarded");
    assert_eq!(store.grow_one_page().unwrap(), tail.end);
    store.edit(tail.end, |bytes| bytes.fill(7)).unwrap();
    store.commit(Durability::Full).unwrap();
    assert_ledger(&mut store, "after growth");
    drop(store);
    let mut store = open(medium).unwrap();
    assert_ledger(&mut store, "opened again");
    for _ in tail.clone() {
        assert!(tail.contains(&store.claim_page().unwrap()));
    }
    assert_eq!(store.claim_page().unwrap(), tail.end + 1);
}

#[test]
fn pages_released_beside_a_tail_are_handed_out_before_it_and_given_back_with_it() {
    let (_, mut store, tail) = cut_short(1300, 10);
    // The root spills beside the tail.
    let released: Vec<Page> = (2..1200).chain(1290..tail.start).collect();
    release(&mut store, &released);
    assert_ledger(&mut store, "a tail and entries");
    assert_eq!(store.claim_page().unwrap(), tail.start - 1);
    store.unclaim_page(tail.start - 1).unwrap();
    store.commit(Durability::Full).unwrap();
    assert_eq!(store.release_tail().unwrap(), 1290);
    assert_ledger(&mut store, "given back");
    for _ in 2..1200 {
        assert!(store.claim_page().unwrap() < 1200);
    }
    assert_eq!(store.claim_page().unwrap(), 1290);
    store.unclaim_page(1290).unwrap();
    store.commit(Durability::Full).unwrap();
    assert_ledger(&mut store, "grown again");
}

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
fn whoever_reads_after_pages_were_half_given_back_meets_only_pages_that_are_there() {
    let mut failures = 0;
    for calls in 0..40 {
        let medium = Medium::default();
        let mut store = open(medium.clone()).unwrap();
        commit(&mut store, 0..30, 1, 100);
        let claimed = claim(&mut store, 5);
        store.commit(Durability::Full).unwrap();
        let mut before = store.snapshot();
        release(&mut store, &claimed[2..]);
        fail_after(&medium, calls);
        failures += u32::from(store.release_tail().is_err());
        let mut after = store.snapshot();
        medium.inner().heal();
        for snapshot in [&mut before, &mut after] {
            for page in 0..snapshot.page_count() {
                snapshot.page_state(page).unwrap();
                snapshot.page(page).unwrap();
            }
        }
    }
    assert!(failures > 5, "{failures} failures");
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
            let what = format!("seed {seed}, {made} calls");
            assert_ledger(&mut store, &what);
            // Whatever was on its way is taken up again, or not, and no page is lost.
            match images % 3 {
                0 => _ = store.release_tail().unwrap(),
                1 => _ = claim(&mut store, 4),
                _ => _ = store.grow_one_page().unwrap(),
            }
            put(&mut store, 0..30, 99, 100);
            store.commit(Durability::Full).unwrap();
            assert_ledger(&mut store, &what);
            (2..store.page_count()).for_each(|page| _ = store.page(page).unwrap());
        });
        assert!(calls.iter().any(|call| matches!(call, Call::SetSize(_))));
    }
    println!("crash, giving pages back: {images} images");
}
