//! CSV lines become checked rows of the tables; whatever is wrong with a line is said with its number.

use std::fmt::Display;
use std::str::FromStr;

use csv::{Reader, ReaderBuilder, StringRecord};
use wasm_dbms::parse_float;

use crate::data::Source;
use crate::schema::{Place, Region};
use crate::{Error, Result};

/// Columns of the file of regions.
const REGION_HEADER: &[&str] = &["code", "name"];

/// Columns of the file of places.
const PLACE_HEADER: &[&str] = &["id", "name", "country", "admin1", "lat", "lng"];

/// Longest name of a place or region, in bytes.
pub const NAME_BYTES_MAX: usize = 200;

/// Longest code of a region, country included, in bytes.
pub const CODE_BYTES_MAX: usize = 24;

/// Between the country and the number of a region in its code.
const CODE_SEPARATOR: char = '.';

/// The records of one source, read one at a time into the same buffer.
#[derive(Debug)]
struct Records<'a> {
    source: &'a Source,
    header: &'static [&'static str],
    reader: Reader<&'a [u8]>,
    record: StringRecord,
}

impl<'a> Records<'a> {
    /// Begins to read `source`, whose first line must be `header`.
    fn open(source: &'a Source, header: &'static [&'static str]) -> Result<Self> {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(source.text());
        let mut records = Self { source, header, reader, record: StringRecord::new() };
        if !records.advance()? || records.record != *header {
            return Err(records.malformed(format!("the header is not {}", quoted(&header.join(",")))));
        }
        Ok(records)
    }

    /// Goes on to the next record; false at the end.
    fn advance(&mut self) -> Result<bool> {
        match self.reader.read_record(&mut self.record) {
            Ok(found) => Ok(found),
            Err(error) => {
                let offset = error.position().map_or(0, csv::Position::byte);
                let reason = match error.kind() {
                    csv::ErrorKind::Utf8 { .. } => String::from("the text is not UTF-8"),
                    _ => error.to_string(),
                };
                Err(malformed(self.source, offset, reason))
            }
        }
    }

    /// Goes on to the next record, which must have the columns of the header; false at the end.
    fn advance_row(&mut self) -> Result<bool> {
        if !self.advance()? {
            return Ok(false);
        }
        if self.record.len() != self.header.len() {
            let reason = format!("{} columns instead of {}", self.record.len(), self.header.len());
            return Err(self.malformed(reason));
        }
        Ok(true)
    }

    /// Byte at which the reader began to look for the current record.
    fn offset(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::byte)
    }

    /// The error that the current record is wrong.
    fn malformed(&self, reason: impl Display) -> Error {
        malformed(self.source, self.offset(), reason)
    }

    /// The text of a column, possibly empty; `advance_row` has seen to it that there is one.
    fn text(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default()
    }

    /// Name of a column, for messages.
    fn name(&self, column: usize) -> &'static str {
        self.header.get(column).copied().unwrap_or_default()
    }

    /// Text that must be there, on one line, and at most `bytes_max` long.
    fn short_text(&self, column: usize, bytes_max: usize) -> Result<&str> {
        let (name, text) = (self.name(column), self.text(column));
        if text.is_empty() {
            return Err(self.malformed(format!("{name} is empty")));
        }
        if text.len() > bytes_max {
            return Err(self.malformed(format!("{name} has {} bytes, more than {bytes_max}", text.len())));
        }
        if text.contains(char::is_control) {
            return Err(self.malformed(format!("{name} holds a control character: {}", quoted(text))));
        }
        Ok(text)
    }

    /// A number.
    fn number<N: FromStr>(&self, column: usize) -> Result<N> {
        let text = self.text(column);
        text.parse().map_err(|_| {
            let (name, kind) = (self.name(column), std::any::type_name::<N>());
            self.malformed(format!("{name} is not a number ({kind}): {}", quoted(text)))
        })
    }

    /// Degrees between `-limit` and `limit`.
    fn degrees(&self, column: usize, limit: f64) -> Result<f64> {
        let text = self.text(column);
        let Some(degrees) = parse_float(text) else {
            return Err(self.malformed(format!("{} is not a number (f64): {}", self.name(column), quoted(text))));
        };
        if !(-limit..=limit).contains(&degrees) {
            let name = self.name(column);
            return Err(self.malformed(format!("{name} is not between -{limit} and {limit}: {degrees}")));
        }
        Ok(degrees)
    }
}

/// The error that the record at or after byte `offset` of `source` is wrong.
pub(crate) fn malformed(source: &Source, offset: u64, reason: impl Display) -> Error {
    Error::Malformed { file: source.name().to_owned(), line: source.line(offset), reason: reason.to_string() }
}

/// Text of a file as it can be shown: in quotes, with what a terminal would act on escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        if character.is_control() || matches!(character, '"' | '\\') {
            quoted.extend(character.escape_default());
        } else {
            quoted.push(character);
        }
    }
    quoted.push('"');
    quoted
}

/// Whether `text` is a two-letter country code.
fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// A row and the byte of its source at which it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// The row, checked.
    pub row: T,
    /// For [`Source::line`].
    pub offset: u64,
}

/// The regions of a source.
#[derive(Debug)]
pub struct Regions<'a>(Records<'a>);

impl<'a> Regions<'a> {
    /// Begins to read.
    ///
    /// # Errors
    /// If the header is another.
    pub fn open(source: &'a Source) -> Result<Self> {
        Records::open(source, REGION_HEADER).map(Self)
    }

    /// The next region, or none at the end.
    ///
    /// # Errors
    /// If the line is malformed.
    pub fn advance(&mut self) -> Result<Option<Found<Region>>> {
        let records = &mut self.0;
        if !records.advance_row()? {
            return Ok(None);
        }
        let code = records.short_text(0, CODE_BYTES_MAX)?;
        match code.split_once(CODE_SEPARATOR) {
            Some((country, number)) if is_country(country) && !number.is_empty() => {}
            _ => return Err(records.malformed(format!("code is not COUNTRY.ADMIN1: {}", quoted(code)))),
        }
        let row = Region { code: code.to_owned(), name: records.short_text(1, NAME_BYTES_MAX)?.to_owned() };
        Ok(Some(Found { row, offset: records.offset() }))
    }
}

/// The places of a source. Each names its region as the source does; whether that region is known is not asked here.
#[derive(Debug)]
pub struct Places<'a>(Records<'a>);

impl<'a> Places<'a> {
    /// Begins to read.
    ///
    /// # Errors
    /// If the header is another.
    pub fn open(source: &'a Source) -> Result<Self> {
        Records::open(source, PLACE_HEADER).map(Self)
    }

    /// The next place, or none at the end.
    ///
    /// # Errors
    /// If the line is malformed.
    pub fn advance(&mut self) -> Result<Option<Found<Place>>> {
        let records = &mut self.0;
        if !records.advance_row()? {
            return Ok(None);
        }
        let country = records.text(2);
        if !is_country(country) {
            return Err(records.malformed(format!("country is not a two-letter code: {}", quoted(country))));
        }
        let region = match records.text(3) {
            "" => None,
            _ => Some(format!("{country}{CODE_SEPARATOR}{}", records.short_text(3, CODE_BYTES_MAX - 3)?)),
        };
        let row = Place {
            id: records.number(0)?,
            name: records.short_text(1, NAME_BYTES_MAX)?.to_owned(),
            country: country.to_owned(),
            region,
            latitude: records.degrees(4, 90.0)?,
            longitude: records.degrees(5, 180.0)?,
        };
        Ok(Some(Found { row, offset: records.offset() }))
    }
}
