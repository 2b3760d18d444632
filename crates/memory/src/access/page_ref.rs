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

    /// The bytes, to be changed: as [`make_mut`](Self::make_mut), but where the page is copied one of the spare pages
    /// takes the copy, if there is one of its length. Nobody else has a handle on a spare page.
    #[inline]
    pub(crate) fn make_mut_in(&mut self, spare: &mut Vec<Self>) -> &mut [u8] {
        if self.is_shared() {
            self.move_to(spare.pop());
        }
        self.make_mut()
    }

    #[inline(never)]
    fn move_to(&mut self, spare: Option<Self>) {
        if let Some(mut page) = spare
            && page.len() == self.len()
            && let Some(bytes) = Arc::get_mut(&mut page.0)
        {
            bytes.copy_from_slice(self);
            *self = page;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_page_is_copied_to_a_spare_one_and_those_who_hold_it_see_nothing() {
        let mut page = PageRef::from(vec![7; 16]);
        let held = page.clone();
        let room = PageRef::zeroed(16);
        let place = room.as_ptr();
        let mut spare = vec![room];
        page.make_mut_in(&mut spare)[3] = 9;
        assert_eq!((page.as_ptr(), page[2], page[3]), (place, 7, 9));
        assert_eq!(*held, [7; 16]);
        assert!(spare.is_empty());
        page.make_mut_in(&mut spare)[3] = 10;
        assert_eq!((page.as_ptr(), page[3]), (place, 10));
    }

    #[test]
    fn a_spare_page_that_does_not_fit_or_is_held_takes_no_copy() {
        let held = PageRef::zeroed(16);
        for room in [PageRef::zeroed(8), held.clone()] {
            let mut page = PageRef::from(vec![7; 16]);
            let before = page.clone();
            page.make_mut_in(&mut vec![room])[0] = 9;
            assert_eq!((page[0], page[15], before[0]), (9, 7, 7));
        }
        assert_eq!(*held, [0; 16]);
    }
}
