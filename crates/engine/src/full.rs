//! What a build can do beyond tables, filters, inner and left joins, groups: the feature `full`.
//!
//! Without it the rest is refused where it is said, and what would carry it out, which asks [`IS_FULL`] first, is not linked: a
//! constant, so that both builds are compiled and checked whole. Files are the same, of whichever build: a table whose rules
//! or checks need more than a build has can be read there, not written.
//!
//! Left out, beside what is refused:
//!
//! - of the planner, what makes some questions quicker and no answer another: what follows from columns that are equal, merge
//!   joins, a range for each part of an `OR` over several columns (that of one column is a list, and has ranges), left joins that
//!   conditions make inner ones, another order of more than ten tables than that in which they are written;
//! - of values, texts that stand for numbers, truths or bytes where such a column is written: a decimal, a day, a moment, a
//!   UUID, a JSON document and a name of an enum can be written as texts there;
//! - of the rows of a leaf, a routine for each type that reads the numbers of a column: one reads those of all types;
//! - EXPLAIN ANALYZE; in messages, what only a file can say of a condition is `(..)`.

use crate::Error;
use crate::error::Fallible;

/// Whether this build has the feature `full`: functions, casts, CASE, queries in queries, sets, WITH, RIGHT and FULL joins,
/// sanitizers and validators, computed new rows, REPLACE, UPDATE .. FROM, aggregates of some rows (FILTER), EXPLAIN ANALYZE, the
/// rarer ways of the planner. It has, unless a program says `default-features = false`; a module without it is a fifth smaller.
///
/// ```
/// use wasm_dbms::{Database, Expr, IS_FULL, Query, ScalarFunction};
///
/// let abs = Query::default().column(Expr::function(ScalarFunction::Absolute, [Expr::from(-1)]));
/// assert_eq!(Database::in_memory().query(&abs).is_ok(), IS_FULL);
/// ```
pub const IS_FULL: bool = cfg!(feature = "full");

/// Refuses what only a full build does.
#[inline]
pub(crate) fn needs_full() -> Fallible<()> {
    if IS_FULL { Ok(()) } else { Err(refusal()) }
}

#[cold]
fn refusal() -> Box<Error> {
    Error::query(format_args!(
        "this needs the feature `full` of wasm-dbms: functions, casts, rules, queries in queries"
    ))
}
