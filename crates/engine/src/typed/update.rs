//! [`Update`], [`UpdateKey`] and [`UpdateTable`]: changing rows.

use std::marker::PhantomData;

use wasm_dbms_api::{Column, Expr, Field, Operand, Query, Table, Value, ValueRef};

use crate::catalog::RelationIndex;
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;
use crate::typed::key_code::KeyCode;
use crate::typed::returning::values_of;
use crate::typed::sets::{Sets, matching};
use crate::{Answer, Connection, Result};

/// A change of every row that a filter keeps, made by `db.update::<User>()`.
#[derive(Debug)]
#[must_use = "nothing is changed before run"]
pub struct Update<'c, C, T> {
    connection: &'c C,
    query: Query,
    sets: Sets,
    table: PhantomData<fn() -> T>,
}

/// A change of the row with a key, made by `db.update_key::<User>(id)`.
#[derive(Debug)]
#[must_use = "nothing is changed before run"]
pub struct UpdateKey<'c, C, T> {
    connection: &'c C,
    key: KeyCode,
    sets: Sets,
    table: PhantomData<fn() -> T>,
}

/// A change of every row of a table by name that a filter keeps, made by `db.update_table("users")`.
#[derive(Debug)]
#[must_use = "nothing is changed before run"]
pub struct UpdateTable<'c, C> {
    connection: &'c C,
    query: Query,
    sets: Vec<(String, Expr)>,
    parameters: Vec<Value>,
}

impl<'c, C: Connection, T: Table> Update<'c, C, T> {
    pub(crate) fn new(connection: &'c C) -> Self {
        let query = Query::from(T::schema().name.as_str());
        Self { connection, query, sets: Sets::default(), table: PhantomData }
    }

    /// Sets a column to a value, to another column, or to what an expression over the row as it was comes to.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// #[derive(Table)]
    /// #[table = "players"]
    /// struct Player {
    ///     #[primary_key]
    ///     id: u64,
    ///     points: i64,
    ///     best: i64,
    /// }
    ///
    /// let db = Database::in_memory();
    /// db.create_table(Player::schema())?;
    /// db.insert(&Player { id: 1, points: 5, best: 4 })?;
    /// db.update::<Player>().set(Player::POINTS, Player::POINTS + 10).set(Player::BEST, Player::POINTS).run()?;
    /// assert_eq!(db.get::<Player>(1)?.map(|player| (player.points, player.best)), Some((15, 5)));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn set<V: Field>(mut self, column: Column<T, V>, value: impl Operand<V>) -> Self {
        self.sets.add(column.position(), value.into_expr());
        self
    }

    /// Keeps the rows for which `filter`, and every filter given before, is true. Without one every row is changed.
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
    /// assert_eq!(db.update::<User>().set(User::AGE, 0).filter(User::AGE.gt(40)).run()?, 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn filter(mut self, filter: Expr) -> Self {
        self.query = self.query.filter(filter);
        self
    }

    /// Changes the rows and returns how many there were. If one is refused, none is changed.
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
    /// assert_eq!(db.update::<User>().set(User::AGE, User::AGE + 1).run()?, 3);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// A constraint that a new row would break; [`Error::Query`](crate::Error::Query); what storage says.
    pub fn run(self) -> Result<u64> {
        Ok(self.connection.write_many(|core| {
            let index = core.catalog.find_type::<T>()?;
            update_matching(core, index, &self.sets, self.query, &[], None)
        })?)
    }

    /// As [`run`](Self::run), but returns the rows as they are then.
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
    /// let changed = db.update::<User>().set(User::AGE, 37).filter(User::ID.eq(1)).returning()?;
    /// assert_eq!(changed[0].age, 37);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn returning(self) -> Result<Vec<T>> {
        Ok(self.connection.write_many(|core| {
            let index = core.catalog.find_type::<T>()?;
            let mut rows = Vec::new();
            let mut visit = |row: &RowView<'_>| {
                rows.push(T::read(row)?);
                Ok(())
            };
            update_matching(core, index, &self.sets, self.query, &[], Some(&mut visit))?;
            Ok(rows)
        })?)
    }
}

