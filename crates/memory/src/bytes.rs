//! Reading and writing numbers in bytes that may be foreign: nothing here panics. A read past the end gives zero or
//! the empty slice; structures that are read this way are checked by checksum or by their own consistency first, and a
//! zero never leads further than an error.

/// The u16 at `at`, little-endian.
#[inline]
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    chunk_at(bytes, at).map_or(0, u16::from_le_bytes)
}

/// The u32 at `at`, little-endian.
#[inline]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    chunk_at(bytes, at).map_or(0, u32::from_le_bytes)
}

/// The u64 at `at`, little-endian.
#[inline]
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    chunk_at(bytes, at).map_or(0, u64::from_le_bytes)
}

/// The `N` bytes at `at`.
#[inline]
pub(crate) fn chunk_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// The `length` bytes at `at`, or none if they are not all there.
#[inline]
pub(crate) fn slice_at(bytes: &[u8], at: usize, length: usize) -> &[u8] {
    at.checked_add(length).and_then(|end| bytes.get(at..end)).unwrap_or_default()
}

/// Writes `source` at `at`. The caller has made sure that it fits.
#[inline]
pub(crate) fn put(bytes: &mut [u8], at: usize, source: &[u8]) {
    match at.checked_add(source.len()).and_then(|end| bytes.get_mut(at..end)) {
        Some(target) => target.copy_from_slice(source),
        None => debug_assert!(false, "{} bytes at {at} do not fit in {}", source.len(), bytes.len()),
    }
}

/// Writes a u16 at `at`, little-endian.
#[inline]
pub(crate) fn put_u16(bytes: &mut [u8], at: usize, number: u16) {
    put(bytes, at, &number.to_le_bytes());
}

/// Writes a u32 at `at`, little-endian.
#[inline]
pub(crate) fn put_u32(bytes: &mut [u8], at: usize, number: u32) {
    put(bytes, at, &number.to_le_bytes());
}

/// Writes a u64 at `at`, little-endian.
#[inline]
pub(crate) fn put_u64(bytes: &mut [u8], at: usize, number: u64) {
    put(bytes, at, &number.to_le_bytes());
}

/// A variable-length number (seven bits a byte, low ones first, the top bit says that more follow) and how many bytes
/// it takes; at most five.
#[inline]
pub(crate) fn varint_at(bytes: &[u8], at: usize) -> (u32, usize) {
    match bytes.get(at) {
        Some(&byte) if byte < 0x80 => (u32::from(byte), 1),
        _ => long_varint(bytes, at),
    }
}

#[cold]
#[inline(never)]
fn long_varint(bytes: &[u8], at: usize) -> (u32, usize) {
    let mut number = 0u32;
    for (index, &byte) in bytes.iter().skip(at).take(5).enumerate() {
        number |= u32::from(byte & 0x7F).checked_shl(7 * index as u32).unwrap_or(0);
        if byte < 0x80 {
            return (number, index + 1);
        }
    }
    (0, 1)
}

/// How many bytes a variable-length number takes.
#[inline]
pub(crate) fn varint_length(number: u32) -> usize {
    match number {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        0x4000..0x20_0000 => 3,
        0x20_0000..0x1000_0000 => 4,
        _ => 5,
    }
}

/// Writes a variable-length number at `at` and says how many bytes it took.
#[inline]
pub(crate) fn put_varint(bytes: &mut [u8], at: usize, number: u32) -> usize {
    if number < 0x80 {
        put(bytes, at, &[number as u8]);
        return 1;
    }
    put_long_varint(bytes, at, number)
}

fn put_long_varint(bytes: &mut [u8], at: usize, mut number: u32) -> usize {
    let mut length = 0;
    loop {
        let low = (number & 0x7F) as u8;
        number >>= 7;
        let byte = if number == 0 { low } else { low | 0x80 };
        put(bytes, at + length, &[byte]);
        length += 1;
        if number == 0 {
            return length;
        }
    }
}

