//! [`Upsert`]: inserting rows, or changing those that are there already.

use std::sync::Arc;

use wasm_dbms_api::{Column, Expr, Field, Insert, Operand, Table, Value, ValueArena, ValueRef};

use crate::catalog::RelationIndex;
use crate::codec::key;
use crate::core::Core;
use crate::error::Fallible;
use crate::typed::by_name::{EachRow, VisitRow, placed, places_of};
use crate::typed::on_conflict::Update;
use crate::typed::sets::row_values;
use crate::typed::{Conflict, OnConflict};
use crate::{Connection, Database, Error, Limited, OptimisticTransaction, Result, Transaction};

/// What became of the rows of an upsert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UpsertReport {
    /// Rows that were inserted.
    pub inserted: u64,
    /// Rows that were there and took values from the new ones.
    pub updated: u64,
    /// Rows that were there and stay as they are.
    pub unchanged: u64,
}

/// An insertion of rows that may be there already, made by `db.upsert(&rows)`.
#[derive(Debug)]
#[must_use = "nothing is written before run"]
pub struct Upsert<'c, 'r, C, I> {
    connection: &'c C,
    rows: &'r [I],
    on_conflict: OnConflict,
}

impl<C: Connection, I: Insert> Upsert<'_, '_, C, I> {
    /// Rows are the same if this column is, and those given before; a unique index has them all. Without one, rows of one
    /// primary key are the same.
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
    /// let renumbered = [User { id: 9, name: "Ada".into(), age: 40 }];
    /// let report = db.upsert(&renumbered).on(User::NAME).update(User::AGE).run()?;
    /// assert_eq!(report.updated, 1);
    /// assert_eq!(db.get::<User>(1)?.map(|user| user.age), Some(40));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn on<V: Field>(mut self, column: Column<I::Table, V>) -> Self {
        self.on_conflict.columns.push(column.name().to_owned());
        self
    }

    /// A row that is there already stays as it is.
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
    /// let report = db.upsert(&[User { id: 1, name: "Ada".into(), age: 40 }]).do_nothing().run()?;
    /// assert_eq!(report.unchanged, 1);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn do_nothing(mut self) -> Self {
        self.on_conflict = self.on_conflict.do_nothing();
        self
    }

    /// A row that is there already takes this column from the new one, and those given before. Without one it takes every
    /// column that the new row gives.
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
    /// db.upsert(&[User { id: 1, name: "A.".into(), age: 40 }]).update(User::AGE).run()?;
    /// assert_eq!(db.get::<User>(1)?.map(|user| (user.name, user.age)), Some(("Ada".into(), 40)));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn update<V: Field>(mut self, column: Column<I::Table, V>) -> Self {
        self.on_conflict = self.on_conflict.update([column.name()]);
        self
    }

    /// A row that is there already gets this value in a column: [`Column::excluded`] is that of the new row. Other columns
    /// are only taken where [`update`](Self::update) names them.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// #[derive(Table)]
    /// #[table = "pages"]
    /// struct Page {
    ///     #[primary_key]
    ///     id: u64,
    ///     visits: u64,
    /// }
    ///
    /// let db = Database::in_memory();
    /// db.create_table(Page::schema())?;
    /// for visits in [3, 4] {
    ///     let page = Page { id: 1, visits };
    ///     db.upsert(&[page]).set(Page::VISITS, Page::VISITS + Page::VISITS.excluded()).run()?;
    /// }
    /// assert_eq!(db.get::<Page>(1)?.map(|page| page.visits), Some(7));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn set<V: Field>(mut self, column: Column<I::Table, V>, value: impl Operand<V>) -> Self {
        self.on_conflict = self.on_conflict.set(column.name(), value.into_expr());
        self
    }

    /// A row that is there already stays as it is unless this is true.
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
    /// let older = User::AGE.lt(User::AGE.excluded());
    /// let report = db.upsert(&[User { id: 1, name: "Ada".into(), age: 20 }]).filter(older).run()?;
    /// assert_eq!(report.unchanged, 1);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn filter(mut self, filter: Expr) -> Self {
        self.on_conflict = self.on_conflict.filter(filter);
        self
    }

    /// Writes the rows and returns what became of them. If one is refused, none is written.
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
    /// let users = [User { id: 1, name: "Ada".into(), age: 37 }, User { id: 4, name: "Edsger".into(), age: 72 }];
    /// let report = db.upsert(&users).run()?;
    /// assert_eq!((report.inserted, report.updated), (1, 1));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Query`] if no key is on those columns; a constraint that a row would break; what storage says.
    pub fn run(self) -> Result<UpsertReport> {
        Ok(self.run_visiting(&mut |_, _| Ok(()))?)
    }

    /// As [`run`](Self::run), but returns every row that was inserted or updated, as it is stored.
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
    /// let stored = db.upsert(&[User { id: 4, name: "Edsger".into(), age: 72 }]).returning()?;
    /// assert_eq!(stored[0].id, 4);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn returning(self) -> Result<Vec<I::Table>> {
        let mut stored = Vec::new();
        self.run_visiting(&mut |core, index| {
            stored.push(core.read_written(index, &mut |row| Ok(I::Table::read(row)?))?);
            Ok(())
        })?;
        Ok(stored)
    }

    fn run_visiting(self, visit: &mut dyn FnMut(&mut Core, RelationIndex) -> Fallible<()>) -> Fallible<UpsertReport> {
        self.connection.write_many(|core| {
            let index = core.catalog.find_type::<I::Table>()?;
            let conflict = Conflict::resolve(core, index, &self.on_conflict)?;
            let mut report = UpsertReport::default();
            for row in self.rows {
                let arena = ValueArena::default();
                if core.upsert_row(index, row.row(&arena).as_ref(), &conflict, &[], &mut report)? {
                    visit(core, index)?;
                }
            }
            Ok(report)
        })
    }
}

