//! A dynamic value: what stands in one column of one row.

use std::cmp::Ordering;
use std::fmt;

use uuid::Uuid;

use crate::data_type::Family;
use crate::text_parts::replaced;
use crate::{DataType, Date, DateTime, Decimal, Field, FloatForm, Json, JsonRef, ValueArena, float_text, uuid_text};

/// A value that owns its bytes.
///
/// Integers have one canonical form: [`Value::Integer`] wherever an `i64` can hold the number, [`Value::Unsigned`]
/// only above `i64::MAX`. The conversions from Rust types keep to it.
///
/// ```
/// use wasm_dbms_api::Value;
///
/// assert_eq!(Value::from(7u64), Value::Integer(7));
/// assert_eq!(Value::from(Some("x")), Value::Text("x".into()));
/// assert_eq!(Value::from(None::<i32>), Value::Null);
/// ```
#[derive(Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number that an `i64` can hold.
    Integer(i64),
    /// A whole number above `i64::MAX`.
    Unsigned(u64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A JSON document.
    Json(Json),
    /// An exact decimal number.
    Decimal(Decimal),
    /// A day.
    Date(Date),
    /// A moment.
    DateTime(DateTime),
    /// A uuid.
    Uuid(Uuid),
    /// One of the names that a column lists: its number among them, which orders it, and the name.
    Enum(u16, Box<str>),
}

impl Clone for Value {
    fn clone(&self) -> Self {
        self.as_ref().to_value()
    }
}

