//! After scrubbing, the medium holds no byte of what was deleted.

#![cfg(test)]

mod support;

use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager};
use wasm_dbms_sim::Crashes;

use support::{Medium, assert_content, bytes_of, commit, open, options};

/// Sixteen times a byte that nothing else writes so often.
fn holds_secret(bytes: &[u8]) -> bool {
    bytes.windows(16).any(|window| window.iter().all(|byte| *byte == 0xA7))
}

/// A store that held secrets in released pages, in its log, in a parked body and in a transaction that was aborted.
fn store(medium: &Medium, scrubs_on_close: bool) -> MemoryManager {
    let options = options().cache_bytes(0).scrub_on_close(scrubs_on_close);
    let mut store = MemoryManager::open(Box::new(medium.clone()), options).unwrap();
    commit(&mut store, 0..30, 1, 100);
    let pages: Vec<u32> = (0..20).map(|_| store.claim_page().unwrap()).collect();
    store.commit(Durability::Full).unwrap();
    for page in &pages {
        store.edit(*page, |bytes| bytes.fill(0xA7)).unwrap();
    }
    store.commit(Durability::Full).unwrap();
    pages.iter().for_each(|page| store.unclaim_page(*page).unwrap());
    store.commit(Durability::Full).unwrap();
    for _ in 0..120 {
        let page = store.grow_one_page().unwrap();
        store.edit(page, |bytes| bytes.fill(0xA7)).unwrap();
    }
    store.discard();
    store
}

#[test]
fn nothing_of_what_was_deleted_is_left() {
    for scrubs_on_close in [false, true] {
        let medium = Medium::default();
        let mut store = store(&medium, scrubs_on_close);
        assert!(holds_secret(&bytes_of(&medium)));
        if scrubs_on_close {
            store.close().unwrap();
        } else {
            store.scrub().unwrap();
            assert!(!holds_secret(&bytes_of(&medium)));
            commit(&mut store, 0..40, 2, 100);
            drop(store);
        }
        assert!(!holds_secret(&bytes_of(&medium)));
        let (keys, byte) = if scrubs_on_close { (0..30, 1) } else { (0..40, 2) };
        assert_content(&mut open(medium).unwrap(), keys, byte, 100);
    }
}

#[test]
fn no_crash_while_scrubbing_loses_a_commit() {
    let medium = Medium::default();
    let mut store = store(&medium, false);
    commit(&mut store, 0..30, 3, 100);
    let (start, from) = (bytes_of(&medium), medium.count());
    store.scrub().unwrap();
    let mut images = 0;
    Crashes::of(&start, &medium.calls()[from..]).seed(20_261_122).torn_max(40).for_each(&mut |crash| {
        assert_content(&mut open(crash.provider()).unwrap(), 0..30, 3, 100);
        images += 1;
    });
    assert!(images > 100, "{images}");
}
