//! Numbers for byte strings: the one hash table of the engine whose keys are bytes.
//!
//! Whatever belongs to a key stands in a list beside it, at the number of the key, so that one table serves groups, sets,
//! hash joins and lists of references alike, and a module holds its code once.

use wasm_dbms_memory::HashSlots;

/// What a key takes beside its bytes: its place in the table, and what the allocator adds.
const ENTRY_BYTES: usize = 48;

/// The number of each key, in the order in which they came: 0, 1, 2, ..
#[derive(Debug, Default)]
pub(crate) struct Numbering {
    slots: HashSlots,
    keys: Vec<Box<[u8]>>,
    bytes: usize,
}

impl Numbering {
    /// The number of a key, if it has one.
    pub(crate) fn get(&self, key: &[u8]) -> Option<usize> {
        self.find(hash(key), key)
    }

    /// The number of a key, and whether it is a new one: the next.
    pub(crate) fn number(&mut self, key: &[u8]) -> (usize, bool) {
        let hash = hash(key);
        if let Some(number) = self.find(hash, key) {
            return (number, false);
        }
        let number = self.keys.len();
        self.slots.insert(hash, number);
        self.keys.push(key.into());
        self.bytes += key.len() + ENTRY_BYTES;
        (number, true)
    }

    fn find(&self, hash: u32, key: &[u8]) -> Option<usize> {
        self.slots.find(hash, |number| self.keys.get(number).is_some_and(|other| **other == *key))
    }

    /// Whether the key is a new one. It has a number then.
    pub(crate) fn is_new(&mut self, key: &[u8]) -> bool {
        self.number(key).1
    }

    /// Whether no key has a number.
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// A multiplying hash: keys are short, and a flood of equal hashes only costs the one who asked.
fn hash(key: &[u8]) -> u32 {
    let (chunks, rest) = key.as_chunks::<8>();
    let mut hash = key.len() as u64;
    for chunk in chunks {
        hash = mixed(hash, u64::from_le_bytes(*chunk));
    }
    let tail = rest.iter().fold(1, |tail, byte| tail << 8 | u64::from(*byte));
    upper(mixed(hash, tail))
}

/// The hash of a number.
pub(crate) fn hash_of_code(code: i64) -> u32 {
    upper(mixed(0, code as u64))
}

fn mixed(hash: u64, number: u64) -> u64 {
    (hash.rotate_left(5) ^ number).wrapping_mul(0x517C_C1B7_2722_0A95)
}

/// The half into which multiplying mixes all bits.
fn upper(hash: u64) -> u32 {
    (hash >> 32) as u32
}
