//! On a host where a message's writes survive all or not at all, a commit is in place when it returns: no log.

use wasm_dbms_api::{MemoryError, MemoryResult};
use wasm_dbms_memory::{Durability, Guarantees, HeapProvider, MemoryManager, MemoryProvider};

use crate::support::{assert_content, commit, open, open_bytes, options, put};

/// A canister's memory: no sync, and nothing of a message that traps.
#[derive(Debug, Clone, Default)]
struct Canister(HeapProvider);

impl MemoryProvider for Canister {
    fn size(&self) -> MemoryResult<u64> {
        self.0.size()
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        if size < self.0.size()? {
            return Err(Box::new(MemoryError::Host {
                operation: "set_size",
                reason: "it only grows".into(),
                is_full: false,
            }));
        }
        self.0.set_size(size)
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        self.0.read(offset, buffer)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        self.0.write(offset, bytes)
    }

    fn sync(&self) -> MemoryResult<()> {
        Ok(())
    }

    fn guarantees(&self) -> Guarantees {
        Guarantees { is_persistent: true }
    }

    fn is_message_atomic(&self) -> bool {
        true
    }
}

#[test]
fn what_stands_after_each_message_is_the_commit_and_the_ring_is_never_used() {
    let canister = Canister::default();
    let mut store = open(canister.clone()).unwrap();
    for byte in 1..30 {
        commit(&mut store, 0..u32::from(byte) * 10, byte, 300);
        let bytes = canister.0.to_bytes();
        assert!(bytes[8192..40_960].iter().all(|byte| *byte == 0));
        // Anybody can read it, and the canister after an upgrade.
        assert_content(&mut open_bytes(&bytes).unwrap(), 0..u32::from(byte) * 10, byte, 300);
        if byte % 7 == 0 {
            drop(store);
            store = open(canister.clone()).unwrap();
            assert_content(&mut store, 0..u32::from(byte) * 10, byte, 300);
        }
    }
}

#[test]
fn a_message_that_traps_never_was() {
    let canister = Canister::default();
    let mut store = open(canister.clone()).unwrap();
    commit(&mut store, 0..50, 1, 300);
    let before = canister.0.to_bytes();
    put(&mut store, 0..90, 2, 300);
    // The message ends before the commit: nothing was written.
    assert!(canister.0.to_bytes() == before);
    store.commit(Durability::Full).unwrap();
    // The message traps after it: the host puts everything back.
    drop(store);
    assert_content(&mut open_bytes(&before).unwrap(), 0..50, 1, 300);
}

#[test]
fn the_export_is_that_of_any_other_host_and_a_small_cache_changes_nothing() {
    let canister = Canister::default();
    let small = MemoryManager::open(Box::new(canister), options().cache_bytes(0)).unwrap();
    let mut exports = Vec::new();
    for mut store in [small, open(HeapProvider::new()).unwrap()] {
        for byte in 1..9 {
            commit(&mut store, 0..1000, byte, 200);
        }
        let mut export = Vec::new();
        store.export(&mut export).unwrap();
        exports.push(export);
    }
    assert!(exports[0] == exports[1]);
}

#[test]
fn a_log_that_another_host_left_is_replayed_first() {
    let heap = HeapProvider::new();
    let mut store = open(heap.clone()).unwrap();
    for byte in 1..4 {
        commit(&mut store, 0..300, byte, 100);
    }
    drop(store);
    let mut store = open(Canister(heap.clone())).unwrap();
    assert_content(&mut store, 0..300, 3, 100);
    commit(&mut store, 0..400, 4, 100);
    drop(store);
    assert_content(&mut open(heap).unwrap(), 0..400, 4, 100);
}
