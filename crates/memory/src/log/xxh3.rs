//! xxh3 of more than 240 bytes for modules without vector instructions, with the same result as everywhere else.
//!
//! A module is compiled for size, and then the crate's own loop is calls, five times as many instructions as here; of what
//! a commit did that was nearly half. Here the eight lanes stand in variables and all stripes go through one loop.

/// Shorter inputs are another function.
pub(super) const SHORTEST: usize = 241;

const STRIPE: usize = 64;
const LANE: usize = 8;

/// After so many stripes the lanes are mixed.
const STRIPES_OF_BLOCK: usize = (SECRET.len() - STRIPE) / LANE;

/// Where the secret is read for the last stripe, to mix the lanes, and to bring them together.
const LAST_AT: usize = SECRET.len() - STRIPE - 7;
const MIX_AT: usize = SECRET.len() - STRIPE;
const MERGE_AT: usize = 11;

const PRIME32_1: u64 = 0x9E37_79B1;
const PRIME32_2: u64 = 0x85EB_CA77;
const PRIME32_3: u64 = 0xC2B2_AE3D;
const PRIME64_1: u64 = 0x9E37_79B1_85EB_CA87;
const PRIME64_2: u64 = 0xC2B2_AE3D_27D4_EB4F;
const PRIME64_3: u64 = 0x1656_67B1_9E37_79F9;
const PRIME64_4: u64 = 0x85EB_CA77_C2B2_AE63;
const PRIME64_5: u64 = 0x27D4_EB2F_1656_67C5;
const AVALANCHE: u64 = 0x1656_6791_9E37_79F9;

/// The secret of the definition of xxh3.
const SECRET: [u8; 192] = [
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c, //
    0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f, //
    0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21, //
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c, //
    0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3, //
    0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8, //
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d, //
    0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64, //
    0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb, //
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e, //
    0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce, //
    0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
];

/// The hash of at least [`SHORTEST`] bytes.
pub(super) fn of_long(bytes: &[u8], seed: u64) -> u64 {
    let secret = seeded(seed);
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] =
        [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1];
    let mut stripes = bytes.as_chunks::<STRIPE>().0;
    // The last stripe is the end of the bytes, whole, wherever the one before it ends.
    if bytes.len().is_multiple_of(STRIPE) {
        stripes = stripes.split_last().map_or(stripes, |(_, before)| before);
    }
    let mut in_block = 0;
    loop {
        let (stripe, at) = match stripes {
            [stripe, after @ ..] => {
                stripes = after;
                (stripe, in_block * LANE)
            }
            [] => (bytes.last_chunk().unwrap_or(&[0; STRIPE]), LAST_AT),
        };
        let [i, j, k, l, m, n, o, p] = lanes(stripe);
        let [q, r, s, t, u, v, w, x] = key(&secret, at);
        a = added(a, j, i ^ q);
        b = added(b, i, j ^ r);
        c = added(c, l, k ^ s);
        d = added(d, k, l ^ t);
        e = added(e, n, m ^ u);
        f = added(f, m, n ^ v);
        g = added(g, p, o ^ w);
        h = added(h, o, p ^ x);
        if at == LAST_AT {
            break;
        }
        in_block += 1;
        if in_block == STRIPES_OF_BLOCK {
            in_block = 0;
            let [q, r, s, t, u, v, w, x] = key(&secret, MIX_AT);
            (a, b, c, d) = (mixed(a, q), mixed(b, r), mixed(c, s), mixed(d, t));
            (e, f, g, h) = (mixed(e, u), mixed(f, v), mixed(g, w), mixed(h, x));
        }
    }
    let [q, r, s, t, u, v, w, x] = key(&secret, MERGE_AT);
    let merged = (bytes.len() as u64).wrapping_mul(PRIME64_1);
    let merged = merged.wrapping_add(folded(a ^ q, b ^ r)).wrapping_add(folded(c ^ s, d ^ t));
    let merged = merged.wrapping_add(folded(e ^ u, f ^ v)).wrapping_add(folded(g ^ w, h ^ x));
    let mixed = (merged ^ (merged >> 37)).wrapping_mul(AVALANCHE);
    mixed ^ (mixed >> 32)
}

/// The secret with a seed.
fn seeded(seed: u64) -> [u8; SECRET.len()] {
    let mut secret = SECRET;
    let mut seed = seed;
    for word in secret.as_chunks_mut::<LANE>().0 {
        *word = u64::from_le_bytes(*word).wrapping_add(seed).to_le_bytes();
        seed = seed.wrapping_neg();
    }
    secret
}

/// The lanes of the secret from `at` on.
#[inline(always)]
fn key(secret: &[u8; SECRET.len()], at: usize) -> [u64; LANE] {
    secret.get(at..).and_then(|rest| rest.first_chunk()).map_or([0; LANE], lanes)
}

#[inline(always)]
fn lanes(stripe: &[u8; STRIPE]) -> [u64; LANE] {
    let word = u64::from_le_bytes;
    match stripe.as_chunks::<LANE>().0 {
        [a, b, c, d, e, f, g, h] => [word(*a), word(*b), word(*c), word(*d), word(*e), word(*f), word(*g), word(*h)],
        _ => [0; LANE],
    }
}

/// A lane after a word of its own, which comes with the secret, and its neighbour's.
#[inline(always)]
fn added(lane: u64, beside: u64, keyed: u64) -> u64 {
    lane.wrapping_add(beside).wrapping_add((keyed & 0xFFFF_FFFF).wrapping_mul(keyed >> 32))
}

#[inline(always)]
fn mixed(lane: u64, key: u64) -> u64 {
    (lane ^ (lane >> 47) ^ key).wrapping_mul(PRIME32_1)
}

fn folded(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_64_with_seed;

    #[test]
    fn every_length_hashes_as_by_the_crate() {
        let seed = 11;
        let mut random = fastrand::Rng::with_seed(seed);
        let bytes: Vec<u8> = (0..65_536).map(|_| random.u8(..)).collect();
        let lengths = (SHORTEST..3_000).chain([4_096, 8_192, 16_384, 65_535, 65_536]);
        for length in lengths {
            let (bytes, key) = (&bytes[..length], random.u64(..));
            assert_eq!(of_long(bytes, key), xxh3_64_with_seed(bytes, key), "seed {seed}, {length} bytes");
            assert_eq!(of_long(bytes, 0), xxh3_64_with_seed(bytes, 0), "seed {seed}, {length} bytes, no key");
        }
    }
}
