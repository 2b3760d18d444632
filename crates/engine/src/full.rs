//! What a build can do beyond tables, filters, inner and left joins, groups: the feature `full`.
//!
//! Without it the rest is refused where it is said, and what would carry it out, which asks [`IS_FULL`] first, is not linked: a
//! constant, so that both builds are compiled and checked whole. Files are the same, of whichever build: a table whose rules
//! or checks need more than a build has can be read there, not written.

use crate::Error;
use crate::error::Fallible;

/// Whether this build has the feature `full`: functions, casts, CASE, queries in queries, sets, WITH, RIGHT and FULL joins,
/// sanitizers and validators, computed new rows, REPLACE. It has, unless a program says `default-features = false`; a module
/// without it is a sixth smaller.
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
    Error::Query("this build has no functions, casts, rules or queries in queries (feature `full` of wasm-dbms)".into())
        .into()
}
