//! The pages that a reader looked at last, so that looking again asks nobody.
//!
//! A table with one place for many pages: a page stands at its number modulo the length, and a newcomer takes the place
//! of whoever was there. Only as long as there is room does the table grow instead.

use wasm_dbms_api::Page;

use crate::access::PageRef;

/// Places of a new table.
const FIRST_PLACES: usize = 16;

/// Handles on pages of one commit.
#[derive(Debug, Default)]
pub(crate) struct Lookaside {
    /// As many as a power of two, or none.
    places: Vec<Option<(Page, PageRef)>>,
    held: usize,
    places_max: usize,
}

impl Lookaside {
    /// An empty table of at most so many places.
    pub(crate) fn new(places_max: usize) -> Self {
        let places_max = if places_max.is_power_of_two() { places_max } else { places_max.next_power_of_two() / 2 };
        Self { places: Vec::new(), held: 0, places_max: places_max.max(FIRST_PLACES) }
    }

    #[inline]
    fn index(&self, page: Page) -> usize {
        // An empty table has no place at all.
        page as usize & self.places.len().wrapping_sub(1)
    }

    /// The page, if it is there.
    #[inline]
    pub(crate) fn get(&self, page: Page) -> Option<&PageRef> {
        match self.places.get(self.index(page)) {
            Some(Some((number, image))) if *number == page => Some(image),
            _ => None,
        }
    }

    /// Puts a page there.
    pub(crate) fn put(&mut self, page: Page, image: PageRef) {
        while self.places.len() < self.places_max && self.is_taken_by_another(page) {
            self.grow();
        }
        let index = self.index(page);
        if let Some(place) = self.places.get_mut(index)
            && place.replace((page, image)).is_none()
        {
            self.held += 1;
        }
    }

    /// Takes a page away. Returns whether it was there.
    pub(crate) fn forget(&mut self, page: Page) -> bool {
        let index = self.index(page);
        let taken = self.places.get_mut(index).and_then(|place| place.take_if(|(number, _)| *number == page));
        self.held -= usize::from(taken.is_some());
        taken.is_some()
    }

    /// Takes every page away.
    pub(crate) fn clear(&mut self) {
        if self.held > 0 {
            self.places.fill(None);
            self.held = 0;
        }
    }

    /// How many pages there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.held
    }

    fn is_taken_by_another(&self, page: Page) -> bool {
        match self.places.get(self.index(page)) {
            Some(Some((number, _))) => *number != page,
            Some(None) => false,
            None => true,
        }
    }

    fn grow(&mut self) {
        let length = (self.places.len() * 2).max(FIRST_PLACES);
        let places = std::mem::take(&mut self.places);
        self.places.resize(length, None);
        for (page, image) in places.into_iter().flatten() {
            let index = self.index(page);
            if let Some(place) = self.places.get_mut(index) {
                *place = Some((page, image));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_until_others_take_their_places() {
        let mut lookaside = Lookaside::new(64);
        for page in 0..64 {
            lookaside.put(page, PageRef::zeroed(16));
        }
        assert!((0..64).all(|page| lookaside.get(page).is_some()));
        lookaside.put(64 + 5, PageRef::zeroed(16));
        assert!(lookaside.get(5).is_none() && lookaside.get(69).is_some());
        assert_eq!(lookaside.len(), 64);
        assert!(!lookaside.forget(5) && lookaside.forget(69));
        assert_eq!(lookaside.len(), 63);
        lookaside.clear();
        assert!((0..200).all(|page| lookaside.get(page).is_none()));
    }
}
