//! A tree behaves as `std::collections::BTreeMap` does, whatever is done to it: a seeded model test.

use std::collections::BTreeMap;

use wasm_dbms_api::Page;
use wasm_dbms_memory::{
    ChainWalk, MAX_RUN_BYTES, MemoryAccess, MemoryManager, NodeSummary, Options, RESERVED_PAGES, Run, Targets, Tree,
    UnclaimedPages,
};

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// What the keys of a run look like.
#[derive(Debug, Clone, Copy)]
enum Keys {
    /// Few bytes, many collisions.
    Short,
    /// Numbers, mostly ascending.
    Ascending,
    /// Numbers as a length byte and their significant bytes, mostly ascending: keys that fit the heads of their slots.
    Coded,
    /// Long shared prefixes, some keys longer than a node keeps inline.
    Long,
}

struct Drive {
    random: fastrand::Rng,
    keys: Keys,
    next: u64,
    drawn: usize,
}

impl Drive {
    fn key(&mut self) -> Vec<u8> {
        match self.keys {
            Keys::Short => {
                let length = self.random.usize(0..6);
                (0..length).map(|_| self.random.u8(..4) * 60).collect()
            }
            Keys::Ascending => {
                if self.random.u8(..4) > 0 {
                    self.next += 1;
                    return self.next.to_be_bytes().to_vec();
                }
                self.random.u64(..=self.next).to_be_bytes().to_vec()
            }
            Keys::Coded => {
                self.next += u64::from(self.random.u8(..4) > 0);
                let number = if self.random.u8(..8) > 0 { self.next } else { self.random.u64(..=self.next) };
                let skipped = number.leading_zeros() as usize / 8;
                let mut key = vec![0x88 - skipped as u8];
                key.extend_from_slice(&number.to_be_bytes()[skipped..]);
                key
            }
            Keys::Long => {
                let shared = [0, 3, 400, 511, 512, 513, 2000, 9000][self.random.usize(..8)];
                let mut key = vec![b'k'; shared];
                key.extend((0..self.random.usize(0..5)).map(|_| self.random.u8(b'i'..=b'm')));
                key
            }
        }
    }

    /// Values of all lengths, for a while only empty ones, then both: leaves that say once how long values are become
    /// leaves that say it for each, and back.
    fn value(&mut self) -> Vec<u8> {
        self.drawn += 1;
        let phase = self.drawn / 3000 % 4;
        if phase == 1 || phase == 2 && self.random.u8(..50) > 0 {
            return Vec::new();
        }
        let length = match self.random.u8(..100) {
            0 => self.random.usize(0..20_000),
            1..10 => self.random.usize(0..1200),
            _ => self.random.usize(0..60),
        };
        vec![self.random.u8(..); length]
    }
}

fn compare(store: &mut MemoryManager, tree: Tree, model: &Model, what: &str) {
    let mut cursor = tree.cursor();
    let mut key = Vec::new();
    let mut found = cursor.first(store).unwrap();
    for (expected_key, expected_value) in model {
        assert!(found, "{what}: the tree ends before {expected_key:?}");
        cursor.read_key(store, &mut key).unwrap();
        assert!(key == *expected_key, "{what}: {key:?} where {expected_key:?} should be");
        assert!(*cursor.value(store).unwrap() == **expected_value, "{what}: the value of {key:?} differs");
        found = cursor.next(store).unwrap();
    }
    assert!(!found, "{what}: the tree goes on after its last key");
    let mut found = cursor.last(store).unwrap();
    for expected_key in model.keys().rev() {
        assert!(found, "{what}: backwards the tree ends before {expected_key:?}");
        cursor.read_key(store, &mut key).unwrap();
        assert!(key == *expected_key, "{what}: backwards {key:?} where {expected_key:?} should be");
        found = cursor.prev(store).unwrap();
    }
    assert!(!found, "{what}: backwards the tree goes on");
    check_pages(store, tree, model.len(), what);
}

