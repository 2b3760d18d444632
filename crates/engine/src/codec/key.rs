//! The key code: bytes whose order is the order of the values.
//!
//! | value | bytes |
//! |---|---|
//! | NULL (indexes only) | `00` |
//! | any other (indexes only) | `01`, then its code |
//! | bool | `00` or `01` |
//! | integer 0 and up | `80` + number of significant bytes, then these, big-endian |
//! | integer below 0 | `7F` - number of significant bytes of its complement, then these, complemented |
//! | float | 8 bytes: big-endian, sign bit flipped, all bits flipped below zero; -0.0 as 0.0, one NaN above all |
//! | text, bytes | its bytes with `00` as `00 FF`, then `00 01` |
//! | decimal | see [`decimal`] |
//! | date, datetime, enum | as the integer of its days, its microseconds, its number |
//! | uuid | its 16 bytes |
//!
//! In a descending column of an index every bit of this is flipped, so that the largest come first and NULLs last.
//!
//! JSON is no key, but groups and hash tables have a code for it, as of bytes. Codes delimit themselves, so the columns of a key simply follow each other. Integers of every width share one code, so
//! widening a column keeps its keys. Columns of a primary key are never NULL and go without the first byte.

mod decimal;

use wasm_dbms_api::{DataType, Date, Uuid, ValueRef};

const NULL: u8 = 0;
const VALUE: u8 = 1;
const FLIPPED_NULL: u8 = !NULL;

const ZERO: u8 = 0x80;
const BELOW_ZERO: u8 = 0x7F;

/// The longest code of an integer.
pub(crate) const LONGEST_INTEGER: usize = 9;

/// The bits of the one NaN.
const NAN: u64 = 0x7FF8_0000_0000_0000;

/// The longest code of a value whose type bounds it; `None` where the value decides.
pub(crate) fn longest_code(data_type: DataType) -> Option<usize> {
    match data_type {
        DataType::Bool => Some(1),
        DataType::Text | DataType::Bytes | DataType::Json => None,
        DataType::Uuid => Some(16),
        DataType::Decimal => Some(decimal::LONGEST_CODE),
        _ => Some(9),
    }
}

/// Whether the code gives the value back exactly, so that a row need not keep it too.
pub(crate) fn gives_back(data_type: DataType) -> bool {
    data_type.is_integer() || matches!(data_type, DataType::Bool | DataType::Date | DataType::Uuid | DataType::Enum)
}

/// Appends the code of a column of an index, in the column's direction.
#[inline]
pub(crate) fn push_directed(key: &mut Vec<u8>, value: ValueRef<'_>, is_descending: bool) {
    let start = key.len();
    push_nullable(key, value);
    if is_descending {
        flip(key, start);
    }
}

/// Flips every bit from `start` on: the code of an ascending column becomes that of a descending one.
#[cold]
pub(crate) fn flip(key: &mut [u8], start: usize) {
    for byte in key.iter_mut().skip(start) {
        *byte = !*byte;
    }
}

/// Appends the code of an index column.
pub(crate) fn push_nullable(key: &mut Vec<u8>, value: ValueRef<'_>) {
    if value.is_null() {
        key.push(NULL);
    } else {
        key.push(VALUE);
        push(key, value);
    }
}

/// Appends a byte above the codes of all index columns: where a sort has NULLs as the largest.
pub(crate) fn push_above_values(key: &mut Vec<u8>) {
    key.push(VALUE + 1);
}

/// Appends the first byte of every index column that is not NULL.
pub(crate) fn push_value_tag(key: &mut Vec<u8>) {
    key.push(VALUE);
}

/// Appends the code of a value that is not NULL.
#[inline]
pub(crate) fn push(key: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => key.push(NULL),
        ValueRef::Bool(value) => key.push(u8::from(value)),
        ValueRef::Integer(number) => push_integer(key, number),
        ValueRef::Unsigned(number) => push_unsigned(key, number),
        ValueRef::Float(number) => key.extend_from_slice(&float_code(number).to_be_bytes()),
        ValueRef::Text(text) => push_bytes(key, text.as_bytes()),
        ValueRef::Bytes(bytes) => push_bytes(key, bytes),
        other => push_rarer(key, other),
    }
}

