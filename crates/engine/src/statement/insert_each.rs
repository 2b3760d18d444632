//! [`insert_each_row`]: new rows that come one by one.

use std::sync::Arc;

use wasm_dbms_api::Value;

use crate::core::Core;
use crate::error::Fallible;
use crate::function::Arena;
use crate::statement::insert::fitting;
use crate::typed::places_of;
use crate::write::slots;
use crate::{Connection, Error, Result};

/// Puts in rows that come one by one, as [`InsertRows`](crate::InsertRows) does with literals, and keeps none of them: all or
/// none. `next` fills the row that it is given with a value for each column, and says whether there was one; without columns it
/// is for all of them. How many there were.
///
/// ```
/// use wasm_dbms::prelude::*;
///
/// let db = Database::in_memory();
/// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
/// let mut numbers = 0..3;
/// let count = wasm_dbms::insert_each_row(&db, "t", &["n"], &mut |row| {
///     row.extend(numbers.next().map(Value::from));
///     Ok(!row.is_empty())
/// })?;
/// assert_eq!((count, db.count_values("t", None)?), (3, 3));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::Unknown`](crate::Error::Unknown); [`Error::Query`](crate::Error::Query) for a row of another length; a constraint
/// that a row would break; what storage and `next` say.
pub fn insert_each_row<C: Connection>(
    connection: &C,
    table: &str,
    columns: &[&str],
    next: &mut dyn FnMut(&mut Vec<Value>) -> Result<bool>,
) -> Result<u64> {
    Ok(connection.write_many(|core| insert_each(core, table, columns, next))?)
}

fn insert_each(
    core: &mut Core,
    table: &str,
    columns: &[&str],
    next: &mut dyn FnMut(&mut Vec<Value>) -> Result<bool>,
) -> Fallible<u64> {
    let index = core.catalog.find(table)?;
    let schema = Arc::clone(&core.catalog.relation(index)?.schema);
    let places = match columns {
        [] => (0..schema.columns.len()).collect(),
        named => places_of(&schema, named)?,
    };
    core.insert_together(index, |core| {
        let (mut row, mut arena, mut count) = (Vec::new(), Arena::default(), 0);
        loop {
            row.clear();
            if !next(&mut row)? {
                return Ok(count);
            }
            if row.len() != places.len() {
                let (values, columns) = (row.len(), places.len());
                let problem = format!("a row of {table} has {values} values, there are {columns} columns for them");
                return Err(Error::Query(problem).into());
            }
            arena.clear();
            slots!(given, schema.columns.len(), None);
            for (value, place) in row.iter().zip(&places) {
                if let (Some(slot), Some(column)) = (given.get_mut(*place), schema.columns.get(*place)) {
                    *slot = Some(fitting(column, value.as_ref(), &arena));
                }
            }
            core.insert_row(index, given, &mut |_| Ok(()))?;
            count += 1;
        }
    })
}