impl<'c, C: Connection, T: Table> UpdateKey<'c, C, T> {
    pub(crate) fn new(connection: &'c C, key: KeyCode) -> Self {
        Self { connection, key, sets: Sets::default(), table: PhantomData }
    }

    /// Sets a column to a value, to another column, or to what an expression over the row as it was comes to.
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
    /// db.update_key::<User>(1).set(User::AGE, User::AGE + 1).set(User::NAME, "Ada L.").run()?;
    /// assert_eq!(db.get::<User>(1)?.map(|user| (user.name, user.age)), Some(("Ada L.".into(), 37)));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn set<V: Field>(mut self, column: Column<T, V>, value: impl Operand<V>) -> Self {
        self.sets.add(column.position(), value.into_expr());
        self
    }

    /// Changes the row. Returns whether there is one.
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
    /// assert!(db.update_key::<User>(1).set(User::AGE, 37).run()?);
    /// assert!(!db.update_key::<User>(9).set(User::AGE, 37).run()?);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// A constraint that the new row would break; what storage says.
    pub fn run(self) -> Result<bool> {
        Ok(self.connection.write(|core| {
            let index = core.catalog.find_type::<T>()?;
            match core.row_key(index, &self.key)? {
                Some(key) if self.sets.computed.is_empty() => core.update_row(index, &key, &self.sets.constants),
                Some(key) => self.sets.update_row(core, index, &key, &[], &[]),
                None => Ok(false),
            }
        })?)
    }

    /// As [`run`](Self::run), but returns the row as it is then, if there is one.
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
    /// assert_eq!(db.update_key::<User>(1).set(User::AGE, 37).returning()?.map(|user| user.age), Some(37));
    /// assert!(db.update_key::<User>(9).set(User::AGE, 37).returning()?.is_none());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn returning(self) -> Result<Option<T>> {
        Ok(self.connection.write(|core| {
            let index = core.catalog.find_type::<T>()?;
            match core.row_key(index, &self.key)? {
                Some(key) if self.sets.update_row(core, index, &key, &[], &[])? => {
                    Ok(Some(core.read_written(index, &mut |row| Ok(T::read(row)?))?))
                }
                _ => Ok(None),
            }
        })?)
    }
}

impl<'c, C: Connection> UpdateTable<'c, C> {
    pub(crate) fn new(connection: &'c C, table: &str) -> Self {
        let query = Query::from(table.to_owned());
        Self { connection, query, sets: Vec::new(), parameters: Vec::new() }
    }

