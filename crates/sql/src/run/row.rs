//! [`Row`] and [`Rows`]: what a statement answers.

use std::sync::Arc;

use wasm_dbms::ValueCursor;
use wasm_dbms_api::{Field, Table, Value};

use crate::failure::{Error, Result};
use crate::run::{ColumnIndex, FromRow, RowRef};

/// A row of an answer, with values of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(columns: &Arc<[String]>, values: Vec<Value>) -> Self {
        Self { columns: Arc::clone(columns), values }
    }

    /// The same row, on loan.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::{FromRow, Sql};
    ///
    /// let db = Database::in_memory();
    /// let row = db.prepare("SELECT 1, 'one'")?.query(())?.next().unwrap()?;
    /// assert_eq!(<(i32, String)>::from_row(&row.as_ref())?, (1, "one".into()));
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    pub fn as_ref(&self) -> RowRef<'_> {
        RowRef::of_values(&self.columns, &self.values)
    }

    /// The value of a column as a Rust value.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (n integer, name text)", ())?;
    /// db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')", ())?;
    /// let mut rows = db.prepare("SELECT n, name FROM t ORDER BY n")?.query(())?;
    /// let row = rows.next().unwrap()?;
    /// assert_eq!(row.get::<i32>("n")?, 1);
    /// assert_eq!(row.get::<String>(1)?, "one");
    /// assert!(row.get::<i32>("size").is_err());
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoColumn`]; [`Error::Type`].
    pub fn get<T: Field>(&self, column: impl ColumnIndex) -> Result<T> {
        self.as_ref().get(column)
    }

    /// The names of the columns.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (n integer, name text)", ())?;
    /// db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')", ())?;
    /// let row = db.prepare("SELECT n, name FROM t")?.query(())?.next().unwrap()?;
    /// assert_eq!(row.columns(), ["n", "name"]);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The values.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (n integer, name text)", ())?;
    /// db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')", ())?;
    /// let row = db.prepare("SELECT n FROM t ORDER BY n")?.query(())?.next().unwrap()?;
    /// assert_eq!(row.values(), [1.into()]);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The values, and nothing else.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (n integer, name text)", ())?;
    /// db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')", ())?;
    /// let row = db.prepare("SELECT n FROM t ORDER BY n")?.query(())?.next().unwrap()?;
    /// assert_eq!(row.into_values(), [1.into()]);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// The struct of a table whose columns this row has, by their names, in any order and among others.
    ///
    /// ```
    /// use wasm_dbms::prelude::*;
    /// use wasm_dbms_sql::Sql;
    ///
    /// #[derive(Table, Debug, PartialEq)]
    /// #[table = "t"]
    /// struct Number {
    ///     #[primary_key]
    ///     n: u32,
    ///     name: String,
    /// }
    ///
    /// let db = Database::in_memory();
    /// db.create_table(Number::schema())?;
    /// db.execute("INSERT INTO t VALUES (1, 'one')", ())?;
    /// let row = db.prepare("SELECT name, n FROM t")?.query(())?.next().unwrap()?;
    /// assert_eq!(row.table::<Number>()?, Number { n: 1, name: "one".into() });
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoColumn`]; [`Error::Type`].
    pub fn table<T: Table>(&self) -> Result<T> {
        self.as_ref().table()
    }
}

/// The rows of an answer, one by one.
#[derive(Debug)]
pub struct Rows {
    columns: Arc<[String]>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Made(std::vec::IntoIter<Vec<Value>>),
    Walk(Box<ValueCursor>),
}

impl Rows {
    pub(crate) fn made(answer: wasm_dbms::Answer) -> Self {
        Self { columns: answer.columns, source: Source::Made(answer.rows.into_iter()) }
    }

    pub(crate) fn walk(cursor: ValueCursor) -> Self {
        Self { columns: cursor.columns().into(), source: Source::Walk(cursor.into()) }
    }

    /// The names of the columns; empty where the statement answers nothing.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (n integer, name text)", ())?;
    /// db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')", ())?;
    /// assert_eq!(db.prepare("SELECT n AS number FROM t")?.query(())?.columns(), ["number"]);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What each row comes to.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (n integer, name text)", ())?;
    /// db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')", ())?;
    /// let rows: Vec<(i64, String)> = db.prepare("SELECT n, name FROM t ORDER BY n")?.query(())?.all()?;
    /// assert_eq!(rows[1], (2, "two".into()));
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`FromRow::from_row`]; what the database says.
    pub fn all<R: FromRow>(self) -> Result<Vec<R>> {
        self.map(|row| R::from_row(&row?.as_ref())).collect()
    }
}

impl Iterator for Rows {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Result<Row>> {
        let values = match &mut self.source {
            Source::Made(rows) => Ok(rows.next()?),
            Source::Walk(cursor) => cursor.next()?.map_err(Error::from),
        };
        Some(values.map(|values| Row::new(&self.columns, values)))
    }
}
