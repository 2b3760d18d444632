//! How a statement is refused: the kind of the error, and what it names.

use wasm_dbms::Error;

/// The kind of an error, and the table and columns that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is named as the error it stands for")]
pub enum Refusal {
    NotNull(String),
    Unique(String),
    ForeignKey(String),
    Type(String),
    Check(String),
    Validation(String),
    OutOfRange,
    /// A question, or a statement that asks one, makes no sense.
    Query,
    Unknown,
    TableExists,
    Schema,
    Busy,
    /// By some orders of its rows, and not by others: no error, nobody knows what comes of it.
    OfSomeOrder,
}

impl Refusal {
    /// Whether values are refused, not what is asked.
    pub(crate) fn is_constraint(&self) -> bool {
        !matches!(self, Self::Query | Self::Unknown | Self::TableExists | Self::Schema | Self::Busy)
    }

    /// What an error of the database says; none if no statement of a program should meet it.
    pub fn of(error: &Error) -> Option<Self> {
        Some(match error {
            Error::NotNull { table, column } => Self::NotNull(format!("{table}.{column}")),
            Error::Unique { table, columns, .. } => Self::Unique(format!("{table}.{columns}")),
            Error::ForeignKey { table, columns, .. } => Self::ForeignKey(format!("{table}.{columns}")),
            Error::Type { table, column, .. } => Self::Type(format!("{table}.{column}")),
            Error::Check { table, check, .. } => Self::Check(format!("{table}: {check}")),
            Error::Validation { table, column, .. } => Self::Validation(format!("{table}.{column}")),
            Error::Query(_) => Self::Query,
            Error::OutOfRange(_) => Self::OutOfRange,
            Error::Unknown { .. } => Self::Unknown,
            Error::TableExists { .. } => Self::TableExists,
            Error::Schema(_) => Self::Schema,
            Error::Busy => Self::Busy,
            _ => return None,
        })
    }
}
