//! Numbers for byte strings: the one hash table of the engine whose keys are bytes.
//!
//! Whatever belongs to a key stands in a list beside it, at the number of the key, so that one table serves groups, sets,
//! hash joins and lists of references alike, and a module holds its code once.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// What a key takes beside its bytes: its place in the table, and what the allocator adds.
const ENTRY_BYTES: usize = 48;

/// The number of each key, in the order in which they came: 0, 1, 2, ..
#[derive(Debug, Default)]
pub(crate) struct Numbering {
    numbers: HashMap<Box<[u8]>, usize, BuildHasherDefault<KeyHasher>>,
    bytes: usize,
}

impl Numbering {
    /// The number of a key, if it has one.
    pub(crate) fn get(&self, key: &[u8]) -> Option<usize> {
        self.numbers.get(key).copied()
    }

    /// The number of a key, and whether it is a new one: the next.
    pub(crate) fn number(&mut self, key: &[u8]) -> (usize, bool) {
        if let Some(number) = self.get(key) {
            return (number, false);
        }
        let number = self.numbers.len();
        self.numbers.insert(key.into(), number);
        self.bytes += key.len() + ENTRY_BYTES;
        (number, true)
    }

    /// Whether the key is a new one. It has a number then.
    pub(crate) fn is_new(&mut self, key: &[u8]) -> bool {
        self.number(key).1
    }

    /// Whether no key has a number.
    pub(crate) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// A multiplying hash: keys are short, and a flood of equal hashes only costs the one who asked.
#[derive(Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            self.write_u64(u64::from_le_bytes(*chunk));
        }
        let tail = rest.iter().fold(1u64, |tail, byte| tail << 8 | u64::from(*byte));
        self.write_u64(tail);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x517C_C1B7_2722_0A95);
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number as u64);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }
}