macro_rules! upserting_verbs {
    ($connection:ty $(, $inner:ident)?) => {
        impl$(<$inner: Connection>)? $connection {
            /// An insertion of rows that may be there already; see [`Upsert`].
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// #[derive(Table)]
            /// #[table = "users"]
            /// struct User {
            ///     #[primary_key]
            ///     #[autoincrement]
            ///     id: u64,
            ///     #[unique]
            ///     email: String,
            ///     name: String,
            /// }
            ///
            /// let db = Database::in_memory();
            /// db.create_table(User::schema())?;
            /// let user = |name: &str| NewUser { id: None, email: "ada@example.com".into(), name: name.into() };
            /// assert_eq!(db.upsert(&[user("Ada")]).on(User::EMAIL).run()?.inserted, 1);
            /// assert_eq!(db.upsert(&[user("Ada King")]).on(User::EMAIL).run()?.updated, 1);
            /// assert_eq!(db.upsert(&[user("?")]).on(User::EMAIL).do_nothing().run()?.unchanged, 1);
            /// assert_eq!(db.get::<User>(1)?.map(|user| user.name), Some("Ada King".into()));
            /// # Ok::<(), Error>(())
            /// ```
            pub fn upsert<'r, I: Insert>(&self, rows: &'r [I]) -> Upsert<'_, 'r, Self, I> {
                Upsert { connection: self, rows, on_conflict: OnConflict::key() }
            }

            /// Inserts rows by the names of their columns, or changes those that are there already. If one is refused, none
            /// is written.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # use wasm_dbms::OnConflict;
            /// # let db = Database::in_memory();
            /// let column = |name| ColumnSchema::new(name, DataType::I64);
            /// db.create_table(&TableSchema::new("t").column(column("id")).column(column("n")).primary_key(["id"]))?;
            /// let rows = [[Value::from(1), Value::from(5)], [Value::from(1), Value::from(6)]];
            /// let report = db.upsert_values("t", &["id", "n"], rows, &OnConflict::key())?;
            /// assert_eq!((report.inserted, report.updated), (1, 1));
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// As [`insert_many_values`](Self::insert_many_values); [`Error::Query`] if no key is on the columns of
            /// `on_conflict`.
            pub fn upsert_values<R: AsRef<[Value]>>(
                &self,
                table: &str,
                columns: &[&str],
                rows: impl IntoIterator<Item = R>,
                on_conflict: &OnConflict,
            ) -> Result<UpsertReport> {
                let mut rows = rows.into_iter();
                let mut each = |upsert: &mut VisitRow<'_>| rows.try_for_each(|row| upsert(row.as_ref()));
                Ok(self.write_many(|core| upsert_each(core, table, columns, &mut each, on_conflict))?)
            }
        }
    };
}

