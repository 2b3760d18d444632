//! What is committed stays, what is not goes, and neither costs more syncs than it must.

use wasm_dbms_api::{MemoryError, Page};
use wasm_dbms_memory::{Durability, FileProvider, HeapProvider, MemoryAccess, MemoryManager, Options, REGISTRY_PAGE};

use crate::support::{
    Call, Entries, Medium, assert_content, bytes_of, commit, content, fail_after, medium_of, open, open_bytes, options,
    put,
};

#[test]
fn closing_and_reopening_keeps_every_commit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut store = open(FileProvider::open(&path).unwrap()).unwrap();
    commit(&mut store, 0..300, 1, 100);
    store.close().unwrap();
    let mut store = open(FileProvider::open(&path).unwrap()).unwrap();
    assert_content(&mut store, 0..300, 1, 100);
    commit(&mut store, 0..300, 2, 50);
    drop(store);
    assert_content(&mut open(FileProvider::open(&path).unwrap()).unwrap(), 0..300, 2, 50);
}

#[test]
fn dropping_without_closing_keeps_every_commit_and_nothing_else() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    commit(&mut store, 0..300, 1, 100);
    put(&mut store, 0..300, 2, 100);
    drop(store);
    assert_content(&mut open(medium).unwrap(), 0..300, 1, 100);
}

#[test]
fn closing_discards_what_was_not_committed() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    commit(&mut store, 0..10, 1, 100);
    put(&mut store, 0..10, 2, 100);
    store.close().unwrap();
    assert_content(&mut open(medium).unwrap(), 0..10, 1, 100);
}

#[test]
fn discarding_puts_the_last_commit_back_and_writes_nothing() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    commit(&mut store, 0..300, 1, 100);
    let calls = medium.count();
    put(&mut store, 100..500, 2, 200);
    assert!(!store.is_clean());
    store.discard();
    assert!(store.is_clean());
    assert_content(&mut store, 0..300, 1, 100);
    assert_eq!(medium.count(), calls);
}

#[test]
fn a_full_commit_costs_one_sync() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    for byte in 1..6 {
        let syncs = medium.counts().syncs;
        commit(&mut store, 0..20, byte, 50);
        assert_eq!(medium.counts().syncs - syncs, 1);
    }
}

#[test]
fn a_full_commit_of_nothing_costs_nothing() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    commit(&mut store, 0..20, 1, 50);
    let calls = medium.count();
    store.commit(Durability::Full).unwrap();
    store.edit(REGISTRY_PAGE, |_| ()).unwrap();
    store.commit(Durability::Full).unwrap();
    store.sync().unwrap();
    assert_eq!(medium.count(), calls);
}

#[test]
fn an_eventual_commit_costs_no_sync_and_one_sync_covers_many() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    let syncs = medium.counts().syncs;
    for byte in 1..6 {
        put(&mut store, 0..20, byte, 50);
        store.commit(Durability::Eventual).unwrap();
    }
    assert_eq!(medium.counts().syncs, syncs);
    store.sync().unwrap();
    store.sync().unwrap();
    assert_eq!(medium.counts().syncs, syncs + 1);
    assert_eq!(medium.calls().last(), Some(&Call::Sync));
    drop(store);
    assert_content(&mut open(medium).unwrap(), 0..20, 5, 50);
}

#[test]
fn a_sync_after_reopening_makes_durable_what_recovery_found() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    commit(&mut store, 0..20, 1, 50);
    put(&mut store, 0..20, 2, 50);
    store.commit(Durability::Eventual).unwrap();
    // The process dies; what it wrote stands in the host's cache only.
    drop(store);
    let mut store = open(medium.clone()).unwrap();
    put(&mut store, 0..20, 3, 50);
    let syncs = medium.counts().syncs;
    store.sync().unwrap();
    assert!(medium.counts().syncs > syncs);
    assert_eq!(medium.calls().last(), Some(&Call::Sync));
    store.discard();
    assert_content(&mut store, 0..20, 2, 50);
}

#[test]
fn a_commit_larger_than_the_ring_parks_its_body_and_still_costs_one_sync() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    commit(&mut store, 0..1000, 1, 100);
    let syncs = medium.counts().syncs;
    commit(&mut store, 0..1000, 2, 100);
    assert_eq!(medium.counts().syncs - syncs, 1);
    let longest = medium.calls().into_iter().filter_map(|call| match call {
        Call::Write { bytes, .. } => Some(bytes.len()),
        _ => None,
    });
    assert!(longest.max().unwrap() > 64 * 1024);
    assert_content(&mut open_bytes(&bytes_of(&medium)).unwrap(), 0..1000, 2, 100);
    let syncs = medium.counts().syncs;
    store.claim_page().unwrap();
    store.commit(Durability::Full).unwrap();
    assert_eq!(medium.counts().syncs - syncs, 3, "the parked body is in the way: checkpoint, flip, commit");
}

#[test]
fn hundreds_of_commits_go_round_the_ring() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    for round in 0..400u32 {
        let byte = (round % 251) as u8;
        commit(&mut store, 0..40, byte, 80);
        if round % 23 == 0 {
            drop(store);
            store = open(medium.clone()).unwrap();
            assert_content(&mut store, 0..40, byte, 80);
        }
    }
    let written: usize =
        medium.calls().iter().map(|call| if let Call::Write { bytes, .. } = call { bytes.len() } else { 0 }).sum();
    assert!(written > 10 * 32 * 1024, "the ring was not filled ten times");
}

