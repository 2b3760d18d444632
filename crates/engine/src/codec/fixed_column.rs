//! Columns at a fixed place of their row, read as *order codes*: numbers that order as the values do. Every such type but
//! decimals and uuids has one, so that filters, groups and sorts know one kind of number and not each type.
//!
//! | type | order code |
//! |---|---|
//! | bool | 0 or 1 |
//! | integers but `u64` | itself |
//! | `u64` | itself, its top bit flipped |
//! | floats | as the key code has them, the top bit flipped |
//! | date, datetime, enum | its days, its microseconds, its number |

use wasm_dbms_api::{Date, ValueRef};
use wasm_dbms_memory::{PageValues, Span};

use crate::codec::key;
use crate::codec::row::{Reader, ReaderKind};
use crate::full::IS_FULL;

const TOP_BIT: u64 = 1 << 63;

/// A column at a fixed place, or the question whether a column is NULL, wherever it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FixedColumn {
    kind: FixedKind,
    null_bit: u8,
    null_at: usize,
    at: usize,
}

/// What stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FixedKind {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
    Date,
    DateTime,
    Enum,
    /// Anything: its code is 0, only NULL is told.
    Any,
}

impl FixedColumn {
    /// The column as a reader has it; none if its values have no order code or stand at no fixed place.
    pub(super) fn new(reader: Reader) -> Option<Self> {
        let kind = match reader.kind {
            ReaderKind::Bool => FixedKind::Bool,
            ReaderKind::I8 => FixedKind::I8,
            ReaderKind::I16 => FixedKind::I16,
            ReaderKind::I32 => FixedKind::I32,
            ReaderKind::I64 => FixedKind::I64,
            ReaderKind::U8 => FixedKind::U8,
            ReaderKind::U16 => FixedKind::U16,
            ReaderKind::U32 => FixedKind::U32,
            ReaderKind::U64 => FixedKind::U64,
            ReaderKind::F32 => FixedKind::F32,
            ReaderKind::F64 => FixedKind::F64,
            ReaderKind::Date => FixedKind::Date,
            ReaderKind::DateTime => FixedKind::DateTime,
            ReaderKind::Enum => FixedKind::Enum,
            _ => return None,
        };
        Some(Self { kind, at: reader.at as usize, ..Self::presence(reader) })
    }

    /// Whether the column is NULL, and nothing else of it.
    pub(super) fn presence(reader: Reader) -> Self {
        Self { kind: FixedKind::Any, null_bit: reader.null_bit, null_at: reader.null_at.into(), at: 0 }
    }

    pub(crate) fn kind(&self) -> FixedKind {
        self.kind
    }

    pub(crate) fn is_nullable(&self) -> bool {
        self.null_bit != 0
    }

    /// The order code in one row, `None` inside if it is NULL; none if the bytes are no row of the table.
    #[inline]
    pub(crate) fn code_in(&self, row: &[u8]) -> Option<Option<i64>> {
        if self.null_bit != 0 && row.get(self.null_at)? & self.null_bit != 0 {
            return Some(None);
        }
        self.code_at(row).map(Some)
    }

    #[inline]
    fn code_at(&self, row: &[u8]) -> Option<i64> {
        let bytes = row.get(self.at..)?;
        let raw = match self.kind.width() {
            0 => 0,
            1 => number::<1>(bytes)?,
            2 => number::<2>(bytes)?,
            4 => number::<4>(bytes)?,
            _ => number::<8>(bytes)?,
        };
        Some(self.kind.code(raw))
    }

    /// Sets `codes` to the order codes of the chosen rows; where it is NULL one that says nothing.
    pub(crate) fn codes(&self, rows: PageValues<'_>, chosen: &[u16], codes: &mut Vec<i64>) {
        codes.clear();
        if !IS_FULL {
            for row in chosen {
                let start = rows.spans.get(usize::from(*row)).map_or(usize::MAX, |span| span.start());
                codes.push(self.code_at(rows.page.get(start..).unwrap_or_default()).unwrap_or(0));
            }
            return;
        }
        match (self.kind.width(), self.kind.is_signed()) {
            (0, _) => codes.resize(chosen.len(), 0),
            (1, false) => self.read::<1, false>(rows, chosen, codes),
            (1, true) => self.read::<1, true>(rows, chosen, codes),
            (2, false) => self.read::<2, false>(rows, chosen, codes),
            (2, true) => self.read::<2, true>(rows, chosen, codes),
            (4, false) => self.read::<4, false>(rows, chosen, codes),
            (4, true) => self.read::<4, true>(rows, chosen, codes),
            _ => self.read::<8, false>(rows, chosen, codes),
        }
        if matches!(self.kind, FixedKind::Bool | FixedKind::U64 | FixedKind::F32 | FixedKind::F64) {
            codes.iter_mut().for_each(|code| *code = self.kind.code(*code as u64));
        }
    }