/// Every page is in the tree once, or unclaimed once, or reserved.
fn check_pages(store: &mut MemoryManager, tree: Tree, entries: usize, what: &str) {
    let mut seen = vec![false; store.page_count() as usize];
    let mut visit = |page: Page| !std::mem::replace(&mut seen[page as usize], true);
    let mut findings = Vec::new();
    let counted = tree.check(store, &mut visit, &mut findings).unwrap();
    for page in UnclaimedPages::list(store).unwrap() {
        if !visit(page) {
            findings.push(format!("page {page} is unclaimed and in use"));
        }
    }
    for page in (0..seen.len() as Page).filter(|page| *page >= RESERVED_PAGES) {
        if !seen[page as usize] {
            findings.push(format!("page {page} leaked"));
        }
    }
    assert!(findings.is_empty(), "{what}: {findings:#?}");
    assert_eq!(counted as usize, entries, "{what}");
}

/// Moves pages of the tree in front.
fn move_some(store: &mut MemoryManager, tree: &mut Tree, random: &mut fastrand::Rng) {
    UnclaimedPages::sort(store).unwrap();
    let mut targets = Targets::claim(store, random.usize(..5)).unwrap();
    let limit = random.u32(RESERVED_PAGES..=store.page_count());
    let mut walk = ChainWalk::default();
    while !targets.is_empty() {
        let mut pages = random.usize(..20);
        if tree.relocate_chains(store, &mut walk, limit, &mut targets, &mut pages).unwrap() {
            break;
        }
    }
    for page in (RESERVED_PAGES..store.page_count()).rev().take(8) {
        let kind = store.view(page, |bytes| NodeSummary::of(bytes).kind).unwrap();
        if matches!(kind, "leaf" | "branch") && !targets.holds(page) {
            tree.relocate_node(store, page, &mut targets).unwrap();
        }
    }
    targets.release(store).unwrap();
}

fn drive(seed: u64, keys: Keys, operations: usize, page_size: usize) {
    let mut store = MemoryManager::in_memory(Options::new().page_size(page_size)).unwrap();
    let mut tree = Tree::new(1);
    let mut model = Model::new();
    let mut run = Drive { random: fastrand::Rng::with_seed(seed), keys, next: 0, drawn: 0 };
    for step in 0..operations {
        let what = format!("seed {seed}, {keys:?}, page size {page_size}, step {step}");
        // Phases of growth and of decline, so that splits and merges both happen at every size.
        let is_growing = (step / (operations / 8).max(1)).is_multiple_of(2);
        let key = run.key();
        match run.random.u8(..10) {
            choice if choice < if is_growing { 6 } else { 2 } => {
                let value = run.value();
                let was_there = tree.put(&mut store, &key, &value).unwrap();
                assert_eq!(was_there, model.insert(key, value).is_some(), "{what}");
            }
            choice if choice < 8 => {
                // Remove what is there: the first key at or above.
                let key = model.range(key.clone()..).next().map_or(key, |(key, _)| key.clone());
                assert_eq!(tree.remove(&mut store, &key).unwrap(), model.remove(&key).is_some(), "{what}");
            }
            8 if run.random.u8(..8) == 0 => {
                // Fill leaves up from here on, as a vacuum does, and move a page of the tree in front.
                let mut from = Some(key);
                for _ in 0..3 {
                    from = from.and_then(|key| tree.pack_step(&mut store, &key).unwrap());
                }
                move_some(&mut store, &mut tree, &mut run.random);
            }
            8 if is_growing && run.random.u8(..24) == 0 => {
                // Many entries at once, some of them there already, some twice.
                let mut many = Run::default();
                let most = [4, 40, 400][run.random.usize(..3)];
                for _ in 0..run.random.usize(1..most) {
                    let (key, value) = (run.key(), run.value());
                    many.push(&key, &value);
                    model.insert(key, value);
                }
                tree.put_run(&mut store, &mut many).unwrap();
                assert!(many.is_empty(), "{what}");
            }
            8 if run.random.u8(..32) == 0 => {
                // A range, mostly a small one; sometimes up to the end.
                let many = [3, 30, 3000][run.random.usize(..3)];
                let end = model.range(key.clone()..).nth(run.random.usize(..many)).map(|(key, _)| key.clone());
                let gone: Vec<Vec<u8>> = match &end {
                    Some(end) => model.range(key.clone()..end.clone()).map(|(key, _)| key.clone()).collect(),
                    None => model.range(key.clone()..).map(|(key, _)| key.clone()).collect(),
                };
                let removed = tree.remove_range(&mut store, &key, end.as_deref()).unwrap();
                assert_eq!(removed, gone.len() as u64, "{what}");
                gone.iter().for_each(|key| drop(model.remove(key)));
            }
            8 => {
                let value = tree.get(&mut store, &key).unwrap();
                assert!(value.as_deref() == model.get(&key).map(Vec::as_slice), "{what}");
            }
            _ => {
                let mut cursor = tree.cursor();
                let expected = model.range(key.clone()..).next();
                assert_eq!(cursor.seek(&mut store, &key).unwrap(), expected.is_some(), "{what}");
                if let Some((expected, _)) = expected {
                    let mut found = Vec::new();
                    cursor.read_key(&mut store, &mut found).unwrap();
                    assert!(found == *expected, "{what}");
                }
                let expected = model.range(..key.clone()).next_back();
                assert_eq!(cursor.seek_before(&mut store, &key).unwrap(), expected.is_some(), "{what}");
            }
        }
        if step % (operations / 16).max(1) == 0 {
            compare(&mut store, tree, &model, &what);
            store.commit(Default::default()).unwrap();
        }
    }
    let what = format!("seed {seed}, {keys:?}, at the end");
    compare(&mut store, tree, &model, &what);
    for key in model.keys() {
        assert!(tree.remove(&mut store, key).unwrap(), "{what}");
    }
    compare(&mut store, tree, &Model::new(), &what);
    assert_eq!(tree.root(), 0, "{what}: an empty tree has no page");
}

