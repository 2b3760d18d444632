//! A seeded workload on a recorded medium. It writes its own history.

use std::collections::HashMap;

use wasm_dbms_api::{MemoryError, Page};
use wasm_dbms_memory::{Durability, MemoryAccess, MemoryManager, Registry, Tree, TreeState};

use super::history::{Attempt, History};
use super::recorder::Recorder;
use super::{Entries, Mix, RAW_PAGE, TREE, content, open};

/// Runs a workload.
pub(crate) struct Driver {
    pub(crate) recorder: Recorder,
    pub(crate) history: History,
    mix: Mix,
    seed: u64,
    /// Counts steps. What a step does follows from the seed and the tick alone, so that it can be done again; the commit
    /// it makes has its number.
    tick: u64,
    random: fastrand::Rng,
    store: Option<MemoryManager>,
    serial: u64,
    entries: Entries,
    /// What happened, for coverage.
    pub(crate) refused: u32,
    pub(crate) in_doubt: u32,
}

impl Driver {
    /// A workload that goes on from what stands on the medium, commit `root`, with the step `tick`.
    pub(crate) fn new(recorder: Recorder, mix: Mix, seed: u64, tick: u64, root: u64, entries: Entries) -> Self {
        let states = HashMap::from([(0, Entries::new()), (root, entries.clone())]);
        let history = History { root, attempts: Vec::new(), states };
        let store = Some(open(recorder.clone()).unwrap());
        let random = fastrand::Rng::with_seed(seed);
        let (refused, in_doubt) = (0, 0);
        Self { recorder, history, mix, seed, tick, random, store, serial: root, entries, refused, in_doubt }
    }

    /// What it does, and the seed of how.
    pub(crate) fn plan(&self) -> (Mix, u64) {
        (self.mix, self.seed)
    }

    fn store(&mut self) -> &mut MemoryManager {
        self.store.as_mut().unwrap()
    }

