//! A tree of keys on a bare store: every page of it is accounted for.

use std::collections::BTreeMap;

use wasm_dbms_api::Page;
use wasm_dbms_memory::{
    MemoryAccess, MemoryManager, RESERVED_PAGES, Registry, Tree, TreeState, UNCLAIMED_PAGES_PAGE, UnclaimedPages,
};

use crate::image::hash_of;
use crate::workload::Trouble;

/// What a tree holds.
pub type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

/// The tree that the entries stand in.
pub const TREE: u32 = 1;

/// Keys that begin with this byte are followed by the number of a page that was claimed outside the tree; their value
/// is the one byte that fills it.
pub const RAW_PAGE: u8 = 0xFF;

/// What a transaction does to the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// A few keys.
    Some,
    /// A third of the ring.
    Many,
    /// More than the ring holds.
    All,
    /// A value of many pages.
    Large,
    /// Pages outside the tree are claimed.
    Claim,
    /// So many of them: more than a small cache holds, so that some are written before the commit.
    ClaimMany(usize),
    /// And released.
    Release,
    /// Most keys go, so that nodes merge.
    Clear,
    /// Keys of a page and more.
    Long,
    /// Another tree comes and goes in the registry.
    Trees,
}

/// A transaction under way.
struct Batch<'a, M> {
    store: &'a mut M,
    tree: Tree,
    entries: &'a mut Entries,
    random: &'a mut fastrand::Rng,
}

/// Makes a change in the tree and in `entries`, and notes `serial` as the tree's counter. Nothing is committed.
pub(crate) fn change<M: MemoryAccess>(
    store: &mut M,
    entries: &mut Entries,
    serial: u64,
    change: Change,
    random: &mut fastrand::Rng,
) -> Result<(), Trouble> {
    let state = Registry::tree_state(store, TREE)?;
    if state == TreeState::default() {
        let tree = Registry::add_tree(store)?;
        if tree != TREE {
            return Err(Trouble::Wrong(format!("the first tree is number {tree}")));
        }
    }
    let mut batch = Batch { store, tree: Tree::at(state.root, TREE), entries, random };
    batch.apply(change)?;
    let Batch { store, tree, entries, .. } = batch;
    let state = TreeState { root: tree.root(), rows: entries.len() as u64, counter: serial };
    Ok(Registry::set_tree_state(store, TREE, &state)?)
}

impl<M: MemoryAccess> Batch<'_, M> {
    fn apply(&mut self, change: Change) -> Result<(), Trouble> {
        match change {
            Change::Some => self.some(),
            Change::Many => {
                let first = self.random.u8(..36);
                (first..first + 12).try_for_each(|number| self.put_sized(numbered(number), 700..900))
            }
            Change::All => (0..48).try_for_each(|number| self.put_sized(numbered(number), 600..900)),
            Change::Large => self.put_sized(b"large".to_vec(), 4000..24_000),
            Change::Claim => {
                let count = self.random.usize(1..4);
                self.claim(count)
            }
            Change::ClaimMany(count) => self.claim(count),
            Change::Release => self.release(),
            Change::Clear => {
                let keys: Vec<Vec<u8>> = self.entries.keys().filter(|key| !is_raw(key)).cloned().collect();
                keys.into_iter().try_for_each(|key| if self.random.u8(..8) > 0 { self.remove(&key) } else { Ok(()) })
            }
            Change::Long => {
                let mut key = b"long ".to_vec();
                key.resize(self.random.usize(900..6000), b'x');
                key.push(self.random.u8(..4));
                self.put_sized(key, 0..600)
            }
            Change::Trees => {
                let number = Registry::add_tree(self.store)?;
                let mut tree = Tree::at(0, number);
                tree.put(self.store, b"key", &[1; 2000])?;
                Registry::set_tree_state(self.store, number, &TreeState { root: tree.root(), rows: 1, counter: 0 })?;
                self.some()?;
                Ok(Registry::remove_tree(self.store, number)?)
            }
        }
    }

    fn some(&mut self) -> Result<(), Trouble> {
        for _ in 0..self.random.usize(1..5) {
            let key = numbered(self.random.u8(..64));
            if self.random.u8(..4) == 0 {
                self.remove(&key)?;
            } else {
                let longest = if self.random.u8(..16) == 0 { 9000 } else { 900 };
                self.put_sized(key, 0..longest)?;
            }
        }
        Ok(())
    }

    fn put_sized(&mut self, key: Vec<u8>, lengths: std::ops::Range<usize>) -> Result<(), Trouble> {
        let mut value = vec![0; self.random.usize(lengths)];
        self.random.fill(&mut value);
        self.put(key, value)
    }

    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<(), Trouble> {
        let was_there = self.tree.put(self.store, &key, &value)?;
        self.agree(was_there, |entries| entries.insert(key, value).is_some())
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), Trouble> {
        let was_there = self.tree.remove(self.store, key)?;
        self.agree(was_there, |entries| entries.remove(key).is_some())
    }

    fn agree(&mut self, was_there: bool, model: impl FnOnce(&mut Entries) -> bool) -> Result<(), Trouble> {
        if model(self.entries) == was_there {
            Ok(())
        } else {
            Err(Trouble::Wrong("the tree and its model differ".into()))
        }
    }

    fn claim(&mut self, count: usize) -> Result<(), Trouble> {
        for _ in 0..count {
            let page = self.store.claim_page()?;
            if !self.store.view(page, |bytes| bytes.iter().all(|byte| *byte == 0))? {
                return Err(Trouble::Wrong(format!("page {page} was claimed and is not zero")));
            }
            // Zero too: a fresh page must be written even if there is nothing in it.
            let stamp = self.random.u8(..4);
            self.store.edit(page, |bytes| bytes.fill(stamp))?;
            self.put([&[RAW_PAGE][..], &page.to_be_bytes()].concat(), vec![stamp])?;
        }
        Ok(())
    }

    fn release(&mut self) -> Result<(), Trouble> {
        let keys: Vec<Vec<u8>> = self.entries.keys().filter(|key| is_raw(key)).cloned().collect();
        for key in keys {
            if self.random.bool() {
                self.store.unclaim_page(raw_page(&key))?;
                self.remove(&key)?;
            }
        }
        Ok(())
    }
}