#[test]
fn a_tree_equals_the_model_after_a_million_operations() {
    let seed = 20_261_122;
    let mut operations = 0;
    for (index, keys, count, page_size) in [
        (0, Keys::Short, 300_000, 4096),
        (1, Keys::Ascending, 400_000, 8192),
        (2, Keys::Long, 60_000, 4096),
        (3, Keys::Ascending, 150_000, 65536),
        (4, Keys::Short, 100_000, 16384),
        (5, Keys::Long, 20_000, 65536),
        (6, Keys::Coded, 300_000, 4096),
    ] {
        drive(seed + index, keys, count, page_size);
        operations += count;
    }
    assert!(operations >= 1_000_000);
}

/// Sorted, random entries fill leaf after leaf, and leave a tenth of each free.
#[test]
fn a_run_into_an_empty_tree_fills_nine_tenths_of_every_leaf() {
    let mut store = MemoryManager::in_memory(Options::new()).unwrap();
    let (mut tree, mut run) = (Tree::new(1), Run::default());
    let mut random = fastrand::Rng::with_seed(20_261_122);
    for _ in 0..50_000 {
        let key: Vec<u8> = (0..20).map(|_| random.u8(b'a'..=b'z')).collect();
        run.push(&key, b"");
    }
    assert!(!run.is_full(1));
    tree.put_run(&mut store, &mut run).unwrap();
    check_pages(&mut store, tree, 50_000, "after the run");
    let mut fills = Vec::new();
    for page in RESERVED_PAGES..store.page_count() {
        let summary = store.view(page, NodeSummary::of).unwrap();
        if summary.kind == "leaf" {
            fills.push(summary.used_bytes);
        }
    }
    fills.sort_unstable();
    let full = 8192 * 9 / 10;
    assert!(fills[1] >= full - 100 && *fills.last().unwrap() <= full + 100, "{fills:?}");
}