    /// Sets a column to a value, or to what an expression over the row as it was comes to; it may ask other tables too.
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
    /// db.update_table("users").set("age", Expr::column("age") + Expr::from(1)).run()?;
    /// assert_eq!(db.get::<User>(1)?.map(|user| user.age), Some(37));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn set(mut self, column: &str, value: impl Into<Expr>) -> Self {
        self.sets.push((column.to_owned(), value.into()));
        self
    }

    /// Keeps the rows for which `filter`, and every filter given before, is true. Without one every row is changed.
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
    /// let old = Expr::column("age").compare(Comparison::Greater, 80);
    /// assert_eq!(db.update_table("users").set("age", 0).filter(old).run()?, 1);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn filter(mut self, filter: Expr) -> Self {
        self.query = self.query.filter(filter);
        self
    }

    /// Gives the parameters of the expressions, from `?1` on.
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
    /// let set = db.update_table("users").set("age", Expr::Parameter(1));
    /// assert_eq!(set.parameters([50.into()]).run()?, 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn parameters(mut self, values: impl IntoIterator<Item = Value>) -> Self {
        self.parameters = values.into_iter().collect();
        self
    }

    /// Changes the rows and returns how many there were. If one is refused, none is changed.
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
    /// assert_eq!(db.update_table("users").set("age", 50).run()?, 3);
    /// assert!(db.update_table("users").set("size", 50).run().is_err());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unknown`](crate::Error::Unknown), [`Error::Query`](crate::Error::Query); a constraint that a new row
    /// would break; what storage says.
    pub fn run(self) -> Result<u64> {
        Ok(self.connection.write_many(|core| {
            let (index, sets) = resolve(core, &self.query, &self.sets)?;
            update_matching(core, index, &sets, self.query, &refs(&self.parameters), None)
        })?)
    }

    /// As [`run`](Self::run), but returns the rows as they are then, all columns of them.
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
    /// let changed = db.update_table("users").set("age", 50).filter(Expr::column("id").compare(Comparison::Equal, 1));
    /// assert_eq!(changed.returning()?.rows, [[Value::from(1), Value::from("Ada"), Value::from(50)]]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn returning(self) -> Result<Answer> {
        Ok(self.connection.write_many(|core| {
            let (index, sets) = resolve(core, &self.query, &self.sets)?;
            update_returning(core, index, &sets, self.query, &refs(&self.parameters))
        })?)
    }
}

fn refs(values: &[Value]) -> Vec<ValueRef<'_>> {
    values.iter().map(Value::as_ref).collect()
}

/// The table that a change is of, and its columns by number.
fn resolve(core: &Core, query: &Query, named: &[(String, Expr)]) -> Fallible<(RelationIndex, Sets)> {
    let table = query.from.name().map_or("", |name| name);
    let index = core.catalog.find(table)?;
    let named = &mut named.iter().map(|(name, value)| (name.as_str(), value.clone()));
    Ok((index, Sets::named(&core.catalog.relation(index)?.schema, named)?))
}

/// Looks at a row that was changed.
type Visit<'v> = &'v mut dyn FnMut(&RowView<'_>) -> Fallible<()>;

/// Changes every row of a table that a question keeps, and calls `visit` with each as it is then. Returns how many there
/// were.
pub(crate) fn update_matching(
    core: &mut Core,
    index: RelationIndex,
    sets: &Sets,
    query: Query,
    parameters: &[ValueRef<'_>],
    mut visit: Option<Visit<'_>>,
) -> Fallible<u64> {
    // All is computed before the first row changes.
    let rows = matching(core, &sets.question(query), parameters)?;
    core.deferring(|core| {
        let count = rows.len() as u64;
        for (key, values) in rows {
            let computed;
            let assignments = if sets.computed.is_empty() {
                &*sets.constants
            } else {
                computed = sets.with(core, index, values)?;
                computed.as_slice()
            };
            match &mut visit {
                None => {
                    core.update_row(index, &key, assignments)?;
                }
                Some(visit) => {
                    if core.update_row_written(index, &key, assignments)? {
                        core.read_written(index, visit)?;
                    }
                }
            }
        }
        Ok(count)
    })
}

/// As [`update_matching`], with every column of the rows as they are then.
pub(crate) fn update_returning(
    core: &mut Core,
    index: RelationIndex,
    sets: &Sets,
    query: Query,
    parameters: &[ValueRef<'_>],
) -> Fallible<Answer> {
    let mut answer = core.no_rows(index)?;
    let (count, rows) = (answer.columns.len(), &mut answer.rows);
    let mut visit = |row: &RowView<'_>| {
        rows.push(values_of(row, count)?);
        Ok(())
    };
    update_matching(core, index, sets, query, parameters, Some(&mut visit))?;
    Ok(answer)
}

/// The key of every row of a table that a question keeps.
pub(crate) fn matching_keys(core: &mut Core, query: &Query) -> Fallible<Vec<Vec<u8>>> {
    let mut keys = Vec::new();
    for (key, _) in matching(core, query, &[])? {
        keys.push(key);
    }
    Ok(keys)
}
