//! The bytes of the types of fixed width that are more than one number.
//!
//! | type | bytes |
//! |---|---|
//! | decimal | 12 coefficient, little-endian; 1 digits after the point, and `80` if it is below zero |
//! | datetime | `i64` microseconds since 1970-01-01T00:00:00Z, `i32` seconds that the clock is ahead of UTC |

use wasm_dbms_api::{DateTime, Decimal};

const NEGATIVE: u8 = 0x80;

/// The bytes of a decimal.
pub(crate) fn decimal_bytes(decimal: Decimal) -> [u8; 13] {
    let sign = if decimal.is_negative() { NEGATIVE } else { 0 };
    let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = decimal.magnitude().to_le_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l, decimal.scale() | sign]
}

/// The decimal of these bytes; none if they are no decimal's.
pub(crate) fn decimal(bytes: [u8; 13]) -> Option<Decimal> {
    let [a, b, c, d, e, f, g, h, i, j, k, l, scale] = bytes;
    let magnitude = u128::from_le_bytes([a, b, c, d, e, f, g, h, i, j, k, l, 0, 0, 0, 0]);
    Decimal::from_parts(scale & NEGATIVE != 0, magnitude, scale & !NEGATIVE)
}

/// The bytes of a moment.
pub(crate) fn date_time_bytes(moment: DateTime) -> [u8; 12] {
    let [a, b, c, d, e, f, g, h] = moment.microseconds().to_le_bytes();
    let [i, j, k, l] = moment.offset_seconds().to_le_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l]
}

/// The moment of these bytes; none if they are no moment's.
pub(crate) fn date_time(bytes: [u8; 12]) -> Option<DateTime> {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
    let moment = DateTime::from_microseconds(i64::from_le_bytes([a, b, c, d, e, f, g, h]));
    moment.with_offset(i32::from_le_bytes([i, j, k, l]))
}
