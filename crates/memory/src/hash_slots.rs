//! [`HashSlots`]: the hash table of this project. It knows numbers by hashes, and its users keep the entries in lists of
//! their own, at these numbers: so its code is compiled once, whatever is kept.
//!
//! Open addressing, where the next free place is taken; what is taken out leaves no mark, since those behind it move up.
//!
//! Invariants: **T1** the number of places is a power of two, or none, and more than a quarter of them are free; **T2** between
//! the place where a hash would stand and the one where it stands, none is free.

/// How many places there are at first.
const FIRST_PLACES: usize = 8;

/// A place that is free.
const FREE: u32 = u32::MAX;

/// The numbers of entries, by the hashes of their keys.
///
/// ```
/// use wasm_dbms_memory::HashSlots;
///
/// let words = ["a", "list", "of", "words"];
/// let hash = |word: &str| word.len() as u32;
/// let mut slots = HashSlots::default();
/// for (number, word) in words.iter().enumerate() {
///     slots.insert(hash(word), number);
/// }
/// assert_eq!(slots.find(hash("of"), |number| words[number] == "of"), Some(2));
/// assert_eq!(slots.find(hash("is"), |number| words[number] == "is"), None);
/// ```
#[derive(Debug, Default, Clone)]
pub struct HashSlots {
    /// The hash and the number of each entry.
    places: Vec<(u32, u32)>,
    count: usize,
}

impl HashSlots {
    /// The number of the entry with this hash that is the one: two keys may have one hash.
    ///
    /// ```
    /// use wasm_dbms_memory::HashSlots;
    ///
    /// let mut slots = HashSlots::default();
    /// slots.insert(7, 0);
    /// slots.insert(7, 1);
    /// assert_eq!(slots.find(7, |number| number == 1), Some(1));
    /// assert_eq!(slots.find(8, |_| true), None);
    /// ```
    #[inline]
    pub fn find(&self, hash: u32, mut is_it: impl FnMut(usize) -> bool) -> Option<usize> {
        let mut place = self.home(hash);
        loop {
            let (other, number) = *self.places.get(place)?;
            if number == FREE {
                return None;
            }
            if other == hash && is_it(number as usize) {
                return Some(number as usize);
            }
            place = self.next(place);
        }
    }

    /// Adds a number, which is not there yet, below 2^32 - 1.
    ///
    /// ```
    /// use wasm_dbms_memory::HashSlots;
    ///
    /// let mut slots = HashSlots::default();
    /// slots.insert(7, 3);
    /// assert_eq!(slots.find(7, |_| true), Some(3));
    /// ```
    pub fn insert(&mut self, hash: u32, number: usize) {
        if self.count * 4 >= self.places.len() * 3 {
            let larger = vec![(0, FREE); (self.places.len() * 2).max(FIRST_PLACES)];
            for (hash, number) in std::mem::replace(&mut self.places, larger) {
                if number != FREE {
                    self.put(hash, number);
                }
            }
        }
        self.count += 1;
        self.put(hash, number as u32);
    }

    /// Takes a number out. Whether it was there.
    ///
    /// ```
    /// use wasm_dbms_memory::HashSlots;
    ///
    /// let mut slots = HashSlots::default();
    /// slots.insert(7, 3);
    /// assert!(slots.remove(7, 3));
    /// assert!(!slots.remove(7, 3));
    /// ```
    pub fn remove(&mut self, hash: u32, number: usize) -> bool {
        let Some(mut hole) = self.place_of(hash, number) else { return false };
        let mut place = hole;
        loop {
            place = self.next(place);
            let Some(&(hash, number)) = self.places.get(place).filter(|(_, number)| *number != FREE) else { break };
            // What would stand behind the hole stays where it is.
            let mask = self.places.len() - 1;
            if place.wrapping_sub(self.home(hash)) & mask >= place.wrapping_sub(hole) & mask {
                self.set(hole, (hash, number));
                hole = place;
            }
        }
        self.set(hole, (0, FREE));
        self.count -= 1;
        true
    }

