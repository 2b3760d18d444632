//! A ring that is too short again and again grows; pages keep their numbers, and no crash on the way loses a commit.

use std::ops::Range;

use wasm_dbms_api::Page;
use wasm_dbms_memory::{Durability, HeapProvider, MemoryAccess, MemoryManager, Options};
use wasm_dbms_sim::Crashes;

use crate::support::{Call, Medium, bytes_of, commit, fail_after, in_memory, medium_of, open, open_bytes};

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// The ring that the newest header names.
fn ring(bytes: &[u8]) -> Range<usize> {
    let slot = if u64_at(bytes, 32) > u64_at(bytes, 4096 + 32) { &bytes[..4096] } else { &bytes[4096..] };
    let offset = u64_at(slot, 72) as usize;
    offset..offset + u32::from_le_bytes(slot[80..84].try_into().unwrap()) as usize
}

/// Long enough for a ring of 256 KiB, and of 1 MiB.
const SHORT: usize = 125;
const LONG: usize = 300;

/// A file of so many pages beside a few, all of them in use.
fn grown_file(store: &mut MemoryManager, count: usize) -> Vec<Page> {
    commit(store, 0..40, 1, 100);
    let pages: Vec<Page> = (0..count).map(|_| store.claim_page().unwrap()).collect();
    for page in &pages {
        store.edit(*page, |bytes| bytes[..4].copy_from_slice(&page.to_le_bytes())).unwrap();
    }
    store.commit(Durability::Full).unwrap();
    pages
}

/// Changes so much of these pages that half a ring of a new file is needed. They all get the same byte.
fn change(store: &mut MemoryManager, pages: &[Page], byte: u8) {
    for page in &pages[..4] {
        store.edit(*page, |bytes| bytes[4..].fill(byte)).unwrap();
    }
}

/// The byte of the first pages; the others are as they were made.
fn byte_of(store: &mut MemoryManager, pages: &[Page]) -> u8 {
    let bytes: Vec<u8> = pages[..4]
        .iter()
        .map(|page| {
            let image = store.page(*page).unwrap();
            assert!(image[4..].iter().all(|byte| *byte == image[4]), "page {page} is a mixture");
            image[4]
        })
        .collect();
    assert!(bytes.iter().all(|byte| *byte == bytes[0]), "a mixture: {bytes:?}");
    for page in pages {
        assert_eq!(store.read_at::<Page>(*page, 0).unwrap(), *page);
    }
    bytes[0]
}

#[test]
fn commits_that_do_not_fit_make_the_ring_longer_until_it_holds_them() {
    let medium = Medium::default();
    let mut stores = [open(medium.clone()).unwrap(), in_memory()];
    let pages: Vec<Vec<Page>> = stores.iter_mut().map(|store| grown_file(store, LONG)).collect();
    assert_eq!(ring(&bytes_of(&medium)), 8192..40_960);
    for byte in 1..160 {
        for (store, pages) in stores.iter_mut().zip(&pages) {
            change(store, pages, byte);
            store.commit(Durability::Full).unwrap();
        }
    }
    let grown = ring(&bytes_of(&medium));
    assert_eq!(grown.len(), 1 << 20);
    let syncs = medium.counts().syncs;
    for byte in 160..250 {
        for (store, pages) in stores.iter_mut().zip(&pages) {
            change(store, pages, byte);
            store.commit(Durability::Full).unwrap();
        }
    }
    assert_eq!(medium.counts().syncs - syncs, 90, "now they fit");
    // The room of the ring before is that of the next pages.
    let size = bytes_of(&medium).len();
    for (store, pages) in stores.iter_mut().zip(&pages) {
        for _ in 0..8 {
            let page = store.grow_one_page().unwrap();
            store.edit(page, |bytes| bytes.fill(0xEE)).unwrap();
        }
        store.commit(Durability::Full).unwrap();
        assert_eq!(byte_of(store, pages), 249);
    }
    assert_eq!(bytes_of(&medium).len(), size);
    assert!(bytes_of(&medium)[8192..40_960].iter().all(|byte| *byte == 0xEE));
    let exports = stores.each_mut().map(|store| {
        let mut export = Vec::new();
        store.export(&mut export).unwrap();
        export
    });
    assert!(exports[0] == exports[1], "a store without a ring has the same bytes");
    let [store, _] = stores;
    drop(store);
    let mut store = open(medium.clone()).unwrap();
    assert_eq!(byte_of(&mut store, &pages[0]), 249);
    change(&mut store, &pages[0], 100);
    store.commit(Durability::Full).unwrap();
    store.close().unwrap();
    let bytes = bytes_of(&medium);
    assert_eq!(ring(&bytes), grown);
    assert!(bytes[grown].iter().all(|byte| *byte == 0), "the ring is zeroed at close");
    assert_eq!(byte_of(&mut open(medium).unwrap(), &pages[0]), 100);
}

