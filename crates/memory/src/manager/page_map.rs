//! A map by page number that hashes next to nothing: page numbers are the store's own, nobody chooses them to collide.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use wasm_dbms_api::Page;

/// Anything by page number.
pub(crate) type PageMap<T> = HashMap<Page, T, BuildHasherDefault<PageHasher>>;

/// Multiplies once, so that the upper bits, which the map looks at first, differ too.
#[derive(Debug, Default)]
pub(crate) struct PageHasher(u64);

/// 2^64 divided by the golden ratio.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for PageHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        let mixed = (self.0 ^ u64::from(number)).wrapping_mul(FACTOR);
        self.0 = mixed ^ mixed >> 32;
    }
}