/// The bug: whether a key is above all of a leaf was seen by a head that had bytes of it which stand in chains.
#[test]
fn a_run_of_keys_that_differ_in_their_chains_only_is_in_order() {
    let mut store = MemoryManager::in_memory(Options::new().page_size(4096)).unwrap();
    let (mut tree, mut run, mut model) = (Tree::new(1), Run::default(), Model::new());
    let mut random = fastrand::Rng::with_seed(20_261_122);
    for _ in 0..60 {
        let key = [&[b'k'; 511][..], &random.u32(..).to_be_bytes()].concat();
        run.push(&key, b"");
        model.insert(key, Vec::new());
        if random.u8(..10) == 0 {
            tree.put_run(&mut store, &mut run).unwrap();
        }
    }
    tree.put_run(&mut store, &mut run).unwrap();
    compare(&mut store, tree, &model, "after the runs");
}

/// A run may fill memory and no more: whoever collects entries asks whether it is full.
#[test]
fn a_run_says_when_it_is_full() {
    let mut run = Run::default();
    let mut entries = 0;
    while !run.is_full(1) {
        run.push(&[7; 70], &[7; 30]);
        entries += 1;
    }
    assert!((MAX_RUN_BYTES / 140..=MAX_RUN_BYTES / 100).contains(&entries), "{entries} entries");
    // Where each stands is noted twice while they are sorted.
    assert_eq!(run.memory_bytes(), entries * (100 + 2 * 24));
    run.clear();
    assert!(run.is_empty() && !run.is_full(1));
}

#[test]
fn clearing_a_tree_gives_every_page_back() {
    let mut store = MemoryManager::in_memory(Options::new().page_size(4096)).unwrap();
    let mut tree = Tree::new(1);
    for number in 0..5000u32 {
        tree.put(&mut store, &number.to_be_bytes(), &vec![7; number as usize % 3000]).unwrap();
    }
    tree.clear(&mut store).unwrap();
    check_pages(&mut store, tree, 0, "after clearing");
    let grown = store.page_count();
    for number in 0..5000u32 {
        tree.put(&mut store, &number.to_be_bytes(), &vec![7; number as usize % 3000]).unwrap();
    }
    assert_eq!(store.page_count(), grown, "the same content needs no new page");
    assert_eq!(store.page_size(), 4096);
}

#[test]
fn a_key_or_value_too_long_is_refused_and_changes_nothing() {
    let mut store = MemoryManager::in_memory(Options::new()).unwrap();
    let mut tree = Tree::new(1);
    let longest = vec![b'k'; wasm_dbms_memory::MAX_KEY_BYTES];
    tree.put(&mut store, &longest, b"fits").unwrap();
    let too_long = vec![b'k'; wasm_dbms_memory::MAX_KEY_BYTES + 1];
    let error = tree.put(&mut store, &too_long, b"does not").unwrap_err();
    assert_eq!(error.to_string(), "the length of a key exceeds the limit of 1048576");
    assert_eq!(tree.get(&mut store, &longest).unwrap().as_deref(), Some(&b"fits"[..]));
    check_pages(&mut store, tree, 1, "after the refusal");
}

/// The bug: keys short enough to fit their heads have no tails that a shared prefix could shorten, so a full node without
/// a prefix did not fit when it was laid out with one.
#[test]
fn full_nodes_of_short_keys_can_be_laid_out_again() {
    let mut store = MemoryManager::in_memory(Options::new()).unwrap();
    let mut tree = Tree::new(1);
    for number in 0..100_000u32 {
        let skipped = number.leading_zeros() as usize / 8;
        let mut key = vec![0x84 - skipped as u8];
        key.extend_from_slice(&number.to_be_bytes()[skipped..]);
        tree.put(&mut store, &key, &[7; 237]).unwrap();
    }
    check_pages(&mut store, tree, 100_000, "after ascending inserts");
}

