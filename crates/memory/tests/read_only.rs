//! A store that is opened for reading only serves every commit, whatever a crash left to be finished, and writes
//! nothing.

use wasm_dbms_api::{MemoryError, MemoryResult};
use wasm_dbms_memory::{
    Durability, FileProvider, MemoryAccess, MemoryManager, MemoryProvider, REGISTRY_PAGE, UNCLAIMED_PAGES_PAGE,
};

use crate::support::{
    Entries, Fault, Injection, Medium, assert_content, commit, content, fail_after, open, options, put,
};
use wasm_dbms_sim::Crashes;

fn open_read_only(medium: &(impl MemoryProvider + Clone + 'static)) -> MemoryResult<MemoryManager> {
    MemoryManager::open_read_only(Box::new(medium.clone()), options())
}

#[test]
fn what_was_committed_is_read_and_nothing_is_written() {
    for is_closed in [true, false] {
        let medium = Medium::default();
        let mut store = open(medium.clone()).unwrap();
        commit(&mut store, 0..1000, 1, 100);
        commit(&mut store, 0..1000, 2, 100);
        if is_closed {
            store.close().unwrap()
        } else {
            drop(store)
        }
        let calls = medium.count();
        let mut store = open_read_only(&medium).unwrap();
        assert_content(&mut store, 0..1000, 2, 100);
        let mut export = Vec::new();
        store.export(&mut export).unwrap();
        store.commit(Durability::Full).unwrap();
        store.discard();
        store.close().unwrap();
        assert_eq!(medium.count(), calls, "closed: {is_closed}");
    }
}

#[test]
fn writes_are_refused_by_name() {
    let medium = Medium::default();
    commit(&mut open(medium.clone()).unwrap(), 0..30, 1, 100);
    let calls = medium.count();
    let mut store = open_read_only(&medium).unwrap();
    let refusals = [
        store.edit(REGISTRY_PAGE, |_| ()).unwrap_err(),
        store.write_at(UNCLAIMED_PAGES_PAGE, 0, &1u32).unwrap_err(),
        store.grow_one_page().unwrap_err(),
        store.claim_page().unwrap_err(),
        store.unclaim_page(2).unwrap_err(),
    ];
    for refused in refusals {
        assert!(matches!(*refused, MemoryError::ReadOnly { .. }), "{refused}");
    }
    store.release_tail().unwrap();
    assert_content(&mut store, 0..30, 1, 100);
    assert_eq!(medium.count(), calls);
}

#[test]
fn where_there_is_nothing_nothing_is_made() {
    let medium = Medium::default();
    assert!(matches!(*open_read_only(&medium).unwrap_err(), MemoryError::NotADatabase { .. }));
    assert_eq!(medium.count(), 0);
}

#[test]
fn after_any_crash_a_reader_sees_what_a_writer_would() {
    let seed = 20_261_122;
    let mut random = fastrand::Rng::with_seed(seed);
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    for byte in 1..40u8 {
        put(&mut store, 0..u32::from(byte) * 3, byte, 120);
        store.commit(if random.bool() { Durability::Full } else { Durability::Eventual }).unwrap();
    }
    drop(store);
    let (mut images, mut header) = (0, 0);
    Crashes::of(&[], &medium.calls()).seed(seed).torn_max(10).for_each(&mut |crash| {
        if crash.hash() % 2 != 0 {
            return;
        }
        let made = crash.made();
        let medium = crate::support::medium_of(&crash.to_bytes());
        match open_read_only(&medium) {
            Ok(mut reader) => {
                let seen = content_or_blank(&mut reader);
                assert_eq!(medium.count(), 0, "seed {seed}, after {made} calls");
                assert!(seen == content_or_blank(&mut open(medium).unwrap()), "seed {seed}, after {made} calls");
                images += 1;
            }
            Err(error) => {
                assert!(matches!(*error, MemoryError::NotADatabase { .. }), "seed {seed}, after {made} calls: {error}");
                header += 1;
            }
        }
    });
    assert!(images > 500, "{images} images, {header} without a header");
}

#[test]
fn on_a_full_medium_a_writer_opens_after_any_crash_reads_what_stands_and_is_refused_by_name() {
    let seed = 20_261_122;
    let mut random = fastrand::Rng::with_seed(seed);
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    for byte in 1..30u8 {
        put(&mut store, 0..u32::from(byte) * 3, byte, 120);
        store.commit(if random.bool() { Durability::Full } else { Durability::Eventual }).unwrap();
    }
    drop(store);
    let mut images = 0;
    Crashes::of(&[], &medium.calls()).seed(seed).torn_max(10).for_each(&mut |crash| {
        if crash.hash() % 4 != 0 {
            return;
        }
        let what = format!("seed {seed}, after {} calls", crash.made());
        let whole = match open_read_only(&crate::support::medium_of(&crash.to_bytes())) {
            Ok(mut reader) => content_or_blank(&mut reader),
            // It was never made.
            Err(_) => return,
        };
        let full = crate::support::medium_of(&crash.to_bytes());
        full.inner().inject(Injection::after_changes(0, Fault::Full).for_ever());
        let mut store = match open(full.clone()) {
            Ok(store) => store,
            // Its first commit is missing, and cannot be made.
            Err(error) => return assert!(error.is_full() && whole == Default::default(), "{what}: {error}"),
        };
        assert!(content(&mut store).unwrap() == whole, "{what}");
        put(&mut store, 0..10, 99, 10);
        let refused = store.commit(Durability::Full).unwrap_err();
        assert!(refused.is_full(), "{what}: {refused}");
        assert!(content(&mut store).unwrap() == whole, "{what}: after the refusal");
        full.inner().heal();
        drop(store);
        assert!(content(&mut open(full).unwrap()).unwrap() == whole, "{what}: opened again");
        images += 1;
    });
    assert!(images > 200, "{images} images");
}

/// A database without its first commit has no registry yet.
fn content_or_blank(store: &mut MemoryManager) -> (u64, Entries) {
    if store.page_count() == 0 { Default::default() } else { content(store).unwrap() }
}

#[test]
fn a_file_without_permission_to_write_is_read_and_readers_share_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut store = open(FileProvider::open(&path).unwrap()).unwrap();
    commit(&mut store, 0..30, 1, 100);
    assert!(matches!(*FileProvider::open_read_only(&path).unwrap_err(), MemoryError::Locked { .. }));
    drop(store);
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    let mut readers: Vec<MemoryManager> = (0..3)
        .map(|_| {
            let file = FileProvider::open_read_only(&path).unwrap();
            MemoryManager::open_read_only(Box::new(file), options()).unwrap()
        })
        .collect();
    for reader in &mut readers {
        assert_content(reader, 0..30, 1, 100);
    }
    assert!(FileProvider::open_existing(&path).is_err(), "a writer is kept away");
}

#[test]
fn a_sync_that_fails_names_how_many_commits_are_in_doubt() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    for byte in 1..4 {
        put(&mut store, 0..10, byte, 10);
        store.commit(Durability::Eventual).unwrap();
    }
    fail_after(&medium, 0);
    let error = store.sync().unwrap_err();
    assert!(matches!(*error, MemoryError::InDoubt { commits: 3, .. }), "{error}");
    assert!(error.to_string().starts_with("the last 3 commits are in doubt"), "{error}");
    assert_content(&mut store, 0..10, 3, 10);
}
