//! Tables that only a migration in steps knows. Each is a table like any other, so pages, rows and entries are looked at,
//! packed and moved as everywhere; its name begins as no name of a user's does.

/// A table in its new form, before the switch; then the number of the table that it will be.
pub(crate) const NEW: &str = "\0new ";

/// What a table was before the switch; then its number.
pub(crate) const OLD: &str = "\0old ";

/// Whether this is the name of such a table.
#[inline]
pub(crate) fn is_hidden(name: &str) -> bool {
    name.as_bytes().first() == Some(&0)
}
