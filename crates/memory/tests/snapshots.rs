//! A snapshot stays what it is: whatever is committed, brought in place, evicted, given back or scrubbed meanwhile.

use std::collections::BTreeMap;

use wasm_dbms_api::{MemoryError, MemoryResult, Page};
use wasm_dbms_memory::{
    Durability, FileProvider, HeapProvider, MemoryAccess, MemoryManager, Options, RESERVED_PAGES, Snapshot,
};

use crate::support::{Medium, fail_after, in_memory, open, open_bytes, options};

fn seed() -> u64 {
    std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_122)
}

/// What the pages of a commit hold: a number at the start and at the end of each.
type Model = BTreeMap<Page, u64>;

fn write(store: &mut MemoryManager, page: Page, number: u64) {
    store
        .edit(page, |bytes| {
            let end = bytes.len() - 8;
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            bytes[end..].copy_from_slice(&number.to_le_bytes());
        })
        .unwrap();
}

#[track_caller]
fn check(store: &mut impl MemoryAccess, model: &Model, what: &str) {
    for (page, number) in model {
        let found = store.page(*page).unwrap_or_else(|error| panic!("{what}, page {page}: {error}"));
        let end = found.len() - 8;
        assert_eq!(found[..8], number.to_le_bytes(), "{what}: start of page {page}");
        assert_eq!(found[end..], number.to_le_bytes(), "{what}: end of page {page}");
    }
}

fn exported(snapshot: &mut Snapshot) -> Vec<u8> {
    let mut bytes = Vec::new();
    snapshot.export(&mut bytes).unwrap();
    bytes
}

struct Open {
    snapshot: Snapshot,
    model: Model,
    export: Vec<u8>,
}

/// Random commits, roll-backs, checkpoints, vacuums and openings, with several snapshots open all the time.
fn play(seed: u64, options: &Options, medium: Option<&HeapProvider>, steps: usize) {
    let mut random = fastrand::Rng::with_seed(seed);
    let start = |medium: Option<&HeapProvider>| match medium {
        Some(medium) => MemoryManager::open(Box::new(medium.clone()), options.clone()).unwrap(),
        None => MemoryManager::in_memory(options.clone()).unwrap(),
    };
    let mut store = start(medium);
    let mut model = Model::new();
    let mut snapshots: Vec<Open> = Vec::new();
    let mut number = 0;
    for step in 0..steps {
        let what = format!("seed {seed}, step {step}");
        match random.u8(..100) {
            0..50 => {
                let rolls_back = random.u8(..5) == 0;
                let mut changed = model.clone();
                for _ in 0..random.usize(1..60) {
                    number += 1;
                    let pages: Vec<Page> = changed.keys().copied().collect();
                    match random.u8(..10) {
                        0..3 => {
                            let page = store.claim_page().unwrap();
                            write(&mut store, page, number);
                            changed.insert(page, number);
                        }
                        3 if !pages.is_empty() => {
                            let page = pages[random.usize(..pages.len())];
                            store.unclaim_page(page).unwrap();
                            changed.remove(&page);
                        }
                        _ if !pages.is_empty() => {
                            let page = pages[random.usize(..pages.len())];
                            write(&mut store, page, number);
                            changed.insert(page, number);
                        }
                        _ => {}
                    }
                }
                if rolls_back {
                    store.discard();
                } else {
                    let durability = if random.bool() { Durability::Full } else { Durability::Eventual };
                    store.commit(durability).unwrap();
                    model = changed;
                }
                check(&mut store, &model, &what);
            }
            50..65 if snapshots.len() < 6 => {
                let mut snapshot = store.snapshot();
                let export = exported(&mut snapshot);
                snapshots.push(Open { snapshot, model: model.clone(), export });
            }
            65..75 if !snapshots.is_empty() => {
                snapshots.swap_remove(random.usize(..snapshots.len()));
            }
            75..80 => store.sync().unwrap(),
            80..84 => store.scrub().unwrap(),
            84..88 => {
                // Free the pages at the end and give them back.
                let last: Vec<Page> = model.keys().rev().take(random.usize(..40)).copied().collect();
                for page in last {
                    store.unclaim_page(page).unwrap();
                    model.remove(&page);
                }
                store.commit(Durability::Full).unwrap();
                store.release_tail().unwrap();
                check(&mut store, &model, &what);
            }
            88..90 if medium.is_some() => {
                // Snapshots of the session before stay readable.
                let old = std::mem::take(&mut snapshots);
                let before = store.snapshots();
                if random.bool() {
                    store.close().unwrap();
                } else {
                    drop(store);
                }
                for mut open in old {
                    check(&mut open.snapshot, &open.model, &what);
                }
                assert_eq!(before.kept_versions(), 0, "{what}");
                store = start(medium);
                check(&mut store, &model, &what);
            }
            _ if !snapshots.is_empty() => {
                let index = random.usize(..snapshots.len());
                let open = &mut snapshots[index];
                if random.u8(..3) == 0 {
                    // What it had at hand is not what it is any more. At rest it needs nothing of what changes.
                    if random.bool() {
                        open.snapshot.rest();
                    }
                    open.snapshot.follow();
                    assert!(open.snapshot.is_last(), "{what}");
                    check(&mut open.snapshot, &model, &what);
                    let export = exported(&mut open.snapshot);
                    (open.model, open.export) = (model.clone(), export);
                } else if random.u8(..4) == 0 {
                    assert!(exported(&mut open.snapshot) == open.export, "{what}: the export of a snapshot differs");
                } else {
                    check(&mut open.snapshot, &open.model, &what);
                }
            }
            _ => {}
        }
    }
    for open in &mut snapshots {
        check(&mut open.snapshot, &open.model, &format!("seed {seed}, at the end"));
        assert!(exported(&mut open.snapshot) == open.export, "seed {seed}: the export of a snapshot differs");
    }
    let source = store.snapshots();
    snapshots.clear();
    assert_eq!(source.kept_versions(), 0, "seed {seed}: versions are kept for nobody");
    check(&mut store, &model, &format!("seed {seed}, after all snapshots"));
    let mut export = Vec::new();
    store.export(&mut export).unwrap();
    let mut again = open_bytes(&export).unwrap();
    check(&mut again, &model, "the last export");
}

