//! [`AnswerRow`]: a row of an answer, where it stands.

use wasm_dbms_api::{ConversionError, DataType, RowSource, Value, ValueRef};

use crate::Result;
use crate::execute::OutputRow;

/// A row of an answer, where it stands: its values are computed when they are asked for, and texts and bytes are those of
/// the page. [`Prepared::query_each`](crate::Prepared::query_each) visits these.
#[derive(Debug)]
pub struct AnswerRow<'a> {
    columns: &'a [String],
    row: OutputRow<'a>,
}

impl<'a> AnswerRow<'a> {
    pub(crate) fn new(columns: &'a [String], row: OutputRow<'a>) -> Self {
        Self { columns, row }
    }

    /// The name of each column.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_values("t", &[("n", 5.into())])?;
    /// wasm_dbms::Prepared::new(Query::from("t")).query_each(&db, &[], &mut |row| {
    ///     assert_eq!(row.columns(), ["n"]);
    ///     Ok(true)
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn columns(&self) -> &'a [String] {
        self.columns
    }

    /// The value of a column, from 0 on.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_values("t", &[("n", 5.into())])?;
    /// wasm_dbms::Prepared::new(Query::from("t")).query_each(&db, &[], &mut |row| {
    ///     assert_eq!(row.value(0)?.to_value(), 5.into());
    ///     assert!(row.value(1).is_err());
    ///     Ok(true)
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) if there is no such column, or its value cannot be computed.
    pub fn value(&self, column: usize) -> Result<ValueRef<'_>> {
        Ok(self.row.value(column)?)
    }

    /// All values, to keep.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_values("t", &[("n", 5.into())])?;
    /// wasm_dbms::Prepared::new(Query::from("t")).query_each(&db, &[], &mut |row| {
    ///     assert_eq!(row.to_values()?, [Value::from(5)]);
    ///     Ok(true)
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub fn to_values(&self) -> Result<Vec<Value>> {
        (0..self.columns.len()).map(|column| Ok(self.value(column)?.to_value())).collect()
    }
}

impl RowSource for AnswerRow<'_> {
    fn column(&self, index: usize) -> std::result::Result<ValueRef<'_>, ConversionError> {
        self.row.column(index)
    }

    #[inline]
    fn integer(&self, index: usize) -> Option<i64> {
        self.row.integer(index)
    }

    #[inline]
    fn fixed<const N: usize>(&self, index: usize, data_type: DataType) -> Option<[u8; N]> {
        self.row.fixed(index, data_type)
    }

    #[inline]
    fn text(&self, index: usize) -> Option<&str> {
        self.row.text(index)
    }
}
