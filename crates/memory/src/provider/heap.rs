//! A medium in memory: for tests, for scratch space, and for hosts that carry the bytes elsewhere themselves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_dbms_api::{MemoryError, MemoryResult};

use crate::provider::{Guarantees, MemoryProvider};

/// A medium in memory. Clones share the same bytes, so a test can keep one, drop the database and open it again.
#[derive(Debug, Clone, Default)]
pub struct HeapProvider {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl HeapProvider {
    /// An empty medium.
    ///
    /// ```
    /// use wasm_dbms_memory::{HeapProvider};
    ///
    /// assert!(HeapProvider::new().to_bytes().is_empty());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// A medium that holds these bytes.
    ///
    /// ```
    /// use wasm_dbms_memory::{HeapProvider};
    ///
    /// assert_eq!(HeapProvider::from_bytes(vec![1, 2]).to_bytes(), [1, 2]);
    /// ```
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes: Arc::new(Mutex::new(bytes)) }
    }

    /// A copy of everything the medium holds.
    ///
    /// ```
    /// use wasm_dbms_memory::{HeapProvider, MemoryManager, Options};
    ///
    /// let medium = HeapProvider::new();
    /// MemoryManager::open(Box::new(medium.clone()), Options::new())?.close()?;
    /// let copy = HeapProvider::from_bytes(medium.to_bytes());
    /// assert!(MemoryManager::open_read_only(Box::new(copy), Options::new()).is_ok());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of an offset that no memory can have.
fn beyond_memory(operation: &'static str) -> Box<MemoryError> {
    Box::new(MemoryError::Host { operation, reason: "beyond what memory can hold".into(), is_full: true })
}

fn grow(bytes: &mut Vec<u8>, size: usize, operation: &'static str) -> MemoryResult<()> {
    if size > bytes.len() {
        bytes.try_reserve(size - bytes.len()).map_err(|_| beyond_memory(operation))?;
        bytes.resize(size, 0);
    }
    Ok(())
}

impl MemoryProvider for HeapProvider {
    fn size(&self) -> MemoryResult<u64> {
        Ok(self.lock().len() as u64)
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        let size = usize::try_from(size).map_err(|_| beyond_memory("set_size"))?;
        let mut bytes = self.lock();
        bytes.truncate(size);
        grow(&mut bytes, size, "set_size")
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        let bytes = self.lock();
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let source = bytes.get(start..).unwrap_or_default();
        let length = source.len().min(buffer.len());
        crate::bytes::put(buffer, 0, crate::bytes::slice_at(source, 0, length));
        Ok(length)
    }

    fn write(&self, offset: u64, source: &[u8]) -> MemoryResult<usize> {
        let start = usize::try_from(offset).map_err(|_| beyond_memory("write"))?;
        let end = start.checked_add(source.len()).ok_or_else(|| beyond_memory("write"))?;
        let mut bytes = self.lock();
        grow(&mut bytes, end, "write")?;
        crate::bytes::put(&mut bytes, start, source);
        Ok(source.len())
    }

    fn sync(&self) -> MemoryResult<()> {
        Ok(())
    }

    fn guarantees(&self) -> Guarantees {
        Guarantees { is_persistent: false }
    }
}
