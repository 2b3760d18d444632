//! Writing rows: every face's inserts, updates and deletes end here.

mod delete;
mod insert;
mod rules;
mod update;

use wasm_dbms_api::{Page, ValueRef};
use wasm_dbms_memory::{MAX_KEY_BYTES, MAX_VALUE_BYTES, Run};

use crate::catalog::{Index, MAX_CLUSTERED_KEY_BYTES, RelationIndex};
use crate::codec::key;
use crate::codec::row::RowView;
use crate::core::Core;
use crate::store::Store;
use crate::{Error, Result};

pub(crate) use update::Assignment;

/// The most columns whose values are put together without asking the heap.
const FEW_COLUMNS: usize = 16;

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
fn is_taken(store: &mut Store, index: &Index, entry: &[u8]) -> Result<bool> {
    Ok(index.head.tree.contains(store, entry)?)
}

/// Whether a row of a relation has `value` in `column`. One look-up where the column is the first of an index.
fn has_value(core: &mut Core, relation: RelationIndex, column: usize, value: ValueRef<'_>) -> Result<bool> {
    let Core { store, catalog, scratch, .. } = core;
    let indexes = &catalog.relation(relation)?.indexes;
    if let Some(index) = indexes.iter().find(|index| index.columns.first() == Some(&column)) {
        scratch.key.clear();
        index.push(&mut scratch.key, 0, value);
        return Ok(index.head.tree.first_with(store, &scratch.key, &mut scratch.entry, &mut scratch.row)?);
    }
    let mut is_there = false;
    keys_with(core, relation, column, value, &mut |_| {
        is_there = true;
        false
    })?;
    Ok(is_there)
}

