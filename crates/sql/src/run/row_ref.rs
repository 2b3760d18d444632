//! [`RowRef`]: a row of an answer where it stands, and what can be made of it.

use wasm_dbms::AnswerRow;
use wasm_dbms_api::{ConversionError, Field, RowSource, Table, Value, ValueRef};

use crate::failure::{Error, Result};
use crate::run::Row;

/// A row of an answer, where it stands: texts and bytes are copied when they are asked for, and not before.
#[derive(Debug, Clone, Copy)]
pub struct RowRef<'r> {
    columns: &'r [String],
    values: Values<'r>,
}

#[derive(Debug, Clone, Copy)]
enum Values<'r> {
    Made(&'r [Value]),
    Computed(&'r AnswerRow<'r>),
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

impl<'r> RowRef<'r> {
    pub(crate) fn of_values(columns: &'r [String], values: &'r [Value]) -> Self {
        Self { columns, values: Values::Made(values) }
    }

    pub(crate) fn of_answer(row: &'r AnswerRow<'r>) -> Self {
        Self { columns: row.columns(), values: Values::Computed(row) }
    }

    /// The value of a column as a Rust value.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.prepare("SELECT 1 AS n, 'one' AS name")?.for_each((), |row| {
    ///     assert_eq!(row.get::<i32>("n")?, 1);
    ///     assert_eq!(row.get::<String>(1)?, "one");
    ///     assert!(row.get::<i32>("size").is_err());
    ///     Ok(())
    /// })?;
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoColumn`]; [`Error::Type`]; what the database says of a value that cannot be computed.
    pub fn get<T: Field>(&self, column: impl ColumnIndex) -> Result<T> {
        let place = column.place(self.columns).ok_or_else(|| Error::NoColumn(column.label()))?;
        let read = match self.values {
            Values::Computed(row) => T::read(row, place),
            Values::Made(_) => T::from_value(self.value(place)?),
        };
        match read {
            Ok(value) => Ok(value),
            Err(error) => {
                // It may be that there is no value at all.
                self.value(place)?;
                Err(Error::Type { column: column.label(), problem: error.to_string() })
            }
        }
    }

    /// The value of a column, from 0 on, without a copy; NULL where there is none.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_api::ValueRef;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.prepare("SELECT 'one'")?.for_each((), |row| {
    ///     assert_eq!(row.value(0)?, ValueRef::Text("one"));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the database says of a value that cannot be computed.
    pub fn value(&self, column: usize) -> Result<ValueRef<'r>> {
        match self.values {
            Values::Made(values) => Ok(values.get(column).map_or(ValueRef::Null, Value::as_ref)),
            Values::Computed(_) if column >= self.columns.len() => Ok(ValueRef::Null),
            Values::Computed(row) => Ok(row.value(column)?),
        }
    }

    /// The names of the columns.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.prepare("SELECT 1 AS n")?.for_each((), |row| {
    ///     assert_eq!(row.columns(), ["n"]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    pub fn columns(&self) -> &'r [String] {
        self.columns
    }

    /// All values, to keep.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.prepare("SELECT 1, 2")?.for_each((), |row| {
    ///     assert_eq!(row.to_values()?, [1.into(), 2.into()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub fn to_values(&self) -> Result<Vec<Value>> {
        (0..self.columns.len()).map(|column| Ok(self.value(column)?.to_value())).collect()
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
    /// db.prepare("SELECT 'one' AS name, 1 AS n")?.for_each((), |row| {
    ///     assert_eq!(row.table::<Number>()?, Number { n: 1, name: "one".into() });
    ///     Ok(())
    /// })?;
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoColumn`]; [`Error::Type`]; what the database says of a value that cannot be computed.
    pub fn table<T: Table>(&self) -> Result<T> {
        let values = T::schema().columns.iter().map(|column| {
            let place = column.name.as_str().place(self.columns);
            self.value(place.ok_or_else(|| Error::NoColumn(column.name.clone()))?)
        });
        let named = NamedRow(values.collect::<Result<_>>()?);
        T::read(&named).map_err(|error| Error::Type { column: T::schema().name.clone(), problem: error.to_string() })
    }
}

/// The values of a row where a table has them.
struct NamedRow<'r>(Vec<ValueRef<'r>>);

impl RowSource for NamedRow<'_> {
    fn column(&self, index: usize) -> std::result::Result<ValueRef<'_>, ConversionError> {
        Ok(self.0.get(index).copied().unwrap_or(ValueRef::Null))
    }
}

/// What can be made of a row: a tuple of its columns in their order, or a struct of one's own.
///
/// ```
/// use wasm_dbms::Database;
/// use wasm_dbms_sql::{FromRow, Result, RowRef, Sql};
///
/// #[derive(Debug, PartialEq)]
/// struct City {
///     name: String,
///     people: Option<i64>,
/// }
///
/// impl FromRow for City {
///     fn from_row(row: &RowRef<'_>) -> Result<Self> {
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
    fn from_row(row: &RowRef<'_>) -> Result<Self>;
}

impl FromRow for Row {
    fn from_row(row: &RowRef<'_>) -> Result<Self> {
        Ok(Self::new(&row.columns().into(), row.to_values()?))
    }
}

impl FromRow for Vec<Value> {
    fn from_row(row: &RowRef<'_>) -> Result<Self> {
        row.to_values()
    }
}

macro_rules! tuple {
    ($($name:ident $place:literal)+) => {
        impl<$($name: Field),+> FromRow for ($($name,)+) {
            fn from_row(row: &RowRef<'_>) -> Result<Self> {
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
