//! [`Reader`]: how a column of a row is read.

use wasm_dbms_api::DataType;

use crate::codec::row::{ColumnLayout, Place};

/// How a column is read: its layout folded into eight bytes and one choice.
#[derive(Debug, Clone, Copy)]
pub(in crate::codec) struct Reader {
    pub(in crate::codec) kind: ReaderKind,
    /// The bit that tells NULL, 0 if the column never is, and the byte it stands in.
    pub(in crate::codec) null_bit: u8,
    pub(in crate::codec) null_at: u16,
    /// An offset, the number of a variable column, or a place in the key.
    pub(in crate::codec) at: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::codec) enum ReaderKind {
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
    Enum,
    /// An integer that the key begins with.
    KeyInteger,
    Key,
    Absent,
}

impl ReaderKind {
    /// How values of this type are read that stand in the row.
    #[inline]
    pub(super) const fn of(data_type: DataType) -> Self {
        match data_type {
            DataType::Bool => Self::Bool,
            DataType::I8 => Self::I8,
            DataType::I16 => Self::I16,
            DataType::I32 => Self::I32,
            DataType::I64 => Self::I64,
            DataType::U8 => Self::U8,
            DataType::U16 => Self::U16,
            DataType::U32 => Self::U32,
            DataType::U64 => Self::U64,
            DataType::F32 => Self::F32,
            DataType::F64 => Self::F64,
            DataType::Text => Self::Text,
            DataType::Bytes => Self::Bytes,
            DataType::Decimal => Self::Decimal,
            DataType::Date => Self::Date,
            DataType::DateTime => Self::DateTime,
            DataType::Uuid => Self::Uuid,
            DataType::Json => Self::Json,
            DataType::Enum => Self::Enum,
            _ => Self::Absent,
        }
    }
}

impl Reader {
    pub(super) fn new(column: &ColumnLayout) -> Self {
        let (null_at, null_bit) = column.null.unwrap_or((0, 0));
        let at = match column.place {
            Place::Key(at) | Place::Fixed(at) | Place::Variable(at) => at,
            Place::Absent => 0,
        };
        let kind = match column.place {
            Place::Absent => ReaderKind::Absent,
            Place::Key(0) if column.data_type.is_integer() => ReaderKind::KeyInteger,
            Place::Key(_) => ReaderKind::Key,
            Place::Fixed(_) | Place::Variable(_) => ReaderKind::of(column.data_type),
        };
        Self { kind, null_bit, null_at: null_at as u16, at: at as u32 }
    }
}
