//! [`ScratchSpace`]: where a question puts what it keeps, once that takes too much memory.

use std::sync::Arc;

use wasm_dbms_api::MemoryResult;

use crate::access::PageRef;
use crate::manager::scratch::{Scratch, ScratchPage};

/// Room on the throw-away medium of a store: [`MemoryProvider::scratch`](crate::MemoryProvider::scratch).
///
/// ```
/// use wasm_dbms_memory::{HeapProvider, MemoryManager, Options};
///
/// let options = Options::new().query_memory_bytes(1 << 20);
/// let store = MemoryManager::open(Box::new(HeapProvider::new()), options)?;
/// let space = store.scratch_space();
/// assert_eq!(space.memory_bytes(), 1 << 20);
/// let page = space.put(vec![7; space.page_size()])?;
/// assert_eq!(page.read()?[0], 7);
/// # Ok::<(), wasm_dbms_api::MemoryError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ScratchSpace {
    scratch: Arc<Scratch>,
    memory_bytes: usize,
}

impl ScratchSpace {
    pub(crate) fn new(scratch: &Arc<Scratch>, memory_bytes: usize) -> Self {
        let memory_bytes = if scratch.is_available() { memory_bytes } else { usize::MAX };
        Self { scratch: Arc::clone(scratch), memory_bytes }
    }

    /// What may be in memory, of each thing that is kept:
    /// [`Options::query_memory_bytes`](crate::Options::query_memory_bytes). A store in memory has no scratch space; there it
    /// is everything.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// let store = MemoryManager::in_memory(Options::new())?;
    /// assert_eq!(store.scratch_space().memory_bytes(), usize::MAX);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// How many bytes [`put`](Self::put) takes.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// let store = MemoryManager::in_memory(Options::new())?;
    /// assert_eq!(store.scratch_space().page_size(), 8 * 1024);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn page_size(&self) -> usize {
        self.scratch.page_size()
    }

    /// Writes a page. Its room is given back with the last handle on it.
    ///
    /// ```
    /// use wasm_dbms_memory::{HeapProvider, MemoryManager, Options};
    ///
    /// let store = MemoryManager::open(Box::new(HeapProvider::new()), Options::new())?;
    /// let space = store.scratch_space();
    /// let pages = (0..3).map(|n| space.put(vec![n; space.page_size()])).collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(pages[2].read()?[0], 2);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// The host's refusal.
    pub fn put(&self, image: Vec<u8>) -> MemoryResult<Arc<ScratchPage>> {
        self.scratch.put(0, &PageRef::from(image))
    }
}