fn numbered(number: u8) -> Vec<u8> {
    format!("key {number:02}").into_bytes()
}

fn is_raw(key: &[u8]) -> bool {
    key.first() == Some(&RAW_PAGE)
}

fn raw_page(key: &[u8]) -> Page {
    key.get(1..).and_then(|number| number.first_chunk()).map_or(0, |number| Page::from_be_bytes(*number))
}

/// A digest of keys and values in order.
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) fn new() -> Self {
        Self(0)
    }

    pub(crate) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.0 = hash_of(hash_of(self.0, key), value);
    }

    /// The digest of all that was added, under this number.
    pub(crate) fn finish(self, serial: u64) -> u64 {
        hash_of(self.0, &serial.to_le_bytes())
    }
}

/// The digest of these entries under the tree's counter.
pub(crate) fn digest_of(serial: u64, entries: &Entries) -> u64 {
    let mut digest = Digest::new();
    entries.iter().for_each(|(key, value)| digest.add(key, value));
    digest.finish(serial)
}

/// Reads everything that the tree holds, tells `visit` of each entry, and checks that nothing is wrong with any page.
/// Returns the tree's counter.
///
/// # Errors
/// What the store says; in words, what is wrong.
pub(crate) fn read<M: MemoryAccess>(
    store: &mut M,
    pages: Page,
    visit: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<u64, Trouble> {
    // What cannot be read is an error here, and a finding in words where trees are walked below.
    (0..pages).try_for_each(|page| store.view(page, |_| ()))?;
    let state = Registry::tree_state(store, TREE)?;
    let tree = Tree::at(state.root, TREE);
    let mut raw = Vec::new();
    let mut cursor = tree.cursor();
    let mut key = Vec::new();
    let mut rows = 0;
    let mut is_on_entry = cursor.first(store)?;
    while is_on_entry {
        cursor.read_key(store, &mut key)?;
        let value = cursor.value(store)?;
        visit(&key, &value);
        if is_raw(&key) {
            raw.push((raw_page(&key), value.first().copied()));
        }
        rows += 1;
        is_on_entry = cursor.next(store)?;
    }
    let mut findings = Vec::new();
    if rows != state.rows {
        findings.push(format!("{rows} entries, the registry says {}", state.rows));
    }
    check_pages(store, pages, tree, &raw, &mut findings)?;
    if findings.is_empty() { Ok(state.counter) } else { Err(Trouble::Wrong(findings.join("; "))) }
}

/// Every page is reserved, in a tree, claimed outside it, or unclaimed: exactly one of these, and holds what it should.
fn check_pages<M: MemoryAccess>(
    store: &mut M,
    pages: Page,
    tree: Tree,
    raw: &[(Page, Option<u8>)],
    findings: &mut Vec<String>,
) -> Result<(), Trouble> {
    let mut seen = vec![false; pages.max(RESERVED_PAGES) as usize];
    let mut visit = |page: Page| match seen.get_mut(page as usize) {
        Some(seen) => !std::mem::replace(seen, true),
        None => false,
    };
    visit(UNCLAIMED_PAGES_PAGE);
    Registry::check(store, &mut visit, findings)?;
    tree.check(store, &mut visit, findings)?;
    for (page, stamp) in raw {
        if !visit(*page) {
            findings.push(format!("page {page} was claimed and is used elsewhere"));
        }
        // No early end, so that many bytes are compared at once.
        let differs =
            |bytes: &[u8]| stamp.is_none_or(|stamp| bytes.iter().fold(0, |bits, byte| bits | byte ^ stamp) != 0);
        if store.view(*page, differs)? {
            findings.push(format!("page {page} does not hold what was written"));
        }
    }
    for page in UnclaimedPages::list(store)? {
        if !visit(page) {
            findings.push(format!("page {page} is unclaimed and in use"));
        }
        store.view(page, |_| ())?;
    }
    let leaked = (0..).zip(&seen).filter(|(_, seen)| !**seen);
    findings.extend(leaked.map(|(page, _): (Page, _)| format!("page {page} leaked")));
    Ok(())
}

/// Reads everything that a store with one tree of keys holds, the tree's counter first, and checks every page.
///
/// # Errors
/// The first thing that is wrong, in words.
pub fn content(store: &mut MemoryManager) -> Result<(u64, Entries), String> {
    let mut entries = Entries::new();
    let pages = store.page_count();
    let serial = read(store, pages, &mut |key, value| {
        entries.insert(key.to_vec(), value.to_vec());
    });
    serial.map(|serial| (serial, entries)).map_err(|trouble| trouble.to_string())
}
