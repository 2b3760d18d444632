//! Pages of a transaction larger than the cache are written before its commit. No crash makes them part of another one.

use wasm_dbms_api::Page;
use wasm_dbms_memory::{Durability, HeapProvider, MemoryAccess, MemoryManager, MemoryProvider, Registry, Tree};

use crate::support::{Entries, Medium, TREE, content, options};
use wasm_dbms_sim::Crashes;
use wasm_dbms_sim::workload::RAW_PAGE;

/// The smallest cache: 32 pages.
fn open(medium: impl MemoryProvider + 'static) -> MemoryManager {
    MemoryManager::open(Box::new(medium), options().cache_bytes(0)).unwrap()
}

/// Claims and fills pages, and notes each in the tree; the commit's number goes into the registry.
fn fill(store: &mut MemoryManager, serial: u64, count: usize, entries: &mut Entries, random: &mut fastrand::Rng) {
    let mut state = Registry::tree_state(store, TREE).unwrap();
    if state.root == 0 {
        assert_eq!(Registry::add_tree(store).unwrap(), TREE);
    }
    let mut tree = Tree::at(state.root, TREE);
    let pages: Vec<Page> = (0..count).map(|_| store.claim_page().unwrap()).collect();
    for page in pages {
        // Zero too: such a page must be written even if there is nothing in it.
        let stamp = random.u8(..3);
        store.edit(page, |bytes| bytes.fill(stamp)).unwrap();
        let key = [&[RAW_PAGE][..], &page.to_be_bytes()].concat();
        tree.put(store, &key, &[stamp]).unwrap();
        entries.insert(key, vec![stamp]);
    }
    // What was committed before changes too.
    let known: Vec<Vec<u8>> = entries.keys().cloned().collect();
    for _ in 0..random.usize(0..12) {
        let key = &known[random.usize(..known.len())];
        let page = Page::from_be_bytes(key[1..5].try_into().unwrap());
        let stamp = random.u8(..);
        store.edit(page, |bytes| bytes.fill(stamp)).unwrap();
        tree.put(store, key, &[stamp]).unwrap();
        entries.insert(key.clone(), vec![stamp]);
    }
    (state.root, state.rows, state.counter) = (tree.root(), entries.len() as u64, serial);
    Registry::set_tree_state(store, TREE, &state).unwrap();
}

/// A commit: its content, the calls made when it began, and when a sync had followed it.
struct Commit {
    entries: Entries,
    begun: usize,
    durable: Option<usize>,
}

#[test]
fn no_crash_among_pages_written_before_their_commit_leaves_a_mixture() {
    let mut images = 0;
    let mut spilled = 0;
    for seed in 20_261_122..20_261_130 {
        let mut random = fastrand::Rng::with_seed(seed);
        let medium = Medium::default();
        let mut store = open(medium.clone());
        let mut commits = vec![Commit { entries: Entries::new(), begun: 0, durable: Some(0) }];
        let mut entries = Entries::new();
        for _ in 0..7 {
            let before = medium.count();
            let mut next = entries.clone();
            let count = if random.bool() { random.usize(1..6) } else { random.usize(30..60) };
            fill(&mut store, commits.len() as u64, count, &mut next, &mut random);
            spilled += medium.count() - before;
            match random.u8(..10) {
                0..2 => store.discard(),
                2..4 => {
                    drop(store);
                    store = open(medium.clone());
                }
                choice => {
                    let durability = if choice < 6 { Durability::Eventual } else { Durability::Full };
                    store.commit(durability).unwrap();
                    let durable = (choice >= 6).then(|| medium.count());
                    if let Some(durable) = durable {
                        for earlier in &mut commits {
                            earlier.durable.get_or_insert(durable);
                        }
                    }
                    commits.push(Commit { entries: next.clone(), begun: before, durable });
                    entries = next;
                }
            }
            assert!(content(&mut store).unwrap().1 == entries, "seed {seed}");
        }
        store.close().unwrap();
        Crashes::of(&[], &medium.calls()).seed(seed).torn_max(16).for_each(&mut |crash| {
            // There are far too many.
            if crash.hash() % 32 != 0 {
                return;
            }
            images += 1;
            let made = crash.made();
            let last = HeapProvider::from_bytes(crash.to_bytes());
            let mut store = open(last.clone());
            let (serial, found) =
                content(&mut store).unwrap_or_else(|what| panic!("seed {seed}, {made} calls: {what}"));
            let commit = &commits[serial as usize];
            assert!(commit.entries == found, "seed {seed}, {made} calls: not the content of commit {serial}");
            let kept = commits.iter().rposition(|commit| commit.durable.is_some_and(|end| end <= made)).unwrap();
            assert!(kept <= serial as usize, "seed {seed}, {made} calls: {serial} stands where {kept} was durable");
            assert!(commit.begun <= made, "seed {seed}, {made} calls: {serial} had not begun");
            if images % 4 == 0 {
                // What the session after it writes early is its own.
                let mut next = found.clone();
                fill(&mut store, serial + 1, 40, &mut next, &mut fastrand::Rng::with_seed(seed));
                if images % 8 == 0 {
                    store.commit(Durability::Full).unwrap();
                } else {
                    next = found;
                }
                drop(store);
                assert!(content(&mut open(last)).unwrap().1 == next, "seed {seed}, {made} calls: going on");
            }
        });
    }
    assert!(spilled > 200, "{spilled} calls before commits");
    println!("crash, pages written early: {images} images, {spilled} calls before commits");
}
