//! Checkpoints in small steps cost no sync, write nothing in place that is not durable, and survive every crash.

use std::ops::Range;

use wasm_dbms_memory::{Durability, MemoryManager};
use wasm_dbms_sim::Crashes;

use crate::support::{Call, Medium, assert_content, bytes_of, commit, open, put};

/// On several pages, and all of them changed in a few KiB of log.
const KEYS: u32 = 600;

/// The number of the last commit that the pages in place contain, as a header slot says.
fn lsn_of_header(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes[40..48].try_into().unwrap())
}

/// The number of the commit, as the head of its record says.
fn lsn_of_record(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes[8..16].try_into().unwrap())
}

/// The ring that a header slot names.
fn ring_of_header(bytes: &[u8]) -> Range<u64> {
    let offset = u64::from_le_bytes(bytes[72..80].try_into().unwrap());
    offset..offset + u64::from(u32::from_le_bytes(bytes[80..84].try_into().unwrap()))
}

/// Headers written; how many of them were of an earlier commit than the last one, and how many named another ring.
fn flips(calls: &[Call]) -> (usize, usize, usize) {
    let (mut all, mut earlier, mut grown) = (0, 0, 0);
    let (mut last, mut ring) = (0, 8192..40_960);
    for call in calls {
        match call {
            Call::Write { offset: 0 | 4096, bytes } => {
                all += 1;
                earlier += usize::from(lsn_of_header(bytes) < last);
                grown += usize::from(ring_of_header(bytes) != ring);
                ring = ring_of_header(bytes);
            }
            Call::Write { offset, bytes }
                if ring.contains(offset) && (last == 0 || lsn_of_record(bytes) == last + 1) =>
            {
                last = lsn_of_record(bytes);
            }
            _ => {}
        }
    }
    (all, earlier, grown)
}

#[test]
fn thousands_of_full_commits_cost_a_sync_each_and_no_other_but_where_the_ring_grows() {
    for (seed, length) in [(20_261_122, 40), (20_261_123, 300)] {
        let mut random = fastrand::Rng::with_seed(seed);
        let medium = Medium::default();
        let mut store = open(medium.clone()).unwrap();
        commit(&mut store, 0..1, 1, 10);
        let (syncs, from) = (medium.counts().syncs, medium.count());
        const COMMITS: u64 = 4000;
        for number in 1..=COMMITS {
            // One row at the end, or anywhere.
            let key = if random.bool() { number as u32 * 1000 } else { random.u32(..4_000_000) };
            commit(&mut store, key..key + 1, 2, random.usize(1..length));
        }
        let (all, earlier, grown) = flips(&medium.calls()[from..]);
        assert!((1..=6).contains(&grown), "seed {seed}: the ring grew {grown} times");
        assert_eq!(medium.counts().syncs - syncs, COMMITS + 2 * grown as u64, "seed {seed}");
        assert!(all > 10, "seed {seed}: the ring went round, but there were only {all} checkpoints");
        assert!(earlier > all / 2, "seed {seed}: {earlier} of {all} headers are of an earlier commit");
    }
}

#[test]
fn nothing_is_written_in_place_before_the_commit_it_is_of_is_durable() {
    let seed = 20_261_122;
    let mut random = fastrand::Rng::with_seed(seed);
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    commit(&mut store, 0..200, 1, 100);
    let pages = store.page_count();
    let from = medium.count();
    for number in 0..2000u32 {
        let key = random.u32(..200);
        put(&mut store, key..key + 1, (number % 251) as u8, 100);
        store.commit(if random.u8(..4) == 0 { Durability::Eventual } else { Durability::Full }).unwrap();
    }
    assert_eq!(store.page_count(), pages, "every page was there before");
    let (mut is_synced, mut in_place) = (true, 0);
    for call in &medium.calls()[from..] {
        match call {
            Call::Sync => is_synced = true,
            Call::Write { offset: 8192..40_960, .. } => is_synced = false,
            Call::Write { offset: 40_960.., .. } => {
                assert!(is_synced, "seed {seed}");
                in_place += 1;
            }
            _ => {}
        }
    }
    assert!(in_place > 100, "{in_place}");
    let (all, earlier, _) = flips(&medium.calls()[from..]);
    assert!(earlier > 10, "{earlier} of {all} headers are of an earlier commit");
    assert!(crate::support::content(&mut crate::support::open_bytes(&bytes_of(&medium)).unwrap()).is_ok());
}

