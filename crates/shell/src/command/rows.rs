//! `.rows` and `.count`: what stands in a table.

use std::io::Write;

use wasm_dbms::prelude::*;

use crate::error::Result;
use crate::format::{self, Format};

/// Prints the rows of a table, at most `limit`.
pub(super) fn write(
    database: &Database,
    table: &str,
    limit: Option<u64>,
    format: Format,
    out: &mut dyn Write,
) -> Result<()> {
    let query = Query { limit: limit.map(Expr::from), ..Query::from(table.to_owned()) };
    let answer = database.query(&query)?;
    format::write(format, &answer.columns, &answer.rows, out)
}

/// How many rows a table has.
pub(super) fn count(database: &Database, table: &str) -> Result<u64> {
    let query = Query::from(table.to_owned()).column(Expr::count());
    let answer = database.query(&query)?;
    let count = answer.rows.first().and_then(|row| row.first()).and_then(|value| value.as_ref().as_i128());
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}
