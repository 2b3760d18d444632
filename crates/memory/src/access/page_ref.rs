//! A handle on a page as it was at one moment.

use std::ops::Deref;
use std::sync::Arc;

use crate::access::Parts;

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

    /// Becomes a handle on bytes of its own, which a spare page gives that differs from this one in these parts at most.
    /// Stays as it is if somebody else has a handle on the spare page, or it is not as long.
    pub(crate) fn move_to(&mut self, mut spare: Self, parts: Parts) {
        if spare.len() == self.len()
            && let Some(bytes) = Arc::get_mut(&mut spare.0)
        {
            for part in parts.ranges(bytes.len()) {
                let written = self.get(part.clone()).unwrap_or_default();
                bytes.get_mut(part).unwrap_or_default().copy_from_slice(written);
            }
            debug_assert!(*bytes == **self, "a spare page differs elsewhere too");
            *self = spare;
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
    fn a_page_moves_to_a_spare_one_and_those_who_hold_it_see_nothing_of_later_changes() {
        let mut page = PageRef::from(vec![7; 4096]);
        let held = page.clone();
        let room = PageRef::zeroed(4096);
        let place = room.as_ptr();
        page.move_to(room, Parts::ALL);
        page.make_mut()[3] = 9;
        assert_eq!((page.as_ptr(), page[2], page[3]), (place, 7, 9));
        assert!(held.iter().all(|byte| *byte == 7));
    }

    #[test]
    fn of_an_earlier_image_only_the_parts_that_were_written_since_are_copied() {
        let earlier = PageRef::from(vec![7; 4096]);
        let mut page = PageRef::from(vec![7; 4096]);
        page.make_mut()[100] = 9;
        let mut parts = Parts::NONE;
        parts.add(4096, 100..101);
        let now = page.to_vec();
        page.move_to(earlier, parts);
        assert!(*page == *now);
    }

    #[test]
    fn a_spare_page_that_does_not_fit_or_is_held_takes_no_copy() {
        let held = PageRef::zeroed(4096);
        for room in [PageRef::zeroed(8192), held.clone()] {
            let mut page = PageRef::from(vec![7; 4096]);
            page.move_to(room, Parts::ALL);
            assert!(page.iter().all(|byte| *byte == 7));
        }
        assert!(held.iter().all(|byte| *byte == 0));
    }
}
