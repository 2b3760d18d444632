//! Pages that wait on a throw-away medium until somebody wants them back: old versions that snapshots need, and changed
//! pages of a transaction larger than the cache.
//!
//! The medium is asked for when the first page comes, and given up when the last one goes. A page's slot is its
//! [`ScratchPage`]'s: nobody writes there before the last handle on it is gone, so reading needs no lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::PageRef;
use crate::log::{Medium, page_checksum};

/// Which slots of the throw-away medium are taken.
#[derive(Debug, Default)]
struct Slots {
    medium: Option<Medium>,
    free: Vec<u32>,
    next: u32,
}

/// The throw-away medium of a store.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// Who gives it; none where the store has no medium at all.
    source: Option<Medium>,
    page_size: usize,
    database_id: u64,
    slots: Mutex<Slots>,
}

/// A page on the throw-away medium, see [`ScratchSpace`](crate::ScratchSpace).
#[derive(Debug)]
pub struct ScratchPage {
    scratch: Arc<Scratch>,
    medium: Medium,
    slot: u32,
    page: Page,
    checksum: u64,
}

impl Scratch {
    pub(crate) fn new(source: Option<Medium>, page_size: usize, database_id: u64) -> Self {
        Self { source, page_size, database_id, slots: Mutex::default() }
    }

    /// Whether there can be any.
    pub(crate) fn is_available(&self) -> bool {
        self.source.is_some()
    }

    pub(crate) fn page_size(&self) -> usize {
        self.page_size
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a page.
    ///
    /// # Errors
    /// The host's refusal; then nothing is kept.
    pub(crate) fn put(self: &Arc<Self>, page: Page, image: &PageRef) -> MemoryResult<Arc<ScratchPage>> {
        let mut slots = self.lock();
        let medium = match (&slots.medium, &self.source) {
            (Some(medium), _) => medium.clone(),
            (None, Some(source)) => slots.medium.insert(source.scratch()?).clone(),
            (None, None) => return Err(Box::new(MemoryError::LimitExceeded { what: "scratch space", limit: 0 })),
        };
        let slot = match slots.free.pop() {
            Some(slot) => slot,
            None => {
                slots.next += 1;
                slots.next - 1
            }
        };
        drop(slots);
        let checksum = page_checksum(self.database_id, page, image);
        // Dropped, it gives the slot back.
        let place = ScratchPage { scratch: Arc::clone(self), medium, slot, page, checksum };
        place.medium.write_all(place.address(), image)?;
        Ok(Arc::new(place))
    }
}

impl ScratchPage {
    fn address(&self) -> u64 {
        u64::from(self.slot) * self.scratch.page_size as u64
    }

    /// The checksum of the page.
    pub(crate) fn checksum(&self) -> u64 {
        self.checksum
    }

    /// Reads the page back.
    ///
    /// ```
    /// use wasm_dbms_memory::{HeapProvider, MemoryManager, Options};
    ///
    /// let store = MemoryManager::open(Box::new(HeapProvider::new()), Options::new())?;
    /// let space = store.scratch_space();
    /// let page = space.put(vec![7; space.page_size()])?;
    /// assert_eq!(page.read()?[0], 7);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// The host's refusal; [`MemoryError::Corrupt`] if it is not what was written.
    pub fn read(&self) -> MemoryResult<PageRef> {
        let mut image = vec![0; self.scratch.page_size];
        self.medium.read_exact(self.address(), &mut image)?;
        if page_checksum(self.scratch.database_id, self.page, &image) != self.checksum {
            return Err(MemoryError::corrupt_with(format_args!(
                "page {} came back from scratch space changed",
                self.page
            )));
        }
        Ok(image.into())
    }
}

impl Drop for ScratchPage {
    fn drop(&mut self) {
        let mut slots = self.scratch.lock();
        slots.free.push(self.slot);
        if slots.free.len() == slots.next as usize {
            *slots = Slots::default();
        }
    }
}