/// A value that borrows its bytes: what row readers and writers pass around.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number that an `i64` can hold.
    Integer(i64),
    /// A whole number above `i64::MAX`.
    Unsigned(u64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A JSON document.
    Json(JsonRef<'a>),
    /// An exact decimal number.
    Decimal(Decimal),
    /// A day.
    Date(Date),
    /// A moment.
    DateTime(DateTime),
    /// A uuid.
    Uuid(Uuid),
    /// One of the names that a column lists: its number among them, which orders it, and the name.
    Enum(u16, &'a str),
}

impl Value {
    /// The same value, borrowed.
    ///
    /// ```
    /// use wasm_dbms_api::{Value, ValueRef};
    ///
    /// assert_eq!(Value::Text("a".into()).as_ref(), ValueRef::Text("a"));
    /// ```
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Bool(value) => ValueRef::Bool(*value),
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Unsigned(value) => ValueRef::Unsigned(*value),
            Self::Float(value) => ValueRef::Float(*value),
            Self::Text(value) => ValueRef::Text(value),
            Self::Bytes(value) => ValueRef::Bytes(value),
            Self::Decimal(value) => ValueRef::Decimal(*value),
            Self::Date(value) => ValueRef::Date(*value),
            Self::DateTime(value) => ValueRef::DateTime(*value),
            Self::Uuid(value) => ValueRef::Uuid(*value),
            Self::Json(value) => ValueRef::Json(value.as_ref()),
            Self::Enum(number, name) => ValueRef::Enum(*number, name),
        }
    }

    /// Whether this is NULL.
    ///
    /// ```
    /// use wasm_dbms_api::Value;
    ///
    /// assert!(Value::from(None::<i64>).is_null());
    /// ```
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl<'a> ValueRef<'a> {
    /// The same value with its own bytes.
    ///
    /// ```
    /// use wasm_dbms_api::{Value, ValueRef};
    ///
    /// assert_eq!(ValueRef::Text("a").to_value(), Value::Text("a".into()));
    /// ```
    #[cfg_attr(target_family = "wasm", inline(never))]
    #[cfg_attr(not(target_family = "wasm"), inline)]
    pub fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Integer(value) => Value::Integer(value),
            Self::Unsigned(value) => Value::Unsigned(value),
            Self::Float(value) => Value::Float(value),
            Self::Text(value) => Value::Text(value.to_owned()),
            Self::Bytes(value) => Value::Bytes(value.to_owned()),
            Self::Decimal(value) => Value::Decimal(value),
            Self::Date(value) => Value::Date(value),
            Self::DateTime(value) => Value::DateTime(value),
            Self::Uuid(value) => Value::Uuid(value),
            Self::Json(value) => Value::Json(value.to_json()),
            Self::Enum(number, name) => Value::Enum(number, name.into()),
        }
    }

    /// A whole number in canonical form.
    ///
    /// ```
    /// use wasm_dbms_api::ValueRef;
    ///
    /// assert_eq!(ValueRef::from_u64(7), ValueRef::Integer(7));
    /// assert_eq!(ValueRef::from_u64(u64::MAX), ValueRef::Unsigned(u64::MAX));
    /// ```
    pub fn from_u64(number: u64) -> Self {
        i64::try_from(number).map_or(Self::Unsigned(number), Self::Integer)
    }

    /// Whether this is NULL.
    ///
    /// ```
    /// use wasm_dbms_api::ValueRef;
    ///
    /// assert!(ValueRef::Null.is_null());
    /// ```
    pub fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }

    /// The word for the kind of this value, as errors say it.
    ///
    /// ```
    /// use wasm_dbms_api::ValueRef;
    ///
    /// assert_eq!(ValueRef::Float(1.5).kind(), "float");
    /// ```
    pub fn kind(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Integer(_) | Self::Unsigned(_) => "integer",
            Self::Float(_) => "float",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Decimal(_) => "decimal",
            Self::Date(_) => "date",
            Self::DateTime(_) => "datetime",
            Self::Uuid(_) => "uuid",
            Self::Json(_) => "json",
            Self::Enum(..) => "enum",
        }
    }

    /// Whether a column of this type can hold the value without losing any of it. NULL fits every type here:
    /// nullability is the column's own question.
    ///
    /// ```
    /// use wasm_dbms_api::{DataType, ValueRef};
    ///
    /// assert!(ValueRef::Integer(200).fits(DataType::U8));
    /// assert!(!ValueRef::Integer(200).fits(DataType::I8));
    /// assert!(!ValueRef::Float(0.1).fits(DataType::F32));
    /// ```
    #[inline]
    pub fn fits(self, data_type: DataType) -> bool {
        match self {
            Self::Null => true,
            Self::Bool(_) => data_type == DataType::Bool,
            Self::Integer(number) => match data_type.integer_range() {
                Some((low, high)) => number >= low && (number < 0 || number.unsigned_abs() <= high),
                None => false,
            },
            Self::Unsigned(number) => data_type.integer_range().is_some_and(|(_, high)| number <= high),
            Self::Float(number) => match data_type {
                DataType::F64 => true,
                DataType::F32 => number.is_nan() || f64::from(number as f32) == number,
                _ => false,
            },
            Self::Text(_) => data_type == DataType::Text,
            Self::Bytes(_) => data_type == DataType::Bytes,
            Self::Decimal(_) => data_type == DataType::Decimal,
            Self::Date(_) => data_type == DataType::Date,
            Self::DateTime(_) => data_type == DataType::DateTime,
            Self::Uuid(_) => data_type == DataType::Uuid,
            Self::Json(_) => data_type == DataType::Json,
            Self::Enum(..) => data_type == DataType::Enum,
        }
    }

    /// Whether the two are the same to the last bit: unlike equal ones, -0.0 and 0.0 are not, nor 1.5 and 1.50, nor one
    /// moment told with two offsets.
    ///
    /// ```
    /// use wasm_dbms_api::{Decimal, ValueRef};
    ///
    /// let (one, other): (Decimal, Decimal) = ("1.5".parse().unwrap(), "1.50".parse().unwrap());
    /// assert_eq!(ValueRef::Decimal(one), ValueRef::Decimal(other));
    /// assert!(!ValueRef::Decimal(one).is_identical(ValueRef::Decimal(other)));
    /// ```
    pub fn is_identical(self, other: ValueRef<'_>) -> bool {
        match (self, other) {
            (Self::Float(a), ValueRef::Float(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            (Self::Decimal(a), ValueRef::Decimal(b)) => a == b && a.scale() == b.scale(),
            (Self::DateTime(a), ValueRef::DateTime(b)) => a == b && a.offset_seconds() == b.offset_seconds(),
            (Self::Json(a), ValueRef::Json(b)) => a.as_str() == b.as_str(),
            (a, b) => a.kind() == b.kind() && a == b,
        }
    }

    /// Whether the value can be compared with a column of this type.
    ///
    /// ```
    /// use wasm_dbms_api::{DataType, ValueRef};
    ///
    /// assert!(ValueRef::Integer(1).is_comparable_with(DataType::F64));
    /// assert!(!ValueRef::Integer(1).is_comparable_with(DataType::Text));
    /// ```
    pub fn is_comparable_with(self, data_type: DataType) -> bool {
        self.family().is_none_or(|family| family == data_type.family())
    }

    /// The order of two values as SQL has it: `None` if either is NULL or the kinds cannot be compared. Numbers
    /// compare by value: integers with floats and decimals exactly, decimals with floats as floats; NaN equals itself and
    /// is above every number. JSON documents are equal or not; which of two is the smaller means nothing.
    ///
    /// ```
    /// use wasm_dbms_api::ValueRef;
    ///
    /// use std::cmp::Ordering;
    ///
    /// assert_eq!(ValueRef::Integer(1).compare(ValueRef::Float(1.5)), Some(Ordering::Less));
    /// assert_eq!(ValueRef::Integer(1).compare(ValueRef::Null), None);
    /// ```
    pub fn compare(self, other: ValueRef<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(a), ValueRef::Integer(b)) => Some(a.cmp(&b)),
            (Self::Text(a), ValueRef::Text(b)) => Some(a.cmp(b)),
            (Self::Bytes(a), ValueRef::Bytes(b)) => Some(a.cmp(b)),
            (Self::Bool(a), ValueRef::Bool(b)) => Some(a.cmp(&b)),
            (Self::Float(a), ValueRef::Float(b)) => Some(compare_floats(a, b)),
            (
                Self::Decimal(_) | Self::Date(_) | Self::DateTime(_) | Self::Uuid(_) | Self::Json(_) | Self::Enum(..),
                _,
            )
            | (_, ValueRef::Decimal(_)) => self.compare_rarer(other),
            (Self::Float(a), b) => Some(compare_float_with_integer(a, b.as_i128()?)),
            (a, ValueRef::Float(b)) => Some(compare_float_with_integer(b, a.as_i128()?).reverse()),
            (a, b) => Some(a.as_i128()?.cmp(&b.as_i128()?)),
        }
    }

    fn compare_rarer(self, other: ValueRef<'_>) -> Option<Ordering> {
        Some(match (self, other) {
            (Self::Decimal(a), ValueRef::Decimal(b)) => a.cmp(&b),
            (Self::Decimal(a), ValueRef::Integer(b)) => a.cmp(&b.into()),
            (Self::Decimal(a), ValueRef::Unsigned(b)) => a.cmp(&b.into()),
            (Self::Decimal(a), ValueRef::Float(b)) => compare_floats(a.to_f64(), b),
            (Self::Integer(_) | Self::Unsigned(_) | Self::Float(_), ValueRef::Decimal(_)) => {
                other.compare_rarer(self)?.reverse()
            }
            (Self::Date(a), ValueRef::Date(b)) => a.cmp(&b),
            (Self::DateTime(a), ValueRef::DateTime(b)) => a.cmp(&b),
            (Self::Uuid(a), ValueRef::Uuid(b)) => a.cmp(&b),
            (Self::Json(a), ValueRef::Json(b)) if a.as_str() == b.as_str() => Ordering::Equal,
            (Self::Json(a), ValueRef::Json(b)) => a.comparable().cmp(&b.comparable()),
            (Self::Enum(a, a_name), ValueRef::Enum(b, b_name)) => a.cmp(&b).then_with(|| a_name.cmp(b_name)),
            _ => return None,
        })
    }

    /// A total order for sorting: NULL first, then as [`compare`](Self::compare) has it.
    ///
    /// ```
    /// use wasm_dbms_api::ValueRef;
    ///
    /// use std::cmp::Ordering;
    ///
    /// assert_eq!(ValueRef::Null.sort_order(ValueRef::Integer(i64::MIN)), Ordering::Less);
    /// ```
    pub fn sort_order(self, other: ValueRef<'_>) -> Ordering {
        match (self.is_null(), other.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.compare(other).unwrap_or_else(|| self.rank().cmp(&other.rank())),
        }
    }

    /// The number, if this is an integer.
    ///
    /// ```
    /// use wasm_dbms_api::ValueRef;
    ///
    /// assert_eq!(ValueRef::Unsigned(u64::MAX).as_i128(), Some(u64::MAX.into()));
    /// assert_eq!(ValueRef::Float(1.0).as_i128(), None);
    /// ```
    pub fn as_i128(self) -> Option<i128> {
        match self {
            Self::Integer(number) => Some(number.into()),
            Self::Unsigned(number) => Some(number.into()),
            _ => None,
        }
    }

    /// The number as a float, if this is a number.
    ///
    /// ```
    /// use wasm_dbms_api::ValueRef;
    ///
    /// assert_eq!(ValueRef::Integer(2).as_f64(), Some(2.0));
    /// assert_eq!(ValueRef::Text("2").as_f64(), None);
    /// ```
    pub fn as_f64(self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(number as f64),
            Self::Unsigned(number) => Some(number as f64),
            Self::Float(number) => Some(number),
            Self::Decimal(number) => Some(number.to_f64()),
            _ => None,
        }
    }

    fn family(self) -> Option<Family> {
        match self {
            Self::Null => None,
            Self::Bool(_) => Some(Family::Bool),
            Self::Integer(_) | Self::Unsigned(_) | Self::Float(_) | Self::Decimal(_) => Some(Family::Number),
            Self::Text(_) => Some(Family::Text),
            Self::Bytes(_) => Some(Family::Bytes),
            Self::Date(_) => Some(Family::Date),
            Self::DateTime(_) => Some(Family::DateTime),
            Self::Uuid(_) => Some(Family::Uuid),
            Self::Json(_) => Some(Family::Json),
            Self::Enum(..) => Some(Family::Enum),
        }
    }

    /// Where a kind stands among kinds that cannot be compared.
    fn rank(self) -> u8 {
        self.family().map_or(0, |family| family as u8 + 1)
    }
}

