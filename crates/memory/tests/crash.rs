//! Whatever a crash leaves of the calls since the last sync, the store opens, holds the state of a commit, loses
//! none that was acknowledged, and goes on.

#![cfg(test)]

mod support;

use std::collections::HashSet;

use wasm_dbms_memory::{Durability, HeapProvider, MemoryAccess, Registry, Tree};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use support::{Call, Driver, Entries, Mix, Recorder, TREE, apply_sectors, content, for_each_image, open, open_bytes};

/// What was checked.
#[derive(Debug, Default)]
struct Counts {
    images: u64,
    images_in_recovery: u64,
    calls: u64,
    refused: u32,
    in_doubt: u32,
    parked: usize,
}

/// What to do with an image that was judged: the number and content of the commit it holds come with it.
type AndThen<'a> = dyn FnMut(&[u8], u64, Entries, &mut Counts) + 'a;

/// Opens an image, judges what it holds, and says which commit it is.
fn recover(driver: &Driver, made: usize, durable: u64, image: &[u8]) -> Result<(u64, Entries), String> {
    let mut store = open_bytes(image).map_err(|error| format!("opening: {error}"))?;
    let (serial, entries) = content(&mut store)?;
    driver.history.judge(made, durable, serial, &entries)?;
    Ok((serial, entries))
}

/// Writing goes on after recovery, and a clean close keeps everything.
fn go_on(image: &[u8], serial: u64, mut entries: Entries) -> Result<(), String> {
    let words = |error: wasm_dbms_api::MemoryError| error.to_string();
    let medium = HeapProvider::from_bytes(image.to_vec());
    let mut store = open(medium.clone()).map_err(words)?;
    let mut state = Registry::tree_state(&mut store, TREE).map_err(words)?;
    if serial == 0 {
        Registry::add_tree(&mut store).map_err(words)?;
    }
    let mut tree = Tree::at(state.root, TREE);
    tree.put(&mut store, b"after", &[9; 300]).map_err(words)?;
    entries.insert(b"after".to_vec(), vec![9; 300]);
    (state.root, state.rows) = (tree.root(), entries.len() as u64);
    Registry::set_tree_state(&mut store, TREE, &state).map_err(words)?;
    store.commit(Durability::Full).map_err(words)?;
    store.close().map_err(words)?;
    let mut store = open(medium).map_err(words)?;
    let found = content(&mut store)?;
    if found == (serial, entries) { Ok(()) } else { Err("closing cleanly lost something".into()) }
}

/// Crashes again in the session that follows a crash; it does other things, or the very same again.
fn crash_again(image: &[u8], driver: &Driver, serial: u64, entries: Entries, counts: &mut Counts) {
    let (mix, mut seed) = driver.plan();
    if counts.images.is_multiple_of(2) {
        seed ^= counts.images;
    }
    let recorder = Recorder::from_bytes(image.to_vec());
    let mut driver = Driver::new(recorder, mix, seed, if serial == 0 { 1 } else { serial + 1 }, serial, entries);
    for _ in 0..4 {
        driver.step();
    }
    driver.close();
    enumerate(image, &driver, seed, 12, counts, &mut |_, _, _, counts| counts.images_in_recovery += 1);
}

/// Judges every image that a crash can leave of a workload; `and_then` does more with those that are new.
fn enumerate(start: &[u8], driver: &Driver, seed: u64, limit: usize, counts: &mut Counts, and_then: &mut AndThen<'_>) {
    let calls = driver.recorder.calls();
    let mut random = fastrand::Rng::with_seed(seed ^ 0xC0FFEE);
    let mut met = HashSet::new();
    let mut bounds = (usize::MAX, 0, 0);
    for_each_image(start, &calls, &mut random, limit, &mut |made, image| {
        if bounds.0 != made {
            bounds = (made, driver.history.durable(made, &calls), driver.history.begun(made));
        }
        let (_, durable, begun) = bounds;
        if !met.insert(xxh3_64_with_seed(image, durable ^ begun.rotate_left(32))) {
            return;
        }
        match recover(driver, made, durable, image) {
            Ok((serial, entries)) => and_then(image, serial, entries, counts),
            Err(what) => panic!("seed {seed}, after {made} of {} calls, durable {durable}: {what}", calls.len()),
        }
    });
    counts.calls += calls.len() as u64;
}

fn workload(mix: Mix, seed: u64, steps: usize, counts: &mut Counts) {
    let mut driver = Driver::new(Recorder::default(), mix, seed, 1, 0, Entries::new());
    for _ in 0..steps {
        driver.step();
    }
    driver.close();
    enumerate(&[], &driver, seed, usize::MAX, counts, &mut |image, serial, entries, counts| {
        counts.images += 1;
        if counts.images.is_multiple_of(8) {
            go_on(image, serial, entries.clone()).unwrap_or_else(|what| panic!("seed {seed}, going on: {what}"));
        }
        if counts.images.is_multiple_of(401) {
            crash_again(image, &driver, serial, entries, counts);
        }
    });
    // Only parked bodies are not padded to sectors.
    let is_parked = |call: &&Call| matches!(call, Call::Write { bytes, .. } if !bytes.len().is_multiple_of(512));
    counts.parked += driver.recorder.calls().iter().filter(is_parked).count();
    counts.refused += driver.refused;
    counts.in_doubt += driver.in_doubt;
}

