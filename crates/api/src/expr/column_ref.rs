//! Columns by name.

use crate::text_parts::cut;
use std::borrow::Cow;
use std::fmt;

/// The name of a table or column. Static in typed queries, owned in dynamic ones.
pub type Name = Cow<'static, str>;

/// A column by name, with the table where that is needed to tell it from others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ColumnRef {
    /// The table, if the column's name alone does not say.
    pub table: Option<Name>,
    /// The column.
    pub column: Name,
}

impl ColumnRef {
    /// A column of a table.
    ///
    /// ```
    /// use wasm_dbms_api::ColumnRef;
    ///
    /// assert_eq!(ColumnRef::new("users", "name"), ColumnRef::from("users.name"));
    /// ```
    pub fn new(table: impl Into<Name>, column: impl Into<Name>) -> Self {
        Self { table: Some(table.into()), column: column.into() }
    }
}

impl From<&str> for ColumnRef {
    /// `"users.name"` or `"name"`.
    fn from(text: &str) -> Self {
        match cut(text, b'.') {
            Some((table, column)) => Self::new(table.to_owned(), column.to_owned()),
            None => Self { table: None, column: text.to_owned().into() },
        }
    }
}

impl fmt::Display for ColumnRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            Some(table) => write!(f, "{table}.{}", self.column),
            None => f.write_str(&self.column),
        }
    }
}
