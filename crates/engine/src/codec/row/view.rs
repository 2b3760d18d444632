//! [`RowView`]: a row in place, of which any column is read without decoding the others.

use wasm_dbms_api::{ConversionError, DataType, Date, JsonRef, RowSource, Uuid, ValueRef};

use crate::codec::row::{ReaderKind, RowLayout};
use crate::codec::{fixed, key, text};
use crate::error::Fallible;

/// A row in place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowView<'a> {
    pub(crate) layout: &'a RowLayout,
    pub(crate) key: &'a [u8],
    pub(crate) row: &'a [u8],
}

impl<'a> RowView<'a> {
    /// The value of a column; none if the bytes are no row of the table.
    #[inline]
    pub(crate) fn value(&self, index: usize) -> Option<ValueRef<'a>> {
        let reader = *self.layout.readers.get(index)?;
        if reader.null_bit != 0 && self.row.get(usize::from(reader.null_at))? & reader.null_bit != 0 {
            return Some(ValueRef::Null);
        }
        let at = reader.at as usize;
        Some(match reader.kind {
            ReaderKind::U32 => ValueRef::Integer(u32::from_le_bytes(self.fixed(at)?).into()),
            ReaderKind::I64 => ValueRef::Integer(i64::from_le_bytes(self.fixed(at)?)),
            ReaderKind::Text => ValueRef::Text(text::from_utf8(self.variable(at)?)?),
            ReaderKind::KeyInteger | ReaderKind::Key => self.in_key(index, at)?,
            ReaderKind::Bytes => ValueRef::Bytes(self.variable(at)?),
            ReaderKind::Decimal => ValueRef::Decimal(fixed::decimal(self.fixed(at)?)?),
            ReaderKind::DateTime => ValueRef::DateTime(fixed::date_time(self.fixed(at)?)?),
            ReaderKind::Uuid => ValueRef::Uuid(Uuid::from_bytes(self.fixed(at)?)),
            ReaderKind::Json => ValueRef::Json(JsonRef::from_stored(text::from_utf8(self.variable(at)?)?)),
            kind => {
                let number = self.number(kind, at)?;
                match kind {
                    ReaderKind::Bool => ValueRef::Bool(number != 0),
                    ReaderKind::U64 => ValueRef::from_u64(number as u64),
                    ReaderKind::F32 => ValueRef::Float(f32::from_bits(number as u32).into()),
                    ReaderKind::F64 => ValueRef::Float(f64::from_bits(number as u64)),
                    ReaderKind::Date => ValueRef::Date(Date::from_days(number as i32)),
                    ReaderKind::Enum => self.variant(index, number as u16)?,
                    _ => ValueRef::Integer(number),
                }
            }
        })
    }

    /// The integer of a column, where it holds one that an `i64` can. Unlike a [`ValueRef`] it comes back in registers:
    /// writing one of those to memory and reading it again at once costs more than decoding the column.
    pub(crate) fn integer(&self, index: usize) -> Option<i64> {
        let reader = *self.layout.readers.get(index)?;
        if reader.null_bit != 0 && self.row.get(usize::from(reader.null_at))? & reader.null_bit != 0 {
            return None;
        }
        let at = reader.at as usize;
        Some(match reader.kind {
            ReaderKind::U32 => u32::from_le_bytes(self.fixed(at)?).into(),
            ReaderKind::I64 => i64::from_le_bytes(self.fixed(at)?),
            ReaderKind::KeyInteger => key::decode_integer(self.key)?,
            ReaderKind::Key => {
                let data_type = self.layout.key_types.get(at)?;
                if !data_type.is_integer() {
                    return None;
                }
                key::decode_integer(self.key_from(at)?)?
            }
            ReaderKind::I8 | ReaderKind::I16 | ReaderKind::I32 | ReaderKind::U8 | ReaderKind::U16 => {
                self.number(reader.kind, at)?
            }
            ReaderKind::U64 => self.number(reader.kind, at).filter(|number| *number >= 0)?,
            _ => return None,
        })
    }

    /// The text of a column, where it holds text; in registers, as [`integer`](Self::integer).
    pub(crate) fn text(&self, index: usize) -> Option<&'a str> {
        let reader = *self.layout.readers.get(index)?;
        if reader.kind != ReaderKind::Text
            || (reader.null_bit != 0 && self.row.get(usize::from(reader.null_at))? & reader.null_bit != 0)
        {
            return None;
        }
        text::from_utf8(self.variable(reader.at as usize)?)
    }

    /// The number that stands in a fixed column, or the bits of it; none of a column that is no number.
    #[inline(never)]
    fn number(&self, kind: ReaderKind, at: usize) -> Option<i64> {
        Some(match kind {
            ReaderKind::Bool | ReaderKind::U8 => u8::from_le_bytes(self.fixed(at)?).into(),
            ReaderKind::I8 => i8::from_le_bytes(self.fixed(at)?).into(),
            ReaderKind::U16 | ReaderKind::Enum => u16::from_le_bytes(self.fixed(at)?).into(),
            ReaderKind::I16 => i16::from_le_bytes(self.fixed(at)?).into(),
            ReaderKind::U32 | ReaderKind::F32 => u32::from_le_bytes(self.fixed(at)?).into(),
            ReaderKind::I32 | ReaderKind::Date => i32::from_le_bytes(self.fixed(at)?).into(),
            ReaderKind::I64 | ReaderKind::U64 | ReaderKind::F64 => i64::from_le_bytes(self.fixed(at)?),
            _ => return None,
        })
    }

    /// The bytes of a fixed column.
    #[inline]
    fn fixed<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.row.get(at..)?.first_chunk().copied()
    }

    /// The value of a column of the key.
    #[inline]
    fn in_key(&self, index: usize, position: usize) -> Option<ValueRef<'a>> {
        let data_type = *self.layout.key_types.get(position)?;
        let value = key::decode(self.key_from(position)?, data_type)?;
        match data_type {
            DataType::Enum => self.variant(index, u16::try_from(value.as_i128()?).ok()?),
            _ => Some(value),
        }
    }

    /// The name of this number of a column that is an enum.
    fn variant(&self, index: usize, number: u16) -> Option<ValueRef<'a>> {
        let name = self.layout.variants.get(index)?.get(usize::from(number))?;
        Some(ValueRef::Enum(number, name))
    }

    /// The key from one of its columns on.
    #[inline]
    fn key_from(&self, position: usize) -> Option<&'a [u8]> {
        let mut rest = self.key;
        for data_type in self.layout.key_types.iter().take(position) {
            rest = rest.get(key::length(rest, *data_type)?..)?;
        }
        Some(rest)
    }

    /// The value of a column, or the error of bytes that are no row of the table.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn try_value(&self, index: usize) -> Fallible<ValueRef<'a>> {
        self.value(index).ok_or_else(|| self.broken(index).into())
    }

    /// The values of the first so many columns.
    #[inline(never)]
    pub(crate) fn values(&self, count: usize) -> Fallible<Vec<ValueRef<'a>>> {
        let mut values = Vec::with_capacity(count);
        for column in 0..count {
            values.push(self.try_value(column)?);
        }
        Ok(values)
    }

    #[cold]
    fn broken(&self, index: usize) -> ConversionError {
        let data_type = self.layout.columns.get(index).map(|column| column.data_type);
        ConversionError::new(name_of(data_type), ValueRef::Bytes(self.row))
    }

    /// The bytes of a variable column.
    #[inline]
    fn variable(&self, number: usize) -> Option<&'a [u8]> {
        if self.row.first()? & 3 != 0 {
            return self.long_variable(number);
        }
        let Self { layout, row, .. } = self;
        let end_at = layout.ends_at + number;
        let end = usize::from(*row.get(end_at)?);
        let start = if number == 0 { 0 } else { usize::from(*row.get(end_at - 1)?) };
        let data_at = layout.ends_at + layout.variable_count;
        row.get(data_at + start..data_at + end)
    }

    /// As [`variable`](Self::variable), where an end takes more than a byte.
    #[inline(never)]
    fn long_variable(&self, number: usize) -> Option<&'a [u8]> {
        let width = if self.row.first()? & 3 == 1 { 2 } else { 4 };
        let ends = self.row.get(self.layout.ends_at..)?;
        let end_of = |number: usize| {
            let bytes = ends.get(number * width..)?.get(..width)?;
            Some(bytes.iter().rev().fold(0usize, |end, byte| end << 8 | usize::from(*byte)))
        };
        let start = if number == 0 { 0 } else { end_of(number - 1)? };
        ends.get(self.layout.variable_count * width..)?.get(start..end_of(number)?)
    }
}

