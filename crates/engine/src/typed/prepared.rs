//! [`Prepared`]: a question that is planned once and asked many times.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_dbms_api::{Projection, Query, Value, ValueRef};

use crate::core::Core;
use crate::error::Fallible;
use crate::execute::{self, Needs, RowStream, Suspended};
use crate::plan::{Plan, Template};
use crate::store::Purpose;
use crate::typed::AnswerRow;
use crate::typed::cursor::{cursor_of, values_of_plan};
use crate::typed::rows::{FrameRef, Rows};
use crate::typed::select::{Binder, Columns};
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
    kept: Mutex<Option<Kept>>,
    plan_count: AtomicU64,
    rows: PhantomData<fn() -> R>,
}

/// What a run leaves behind for the next one.
#[derive(Debug)]
struct Kept {
    template: Arc<Template>,
    /// Of a run that ended, unless another one goes on with it.
    walked: Option<Walked>,
}

/// A plan, and the memory that its rows are walked in if there was a run before.
#[derive(Debug)]
struct Walked {
    template: Arc<Template>,
    memory: Option<Box<Suspended>>,
}

impl<R> Prepared<R> {
    pub(crate) fn of(query: Query, binders: Vec<Binder>) -> Self {
        Self { query, binders, kept: Mutex::default(), plan_count: AtomicU64::new(0), rows: PhantomData }
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
    pub fn explain<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<String> {
        Ok(connection.read(|core| self.template(core, parameters)?.plan.explain(&core.catalog))?)
    }

    /// Gives `take` the plan for these parameters, with what a run before left behind.
    fn planned<T>(
        &self,
        core: &mut Core,
        parameters: &[ValueRef<'_>],
        take: impl FnOnce(&mut Kept) -> T,
    ) -> Fallible<T> {
        for bind in &self.binders {
            bind(core)?;
        }
        if let Some(kept) = lock(&self.kept).as_mut()
            && kept.template.fits(&core.catalog, parameters)
        {
            kept.template.note_tables(&core.catalog);
            return Ok(take(kept));
        }
        let template = Arc::new(Template::new(core, &self.query, parameters)?);
        self.plan_count.fetch_add(1, Ordering::Relaxed);
        let mut kept = Kept { template, walked: None };
        let taken = take(&mut kept);
        *lock(&self.kept) = Some(kept);
        Ok(taken)
    }

    /// The plan for these parameters.
    fn template(&self, core: &mut Core, parameters: &[ValueRef<'_>]) -> Fallible<Arc<Template>> {
        self.planned(core, parameters, |kept| Arc::clone(&kept.template))
    }

    /// Runs a statement. Also what the plan of this question came to meanwhile, in words.
    pub(crate) fn observe<T>(
        &self,
        core: &mut Core,
        parameters: &[ValueRef<'_>],
        statement: impl FnOnce(&mut Core) -> Fallible<T>,
    ) -> Fallible<(String, T)> {
        let template = self.template(core, parameters)?;
        let (result, observed) = core.observing(statement)?;
        Ok((template.plan.explain_observed(&core.catalog, &observed)?, result))
    }

    /// Calls `ask` with the rows of the plan for these parameters.
    fn with_rows(&self, core: &mut Core, parameters: &[ValueRef<'_>], needs: Needs, ask: Ask<'_>) -> Fallible<()> {
        let Walked { template, memory } = self.planned(core, parameters, |kept| {
            kept.walked.take().unwrap_or_else(|| Walked { template: Arc::clone(&kept.template), memory: None })
        })?;
        let mut rows = rows_of(&template, core, parameters, memory, needs)?;
        ask(core, &template.plan, &mut rows)?;
        let memory = Some(rows.finish());
        if let Some(kept) = lock(&self.kept).as_mut().filter(|kept| Arc::ptr_eq(&kept.template, &template)) {
            kept.walked = Some(Walked { template, memory });
        }
        Ok(())
    }

    /// Every row of a question without groups: the key of its first source, and what its columns come to.
    pub(crate) fn matched(&self, core: &mut Core, parameters: &[ValueRef<'_>]) -> Fallible<Vec<Matched>> {
        let has_outputs = !self.query.columns.is_empty();
        let mut found = Vec::new();
        self.asked(core, parameters, Needs::Keys, &mut |core, plan, rows| {
            found = execute::keys_and_outputs(core, plan, rows, has_outputs)?;
            Ok(())
        })?;
        Ok(found)
    }

    /// The values of every row, inside a statement that writes.
    pub(crate) fn values(&self, core: &mut Core, parameters: &[ValueRef<'_>]) -> Fallible<Vec<Vec<Value>>> {
        let mut values = Vec::new();
        self.asked(core, parameters, Needs::Outputs, &mut |core, plan, rows| {
            values = execute::values_of(core, plan, rows)?;
            Ok(())
        })?;
        Ok(values)
    }

    /// Asks inside a statement that writes.
    fn asked(&self, core: &mut Core, parameters: &[ValueRef<'_>], needs: Needs, ask: Ask<'_>) -> Fallible<()> {
        let purpose = core.store.read_for(Purpose::Question);
        let answer = self.with_rows(core, parameters, needs, ask);
        core.store.read_for(purpose);
        answer
    }

    fn run<C: Connection>(
        &self,
        connection: &C,
        parameters: &[ValueRef<'_>],
        needs: Needs,
        ask: Ask<'_>,
    ) -> Result<()> {
        Ok(connection.read(|core| self.with_rows(core, parameters, needs, ask))?)
    }
}

/// What is done with the rows of a plan.
type Ask<'a> = &'a mut dyn FnMut(&mut Core, &Plan, &mut RowStream<'_>) -> Fallible<()>;

/// The rows of a plan for these parameters.
fn rows_of<'t>(
    template: &'t Template,
    core: &Core,
    parameters: &[ValueRef<'_>],
    memory: Option<Box<Suspended>>,
    needs: Needs,
) -> Fallible<RowStream<'t>> {
    if let Some(mut memory) = memory {
        template.fill(&mut memory.frame.scope, parameters)?;
        if let Some(rows) = RowStream::again(&core.catalog, &template.plan, memory, needs) {
            return Ok(rows);
        }
    }
    RowStream::new(&core.catalog, &template.plan, template.scope(parameters)?, needs)
}

fn lock(kept: &Mutex<Option<Kept>>) -> MutexGuard<'_, Option<Kept>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// As [`Select::iter`].
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
    /// As [`Select::all`]; [`Error::Query`](crate::Error::Query) for a parameter that is not given.
    pub fn all<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<Vec<P::Row>> {
        let mut made = Vec::new();
        self.run(connection, parameters, Needs::Outputs, &mut |core, plan, rows| {
            execute::each_of(core, plan, rows, &mut |row| {
                made.push(P::row(&row.into_values()?)?);
                Ok(true)
            })
        })?;
        Ok(made)
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
    pub fn query<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<Answer> {
        let mut answer = Answer::default();
        self.run(connection, parameters, Needs::Outputs, &mut |core, plan, rows| {
            answer = Answer { columns: Arc::clone(&plan.names), rows: execute::values_of(core, plan, rows)? };
            Ok(())
        })?;
        Ok(answer)
    }

    /// Calls `visit` with each row of the answer, before anyone has a copy of it, as long as that says that more are wanted.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// use wasm_dbms::Field as _;
    ///
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// db.insert_values("t", &[("n", 5.into())])?;
    /// let prepared = wasm_dbms::Prepared::new(Query::from("t"));
    /// let mut sum = 0;
    /// prepared.query_each(&db, &[], &mut |row| {
    ///     sum += i64::from_value(row.value(0)?)?;
    ///     Ok(true)
    /// })?;
    /// assert_eq!(sum, 5);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Database::query_with`], and what `visit` returns.
    pub fn query_each<C: Connection>(
        &self,
        connection: &C,
        parameters: &[ValueRef<'_>],
        visit: &mut dyn FnMut(&AnswerRow<'_>) -> Result<bool>,
    ) -> Result<()> {
        self.run(connection, parameters, Needs::Outputs, &mut |core, plan, rows| {
            execute::each_of(core, plan, rows, &mut |row| Ok(visit(&AnswerRow::new(&plan.names, row))?))
        })
    }

    /// Asks the question and says in words how it was answered: how many rows each step came to, beside what was
    /// reckoned. Also how many rows were answered.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// let prepared = wasm_dbms::Prepared::new(Query::from("t"));
    /// let (words, rows) = prepared.explain_analyze(&db, &[])?;
    /// assert_eq!((words.trim_end(), rows), ("scan t (about 2 rows, 2 found)", 2));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Database::query_with`].
    pub fn explain_analyze<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<(String, u64)> {
        Ok(connection.read(|core| self.observed_in(core, parameters))?)
    }

    fn observed_in(&self, core: &mut Core, parameters: &[ValueRef<'_>]) -> Fallible<(String, u64)> {
        self.observe(core, parameters, |core| {
            let mut rows = 0;
            self.with_rows(core, parameters, Needs::Outputs, &mut |core, plan, stream| {
                execute::each_of(core, plan, stream, &mut |row| {
                    row.into_values()?;
                    rows += 1;
                    Ok(true)
                })
            })?;
            Ok(rows)
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
    pub fn query_iter(&self, database: &Database, parameters: &[ValueRef<'_>]) -> Result<ValueCursor> {
        let mut core = database.last_commit()?;
        let template = self.template(&mut core, parameters)?;
        values_of_plan(core, Arc::clone(&template.plan), template.scope(parameters)?)
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
