//! The key code of decimals: numbers that are equal have one, whatever their zeros after the point.
//!
//! | value | bytes |
//! |---|---|
//! | zero | `80` |
//! | above zero | `C0` + where the point stands, counted from before the first digit that counts; then two digits a byte, `01` for `00` to `64` for `99`, as many as count; then `00` |
//! | below zero | the code of the number without its sign, all bits flipped |

use wasm_dbms_api::Decimal;

const ZERO: u8 = 0x80;

/// Where the point stands when it stands before the first digit.
const POINT: u8 = 0xC0;

/// The most pairs of digits: 29 digits, and a zero.
const PAIRS: usize = 15;

pub(super) const LONGEST_CODE: usize = 1 + PAIRS + 1;

/// Ten to the number of digits in all pairs.
const ALL_DIGITS: u128 = 10_u128.pow(2 * PAIRS as u32);

pub(super) fn push(key: &mut Vec<u8>, decimal: Decimal) {
    if decimal.magnitude() == 0 {
        key.push(ZERO);
        return;
    }
    // The digits moved to the front of thirty.
    let mut digits = decimal.magnitude();
    let mut point = 2 * PAIRS as u8 + POINT - decimal.scale();
    while digits < ALL_DIGITS / 10 {
        digits *= 10;
        point -= 1;
    }
    let start = key.len();
    key.push(point);
    // Ten digits at a time, which 64 bits hold.
    for part in [digits / 10_u128.pow(20), digits / 10_u128.pow(10) % 10_u128.pow(10), digits % 10_u128.pow(10)] {
        let part = part as u64;
        key.extend((0..5).rev().map(|place| (part / 100_u64.pow(place) % 100) as u8 + 1));
    }
    while key.last() == Some(&1) {
        key.pop();
    }
    key.push(0);
    if decimal.is_negative() {
        for byte in key.iter_mut().skip(start) {
            *byte = !*byte;
        }
    }
}

/// How many bytes the code at the start of `bytes`, whose bits are flipped by `FLIP`, takes; none if it is cut short.
pub(super) fn length<const FLIP: u8>(bytes: &[u8]) -> Option<usize> {
    let end = match *bytes.first()? ^ FLIP {
        ZERO => return Some(1),
        byte if byte > ZERO => FLIP,
        _ => !FLIP,
    };
    bytes.iter().position(|byte| *byte == end).map(|last| last + 1)
}
