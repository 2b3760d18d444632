//! [`Delete`]: deleting rows.

use std::marker::PhantomData;

use wasm_dbms_api::{Expr, Query, Table};

use crate::catalog::RelationIndex;
use crate::core::Core;
use crate::error::Fallible;
use crate::typed::returning::delete_visiting;
use crate::typed::update::matching_keys;
use crate::{Connection, Result};

/// A deletion of every row that a filter keeps, made by `db.delete::<User>()`.
#[derive(Debug)]
#[must_use = "nothing is deleted before run"]
pub struct Delete<'c, C, T> {
    connection: &'c C,
    query: Query,
    table: PhantomData<fn() -> T>,
}

impl<'c, C: Connection, T: Table> Delete<'c, C, T> {
    pub(crate) fn new(connection: &'c C) -> Self {
        Self { connection, query: Query::from(T::schema().name.as_str()), table: PhantomData }
    }

    /// Keeps the rows for which `filter`, and every filter given before, is true. Without one every row is deleted.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table, Debug, Clone, PartialEq)]
    /// # #[table = "users"]
    /// # struct User {
    /// #     #[primary_key]
    /// #     id: u32,
    /// #     #[unique]
    /// #     name: String,
    /// #     age: u8,
    /// # }
    /// # let db = Database::in_memory();
    /// # db.create_table(User::schema())?;
    /// # for (id, name, age) in [(1, "Ada", 36), (2, "Alan", 41), (3, "Grace", 85)] {
    /// #     db.insert(&User { id, name: name.into(), age })?;
    /// # }
    /// assert_eq!(db.delete::<User>().filter(User::AGE.gt(40)).filter(User::AGE.lt(80)).run()?, 1);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn filter(mut self, filter: Expr) -> Self {
        self.query = self.query.filter(filter);
        self
    }

    /// Deletes the rows, with those that refer to them with cascade, and returns how many of this table there were. If
    /// one is refused, none is deleted.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table, Debug, Clone, PartialEq)]
    /// # #[table = "users"]
    /// # struct User {
    /// #     #[primary_key]
    /// #     id: u32,
    /// #     #[unique]
    /// #     name: String,
    /// #     age: u8,
    /// # }
    /// # let db = Database::in_memory();
    /// # db.create_table(User::schema())?;
    /// # for (id, name, age) in [(1, "Ada", 36), (2, "Alan", 41), (3, "Grace", 85)] {
    /// #     db.insert(&User { id, name: name.into(), age })?;
    /// # }
    /// assert_eq!(db.delete::<User>().filter(User::AGE.ge(40)).run()?, 2);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ForeignKey`](crate::Error::ForeignKey) if a row that stays refers to one of them; what storage says.
    pub fn run(self) -> Result<u64> {
        Ok(self.connection.write_many(|core| {
            let index = core.catalog.find_type::<T>()?;
            delete_matching(core, index, &self.query)
        })?)
    }
}

impl<C: Connection, T: Table> Delete<'_, C, T> {
    /// As [`run`](Self::run), but returns the rows as they were. Those that go with them by cascade are not among them.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table, Debug, Clone, PartialEq)]
    /// # #[table = "users"]
    /// # struct User {
    /// #     #[primary_key]
    /// #     id: u32,
    /// #     #[unique]
    /// #     name: String,
    /// #     age: u8,
    /// # }
    /// # let db = Database::in_memory();
    /// # db.create_table(User::schema())?;
    /// # for (id, name, age) in [(1, "Ada", 36), (2, "Alan", 41), (3, "Grace", 85)] {
    /// #     db.insert(&User { id, name: name.into(), age })?;
    /// # }
    /// assert_eq!(db.delete::<User>().filter(User::ID.eq(1)).returning()?[0].name, "Ada");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn returning(self) -> Result<Vec<T>> {
        Ok(self.connection.write_many(|core| {
            let index = core.catalog.find_type::<T>()?;
            let mut rows = Vec::new();
            delete_visiting(core, index, &self.query, &mut |row| {
                rows.push(T::read(row)?);
                Ok(())
            })?;
            Ok(rows)
        })?)
    }
}

/// Deletes every row of a table that a question keeps, with those that refer to them with cascade. Returns how many of
/// this table there were.
pub(crate) fn delete_matching(core: &mut Core, index: RelationIndex, query: &Query) -> Fallible<u64> {
    if query.filter.is_none()
        && let Some(count) = core.delete_all(index)?
    {
        return Ok(count);
    }
    let keys = matching_keys(core, query)?;
    delete_keys(core, index, &keys)
}

/// Deletes the rows with these keys, with those that refer to them with cascade. Returns how many of this table there
/// were.
pub(crate) fn delete_keys(core: &mut Core, index: RelationIndex, keys: &[Vec<u8>]) -> Fallible<u64> {
    core.deferring(|core| {
        let mut count = 0;
        for key in keys {
            count += match core.delete_row(index, key)? {
                Some(is_there) => u64::from(is_there),
                None => core.delete_cascading(index, key)?,
            };
        }
        Ok(count)
    })
}