upserting_verbs!(Database);
upserting_verbs!(Transaction<'_>);
upserting_verbs!(OptimisticTransaction);
upserting_verbs!(Limited<'_, C>, C);

/// Inserts each row, or changes the one that is there.
fn upsert_each(
    core: &mut Core,
    table: &str,
    columns: &[&str],
    each: &mut EachRow<'_>,
    on_conflict: &OnConflict,
) -> Fallible<UpsertReport> {
    let index = core.catalog.find(table)?;
    let schema = Arc::clone(&core.catalog.relation(index)?.schema);
    let places = places_of(&schema, columns)?;
    let conflict = Conflict::resolve(core, index, on_conflict)?;
    let mut report = UpsertReport::default();
    each(&mut |row| core.upsert_row(index, &placed(&schema, &places, row)?, &conflict, &[], &mut report).map(drop))?;
    Ok(report)
}

impl Core {
    /// Inserts a row, or changes the one whose key it has. Returns whether a row was written; its key is in the scratch
    /// then.
    pub(crate) fn upsert_row(
        &mut self,
        index: RelationIndex,
        given: &[Option<ValueRef<'_>>],
        conflict: &Conflict,
        parameters: &[ValueRef<'_>],
        report: &mut UpsertReport,
    ) -> Fallible<bool> {
        let Some(row_key) = self.row_in_the_way(index, given, conflict)? else {
            self.insert_row(index, given, &mut |_| Ok(()))?;
            report.inserted += 1;
            return Ok(true);
        };
        let Some(Update { taken, takes_all, sets, filter }) = &conflict.update else {
            report.unchanged += 1;
            return Ok(false);
        };
        let schema = Arc::clone(&self.catalog.relation(index)?.schema);
        let mut sets = sets.clone();
        let mut excluded = Vec::with_capacity(schema.columns.len());
        for (number, column) in schema.columns.iter().enumerate() {
            let value = given.get(number).copied().flatten();
            // What the database would have chosen, where it was asked for.
            let chosen = value.or(column.default.as_ref().map(Value::as_ref)).unwrap_or(ValueRef::Null);
            excluded.push(chosen);
            let is_taken = match takes_all {
                true => value.is_some() && !conflict.columns.contains(&number),
                false => taken.contains(&number) && (value.is_some() || !column.autoincrement),
            };
            if is_taken {
                sets.constants.push((number, chosen.to_value()));
            }
        }
        if let Some(filter) = filter {
            let found = row_values(
                self,
                index,
                &row_key,
                &excluded,
                parameters,
                sets.reads_text,
                &mut std::iter::once(filter),
            )?;
            match found.unwrap_or_default().as_slice() {
                [Value::Bool(true)] => {}
                [Value::Bool(false) | Value::Null] => {
                    report.unchanged += 1;
                    return Ok(false);
                }
                _ => return Err(Error::query(format_args!("{filter}: it is neither true nor false"))),
            }
        }
        sets.update_row(self, index, &row_key, &excluded, parameters)?;
        report.updated += 1;
        Ok(true)
    }

    /// The key of the row that is equal to a new one in the columns of a key.
    pub(crate) fn row_in_the_way(
        &mut self,
        index: RelationIndex,
        given: &[Option<ValueRef<'_>>],
        conflict: &Conflict,
    ) -> Fallible<Option<Vec<u8>>> {
        let relation = self.catalog.relation(index)?;
        let schema = Arc::clone(&relation.schema);
        let mut key_values = Vec::with_capacity(conflict.columns.len());
        for number in &conflict.columns {
            let Some(column) = schema.columns.get(*number) else { return Ok(None) };
            let value = given.get(*number).copied().flatten();
            let value = value.or_else(|| column.default.as_ref().map(Value::as_ref)).unwrap_or(ValueRef::Null);
            let sanitized = self.sanitized(relation, *number, value)?;
            let value = sanitized.unwrap_or_else(|| value.to_value());
            if value.is_null() || !column.holds(value.as_ref()) {
                // NULL equals nothing; what is no value of the column is refused by the insert.
                return Ok(None);
            }
            key_values.push((*number, value));
        }
        let mut values = vec![ValueRef::Null; schema.columns.len()];
        for (number, value) in &key_values {
            if let Some(place) = values.get_mut(*number) {
                *place = value.as_ref();
            }
        }
        let Self { store, catalog, .. } = self;
        let relation = catalog.relation(index)?;
        let mut entry = Vec::new();
        match conflict.index.and_then(|number| relation.indexes.get(number)) {
            Some(unique) => {
                unique.entry_key(&values, &[], &mut entry);
                let Some(value) = unique.head.tree.get(store, &entry)? else { return Ok(None) };
                Ok(Some(unique.row_key_in_value(&value)?.to_vec()))
            }
            None => {
                for (_, value) in &key_values {
                    key::push(&mut entry, value.as_ref());
                }
                Ok(relation.table.tree.contains(store, &entry)?.then_some(entry))
            }
        }
    }
}
