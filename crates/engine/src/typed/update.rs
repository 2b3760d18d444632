//! [`Update`] and [`UpdateKey`]: changing rows.

use std::marker::PhantomData;

use wasm_dbms_api::{Column, Expr, Field, Query, Table, Value};

use crate::catalog::RelationIndex;
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::{self, RowStream};
use crate::plan;
use crate::store::Purpose;
use crate::typed::returning::update_visiting;
use crate::write::Assignment;
use crate::{Connection, Result};

/// A change of every row that a filter keeps, made by `db.update::<User>()`.
#[derive(Debug)]
#[must_use = "nothing is changed before run"]
pub struct Update<'c, C, T> {
    connection: &'c C,
    query: Query,
    assignments: Vec<Assignment>,
    table: PhantomData<fn() -> T>,
}

/// A change of the row with a key, made by `db.update_key::<User>(id)`.
#[derive(Debug)]
#[must_use = "nothing is changed before run"]
pub struct UpdateKey<'c, C, T> {
    connection: &'c C,
    key: Vec<u8>,
    assignments: Vec<Assignment>,
    table: PhantomData<fn() -> T>,
}

impl<'c, C: Connection, T: Table> Update<'c, C, T> {
    pub(crate) fn new(connection: &'c C) -> Self {
        let query = Query::from(T::schema().name.as_str());
        Self { connection, query, assignments: Vec::new(), table: PhantomData }
    }

    /// Sets a column to a value.
    pub fn set<V: Field>(mut self, column: Column<T, V>, value: impl Into<V>) -> Self {
        self.assignments.push((column.position(), Value::from(value.into())));
        self
    }

    /// Keeps the rows for which `filter`, and every filter given before, is true. Without one every row is changed.
    pub fn filter(mut self, filter: Expr) -> Self {
        self.query = self.query.filter(filter);
        self
    }

    /// Changes the rows and returns how many there were. If one is refused, none is changed.
    ///
    /// # Errors
    /// A constraint that a new row would break; [`Error::Query`](crate::Error::Query); what storage says.
    pub fn run(self) -> Result<u64> {
        Ok(self.connection.write_many(|core| {
            let index = core.catalog.find_type::<T>()?;
            update_matching(core, index, &self.assignments, &self.query)
        })?)
    }
}

impl<C: Connection, T: Table> Update<'_, C, T> {
    /// As [`run`](Self::run), but returns the rows as they are then.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn returning(self) -> Result<Vec<T>> {
        Ok(self.connection.write_many(|core| {
            let index = core.catalog.find_type::<T>()?;
            let mut rows = Vec::new();
            update_visiting(core, index, &self.assignments, &self.query, &mut |row| {
                rows.push(T::read(row)?);
                Ok(())
            })?;
            Ok(rows)
        })?)
    }
}

impl<'c, C: Connection, T: Table> UpdateKey<'c, C, T> {
    pub(crate) fn new(connection: &'c C, key: Vec<u8>) -> Self {
        Self { connection, key, assignments: Vec::with_capacity(1), table: PhantomData }
    }

    /// Sets a column to a value.
    pub fn set<V: Field>(mut self, column: Column<T, V>, value: impl Into<V>) -> Self {
        self.assignments.push((column.position(), Value::from(value.into())));
        self
    }

    /// Changes the row. Returns whether there is one.
    ///
    /// # Errors
    /// A constraint that the new row would break; what storage says.
    pub fn run(self) -> Result<bool> {
        Ok(self.connection.write(|core| {
            let index = core.catalog.find_type::<T>()?;
            match core.row_key(index, self.key)? {
                Some(key) => core.update_row(index, &key, &self.assignments),
                None => Ok(false),
            }
        })?)
    }

    /// As [`run`](Self::run), but returns the row as it is then, if there is one.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn returning(self) -> Result<Option<T>> {
        Ok(self.connection.write(|core| {
            let index = core.catalog.find_type::<T>()?;
            match core.row_key(index, self.key)? {
                Some(key) if core.update_row_written(index, &key, &self.assignments)? => {
                    Ok(Some(core.read_written(index, &mut |row| Ok(T::read(row)?))?))
                }
                _ => Ok(None),
            }
        })?)
    }
}

/// Changes every row of a table that a question keeps. Returns how many there were.
pub(crate) fn update_matching(
    core: &mut Core,
    index: RelationIndex,
    assignments: &[Assignment],
    query: &Query,
) -> Fallible<u64> {
    let keys = matching_keys(core, query)?;
    core.deferring(|core| {
        for key in &keys {
            core.update_row(index, key, assignments)?;
        }
        Ok(keys.len() as u64)
    })
}

/// The key of every row of a table that a question keeps.
pub(crate) fn matching_keys(core: &mut Core, query: &Query) -> Fallible<Vec<Vec<u8>>> {
    let purpose = core.store.read_for(Purpose::Question);
    let keys = keys_of(core, query);
    core.store.read_for(purpose);
    keys
}

fn keys_of(core: &mut Core, query: &Query) -> Fallible<Vec<Vec<u8>>> {
    let plan = plan::plan(&core.catalog, query)?;
    let mut rows = RowStream::new(&core.catalog, &plan)?;
    rows.keep_keys();
    let mut keys = Vec::new();
    execute::for_each(core, &plan, &mut rows, &mut |frame| {
        keys.extend(frame.sources.first().map(|row| row.key.clone()));
        Ok(())
    })?;
    Ok(keys)
}