impl RowSource for RowView<'_> {
    #[inline]
    fn column(&self, index: usize) -> Result<ValueRef<'_>, ConversionError> {
        self.value(index).ok_or_else(|| self.broken(index))
    }

    #[inline]
    fn integer(&self, index: usize) -> Option<i64> {
        RowView::integer(self, index)
    }

    #[inline(always)]
    fn fixed<const N: usize>(&self, index: usize, data_type: DataType) -> Option<[u8; N]> {
        let reader = self.layout.readers.get(index)?;
        if reader.kind != ReaderKind::of(data_type)
            || (reader.null_bit != 0 && self.row.get(usize::from(reader.null_at))? & reader.null_bit != 0)
        {
            return None;
        }
        RowView::fixed(self, reader.at as usize)
    }

    #[inline]
    fn text(&self, index: usize) -> Option<&str> {
        RowView::text(self, index)
    }
}

fn name_of(data_type: Option<DataType>) -> &'static str {
    match data_type {
        Some(DataType::Text) => "a row with text",
        Some(DataType::Bytes) => "a row with bytes",
        Some(DataType::Bool) => "a row with a bool",
        Some(DataType::F32 | DataType::F64) => "a row with a float",
        Some(DataType::Decimal) => "a row with a decimal",
        Some(DataType::Date) => "a row with a date",
        Some(DataType::DateTime) => "a row with a datetime",
        Some(DataType::Uuid) => "a row with a uuid",
        Some(DataType::Json) => "a row with JSON",
        Some(DataType::Enum) => "a row with an enum",
        Some(_) => "a row with an integer",
        None => "a row with more columns",
    }
}