#[test]
fn the_ring_of_a_short_file_stays() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    for byte in 1..40 {
        commit(&mut store, 0..20, byte, 100);
    }
    assert!(bytes_of(&medium).len() < 64 << 10);
    assert_eq!(ring(&bytes_of(&medium)), 8192..40_960);
}

#[test]
fn a_ring_that_commits_go_round_again_and_again_grows() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    commit(&mut store, 0..1000, 1, 100);
    let syncs = medium.counts().syncs;
    for number in 0..1000 {
        commit(&mut store, number..number + 1, 2, 100);
    }
    assert_eq!(ring(&bytes_of(&medium)).len(), 128 << 10, "no longer than the rest of the file");
    assert_eq!(medium.counts().syncs - syncs, 1000 + 2);
}

#[test]
fn a_ring_of_1_mib_or_more_stays_however_often_commits_go_round_it() {
    let medium = HeapProvider::new();
    let options = Options::new().page_size(1 << 16).database_id(7);
    let mut store = MemoryManager::open(Box::new(medium.clone()), options).unwrap();
    // An eighth of the file is more than 4 MiB.
    let pages = grown_file(&mut store, 600);
    let mut lengths = Vec::new();
    for commit in 0..1200 {
        store.edit(pages[commit % 8], |bytes| bytes[..20_000].fill(commit as u8)).unwrap();
        store.commit(Durability::Full).unwrap();
        if commit % 50 == 0 {
            lengths.push(ring(&medium.to_bytes()).len());
        }
    }
    lengths.dedup();
    assert_eq!(lengths.last(), Some(&(2 << 20)), "from less than 1 MiB to four times as much: {lengths:?}");
}

/// When commits were begun and durable, the first one's byte being 1.
type Commits = Vec<(usize, usize)>;

fn assert_commit_stands(image: MemoryManager, pages: &[Page], commits: &Commits, made: usize, what: &str) {
    let mut store = image;
    let byte = byte_of(&mut store, pages) as usize;
    let kept = commits.iter().rposition(|(_, end)| *end <= made).unwrap() + 1;
    let begun = commits.iter().rposition(|(begin, _)| *begin < made.max(1)).unwrap() + 1;
    assert!((kept..=begun).contains(&byte), "{what}: {byte} of {kept}..={begun}");
}

#[test]
fn no_crash_while_the_ring_grows_loses_a_commit() {
    let (mut images, mut goings_on) = (0, 0);
    for seed in 20_261_122..20_261_124 {
        let mut random = fastrand::Rng::with_seed(seed);
        let medium = Medium::default();
        let mut store = open(medium.clone()).unwrap();
        let pages = grown_file(&mut store, SHORT);
        change(&mut store, &pages, 1);
        store.commit(Durability::Full).unwrap();
        store.close().unwrap();
        let start = bytes_of(&medium);
        let medium = medium_of(&start);
        let mut store = open(medium.clone()).unwrap();
        let mut commits = vec![(0, 0)];
        for byte in 2..16 {
            change(&mut store, &pages, byte);
            if random.u8(..3) == 0 {
                // More than fits into the room of the ring before.
                for _ in 0..random.u8(1..6) {
                    let page = store.grow_one_page().unwrap();
                    store.edit(page, |bytes| bytes.fill(0xEE)).unwrap();
                }
            }
            let begun = medium.count();
            store.commit(Durability::Full).unwrap();
            commits.push((begun, medium.count()));
        }
        assert!(ring(&bytes_of(&medium)).len() > 32 << 10, "seed {seed}");
        store.close().unwrap();
        Crashes::of(&start, &medium.calls()).seed(seed).torn_max(8).for_each(&mut |crash| {
            images += 1;
            let what = format!("seed {seed}, {}", crash.describe());
            let store = open(crash.provider()).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_commit_stands(store, &pages, &commits, crash.made(), &what);
            if images % 64 != 0 {
                return;
            }
            // And on it goes, until the ring has grown again, and a crash of that too.
            goings_on += 1;
            let medium = medium_of(&crash.to_bytes());
            let mut store = open(medium.clone()).unwrap();
            for byte in 100..110 {
                change(&mut store, &pages, byte);
                store.commit(Durability::Full).unwrap();
            }
            drop(store);
            assert_eq!(byte_of(&mut open(medium.clone()).unwrap(), &pages), 109, "{what}");
            open(medium.clone()).unwrap().close().unwrap();
            assert_eq!(byte_of(&mut open_bytes(&bytes_of(&medium)).unwrap(), &pages), 109, "{what}");
        });
    }
    println!("crash, ring growth: {images} images, {goings_on} gone on from");
    assert!(images > 1000 && goings_on > 20, "{images}, {goings_on}");
}

