//! [`Prepared`]: a question that is planned once and asked many times.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_dbms_api::{Query, Value, ValueRef};

use crate::core::Core;
use crate::error::Fallible;
use crate::execute::{self, Needs, RowStream, Suspended};
use crate::full::needs_full;
use crate::plan::{Plan, Template};
use crate::store::Purpose;
use crate::typed::select::Binder;
use crate::typed::sets::Matched;
use crate::{Connection, Result, Select};

/// A question that is planned once and asked many times, each time with other parameters; made by [`Select::prepare`], or
/// of a dynamic one by [`Prepared::new`].
///
/// It belongs to no database: it is asked of any [`Database`](crate::Database), [`Transaction`](crate::Transaction) or
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

    /// What is asked.
    pub(crate) fn question(&self) -> &Query {
        &self.query
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
    pub(super) fn template(&self, core: &mut Core, parameters: &[ValueRef<'_>]) -> Fallible<Arc<Template>> {
        self.planned(core, parameters, |kept| Arc::clone(&kept.template))
    }

    /// Runs a statement. Also what the plan of this question came to meanwhile, in words.
    pub(crate) fn observe<T>(
        &self,
        core: &mut Core,
        parameters: &[ValueRef<'_>],
        statement: impl FnOnce(&mut Core) -> Fallible<T>,
    ) -> Fallible<(String, T)> {
        needs_full()?;
        let template = self.template(core, parameters)?;
        let (result, observed) = core.observing(statement)?;
        Ok((template.plan.explain_observed(&core.catalog, &observed)?, result))
    }

    /// Calls `ask` with the rows of the plan for these parameters.
    pub(super) fn with_rows(
        &self,
        core: &mut Core,
        parameters: &[ValueRef<'_>],
        needs: Needs,
        ask: Ask<'_>,
    ) -> Fallible<()> {
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

    pub(super) fn run<C: Connection>(
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