/// Floats in one total order: -0.0 equals 0.0, NaN equals NaN and is above every number.
fn compare_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// A float against an integer, exactly: no integer is rounded to a float on the way.
fn compare_float_with_integer(float: f64, integer: i128) -> Ordering {
    if float.is_nan() {
        return Ordering::Greater;
    }
    // The cast saturates far outside the range of any stored integer, so it cannot make unequal numbers equal.
    let whole = float.trunc() as i128;
    whole.cmp(&integer).then_with(|| compare_floats(float, float.trunc()))
}

impl PartialEq for Value {
    /// Equal as values of one column are: NULL equals NULL here, 1 equals 1.0, NaN equals NaN.
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
    }
}

impl PartialEq for ValueRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.sort_order(*other) == Ordering::Equal
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl fmt::Display for ValueRef<'_> {
    /// As SQL writes a literal: bytes as `x'..'`; text, and what SQL has no form of its own for, in single quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Unsigned(value) => value.fmt(f),
            Self::Float(value) => f.write_str(&float_text(*value, FloatForm::Float)),
            Self::Text(value) | Self::Enum(_, value) => write_quoted(value, f),
            Self::Decimal(value) => value.fmt(f),
            Self::Date(value) => write!(f, "'{value}'"),
            Self::DateTime(value) => write!(f, "'{value}'"),
            Self::Uuid(value) => write!(f, "'{}'", uuid_text(*value)),
            Self::Json(value) => write_quoted(value.as_str(), f),
            Self::Bytes(value) => {
                f.write_str("x'")?;
                value.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str("'")
            }
        }
    }
}