fn push_rarer(key: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::Decimal(decimal) => decimal::push(key, decimal),
        ValueRef::Date(date) => push_integer(key, date.days().into()),
        ValueRef::DateTime(moment) => push_integer(key, moment.microseconds()),
        ValueRef::Uuid(uuid) => key.extend_from_slice(uuid.as_bytes()),
        ValueRef::Enum(number, _) => push_unsigned(key, number.into()),
        ValueRef::Json(json) => push_bytes(key, &json.comparable()),
        _ => key.push(NULL),
    }
}

#[inline]
fn push_integer(key: &mut Vec<u8>, number: i64) {
    if number < 0 { push_negative(key, number) } else { push_unsigned(key, number.unsigned_abs()) }
}

#[inline]
fn push_unsigned(key: &mut Vec<u8>, number: u64) {
    // Nine bytes at once and back to what counts: a copy of a length known only now is a call.
    let (code, length) = unsigned_code(number);
    key.extend_from_slice(&code);
    key.truncate(key.len() - (LONGEST_INTEGER - length));
}

/// The code of an integer from 0 on, and how many of the bytes it takes.
#[inline]
pub(crate) fn unsigned_code(number: u64) -> ([u8; LONGEST_INTEGER], usize) {
    let skipped = number.leading_zeros() / 8;
    let length = 8 - skipped as usize;
    let [a, b, c, d, e, f, g, h] = number.checked_shl(8 * skipped).unwrap_or(0).to_be_bytes();
    ([ZERO + length as u8, a, b, c, d, e, f, g, h], length + 1)
}

fn push_negative(key: &mut Vec<u8>, number: i64) {
    let complement = !number as u64;
    let skipped = complement.leading_zeros() as usize / 8;
    key.push(BELOW_ZERO - (8 - skipped) as u8);
    key.extend(complement.to_be_bytes().iter().skip(skipped).map(|byte| !byte));
}

/// A number that orders as floats do.
pub(crate) fn float_code(number: f64) -> u64 {
    let bits = if number.is_nan() { NAN } else { (number + 0.0).to_bits() };
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

fn push_bytes(key: &mut Vec<u8>, bytes: &[u8]) {
    push_escaped(key, bytes);
    key.extend_from_slice(&[0, 1]);
}

/// Appends bytes as text and bytes have them, but not the end: the common start of all that begin with them.
pub(crate) fn push_escaped(key: &mut Vec<u8>, bytes: &[u8]) {
    if !bytes.contains(&0) {
        key.extend_from_slice(bytes);
        return;
    }
    for part in bytes.split_inclusive(|byte| *byte == 0) {
        key.extend_from_slice(part);
        if part.last() == Some(&0) {
            key.push(0xFF);
        }
    }
}

/// How many bytes the code at the start of `bytes` takes; none if it is cut short.
#[inline]
pub(crate) fn length(bytes: &[u8], data_type: DataType) -> Option<usize> {
    length_flipped::<0>(bytes, data_type)
}

/// As [`length`], of a code whose bits are flipped by `FLIP`.
#[inline]
fn length_flipped<const FLIP: u8>(bytes: &[u8], data_type: DataType) -> Option<usize> {
    let length = match data_type {
        DataType::Bool => 1,
        DataType::F32 | DataType::F64 => 8,
        DataType::Uuid => 16,
        DataType::Decimal => decimal::length::<FLIP>(bytes)?,
        DataType::Text | DataType::Bytes | DataType::Json => {
            let mut at = 0;
            loop {
                at += bytes.get(at..)?.iter().position(|byte| *byte == FLIP)?;
                match bytes.get(at + 1)? ^ FLIP {
                    0xFF => at += 2,
                    _ => break at + 2,
                }
            }
        }
        _ => match *bytes.first()? ^ FLIP {
            tag @ ZERO.. => usize::from(tag - ZERO) + 1,
            tag => usize::from(BELOW_ZERO - tag) + 1,
        },
    };
    (length <= bytes.len()).then_some(length)
}

/// How many bytes an index column takes, its first byte included; none if it is cut short.
pub(crate) fn directed_length(bytes: &[u8], data_type: DataType, is_descending: bool) -> Option<usize> {
    let (tag, rest) = bytes.split_first()?;
    match (*tag, is_descending) {
        (NULL, false) | (FLIPPED_NULL, true) => Some(1),
        (_, false) => length(rest, data_type).map(|length| length + 1),
        (_, true) => length_flipped::<0xFF>(rest, data_type).map(|length| length + 1),
    }
}

/// The value of a code that gives it back exactly; of an enum its number.
#[inline]
pub(crate) fn decode(bytes: &[u8], data_type: DataType) -> Option<ValueRef<'static>> {
    let (&tag, rest) = bytes.split_first()?;
    match data_type {
        DataType::Bool => return Some(ValueRef::Bool(tag != 0)),
        DataType::Uuid => return bytes.first_chunk().map(|bytes| ValueRef::Uuid(Uuid::from_bytes(*bytes))),
        DataType::Date => {
            let days = i32::try_from(decode_integer(bytes)?).ok()?;
            return Some(ValueRef::Date(Date::from_days(days)));
        }
        _ => {}
    }
    if tag >= ZERO {
        return digits(rest, tag - ZERO).map(ValueRef::from_u64);
    }
    decode_integer(bytes).map(ValueRef::Integer)
}

