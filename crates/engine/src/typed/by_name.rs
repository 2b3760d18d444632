//! Changes of rows by the names of table and columns: for tables that no Rust struct stands for.

use wasm_dbms_api::{ColumnSchema, Expr, Query, TableSchema, Value, ValueRef};

use crate::catalog::{RelationIndex, column_of};
use crate::core::Core;
use crate::error::Fallible;
use crate::typed::delete::delete_matching;
use crate::typed::returning::{delete_visiting, values_of};
use crate::typed::sets::Sets;
use crate::typed::update::{UpdateTable, update_matching, update_returning};
use crate::{Answer, Connection, Database, Error, Limited, OptimisticTransaction, Result, Transaction};

/// Takes the values of a row.
pub(super) type VisitRow<'v> = dyn FnMut(&[Value]) -> Fallible<()> + 'v;

/// Gives each row of a statement to a visitor: what is behind is made once, whatever the rows come from.
pub(super) type EachRow<'r> = dyn FnMut(&mut VisitRow<'_>) -> Fallible<()> + 'r;

macro_rules! verbs_by_name {
    ($connection:ty $(, $inner:ident)?) => {
        impl$(<$inner: Connection>)? $connection {
            /// Inserts rows by the names of their columns and returns how many; a column that is not named gets its
            /// default. If one is refused, none is inserted.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # let db = Database::in_memory();
            /// # let id = ColumnSchema::new("id", DataType::U64).autoincrement();
            /// # db.create_table(&TableSchema::new("t").column(id).column(ColumnSchema::new("n", DataType::I64)))?;
            /// assert_eq!(db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?, 2);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// [`Error::Unknown`](crate::Error::Unknown); [`Error::Query`](crate::Error::Query) for a row of another
            /// length; as [`insert`](Self::insert).
            pub fn insert_many_values<R: AsRef<[Value]>>(
                &self,
                table: &str,
                columns: &[&str],
                rows: impl IntoIterator<Item = R>,
            ) -> Result<usize> {
                let mut rows = rows.into_iter();
                let mut each = |insert: &mut VisitRow<'_>| rows.try_for_each(|row| insert(row.as_ref()));
                Ok(self.write_many(|core| insert_each(core, table, columns, &mut each))?)
            }

            /// Sets columns of the rows that a filter keeps, of every row without one, and returns how many there were.
            /// If one is refused, none is changed.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # let db = Database::in_memory();
            /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
            /// # db.insert_values("t", &[("n", 1.into())])?;
            /// let is_small = Expr::column("n").compare(Comparison::Less, 10);
            /// assert_eq!(db.update_values("t", &[("n", 12.into())], is_small)?, 1);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// [`Error::Unknown`](crate::Error::Unknown), [`Error::Query`](crate::Error::Query); a constraint that a new
            /// row would break; what storage says.
            pub fn update_values(
                &self,
                table: &str,
                values: &[(&str, Value)],
                filter: impl Into<Option<Expr>>,
            ) -> Result<u64> {
                let filter = filter.into();
                Ok(self.write_many(|core| update_named(core, table, values, filter))?)
            }

            /// A change of rows of a table by name, with values that are computed; see [`UpdateTable`].
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # let db = Database::in_memory();
            /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
            /// # db.insert_values("t", &[("n", 1.into())])?;
            /// let changed = db.update_table("t").set("n", Expr::column("n") + Expr::Parameter(1)).parameters([5.into()]);
            /// assert_eq!(changed.returning()?.rows, [[Value::from(6)]]);
            /// # Ok::<(), Error>(())
            /// ```
            pub fn update_table(&self, table: &str) -> UpdateTable<'_, Self> {
                UpdateTable::new(self, table)
            }

            /// Deletes the rows that a filter keeps, every row without one, with those that refer to them with cascade.
            /// Returns how many of the table there were. If one is refused, none is deleted.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # let db = Database::in_memory();
            /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
            /// # db.insert_values("t", &[("n", 1.into())])?;
            /// assert_eq!(db.delete_values("t", Expr::column("n").is_null())?, 0);
            /// assert_eq!(db.delete_values("t", None)?, 1);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// [`Error::Unknown`](crate::Error::Unknown), [`Error::Query`](crate::Error::Query);
            /// [`Error::ForeignKey`](crate::Error::ForeignKey) if a row that stays refers to one of them; what storage
            /// says.
            pub fn delete_values(&self, table: &str, filter: impl Into<Option<Expr>>) -> Result<u64> {
                let filter = filter.into();
                Ok(self.write_many(|core| delete_named(core, table, filter))?)
            }

            /// As [`update_values`](Self::update_values), but returns the rows as they are then.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # let db = Database::in_memory();
            /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
            /// db.insert_values("t", &[("n", 1.into())])?;
            /// assert_eq!(db.update_values_returning("t", &[("n", 2.into())], None)?.rows, [[Value::from(2)]]);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// As [`update_values`](Self::update_values).
            pub fn update_values_returning(
                &self,
                table: &str,
                values: &[(&str, Value)],
                filter: impl Into<Option<Expr>>,
            ) -> Result<Answer> {
                let filter = filter.into();
                Ok(self.write_many(|core| update_named_returning(core, table, values, filter))?)
            }

            /// As [`delete_values`](Self::delete_values), but returns the rows as they were. Those that go with them by
            /// cascade are not among them.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # let db = Database::in_memory();
            /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
            /// db.insert_values("t", &[("n", 1.into())])?;
            /// assert_eq!(db.delete_values_returning("t", None)?.rows, [[Value::from(1)]]);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// As [`delete_values`](Self::delete_values).
            pub fn delete_values_returning(&self, table: &str, filter: impl Into<Option<Expr>>) -> Result<Answer> {
                let filter = filter.into();
                Ok(self.write_many(|core| delete_named_returning(core, table, filter))?)
            }
        }
    };
}

