//! New rows that come one by one: [`InsertRows::run_each`], [`insert_each_row`].

use std::sync::Arc;

use wasm_dbms_api::{Name, TableSchema, ValueRef};

use crate::core::Core;
use crate::error::Fallible;
use crate::function::Arena;
use crate::statement::insert::{Writer, fitting, other_width};
use crate::statement::{Changed, InsertRows};
use crate::typed::places_of;
use crate::write::slots;
use crate::{Connection, Result};

/// What puts the values of the next row into an empty list, and says whether there was one.
type Next<'n, 'v> = &'n mut dyn FnMut(&mut Vec<ValueRef<'v>>) -> Result<bool>;

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
///     row.extend(numbers.next().map(ValueRef::from));
///     Ok(!row.is_empty())
/// })?;
/// assert_eq!((count, db.count_values("t", None)?), (3, 3));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::Unknown`](crate::Error::Unknown); [`Error::Query`](crate::Error::Query) for a row of another length; a constraint
/// that a row would break; what storage and `next` say.
pub fn insert_each_row<'v, C: Connection>(
    connection: &C,
    table: &str,
    columns: &[&str],
    next: &mut dyn FnMut(&mut Vec<ValueRef<'v>>) -> Result<bool>,
) -> Result<u64> {
    let mut rows = InsertRows::new(table.to_owned());
    if !columns.is_empty() {
        let mut names = Vec::with_capacity(columns.len());
        for column in columns {
            names.push(Name::from((*column).to_owned()));
        }
        rows.columns = Some(names);
    }
    Ok(rows.run_each(connection, &[], next)?.count)
}

impl InsertRows {
    /// Inserts rows that come one by one in the place of [`rows`](Self::rows): `next` puts the values of each into an empty list,
    /// those of all columns where none is named, and says whether there was one. If one is refused, none is inserted.
    ///
    /// ```
    /// use wasm_dbms::prelude::*;
    /// use wasm_dbms::InsertRows;
    ///
    /// let db = Database::in_memory();
    /// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let insert = InsertRows { returning: vec![Expr::column("n").into()], ..InsertRows::new("t") };
    /// let mut numbers = 0..2;
    /// let changed = insert.run_each(&db, &[], &mut |row| {
    ///     row.extend(numbers.next().map(ValueRef::from));
    ///     Ok(!row.is_empty())
    /// })?;
    /// assert_eq!(changed.returned.rows, [[Value::from(0)], [Value::from(1)]]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`PreparedInsert::run`](crate::PreparedInsert::run); what `next` says.
    pub fn run_each<'v, C: Connection>(
        &self,
        connection: &C,
        parameters: &[ValueRef<'_>],
        next: &mut dyn FnMut(&mut Vec<ValueRef<'v>>) -> Result<bool>,
    ) -> Result<Changed> {
        Ok(connection.write_many(|core| self.each_in(core, parameters, next))?)
    }

    fn each_in(&self, core: &mut Core, parameters: &[ValueRef<'_>], next: Next<'_, '_>) -> Fallible<Changed> {
        let index = core.catalog.find(&self.table)?;
        let schema = Arc::clone(&core.catalog.relation(index)?.schema);
        let places = match &self.columns {
            None => (0..schema.columns.len()).collect(),
            Some(named) => places_of(&schema, &named.iter().map(AsRef::as_ref).collect::<Vec<&str>>())?,
        };
        let mut writer = Writer::new(core, self, index, parameters)?;
        self.write_each(core, &mut writer, &schema, &places, next)?;
        Ok(writer.finish())
    }

    /// Writes the rows that `next` gives, each with a value for each of these columns.
    pub(super) fn write_each(
        &self,
        core: &mut Core,
        writer: &mut Writer<'_>,
        schema: &TableSchema,
        places: &[usize],
        next: Next<'_, '_>,
    ) -> Fallible<()> {
        writer.together(core, &mut |core, writer| {
            let (mut row, mut arena) = (Vec::new(), Arena::default());
            loop {
                row.clear();
                if !next(&mut row)? {
                    return Ok(());
                }
                if row.len() != places.len() {
                    return Err(other_width(&self.table, row.len(), places.len()));
                }
                arena.clear();
                slots!(given, schema.columns.len(), None);
                for (value, place) in row.iter().zip(places) {
                    if let (Some(slot), Some(column)) = (given.get_mut(*place), schema.columns.get(*place)) {
                        *slot = Some(fitting(column, *value, &arena));
                    }
                }
                writer.write(core, given)?;
            }
        })
    }
}