/// The integer of a code, where it is one that an `i64` holds.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline)]
pub(crate) fn decode_integer(bytes: &[u8]) -> Option<i64> {
    let (&tag, rest) = bytes.split_first()?;
    if tag >= ZERO {
        return i64::try_from(digits(rest, tag - ZERO)?).ok();
    }
    let length = BELOW_ZERO - tag;
    let stored = digits(rest, length)?;
    let mask = u64::MAX.checked_shr(64 - 8 * u32::from(length)).unwrap_or(0);
    let complement = !stored & mask;
    Some(!(complement as i64))
}

/// The number of `length` big-endian digits, at most eight.
#[inline]
fn digits(bytes: &[u8], length: u8) -> Option<u64> {
    let length = usize::from(length);
    let digits = bytes.get(..length).filter(|digits| digits.len() <= 8)?;
    Some(digits.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte)))
}

/// Makes the smallest key above every key that begins with this one; false if there is none.
pub(crate) fn make_successor(key: &mut Vec<u8>) -> bool {
    while let Some(last) = key.last_mut() {
        if *last < 0xFF {
            *last += 1;
            return true;
        }
        key.pop();
    }
    false
}

#[cfg(test)]
mod tests {
    use wasm_dbms_api::{DateTime, Decimal, Value};

    use super::*;

    fn code(value: &Value) -> Vec<u8> {
        let mut key = Vec::new();
        push_nullable(&mut key, value.as_ref());
        key
    }

    fn numbers() -> Vec<Value> {
        let mut numbers: Vec<Value> = vec![i64::MIN.into(), i64::MAX.into(), u64::MAX.into(), Value::Null];
        for shift in 0..63 {
            for delta in [-1, 0, 1] {
                numbers.push(((1i64 << shift) + delta).into());
                numbers.push((-(1i64 << shift) + delta).into());
            }
        }
        numbers
    }

    #[test]
    fn the_order_of_codes_is_the_order_of_integers() {
        let numbers = numbers();
        for left in &numbers {
            for right in &numbers {
                let expected = left.as_ref().sort_order(right.as_ref());
                assert_eq!(code(left).cmp(&code(right)), expected, "{left} and {right}");
            }
        }
    }

    #[test]
    fn an_integer_comes_back_from_its_code() {
        for number in numbers().iter().filter(|number| !number.is_null()) {
            let key = code(number);
            assert_eq!(decode(&key[1..], DataType::I64).unwrap().to_value(), *number);
            assert_eq!(length(&key[1..], DataType::I64), Some(key.len() - 1));
        }
    }

