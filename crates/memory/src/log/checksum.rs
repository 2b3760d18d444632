//! Checksums of 64 bits, each a sum over the words of its bytes, so that a page of which little changed is not summed anew.
//!
//! A word of eight bytes counts as what [`mixed`] makes of it and of a key that its place alone has. `mixed` is one to one:
//! another word always counts otherwise, so one that changed is always found; several changed ones make up for each other
//! once in 2^64. The keys begin with the page and its database, so the right bytes in the wrong place do not pass.
//!
//! What changed between two images of a page is known when a commit writes it down ([`diff`](super::diff)): the words that
//! went are taken off, those that came are added ([`after_change`]). One routine serves every host, and it is short.

use wasm_dbms_api::Page;

/// The distance between the keys of two places that follow one another.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

const WORD: usize = 8;

/// The checksum of a page's image: of this page of this database.
pub(crate) fn of_page(database_id: u64, page: Page, image: &[u8]) -> u64 {
    sum(image, page_key(database_id, page))
}

/// The checksum of a page of which `length` bytes from `offset` on changed, given the one that it had before. Changes may
/// be given one after the other if no word has two of them.
pub(crate) fn after_change(
    before: u64,
    (database_id, page): (u64, Page),
    (old, new): (&[u8], &[u8]),
    (offset, length): (usize, usize),
) -> u64 {
    let first = offset / WORD;
    let key = page_key(database_id, page).wrapping_add((first as u64).wrapping_mul(STEP));
    let (start, end) = (first * WORD, (offset + length).next_multiple_of(WORD));
    let words = |image: &[u8]| sum(image.get(start..end).unwrap_or_default(), key);
    before.wrapping_sub(words(old)).wrapping_add(words(new))
}

fn page_key(database_id: u64, page: Page) -> u64 {
    mixed(database_id ^ (u64::from(page) + 1).wrapping_mul(STEP))
}

/// What a ledger entry contributes to the sum of its group and to the root. Sums wrap, so that one entry can be
/// replaced without the others being read.
pub(crate) fn of_entry(page: Page, checksum: u64, state: u8) -> u64 {
    mixed(mixed(checksum) ^ (u64::from(page) | u64::from(state) << 32))
}

/// The checksum of a record, chained to the one before.
pub(crate) fn of_record(chain: u64, bytes: &[u8]) -> u64 {
    mixed(sum(bytes, mixed(chain)) ^ bytes.len() as u64)
}

/// The checksum of bytes that stand for themselves: a header slot, a parked body.
pub(crate) fn of_bytes(bytes: &[u8]) -> u64 {
    of_record(0, bytes)
}

/// A new chain seed, so that records of an earlier session cannot be taken for this one's.
pub(crate) fn next_seed(chain: u64, sequence: u64) -> u64 {
    mixed(mixed(chain ^ STEP) ^ sequence)
}

/// The sum over the words of these bytes, filled up with zeros; the key of the first is a step further than this one.
fn sum(bytes: &[u8], mut key: u64) -> u64 {
    let (words, rest) = bytes.as_chunks::<WORD>();
    let mut last = [0; WORD];
    let mut sum = 0u64;
    for word in words {
        key = key.wrapping_add(STEP);
        sum = sum.wrapping_add(mixed(u64::from_le_bytes(*word) ^ key));
    }
    if let Some(place) = last.get_mut(..rest.len()).filter(|_| !rest.is_empty()) {
        place.copy_from_slice(rest);
        sum = sum.wrapping_add(mixed(u64::from_le_bytes(last) ^ key.wrapping_add(STEP)));
    }
    sum
}

/// Spreads every bit of a number over all: the last steps of the generator SplitMix64.
#[inline(always)]
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Parts;
    use crate::log::diff;

    fn image(random: &mut fastrand::Rng) -> Vec<u8> {
        (0..4096).map(|_| random.u8(..)).collect()
    }

    #[test]
    fn the_checksum_after_changes_is_that_of_the_image_they_make() {
        let seed = 20_261_130;
        let mut random = fastrand::Rng::with_seed(seed);
        for round in 0..300 {
            let place = (random.u64(..), random.u32(..));
            let old = image(&mut random);
            let mut new = old.clone();
            for _ in 0..random.usize(0..20) {
                let start = random.usize(..4096);
                let end = (start + random.usize(..40)).min(4096);
                new[start..end].fill_with(|| random.u8(..));
            }
            let mut checksum = of_page(place.0, place.1, &old);
            diff::ranges(&old, &new, Parts::ALL, |offset, length| {
                checksum = after_change(checksum, place, (&old, &new), (offset, length));
            });
            assert_eq!(checksum, of_page(place.0, place.1, &new), "seed {seed}, round {round}");
        }
    }

    #[test]
    fn every_bit_of_a_page_counts_and_changes_half_of_the_checksum() {
        let mut image = image(&mut fastrand::Rng::with_seed(3));
        let whole = of_page(5, 7, &image);
        let mut changed_bits = 0;
        for bit in 0..image.len() * 8 {
            image[bit / 8] ^= 1 << (bit % 8);
            let changed = of_page(5, 7, &image) ^ whole;
            image[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(changed, 0, "bit {bit}");
            changed_bits += changed.count_ones();
        }
        let mean = f64::from(changed_bits) / (image.len() * 8) as f64;
        assert!((31.5..32.5).contains(&mean), "{mean}");
    }

    /// Changes that real faults make: words that change places, sectors of another image or of nothing, equal changes of
    /// two words.
    #[test]
    fn what_faults_do_to_a_page_changes_its_checksum() {
        let mut random = fastrand::Rng::with_seed(4);
        for round in 0..2000 {
            let before = image(&mut random);
            let whole = of_page(1, 2, &before);
            let mut after = before.clone();
            let (one, other) = (random.usize(..512) * WORD, random.usize(..512) * WORD);
            match round % 4 {
                0 => (0..WORD).for_each(|byte| after.swap(one + byte, other + byte)),
                1 => after[one / 512 * 512..][..512].fill(0),
                2 => after[one / 512 * 512..][..512].copy_from_slice(&before[other / 512 * 512..][..512]),
                _ => {
                    let bit = random.usize(..64);
                    for word in [one, other] {
                        after[word + bit / 8] ^= 1 << (bit % 8);
                    }
                }
            }
            assert_eq!(of_page(1, 2, &after) == whole, after == before, "round {round}");
            assert_ne!(of_page(1, 3, &before), whole);
            assert_ne!(of_page(2, 2, &before), whole);
        }
    }

    #[test]
    fn bytes_of_any_length_have_checksums_of_their_own() {
        let bytes = [0; 40];
        let mut checksums: Vec<u64> = (1..=40).map(|length| of_record(9, &bytes[..length])).collect();
        checksums.extend((1..=40).map(|length| of_bytes(&bytes[..length])));
        checksums.sort_unstable();
        checksums.dedup();
        assert_eq!(checksums.len(), 80);
    }

    #[test]
    fn entries_that_exchange_what_they_say_are_not_the_same_sum() {
        let sum = |one: u64, other: u64, states: [u8; 2]| {
            of_entry(1, one, states[0]).wrapping_add(of_entry(2, other, states[1]))
        };
        assert_ne!(sum(11, 12, [1, 1]), sum(12, 11, [1, 1]));
        assert_ne!(sum(11, 12, [1, 2]), sum(11, 12, [2, 1]));
    }
}
