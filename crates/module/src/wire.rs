//! Values between JavaScript and the module.
//!
//! Parameters come one after the other, each with its tag in front (numbers are little-endian, lengths 32 bits):
//!
//! | tag | value | bytes after it |
//! |---|---|---|
//! | 0, 1, 2 | NULL, false, true | none |
//! | 3 | a number without a fraction | 8: a double |
//! | 4 | any other number | 8: a double |
//! | 5, 6 | a BigInt that 64 bits hold with sign, without | 8 |
//! | 7, 8, 10 | text, bytes, JSON | the length, then UTF-8 or bytes |
//! | 9 | a moment | 8: a double, milliseconds since 1970 |
//!
//! Rows go out as a [`Batch`]: a tag and 64 bits for each cell, and all texts and all bytes in one piece each, so that
//! JavaScript reads whole arrays and decodes one text.

use std::fmt;

use wasm_dbms::{DateTime, Json, Value, ValueRef, uuid_text};

use crate::failure::{Failure, Result};

/// How many cells a batch holds, if its rows are not longer.
pub const MAX_BATCH_CELLS: usize = 8192;

/// With how many bytes of text a batch ends, if its rows are not longer.
pub const MAX_BATCH_BYTES: usize = 128 << 10;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const WHOLE: u8 = 3;
const FLOAT: u8 = 4;
const SIGNED: u8 = 5;
const UNSIGNED: u8 = 6;
const TEXT: u8 = 7;
const BYTES: u8 = 8;
const MOMENT: u8 = 9;
const JSON: u8 = 10;

/// The largest whole number up to which JavaScript counts exactly.
const MAX_EXACT: i64 = (1 << 53) - 1;

/// Reads parameters.
///
/// ```
/// use wasm_dbms::Value;
/// use wasm_dbms_module::read_values;
///
/// assert_eq!(read_values(&[2, 7, 2, 0, 0, 0, b'h', b'i'])?, [Value::Bool(true), Value::from("hi")]);
/// assert!(read_values(&[7, 9, 0, 0, 0, b'h']).is_err());
/// # Ok::<(), Box<wasm_dbms_module::Failure>>(())
/// ```
///
/// # Errors
/// Bytes that are not of this form.
pub fn read_values(mut bytes: &[u8]) -> Result<Vec<Value>> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        values.push(take_value(&mut bytes)?);
    }
    Ok(values)
}

/// Takes the next parameter.
#[inline(never)]
pub(crate) fn take_value(bytes: &mut &[u8]) -> Result<Value> {
    let (tag, rest) = bytes.split_first().ok_or_else(cut)?;
    *bytes = rest;
    read_value(*tag, bytes)
}

fn read_value(tag: u8, bytes: &mut &[u8]) -> Result<Value> {
    Ok(match tag {
        NULL => Value::Null,
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        WHOLE => Value::Integer(f64::from_le_bytes(take(bytes)?) as i64),
        FLOAT => Value::Float(f64::from_le_bytes(take(bytes)?)),
        SIGNED => Value::Integer(i64::from_le_bytes(take(bytes)?)),
        UNSIGNED => Value::from(u64::from_le_bytes(take(bytes)?)),
        TEXT => Value::Text(text(bytes)?.to_owned()),
        BYTES => Value::Bytes(piece(bytes)?.to_vec()),
        MOMENT => moment(f64::from_le_bytes(take(bytes)?))?,
        JSON => {
            let json: std::result::Result<Json, _> = text(bytes)?.parse();
            Value::Json(json.map_err(|error| Failure::other(error.to_string()))?)
        }
        _ => return Err(cut()),
    })
}

fn moment(milliseconds: f64) -> Result<Value> {
    let microseconds = milliseconds * 1000.0;
    if microseconds.abs() <= MAX_EXACT as f64 {
        return Ok(Value::DateTime(DateTime::from_microseconds(microseconds as i64)));
    }
    Err(Failure::other("a Date that no clock shows cannot be stored"))
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk().ok_or_else(cut)?;
    *bytes = rest;
    Ok(*taken)
}

fn piece<'b>(bytes: &mut &'b [u8]) -> Result<&'b [u8]> {
    let length = u32::from_le_bytes(take(bytes)?) as usize;
    let (piece, rest) = bytes.split_at_checked(length).ok_or_else(cut)?;
    *bytes = rest;
    Ok(piece)
}

fn text<'b>(bytes: &mut &'b [u8]) -> Result<&'b str> {
    std::str::from_utf8(piece(bytes)?).map_err(|_| Failure::other("a text that is no UTF-8"))
}

fn cut() -> Box<Failure> {
    Failure::other("the parameters are not as they are written")
}

/// Rows on their way out.
#[derive(Debug, Default)]
pub struct Batch {
    /// A tag for each cell, those of the parameters.
    pub tags: Vec<u8>,
    /// For each cell a double, 64 bits of a whole number, or how long its text (in UTF-16) or its bytes are.
    pub numbers: Vec<u64>,
    /// All texts.
    pub text: String,
    /// All bytes.
    pub bytes: Vec<u8>,
}

impl Batch {
    /// Makes it empty.
    pub(crate) fn clear(&mut self) {
        self.tags.clear();
        self.numbers.clear();
        self.text.clear();
        self.bytes.clear();
    }

    /// Whether it is time to send it.
    pub(crate) fn is_full(&self) -> bool {
        self.tags.len() >= MAX_BATCH_CELLS || self.text.len() + self.bytes.len() >= MAX_BATCH_BYTES
    }

    fn cell(&mut self, tag: u8, number: u64) {
        self.tags.push(tag);
        self.numbers.push(number);
    }

    fn whole(&mut self, number: i64) {
        match number.unsigned_abs() <= MAX_EXACT.unsigned_abs() {
            true => self.cell(WHOLE, (number as f64).to_bits()),
            false => self.cell(SIGNED, number.cast_unsigned()),
        }
    }

    fn text(&mut self, tag: u8, text: &str) {
        self.text.push_str(text);
        // The common text is ASCII, as long in UTF-16 as in bytes.
        let length = if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() };
        self.cell(tag, (length as f64).to_bits());
    }

    /// What JavaScript has no type for, as people read it.
    #[inline(never)]
    fn shown(&mut self, value: &dyn fmt::Display) {
        self.text(TEXT, &value.to_string());
    }
}

/// Adds a value to a batch. What JavaScript has no type for goes as text: decimals, days, moments, uuids, names of enums.
pub fn write_value(batch: &mut Batch, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => batch.cell(NULL, 0),
        ValueRef::Bool(value) => batch.cell(if value { TRUE } else { FALSE }, 0),
        ValueRef::Integer(number) => batch.whole(number),
        ValueRef::Unsigned(number) => batch.cell(UNSIGNED, number),
        ValueRef::Float(number) => batch.cell(FLOAT, number.to_bits()),
        ValueRef::Text(text) => batch.text(TEXT, text),
        ValueRef::Bytes(bytes) => {
            batch.bytes.extend_from_slice(bytes);
            batch.cell(BYTES, (bytes.len() as f64).to_bits());
        }
        ValueRef::Json(json) => batch.text(JSON, json.as_str()),
        ValueRef::Enum(_, name) => batch.text(TEXT, name),
        ValueRef::Decimal(value) => batch.shown(&value),
        ValueRef::Date(value) => batch.shown(&value),
        ValueRef::DateTime(value) => batch.shown(&value),
        ValueRef::Uuid(value) => batch.text(TEXT, &uuid_text(value)),
        // A type that is newer than this module.
        _ => batch.shown(&value),
    }
}