fn workloads(mix: Mix, seeds: std::ops::Range<u64>, steps: usize, images: u64) {
    let mut counts = Counts::default();
    for seed in seeds.clone() {
        workload(mix, seed, steps, &mut counts);
    }
    println!("crash, {mix:?}, seeds {seeds:?}: {counts:?}");
    assert!(counts.images >= images, "{counts:?}");
}

#[test]
fn no_crash_loses_an_acknowledged_commit_or_leaves_a_mixture() {
    workloads(Mix::Wide, 20_261_122..20_261_132, 30, 60_000);
}

#[test]
fn no_crash_finds_the_ring_reused_too_early() {
    workloads(Mix::Ring, 20_262_122..20_262_128, 20, 20_000);
}

#[test]
fn no_crash_loses_a_commit_from_between() {
    workloads(Mix::Loose, 20_263_122..20_263_134, 20, 20_000);
}

#[test]
fn no_failure_of_the_medium_followed_by_a_crash_loses_an_acknowledged_commit() {
    workloads(Mix::Faulty, 20_264_122..20_264_132, 24, 20_000);
}

#[test]
fn no_crash_while_the_file_grows_into_another_group_loses_a_commit() {
    let seeds = 20_265_122..20_265_124;
    let mut counts = Counts::default();
    for seed in seeds.clone() {
        // A group of 4 KiB pages holds 440.
        let mut driver = Driver::new(Recorder::default(), Mix::Growing, seed, 1, 0, Entries::new());
        driver.claim_many(415);
        driver.close();
        let start = driver.recorder.to_bytes();
        let (serial, entries) = driver.state();
        let recorder = Recorder::from_bytes(start.clone());
        let mut driver = Driver::new(recorder, Mix::Growing, seed, serial + 1, serial, entries);
        for _ in 0..16 {
            driver.step();
        }
        driver.close();
        assert!(
            driver.recorder.to_bytes().len() > 40_960 + 442 * 4096,
            "seed {seed}: the second group was not reached"
        );
        enumerate(&start, &driver, seed, 8, &mut counts, &mut |_, _, _, counts| counts.images += 1);
    }
    println!("crash, growing, seeds {seeds:?}: {counts:?}");
}

#[test]
fn no_crash_after_a_failed_sync_misses_a_parked_body_that_only_the_host_saw() {
    let mut counts = Counts::default();
    for seed in 20_266_122..20_266_130 {
        let mut driver = Driver::new(Recorder::default(), Mix::Ring, seed, 1, 0, Entries::new());
        driver.fail_while_parking(100);
        // The size, the body, the record, the sync.
        driver.fail_while_parking(3);
        driver.step();
        assert_eq!(driver.in_doubt, 1, "seed {seed}");
        enumerate(&[], &driver, seed, 200, &mut counts, &mut |_, _, _, counts| counts.images += 1);
    }
    println!("crash, parked: {counts:?}");
}

#[test]
fn two_torn_headers_do_not_take_a_database_away() {
    // Enough pages for a header of two sectors.
    let medium = Recorder::default();
    let mut store = open(medium.clone()).unwrap();
    for _ in 0..25_000 {
        store.grow_one_page().unwrap();
    }
    store.commit(Durability::Full).unwrap();
    let is_header = |call: &Call| matches!(call, Call::Write { offset: 0 | 4096, .. });
    let mut random = fastrand::Rng::with_seed(20_261_122);
    // The last call is a flip that nothing has synced.
    while !medium.calls().last().is_some_and(is_header) {
        store.edit(2, |bytes| random.fill(bytes)).unwrap();
        store.commit(Durability::Full).unwrap();
    }
    let kept = store.page(2).unwrap();
    let (base, from) = (medium.to_bytes(), medium.count());
    let flip = medium.calls().pop().unwrap();
    assert!(matches!(&flip, Call::Write { bytes, .. } if bytes.len() == 1024));
    // The host loses one of its sectors, says so once, and shows it all the same.
    store.edit(3, |bytes| bytes.fill(1)).unwrap();
    medium.fail_after(Some(1));
    assert!(store.commit(Durability::Full).unwrap_err().is_in_doubt());
    drop(store);
    let mut store = open(medium.clone()).unwrap();
    store.edit(3, |bytes| bytes.fill(2)).unwrap();
    store.commit(Durability::Full).unwrap();

    let mut image = base;
    let Call::Write { offset, bytes } = &flip else { panic!("{flip:?}") };
    image[*offset as usize + 512..*offset as usize + bytes.len()].fill(0);
    let calls = medium.calls();
    let next_flip = from + calls[from..].iter().rposition(is_header).unwrap();
    calls[from..next_flip].iter().for_each(|call| apply_sectors(&mut image, call, usize::MAX));
    apply_sectors(&mut image, &calls[next_flip], 1);
    let mut store = open_bytes(&image).unwrap();
    assert!(*store.page(2).unwrap() == *kept);
}
