//! Writing rows: every face's inserts, updates and deletes end here.

mod check;
mod delete;
mod foreign_key;
mod insert;
mod rules;
mod slots;
mod update;

use wasm_dbms_api::{ColumnSchema, Page, ValueRef};
use wasm_dbms_memory::{MAX_KEY_BYTES, MAX_VALUE_BYTES, Run};

use crate::Error;
use crate::catalog::{Index, MAX_CLUSTERED_KEY_BYTES, RelationIndex};
use crate::error::Fallible;
use crate::store::Store;
use crate::values::{listed, values_of};

pub(crate) use check::{Checks, bound_checks};
pub(crate) use foreign_key::{Deferred, Event, REFERS_TO_NONE, keys_with};
pub(crate) use insert::count_with;
pub(crate) use slots::{FEW_COLUMNS, slots};
pub(crate) use update::Assignment;

/// Buffers that statements use again and again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) key: Vec<u8>,
    pub(crate) row: Vec<u8>,
    pub(crate) entry: Vec<u8>,
    pub(crate) entry_value: Vec<u8>,
    pub(crate) found: Vec<u8>,
    /// Where a row that was looked for stands in its page.
    pub(crate) page: Page,
    pub(crate) start: u16,
    pub(crate) end: u16,
    /// What a statement that inserts many rows has not put into the indexes yet.
    pub(crate) pending: Pending,
    /// The references that a statement of many rows has broken so far.
    pub(crate) deferred: Deferred,
}

impl Scratch {
    /// Forgets what a statement left that failed.
    pub(crate) fn forget_statement(&mut self) {
        self.pending.clear();
    }
}

/// Entries of indexes that nothing can refuse and that nobody looks at before the statement ends: they wait, and go in
/// sorted.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// The table whose rows are inserted.
    relation: Option<RelationIndex>,
    /// For each index of it.
    runs: Vec<Run>,
}

impl Pending {
    /// Forgets every entry: the statement failed.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Whether an index has a row with these values of its columns; `entry` is their key.
fn is_taken(store: &mut Store, index: &Index, entry: &[u8]) -> Fallible<bool> {
    Ok(index.head.tree.contains(store, entry)?)
}

/// The error of a key that is taken.
pub(crate) fn unique_violation(
    relation: &crate::catalog::Relation,
    columns: &[usize],
    values: &[ValueRef<'_>],
) -> Box<Error> {
    Error::Unique {
        table: relation.schema.name.clone(),
        columns: relation.column_names(columns),
        value: listed(&values_of(values, columns)),
    }
    .into()
}

/// Checks that a value can stand in a column.
#[inline]
fn check_value(relation: &crate::catalog::Relation, column: usize, value: ValueRef<'_>) -> Fallible<()> {
    let Some(schema) = relation.schema.columns.get(column) else { return Ok(()) };
    let is_held = if value.is_null() { schema.nullable } else { schema.holds(value) };
    if is_held { Ok(()) } else { Err(misfit(relation, schema, value)) }
}

/// Why a column cannot hold a value.
#[cold]
#[inline(never)]
fn misfit(relation: &crate::catalog::Relation, column: &ColumnSchema, value: ValueRef<'_>) -> Box<Error> {
    if value.is_null() {
        return Error::not_null(&relation.schema.name, &column.name);
    }
    Error::Type {
        table: relation.schema.name.clone(),
        column: column.name.clone(),
        expected: column.data_type.to_string(),
        value: value.to_value(),
    }
    .into()
}

/// Checks that no key of a row and not the row itself is longer than a tree takes. A row of little text has no long key,
/// whatever its indexes.
#[inline]
pub(crate) fn check_lengths(
    relation: &crate::catalog::Relation,
    values: &[ValueRef<'_>],
    scratch: &mut Scratch,
) -> Fallible<()> {
    let length = |value: &ValueRef<'_>| match value {
        ValueRef::Text(text) => text.len(),
        ValueRef::Bytes(bytes) => bytes.len(),
        ValueRef::Json(json) => json.as_str().len(),
        _ => 0,
    };
    // A byte takes two in a key at most; the rest is for what else stands in it.
    if values.iter().map(length).sum::<usize>() <= MAX_KEY_BYTES / 4 {
        Ok(())
    } else {
        check_long(relation, values, scratch)
    }
}

#[cold]
fn check_long(relation: &crate::catalog::Relation, values: &[ValueRef<'_>], scratch: &mut Scratch) -> Fallible<()> {
    let table = &relation.schema.name;
    for index in &relation.indexes {
        let holds_row_key = index.entry_key(values, &[], &mut scratch.entry);
        let bytes = scratch.entry.len() + if holds_row_key { MAX_CLUSTERED_KEY_BYTES } else { 0 };
        if bytes > MAX_KEY_BYTES {
            let columns = relation.column_names(&index.columns);
            let what = format!("the key of {table} on {columns}");
            return Err(Error::TooLong { what, bytes: bytes as u64, limit: MAX_KEY_BYTES as u64 }.into());
        }
    }
    relation.layout.encode(values, &mut scratch.row);
    let bytes = scratch.row.len();
    // An entry that carries all columns is longer than the row: by the row's key and its length.
    let is_carried = relation.indexes.iter().any(|index| index.carried_layout().is_some());
    let limit = MAX_VALUE_BYTES - if is_carried { 1 + MAX_CLUSTERED_KEY_BYTES } else { 0 };
    if bytes > limit {
        let what = format!("a row of {table}");
        return Err(Error::TooLong { what, bytes: bytes as u64, limit: limit as u64 }.into());
    }
    Ok(())
}
