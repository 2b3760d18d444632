//! What a column can hold.

use std::fmt;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is named as the Rust type it stands for")]
pub enum DataType {
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
    Text,
    Bytes,
    Decimal,
    Date,
    DateTime,
    Uuid,
    Json,
    /// One of the names that the column lists.
    Enum,
}

/// What kinds of values can be compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Bool,
    Number,
    Text,
    Bytes,
    Date,
    DateTime,
    Uuid,
    Json,
    Enum,
}

impl DataType {
    /// Every type, in the order of its stored code.
    pub const ALL: [Self; 19] = [
        Self::Bool,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::F32,
        Self::F64,
        Self::Text,
        Self::Bytes,
        Self::Decimal,
        Self::Date,
        Self::DateTime,
        Self::Uuid,
        Self::Json,
        Self::Enum,
    ];

    /// The number that stands for this type in a stored schema. Never changes.
    ///
    /// ```
    /// use wasm_dbms_api::DataType;
    ///
    /// assert_eq!(DataType::from_code(DataType::Uuid.code()), Some(DataType::Uuid));
    /// ```
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The type that a stored code stands for.
    ///
    /// ```
    /// use wasm_dbms_api::DataType;
    ///
    /// assert_eq!(DataType::from_code(0), Some(DataType::Bool));
    /// assert_eq!(DataType::from_code(255), None);
    /// ```
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// How many bytes a value takes where width is fixed; `None` where each value says.
    ///
    /// ```
    /// use wasm_dbms_api::DataType;
    ///
    /// assert_eq!(DataType::U32.width(), Some(4));
    /// assert_eq!(DataType::Text.width(), None);
    /// ```
    pub fn width(self) -> Option<usize> {
        match self {
            Self::Bool | Self::I8 | Self::U8 => Some(1),
            Self::I16 | Self::U16 | Self::Enum => Some(2),
            Self::I32 | Self::U32 | Self::F32 | Self::Date => Some(4),
            Self::I64 | Self::U64 | Self::F64 => Some(8),
            Self::DateTime => Some(12),
            Self::Decimal => Some(13),
            Self::Uuid => Some(16),
            Self::Text | Self::Bytes | Self::Json => None,
        }
    }

    /// Whether this is a signed or unsigned integer.
    ///
    /// ```
    /// use wasm_dbms_api::DataType;
    ///
    /// assert!(DataType::U8.is_integer());
    /// assert!(!DataType::Decimal.is_integer());
    /// ```
    pub fn is_integer(self) -> bool {
        self.integer_range().is_some()
    }

    /// Whether this is a floating-point number.
    ///
    /// ```
    /// use wasm_dbms_api::DataType;
    ///
    /// assert!(DataType::F32.is_float());
    /// assert!(!DataType::Decimal.is_float());
    /// ```
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// Whether values can be added up: integers, floats and decimals.
    ///
    /// ```
    /// use wasm_dbms_api::DataType;
    ///
    /// assert!(DataType::Decimal.is_number());
    /// assert!(!DataType::Date.is_number());
    /// ```
    pub fn is_number(self) -> bool {
        self.family() == Family::Number
    }

    /// Whether values have an order, so that they can be sorted, stand in a key and be the smallest: all but JSON.
    ///
    /// ```
    /// use wasm_dbms_api::DataType;
    ///
    /// assert!(DataType::Uuid.is_ordered());
    /// assert!(!DataType::Json.is_ordered());
    /// ```
    pub const fn is_ordered(self) -> bool {
        !matches!(self, Self::Json)
    }

    /// The smallest and largest value of an integer type.
    ///
    /// ```
    /// use wasm_dbms_api::DataType;
    ///
    /// assert_eq!(DataType::I8.integer_range(), Some((-128, 127)));
    /// assert_eq!(DataType::F64.integer_range(), None);
    /// ```
    pub fn integer_range(self) -> Option<(i64, u64)> {
        Some(match self {
            Self::I8 => (i8::MIN.into(), i8::MAX as u64),
            Self::I16 => (i16::MIN.into(), i16::MAX as u64),
            Self::I32 => (i32::MIN.into(), i32::MAX as u64),
            Self::I64 => (i64::MIN, i64::MAX as u64),
            Self::U8 => (0, u8::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::U64 => (0, u64::MAX),
            _ => return None,
        })
    }

    /// Whether values of the two types can be compared: numbers with numbers, else like with like.
    ///
    /// ```
    /// use wasm_dbms_api::DataType;
    ///
    /// assert!(DataType::I16.is_comparable_with(DataType::Decimal));
    /// assert!(!DataType::Date.is_comparable_with(DataType::Text));
    /// ```
    pub const fn is_comparable_with(self, other: Self) -> bool {
        self.family() as u8 == other.family() as u8
    }

    pub(crate) const fn family(self) -> Family {
        match self {
            Self::Bool => Family::Bool,
            Self::Text => Family::Text,
            Self::Bytes => Family::Bytes,
            Self::Date => Family::Date,
            Self::DateTime => Family::DateTime,
            Self::Uuid => Family::Uuid,
            Self::Json => Family::Json,
            Self::Enum => Family::Enum,
            _ => Family::Number,
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Decimal => "decimal",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Uuid => "uuid",
            Self::Json => "json",
            Self::Enum => "enum",
        })
    }
}
