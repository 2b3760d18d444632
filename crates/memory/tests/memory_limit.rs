//! A database may be larger than memory: what the cache takes is bounded, and what is read is right all the same.

#![cfg(test)]
#![allow(unsafe_code, reason = "counting what is allocated needs an allocator")]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use wasm_dbms_api::Page;
use wasm_dbms_memory::{Durability, FileProvider, MemoryAccess, MemoryManager, Options, Registry, Tree, TreeState};

use support::{Medium, bytes_of, fail_after, open, open_bytes};

/// Counts what each thread has allocated, and the most it had.
struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let live = LIVE.get() + bytes;
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that `run` had allocated beyond what there was before.
fn peak_bytes<R>(run: impl FnOnce() -> R) -> (usize, R) {
    let before = LIVE.get();
    PEAK.set(before);
    let result = run();
    ((PEAK.get() - before) as usize, result)
}

const CACHE: usize = 1 << 20;
/// Beside the cache: a path through a tree, handles, what one commit and one write of a run of pages need.
const SLACK: usize = 288 << 10;

fn options() -> Options {
    support::options().cache_bytes(CACHE)
}

fn file(folder: &tempfile::TempDir) -> FileProvider {
    FileProvider::open(folder.path().join("a.db")).unwrap()
}

fn value(key: u32, round: u8) -> Vec<u8> {
    vec![round ^ key as u8; 400]
}

/// Puts keys in commits of a thousand.
fn load(store: &mut MemoryManager, keys: std::ops::Range<u32>, round: u8, keys_in_commit: usize) -> Tree {
    let mut state = Registry::tree_state(store, 1).unwrap();
    if state == TreeState::default() {
        assert_eq!(Registry::add_tree(store).unwrap(), 1);
    }
    let mut tree = Tree::at(state.root, 1);
    for first in keys.clone().step_by(keys_in_commit) {
        for key in first..keys.end.min(first.saturating_add(keys_in_commit as u32)) {
            state.rows += u64::from(!tree.put(store, &key.to_be_bytes(), &value(key, round)).unwrap());
        }
        state.root = tree.root();
        Registry::set_tree_state(store, 1, &state).unwrap();
        store.commit(Durability::Full).unwrap();
    }
    tree
}

#[track_caller]
fn check(store: &mut MemoryManager, tree: &Tree, keys: std::ops::Range<u32>, round: u8) {
    for key in keys {
        assert!(tree.get(store, &key.to_be_bytes()).unwrap().unwrap()[..] == value(key, round), "key {key}");
    }
}

const KEYS: u32 = 150_000;

#[test]
fn a_database_sixty_times_the_cache_is_written_read_and_changed_within_it() {
    let folder = tempfile::tempdir().unwrap();
    let (peak, tree) = peak_bytes(|| {
        let mut store = MemoryManager::open(Box::new(file(&folder)), options()).unwrap();
        let tree = load(&mut store, 0..KEYS, 1, 1000);
        assert!(store.page_count() as usize * 4096 > 60 * CACHE, "{} pages", store.page_count());
        tree
    });
    assert!(peak <= CACHE + SLACK, "loading took {peak} bytes");

    let (peak, ()) = peak_bytes(|| {
        let mut store = MemoryManager::open(Box::new(file(&folder)), options()).unwrap();
        let mut cursor = tree.cursor();
        let mut is_on_entry = cursor.first(&mut store).unwrap();
        for key in 0..KEYS {
            assert!(is_on_entry && *cursor.value(&mut store).unwrap() == *value(key, 1), "key {key}");
            is_on_entry = cursor.next(&mut store).unwrap();
        }
    });
    assert!(peak <= CACHE + SLACK, "reading all took {peak} bytes");

    let seed = 20_261_122;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut changed = std::collections::BTreeMap::new();
    let (peak, ()) = peak_bytes(|| {
        let mut store = MemoryManager::open(Box::new(file(&folder)), options()).unwrap();
        for round in 2..40 {
            for _ in 0..20 {
                let key = random.u32(..KEYS);
                load(&mut store, key..key + 1, round, 1);
                changed.insert(key, round);
                let key = random.u32(..KEYS);
                let expected = value(key, changed.get(&key).copied().unwrap_or(1));
                assert!(tree.get(&mut store, &key.to_be_bytes()).unwrap().unwrap()[..] == expected, "seed {seed}");
            }
        }
        store.close().unwrap();
    });
    assert!(peak <= CACHE + SLACK, "changing at random took {peak} bytes");
    let mut store = MemoryManager::open(Box::new(file(&folder)), options()).unwrap();
    for (key, round) in changed {
        assert!(tree.get(&mut store, &key.to_be_bytes()).unwrap().unwrap()[..] == value(key, round), "key {key}");
    }
}