#[test]
fn each_snapshot_equals_the_model_of_its_commit() {
    for round in 0..30 {
        let seed = seed() + round;
        let small = options().cache_bytes(0);
        play(seed, &small, Some(&HeapProvider::new()), 250);
        play(seed, &small.snapshot_memory_bytes(8 * 4096), Some(&HeapProvider::new()), 250);
        play(seed, &options().snapshot_memory_bytes(0), Some(&HeapProvider::new()), 250);
        play(seed, &options(), Some(&HeapProvider::new()), 250);
        play(seed, &options(), None, 250);
    }
}

#[test]
fn a_snapshot_refuses_every_write() {
    let mut store = in_memory();
    let page = store.claim_page().unwrap();
    store.commit(Durability::Full).unwrap();
    let mut snapshot = store.snapshot();
    let refusals = [
        snapshot.write_at(page, 0, &1u64).unwrap_err(),
        snapshot.zero_page(page).unwrap_err(),
        snapshot.claim_page().unwrap_err(),
        snapshot.unclaim_page(page).unwrap_err(),
        snapshot.grow_one_page().unwrap_err(),
        snapshot.zero_raw(page, 0, 8).unwrap_err(),
        snapshot.edit(page, |_| ()).unwrap_err(),
    ];
    assert!(refusals.iter().all(|error| matches!(**error, MemoryError::ReadOnly { .. })), "{refusals:?}");
    assert!(matches!(*snapshot.page(page + 1).unwrap_err(), MemoryError::PageOutOfRange { .. }));
}

