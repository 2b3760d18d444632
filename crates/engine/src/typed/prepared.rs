//! [`Prepared`]: a question that is planned once and asked many times.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wasm_dbms_api::{Projection, Query, Value};

use crate::core::Core;
use crate::error::Fallible;
use crate::execute::{self, RowStream};
use crate::plan::{Plan, Template};
use crate::store::Purpose;
use crate::typed::cursor::{cursor_of, values_of_plan};
use crate::typed::rows::{FrameRef, Rows};
use crate::typed::select::{Binder, Columns, rows_of, visit_rows};
use crate::typed::sets::Matched;
use crate::{Answer, Connection, Cursor, Database, Result, Select, ValueCursor};

/// A question that is planned once and asked many times, each time with other parameters; made by [`Select::prepare`], or
/// of a dynamic one by [`Prepared::new`].
///
/// It belongs to no database: it is asked of any [`Database`], [`Transaction`](crate::Transaction) or
/// [`Snapshot`](crate::Snapshot) that has its tables, from any number of threads. The plan is made when it is asked for the
/// first time, and made anew where it would be another: when a table changed, or has four times as many rows or a quarter
/// of them; when a parameter is of another type than before, or NULL; when a LIMIT, an OFFSET or the pattern of a LIKE is
/// another.
///
/// ```
/// # use wasm_dbms::prelude::*;
/// #[derive(Table, Debug, PartialEq)]
/// #[table = "users"]
/// struct User {
///     #[primary_key]
///     id: u64,
///     #[index]
///     age: u8,
/// }
///
/// let db = Database::in_memory();
/// db.create_table(User::schema())?;
/// db.insert_many(&[User { id: 1, age: 17 }, User { id: 2, age: 40 }])?;
/// let of_age = db.select::<User>().filter(User::AGE.ge(Expr::Parameter(1))).prepare();
/// assert_eq!(of_age.all(&db, &[18.into()])?, [User { id: 2, age: 40 }]);
/// assert_eq!(of_age.count(&db, &[16.into()])?, 2);
/// assert_eq!(of_age.plan_count(), 1);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Prepared<R> {
    query: Query,
    /// Checks that each table is stored as its struct says.
    binders: Vec<Binder>,
    template: Mutex<Option<Arc<Template>>>,
    plan_count: AtomicU64,
    rows: PhantomData<fn() -> R>,
}

impl<R> Prepared<R> {
    pub(crate) fn of(query: Query, binders: Vec<Binder>) -> Self {
        Self { query, binders, template: Mutex::default(), plan_count: AtomicU64::new(0), rows: PhantomData }
    }

