//! Checksums: xxh3 with 64 bits, seeded so that the right bytes in the wrong place do not pass.

use wasm_dbms_api::Page;

/// Spreads a small number over 64 bits.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The checksum of a page's image: of this page of this database.
pub(crate) fn of_page(database_id: u64, page: Page, image: &[u8]) -> u64 {
    hash(image, database_id ^ (u64::from(page) + 1).wrapping_mul(SPREAD))
}

/// What a ledger entry contributes to the sum of its group and to the root. Sums wrap, so that one entry can be
/// replaced without the others being read.
pub(crate) fn of_entry(page: Page, checksum: u64, state: u8) -> u64 {
    let mut bytes = [0; 16];
    crate::bytes::put_u64(&mut bytes, 0, checksum);
    crate::bytes::put_u32(&mut bytes, 8, page);
    crate::bytes::put_u32(&mut bytes, 12, state.into());
    of_bytes(&bytes)
}

/// The checksum of a record, chained to the one before.
pub(crate) fn of_record(chain: u64, bytes: &[u8]) -> u64 {
    hash(bytes, chain)
}

/// The checksum of bytes that stand for themselves: a header slot, a parked body.
pub(crate) fn of_bytes(bytes: &[u8]) -> u64 {
    // A seed of 0 is none: one function for all.
    hash(bytes, 0)
}

/// A new chain seed, so that records of an earlier session cannot be taken for this one's.
pub(crate) fn next_seed(chain: u64, sequence: u64) -> u64 {
    let mut bytes = [0; 16];
    crate::bytes::put_u64(&mut bytes, 0, chain);
    crate::bytes::put_u64(&mut bytes, 8, sequence);
    hash(&bytes, SPREAD)
}

#[cfg(not(all(target_family = "wasm", not(target_feature = "simd128"))))]
use xxhash_rust::xxh3::xxh3_64_with_seed as hash;

#[cfg(all(target_family = "wasm", not(target_feature = "simd128")))]
fn hash(bytes: &[u8], seed: u64) -> u64 {
    if bytes.len() < super::xxh3::SHORTEST {
        xxhash_rust::xxh3::xxh3_64_with_seed(bytes, seed)
    } else {
        super::xxh3::of_long(bytes, seed)
    }
}
