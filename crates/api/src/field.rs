//! Rust types that can be columns.

use thiserror::Error;

use uuid::Uuid;

use crate::{DataType, Date, DateTime, Decimal, Json, RowSource, Value, ValueArena, ValueRef};

/// A value that is not of the type it was asked for. One word wide, so that reading a column costs nothing for it.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("expected {}, found {}", .0.expected, .0.found)]
pub struct ConversionError(Box<Mismatch>);

#[derive(Debug, Clone, PartialEq)]
struct Mismatch {
    expected: &'static str,
    found: Value,
}

impl ConversionError {
    /// The error of asking `found` to be a value of type `expected`.
    ///
    /// ```
    /// use wasm_dbms_api::{ConversionError, ValueRef};
    ///
    /// let error = ConversionError::new("u8", ValueRef::Integer(300));
    /// assert!(error.to_string().contains("u8"));
    /// ```
    #[cold]
    pub fn new(expected: &'static str, found: ValueRef<'_>) -> Self {
        Self(Box::new(Mismatch { expected, found: found.to_value() }))
    }

    /// The type that was asked for.
    ///
    /// ```
    /// use wasm_dbms_api::{Field, ValueRef};
    ///
    /// assert_eq!(u8::from_value(ValueRef::Integer(300)).unwrap_err().expected(), "u8");
    /// ```
    pub fn expected(&self) -> &'static str {
        self.0.expected
    }

    /// What was found.
    ///
    /// ```
    /// use wasm_dbms_api::{Field, Value, ValueRef};
    ///
    /// assert_eq!(u8::from_value(ValueRef::Integer(300)).unwrap_err().found(), &Value::Integer(300));
    /// ```
    pub fn found(&self) -> &Value {
        &self.0.found
    }
}

/// A Rust type that can stand in a column.
pub trait Field: Sized {
    /// The type of the column.
    const DATA_TYPE: DataType;

    /// Whether the column may be NULL.
    const NULLABLE: bool = false;

    /// The type without its `Option`.
    type Base: Field;