/// Calls `visit` with the key of each row that has `value` in `column` of a relation. The column is the first of an
/// index, or the whole scan is paid.
pub(crate) fn keys_with(
    core: &mut Core,
    relation: RelationIndex,
    column: usize,
    value: ValueRef<'_>,
    visit: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<()> {
    let Core { store, catalog, meter, .. } = core;
    let relation = catalog.relation(relation)?;
    if relation.is_keyed_by(column) {
        let mut row_key = Vec::new();
        key::push(&mut row_key, value);
        if relation.table.tree.contains(store, &row_key)? {
            visit(&row_key);
        }
        return Ok(());
    }
    let mut entry = Vec::new();
    if let Some(index) = relation.indexes.iter().find(|index| index.columns.first() == Some(&column)) {
        let mut start = Vec::new();
        index.push(&mut start, 0, value);
        let mut end = start.clone();
        let has_end = key::make_successor(&mut end);
        let mut cursor = index.head.tree.cursor().until(has_end.then_some(end));
        let mut is_on_entry = cursor.seek(store, &start)?;
        while is_on_entry {
            meter.step()?;
            cursor.read_key(store, &mut entry)?;
            let stored = cursor.value(store)?;
            if !visit(index.row_key(&entry, &stored)?) {
                break;
            }
            is_on_entry = cursor.next(store)?;
        }
        return Ok(());
    }
    let mut cursor = relation.table.tree.cursor();
    let mut is_on_entry = cursor.first(store)?;
    while is_on_entry {
        meter.step()?;
        cursor.read_key(store, &mut entry)?;
        let row = cursor.value(store)?;
        let view = RowView { layout: &relation.layout, key: &entry, row: &row };
        let is_match = view.try_value(column)?.compare(value) == Some(std::cmp::Ordering::Equal);
        if is_match && !visit(&entry) {
            break;
        }
        is_on_entry = cursor.next(store)?;
    }
    Ok(())
}

/// The error of a key that is taken.
fn unique_violation(relation: &crate::catalog::Relation, columns: &[usize], values: &[ValueRef<'_>]) -> Error {
    let shown = columns.iter().map(|column| values.get(*column).copied().unwrap_or(ValueRef::Null).to_string());
    Error::Unique {
        table: relation.schema.name.clone(),
        columns: relation.column_names(columns),
        value: shown.collect::<Vec<_>>().join(", "),
    }
}

/// Checks that a value can stand in a column.
#[inline]
fn check_value(relation: &crate::catalog::Relation, column: usize, value: ValueRef<'_>) -> Result<()> {
    let Some(schema) = relation.schema.columns.get(column) else { return Ok(()) };
    if value.is_null() {
        if schema.nullable {
            return Ok(());
        }
        return Err(Error::NotNull { table: relation.schema.name.clone(), column: schema.name.clone() });
    }
    if schema.holds(value) {
        return Ok(());
    }
    Err(Error::Type {
        table: relation.schema.name.clone(),
        column: schema.name.clone(),
        expected: schema.data_type.to_string(),
        value: value.to_value(),
    })
}

/// Checks that no key of a row and not the row itself is longer than a tree takes. A row of little text has no long key,
/// whatever its indexes.
#[inline]
fn check_lengths(relation: &crate::catalog::Relation, values: &[ValueRef<'_>], scratch: &mut Scratch) -> Result<()> {
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
fn check_long(relation: &crate::catalog::Relation, values: &[ValueRef<'_>], scratch: &mut Scratch) -> Result<()> {
    let table = &relation.schema.name;
    for index in &relation.indexes {
        let holds_row_key = index.entry_key(values, &[], &mut scratch.entry);
        let bytes = scratch.entry.len() + if holds_row_key { MAX_CLUSTERED_KEY_BYTES } else { 0 };
        if bytes > MAX_KEY_BYTES {
            let columns = relation.column_names(&index.columns);
            let what = format!("the key of {table} on {columns}");
            return Err(Error::TooLong { what, bytes: bytes as u64, limit: MAX_KEY_BYTES as u64 });
        }
    }
    relation.layout.encode(values, &mut scratch.row);
    let bytes = scratch.row.len();
    // An entry that carries all columns is longer than the row: by the row's key and its length.
    let is_carried = relation.indexes.iter().any(|index| index.carried_layout().is_some());
    let limit = MAX_VALUE_BYTES - if is_carried { 1 + MAX_CLUSTERED_KEY_BYTES } else { 0 };
    if bytes > limit {
        let what = format!("a row of {table}");
        return Err(Error::TooLong { what, bytes: bytes as u64, limit: limit as u64 });
    }
    Ok(())
}

/// Checks that the rows that a row refers to are there. Of a row that changes, `change` has the columns that do and the
/// values it had.
fn check_foreign_keys(
    core: &mut Core,
    relation: RelationIndex,
    values: &[ValueRef<'_>],
    change: Option<(&[usize], &[ValueRef<'_>])>,
) -> Result<()> {
    for number in 0.. {
        let Some(foreign_key) = core.catalog.relation(relation)?.foreign_keys.get(number).copied() else { break };
        let value = values.get(foreign_key.column).copied().unwrap_or(ValueRef::Null);
        let is_asked = change.is_none_or(|(columns, _)| columns.contains(&foreign_key.column));
        if value.is_null() || !is_asked {
            continue;
        }
        // A row may refer to itself before it is there, but not to what it will no longer be.
        let is_own = |values: &[ValueRef<'_>]| {
            let own = values.get(foreign_key.referred).and_then(|own| own.compare(value));
            foreign_key.relation == relation && own == Some(std::cmp::Ordering::Equal)
        };
        let was_own = change.is_some_and(|(_, old_values)| is_own(old_values));
        if is_own(values) || !was_own && exists(core, foreign_key.relation, foreign_key.referred, value)? {
            continue;
        }
        let child = core.catalog.relation(relation)?;
        return Err(Error::ForeignKey {
            table: child.schema.name.clone(),
            column: child.column_name(foreign_key.column).to_owned(),
            value: value.to_value(),
            problem: "refers to no row of",
            other: core.catalog.relation(foreign_key.relation)?.schema.name.clone(),
        });
    }
    Ok(())
}

/// Whether a row has this value in a unique column.
fn exists(core: &mut Core, relation: RelationIndex, column: usize, value: ValueRef<'_>) -> Result<bool> {
    let Core { store, catalog, scratch, .. } = core;
    let relation = catalog.relation(relation)?;
    scratch.found.clear();
    if relation.is_keyed_by(column) {
        key::push(&mut scratch.found, value);
        return Ok(relation.table.tree.contains(store, &scratch.found)?);
    }
    if let Some(index) = relation.unique_index_on(column).and_then(|number| relation.indexes.get(number)) {
        index.push(&mut scratch.found, 0, value);
        return is_taken(store, index, &scratch.found);
    }
    Ok(false)
}
