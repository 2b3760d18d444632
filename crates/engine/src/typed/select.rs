//! [`Select`]: a typed question.

use std::marker::PhantomData;

use wasm_dbms_api::{Column, Expr, Field, Order, Projection, Query, Table};

use crate::core::Core;
use crate::error::Fallible;
use crate::execute::{self, Needs, RowStream};
use crate::plan::{self, Plan, Scope};
use crate::typed::rows::{FrameRef, One, Rows};
use crate::{Connection, Error, Result};

/// A typed question, made by `db.select::<User>()`. Nothing is read before one of [`all`](Self::all),
/// [`first`](Self::first), [`count`](Self::count), [`for_each`](Self::for_each).
#[derive(Debug)]
#[must_use = "a question is only asked by all, first, count or for_each"]
pub struct Select<'c, C, R> {
    pub(super) connection: &'c C,
    pub(super) query: Query,
    /// Checks that each table is stored as its struct says.
    pub(super) binders: Vec<Binder>,
    pub(super) rows: PhantomData<fn() -> R>,
}

/// A typed question for some columns, made by [`Select::columns`].
pub type Projected<'c, C, P> = Select<'c, C, Columns<P>>;

/// What a question for some columns returns.
#[derive(Debug)]
pub struct Columns<P>(PhantomData<fn() -> P>);

/// Checks that a table is stored as its struct says.
pub(super) type Binder = fn(&mut Core) -> Fallible<()>;

pub(super) fn bind<T: Table>(core: &mut Core) -> Fallible<()> {
    core.catalog.find_type::<T>().map(|_| ())
}

impl<'c, C: Connection, T: Table> Select<'c, C, One<T>> {
    pub(crate) fn new(connection: &'c C) -> Self {
        let query = Query::from(T::schema().name.as_str());
        Self { connection, query, binders: vec![bind::<T>], rows: PhantomData }
    }
}

impl<C: Connection, R> Select<'_, C, R> {
    /// Keeps the rows for which `filter`, and every filter given before, is true.
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
    /// let old = db.select::<User>().filter(User::AGE.ge(40)).all()?;
    /// assert_eq!(old.len(), 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn filter(mut self, filter: Expr) -> Self {
        self.query = self.query.filter(filter);
        self
    }

    /// Orders by this where the orders given before leave a tie.
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
    /// let oldest = db.select::<User>().order_by(User::AGE.desc()).first()?;
    /// assert_eq!(oldest.map(|user| user.name).as_deref(), Some("Grace"));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn order_by(mut self, order: Order) -> Self {
        self.query.order_by.push(order);
        self
    }

    /// At most `limit` rows.
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
    /// assert_eq!(db.select::<User>().limit(2).all()?.len(), 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn limit(mut self, limit: u64) -> Self {
        self.query = self.query.limit(limit);
        self
    }

    /// Skips the first `offset` rows.
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
    /// assert_eq!(db.select::<User>().order_by(User::ID.asc()).offset(2).all()?[0].id, 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn offset(mut self, offset: u64) -> Self {
        self.query = self.query.offset(offset);
        self
    }

    /// How the question would be answered, in words.
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
    /// println!("{}", db.select::<User>().filter(User::NAME.eq("Ada")).explain()?);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a question that makes no sense; what storage says.
    pub fn explain(&self) -> Result<String> {
        Ok(self.connection.read(|core| planned(core, &self.query, &self.binders)?.explain(&core.catalog))?)
    }
}

impl<C, R> Select<'_, C, R> {
    /// The question, and what checks its tables.
    pub(super) fn into_parts(self) -> (Query, Vec<Binder>) {
        (self.query, self.binders)
    }
}