    #[test]
    fn the_order_of_codes_is_the_order_of_floats() {
        let floats = [f64::NEG_INFINITY, -1.5, -1e-300, -0.0, 0.0, 5e-324, 1.0, 1.5, f64::MAX, f64::INFINITY, f64::NAN];
        for left in floats {
            for right in floats {
                let (left, right) = (Value::from(left), Value::from(right));
                let expected = left.as_ref().sort_order(right.as_ref());
                assert_eq!(code(&left).cmp(&code(&right)), expected, "{left} and {right}");
            }
        }
    }

    #[test]
    fn the_order_of_codes_is_the_order_of_texts_with_zeros_in_them() {
        let texts = ["", "\0", "\0\0", "\0a", "a", "a\0", "a\0b", "a\u{1}", "aa", "b", "é"];
        for left in texts {
            for right in texts {
                // What follows must not change the order: columns after this one, the primary key.
                for ends in [[0u8, 0xFF], [0xFF, 0], [1, 1]] {
                    let mut left_key = code(&left.into());
                    let mut right_key = code(&right.into());
                    assert_eq!(directed_length(&left_key, DataType::Text, false), Some(left_key.len()));
                    left_key.push(ends[0]);
                    right_key.push(ends[1]);
                    let expected = left.cmp(right).then(ends[0].cmp(&ends[1]));
                    assert_eq!(left_key.cmp(&right_key), expected, "{left:?} and {right:?}");
                }
            }
        }
    }

    /// A random value of a type that is more than one number, from few enough that many are near each other.
    fn rarer(random: &mut fastrand::Rng, data_type: DataType) -> Value {
        let near = random.i64(..) >> random.u32(0..63);
        match data_type {
            DataType::Decimal => {
                let magnitude = (random.u128(..) >> random.u32(32..128) << random.u32(0..32)) & ((1 << 96) - 1);
                Decimal::from_parts(random.bool(), magnitude, random.u8(0..=28)).unwrap().into()
            }
            DataType::Date => Date::from_days(near as i32).into(),
            DataType::DateTime => {
                DateTime::from_microseconds(near).with_offset(random.i32(-86_399..86_400)).unwrap().into()
            }
            DataType::Uuid => Uuid::from_u128(random.u128(..) >> random.u32(0..128)).into(),
            _ => Value::Enum(near as u16, "name".into()),
        }
    }

    #[test]
    fn the_order_of_codes_is_the_order_of_values_of_every_rarer_type() {
        let mut random = fastrand::Rng::with_seed(5);
        for data_type in [DataType::Decimal, DataType::Date, DataType::DateTime, DataType::Uuid, DataType::Enum] {
            for _ in 0..100_000 {
                let (left, right) = (rarer(&mut random, data_type), rarer(&mut random, data_type));
                let (left_code, right_code) = (code(&left), code(&right));
                let expected = left.as_ref().sort_order(right.as_ref());
                assert_eq!(left_code.cmp(&right_code), expected, "{left} and {right}");
                assert!(left_code.len() <= 1 + longest_code(data_type).unwrap(), "{left}");
                let followed = [&left_code[1..], &[random.u8(..)]].concat();
                assert_eq!(length(&followed, data_type), Some(left_code.len() - 1), "{left}");
                if matches!(data_type, DataType::Date | DataType::Uuid) {
                    assert_eq!(decode(&followed, data_type).unwrap().to_value(), left);
                }
            }
        }
    }

    #[test]
    fn decimals_that_are_equal_have_one_code() {
        for forms in [["1.5", "1.500"], ["0", "0.000"], ["-100", "-100.0"], ["0.010", "0.01"]] {
            let [one, two] = forms.map(|form| code(&form.parse::<Decimal>().unwrap().into()));
            assert_eq!(one, two, "{forms:?}");
        }
    }

    #[test]
    fn foreign_bytes_are_cut_or_refused_without_a_panic() {
        let mut random = fastrand::Rng::with_seed(6);
        for _ in 0..100_000 {
            let bytes: Vec<u8> = (0..random.usize(..20)).map(|_| random.u8(..)).collect();
            for data_type in DataType::ALL {
                if let Some(length) = length(&bytes, data_type) {
                    assert!(length <= bytes.len());
                }
                let _ = (
                    directed_length(&bytes, data_type, random.bool()),
                    decode(&bytes, data_type),
                    decode_integer(&bytes),
                );
            }
        }
    }
}
