//! A handle on a page as it was at one moment.

use std::ops::Deref;
use std::sync::Arc;

/// A shared, immutable handle on the bytes of a page. It outlives the call that gave it; several can be held; a later
/// write to the page never changes it.
#[derive(Debug, Clone)]
pub struct PageRef(Arc<[u8]>);

impl PageRef {
    /// A page of zeros.
    ///
    /// ```
    /// use wasm_dbms_memory::PageRef;
    ///
    /// assert_eq!(*PageRef::zeroed(4), [0; 4]);
    /// ```
    pub fn zeroed(page_size: usize) -> Self {
        Self(std::iter::repeat_n(0, page_size).collect())
    }

    /// Whether the two handles are on the very same bytes in memory.
    ///
    /// ```
    /// use wasm_dbms_memory::PageRef;
    ///
    /// let page = PageRef::zeroed(4);
    /// assert!(page.is_same(&page.clone()));
    /// assert!(!page.is_same(&PageRef::zeroed(4)));
    /// ```
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// How many handles there are on these bytes.
    pub(crate) fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Whether there is another handle on these bytes.
    pub(crate) fn is_shared(&self) -> bool {
        self.handles() > 1
    }

    /// The bytes, to be changed: the page is copied first if another handle holds it.
    #[inline]
    pub(crate) fn make_mut(&mut self) -> &mut [u8] {
        Arc::make_mut(&mut self.0)
    }
}

impl Deref for PageRef {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for PageRef {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}
