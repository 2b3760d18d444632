//! [`Cursor`] and [`ValueCursor`]: the rows of a question one by one, from the pages of one commit, without a lock.

use std::marker::PhantomData;
use std::sync::Arc;

use wasm_dbms_api::{Query, Value};

use crate::core::Core;
use crate::error::Fallible;
use crate::execute::{Frame, Needs, RowStream, SortedFrames, SpooledRows, Suspended, Window};
use crate::plan::{self, Context, Plan, Scope};
use crate::typed::Select;
use crate::typed::rows::{FrameRef, Rows};
use crate::{Database, Result};

/// A walk that rests between its rows.
#[derive(Debug)]
struct Walk {
    core: Core,
    plan: Arc<Plan>,
    /// None after the last row, and after an error.
    rows: Option<Box<Suspended>>,
    window: Window,
}

impl Walk {
    fn new(core: Core, plan: Arc<Plan>, scope: Scope) -> Fallible<Self> {
        let rows = Some(RowStream::new(&core.catalog, &plan, scope, Needs::Rows)?.suspend());
        let window = Window::of(&plan);
        Ok(Self { core, plan, rows, window })
    }

    /// What `make` makes of the next row.
    fn next<T>(&mut self, make: &mut dyn FnMut(&Plan, &Frame) -> Fallible<T>) -> Option<Fallible<T>> {
        let mut rows = RowStream::resume(&self.plan, self.rows.take()?);
        loop {
            if !self.window.is_open() {
                return None;
            }
            match rows.next(&mut self.core) {
                Err(error) => return Some(Err(error)),
                Ok(false) => return None,
                Ok(true) if self.window.passes() => break,
                Ok(true) => {}
            }
        }
        let made = make(&self.plan, &rows.frame);
        if made.is_ok() {
            self.rows = Some(rows.suspend());
        }
        Some(made)
    }
}

#[derive(Debug)]
enum Source<M> {
    Walk(Box<Walk>),
    /// Rows that had to be made first.
    Made(Box<M>),
    /// After an error.
    Over,
}

/// The rows of a typed question, one by one, made by [`Select::iter`].
///
/// It reads the commit that was the last when it was made, whatever is committed meanwhile; it holds no lock, so that
/// writes go on between its rows, by the same thread too. Old versions of pages are kept for it as for a
/// [`Snapshot`](crate::Snapshot).
#[derive(Debug)]
pub struct Cursor<R: Rows>(Source<(Core, SortedFrames)>, PhantomData<fn() -> R>);

/// The rows of a dynamic question, one by one, made by [`Database::query_iter`]; see [`Cursor`].
#[derive(Debug)]
pub struct ValueCursor {
    columns: Arc<[String]>,
    source: Source<SpooledRows>,
}

impl ValueCursor {
    /// The name of each column.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// assert_eq!(db.query_iter(&Query::from("t"))?.columns(), ["n"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
}

impl<R: Rows> Iterator for Cursor<R> {
    type Item = Result<R::Row>;

    fn next(&mut self) -> Option<Result<R::Row>> {
        match &mut self.0 {
            Source::Walk(walk) => {
                let row = walk.next(&mut |_, frame| R::read(&FrameRef(frame)))?;
                Some(row.map_err(|error| *error))
            }
            Source::Made(made) => {
                let (core, rows) = &mut **made;
                let next = match rows.next(core) {
                    Ok(true) => R::read(&FrameRef(&rows.frame)),
                    Ok(false) => return None,
                    Err(error) => Err(error),
                };
                if next.is_err() {
                    self.0 = Source::Over;
                }
                Some(next.map_err(|error| *error))
            }
            Source::Over => None,
        }
    }
}

impl Iterator for ValueCursor {
    type Item = Result<Vec<Value>>;

