//! Which types of columns a rule is for.

use std::fmt;

use crate::DataType;

/// Which types of columns a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleTypes {
    /// Text.
    Text,
    /// Text and bytes: what has a length.
    TextOrBytes,
    /// Decimals and floats: what has digits after the point.
    Fraction,
    /// Numbers, dates and moments: what stands on a line.
    NumberOrTime,
    /// Moments.
    DateTime,
    /// Every type: rules of the user's own say by themselves what they take.
    Any,
}

impl RuleTypes {
    /// Whether the type is among them. Known at compile time, so that the derive can refuse a rule where it stands.
    ///
    /// ```
    /// use wasm_dbms_api::{DataType, RuleTypes};
    ///
    /// const _: () = assert!(RuleTypes::TextOrBytes.contain(DataType::Bytes));
    /// ```
    pub const fn contain(self, data_type: DataType) -> bool {
        use DataType::*;
        match self {
            Self::Text => matches!(data_type, Text),
            Self::TextOrBytes => matches!(data_type, Text | Bytes),
            Self::Fraction => matches!(data_type, Decimal | F32 | F64),
            Self::NumberOrTime => {
                matches!(data_type, I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64 | F32 | F64 | Decimal | Date | DateTime)
            }
            Self::DateTime => matches!(data_type, DateTime),
            Self::Any => true,
        }
    }
}

impl fmt::Display for RuleTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::TextOrBytes => "text and bytes",
            Self::Fraction => "decimals and floats",
            Self::NumberOrTime => "numbers, dates and moments",
            Self::DateTime => "moments",
            Self::Any => "every type",
        })
    }
}
