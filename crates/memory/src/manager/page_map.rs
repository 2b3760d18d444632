//! A map by page number.

use wasm_dbms_api::Page;

use crate::hash_slots::HashSlots;

/// Anything by page number. Entries stand in the order in which they came, but for those that took the places of others
/// that went.
#[derive(Debug)]
pub(crate) struct PageMap<T> {
    slots: HashSlots,
    entries: Vec<(Page, T)>,
}

impl<T> Default for PageMap<T> {
    fn default() -> Self {
        Self { slots: HashSlots::default(), entries: Vec::new() }
    }
}

/// 2^32 divided by the golden ratio. It is odd, so no two pages have one hash; pages are the store's own numbers, which
/// nobody chooses to stand close together.
const FACTOR: u32 = 0x9E37_79B9;

fn hash(page: Page) -> u32 {
    page.wrapping_mul(FACTOR)
}

fn number_of(slots: &HashSlots, page: Page) -> Option<usize> {
    slots.find(hash(page), |_| true)
}

impl<T> PageMap<T> {
    pub(crate) fn get(&self, page: Page) -> Option<&T> {
        Some(&self.entries.get(number_of(&self.slots, page)?)?.1)
    }

    pub(crate) fn get_mut(&mut self, page: Page) -> Option<&mut T> {
        Some(&mut self.entries.get_mut(number_of(&self.slots, page)?)?.1)
    }

    pub(crate) fn has(&self, page: Page) -> bool {
        number_of(&self.slots, page).is_some()
    }

    /// Puts a value in the place of the one that was there, which is returned.
    pub(crate) fn insert(&mut self, page: Page, value: T) -> Option<T> {
        if let Some(old) = self.get_mut(page) {
            return Some(std::mem::replace(old, value));
        }
        self.slots.insert(hash(page), self.entries.len());
        self.entries.push((page, value));
        None
    }

    pub(crate) fn remove(&mut self, page: Page) -> Option<T> {
        let number = number_of(&self.slots, page)?;
        self.slots.remove(hash(page), number);
        let (_, value) = self.entries.swap_remove(number);
        if let Some((moved, _)) = self.entries.get(number) {
            self.slots.renumber(hash(*moved), self.entries.len(), number);
        }
        Some(value)
    }

    /// Keeps what the function wants to be kept.
    pub(crate) fn retain(&mut self, mut is_kept: impl FnMut(Page, &mut T) -> bool) {
        // What takes the place of one that goes came later, and was asked already.
        for number in (0..self.entries.len()).rev() {
            if let Some((page, value)) = self.entries.get_mut(number) {
                let page = *page;
                if !is_kept(page, value) {
                    self.remove(page);
                }
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.entries.clear();
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|(_, value)| value)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How much memory it takes, without what the values refer to.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.slots.memory_bytes() + self.entries.capacity() * size_of::<(Page, T)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_kept_is_gone_and_the_rest_is_found() {
        let mut map = PageMap::default();
        for page in 0..1000 {
            assert_eq!(map.insert(page, page * 2), None);
        }
        assert_eq!(map.insert(7, 1), Some(14));
        map.retain(|page, value| {
            *value += 1;
            page % 3 == 0
        });
        assert_eq!(map.remove(9), Some(19));
        for page in 0..1000 {
            assert_eq!(map.get(page).copied(), (page % 3 == 0 && page != 9).then_some(page * 2 + 1));
        }
        assert_eq!((map.len(), map.values().count()), (333, 333));
        map.clear();
        assert!(map.is_empty() && !map.has(0));
    }
}