#[test]
fn past_the_bound_the_oldest_snapshot_expires_and_the_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let file = FileProvider::open(folder.path().join("a.db")).unwrap();
    let heap = HeapProvider::new();
    for (what, mut store) in [
        ("file", MemoryManager::open(Box::new(file), bounded()).unwrap()),
        ("heap", MemoryManager::open(Box::new(heap), bounded()).unwrap()),
        ("none", MemoryManager::in_memory(bounded()).unwrap()),
    ] {
        let pages: Vec<Page> = (0..20).map(|_| store.claim_page().unwrap()).collect();
        let commit = |store: &mut MemoryManager, number| {
            pages.iter().for_each(|page| write(store, *page, number));
            store.commit(Durability::Full).unwrap();
            pages.iter().map(|page| (*page, number)).collect::<Model>()
        };
        let first = commit(&mut store, 1);
        let mut oldest = store.snapshot();
        let second = commit(&mut store, 2);
        let mut middle = store.snapshot();
        check(&mut oldest, &first, what);
        let third = commit(&mut store, 3);
        let mut newest = store.snapshot();
        check(&mut middle, &second, what);
        check(&mut newest, &third, what);
        // 40 old versions and room for 30.
        let fourth = commit(&mut store, 4);
        let expired = pages.iter().find_map(|page| oldest.fresh_page(*page).err()).unwrap();
        assert!(expired.is_snapshot_expired(), "{what}: {expired}");
        check(&mut newest, &third, what);
        check(&mut store, &fourth, what);
        drop((oldest, middle, newest));
        assert_eq!(store.snapshots().kept_versions(), 0, "{what}");
    }
}

/// Asks for a page anew: a snapshot that looked at it before may still have it at hand.
trait Fresh {
    fn fresh_page(&mut self, page: Page) -> MemoryResult<()>;
}

impl Fresh for Snapshot {
    fn fresh_page(&mut self, page: Page) -> MemoryResult<()> {
        self.let_go();
        self.page(page).map(|_| ())
    }
}

fn bounded() -> Options {
    options().snapshot_memory_bytes(10 * 4096).snapshot_spill_max_bytes(20 * 4096)
}

#[test]
fn scratch_space_beside_a_file_is_gone_with_the_last_page_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = FileProvider::open(folder.path().join("a.db")).unwrap();
    let mut store = MemoryManager::open(Box::new(file), options().snapshot_memory_bytes(0)).unwrap();
    let page = store.claim_page().unwrap();
    write(&mut store, page, 1);
    store.commit(Durability::Full).unwrap();
    let mut snapshot = store.snapshot();
    write(&mut store, page, 2);
    store.commit(Durability::Full).unwrap();
    check(&mut snapshot, &Model::from([(page, 1)]), "from scratch");
    drop(snapshot);
    drop(store);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["a.db"]);
}

#[test]
fn a_commit_that_fails_leaves_snapshots_as_they_were() {
    for after in 0..6 {
        let medium = Medium::default();
        let mut store = open(medium.clone()).unwrap();
        let pages: Vec<Page> = (0..10).map(|_| store.claim_page().unwrap()).collect();
        pages.iter().for_each(|page| write(&mut store, *page, 1));
        store.commit(Durability::Full).unwrap();
        let model: Model = pages.iter().map(|page| (*page, 1)).collect();
        let mut snapshot = store.snapshot();
        pages.iter().for_each(|page| write(&mut store, *page, 2));
        let fresh = store.claim_page().unwrap();
        fail_after(&medium, after);
        let is_committed = store.commit(Durability::Full).is_ok();
        check(&mut snapshot, &model, "after a failure");
        assert_eq!(snapshot.page_count(), RESERVED_PAGES + 10);
        let mut last = store.snapshot();
        if !is_committed {
            check(&mut last, &model, "the last commit");
            assert!(last.page(fresh).is_err());
        }
    }
}

#[test]
fn a_small_commit_copies_to_the_page_that_the_one_before_gave_up_and_never_to_one_that_a_snapshot_holds() {
    let mut store = in_memory();
    let page = store.claim_page().unwrap();
    // What a commit frees is taken, so that only what the store kept can come again.
    let mut taken = Vec::new();
    let mut commit = |store: &mut MemoryManager, number: u8| {
        let bytes = store.bytes_mut(page).unwrap();
        bytes[0] = number;
        let (place, length) = (bytes.as_ptr(), bytes.len());
        store.commit(Durability::Full).unwrap();
        taken.extend((0..8).map(|more| vec![number; length + 8 * more]));
        place
    };
    let [_, one, two, three] = [0, 1, 2, 3].map(|number| commit(&mut store, number));
    assert!(one == three && one != two);
    let mut snapshot = store.snapshot();
    (4..9).for_each(|number| assert_ne!(commit(&mut store, number), three));
    assert_eq!(snapshot.page(page).unwrap()[0], 3);
}
