//! A database in stable memory.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | `wasmdbms` |
//! | 8..16 | `u64`, little-endian: how many bytes the database has |
//! | 16..64 | zero |
//! | 64.. | the database |
//!
//! Invariant I1: what is beyond the database's bytes is zero.

use std::sync::atomic::{AtomicU64, Ordering};

use wasm_dbms_api::{MemoryError, MemoryResult};
use wasm_dbms_memory::{Guarantees, MemoryProvider};

use crate::stable::StableMemory;

/// The bytes of a page of stable memory.
const PAGE_BYTES: u64 = 64 << 10;

/// Where the database begins.
const HEAD_BYTES: u64 = 64;

const MAGIC: [u8; 8] = *b"wasmdbms";

/// What is cut off is made zero in pieces of so many bytes.
const ZEROS: [u8; 4096] = [0; 4096];

/// A database in the stable memory of a canister. It takes the whole of it.
///
/// Everything is message-atomic there: a message that traps leaves no trace, so a commit writes what it changes straight
/// through, and `sync` has nothing to do.
pub struct StableMemoryProvider {
    memory: Box<dyn StableMemory>,
    length: AtomicU64,
}

impl std::fmt::Debug for StableMemoryProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StableMemoryProvider").field("length", &self.length).finish_non_exhaustive()
    }
}

impl StableMemoryProvider {
    /// The stable memory of this canister.
    ///
    /// # Errors
    /// [`MemoryError::Host`] if something else is in it, or if there is none: outside of the Internet Computer.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn open() -> MemoryResult<Self> {
        Self::over(crate::stable::Ic0)
    }

    /// The stable memory of this canister.
    ///
    /// # Errors
    /// [`MemoryError::Host`] if something else is in it, or if there is none: outside of the Internet Computer.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub fn open() -> MemoryResult<Self> {
        Err(refused("open", "only a canister has stable memory".into(), false))
    }

    /// Stable memory by other means than the imports of `ic0`.
    ///
    /// # Errors
    /// [`MemoryError::Host`] if something else is in it.
    pub fn over(memory: impl StableMemory + 'static) -> MemoryResult<Self> {
        let memory = Box::new(memory);
        if memory.size_pages() == 0 {
            return Ok(Self { memory, length: AtomicU64::new(0) });
        }
        let (mut magic, mut length) = ([0; 8], [0; 8]);
        memory.read(0, &mut magic);
        memory.read(8, &mut length);
        let length = u64::from_le_bytes(length);
        let room = memory.size_pages().saturating_mul(PAGE_BYTES) - HEAD_BYTES;
        // Pages that were grown and never written to are as good as none.
        let is_new = magic == [0; 8] && length == 0;
        if !is_new && (magic != MAGIC || length > room) {
            return Err(refused("open", "what is in the stable memory is no database of wasm-dbms".into(), false));
        }
        Ok(Self { memory, length: AtomicU64::new(length) })
    }

    fn length(&self) -> u64 {
        self.length.load(Ordering::Relaxed)
    }

    /// Room for so many bytes of the database.
    fn reserve(&self, operation: &'static str, length: u64) -> MemoryResult<()> {
        let full = |pages: u64| refused(operation, format!("stable memory does not grow to {pages} pages"), true);
        let wanted = length.checked_add(HEAD_BYTES).ok_or_else(|| full(u64::MAX))?.div_ceil(PAGE_BYTES);
        let missing = wanted.saturating_sub(self.memory.size_pages());
        if missing > 0 && !self.memory.grow(missing) {
            return Err(full(wanted));
        }
        Ok(())
    }

    fn set_length(&self, length: u64) {
        self.memory.write(0, &MAGIC);
        self.memory.write(8, &length.to_le_bytes());
        self.length.store(length, Ordering::Relaxed);
    }
}

fn refused(operation: &'static str, reason: String, is_full: bool) -> Box<MemoryError> {
    Box::new(MemoryError::Host { operation, reason: reason.into(), is_full })
}

impl MemoryProvider for StableMemoryProvider {
    fn size(&self) -> MemoryResult<u64> {
        Ok(self.length())
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        let length = self.length();
        if size == length {
            return Ok(());
        }
        self.reserve("set_size", size)?;
        // I1; the pages stay, since stable memory never shrinks.
        let mut at = size;
        while at < length {
            let count = (length - at).min(ZEROS.len() as u64);
            self.memory.write(HEAD_BYTES + at, ZEROS.get(..count as usize).unwrap_or_default());
            at += count;
        }
        self.set_length(size);
        Ok(())
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        let count = self.length().saturating_sub(offset).min(buffer.len() as u64) as usize;
        if let Some(buffer) = buffer.get_mut(..count).filter(|buffer| !buffer.is_empty()) {
            self.memory.read(HEAD_BYTES + offset, buffer);
        }
        Ok(count)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let end = offset.saturating_add(bytes.len() as u64);
        if end > self.length() {
            self.reserve("write", end)?;
            self.set_length(end);
        }
        self.memory.write(HEAD_BYTES + offset, bytes);
        Ok(bytes.len())
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

    fn entropy(&self) -> u64 {
        self.memory.time()
    }
}