#[test]
fn packing_fills_the_leaves_that_random_inserts_leave_half_empty() {
    let mut store = MemoryManager::in_memory(Options::new()).unwrap();
    let mut tree = Tree::new(1);
    let mut random = fastrand::Rng::with_seed(20_261_122);
    for _ in 0..60_000 {
        tree.put(&mut store, &random.u64(..).to_be_bytes(), &[7; 20]).unwrap();
    }
    let used = |store: &mut MemoryManager| store.page_count() - UnclaimedPages::count(store).unwrap();
    let before = used(&mut store);
    let mut from = Some(Vec::new());
    let mut steps = 0;
    while let Some(key) = from {
        from = tree.pack_step(&mut store, &key).unwrap();
        steps += 1;
    }
    let after = used(&mut store);
    println!("{before} pages, {after} after {steps} steps");
    assert!(steps < before * 2, "each leaf is taken a few times");
    // A key of 8, a value of 20, 2 lengths, a slot of 6, less the 4 bytes of the head.
    let full = 60_000 * 32 / (8192 - 32);
    assert!(after * 100 <= full * 104, "{after} pages where {full} would be full");
    check_pages(&mut store, tree, 60_000, "after packing");
}

/// The bug: a leaf that lost its last entry stayed, empty, between neighbours that were full.
#[test]
fn an_empty_leaf_between_full_ones_is_given_back() {
    let mut store = MemoryManager::in_memory(Options::new().page_size(4096)).unwrap();
    let mut tree = Tree::new(1);
    for number in 0..3000u32 {
        tree.put(&mut store, &number.to_be_bytes(), &[7; 40]).unwrap();
    }
    let used = |store: &mut MemoryManager| store.page_count() - UnclaimedPages::count(store).unwrap();
    let before = used(&mut store);
    // Ascending inserts fill their leaves: of some eighty entries each, these are the whole of several.
    for number in 1000..1500u32 {
        assert!(tree.remove(&mut store, &number.to_be_bytes()).unwrap());
    }
    assert!(used(&mut store) <= before - 5, "{before} pages before, {} after", used(&mut store));
    check_pages(&mut store, tree, 2500, "after the removal");
    for page in RESERVED_PAGES..store.page_count() {
        let (kind, entries) =
            store.view(page, |bytes| (NodeSummary::of(bytes).kind, NodeSummary::of(bytes).entries)).unwrap();
        assert!(kind != "leaf" || entries > 0, "page {page} is an empty leaf");
    }
}

#[test]
fn removing_a_range_releases_its_pages_and_leaves_the_rest() {
    let mut random = fastrand::Rng::with_seed(20_261_122);
    for round in 0..60 {
        let mut store = MemoryManager::in_memory(Options::new().page_size(4096)).unwrap();
        let mut tree = Tree::new(1);
        let mut model = Model::new();
        for _ in 0..random.usize(1..4000) {
            let key = [&random.u16(..).to_be_bytes()[..], &vec![b'k'; [0, 0, 9, 700][random.usize(..4)]]].concat();
            let value = vec![1; if random.u8(..60) == 0 { 9000 } else { random.usize(..90) }];
            tree.put(&mut store, &key, &value).unwrap();
            model.insert(key, value);
        }
        let (from, to) = (random.u16(..).to_be_bytes().to_vec(), random.u16(..).to_be_bytes().to_vec());
        let to = (random.u8(..5) > 0).then_some(to);
        let before = model.len();
        model.retain(|key, _| *key < from || to.as_ref().is_some_and(|to| key >= to));
        let removed = tree.remove_range(&mut store, &from, to.as_deref()).unwrap();
        assert_eq!(removed as usize, before - model.len(), "round {round}");
        compare(&mut store, tree, &model, &format!("round {round}"));
        assert_eq!(tree.remove_range(&mut store, &[], None).unwrap() as usize, model.len(), "round {round}");
        compare(&mut store, tree, &Model::new(), &format!("round {round}, all"));
        assert_eq!(tree.root(), 0, "round {round}: an empty tree has no page");
    }
}
