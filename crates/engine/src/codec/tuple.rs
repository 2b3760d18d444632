//! Rows that belong to no table, as bytes: each value says what it is. For scratch space and memory, never for files.
//!
//! | value | bytes |
//! |---|---|
//! | any | 1: its kind; then what follows |
//! | integer, unsigned, float, datetime's microseconds | 8, little-endian |
//! | bool | 1 |
//! | date | 4 |
//! | datetime's offset | 4 |
//! | decimal | 16 of the coefficient, 1 of the scale |
//! | uuid | 16 |
//! | text, bytes, json | 4 of the length, then itself |
//! | enum | 2 of the number, then as text |

use wasm_dbms_api::{Date, DateTime, Decimal, JsonRef, Uuid, Value, ValueRef};

/// Appends the values.
pub(crate) fn encode(values: &[ValueRef<'_>], bytes: &mut Vec<u8>) {
    for value in values {
        push(*value, bytes);
    }
}

fn push(value: ValueRef<'_>, bytes: &mut Vec<u8>) {
    let long = |bytes: &mut Vec<u8>, tag: u8, long: &[u8]| {
        bytes.push(tag);
        bytes.extend_from_slice(&(long.len() as u32).to_le_bytes());
        bytes.extend_from_slice(long);
    };
    match value {
        ValueRef::Bool(value) => bytes.extend_from_slice(&[1, value.into()]),
        ValueRef::Integer(number) => {
            bytes.push(2);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        ValueRef::Unsigned(number) => {
            bytes.push(3);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        ValueRef::Float(number) => {
            bytes.push(4);
            bytes.extend_from_slice(&number.to_bits().to_le_bytes());
        }
        ValueRef::Text(text) => long(bytes, 5, text.as_bytes()),
        ValueRef::Bytes(own) => long(bytes, 6, own),
        ValueRef::Json(document) => long(bytes, 7, document.as_str().as_bytes()),
        ValueRef::Decimal(number) => {
            bytes.push(8);
            bytes.extend_from_slice(&number.coefficient().to_le_bytes());
            bytes.push(number.scale());
        }
        ValueRef::Date(date) => {
            bytes.push(9);
            bytes.extend_from_slice(&date.days().to_le_bytes());
        }
        ValueRef::DateTime(moment) => {
            bytes.push(10);
            bytes.extend_from_slice(&moment.microseconds().to_le_bytes());
            bytes.extend_from_slice(&moment.offset_seconds().to_le_bytes());
        }
        ValueRef::Uuid(uuid) => {
            bytes.push(11);
            bytes.extend_from_slice(uuid.as_bytes());
        }
        ValueRef::Enum(number, name) => {
            bytes.push(12);
            bytes.extend_from_slice(&number.to_le_bytes());
            long(bytes, 5, name.as_bytes());
        }
        _ => bytes.push(0),
    }
}

/// Takes so many values off the start; none if the bytes hold no such values.
pub(crate) fn decode(bytes: &mut &[u8], count: usize) -> Option<Vec<Value>> {
    (0..count).map(|_| pull(bytes).map(ValueRef::to_value)).collect()
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (own, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*own)
}

fn long<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u32::from_le_bytes(take(bytes)?);
    let (own, rest) = bytes.split_at_checked(length as usize)?;
    *bytes = rest;
    Some(own)
}

fn pull<'a>(bytes: &mut &'a [u8]) -> Option<ValueRef<'a>> {
    let [tag] = take(bytes)?;
    let text = |own: &'a [u8]| std::str::from_utf8(own).ok();
    Some(match tag {
        0 => ValueRef::Null,
        1 => ValueRef::Bool(take(bytes)? != [0]),
        2 => ValueRef::Integer(i64::from_le_bytes(take(bytes)?)),
        3 => ValueRef::Unsigned(u64::from_le_bytes(take(bytes)?)),
        4 => ValueRef::Float(f64::from_bits(u64::from_le_bytes(take(bytes)?))),
        5 => ValueRef::Text(text(long(bytes)?)?),
        6 => ValueRef::Bytes(long(bytes)?),
        7 => ValueRef::Json(JsonRef::from_stored(text(long(bytes)?)?)),
        8 => {
            let coefficient = i128::from_le_bytes(take(bytes)?);
            let [scale] = take(bytes)?;
            ValueRef::Decimal(Decimal::new(coefficient, scale)?)
        }
        9 => ValueRef::Date(Date::from_days(i32::from_le_bytes(take(bytes)?))),
        10 => {
            let microseconds = i64::from_le_bytes(take(bytes)?);
            let offset = i32::from_le_bytes(take(bytes)?);
            ValueRef::DateTime(DateTime::from_microseconds(microseconds).with_offset(offset)?)
        }
        11 => ValueRef::Uuid(Uuid::from_bytes(take(bytes)?)),
        12 => {
            let number = u16::from_le_bytes(take(bytes)?);
            match pull(bytes)? {
                ValueRef::Text(name) => ValueRef::Enum(number, name),
                _ => return None,
            }
        }
        _ => return None,
    })
}
