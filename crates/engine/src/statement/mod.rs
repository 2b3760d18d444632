//! Statements as data: what SQL becomes, and what a program builds that knows the tables by name only.
//!
//! A statement belongs to no database: it is run on any [`Connection`](crate::Connection), any number of times, each time
//! with other parameters. What it asks is planned once.
//!
//! ```text
//! insert       new rows, and what becomes of those in their way
//! insert_each  new rows that come one by one
//! update       changed rows, joined with others
//! delete       deleted rows, joined with others
//! matching     the rows that change, and those joined with each
//! returning    what is answered of each row
//! schema       tables and indexes that come and go
//! foreign_key  references that come
//! ```

mod delete;
mod insert;
mod insert_each;
mod matching;
mod returning;
mod schema;
mod update;

pub use delete::{DeleteRows, PreparedDelete};
pub use insert::{InsertRows, NewRows, OnRowConflict, PreparedInsert, fitting_value};
pub use insert_each::insert_each_row;
pub use schema::{SchemaChange, create_table, drop_table, has_tables, schema_of, schemas_of};
pub use update::{PreparedUpdate, UpdateRows};

use wasm_dbms_api::ValueRef;

use crate::core::Core;
use crate::error::Fallible;
use crate::{Answer, Connection, Error, Prepared};

/// What a statement did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changed {
    /// How many rows it wrote or deleted.
    pub count: u64,
    /// What it returns of each; without columns if it returns nothing.
    pub returned: Answer,
}

/// A prepared change of rows, whichever it is: what all of them can be asked is compiled once.
#[doc(hidden)]
pub trait PreparedChange: std::fmt::Debug {
    /// What it asks before the first row is written.
    fn question(&self) -> Option<&Prepared<Answer>>;

    /// Runs it; what it wrote stays where it is refused, if it is the whole of a transaction.
    fn change_in(&self, core: &mut Core, parameters: &[ValueRef<'_>], is_whole: bool) -> Fallible<Changed>;
}

/// How a change would find its rows, in words.
#[doc(hidden)]
pub fn explain_change<C: Connection>(
    connection: &C,
    change: &dyn PreparedChange,
    parameters: &[ValueRef<'_>],
) -> Result<String, Error> {
    match change.question() {
        Some(question) => question.explain(connection, parameters),
        None => Ok("values".into()),
    }
}

/// Runs a change, and says what the steps of finding its rows came to.
#[doc(hidden)]
pub fn analyze_change<C: Connection>(
    connection: &C,
    change: &dyn PreparedChange,
    parameters: &[ValueRef<'_>],
) -> Result<(String, Changed), Error> {
    written(connection, &|core, is_whole| match change.question() {
        Some(question) => question.observe(core, parameters, |core| change.change_in(core, parameters, is_whole)),
        None => Ok(("values".into(), change.change_in(core, parameters, is_whole)?)),
    })
}

/// Runs a statement that takes back what it wrote itself, and is told whether it is a whole transaction.
fn written<C: Connection, R: Default>(
    connection: &C,
    statement: &dyn Fn(&mut Core, bool) -> Fallible<R>,
) -> Result<R, Error> {
    let (is_whole, mut result) = (connection.commits_each(), R::default());
    connection.write_undoing(&mut |core| {
        result = statement(core, is_whole)?;
        Ok(())
    })?;
    Ok(result)
}

/// Runs what may fail half-way. A statement that is the whole transaction is rolled back with it; another is in a savepoint.
fn undone_if_refused<R>(core: &mut Core, is_whole: bool, run: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
    if is_whole { run(core) } else { core.atomic(run) }
}
