//! What the tests share: stores with small pages, the whole content of a store checked and read back, a provider that
//! records every call, and a seeded workload.

#![allow(dead_code, unused_imports, reason = "each test binary uses a part of this")]

mod crash;
mod history;
mod keys;
mod recorder;
mod stores;
mod workload;

use std::collections::BTreeMap;

pub(crate) use crash::{apply_sectors, for_each_image};
pub(crate) use keys::{assert_content, commit, put};
pub(crate) use recorder::{Call, Recorder};
pub(crate) use stores::{Five, FourFunctions, NineMethods};
pub(crate) use workload::Driver;

use wasm_dbms_api::{MemoryResult, Page};
use wasm_dbms_memory::{
    HeapProvider, MemoryAccess, MemoryManager, MemoryProvider, Options, RESERVED_PAGES, Registry, Tree, UnclaimedPages,
};

/// What a tree holds.
pub(crate) type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

/// The tree that tests keep their entries in.
pub(crate) const TREE: u32 = 1;

/// Keys that begin with this byte are followed by the number of a page that was claimed outside the tree; their value
/// is the one byte that fills it.
pub(crate) const RAW_PAGE: u8 = 0xFF;

/// What a workload does most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mix {
    /// Everything.
    Wide,
    /// Commits that fill the ring in a few steps, most of them `Full`, none that grows the file much.
    Ring,
    /// Small commits, most of them `Eventual`, and processes that die.
    Loose,
    /// Half of the commits meet a failure.
    Faulty,
    /// The file grows with every step.
    Growing,
}

/// Pages of 4 KiB and a fixed database id.
pub(crate) fn options() -> Options {
    Options::new().page_size(4096).database_id(7)
}

/// A store in memory with small pages.
pub(crate) fn in_memory() -> MemoryManager {
    MemoryManager::in_memory(options()).unwrap()
}

/// Opens a store on a provider.
pub(crate) fn open(provider: impl MemoryProvider + 'static) -> MemoryResult<MemoryManager> {
    MemoryManager::open(Box::new(provider), options())
}

/// Opens a store on these bytes.
pub(crate) fn open_bytes(bytes: &[u8]) -> MemoryResult<MemoryManager> {
    open(HeapProvider::from_bytes(bytes.to_vec()))
}

/// Reads everything a store holds, the number in the tree's counter first, and checks that nothing is wrong with it.
///
/// # Errors
/// The first thing that is wrong, in words.
pub(crate) fn content(store: &mut MemoryManager) -> Result<(u64, Entries), String> {
    let words = |error: wasm_dbms_api::MemoryError| error.to_string();
    let state = Registry::tree_state(store, TREE).map_err(words)?;
    let tree = Tree::at(state.root, TREE);
    let mut entries = Entries::new();
    let mut cursor = tree.cursor();
    let mut key = Vec::new();
    let mut is_on_entry = cursor.first(store).map_err(words)?;
    while is_on_entry {
        cursor.read_key(store, &mut key).map_err(words)?;
        entries.insert(key.clone(), cursor.value(store).map_err(words)?.to_vec());
        is_on_entry = cursor.next(store).map_err(words)?;
    }
    if entries.len() as u64 != state.rows {
        return Err(format!("{} entries, the registry says {}", entries.len(), state.rows));
    }
    check_pages(store, tree, &entries)?;
    Ok((state.counter, entries))
}

/// Every page is reserved, in a tree, claimed outside it, or unclaimed: exactly one of these, and holds what it should.
fn check_pages(store: &mut MemoryManager, tree: Tree, entries: &Entries) -> Result<(), String> {
    let words = |error: wasm_dbms_api::MemoryError| error.to_string();
    let mut seen = vec![false; store.page_count() as usize];
    let mut findings = Vec::new();
    let mut visit = |page: Page| match seen.get_mut(page as usize) {
        Some(seen) => !std::mem::replace(seen, true),
        None => false,
    };
    visit(wasm_dbms_memory::UNCLAIMED_PAGES_PAGE);
    Registry::check(store, &mut visit, &mut findings).map_err(words)?;
    tree.check(store, &mut visit, &mut findings).map_err(words)?;
    for (key, value) in entries.iter().filter(|(key, _)| key.first() == Some(&RAW_PAGE)) {
        let page = Page::from_be_bytes(key[1..5].try_into().unwrap());
        if !visit(page) {
            findings.push(format!("page {page} was claimed and is used elsewhere"));
        }
        if store.page(page).map_err(words)?.iter().any(|byte| *byte != value[0]) {
            findings.push(format!("page {page} does not hold what was written"));
        }
    }
    for page in UnclaimedPages::list(store).map_err(words)? {
        if !visit(page) {
            findings.push(format!("page {page} is unclaimed and in use"));
        }
        store.page(page).map_err(words)?;
    }
    findings
        .extend((0..).zip(&seen).filter(|(_, seen)| !**seen).map(|(page, _): (Page, _)| format!("page {page} leaked")));
    debug_assert!(seen.len() >= RESERVED_PAGES as usize);
    if findings.is_empty() { Ok(()) } else { Err(findings.join("; ")) }
}
