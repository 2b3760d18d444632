//! Errors of the engine as those of the component.

use wasm_dbms::{Error, MemoryError};
use wasm_dbms_sql as sql;

use crate::bindings::exports::wasm_dbms::database::types as wit;
use crate::value;

/// What can come of anything here.
pub(crate) type Result<T> = std::result::Result<T, wit::Error>;

/// What came in makes no sense.
pub(crate) fn nonsense(words: impl Into<String>) -> wit::Error {
    wit::Error::Nonsense(words.into())
}

/// What SQL says.
pub(crate) fn of_sql(error: sql::Error) -> wit::Error {
    match error {
        sql::Error::Text(error) => {
            let (line, column) = (number(error.line), number(error.column));
            wit::Error::Syntax(wit::Misreading { words: error.to_string(), line, column })
        }
        sql::Error::Database { error, .. } => of(*error),
        sql::Error::InTransaction => wit::Error::Busy(error.to_string()),
        other => nonsense(other.to_string()),
    }
}

/// What the database says.
pub(crate) fn of(error: Error) -> wit::Error {
    let words = error.to_string();
    match error {
        Error::Memory(error) => of_memory(*error),
        Error::Unknown { what, name } => wit::Error::Unknown(wit::Missing { what: what.to_owned(), name }),
        Error::TableExists { table } => wit::Error::TableExists(table),
        Error::NotNull { table, column } => wit::Error::NotNull(wit::Place { table, column }),
        Error::Unique { table, columns, value } => {
            wit::Error::Unique(wit::KeyViolation { table, columns, values: value })
        }
        Error::ForeignKey { table, columns, value, problem, other } => {
            let is_referred_to = problem.starts_with("still");
            wit::Error::ForeignKey(wit::ReferenceViolation { table, columns, values: value, is_referred_to, other })
        }
        Error::Check { table, check, values } => {
            wit::Error::Check(wit::CheckViolation { table, check: check.into(), values: values.into() })
        }
        Error::Validation { table, column, value, rule, .. } => {
            wit::Error::Validation(wit::RefusedValue { table, column, value: value::give(value), rule: rule.into() })
        }
        Error::Type { table, column, expected, value } => {
            wit::Error::Mismatch(wit::Mismatch { table, column, expected, value: value::give(value) })
        }
        Error::Conflict { table, key, problem } => wit::Error::Conflict(wit::Conflict { table, key, words: problem }),
        Error::TransactionExpired => wit::Error::Expired,
        Error::TooLong { what, bytes, limit } => wit::Error::TooLong(wit::TooLong { what, bytes, limit }),
        Error::OutOfRange(what) => wit::Error::OutOfRange(what),
        Error::Query(_) | Error::Schema(_) | Error::SavepointClosed => wit::Error::Nonsense(words),
        Error::Conversion(_) => wit::Error::Corrupt(words),
        Error::Busy => wit::Error::Busy(words),
        Error::Closed => wit::Error::Closed,
        Error::Interrupted | Error::OverBudget { .. } => wit::Error::Interrupted,
        _ => wit::Error::Other(words),
    }
}

fn of_memory(error: MemoryError) -> wit::Error {
    let words = error.to_string();
    match error {
        MemoryError::Locked { .. } => wit::Error::Locked(words),
        MemoryError::ReadOnly { .. } => wit::Error::ReadOnly(words),
        error if error.is_full() => wit::Error::Full(words),
        error if error.is_corrupt() => wit::Error::Corrupt(words),
        error if error.is_in_doubt() => wit::Error::InDoubt(words),
        _ => wit::Error::Other(words),
    }
}

fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