    /// The names of an enum, in the order of their numbers; none for any other type.
    const VARIANTS: &'static [&'static str] = &[];

    /// Names of an enum with one that each had in earlier releases; for migrations.
    const VARIANTS_RENAMED_FROM: &'static [(&'static str, &'static str)] = &[];

    /// The fields of a struct that is stored as JSON, in words; empty for any other type.
    const SHAPE: &'static str = "";

    /// What makes of a struct that was stored as JSON with other fields one with those of today; for migrations.
    const RESHAPE: Option<fn(ValueRef<'_>) -> Result<Value, String>> = None;

    /// The value, borrowed; NULL where it has to be made first, by [`value_in`](Self::value_in).
    fn to_value(&self) -> ValueRef<'_>;

    /// The value, borrowed from this or from the arena.
    #[inline]
    fn value_in<'a>(&'a self, arena: &'a ValueArena) -> ValueRef<'a> {
        let _ = arena;
        self.to_value()
    }

    /// The Rust value of a stored one.
    ///
    /// # Errors
    /// [`ConversionError`] if the value is not of this type.
    fn from_value(value: ValueRef<'_>) -> Result<Self, ConversionError>;

    /// The Rust value of a column of a row.
    ///
    /// # Errors
    /// [`ConversionError`] if the column does not hold a value of this type.
    #[inline]
    fn read<R: RowSource>(row: &R, index: usize) -> Result<Self, ConversionError> {
        Self::from_value(row.column(index)?)
    }
}

/// A type of the user's own that can stand in a column. `#[derive(CustomDataType)]` writes it.
pub trait CustomDataType: Field {}

impl<T: CustomDataType + Field<Base = T>> CustomDataType for Option<T> {}

impl<T: Field<Base = T>> Field for Option<T> {
    const DATA_TYPE: DataType = T::DATA_TYPE;
    const NULLABLE: bool = true;
    const VARIANTS: &'static [&'static str] = T::VARIANTS;
    const VARIANTS_RENAMED_FROM: &'static [(&'static str, &'static str)] = T::VARIANTS_RENAMED_FROM;
    const SHAPE: &'static str = T::SHAPE;
    const RESHAPE: Option<fn(ValueRef<'_>) -> Result<Value, String>> = T::RESHAPE;
    type Base = T;

    fn to_value(&self) -> ValueRef<'_> {
        self.as_ref().map_or(ValueRef::Null, T::to_value)
    }

    #[inline]
    fn value_in<'a>(&'a self, arena: &'a ValueArena) -> ValueRef<'a> {
        self.as_ref().map_or(ValueRef::Null, |value| value.value_in(arena))
    }

    #[inline]
    fn from_value(value: ValueRef<'_>) -> Result<Self, ConversionError> {
        match value {
            ValueRef::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

macro_rules! integer_field {
    ($($integer:ty => $data_type:ident, $to_value:expr;)*) => {$(
        impl From<$integer> for ValueRef<'_> {
            fn from(value: $integer) -> Self {
                $to_value(value)
            }
        }

        impl Field for $integer {
            const DATA_TYPE: DataType = DataType::$data_type;
            type Base = Self;

            #[inline]
            fn to_value(&self) -> ValueRef<'_> {
                $to_value(*self)
            }

            #[inline]
            fn from_value(value: ValueRef<'_>) -> Result<Self, ConversionError> {
                let number = match value {
                    ValueRef::Integer(number) => Self::try_from(number).ok(),
                    ValueRef::Unsigned(number) => Self::try_from(number).ok(),
                    _ => None,
                };
                number.ok_or_else(|| ConversionError::new(stringify!($integer), value))
            }

            // Where every byte of code counts it is one function for all tables.
            #[cfg_attr(not(target_family = "wasm"), inline(always))]
            fn read<R: RowSource>(row: &R, index: usize) -> Result<Self, ConversionError> {
                if let Some(bytes) = row.fixed(index, Self::DATA_TYPE) {
                    return Ok(Self::from_le_bytes(bytes));
                }
                match row.integer(index).and_then(|number| Self::try_from(number).ok()) {
                    Some(number) => Ok(number),
                    None => Self::from_value(row.column(index)?),
                }
            }
        }
    )*};
}

integer_field! {
    i8 => I8, |number| ValueRef::Integer(i64::from(number));
    i16 => I16, |number| ValueRef::Integer(i64::from(number));
    i32 => I32, |number| ValueRef::Integer(i64::from(number));
    i64 => I64, ValueRef::Integer;
    u8 => U8, |number| ValueRef::Integer(i64::from(number));
    u16 => U16, |number| ValueRef::Integer(i64::from(number));
    u32 => U32, |number| ValueRef::Integer(i64::from(number));
    u64 => U64, ValueRef::from_u64;
}

impl Field for bool {
    const DATA_TYPE: DataType = DataType::Bool;
    type Base = Self;

    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Bool(*self)
    }

    fn from_value(value: ValueRef<'_>) -> Result<Self, ConversionError> {
        match value {
            ValueRef::Bool(value) => Ok(value),
            other => Err(ConversionError::new("bool", other)),
        }
    }
}

impl Field for f64 {
    const DATA_TYPE: DataType = DataType::F64;
    type Base = Self;

    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Float(*self)
    }

    fn from_value(value: ValueRef<'_>) -> Result<Self, ConversionError> {
        match value {
            ValueRef::Float(value) => Ok(value),
            other => Err(ConversionError::new("f64", other)),
        }
    }
}

impl Field for f32 {
    const DATA_TYPE: DataType = DataType::F32;
    type Base = Self;

    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Float(f64::from(*self))
    }

    fn from_value(value: ValueRef<'_>) -> Result<Self, ConversionError> {
        match value {
            ValueRef::Float(number) if value.fits(DataType::F32) => Ok(number as f32),
            other => Err(ConversionError::new("f32", other)),
        }
    }
}