    fn next(&mut self) -> Option<Result<Vec<Value>>> {
        match &mut self.source {
            Source::Walk(walk) => {
                let row = walk.next(&mut |plan, frame| frame_outputs(plan, frame))?;
                Some(row.map_err(|error| *error))
            }
            Source::Made(rows) => {
                let next = rows.next().transpose()?;
                if next.is_err() {
                    self.source = Source::Over;
                }
                Some(next.map_err(|error| *error))
            }
            Source::Over => None,
        }
    }
}

impl<R: Rows> Select<'_, Database, R> {
    /// The rows one by one, while writes go on: see [`Cursor`]. Rows that must be put in order
    /// first are kept outside of memory past [`Options::query_memory_bytes`](crate::Options::query_memory_bytes).
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// #[derive(Table, Debug, PartialEq)]
    /// #[table = "jobs"]
    /// struct Job {
    ///     #[primary_key]
    ///     id: u64,
    ///     done: bool,
    /// }
    ///
    /// let db = Database::in_memory();
    /// db.create_table(Job::schema())?;
    /// db.insert_many(&[Job { id: 1, done: false }, Job { id: 2, done: true }, Job { id: 3, done: false }])?;
    /// for job in db.select::<Job>().filter(Job::DONE.eq(false)).iter()? {
    ///     db.update_key::<Job>(job?.id).set(Job::DONE, true).run()?;
    /// }
    /// assert!(!db.select::<Job>().filter(Job::DONE.eq(false)).exists()?);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all); each row may be an error too, and then is the last.
    pub fn iter(self) -> Result<Cursor<R>> {
        let mut core = self.connection().last_commit()?;
        let plan = self.planned_rows(&mut core)?;
        cursor_of(core, plan.into(), Scope::default())
    }
}

fn frame_outputs(plan: &Plan, frame: &Frame) -> Fallible<Vec<Value>> {
    let mut values = Vec::with_capacity(plan.outputs.len());
    for output in &plan.outputs {
        values.push(output.value(Context::Frame(frame))?.to_value());
    }
    Ok(values)
}

/// The rows of a plan for whole rows.
pub(super) fn cursor_of<R: Rows>(mut core: Core, plan: Arc<Plan>, scope: Scope) -> Result<Cursor<R>> {
    if plan.order.is_empty() {
        return Ok(Cursor(Source::Walk(Box::new(Walk::new(core, plan, scope)?)), PhantomData));
    }
    let mut rows = RowStream::new(&core.catalog, &plan, scope, Needs::Rows)?;
    let sorted = SortedFrames::new(&mut core, &plan, &mut rows)?;
    Ok(Cursor(Source::Made(Box::new((core, sorted))), PhantomData))
}

/// The rows of a plan.
pub(super) fn values_of_plan(mut core: Core, plan: Arc<Plan>, scope: Scope) -> Result<ValueCursor> {
    let columns = Arc::clone(&plan.names);
    let source = if plan.is_walk() {
        Source::Walk(Box::new(Walk::new(core, plan, scope)?))
    } else {
        Source::Made(Box::new(SpooledRows::new(&mut core, &plan, scope)?))
    };
    Ok(ValueCursor { columns, source })
}

impl Database {
    /// Answers a dynamic question row by row, while writes go on: see [`ValueCursor`]. Groups, and rows
    /// that must be put in order first, are kept outside of memory past
    /// [`Options::query_memory_bytes`](crate::Options::query_memory_bytes).
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_values("t", &[("n", 1.into())])?;
    /// let mut rows = db.query_iter(&Query::from("t"))?;
    /// db.delete_values("t", None)?;
    /// assert_eq!(rows.columns(), ["n"]);
    /// assert_eq!(rows.next().transpose()?, Some(vec![Value::from(1)]));
    /// assert!(rows.next().is_none());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`query`](Self::query); each row may be an error too, and then is the last.
    pub fn query_iter(&self, query: &Query) -> Result<ValueCursor> {
        let mut core = self.last_commit()?;
        let plan = plan::plan(&mut core, query)?;
        values_of_plan(core, plan.into(), Scope::default())
    }
}