verbs_by_name!(Database);
verbs_by_name!(Transaction<'_>);
verbs_by_name!(OptimisticTransaction);
verbs_by_name!(Limited<'_, C>, C);

/// Where the named columns stand; each once.
pub(crate) fn places_of(schema: &TableSchema, columns: &[&str]) -> Fallible<Vec<usize>> {
    let mut places = Vec::with_capacity(columns.len());
    for name in columns {
        let place = place_beside(schema, name, &places)?;
        places.push(place);
    }
    Ok(places)
}

/// Where a named column stands, which is none of these.
pub(crate) fn place_beside(schema: &TableSchema, name: &str, places: &[usize]) -> Fallible<usize> {
    let place = column_of(schema, name)?;
    if places.contains(&place) {
        return Err(Error::query(format_args!("column {}.{name} is given twice", schema.name)));
    }
    Ok(place)
}

/// The value as its column has it: the name of an enum with its number.
pub(crate) fn of_column<'a>(column: &'a ColumnSchema, value: &'a Value) -> ValueRef<'a> {
    let variant = match value {
        Value::Text(name) => column.variant(name),
        _ => None,
    };
    variant.unwrap_or(value.as_ref())
}

/// The values in the schema's order; none where the database chooses.
pub(crate) fn placed<'a>(
    schema: &'a TableSchema,
    places: &[usize],
    values: &'a [Value],
) -> Fallible<Vec<Option<ValueRef<'a>>>> {
    if values.len() != places.len() {
        let (table, count) = (&schema.name, places.len());
        return Err(Error::query(format_args!(
            "a row of {table} has {} values, {count} columns are named",
            values.len()
        )));
    }
    let mut row = vec![None; schema.columns.len()];
    for (place, value) in places.iter().zip(values) {
        if let (Some(slot), Some(column)) = (row.get_mut(*place), schema.columns.get(*place)) {
            *slot = Some(of_column(column, value));
        }
    }
    Ok(row)
}

/// What a filter keeps of a table.
pub(crate) fn rows_of(table: &str, filter: Option<Expr>) -> Query {
    let mut query = Query::from(table.to_owned());
    query.filter = filter;
    query
}

/// Inserts each row.
fn insert_each(core: &mut Core, table: &str, columns: &[&str], each: &mut EachRow<'_>) -> Fallible<usize> {
    let index = core.catalog.find(table)?;
    let schema = std::sync::Arc::clone(&core.catalog.relation(index)?.schema);
    let places = places_of(&schema, columns)?;
    core.insert_together(index, |core| {
        let mut count = 0;
        each(&mut |row| {
            core.insert_row(index, &placed(&schema, &places, row)?, &mut |_| Ok(()))?;
            count += 1;
            Ok(())
        })?;
        Ok(count)
    })
}

fn update_named(core: &mut Core, table: &str, values: &[(&str, Value)], filter: Option<Expr>) -> Fallible<u64> {
    let index = core.catalog.find(table)?;
    let sets = sets_of(core, index, values)?;
    update_matching(core, index, &sets, rows_of(table, filter), &[], None)
}

fn update_named_returning(
    core: &mut Core,
    table: &str,
    values: &[(&str, Value)],
    filter: Option<Expr>,
) -> Fallible<Answer> {
    let index = core.catalog.find(table)?;
    let sets = sets_of(core, index, values)?;
    update_returning(core, index, &sets, rows_of(table, filter), &[])
}

fn delete_named_returning(core: &mut Core, table: &str, filter: Option<Expr>) -> Fallible<Answer> {
    let index = core.catalog.find(table)?;
    let mut answer = core.no_rows(index)?;
    let (count, rows) = (answer.columns.len(), &mut answer.rows);
    delete_visiting(core, index, &rows_of(table, filter), &mut |row| {
        rows.push(values_of(row, count)?);
        Ok(())
    })?;
    Ok(answer)
}

fn sets_of(core: &Core, index: RelationIndex, values: &[(&str, Value)]) -> Fallible<Sets> {
    let named = &mut values.iter().map(|(name, value)| (*name, Expr::Literal(value.clone())));
    Sets::named(&core.catalog.relation(index)?.schema, named)
}

fn delete_named(core: &mut Core, table: &str, filter: Option<Expr>) -> Fallible<u64> {
    let index = core.catalog.find(table)?;
    delete_matching(core, index, &rows_of(table, filter))
}
