//! What a [`Prepared`] question answers as rows of tables and as tuples of columns.

use std::sync::Arc;

use wasm_dbms_api::{Projection, ValueRef};

use crate::execute::{self, Needs};
use crate::typed::cursor::cursor_of;
use crate::typed::rows::{FrameRef, Rows};
use crate::typed::select::Columns;
use crate::{Connection, Cursor, Database, Prepared, Result};

impl<R: Rows> Prepared<R> {
    /// Every row.
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
    /// let of_age = db.select::<User>().filter(User::AGE.ge(Expr::Parameter(1))).order_by(User::ID.asc()).prepare();
    /// assert_eq!(of_age.all(&db, &[40.into()])?.len(), 2);
    /// assert!(of_age.all(&db, &[]).is_err());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Select::all`](crate::Select::all); [`Error::Query`](crate::Error::Query) for a parameter that is not given.
    pub fn all<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<Vec<R::Row>> {
        let mut made = Vec::new();
        self.run(connection, parameters, Needs::Rows, &mut |core, plan, rows| {
            made = execute::collect(core, plan, rows, &mut |frame| R::read(&FrameRef(frame)))?;
            Ok(())
        })?;
        Ok(made)
    }

    /// The first row.
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
    /// let of_age = db.select::<User>().filter(User::AGE.ge(Expr::Parameter(1))).order_by(User::ID.asc()).prepare();
    /// assert_eq!(of_age.first(&db, &[40.into()])?.map(|user| user.id), Some(2));
    /// assert_eq!(of_age.first(&db, &[99.into()])?, None);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub fn first<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<Option<R::Row>> {
        let mut first = None;
        self.run(connection, parameters, Needs::Rows, &mut |core, plan, rows| {
            if plan.order.is_empty() && plan.offset == 0 && plan.limit != Some(0) {
                if rows.next(core)? {
                    first = Some(R::read(&FrameRef(&rows.frame))?);
                }
                return Ok(());
            }
            first = execute::collect(core, plan, rows, &mut |frame| R::read(&FrameRef(frame)))?.into_iter().next();
            Ok(())
        })?;
        Ok(first)
    }

    /// How many rows there are, without making any.
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
    /// let of_age = db.select::<User>().filter(User::AGE.ge(Expr::Parameter(1))).order_by(User::ID.asc()).prepare();
    /// assert_eq!(of_age.count(&db, &[40.into()])?, 2);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub fn count<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<u64> {
        Ok(connection.read(|core| {
            let template = self.template(core, parameters)?;
            execute::count(core, &template.plan, template.scope(parameters)?)
        })?)
    }

    /// Calls `visit` with each row, one at a time. Rows that must be put in order first
    /// are kept outside of memory past [`Options::query_memory_bytes`](crate::Options::query_memory_bytes).
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
    /// let of_age = db.select::<User>().filter(User::AGE.ge(Expr::Parameter(1))).order_by(User::ID.asc()).prepare();
    /// let mut names = Vec::new();
    /// of_age.for_each(&db, &[40.into()], |user| {
    ///     names.push(user.name);
    ///     Ok(())
    /// })?;
    /// assert_eq!(names, ["Alan", "Grace"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all), and what `visit` returns, which ends the walk.
    pub fn for_each<C: Connection>(
        &self,
        connection: &C,
        parameters: &[ValueRef<'_>],
        mut visit: impl FnMut(R::Row) -> Result<()>,
    ) -> Result<()> {
        self.run(connection, parameters, Needs::Rows, &mut |core, plan, rows| {
            execute::for_each(core, plan, rows, &mut |frame| Ok(visit(R::read(&FrameRef(frame))?)?))
        })
    }

    /// The rows one by one, while writes go on: see [`Cursor`].
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
    /// let of_age = db.select::<User>().filter(User::AGE.ge(Expr::Parameter(1))).order_by(User::ID.asc()).prepare();
    /// for user in of_age.iter(&db, &[40.into()])? {
    ///     // Writes go on between the rows of a cursor.
    ///     db.delete_key::<User>(user?.id)?;
    /// }
    /// assert_eq!(db.count::<User>()?, 1);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Select::iter`](crate::Select::iter).
    pub fn iter(&self, database: &Database, parameters: &[ValueRef<'_>]) -> Result<Cursor<R>> {
        let mut core = database.last_commit()?;
        let template = self.template(&mut core, parameters)?;
        cursor_of(core, Arc::clone(&template.plan), template.scope(parameters)?)
    }
}

impl<P: Projection> Prepared<Columns<P>> {
    /// Every row of the answer.
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
    /// let names = db.select::<User>().filter(User::AGE.ge(Expr::Parameter(1))).columns(User::NAME).prepare();
    /// assert_eq!(names.all(&db, &[80.into()])?, ["Grace"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Select::all`](crate::Select::all); [`Error::Query`](crate::Error::Query) for a parameter that is not given.
    pub fn all<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<Vec<P::Row>> {
        let mut made = Vec::new();
        self.run(connection, parameters, Needs::Outputs, &mut |core, plan, rows| {
            execute::each_of(core, plan, rows, &mut |_, row| {
                made.push(P::row(&row.into_values()?)?);
                Ok(true)
            })
        })?;
        Ok(made)
    }
}