/// A set of small numbers, one bit each.
#[derive(Debug, Default, Clone)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// Whether the number is in the set.
    #[inline]
    pub(crate) fn contains(&self, number: u32) -> bool {
        self.words.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Adds the number; false if it was there.
    pub(crate) fn insert(&mut self, number: u32) -> bool {
        let index = number as usize / 64;
        if self.words.len() <= index {
            self.words.resize(index + 1, 0);
        }
        let Some(word) = self.words.get_mut(index) else { return false };
        let bit = 1 << (number % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Takes the number away.
    pub(crate) fn remove(&mut self, number: u32) {
        if let Some(word) = self.words.get_mut(number as usize / 64) {
            *word &= !(1 << (number % 64));
        }
    }

    /// Takes away every number from this one on.
    pub(crate) fn truncate(&mut self, end: u32) {
        self.words.truncate((end as usize).div_ceil(64));
        if !end.is_multiple_of(64)
            && let Some(word) = self.words.get_mut(end as usize / 64)
        {
            *word &= (1 << (end % 64)) - 1;
        }
    }

    /// How many bytes it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.words.capacity() * 8
    }
}

/// A set of small numbers with a list of its members, so that clearing costs as much as filling did.
#[derive(Debug, Default, Clone)]
pub struct NumberSet {
    bits: Vec<u64>,
    members: Vec<u32>,
}

impl NumberSet {
    /// Whether the number is in the set.
    ///
    /// ```
    /// use wasm_dbms_memory::NumberSet;
    ///
    /// let mut set = NumberSet::default();
    /// set.insert(7);
    /// assert!(set.contains(7) && !set.contains(8));
    /// ```
    #[inline]
    pub fn contains(&self, number: u32) -> bool {
        self.bits.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Adds the number; false if it was there.
    ///
    /// ```
    /// use wasm_dbms_memory::NumberSet;
    ///
    /// let mut set = NumberSet::default();
    /// set.insert(7);
    /// assert!(set.insert(8));
    /// assert!(!set.insert(8));
    /// ```
    pub fn insert(&mut self, number: u32) -> bool {
        let index = number as usize / 64;
        if self.bits.len() <= index {
            self.bits.resize(index + 1, 0);
        }
        let Some(word) = self.bits.get_mut(index) else { return false };
        let bit = 1 << (number % 64);
        let is_new = *word & bit == 0;
        if is_new {
            *word |= bit;
            self.members.push(number);
        }
        is_new
    }

    /// Empties the set.
    ///
    /// ```
    /// use wasm_dbms_memory::NumberSet;
    ///
    /// let mut set = NumberSet::default();
    /// set.insert(7);
    /// set.clear();
    /// assert!(!set.contains(7));
    /// ```
    pub fn clear(&mut self) {
        for number in self.members.drain(..) {
            if let Some(word) = self.bits.get_mut(number as usize / 64) {
                *word = 0;
            }
        }
    }

    /// How many members there are.
    ///
    /// ```
    /// use wasm_dbms_memory::NumberSet;
    ///
    /// let mut set = NumberSet::default();
    /// set.insert(7);
    /// assert_eq!(set.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is none.
    ///
    /// ```
    /// use wasm_dbms_memory::NumberSet;
    ///
    /// let mut set = NumberSet::default();
    /// set.insert(7);
    /// assert!(!set.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many bytes it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.bits.capacity() * 8 + self.members.capacity() * 4
    }

    /// The members from small to large.
    ///
    /// ```
    /// use wasm_dbms_memory::NumberSet;
    ///
    /// let mut set = NumberSet::default();
    /// set.insert(7);
    /// set.insert(3);
    /// assert_eq!(set.sorted(), [3, 7]);
    /// ```
    pub fn sorted(&self) -> Vec<u32> {
        let mut numbers = self.members.clone();
        numbers.sort_unstable();
        numbers
    }
}