impl<'c, C: Connection, R: Rows> Select<'c, C, R> {
    pub(super) fn connection(&self) -> &'c C {
        self.connection
    }

    pub(super) fn planned_rows(&self, core: &mut Core) -> Fallible<Box<Plan>> {
        planned_rows(core, &self.query, &self.binders)
    }

    /// Makes rows equal in this column, and in those given before, one; then [`columns`](Self::columns) says what of
    /// them is asked.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "users"]
    /// # struct User {
    /// #     #[primary_key]
    /// #     id: u64,
    /// # }
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "posts"]
    /// # struct Post {
    /// #     #[primary_key]
    /// #     id: u64,
    /// #     #[foreign_key(table = "users", column = "id")]
    /// #     author: u64,
    /// # }
    /// # #[derive(DatabaseSchema)]
    /// # #[tables(User = "users", Post = "posts")]
    /// # struct Blog;
    /// # let db = Database::in_memory().with_schema::<Blog>()?;
    /// # db.insert_many(&[User { id: 1 }, User { id: 2 }])?;
    /// # db.insert_many(&[Post { id: 10, author: 1 }, Post { id: 11, author: 1 }])?;
    /// let posts = db.select::<Post>().group_by(Post::AUTHOR).columns((Post::AUTHOR, count())).all()?;
    /// assert_eq!(posts, [(1, 2)]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn group_by<T: Table>(mut self, column: Column<T, impl Field>) -> Self {
        self.query = self.query.group_by(column.reference());
        self
    }

    /// Asks for some columns or aggregates instead of whole rows: one, or a tuple of up to eight.
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
    /// let names = db.select::<User>().order_by(User::AGE.desc()).columns((User::NAME, User::AGE)).first()?;
    /// assert_eq!(names, Some(("Grace".into(), 85)));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn columns<P: Projection>(mut self, projection: P) -> Projected<'c, C, P> {
        self.query.columns = projection.exprs().into_iter().map(Into::into).collect();
        Select { connection: self.connection, query: self.query, binders: self.binders, rows: PhantomData }
    }

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
    /// assert_eq!(db.select::<User>().filter(User::AGE.lt(50)).all()?.len(), 2);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a question that makes no sense; what storage says.
    pub fn all(self) -> Result<Vec<R::Row>> {
        Ok(self.connection.read(|core| {
            let plan = planned_rows(core, &self.query, &self.binders)?;
            rows_of::<R>(core, &plan)
        })?)
    }

    /// Every row, and what is asked about them of the same commit.
    pub(super) fn all_and<X>(
        self,
        ask: impl FnOnce(&mut Core, &[R::Row]) -> Fallible<X>,
    ) -> Fallible<(Vec<R::Row>, X)> {
        self.connection.read(|core| {
            let plan = planned_rows(core, &self.query, &self.binders)?;
            let rows = rows_of::<R>(core, &plan)?;
            let answer = ask(core, &rows)?;
            Ok((rows, answer))
        })
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
    /// let oldest = db.select::<User>().order_by(User::AGE.desc()).first()?;
    /// assert_eq!(oldest.map(|user| user.name), Some("Grace".into()));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub fn first(self) -> Result<Option<R::Row>> {
        Ok(self.limit(1).all()?.pop())
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
    /// assert_eq!(db.select::<User>().filter(User::AGE.lt(40)).count()?, 1);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub fn count(self) -> Result<u64> {
        Ok(self.connection.read(|core| {
            let plan = planned_rows(core, &self.query, &self.binders)?;
            execute::count(core, &plan, Scope::default())
        })?)
    }

    /// Whether there is a row, without making any.
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
    /// assert!(!db.select::<User>().filter(User::AGE.gt(100)).exists()?);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub fn exists(self) -> Result<bool> {
        Ok(self.limit(1).count()? > 0)
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
    /// let mut sum = 0;
    /// db.select::<User>().for_each(|user| {
    ///     sum += u32::from(user.age);
    ///     Ok(())
    /// })?;
    /// assert_eq!(sum, 162);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all), and what `visit` returns, which ends the walk.
    pub fn for_each(self, mut visit: impl FnMut(R::Row) -> Result<()>) -> Result<()> {
        Ok(self.connection.read(|core| {
            let plan = planned_rows(core, &self.query, &self.binders)?;
            visit_rows::<R>(core, &plan, &mut visit)
        })?)
    }
}

/// Every row of a plan for whole rows.
pub(super) fn rows_of<R: Rows>(core: &mut Core, plan: &Plan) -> Fallible<Vec<R::Row>> {
    let mut rows = RowStream::new(&core.catalog, plan, Scope::default(), Needs::Rows)?;
    execute::collect(core, plan, &mut rows, &mut |frame| R::read(&FrameRef(frame)))
}

/// Calls `visit` with every row of a plan for whole rows.
pub(super) fn visit_rows<R: Rows>(
    core: &mut Core,
    plan: &Plan,
    visit: &mut dyn FnMut(R::Row) -> Result<()>,
) -> Fallible<()> {
    let mut rows = RowStream::new(&core.catalog, plan, Scope::default(), Needs::Rows)?;
    execute::for_each(core, plan, &mut rows, &mut |frame| Ok(visit(R::read(&FrameRef(frame))?)?))
}

impl<C: Connection, P: Projection> Projected<'_, C, P> {
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
    /// assert_eq!(db.select::<User>().columns(max(User::AGE)).all()?, [Some(85)]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Select::all`].
    pub fn all(self) -> Result<Vec<P::Row>> {
        Ok(self.connection.read(|core| {
            let plan = planned(core, &self.query, &self.binders)?;
            let values = execute::values(core, &plan)?;
            values.iter().map(|row| Ok(P::row(row)?)).collect()
        })?)
    }

    /// The first row of the answer.
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
    /// assert_eq!(db.select::<User>().columns(min(User::AGE)).first()?, Some(Some(36)));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Select::all`].
    pub fn first(self) -> Result<Option<P::Row>> {
        Ok(self.limit(1).all()?.pop())
    }
}

fn planned(core: &mut Core, query: &Query, binders: &[Binder]) -> Fallible<Box<Plan>> {
    for bind in binders {
        bind(core)?;
    }
    plan::plan(core, query)
}

/// The plan of a question for whole rows, which a group has none of.
fn planned_rows(core: &mut Core, query: &Query, binders: &[Binder]) -> Fallible<Box<Plan>> {
    if !query.group_by.is_empty() {
        return Err(Error::Query(
            "a grouped question has no rows of its tables: say what is asked with columns".into(),
        )
        .into());
    }
    planned(core, query, binders)
}