#[test]
fn reopening_with_another_page_size_keeps_that_of_the_file() {
    let medium = Medium::default();
    commit(&mut open(medium.clone()).unwrap(), 0..300, 1, 100);
    let other = Options::new().page_size(16 * 1024).database_id(8);
    let mut store = MemoryManager::open(Box::new(medium), other).unwrap();
    assert_eq!((store.page_size(), store.database_id()), (4096, 7));
    assert_content(&mut store, 0..300, 1, 100);
}

#[test]
fn opening_and_reading_write_nothing() {
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
        let mut store = open(medium.clone()).unwrap();
        assert_content(&mut store, 0..1000, 2, 100);
        store.discard();
        store.close().unwrap();
        // What was found after a crash may stand in the host's cache only: closing syncs it, and writes nothing.
        assert_eq!(medium.count() - calls, usize::from(!is_closed), "closed: {is_closed}");
    }
}

#[test]
fn an_empty_or_never_committed_medium_becomes_a_database() {
    let mut header_only = Medium::default();
    open(header_only.clone()).unwrap();
    header_only = medium_of(&bytes_of(&header_only)[..40_960]);
    for medium in [Medium::default(), medium_of(&[0; 512]), medium_of(&[0; 40_960]), header_only] {
        let mut store = open(medium.clone()).unwrap();
        assert_eq!(content(&mut store).unwrap(), (0, Entries::new()));
        commit(&mut store, 0..10, 1, 10);
        store.close().unwrap();
        assert_content(&mut open(medium).unwrap(), 0..10, 1, 10);
    }
}

#[test]
fn a_commit_refused_before_its_record_leaves_the_store_as_it_was_and_writing_goes_on() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    commit(&mut store, 0..300, 1, 100);
    // Growing the file, then writing the fresh pages.
    for calls in 0..2 {
        put(&mut store, 300..600, 2, 100);
        fail_after(&medium, calls);
        let refused = store.commit(Durability::Full).unwrap_err();
        assert!(matches!(*refused, MemoryError::Host { .. }), "{refused}");
        assert!(store.is_clean());
        assert_content(&mut store, 0..300, 1, 100);
    }
    commit(&mut store, 0..300, 3, 100);
    drop(store);
    assert_content(&mut open(medium).unwrap(), 0..300, 3, 100);
}

#[test]
fn after_a_failed_record_or_sync_the_commit_is_in_doubt_and_writes_are_refused() {
    for (calls, survives) in [(0, 1), (1, 2)] {
        let medium = Medium::default();
        let mut store = open(medium.clone()).unwrap();
        commit(&mut store, 0..30, 1, 100);
        put(&mut store, 0..30, 2, 100);
        fail_after(&medium, calls);
        let in_doubt = store.commit(Durability::Full).unwrap_err();
        assert!(in_doubt.is_in_doubt(), "{in_doubt}");
        assert_content(&mut store, 0..30, 1, 100);
        let refused = store.edit(REGISTRY_PAGE, |_| ()).unwrap_err();
        assert!(matches!(*refused, MemoryError::Poisoned { .. }), "{refused}");
        assert!(refused.to_string().contains("the simulated medium is broken"), "{refused}");
        assert!(
            matches!(*store.sync().unwrap_err(), MemoryError::Poisoned { .. }),
            "nobody can say that it is durable"
        );
        assert!(matches!(*store.close().unwrap_err(), MemoryError::Poisoned { .. }));
        let mut store = open(medium).unwrap();
        assert_content(&mut store, 0..30, survives, 100);
        commit(&mut store, 0..30, 3, 100);
    }
}

#[test]
fn a_database_of_many_groups_is_reopened() {
    let medium = HeapProvider::new();
    let mut store = MemoryManager::open(Box::new(medium.clone()), options()).unwrap();
    let pages: Vec<Page> = (0..2000).map(|_| store.claim_page().unwrap()).collect();
    for page in &pages {
        store.write_at(*page, 0, page).unwrap();
    }
    store.commit(Durability::Full).unwrap();
    drop(store);
    let mut store = open(medium.clone()).unwrap();
    store.write_at(pages[1999], 8, &1u32).unwrap();
    store.commit(Durability::Full).unwrap();
    store.close().unwrap();
    let mut store = open(medium).unwrap();
    for page in &pages {
        assert_eq!(store.read_at::<Page>(*page, 0).unwrap(), *page);
    }
}

#[test]
fn opening_after_a_large_durable_load_reads_the_log_and_not_what_was_loaded() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    for _ in 0..5000 {
        let page = store.claim_page().unwrap();
        store.edit(page, |bytes| bytes.fill(7)).unwrap();
    }
    store.commit(Durability::Full).unwrap();
    commit(&mut store, 0..10, 1, 10);
    drop(store);
    let before = medium.counts().read_bytes;
    let mut store = open(medium.clone()).unwrap();
    let read = medium.counts().read_bytes - before;
    assert!(read < 512 * 1024, "{read} bytes were read of {}", bytes_of(&medium).len());
    store.edit(2, |bytes| bytes.fill(8)).unwrap();
    store.commit(Durability::Full).unwrap();
    for page in 3..5002 {
        assert!(store.view(page, |bytes| bytes.iter().all(|byte| *byte == 7)).unwrap(), "page {page}");
    }
}