    /// How many times it was planned.
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
    /// assert_eq!(of_age.plan_count(), 0);
    /// for age in 18..60 {
    ///     of_age.count(&db, &[age.into()])?;
    /// }
    /// assert_eq!(of_age.plan_count(), 1);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn plan_count(&self) -> u64 {
        self.plan_count.load(Ordering::Relaxed)
    }

    /// How it would be answered, in words.
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
    /// println!("{}", of_age.explain(&db, &[40.into()])?);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a question that makes no sense; what storage says.
    pub fn explain<C: Connection>(&self, connection: &C, parameters: &[Value]) -> Result<String> {
        self.run(connection, parameters, |core, plan| plan.explain(&core.catalog))
    }

    fn template(&self, core: &mut Core, parameters: &[Value]) -> Fallible<Arc<Template>> {
        for bind in &self.binders {
            bind(core)?;
        }
        let known = self.template.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.fits(&core.catalog, parameters)) {
            known.note_tables(&core.catalog);
            return Ok(known);
        }
        let new = Arc::new(Template::new(core, &self.query, parameters)?);
        self.plan_count.fetch_add(1, Ordering::Relaxed);
        *self.template.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&new));
        Ok(new)
    }

    /// Every row of a question without groups: the key of its first source, and what its columns come to.
    pub(crate) fn matched(&self, core: &mut Core, parameters: &[Value]) -> Fallible<Vec<Matched>> {
        self.asked(core, parameters, |core, plan| execute::keys_and_outputs(core, plan, !self.query.columns.is_empty()))
    }

    /// The values of every row, inside a statement that writes.
    pub(crate) fn values(&self, core: &mut Core, parameters: &[Value]) -> Fallible<Vec<Vec<Value>>> {
        self.asked(core, parameters, execute::values)
    }

    /// Asks inside a statement that writes.
    fn asked<X>(
        &self,
        core: &mut Core,
        parameters: &[Value],
        ask: impl FnOnce(&mut Core, &Plan) -> Fallible<X>,
    ) -> Fallible<X> {
        let template = self.template(core, parameters)?;
        let plan = template.with(parameters)?;
        let purpose = core.store.read_for(Purpose::Question);
        let answer = ask(core, &plan);
        core.store.read_for(purpose);
        answer
    }

    fn run<C: Connection, X>(
        &self,
        connection: &C,
        parameters: &[Value],
        ask: impl FnOnce(&mut Core, &Plan) -> Fallible<X>,
    ) -> Result<X> {
        Ok(connection.read(|core| {
            let template = self.template(core, parameters)?;
            ask(core, &*template.with(parameters)?)
        })?)
    }
}

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
    /// As [`Select::all`]; [`Error::Query`](crate::Error::Query) for a parameter that is not given.
    pub fn all<C: Connection>(&self, connection: &C, parameters: &[Value]) -> Result<Vec<R::Row>> {
        self.run(connection, parameters, |core, plan| rows_of::<R>(core, plan))
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
    pub fn first<C: Connection>(&self, connection: &C, parameters: &[Value]) -> Result<Option<R::Row>> {
        self.run(connection, parameters, |core, plan| {
            let mut rows = RowStream::new(&core.catalog, plan)?;
            let mut first = None;
            if plan.order.is_empty() && plan.offset == 0 && plan.limit != Some(0) {
                if rows.next(core)? {
                    first = Some(R::read(&FrameRef(&rows.frame))?);
                }
                return Ok(first);
            }
            let made = execute::collect(core, plan, rows, &mut |frame| R::read(&FrameRef(frame)))?;
            Ok(made.into_iter().next())
        })
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
    pub fn count<C: Connection>(&self, connection: &C, parameters: &[Value]) -> Result<u64> {
        self.run(connection, parameters, execute::count)
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
        parameters: &[Value],
        mut visit: impl FnMut(R::Row) -> Result<()>,
    ) -> Result<()> {
        self.run(connection, parameters, |core, plan| visit_rows::<R>(core, plan, &mut visit))
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
    /// As [`Select::iter`].
    pub fn iter(&self, database: &Database, parameters: &[Value]) -> Result<Cursor<R>> {
        let mut core = database.last_commit()?;
        let plan = self.template(&mut core, parameters)?.with(parameters)?.into_owned();
        cursor_of(core, plan)
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
    /// As [`Select::all`]; [`Error::Query`](crate::Error::Query) for a parameter that is not given.
    pub fn all<C: Connection>(&self, connection: &C, parameters: &[Value]) -> Result<Vec<P::Row>> {
        self.run(connection, parameters, |core, plan| {
            let values = execute::values(core, plan)?;
            values.iter().map(|row| Ok(P::row(row)?)).collect()
        })
    }
}

impl Prepared<Answer> {
    /// A dynamic question to be asked many times.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::Prepared;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_values("t", &[("n", 5.into())])?;
    /// let above = Expr::column("n").compare(Comparison::Greater, Expr::Parameter(1));
    /// let prepared = Prepared::new(Query::from("t").filter(above));
    /// assert_eq!(prepared.query(&db, &[3.into()])?.rows, [[Value::from(5)]]);
    /// assert_eq!(prepared.query(&db, &[7.into()])?.rows.len(), 0);
    /// assert_eq!(prepared.plan_count(), 1);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new(query: Query) -> Self {
        Self::of(query, Vec::new())
    }

    /// The answer.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// db.insert_values("t", &[("n", 5.into())])?;
    /// let prepared = wasm_dbms::Prepared::new(Query::from("t"));
    /// assert_eq!(prepared.query(&db, &[])?.rows, [[Value::from(5)]]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Database::query_with`].
    pub fn query<C: Connection>(&self, connection: &C, parameters: &[Value]) -> Result<Answer> {
        self.run(connection, parameters, |core, plan| {
            Ok(Answer { columns: Arc::clone(&plan.names), rows: execute::values(core, plan)? })
        })
    }

    /// The rows of the answer one by one, while writes go on: see [`ValueCursor`].
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// db.insert_values("t", &[("n", 5.into())])?;
    /// let prepared = wasm_dbms::Prepared::new(Query::from("t"));
    /// assert_eq!(prepared.query_iter(&db, &[])?.count(), 1);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Database::query_iter`].
    pub fn query_iter(&self, database: &Database, parameters: &[Value]) -> Result<ValueCursor> {
        let mut core = database.last_commit()?;
        let plan = self.template(&mut core, parameters)?.with(parameters)?.into_owned();
        values_of_plan(core, plan)
    }
}

impl<C: Connection, R> Select<'_, C, R> {
    /// Makes the question one that is planned once and asked many times: see [`Prepared`].
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
    /// let by_name = db.select::<User>().filter(User::NAME.eq(Expr::Parameter(1))).prepare();
    /// assert_eq!(by_name.first(&db, &["Ada".into()])?.map(|user| user.id), Some(1));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn prepare(self) -> Prepared<R> {
        let (query, binders) = self.into_parts();
        Prepared::of(query, binders)
    }
}