    /// Gives an entry another number.
    ///
    /// ```
    /// use wasm_dbms_memory::HashSlots;
    ///
    /// let mut slots = HashSlots::default();
    /// slots.insert(7, 3);
    /// slots.renumber(7, 3, 0);
    /// assert_eq!(slots.find(7, |_| true), Some(0));
    /// ```
    pub fn renumber(&mut self, hash: u32, number: usize, new: usize) {
        if let Some(place) = self.place_of(hash, number) {
            self.set(place, (hash, new as u32));
        }
    }

    /// Takes everything out.
    ///
    /// ```
    /// use wasm_dbms_memory::HashSlots;
    ///
    /// let mut slots = HashSlots::default();
    /// slots.insert(7, 3);
    /// slots.clear();
    /// assert_eq!(slots.find(7, |_| true), None);
    /// ```
    pub fn clear(&mut self) {
        if self.count > 0 {
            self.places.fill((0, FREE));
            self.count = 0;
        }
    }

    /// How much memory it takes.
    ///
    /// ```
    /// use wasm_dbms_memory::HashSlots;
    ///
    /// assert_eq!(HashSlots::default().memory_bytes(), 0);
    /// ```
    pub fn memory_bytes(&self) -> usize {
        self.places.len() * size_of::<(u32, u32)>()
    }

    /// Where a hash would stand: the upper bits say it, which multiplying mixes best.
    #[inline]
    fn home(&self, hash: u32) -> usize {
        ((u64::from(hash) * self.places.len() as u64) >> 32) as usize
    }

    #[inline]
    fn next(&self, place: usize) -> usize {
        if place + 1 == self.places.len() { 0 } else { place + 1 }
    }

    fn set(&mut self, place: usize, entry: (u32, u32)) {
        if let Some(at) = self.places.get_mut(place) {
            *at = entry;
        }
    }

    fn put(&mut self, hash: u32, number: u32) {
        let mut place = self.home(hash);
        while self.places.get(place).is_some_and(|(_, number)| *number != FREE) {
            place = self.next(place);
        }
        self.set(place, (hash, number));
    }

    fn place_of(&self, hash: u32, number: usize) -> Option<usize> {
        let mut place = self.home(hash);
        loop {
            match *self.places.get(place)? {
                (_, FREE) => return None,
                (other, found) if other == hash && found as usize == number => return Some(place),
                _ => place = self.next(place),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn entries_that_come_and_go_are_found_as_in_a_map() {
        let mut random = fastrand::Rng::with_seed(7);
        for hashes in [1u32, 5, 64, 1 << 20] {
            let (mut slots, mut model) = (HashSlots::default(), BTreeMap::new());
            for number in 0..4000usize {
                // Hashes all over, and few enough that many are alike.
                let hash = (random.u32(..hashes)).wrapping_mul(0x9E37_79B9);
                match random.u8(..3) {
                    0 => {
                        if let Some((number, hash)) = model.pop_first() {
                            assert!(slots.remove(hash, number));
                            assert!(!slots.remove(hash, number));
                        }
                    }
                    1 if !model.contains_key(&(number + 10_000)) => {
                        if let Some((old, hash)) = model.pop_last() {
                            slots.renumber(hash, old, number + 10_000);
                            model.insert(number + 10_000, hash);
                        }
                    }
                    _ => {
                        slots.insert(hash, number);
                        model.insert(number, hash);
                    }
                }
                if number % 64 == 0 {
                    for (number, hash) in &model {
                        assert_eq!(slots.find(*hash, |found| found == *number), Some(*number));
                    }
                    assert_eq!(slots.count, model.len());
                }
            }
            slots.clear();
            assert!(model.iter().all(|(_, hash)| slots.find(*hash, |_| true).is_none()));
        }
    }
}
