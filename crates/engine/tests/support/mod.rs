//! What the tests share: seeds, and the check that nothing is wrong with a database.

#![allow(dead_code, reason = "the tests that are binaries of their own use a part of this")]

pub(crate) mod samples;
pub(crate) mod shop;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasm_dbms::prelude::*;
use wasm_dbms::{Guarantees, HeapProvider, MemoryProvider, MemoryResult};

/// Counts the bytes that are read and written.
#[derive(Clone)]
pub(crate) struct Counting {
    inner: HeapProvider,
    read: Arc<AtomicU64>,
    written: Arc<AtomicU64>,
    is_message_atomic: bool,
}

impl Counting {
    pub(crate) fn over(inner: HeapProvider) -> Self {
        Self { inner, read: Arc::default(), written: Arc::default(), is_message_atomic: false }
    }

    /// A host where a message is done whole or not at all: each commit is written where it belongs, without a log.
    pub(crate) fn of_messages() -> Self {
        Self { is_message_atomic: true, ..Self::over(HeapProvider::new()) }
    }

    pub(crate) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }
}

impl MemoryProvider for Counting {
    fn size(&self) -> MemoryResult<u64> {
        self.inner.size()
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        self.inner.set_size(size)
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        let read = self.inner.read(offset, buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        let written = self.inner.write(offset, bytes)?;
        self.written.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn sync(&self) -> MemoryResult<()> {
        self.inner.sync()
    }

    fn guarantees(&self) -> Guarantees {
        self.inner.guarantees()
    }

    fn is_message_atomic(&self) -> bool {
        self.is_message_atomic
    }

    fn entropy(&self) -> u64 {
        self.inner.entropy()
    }
}

/// The seed of a random test: the variable `SEED` of the environment, else the given one. It is printed, so that a
/// failure can be had again.
pub(crate) fn seed(default: u64) -> u64 {
    let seed = std::env::var("SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    println!("seed {seed}");
    seed
}

/// Checks that nothing is wrong with a database.
pub(crate) fn assert_sound(db: &Database) {
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
}

/// The canonical bytes of a database.
pub(crate) fn exported(db: &Database) -> Vec<u8> {
    let mut bytes = Vec::new();
    db.export(&mut bytes).unwrap();
    bytes
}

/// Every row of a table, by the names of its columns.
pub(crate) fn rows(db: &Database, table: &str) -> Vec<Vec<Value>> {
    db.query(&Query::from(table.to_owned())).unwrap().rows
}