#[test]
fn one_transaction_may_load_more_than_the_cache_holds() {
    let folder = tempfile::tempdir().unwrap();
    let (peak, tree) = peak_bytes(|| {
        let mut store = MemoryManager::open(Box::new(file(&folder)), options()).unwrap();
        let tree = load(&mut store, 0..50_000, 1, 50_000);
        assert!(store.page_count() as usize * 4096 > 20 * CACHE, "{} pages", store.page_count());
        tree
    });
    // Of each page that it grew by the commit names the checksum.
    assert!(peak <= CACHE + 3 * SLACK, "loading took {peak} bytes");
    let mut store = MemoryManager::open(Box::new(file(&folder)), options()).unwrap();
    check(&mut store, &tree, 0..50_000, 1);
}

/// Adds to a few bytes of every value.
fn touch_all(store: &mut MemoryManager, mut tree: Tree, keys: std::ops::Range<u32>, byte: u8) {
    for key in keys {
        let mut bytes = value(key, 1);
        bytes[100..104].fill(byte);
        assert!(tree.put(store, &key.to_be_bytes(), &bytes).unwrap());
    }
}

#[track_caller]
fn check_touched(store: &mut impl MemoryAccess, tree: Tree, keys: std::ops::Range<u32>, byte: Option<u8>) {
    let mut cursor = tree.cursor();
    let mut is_on_entry = cursor.seek(store, &keys.start.to_be_bytes()).unwrap();
    for key in keys {
        let mut expected = value(key, 1);
        byte.into_iter().for_each(|byte| expected[100..104].fill(byte));
        assert!(is_on_entry && *cursor.value(store).unwrap() == *expected, "key {key}");
        is_on_entry = cursor.next(store).unwrap();
    }
}

#[test]
fn one_transaction_may_change_every_row_of_a_database_sixty_times_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = MemoryManager::open(Box::new(file(&folder)), options()).unwrap();
    let tree = load(&mut store, 0..KEYS, 1, 1000);
    let pages = store.page_count() as usize;
    store.close().unwrap();
    for commits in [false, true] {
        let (peak, ()) = peak_bytes(|| {
            let mut store = MemoryManager::open(Box::new(file(&folder)), options()).unwrap();
            touch_all(&mut store, tree, 0..KEYS, 7);
            if commits {
                store.commit(Durability::Full).unwrap();
            } else {
                store.discard();
            }
            check_touched(&mut store, tree, 0..KEYS, commits.then_some(7));
        });
        // While it commits: of each page, its number, its checksum and what changed.
        let per_page = if commits { 600 } else { 200 };
        assert!(peak <= CACHE + SLACK + per_page * pages, "{peak} bytes for {pages} pages, commits: {commits}");
    }
    let mut store = MemoryManager::open(Box::new(file(&folder)), options()).unwrap();
    check_touched(&mut store, tree, 0..KEYS, Some(7));
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["a.db"]);
}

#[test]
fn a_snapshot_of_a_database_sixty_times_the_cache_costs_what_it_may() {
    const SNAPSHOT: usize = 512 << 10;
    let folder = tempfile::tempdir().unwrap();
    let options = options().snapshot_memory_bytes(SNAPSHOT);
    let mut store = MemoryManager::open(Box::new(file(&folder)), options.clone()).unwrap();
    let tree = load(&mut store, 0..KEYS, 1, 1000);
    let pages = store.page_count() as usize;
    store.close().unwrap();
    let (peak, ()) = peak_bytes(|| {
        let mut store = MemoryManager::open(Box::new(file(&folder)), options).unwrap();
        let mut snapshot = store.snapshot();
        check_touched(&mut snapshot, tree, 0..KEYS / 2, None);
        for first in (0..KEYS).step_by(1000) {
            touch_all(&mut store, tree, first..first + 1000, 7);
            store.commit(Durability::Full).unwrap();
            let other = first * 7 % KEYS;
            check_touched(&mut snapshot, tree, other..other + 100, None);
        }
        check_touched(&mut snapshot, tree, 0..KEYS, None);
        check_touched(&mut store.snapshot(), tree, 0..KEYS, Some(7));
        assert!(store.snapshots().kept_versions() > pages / 2);
        drop(snapshot);
        assert_eq!(store.snapshots().kept_versions(), 0);
    });
    // Of each old version: its number, where it is, its state.
    assert!(peak <= CACHE + SNAPSHOT + SLACK + 400 * pages, "{peak} bytes for {pages} pages");
}