    /// Reads the numbers of one width, with their signs or without.
    #[inline]
    fn read<const N: usize, const SIGNED: bool>(&self, rows: PageValues<'_>, chosen: &[u16], codes: &mut Vec<i64>) {
        let PageValues { page, spans } = rows;
        let at = self.at;
        let code_at = |span: &Span| {
            let raw = page.get(span.start() + at..).and_then(number::<N>);
            raw.map_or(0, |raw| if SIGNED { signed(raw, N) } else { raw as i64 })
        };
        if chosen.len() == spans.len() {
            codes.extend(spans.iter().map(code_at));
        } else {
            codes.extend(chosen.iter().map(|row| spans.get(usize::from(*row)).map_or(0, code_at)));
        }
    }

    /// Drops the chosen rows in which the column is NULL.
    pub(crate) fn drop_nulls(&self, rows: PageValues<'_>, chosen: &mut Vec<u16>) {
        if self.null_bit != 0 {
            chosen.retain(|row| {
                let start = rows.spans.get(usize::from(*row)).map(|span| span.start());
                let byte = start.and_then(|start| rows.page.get(start + self.null_at));
                byte.is_some_and(|byte| byte & self.null_bit == 0)
            });
        }
    }
}

/// The number that these bytes begin with, without a sign.
#[inline]
fn number<const N: usize>(bytes: &[u8]) -> Option<u64> {
    let mut number = [0; 8];
    number.get_mut(..N)?.copy_from_slice(bytes.get(..N)?);
    Some(u64::from_le_bytes(number))
}

/// A number of so many bytes with its sign.
#[inline]
fn signed(raw: u64, width: usize) -> i64 {
    let unused = 64 - 8 * width;
    ((raw << unused) as i64) >> unused
}

impl FixedKind {
    /// How many bytes of it have the order code. A moment begins with its microseconds.
    #[inline]
    fn width(self) -> usize {
        match self {
            Self::Any => 0,
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::Enum => 2,
            Self::I32 | Self::U32 | Self::F32 | Self::Date => 4,
            Self::I64 | Self::U64 | Self::F64 | Self::DateTime => 8,
        }
    }

    /// The order code of what stands there.
    #[inline]
    fn code(self, raw: u64) -> i64 {
        match self {
            Self::Bool => i64::from(raw != 0),
            Self::F32 => code_of_float(f32::from_bits(raw as u32).into()),
            Self::F64 => code_of_float(f64::from_bits(raw)),
            Self::U64 => code_of_unsigned(raw),
            _ if self.is_signed() => signed(raw, self.width()),
            _ => raw as i64,
        }
    }

    /// Whether it has a sign in less than eight bytes.
    #[inline]
    fn is_signed(self) -> bool {
        matches!(self, Self::I8 | Self::I16 | Self::I32 | Self::Date)
    }

    /// The value of an order code, where the code says all of it.
    pub(crate) fn value(self, code: i64) -> Option<ValueRef<'static>> {
        Some(match self {
            Self::I8 | Self::I16 | Self::I32 | Self::I64 | Self::U8 | Self::U16 | Self::U32 => ValueRef::Integer(code),
            Self::U64 => ValueRef::from_u64(code as u64 ^ TOP_BIT),
            Self::Bool => ValueRef::Bool(code != 0),
            Self::Date => ValueRef::Date(Date::from_days(i32::try_from(code).ok()?)),
            // One zero has the code of the other, a moment is more than its microseconds, an enum has a name.
            Self::F32 | Self::F64 | Self::DateTime | Self::Enum | Self::Any => return None,
        })
    }

    /// The smallest and the largest integer, if integers are what stands there.
    pub(crate) fn integers(self) -> Option<(i128, i128)> {
        match self {
            Self::I8 | Self::I16 | Self::I32 | Self::I64 | Self::U8 | Self::U16 | Self::U32 => {
                Some((i64::MIN.into(), i64::MAX.into()))
            }
            Self::U64 => Some((0, u64::MAX.into())),
            _ => None,
        }
    }

    /// The integer of an order code, where integers are what stands there.
    #[inline]
    pub(crate) fn integer(self, code: i64) -> i128 {
        if self == Self::U64 { (code as u64 ^ TOP_BIT).into() } else { code.into() }
    }

    /// The order code of an integer that this type's order codes have.
    pub(crate) fn code_of_integer(self, number: i128) -> i64 {
        if self == Self::U64 { code_of_unsigned(number as u64) } else { number as i64 }
    }

    pub(crate) fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }
}

/// The order code of a float.
#[inline]
pub(crate) fn code_of_float(number: f64) -> i64 {
    (key::float_code(number) ^ TOP_BIT) as i64
}

#[inline]
fn code_of_unsigned(number: u64) -> i64 {
    (number ^ TOP_BIT) as i64
}

/// Where an order code lies, as a comparison has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodeRange {
    pub(crate) low: i64,
    pub(crate) high: i64,
}

impl CodeRange {
    pub(crate) const ALL: Self = Self { low: i64::MIN, high: i64::MAX };
    pub(crate) const NONE: Self = Self { low: 1, high: 0 };

    #[inline]
    pub(crate) fn contains(self, code: i64) -> bool {
        self.low <= code && code <= self.high
    }

    pub(crate) fn is_empty(self) -> bool {
        self.low > self.high
    }

    /// What is in both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.min(other.high) }
    }
}