    /// One step of the workload.
    pub(crate) fn step(&mut self) {
        self.random = fastrand::Rng::with_seed(self.seed ^ self.tick.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        match self.mix {
            Mix::Wide => self.step_wide(),
            Mix::Ring => match self.random.u8(..100) {
                0..75 => self.commit(Durability::Full, Self::change_many),
                75..85 => self.commit(Durability::Eventual, Self::change_many),
                85..95 => self.commit(Durability::Full, Self::change_some),
                _ => self.fail(),
            },
            Mix::Loose => match self.random.u8(..100) {
                0..55 => self.commit(Durability::Eventual, Self::change_some),
                55..65 => self.commit(Durability::Eventual, Self::claim),
                65..75 => self.commit(Durability::Full, Self::change_some),
                75..90 => self.reopen(),
                _ => self.fail(),
            },
            Mix::Growing => match self.random.u8(..100) {
                0..50 => self.commit(Durability::Full, Self::claim),
                50..70 => self.commit(Durability::Eventual, Self::claim),
                70..85 => self.commit(Durability::Full, Self::grow_large),
                _ => self.commit(Durability::Full, Self::change_all),
            },
            Mix::Faulty => match self.random.u8(..100) {
                0..50 => self.fail(),
                50..70 => self.commit(Durability::Full, Self::change_many),
                _ => self.step_wide(),
            },
        }
        self.tick += 1;
    }

    fn step_wide(&mut self) {
        match self.random.u8(..100) {
            0..38 => self.commit(Durability::Full, Self::change_some),
            38..58 => self.commit(Durability::Eventual, Self::change_some),
            58..64 => self.commit(Durability::Full, Self::change_all),
            64..66 => self.commit(Durability::Eventual, Self::change_all),
            66..72 => self.commit(Durability::Full, Self::claim),
            72..77 => self.commit(Durability::Eventual, Self::release),
            77..81 => self.commit(Durability::Full, Self::grow_large),
            81..85 => self.discard(),
            85..88 => self.store().sync().unwrap(),
            88..91 => self.close(),
            91..94 => self.reopen(),
            _ => self.fail(),
        }
    }

    /// A commit on a medium that fails at one of the next calls.
    fn fail(&mut self) {
        let calls = if self.random.bool() { self.random.usize(..3) } else { self.random.usize(..16) };
        self.recorder.fail_after(Some(calls));
        let durability = if self.random.bool() { Durability::Full } else { Durability::Eventual };
        let changes = [Self::change_some, Self::change_many, Self::change_all, Self::claim, Self::grow_large];
        let change = changes[self.random.usize(..changes.len())];
        self.commit(durability, change);
        self.recorder.fail_after(None);
        if self.random.bool() {
            self.reopen();
        }
    }

    /// Claims so many pages in one commit.
    pub(crate) fn claim_many(&mut self, count: usize) {
        self.commit(Durability::Full, |store, tree, entries, random| {
            while entries.len() < count {
                Self::claim(store, tree, entries, random);
            }
        });
        self.tick += 1;
    }

    /// A commit larger than the ring, on a medium that fails after so many calls.
    pub(crate) fn fail_while_parking(&mut self, calls: usize) {
        self.recorder.fail_after(Some(calls));
        self.commit(Durability::Full, Self::change_all);
        self.recorder.fail_after(None);
        self.tick += 1;
    }

    /// Which commit it is at, and what that holds.
    pub(crate) fn state(&self) -> (u64, Entries) {
        (self.serial, self.entries.clone())
    }

    /// Closes the store cleanly and opens it again.
    pub(crate) fn close(&mut self) {
        self.store.take().unwrap().close().unwrap();
        self.reopen();
    }

    /// The process dies and starts again; the host's cache survives.
    fn reopen(&mut self) {
        self.store = None;
        self.store = Some(open(self.recorder.clone()).unwrap());
        let (serial, entries) = content(self.store()).unwrap();
        let in_doubt = self.history.attempts.last().filter(|attempt| attempt.end.is_none() && !attempt.is_refused);
        let is_known = serial == self.serial || in_doubt.is_some_and(|attempt| attempt.serial == serial);
        assert!(is_known, "commit {serial} stands where {} did", self.serial);
        assert!(self.history.states.get(&serial) == Some(&entries), "the content is not that of commit {serial}");
        (self.serial, self.entries) = (serial, entries);
    }

    fn discard(&mut self) {
        let mut entries = self.entries.clone();
        let mut tree = self.tree();
        Self::grow_large(self.store.as_mut().unwrap(), &mut tree, &mut entries, &mut self.random);
        self.store().discard();
    }

    fn tree(&mut self) -> Tree {
        Tree::at(Registry::tree_state(self.store(), TREE).unwrap().root, TREE)
    }

    fn commit(
        &mut self,
        durability: Durability,
        change: impl FnOnce(&mut MemoryManager, &mut Tree, &mut Entries, &mut fastrand::Rng),
    ) {
        let mut entries = self.entries.clone();
        let mut tree = self.tree();
        let serial = self.tick;
        let begin = self.recorder.count();
        let store = self.store.as_mut().unwrap();
        if self.serial == 0 {
            assert_eq!(Registry::add_tree(store).unwrap(), TREE);
        }
        change(store, &mut tree, &mut entries, &mut self.random);
        let state = TreeState { root: tree.root(), rows: entries.len() as u64, counter: serial };
        Registry::set_tree_state(store, TREE, &state).unwrap();
        assert_eq!(self.recorder.count(), begin, "nothing is written before the commit");
        let result = store.commit(durability);
        let is_full = durability == Durability::Full;
        let mut attempt = Attempt { serial, parent: self.serial, begin, end: None, is_full, is_refused: false };
        match result {
            Ok(()) => {
                attempt.end = Some(self.recorder.count());
                self.history.attempts.push(attempt);
                self.history.states.insert(serial, entries.clone());
                (self.serial, self.entries) = (serial, entries);
                // The checkpoint after it may have failed.
                if self.is_poisoned() {
                    self.reopen();
                }
            }
            Err(error) => {
                attempt.is_refused = !error.is_in_doubt();
                self.history.attempts.push(attempt);
                self.history.states.insert(serial, entries);
                self.go_on_after(&error);
            }
        }
    }

    /// After a failure the last commit that returned `Ok` is served; a poisoned store is opened again.
    fn go_on_after(&mut self, error: &MemoryError) {
        let (serial, entries) = content(self.store()).unwrap();
        assert_eq!(serial, self.serial, "after {error}");
        assert!(entries == self.entries, "after {error}");
        self.in_doubt += u32::from(error.is_in_doubt());
        self.refused += u32::from(!error.is_in_doubt());
        let is_poisoned = self.is_poisoned();
        assert!(is_poisoned || !error.is_in_doubt(), "writes go on after {error}");
        if is_poisoned {
            self.reopen();
        }
    }

    fn is_poisoned(&mut self) -> bool {
        let is_poisoned = self.store().edit(wasm_dbms_memory::REGISTRY_PAGE, |_| ()).is_err();
        self.store().discard();
        is_poisoned
    }

    fn change_some(store: &mut MemoryManager, tree: &mut Tree, entries: &mut Entries, random: &mut fastrand::Rng) {
        for _ in 0..random.usize(1..5) {
            let key = format!("key {:02}", random.u8(..64)).into_bytes();
            if random.u8(..4) == 0 {
                assert_eq!(tree.remove(store, &key).unwrap(), entries.remove(&key).is_some());
            } else {
                let length = if random.u8(..16) == 0 { random.usize(..9000) } else { random.usize(..900) };
                put(store, tree, entries, key, bytes(length, random));
            }
        }
    }

    /// A third of the ring.
    fn change_many(store: &mut MemoryManager, tree: &mut Tree, entries: &mut Entries, random: &mut fastrand::Rng) {
        let first = random.u8(..36);
        for number in first..first + 12 {
            let key = format!("key {number:02}").into_bytes();
            put(store, tree, entries, key, bytes(random.usize(700..900), random));
        }
    }

    /// More than the ring holds.
    fn change_all(store: &mut MemoryManager, tree: &mut Tree, entries: &mut Entries, random: &mut fastrand::Rng) {
        for number in 0..48u8 {
            let key = format!("key {number:02}").into_bytes();
            put(store, tree, entries, key, bytes(random.usize(600..900), random));
        }
    }

    fn grow_large(store: &mut MemoryManager, tree: &mut Tree, entries: &mut Entries, random: &mut fastrand::Rng) {
        put(store, tree, entries, b"large".to_vec(), bytes(random.usize(4000..24_000), random));
    }

    fn claim(store: &mut MemoryManager, tree: &mut Tree, entries: &mut Entries, random: &mut fastrand::Rng) {
        for _ in 0..random.usize(1..4) {
            let page = store.claim_page().unwrap();
            assert!(store.page(page).unwrap().iter().all(|byte| *byte == 0), "page {page} was claimed and is not zero");
            // Zero too: a fresh page must be written even if there is nothing in it.
            let stamp = random.u8(..4);
            store.edit(page, |bytes| bytes.fill(stamp)).unwrap();
            put(store, tree, entries, [&[RAW_PAGE][..], &page.to_be_bytes()].concat(), vec![stamp]);
        }
    }

    fn release(store: &mut MemoryManager, tree: &mut Tree, entries: &mut Entries, random: &mut fastrand::Rng) {
        let keys: Vec<Vec<u8>> = entries.keys().filter(|key| key.first() == Some(&RAW_PAGE)).cloned().collect();
        for key in keys.into_iter().filter(|_| random.bool()) {
            store.unclaim_page(Page::from_be_bytes(key[1..5].try_into().unwrap())).unwrap();
            tree.remove(store, &key).unwrap();
            entries.remove(&key);
        }
    }
}

fn bytes(length: usize, random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = vec![0; length];
    random.fill(&mut bytes);
    bytes
}

fn put(store: &mut MemoryManager, tree: &mut Tree, entries: &mut Entries, key: Vec<u8>, value: Vec<u8>) {
    tree.put(store, &key, &value).unwrap();
    entries.insert(key, value);
}