fn write_quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "'{}'", replaced(text, b'\'', "''"))
}

impl<T: Field> From<T> for Value {
    fn from(value: T) -> Self {
        value.value_in(&ValueArena::default()).to_value()
    }
}

impl From<bool> for ValueRef<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for ValueRef<'_> {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<f32> for ValueRef<'_> {
    fn from(value: f32) -> Self {
        Self::Float(value.into())
    }
}

impl<'a> From<&'a str> for ValueRef<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for ValueRef<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for ValueRef<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(value: &'a Value) -> Self {
        value.as_ref()
    }
}

impl<'a, T: Into<ValueRef<'a>>> From<Option<T>> for ValueRef<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_above_2_to_53_is_not_equal_to_its_rounded_float() {
        let integer = Value::from(9_007_199_254_740_993i64);
        let float = Value::from(9_007_199_254_740_992f64);
        assert_eq!(integer.as_ref().compare(float.as_ref()), Some(Ordering::Greater));
        assert_eq!(float.as_ref().compare(integer.as_ref()), Some(Ordering::Less));
    }

    #[test]
    fn infinity_is_above_the_largest_u64_and_nan_above_infinity() {
        let largest = Value::from(u64::MAX);
        assert_eq!(ValueRef::Float(f64::INFINITY).compare(largest.as_ref()), Some(Ordering::Greater));
        assert_eq!(ValueRef::Float(f64::NAN).compare(ValueRef::Float(f64::INFINITY)), Some(Ordering::Greater));
    }

    #[test]
    fn null_compares_with_nothing_but_sorts_first() {
        assert_eq!(ValueRef::Null.compare(ValueRef::Null), None);
        assert_eq!(ValueRef::Null.sort_order(ValueRef::Integer(i64::MIN)), Ordering::Less);
    }

    #[test]
    fn a_value_fits_a_type_only_if_nothing_of_it_is_lost() {
        assert!(ValueRef::Integer(255).fits(DataType::U8));
        assert!(!ValueRef::Integer(256).fits(DataType::U8));
        assert!(!ValueRef::Integer(-1).fits(DataType::U64));
        assert!(ValueRef::Unsigned(u64::MAX).fits(DataType::U64));
        assert!(!ValueRef::Unsigned(u64::MAX).fits(DataType::I64));
        assert!(!ValueRef::Float(0.1).fits(DataType::F32));
        assert!(ValueRef::Float(0.5).fits(DataType::F32));
    }
}
