//! Changes of rows by the names of table and columns: for tables that no Rust struct stands for.

use wasm_dbms_api::{Expr, Query, TableSchema, Value, ValueRef};

use crate::catalog::column_of;
use crate::core::Core;
use crate::typed::delete::delete_matching;
use crate::typed::update::update_matching;
use crate::write::Assignment;
use crate::{Connection, Database, Error, Result, Transaction};

macro_rules! verbs_by_name {
    ($connection:ty) => {
        impl $connection {
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
                self.write_many(|core| {
                    let index = core.catalog.find(table)?;
                    let schema = std::sync::Arc::clone(&core.catalog.relation(index)?.schema);
                    let places = places_of(&schema, columns)?;
                    core.insert_together(index, |core| {
                        let mut count = 0;
                        for row in rows {
                            let row = placed(&schema, &places, row.as_ref())?;
                            core.insert_row(index, &row, &mut |_| Ok(()))?;
                            count += 1;
                        }
                        Ok(count)
                    })
                })
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
                self.write_many(|core| update_named(core, table, values, filter))
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
                self.write_many(|core| delete_named(core, table, filter))
            }
        }
    };
}

verbs_by_name!(Database);
verbs_by_name!(Transaction<'_>);

/// Where the named columns stand; each once.
fn places_of(schema: &TableSchema, columns: &[&str]) -> Result<Vec<usize>> {
    let mut places = Vec::with_capacity(columns.len());
    for name in columns {
        let place = column_of(schema, name)?;
        if places.contains(&place) {
            return Err(Error::Query(format!("column {}.{name} is given twice", schema.name)));
        }
        places.push(place);
    }
    Ok(places)
}

/// The value as its column has it: the name of an enum with its number.
fn of_column<'a>(schema: &'a TableSchema, column: usize, value: &'a Value) -> ValueRef<'a> {
    let variant = match (schema.columns.get(column), value) {
        (Some(column), Value::Text(name)) => column.variant(name),
        _ => None,
    };
    variant.unwrap_or(value.as_ref())
}

/// The values in the schema's order; none where the database chooses.
fn placed<'a>(schema: &'a TableSchema, places: &[usize], values: &'a [Value]) -> Result<Vec<Option<ValueRef<'a>>>> {
    if values.len() != places.len() {
        let (table, count) = (&schema.name, places.len());
        return Err(Error::Query(format!("a row of {table} has {} values, {count} columns are named", values.len())));
    }
    let mut row = vec![None; schema.columns.len()];
    for (place, value) in places.iter().zip(values) {
        if let Some(slot) = row.get_mut(*place) {
            *slot = Some(of_column(schema, *place, value));
        }
    }
    Ok(row)
}

/// What a filter keeps of a table.
fn rows_of(table: &str, filter: Option<Expr>) -> Query {
    Query { filter, ..Query::from(table.to_owned()) }
}

fn update_named(core: &mut Core, table: &str, values: &[(&str, Value)], filter: Option<Expr>) -> Result<u64> {
    let index = core.catalog.find(table)?;
    let schema = std::sync::Arc::clone(&core.catalog.relation(index)?.schema);
    let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
    let places = places_of(&schema, &names)?;
    let of_column = |(place, (_, value)): (usize, &(&str, Value))| (place, of_column(&schema, place, value).to_value());
    let assignments: Vec<Assignment> = places.into_iter().zip(values).map(of_column).collect();
    update_matching(core, index, &assignments, &rows_of(table, filter))
}

fn delete_named(core: &mut Core, table: &str, filter: Option<Expr>) -> Result<u64> {
    let index = core.catalog.find(table)?;
    delete_matching(core, index, &rows_of(table, filter))
}
