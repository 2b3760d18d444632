//! Tables that only a migration in steps knows. Each is a table like any other, so pages, rows and entries are looked at,
//! packed and moved as everywhere; its name begins as no name of a user's does.

use wasm_dbms_memory::TableId;

/// A table in its new form, before the switch; then the number of the table that it will be. Where it has no rows of its
/// own it only says that nobody may write that table.
pub(crate) const NEW: &str = "\0new ";

/// What a table was before the switch; then its number.
pub(crate) const OLD: &str = "\0old ";

/// Whether this is the name of such a table.
#[inline]
pub(crate) fn is_hidden(name: &str) -> bool {
    name.as_bytes().first() == Some(&0)
}

/// The table that a new form is of.
pub(crate) fn table_in_work(name: &str) -> Option<TableId> {
    // What is no number is no table's: nothing is found by it.
    let digits = name.strip_prefix(NEW)?.bytes();
    Some(digits.fold(0, |id: TableId, digit| id.wrapping_mul(10).wrapping_add((digit & 15).into())))
}