#[test]
fn a_failure_while_the_ring_grows_loses_nothing() {
    let mut refused = 0;
    for calls in 0..40 {
        let medium = Medium::default();
        let mut store = open(medium.clone()).unwrap();
        let pages = grown_file(&mut store, SHORT);
        let mut byte = 1;
        // The ring was too short twice.
        while byte < 4 {
            change(&mut store, &pages, byte);
            store.commit(Durability::Full).unwrap();
            byte += 1;
        }
        assert_eq!(ring(&bytes_of(&medium)).len(), 32 << 10);
        let mut last = byte - 1;
        fail_after(&medium, calls);
        for byte in byte..byte + 12 {
            // The checkpoint after the last commit may have failed: then that commit stands, and no more is taken.
            if store.edit(pages[0], |_| ()).is_err() {
                refused += 1;
                medium.inner().heal();
                drop(store);
                store = open(medium.clone()).unwrap();
                assert_eq!(byte_of(&mut store, &pages), last, "{calls} calls");
            }
            change(&mut store, &pages, byte);
            match store.commit(Durability::Full) {
                Ok(()) => last = byte,
                Err(error) => {
                    refused += 1;
                    medium.inner().heal();
                    let doubt = error.is_in_doubt().then_some(byte);
                    drop(store);
                    store = open(medium.clone()).unwrap();
                    let found = byte_of(&mut store, &pages);
                    assert!(found == last || Some(found) == doubt, "{calls} calls: {found} for {last}");
                    last = found;
                }
            }
        }
        medium.inner().heal();
        drop(store);
        assert_eq!(byte_of(&mut open(medium).unwrap(), &pages), last, "{calls} calls");
    }
    assert!(refused > 10, "{refused}");
}

#[test]
fn giving_pages_back_takes_the_longer_ring_to_the_front() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    let pages = grown_file(&mut store, SHORT);
    for byte in 1..20 {
        change(&mut store, &pages, byte);
        store.commit(Durability::Full).unwrap();
    }
    assert!(ring(&bytes_of(&medium)).start > 512 << 10);
    // Pages after the ring too.
    let later: Vec<Page> = (0..30).map(|_| store.claim_page().unwrap()).collect();
    store.commit(Durability::Full).unwrap();
    let (start, from) = (bytes_of(&medium), medium.count());
    for (released, ends_at_ring) in [(&later[..], false), (&pages[100..], true)] {
        released.iter().for_each(|page| store.unclaim_page(*page).unwrap());
        store.commit(Durability::Full).unwrap();
        assert_eq!(store.release_tail().unwrap(), released[0]);
        let bytes = bytes_of(&medium);
        assert_eq!(ring(&bytes).len(), 32 << 10);
        assert_eq!(ring(&bytes), 8192..40_960);
        assert_eq!(bytes.len(), 40_960 + 4096 * (released[0] as usize + 1), "{ends_at_ring}");
    }
    for byte in 20..25 {
        change(&mut store, &pages, byte);
        store.commit(Durability::Full).unwrap();
    }
    drop(store);
    assert_eq!(byte_of(&mut open(medium.clone()).unwrap(), &pages[..100]), 24);
    let mut images = 0;
    Crashes::of(&start, &medium.calls()[from..]).seed(20_261_122).torn_max(4).for_each(&mut |crash| {
        images += 1;
        let mut store = open(crash.provider()).unwrap_or_else(|error| panic!("{}: {error}", crash.describe()));
        assert!((19..25).contains(&byte_of(&mut store, &pages[..100])), "{}", crash.describe());
        (2..store.page_count()).for_each(|page| _ = store.page(page).unwrap());
    });
    assert!(images > 1000, "{images}");
    assert!(medium.calls()[from..].iter().any(|call| matches!(call, Call::SetSize(_))));
}

#[test]
fn a_failure_while_the_ring_is_taken_to_the_front_loses_nothing() {
    let mut failures = 0;
    for calls in 0..30 {
        let medium = Medium::default();
        let mut store = open(medium.clone()).unwrap();
        let pages = grown_file(&mut store, SHORT);
        for byte in 1..14 {
            change(&mut store, &pages, byte);
            store.commit(Durability::Full).unwrap();
        }
        assert!(ring(&bytes_of(&medium)).start > 40_960);
        pages[100..].iter().for_each(|page| store.unclaim_page(*page).unwrap());
        store.commit(Durability::Full).unwrap();
        fail_after(&medium, calls);
        failures += u32::from(store.release_tail().is_err());
        medium.inner().heal();
        if store.edit(pages[0], |_| ()).is_err() {
            drop(store);
            store = open(medium.clone()).unwrap();
        }
        store.discard();
        assert_eq!(byte_of(&mut store, &pages[..100]), 13, "{calls} calls");
        for byte in 20..24 {
            change(&mut store, &pages, byte);
            let page = store.claim_page().unwrap();
            store.edit(page, |bytes| bytes.fill(byte)).unwrap();
            store.commit(Durability::Full).unwrap();
        }
        store.release_tail().unwrap();
        drop(store);
        let mut store = open(medium.clone()).unwrap();
        assert_eq!(byte_of(&mut store, &pages[..100]), 23, "{calls} calls");
    }
    assert!(failures > 5, "{failures}");
}