#[test]
fn no_crash_in_a_step_loses_a_commit_or_mixes_two() {
    let (mut images, mut earlier) = (0, 0);
    for seed in 20_261_122..20_261_125 {
        let mut random = fastrand::Rng::with_seed(seed);
        let medium = Medium::default();
        let mut store = open(medium.clone()).unwrap();
        commit(&mut store, 0..KEYS, 1, 3);
        store.close().unwrap();
        let start = bytes_of(&medium);
        let medium = crate::support::medium_of(&start);
        let mut store = open(medium.clone()).unwrap();
        // When each commit was begun and acknowledged, and whether it was durable then.
        let mut commits = vec![(0, 0, true), (0, 0, true)];
        for byte in 2..40 {
            // All keys hold the same byte, so that a mixture shows.
            put(&mut store, 0..KEYS, byte, 3);
            let begun = medium.count();
            let is_full = random.u8(..4) != 0;
            store.commit(if is_full { Durability::Full } else { Durability::Eventual }).unwrap();
            commits.push((begun, medium.count(), is_full));
        }
        drop(store);
        let calls = medium.calls();
        earlier += flips(&calls).1;
        Crashes::of(&start, &calls).seed(seed).torn_max(12).for_each(&mut |crash| {
            let made = crash.made();
            let mut store = open(crash.provider()).unwrap_or_else(|error| panic!("seed {seed}, {made} calls: {error}"));
            let byte = byte_of(&mut store);
            let kept = commits.iter().rposition(|(_, end, is_full)| *is_full && *end <= made).unwrap();
            let begun = commits.iter().rposition(|(begun, ..)| *begun < made.max(1)).unwrap();
            assert!((kept..=begun).contains(&byte), "seed {seed}, {}: {byte} of {kept}..={begun}", crash.describe());
            images += 1;
        });
    }
    println!("crash, steps: {images} images, {earlier} headers of an earlier commit");
    assert!(images > 1000 && earlier > 2, "{images}, {earlier}");
}

fn byte_of(store: &mut MemoryManager) -> usize {
    let (byte, entries) = crate::support::content(store).unwrap();
    assert!(
        entries.len() == KEYS as usize
            && entries.values().all(|value| value.iter().all(|found| u64::from(*found) == byte))
    );
    byte as usize
}

#[test]
fn a_checkpoint_of_everything_takes_over_what_the_steps_have_begun() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    commit(&mut store, 0..2000, 1, 100);
    let mut byte = 1;
    // Until a step has written something and there is more to come.
    let is_under_way = |calls: &[Call]| {
        let last = calls.iter().rposition(|call| matches!(call, Call::Write { offset: 0 | 4096, .. }));
        calls[last.unwrap_or(0)..]
            .iter()
            .any(|call| matches!(call, Call::Write { offset: 45_056.., bytes } if bytes.len() == 4096))
    };
    while !is_under_way(&medium.calls()) {
        byte += 1;
        commit(&mut store, 0..2, byte, 100);
        commit(&mut store, 1000..1002, byte, 100);
    }
    let flips_before = flips(&medium.calls()).0;
    commit(&mut store, 0..2, byte + 1, 100);
    store.close().unwrap();
    assert!(flips(&medium.calls()).0 > flips_before);
    let mut store = open(medium).unwrap();
    let (counter, entries) = crate::support::content(&mut store).unwrap();
    assert_eq!(counter, u64::from(byte) + 1);
    assert!(entries[&0u32.to_be_bytes().to_vec()].iter().all(|found| *found == byte + 1));
    assert!(entries[&1000u32.to_be_bytes().to_vec()].iter().all(|found| *found == byte));
}

#[test]
fn an_empty_commit_before_the_first_write_of_a_session_writes_nothing() {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    commit(&mut store, 0..2000, 1, 100);
    let pages = store.page_count();
    // Commits that only the host's cache may have, of more pages than the next session's cache likes.
    for byte in 2..4 {
        put(&mut store, 0..2000, byte, 3);
        store.commit(Durability::Eventual).unwrap();
    }
    drop(store);
    let calls = medium.count();
    let small = crate::support::options().cache_bytes(0);
    let mut store = MemoryManager::open(Box::new(medium.clone()), small).unwrap();
    store.commit(Durability::Eventual).unwrap();
    assert_eq!(medium.count(), calls, "what recovery found may be lost still: nothing may stand on it");
    assert!(pages > 40, "{pages}");
    assert_content(&mut store, 0..2000, 3, 3);
}
