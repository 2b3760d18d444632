//! Values between JavaScript and the module.
//!
//! What goes in is a list of [`Values`]. Numbers are little-endian:
//!
//! | bytes | |
//! |---|---|
//! | 8 | a double: how many values there are |
//! | 8 for each | its number |
//! | 1 for each | its tag |
//! | the rest | the pieces: every text, in UTF-8, and all bytes, one after the other |
//!
//! | tag | value | its number |
//! |---|---|---|
//! | 0, 1, 2 | NULL, false, true | none |
//! | 3 | a number without a fraction | a double |
//! | 4 | any other number | a double |
//! | 5, 6 | a BigInt that 64 bits hold with sign, without | the 64 bits |
//! | 7, 10 | text, JSON | a double: how long it is in UTF-16 |
//! | 8 | bytes | a double: how many |
//! | 9 | a moment | a double: milliseconds since 1970 |
//!
//! So JavaScript encodes many texts at once. (A text that ends in one half of a surrogate pair, before one that begins with the
//! other half, is refused.) Rows go out as a [`Batch`]: the same tags and numbers, and all texts and all bytes in one piece each, so
//! that JavaScript reads whole arrays and decodes one text.

use std::{fmt, slice};

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

/// Values as JavaScript writes them, read one after the other where they stand.
///
/// ```
/// use wasm_dbms::Value;
/// use wasm_dbms_module::Values;
///
/// let bytes = [&1.0_f64.to_le_bytes()[..], &2.0_f64.to_le_bytes(), &[7], b"hi"].concat();
/// let values = Values::new(&bytes)?;
/// assert_eq!(values.take_all()?, [Value::from("hi")]);
/// # Ok::<(), Box<wasm_dbms_module::Failure>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Values<'b> {
    numbers: &'b [u8],
    tags: &'b [u8],
    pieces: &'b [u8],
}

/// What a JSON is whose text was read: it has a form of its own, so a value that is read in place borrows another place.
type OfJson<'o, 'v> = &'o mut dyn FnMut(&str) -> Result<ValueRef<'v>>;

impl<'b> Values<'b> {
    /// None of the values is read yet.
    ///
    /// # Errors
    /// There are fewer bytes than so many values need.
    pub fn new(mut bytes: &'b [u8]) -> Result<Self> {
        let count = f64::from_le_bytes(next(&mut bytes)?) as usize;
        let numbers = piece(&mut bytes, count.saturating_mul(8))?;
        let tags = piece(&mut bytes, count)?;
        Ok(Self { numbers, tags, pieces: bytes })
    }

    /// Whether all are read.
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// Reads them all.
    ///
    /// # Errors
    /// One is not of this form.
    pub fn take_all(mut self) -> Result<Vec<Value>> {
        let jsons = self.jsons()?;
        let mut jsons = jsons.iter();
        let mut values = Vec::new();
        while !self.is_empty() {
            values.push(self.take(&mut jsons)?.to_value());
        }
        Ok(values)
    }

    /// Every JSON among them, in order.
    pub(crate) fn jsons(mut self) -> Result<Vec<Json>> {
        let mut jsons = Vec::new();
        if self.tags.contains(&JSON) {
            while !self.is_empty() {
                self.read(&mut |text| {
                    let json: std::result::Result<Json, _> = text.parse();
                    jsons.push(json.map_err(|error| Failure::other(error.to_string()))?);
                    Ok(ValueRef::Null)
                })?;
            }
        }
        Ok(jsons)
    }

    /// Reads the next value; if it is JSON it is the next of these.
    pub(crate) fn take<'v>(&mut self, jsons: &mut slice::Iter<'v, Json>) -> Result<ValueRef<'v>>
    where
        'b: 'v,
    {
        self.read(&mut |_| Ok(jsons.next().map_or(ValueRef::Null, |json| ValueRef::Json(json.as_ref()))))
    }

    #[inline(never)]
    fn read<'v>(&mut self, of_json: OfJson<'_, 'v>) -> Result<ValueRef<'v>>
    where
        'b: 'v,
    {
        let [tag] = next(&mut self.tags)?;
        let bits = u64::from_le_bytes(next(&mut self.numbers)?);
        let number = f64::from_bits(bits);
        Ok(match tag {
            NULL => ValueRef::Null,
            FALSE => ValueRef::Bool(false),
            TRUE => ValueRef::Bool(true),
            WHOLE => ValueRef::Integer(number as i64),
            FLOAT => ValueRef::Float(number),
            SIGNED => ValueRef::Integer(bits.cast_signed()),
            UNSIGNED => ValueRef::from(bits),
            TEXT => ValueRef::Text(self.text(number)?),
            BYTES => ValueRef::Bytes(piece(&mut self.pieces, number as usize)?),
            MOMENT => moment(number)?,
            JSON => of_json(self.text(number)?)?,
            _ => return Err(cut()),
        })
    }

    /// The next piece, a text of so many units of UTF-16.
    fn text(&mut self, length: f64) -> Result<&'b str> {
        let units = length as usize;
        let bytes = match self.pieces.get(..units) {
            Some(bytes) if bytes.is_ascii() => units,
            _ => utf8_length(self.pieces, units).ok_or_else(cut)?,
        };
        std::str::from_utf8(piece(&mut self.pieces, bytes)?).map_err(|_| Failure::other("a text that is no UTF-8"))
    }
}

/// How many bytes of UTF-8 so many units of UTF-16 are, by the first byte of each character, if none is cut.
fn utf8_length(bytes: &[u8], units: usize) -> Option<usize> {
    let (mut length, mut left) = (0, units);
    while left > 0 {
        let (width, units) = match bytes.get(length)? {
            ..0x80 => (1, 1),
            0xC0..0xE0 => (2, 1),
            0xE0..0xF0 => (3, 1),
            0xF0.. => (4, 2),
            _ => return None,
        };
        length += width;
        left = left.checked_sub(units)?;
    }
    Some(length)
}

fn next<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (next, rest) = bytes.split_first_chunk().ok_or_else(cut)?;
    *bytes = rest;
    Ok(*next)
}

fn piece<'b>(bytes: &mut &'b [u8], length: usize) -> Result<&'b [u8]> {
    let (piece, rest) = bytes.split_at_checked(length).ok_or_else(cut)?;
    *bytes = rest;
    Ok(piece)
}

fn moment(milliseconds: f64) -> Result<ValueRef<'static>> {
    let microseconds = milliseconds * 1000.0;
    if microseconds.abs() <= MAX_EXACT as f64 {
        return Ok(ValueRef::DateTime(DateTime::from_microseconds(microseconds as i64)));
    }
    Err(Failure::other("a Date that no clock shows cannot be stored"))
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
