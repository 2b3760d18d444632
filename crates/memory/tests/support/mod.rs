//! What the tests share: stores with small pages, the whole content of a store checked and read back, a medium that
//! records every call and can be told to fail.

#![allow(dead_code, unused_imports, reason = "the tests that are binaries of their own use a part of this")]

mod keys;
mod stores;

pub(crate) use keys::{assert_content, commit, put};
pub(crate) use stores::{Five, FourFunctions, NineMethods};

pub(crate) use wasm_dbms_sim::workload::{Entries, TREE, content};
pub(crate) use wasm_dbms_sim::{Call, Fault, Faulty, Injection, Recorder};

use wasm_dbms_api::MemoryResult;
use wasm_dbms_memory::{HeapProvider, MemoryManager, MemoryProvider, Options};

/// A medium that records every call and can be told to fail. Clones share it.
pub(crate) type Medium = Recorder<Faulty<HeapProvider>>;

/// A medium that holds these bytes.
pub(crate) fn medium_of(bytes: &[u8]) -> Medium {
    Recorder::new(Faulty::new(HeapProvider::from_bytes(bytes.to_vec())))
}

/// What a medium holds.
pub(crate) fn bytes_of(medium: &Medium) -> Vec<u8> {
    medium.inner().inner().to_bytes()
}

/// The change of the medium after `changes` more fails: a write half done, a size or sync not at all.
pub(crate) fn fail_after(medium: &Medium, changes: u64) {
    medium.inner().inject(Injection::after_changes(changes, Fault::Error));
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
