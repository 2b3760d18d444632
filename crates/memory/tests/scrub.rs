//! After scrubbing, the medium holds no byte of what was deleted.

use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager};
use wasm_dbms_sim::Crashes;

use crate::support::{Medium, assert_content, bytes_of, commit, open, options, put};

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

#[test]
fn steps_are_bounded_and_commits_go_on_between_them() {
    for (seed, pages) in [(20_261_122, 1), (20_261_123, 4), (20_261_124, 40)] {
        let mut random = fastrand::Rng::with_seed(seed);
        let medium = Medium::default();
        let mut store = store(&medium, false);
        let mut steps = 0;
        let mut byte = 1;
        loop {
            let written = medium.counts().written_bytes;
            let is_done = store.scrub_step(pages).unwrap();
            steps += 1;
            let written = medium.counts().written_bytes - written;
            assert!(steps == 1 || written <= pages as u64 * 4096 + 4096, "seed {seed}, step {steps}: {written} bytes");
            if is_done {
                break;
            }
            if random.u8(..4) == 0 {
                byte += 1;
                put(&mut store, 0..30, byte, 100);
                store.commit(if random.bool() { Durability::Full } else { Durability::Eventual }).unwrap();
            }
        }
        assert!(steps > 3 && byte > 1, "seed {seed}: {steps} steps");
        assert!(!holds_secret(&bytes_of(&medium)), "seed {seed}");
        drop(store);
        assert_content(&mut open(medium).unwrap(), 0..30, byte, 100);
    }
}

#[test]
fn no_crash_between_steps_and_commits_loses_one() {
    let mut images = 0;
    for seed in 20_261_122..20_261_125 {
        let mut random = fastrand::Rng::with_seed(seed);
        let medium = Medium::default();
        let mut store = store(&medium, false);
        let (start, from) = (bytes_of(&medium), medium.count());
        let mut commits = vec![(0, 0)];
        while !store.scrub_step(random.usize(1..30)).unwrap() {
            if random.u8(..5) == 0 {
                put(&mut store, 0..30, commits.len() as u8 + 1, 100);
                let begun = medium.count() - from;
                store.commit(Durability::Full).unwrap();
                commits.push((begun, medium.count() - from));
            }
        }
        Crashes::of(&start, &medium.calls()[from..]).seed(seed).torn_max(10).for_each(&mut |crash| {
            let made = crash.made();
            let (byte, entries) = crate::support::content(&mut open(crash.provider()).unwrap()).unwrap();
            assert!(entries.values().all(|value| value.iter().all(|found| u64::from(*found) == byte)), "seed {seed}");
            let kept = commits.iter().rposition(|(_, end)| *end <= made).unwrap() as u64 + 1;
            let begun = commits.iter().rposition(|(begin, _)| *begin < made.max(1)).unwrap() as u64 + 1;
            assert!((kept..=begun).contains(&byte), "seed {seed}, {}: {byte} of {kept}..={begun}", crash.describe());
            images += 1;
        });
    }
    assert!(images > 1000, "{images}");
}

#[test]
fn the_room_of_an_earlier_ring_is_scrubbed_too() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    let pages: Vec<u32> = (0..160).map(|_| store.claim_page().unwrap()).collect();
    store.commit(Durability::Full).unwrap();
    for _ in 0..4 {
        for byte in [0xA7, 2] {
            pages[..4].iter().for_each(|page| store.edit(*page, |bytes| bytes.fill(byte)).unwrap());
            store.commit(Durability::Full).unwrap();
        }
    }
    let ring_is_first = |medium: &Medium| {
        let bytes = bytes_of(medium);
        [0, 4096].iter().any(|slot| bytes[slot + 72..slot + 80] == 8192u64.to_le_bytes())
    };
    assert!(!ring_is_first(&medium));
    assert!(holds_secret(&bytes_of(&medium)[8192..40_960]));
    store.scrub().unwrap();
    assert!(!holds_secret(&bytes_of(&medium)));
    store.close().unwrap();
    let mut store = open(medium).unwrap();
    pages[..4].iter().for_each(|page| assert!(store.page(*page).unwrap().iter().all(|byte| *byte == 2)));
}
