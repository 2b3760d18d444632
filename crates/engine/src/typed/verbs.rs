//! The verbs that the database, a transaction and a snapshot have in common.

use std::sync::Arc;

use wasm_dbms_api::{AsKey, Column, Insert, Key, Literal, Query, Table, Value, ValueArena, ValueRef};

use crate::core::Core;
use crate::error::Fallible;
use crate::execute;
use crate::typed::by_name::{of_column, places_of};
use crate::typed::key_code::KeyCode;
use crate::typed::{Delete, One, Select, Update, UpdateKey};
use crate::{Connection, Database, Error, Limited, OptimisticTransaction, Result, Snapshot, Transaction};

/// The answer to a dynamic question.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// The name of each column.
    pub columns: Arc<[String]>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
}

#[cold]
fn no_key() -> Box<Error> {
    Error::query(format_args!("the insert gave no key"))
}

/// The verbs that read, once for each connection: a trait would have to be imported by every user.
macro_rules! reading_verbs {
    ($connection:ty $(, $inner:ident)?) => {
        impl$(<$inner: Connection>)? $connection {
            /// The row with this primary key.
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
            /// assert_eq!(db.get::<User>(1)?.map(|user| user.age), Some(36));
            /// assert!(db.get::<User>(9)?.is_none());
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// What storage says.
            pub fn get<T: Table>(&self, key: impl AsKey<T::Key>) -> Result<Option<T>> {
                Ok(self.read(|core| {
                    let index = core.catalog.find_type::<T>()?;
                    match core.find(index, key.values().as_ref())? {
                        Some(row) => Ok(Some(T::read(&row)?)),
                        None => Ok(None),
                    }
                })?)
            }

            /// The first row with this value in a column; one look-up where the column has an index.
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
            /// assert_eq!(db.get_by(User::NAME, "Alan")?.map(|user: User| user.id), Some(2));
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// What storage says.
            pub fn get_by<T: Table, V: wasm_dbms_api::Field>(
                &self,
                column: Column<T, V>,
                value: impl Literal<V>,
            ) -> Result<Option<T>> {
                Ok(self.read(|core| {
                    let index = core.catalog.find_type::<T>()?;
                    match core.find_by(index, column.position(), value.as_value(&ValueArena::default()))? {
                        Some(row) => Ok(Some(T::read(&row)?)),
                        None => Ok(None),
                    }
                })?)
            }

            /// A typed question about a table; see [`Select`].
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
            /// let names = db.select::<User>().filter(User::AGE.gt(40)).order_by(User::NAME.asc()).columns(User::NAME).all()?;
            /// assert_eq!(names, ["Alan", "Grace"]);
            /// # Ok::<(), Error>(())
            /// ```
            pub fn select<T: Table>(&self) -> Select<'_, Self, One<T>> {
                Select::new(self)
            }

            /// Answers a dynamic question.
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
            /// let query = Query::from("users").group_by("age").column(Expr::column("age")).column(Expr::count());
            /// assert_eq!(db.query(&query)?.rows.len(), 3);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// [`Error::Unknown`](crate::Error::Unknown), [`Error::Query`](crate::Error::Query); what storage says.
            pub fn query(&self, query: &Query) -> Result<Answer> {
                self.query_with(query, &[])
            }

            /// Answers a dynamic question whose parameters have these values, from `?1` on.
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
            /// let by_age = Query::from("users").filter(Expr::column("age").compare(Comparison::Less, Expr::Parameter(1)));
            /// assert_eq!(db.query_with(&by_age, &[40.into()])?.rows.len(), 1);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// As [`query`](Self::query).
            pub fn query_with(&self, query: &Query, parameters: &[ValueRef<'_>]) -> Result<Answer> {
                Ok(self.read(|core| {
                    let plan = crate::plan::plan_with(core, query, parameters)?;
                    let rows = execute::values(core, &plan)?;
                    Ok(Answer { columns: plan.names, rows })
                })?)
            }

            /// How a dynamic question would be answered, in words.
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
            /// let by_name = Query::from("users").filter(Expr::column("name").compare(Comparison::Equal, "Ada"));
            /// println!("{}", db.explain(&by_name)?);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// As [`query`](Self::query).
            pub fn explain(&self, query: &Query) -> Result<String> {
                Ok(self.read(|core| crate::plan::plan(core, query)?.explain(&core.catalog))?)
            }
        }
    };
}

