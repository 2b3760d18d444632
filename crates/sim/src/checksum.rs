//! The checksum of `docs/FORMAT.md`, written from that page alone: it shares no code with the store.

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Every bit of a number spread over all.
pub(crate) fn mixed(number: u64) -> u64 {
    let mut number = number;
    number ^= number >> 30;
    number = number.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    number ^= number >> 27;
    number = number.wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

fn sum(bytes: &[u8], key: u64) -> u64 {
    (1..).zip(bytes.chunks(8)).fold(0, |sum, (place, word)| {
        let word = word.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        sum.wrapping_add(mixed(word ^ key.wrapping_add(STEP.wrapping_mul(place))))
    })
}

/// Of a page's image.
pub(crate) fn of_page(database_id: u64, page: u64, image: &[u8]) -> u64 {
    sum(image, mixed(database_id ^ STEP.wrapping_mul(page + 1)))
}

/// Of what a ledger says of a page.
pub(crate) fn of_entry(page: u64, checksum: u64, state: u8) -> u64 {
    mixed(mixed(checksum) ^ page ^ u64::from(state) << 32)
}

/// Of a record after the one with the checksum `chain`, or of a header, where `chain` is 0.
pub fn of_bytes(bytes: &[u8], chain: u64) -> u64 {
    mixed(sum(bytes, mixed(chain)) ^ bytes.len() as u64)
}
