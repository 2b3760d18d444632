//! The provider over stable memory that is not there: it keeps the contract, and refuses what is not its own. In a canister
//! `cargo xtask canister` runs it.

#![cfg(test)]

use std::sync::{Arc, Mutex};

use wasm_dbms::{MemoryProvider, Options};
use wasm_dbms_canister::{StableMemory, StableMemoryProvider};

const PAGE_BYTES: usize = 64 << 10;

/// Stable memory of so many pages at most.
#[derive(Clone)]
struct Pretended {
    bytes: Arc<Mutex<Vec<u8>>>,
    pages_max: usize,
}

impl Pretended {
    fn new(pages_max: usize) -> Self {
        Self { bytes: Arc::default(), pages_max }
    }
}

impl StableMemory for Pretended {
    fn size_pages(&self) -> u64 {
        (self.bytes.lock().unwrap().len() / PAGE_BYTES) as u64
    }

    fn grow(&self, pages: u64) -> bool {
        let mut bytes = self.bytes.lock().unwrap();
        let wanted = (bytes.len() / PAGE_BYTES) as u64 + pages;
        let is_possible = wanted <= self.pages_max as u64;
        if is_possible {
            bytes.resize(wanted as usize * PAGE_BYTES, 0);
        }
        is_possible
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) {
        let bytes = self.bytes.lock().unwrap();
        buffer.copy_from_slice(&bytes[offset as usize..offset as usize + buffer.len()]);
    }

    fn write(&self, offset: u64, written: &[u8]) {
        let mut bytes = self.bytes.lock().unwrap();
        bytes[offset as usize..offset as usize + written.len()].copy_from_slice(written);
    }

    fn time(&self) -> u64 {
        7
    }
}

mod contract {
    wasm_dbms_sim::conformance!({
        let memory = super::Pretended::new(4096);
        move || super::StableMemoryProvider::over(memory.clone()).unwrap()
    });
}

#[test]
fn memory_that_does_not_grow_is_a_full_medium() {
    let provider = StableMemoryProvider::over(Pretended::new(2)).unwrap();
    assert_eq!(provider.write(0, &[1; 2 * PAGE_BYTES - 64]).unwrap(), 2 * PAGE_BYTES - 64);
    let error = provider.write(2 * PAGE_BYTES as u64 - 64, &[1]).unwrap_err();
    assert!(error.is_full(), "{error}");
    assert_eq!(provider.size().unwrap(), 2 * PAGE_BYTES as u64 - 64);
}

#[test]
fn what_something_else_keeps_in_stable_memory_is_left_alone() {
    let memory = Pretended::new(2);
    assert!(memory.grow(1));
    memory.write(0, b"SM stable structures");
    let error = StableMemoryProvider::over(memory).unwrap_err();
    assert!(error.to_string().contains("no database of wasm-dbms"), "{error}");
}

#[test]
fn a_full_stable_memory_leaves_the_database_as_it_was() {
    let memory = Pretended::new(8);
    let open = || {
        let provider = StableMemoryProvider::over(memory.clone()).unwrap();
        wasm_dbms::Database::open_with(provider, Options::new().page_size(4096)).unwrap()
    };
    let database = open();
    let column = wasm_dbms::ColumnSchema::new("text", wasm_dbms::DataType::Text);
    database.create_table(&wasm_dbms::TableSchema::new("t").column(column)).unwrap();
    let mut rows = 0;
    let error = loop {
        match database.insert_values("t", &[("text", "x".repeat(2000).into())]) {
            Ok(_) => rows += 1,
            Err(error) => break error,
        }
    };
    assert!(error.is_full(), "{error}");
    assert_eq!(database.count_values("t", None).unwrap(), rows);
    drop(database);
    let database = open();
    assert_eq!(database.count_values("t", None).unwrap(), rows);
    assert_eq!(database.check().unwrap(), [""; 0]);
}
