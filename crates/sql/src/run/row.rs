//! [`Row`] and [`Rows`]: what a statement answers.

use std::sync::Arc;

use wasm_dbms::ValueCursor;
use wasm_dbms_api::{ConversionError, Field, RowSource, Table, Value, ValueRef};

use crate::failure::{Error, Result};

/// A row of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

/// The place of a column in a row: its number, from 0 on, or its name.
pub trait ColumnIndex {
    /// The number of the column, if there is one.
    fn place(&self, columns: &[String]) -> Option<usize>;

    /// How errors call it.
    fn label(&self) -> String;
}

impl ColumnIndex for usize {
    fn place(&self, columns: &[String]) -> Option<usize> {
        (*self < columns.len()).then_some(*self)
    }

    fn label(&self) -> String {
        self.to_string()
    }
}

impl ColumnIndex for &str {
    fn place(&self, columns: &[String]) -> Option<usize> {
        columns.iter().position(|column| column == self)
    }

    fn label(&self) -> String {
        (*self).to_owned()
    }
}

impl Row {
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
        let place = column.place(&self.columns).ok_or_else(|| Error::NoColumn(column.label()))?;
        let value = self.values.get(place).map_or(ValueRef::Null, Value::as_ref);
        T::from_value(value).map_err(|error| Error::Type { column: column.label(), problem: error.to_string() })
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
        let places = T::schema().columns.iter().map(|column| {
            let place = column.name.as_str().place(&self.columns);
            place.ok_or_else(|| Error::NoColumn(column.name.clone()))
        });
        let named = NamedRow { row: self, places: places.collect::<Result<_>>()? };
        T::read(&named).map_err(|error| Error::Type { column: T::schema().name.clone(), problem: error.to_string() })
    }
}

/// A row whose columns stand where a table has them.
struct NamedRow<'r> {
    row: &'r Row,
    places: Vec<usize>,
}

impl RowSource for NamedRow<'_> {
    fn column(&self, index: usize) -> std::result::Result<ValueRef<'_>, ConversionError> {
        let value = self.places.get(index).and_then(|place| self.row.values.get(*place));
        Ok(value.map_or(ValueRef::Null, Value::as_ref))
    }
}

/// What can be made of a row: a tuple of its columns in their order, or a struct of one's own.
///
/// ```
/// use wasm_dbms::Database;
/// use wasm_dbms_sql::{FromRow, Result, Row, Sql};
///
/// #[derive(Debug, PartialEq)]
/// struct City {
///     name: String,
///     people: Option<i64>,
/// }
///
/// impl FromRow for City {
///     fn from_row(row: &Row) -> Result<Self> {
///         Ok(Self { name: row.get("name")?, people: row.get("people")? })
///     }
/// }
///
/// let db = Database::in_memory();
/// db.execute("CREATE TABLE cities (name text PRIMARY KEY, people bigint)", ())?;
/// db.execute("INSERT INTO cities VALUES ('Oslo', 700000), ('Atlantis', NULL)", ())?;
/// let cities: Vec<City> = db.query_rows("SELECT * FROM cities ORDER BY name", ())?;
/// assert_eq!(cities[1], City { name: "Oslo".into(), people: Some(700_000) });
/// let pairs: Vec<(String, Option<i64>)> = db.query_rows("SELECT name, people FROM cities", ())?;
/// assert_eq!(pairs.len(), 2);
/// # Ok::<(), wasm_dbms_sql::Error>(())
/// ```
pub trait FromRow: Sized {
    /// Makes it.
    ///
    /// # Errors
    /// [`Error::NoColumn`]; [`Error::Type`].
    fn from_row(row: &Row) -> Result<Self>;
}

impl FromRow for Row {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(row.clone())
    }
}

impl FromRow for Vec<Value> {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(row.values.clone())
    }
}

macro_rules! tuple {
    ($($name:ident $place:literal)+) => {
        impl<$($name: Field),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row) -> Result<Self> {
                Ok(($(row.get::<$name>($place)?,)+))
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0 B 1);
tuple!(A 0 B 1 C 2);
tuple!(A 0 B 1 C 2 D 3);
tuple!(A 0 B 1 C 2 D 3 E 4);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7);

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
        Self { columns: answer.columns.into(), source: Source::Made(answer.rows.into_iter()) }
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
        self.map(|row| R::from_row(&row?)).collect()
    }
}

impl Iterator for Rows {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Result<Row>> {
        let values = match &mut self.source {
            Source::Made(rows) => Ok(rows.next()?),
            Source::Walk(cursor) => cursor.next()?.map_err(Error::from),
        };
        Some(values.map(|values| Row { columns: Arc::clone(&self.columns), values }))
    }
}