impl Field for String {
    const DATA_TYPE: DataType = DataType::Text;
    type Base = Self;

    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Text(self)
    }

    #[inline]
    fn from_value(value: ValueRef<'_>) -> Result<Self, ConversionError> {
        match value {
            ValueRef::Text(value) => Ok(value.to_owned()),
            other => Err(ConversionError::new("text", other)),
        }
    }

    #[inline]
    fn read<R: RowSource>(row: &R, index: usize) -> Result<Self, ConversionError> {
        match row.text(index) {
            Some(text) => Ok(text.to_owned()),
            None => Self::from_value(row.column(index)?),
        }
    }
}

impl Field for Vec<u8> {
    const DATA_TYPE: DataType = DataType::Bytes;
    type Base = Self;

    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Bytes(self)
    }

    fn from_value(value: ValueRef<'_>) -> Result<Self, ConversionError> {
        match value {
            ValueRef::Bytes(value) => Ok(value.to_owned()),
            other => Err(ConversionError::new("bytes", other)),
        }
    }
}

impl Field for Json {
    const DATA_TYPE: DataType = DataType::Json;
    type Base = Self;

    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Json(self.as_ref())
    }

    fn from_value(value: ValueRef<'_>) -> Result<Self, ConversionError> {
        match value {
            ValueRef::Json(value) => Ok(value.to_json()),
            other => Err(ConversionError::new("json", other)),
        }
    }
}

macro_rules! copied_field {
    ($($rust_type:ident, $name:literal;)*) => {$(
        impl From<$rust_type> for ValueRef<'_> {
            fn from(value: $rust_type) -> Self {
                Self::$rust_type(value)
            }
        }

        impl Field for $rust_type {
            const DATA_TYPE: DataType = DataType::$rust_type;
            type Base = Self;

            fn to_value(&self) -> ValueRef<'_> {
                ValueRef::$rust_type(*self)
            }

            #[inline]
            fn from_value(value: ValueRef<'_>) -> Result<Self, ConversionError> {
                match value {
                    ValueRef::$rust_type(value) => Ok(value),
                    other => Err(ConversionError::new($name, other)),
                }
            }
        }
    )*};
}

copied_field! {
    Decimal, "decimal";
    Date, "date";
    DateTime, "datetime";
    Uuid, "uuid";
}

/// What a derive writes for a struct that is stored as JSON.
#[cfg(feature = "serde")]
#[doc(hidden)]
pub mod as_json {
    use super::{ConversionError, Field, Json, Value, ValueArena, ValueRef};
    use crate::JsonRef;

    /// The document of a value; of one that serde refuses, why, which is no document and so refused by the column.
    #[doc(hidden)]
    pub fn value_in<'a, T: serde::Serialize>(value: &T, arena: &'a ValueArena) -> ValueRef<'a> {
        match Json::from_serde(value) {
            Ok(json) => ValueRef::Json(JsonRef::from_stored(arena.keep(json.to_string()))),
            Err(error) => ValueRef::Text(arena.keep(error.to_string())),
        }
    }

    /// The value of a document.
    #[doc(hidden)]
    pub fn from_value<T: serde::de::DeserializeOwned>(
        value: ValueRef<'_>,
        expected: &'static str,
    ) -> Result<T, ConversionError> {
        match value {
            ValueRef::Json(json) => serde_json::from_str(json.as_str()).ok(),
            _ => None,
        }
        .ok_or_else(|| ConversionError::new(expected, value))
    }

    /// The document of today for one of earlier days, or why serde cannot read it.
    #[doc(hidden)]
    pub fn reshape<T: Field + serde::de::DeserializeOwned>(value: ValueRef<'_>) -> Result<Value, String> {
        match value {
            ValueRef::Json(json) => {
                serde_json::from_str::<T>(json.as_str()).map(Value::from).map_err(|it| it.to_string())
            }
            _ => Err("it is no JSON".into()),
        }
    }
}
