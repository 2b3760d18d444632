//! Finding rows at the other end of a reference.

use std::cmp::Ordering;

use wasm_dbms_api::ValueRef;

use crate::catalog::{ForeignKey, Lookup, Path, RelationIndex};
use crate::codec::key;
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;
use crate::values::value_of;

impl Core {
    /// Whether the row is there that a row with these values refers to; none of its columns that refer is NULL.
    pub(crate) fn is_referred_row_there(&mut self, key: &ForeignKey, values: &[ValueRef<'_>]) -> Fallible<bool> {
        self.is_one_there(key, &|place| value_of(values, key.columns.get(place).copied().unwrap_or(usize::MAX)))
    }

    /// Whether the row is there that has these values in the columns that a foreign key refers to.
    pub(super) fn is_one_there<'v>(
        &mut self,
        key: &ForeignKey,
        value: &dyn Fn(usize) -> ValueRef<'v>,
    ) -> Fallible<bool> {
        let Self { store, catalog, scratch, .. } = self;
        let relation = catalog.relation(key.relation)?;
        let tree = match key.to_referred.path {
            Path::Key => relation.table.tree,
            Path::Index(number) => match relation.indexes.get(number) {
                Some(index) => index.head.tree,
                None => return Ok(false),
            },
            // What is referred to is unique, so something leads to it.
            Path::Scan => return Ok(false),
        };
        key.to_referred.key_start(relation, value, &mut scratch.key);
        Ok(tree.contains(store, &scratch.key)?)
    }

    /// Whether some row of `relation` refers with these values; one look-up where an index begins with the columns.
    pub(super) fn is_referred_with<'v>(
        &mut self,
        relation: RelationIndex,
        key: &ForeignKey,
        value: &dyn Fn(usize) -> ValueRef<'v>,
    ) -> Fallible<bool> {
        let lookup = &key.to_referring;
        if let (Path::Index(number), true) = (lookup.path, lookup.is_exact) {
            let Self { store, catalog, scratch, .. } = self;
            let relation = catalog.relation(relation)?;
            if let Some(index) = relation.indexes.get(number) {
                lookup.key_start(relation, value, &mut scratch.key);
                return Ok(index.head.tree.first_with(
                    store,
                    &scratch.key,
                    &mut scratch.entry,
                    &mut scratch.entry_value,
                )?);
            }
        }
        let mut is_there = false;
        keys_with(self, relation, lookup, &key.columns, value, &mut |_| {
            is_there = true;
            false
        })?;
        Ok(is_there)
    }
}

/// Calls `visit` with the key of each row of a relation that has these values in these columns, until it returns false.
/// `value` gives each by its place among the columns. Where nothing leads to the rows the whole scan is paid.
pub(crate) fn keys_with<'v>(
    core: &mut Core,
    relation: RelationIndex,
    lookup: &Lookup,
    columns: &[usize],
    value: &dyn Fn(usize) -> ValueRef<'v>,
    visit: &mut dyn FnMut(&[u8]) -> bool,
) -> Fallible<()> {
    let Core { store, catalog, meter, .. } = core;
    let relation = catalog.relation(relation)?;
    let index = match lookup.path {
        Path::Index(number) => relation.indexes.get(number),
        _ => None,
    };
    let mut start = Vec::new();
    lookup.key_start(relation, value, &mut start);
    let mut end = start.clone();
    let end = key::make_successor(&mut end).then_some(end);
    let mut cursor = index.map_or(relation.table.tree, |index| index.head.tree).cursor().until(end);
    let (mut entry, mut row_key, mut present) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_on_entry = if start.is_empty() { cursor.first(store)? } else { cursor.seek(store, &start)? };
    while is_on_entry {
        meter.step()?;
        cursor.read_key(store, &mut entry)?;
        let mut stored = cursor.value(store)?;
        row_key.clear();
        match index {
            Some(index) => row_key.extend_from_slice(index.row_key(&entry, &stored)?),
            None => row_key.extend_from_slice(&entry),
        }
        let mut is_match = true;
        if !lookup.is_exact {
            if index.is_some() {
                match relation.table.tree.get(store, &row_key)? {
                    Some(row) => stored = row,
                    None => is_match = false,
                }
            }
            let row = relation.layout.brought_up(&stored, &mut present)?;
            let view = RowView { layout: &relation.layout, key: &row_key, row };
            for (place, column) in columns.iter().enumerate() {
                is_match = is_match && view.try_value(*column)?.compare(value(place)) == Some(Ordering::Equal);
            }
        }
        if is_match && !visit(&row_key) {
            break;
        }
        is_on_entry = cursor.next(store)?;
    }
    Ok(())
}