#[test]
fn a_load_larger_than_the_cache_that_is_discarded_or_fails_leaves_the_last_commit() {
    let medium = Medium::default();
    let mut store = MemoryManager::open(Box::new(medium.clone()), options()).unwrap();
    let tree = load(&mut store, 0..1000, 1, 1000);
    let pages = store.page_count();
    let check_last = |store: &mut MemoryManager| {
        check(store, &tree, 0..1000, 1);
        assert!(tree.get(store, &1000u32.to_be_bytes()).unwrap().is_none());
    };
    for discards in [true, false] {
        let mut tree = tree;
        for key in 0..10_000 {
            tree.put(&mut store, &u32::to_be_bytes(key), &value(key, 2)).unwrap();
        }
        assert!(bytes_of(&medium).len() > 3 * CACHE, "pages were written before the commit");
        if discards {
            store.discard();
        } else {
            fail_after(&medium, 0);
            assert!(!store.commit(Durability::Full).unwrap_err().is_in_doubt());
        }
        assert_eq!(store.page_count(), pages);
        check_last(&mut store);
    }
    check_last(&mut open_bytes(&bytes_of(&medium)).unwrap());
    let tree = load(&mut store, 1000..3000, 3, 100);
    drop(store);
    let mut store = open(medium).unwrap();
    check(&mut store, &tree, 0..1000, 1);
    check(&mut store, &tree, 1000..3000, 3);
}

#[test]
fn a_smaller_cache_than_the_writers_opens_after_a_crash() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    let tree = load(&mut store, 0..20_000, 1, 20_000);
    load(&mut store, 0..20_000, 2, 20_000);
    drop(store);
    let mut store = MemoryManager::open(Box::new(medium.clone()), options()).unwrap();
    check(&mut store, &tree, 0..20_000, 2);
    load(&mut store, 0..20_000, 3, 100);
    drop(store);
    let mut store = open(medium).unwrap();
    check(&mut store, &tree, 0..20_000, 3);
}

#[test]
fn a_spilled_page_that_is_changed_again_is_the_newest_everywhere() {
    let medium = Medium::default();
    let mut store = MemoryManager::open(Box::new(medium.clone()), options()).unwrap();
    let pages: Vec<Page> = (0..1000).map(|_| store.claim_page().unwrap()).collect();
    for round in 1..4u32 {
        for page in &pages {
            store.write_at(*page, 0, &(page + round)).unwrap();
        }
    }
    for page in &pages {
        assert_eq!(store.read_at::<Page>(*page, 0).unwrap(), page + 3);
    }
    store.commit(Durability::Full).unwrap();
    drop(store);
    let mut store = open(medium).unwrap();
    for page in &pages {
        assert_eq!(store.read_at::<Page>(*page, 0).unwrap(), page + 3);
    }
}

#[test]
fn a_load_writes_each_byte_about_once_whatever_the_cache() {
    for cache_bytes in [64 << 20, CACHE] {
        let medium = Medium::default();
        let options = options().cache_bytes(cache_bytes);
        let mut store = MemoryManager::open(Box::new(medium.clone()), options).unwrap();
        let before = medium.counts();
        load(&mut store, 0..20_000, 1, 20_000);
        assert_eq!(medium.counts().syncs - before.syncs, 1);
        let written = medium.counts().written_bytes - before.written_bytes;
        let held = u64::from(store.page_count()) * 4096;
        assert!(written * 10 <= held * 11, "{written} bytes were written for {held}, cache {cache_bytes}");
    }
}

#[test]
fn an_export_beside_a_load_larger_than_the_cache_is_the_last_commit() {
    let medium = Medium::default();
    let mut store = MemoryManager::open(Box::new(medium), options()).unwrap();
    let committed = load(&mut store, 0..5000, 1, 1000);
    let mut tree = committed;
    let mut before = Vec::new();
    store.export(&mut before).unwrap();
    for key in 0..10_000u32 {
        tree.put(&mut store, &key.to_be_bytes(), &value(key, 2)).unwrap();
    }
    let mut beside = Vec::new();
    store.export(&mut beside).unwrap();
    assert!(beside == before);
    for key in 0..10_000u32 {
        assert!(tree.get(&mut store, &key.to_be_bytes()).unwrap().unwrap()[..] == value(key, 2), "key {key}");
    }
    check(&mut open_bytes(&beside).unwrap(), &committed, 0..5000, 1);
}
