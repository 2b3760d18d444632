//! How rows, keys and schemas become bytes.

mod fixed;
mod fixed_column;
pub(crate) mod key;
pub(crate) mod record;
pub(crate) mod row;
pub(crate) mod snapshot;
mod text;
mod value;

pub(crate) use fixed_column::{CodeRange, FixedColumn, FixedKind, code_of_float};