/// The verbs that write.
macro_rules! writing_verbs {
    ($connection:ty $(, $inner:ident)?) => {
        impl$(<$inner: Connection>)? $connection {
            /// Inserts a row and returns its primary key (the number of the row where there is none).
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
            /// assert_eq!(db.insert(&User { id: 4, name: "Edsger".into(), age: 72 })?, 4);
            /// assert!(db.insert(&User { id: 4, name: "Barbara".into(), age: 80 }).unwrap_err().is_constraint());
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// A constraint that the row would break ([`Error::is_constraint`](crate::Error::is_constraint)); what storage says.
            pub fn insert<I: Insert>(&self, row: &I) -> Result<<I::Table as Table>::Key> {
                Ok(self.write(|core| {
                    let index = core.catalog.find_type::<I::Table>()?;
                    let mut key = None;
                    let arena = ValueArena::default();
                    core.insert_row(index, row.row(&arena).as_ref(), &mut |values| {
                        key = Some(<I::Table as Table>::Key::from_values(values)?);
                        Ok(())
                    })?;
                    key.ok_or_else(no_key)
                })?)
            }

            /// Inserts rows and returns how many. If one is refused, none is inserted.
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
            /// let user = |id, name: &str| User { id, name: name.into(), age: 70 };
            /// assert_eq!(db.insert_many(&[user(4, "Edsger"), user(5, "Barbara")])?, 2);
            /// assert!(db.insert_many(&[user(6, "Donald"), user(1, "again")]).is_err());
            /// assert_eq!(db.select::<User>().count()?, 5);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// As [`insert`](Self::insert).
            pub fn insert_many<'r, I: Insert + 'r>(&self, rows: impl IntoIterator<Item = &'r I>) -> Result<usize> {
                Ok(self.write_many(|core| {
                    let index = core.catalog.find_type::<I::Table>()?;
                    core.insert_together(index, |core| {
                        let mut count = 0;
                        for row in rows {
                            let arena = ValueArena::default();
                            core.insert_row(index, row.row(&arena).as_ref(), &mut |_| Ok(()))?;
                            count += 1;
                        }
                        Ok(count)
                    })
                })?)
            }

            /// Inserts a row by the names of its columns; a column that is not named gets its default.
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
            /// db.insert_values("users", &[("id", 4.into()), ("name", "Edsger".into()), ("age", 72.into())])?;
            /// assert!(db.get::<User>(4)?.is_some());
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// [`Error::Unknown`](crate::Error::Unknown); as [`insert`](Self::insert).
            pub fn insert_values(&self, table: &str, values: &[(&str, Value)]) -> Result<()> {
                Ok(self.write(|core| insert_named(core, table, values))?)
            }

            /// A change of rows of a table; see [`Update`].
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
            /// assert_eq!(db.get::<User>(1)?.map(|user| user.age), Some(37));
            /// # Ok::<(), Error>(())
            /// ```
            pub fn update<T: Table>(&self) -> Update<'_, Self, T> {
                Update::new(self)
            }

            /// A change of the row with this primary key; see [`UpdateKey`].
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
            /// # Ok::<(), Error>(())
            /// ```
            pub fn update_key<T: Table>(&self, key: impl AsKey<T::Key>) -> UpdateKey<'_, Self, T> {
                UpdateKey::new(self, KeyCode::of(key.values().as_ref()))
            }

            /// A deletion of rows of a table; see [`Delete`].
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
            pub fn delete<T: Table>(&self) -> Delete<'_, Self, T> {
                Delete::new(self)
            }

            /// Deletes the row with this primary key, with those that refer to it with cascade. Returns whether there
            /// was one.
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
            /// assert!(db.delete_key::<User>(1)?);
            /// assert!(!db.delete_key::<User>(1)?);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// [`Error::ForeignKey`](crate::Error::ForeignKey) if a row that stays refers to it; what storage says.
            pub fn delete_key<T: Table>(&self, key: impl AsKey<T::Key>) -> Result<bool> {
                let code = KeyCode::of(key.values().as_ref());
                Ok(self.write(|core| {
                    let index = core.catalog.find_type::<T>()?;
                    let Some(key) = core.row_key(index, &code)? else { return Ok(false) };
                    match core.delete_row(index, &key)? {
                        Some(is_there) => Ok(is_there),
                        None => core.atomic(|core| Ok(core.delete_cascading(index, &key)? > 0)),
                    }
                })?)
            }
        }
    };
}

reading_verbs!(Database);
reading_verbs!(Transaction<'_>);
reading_verbs!(OptimisticTransaction);
reading_verbs!(Limited<'_, C>, C);
reading_verbs!(Snapshot);
writing_verbs!(Database);
writing_verbs!(Transaction<'_>);
writing_verbs!(OptimisticTransaction);
writing_verbs!(Limited<'_, C>, C);

fn insert_named(core: &mut Core, table: &str, values: &[(&str, Value)]) -> Fallible<()> {
    let index = core.catalog.find(table)?;
    let schema = Arc::clone(&core.catalog.relation(index)?.schema);
    let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
    let places = places_of(&schema, &names)?;
    let mut row = vec![None; schema.columns.len()];
    for (place, (_, value)) in places.into_iter().zip(values) {
        if let (Some(slot), Some(column)) = (row.get_mut(place), schema.columns.get(place)) {
            *slot = Some(of_column(column, value));
        }
    }
    core.insert_row(index, &row, &mut |_| Ok(()))
}
