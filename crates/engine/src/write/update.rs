//! Changing a row.

use std::sync::Arc;

use wasm_dbms_api::{Value, ValueRef};

use crate::catalog::{KeyShape, RelationIndex};
use crate::codec::row::RowView;
use crate::core::Core;
use crate::write::insert::count_with;
use crate::write::{check_foreign_keys, check_lengths, check_value, is_taken, keys_with, unique_violation};
use crate::{Error, Result};

/// A column and its new value.
pub(crate) type Assignment = (usize, Value);

impl Core {
    /// Changes the row with this key. Returns whether there is one.
    ///
    /// Everything that can be refused is refused before the first write.
    pub(crate) fn update_row(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        assignments: &[Assignment],
    ) -> Result<bool> {
        self.meter.step()?;
        self.check_writable(index)?;
        match &self.catalog.relation(index)?.rules {
            None => self.change_row(index, row_key, assignments),
            Some(rules) => {
                let ruled = self.ruled_assignments(index, &Arc::clone(rules), assignments)?;
                self.change_row(index, row_key, &ruled)
            }
        }
    }

    /// As [`update_row`](Self::update_row), with values that have been through the rules of their columns.
    pub(crate) fn change_row(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        assignments: &[Assignment],
    ) -> Result<bool> {
        self.touch(index);
        let relation = self.catalog.relation(index)?;
        for (column, value) in assignments {
            check_value(relation, *column, value.as_ref())?;
        }
        if assignments.iter().all(|(column, _)| relation.is_plain(*column)) && !self.recorder.is_on() {
            let layout = &*relation.layout;
            let changed = relation.table.tree.change(&mut self.store, row_key, &mut |row| {
                for (column, value) in assignments {
                    layout.patch(row, *column, value.as_ref());
                }
            })?;
            match changed {
                None => return Ok(false),
                Some(true) => return Ok(true),
                Some(false) => {}
            }
        }
        let mut old_row = std::mem::take(&mut self.scratch.found);
        let Some(located) = self.read_row(index, row_key, &mut old_row)? else { return Ok(false) };
        let relation = self.catalog.relation(index)?;
        let layout = Arc::clone(&relation.layout);
        let view = RowView { layout: &layout, key: row_key, row: &old_row };
        let mut old_values = Vec::with_capacity(relation.schema.columns.len());
        for column in 0..relation.schema.columns.len() {
            old_values.push(view.try_value(column)?);
        }
        let mut values = old_values.clone();
        for (column, value) in assignments {
            if let Some(place) = values.get_mut(*column) {
                *place = value.as_ref();
            }
        }
        let is_changed = |column: &usize| match (old_values.get(*column), values.get(*column)) {
            (Some(old), Some(new)) => !old.is_identical(*new),
            _ => false,
        };
        let changes_key = match &relation.shape {
            KeyShape::Columns(columns) => columns.iter().any(is_changed),
            KeyShape::RowId => false,
        };
        let changed: Vec<usize> = (0..values.len()).filter(is_changed).collect();
        self.check_change(index, row_key, &old_values, &values, &changed)?;
        check_lengths(self.catalog.relation(index)?, &values, &mut self.scratch)?;
        if changes_key {
            let counter = self.counter_with(index, &values)?;
            // What could refuse the new row is asked while the old one is still there: only the old row itself may
            // stand in its way, and only where an index does not change.
            self.check_unique(index, row_key, &old_values, &values)?;
            self.remove_row_at(index, row_key, located, &old_values)?;
            self.insert_values(index, &values, counter)?;
        } else {
            self.check_unique(index, row_key, &old_values, &values)?;
            self.replace_row(index, row_key, located, &old_values, &values, &changed)?;
        }
        drop(values);
        drop(old_values);
        self.scratch.found = old_row;
        Ok(true)
    }

    /// Checks the references of the changed columns, both ways.
    fn check_change(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        old_values: &[ValueRef<'_>],
        values: &[ValueRef<'_>],
        changed: &[usize],
    ) -> Result<()> {
        if changed.is_empty() {
            return Ok(());
        }
        if !self.catalog.relation(index)?.foreign_keys.is_empty() {
            check_foreign_keys(self, index, values, Some((changed, old_values)))?;
        }
        for number in 0.. {
            let Some(referrer) = self.catalog.relation(index)?.referrers.get(number).copied() else { break };
            let child = self.catalog.relation(referrer.relation)?;
            let Some(foreign_key) = child.foreign_keys.get(referrer.foreign_key).copied() else { continue };
            if !changed.contains(&foreign_key.referred) {
                continue;
            }
            let old = old_values.get(foreign_key.referred).copied().unwrap_or(ValueRef::Null);
            if values.get(foreign_key.referred) == Some(&old) {
                // Another form of the same value: the reference holds.
                continue;
            }
            // A row that refers to itself may change both sides at once.
            let lets_go = referrer.relation == index && changed.contains(&foreign_key.column);
            let mut is_referred = false;
            if !old.is_null() {
                keys_with(self, referrer.relation, foreign_key.column, old, &mut |key| {
                    is_referred = !(lets_go && key == row_key);
                    !is_referred
                })?;
            }
            if is_referred {
                let child = self.catalog.relation(referrer.relation)?;
                return Err(Error::ForeignKey {
                    table: child.schema.name.clone(),
                    column: child.column_name(foreign_key.column).to_owned(),
                    value: old.to_value(),
                    problem: "still refers to",
                    other: self.catalog.relation(index)?.schema.name.clone(),
                });
            }
        }
        Ok(())
    }

    /// Checks that the new values take no key of another row.
    fn check_unique(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        old_values: &[ValueRef<'_>],
        values: &[ValueRef<'_>],
    ) -> Result<()> {
        let Self { store, catalog, scratch, .. } = self;
        let relation = catalog.relation(index)?;
        if let KeyShape::Columns(columns) = &relation.shape {
            scratch.key.clear();
            for column in columns {
                crate::codec::key::push(&mut scratch.key, values.get(*column).copied().unwrap_or(ValueRef::Null));
            }
            if scratch.key != row_key && relation.table.tree.contains(store, &scratch.key)? {
                return Err(unique_violation(relation, columns, values));
            }
        }
        for unique in relation.indexes.iter().filter(|index| index.is_unique) {
            if unique.columns.iter().all(|column| old_values.get(*column) == values.get(*column)) {
                continue;
            }
            let holds_row_key = unique.entry_key(values, row_key, &mut scratch.entry);
            if !holds_row_key && is_taken(store, unique, &scratch.entry)? {
                return Err(unique_violation(relation, &unique.columns, values));
            }
        }
        Ok(())
    }

    /// Replaces a row whose key stays, and the entries of the indexes that change.
    fn replace_row(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        located: wasm_dbms_memory::Located,
        old_values: &[ValueRef<'_>],
        values: &[ValueRef<'_>],
        changed: &[usize],
    ) -> Result<()> {
        if changed.is_empty() {
            return Ok(());
        }
        let Self { store, catalog, scratch, recorder, .. } = self;
        let relation = catalog.relation_mut(index)?;
        relation.layout.encode(values, &mut scratch.row);
        recorder.replacing(store, relation, row_key, &located, &scratch.row)?;
        relation.table.change(|tree| tree.replace_at(store, located, row_key, &scratch.row))?;
        for other in &mut relation.indexes {
            if !changed.iter().any(|column| other.holds(*column)) {
                continue;
            }
            if other.columns.iter().any(|column| changed.contains(column)) {
                other.entry_key(old_values, row_key, &mut scratch.entry);
                other.head.change(|tree| tree.remove(store, &scratch.entry))?;
            }
            let holds_row_key = other.entry_key(values, row_key, &mut scratch.entry);
            let value = other.entry_value(values, row_key, holds_row_key, &mut scratch.row, &mut scratch.entry_value);
            other.head.change(|tree| tree.put(store, &scratch.entry, value))?;
        }
        if relation.autoincrement.is_some_and(|column| changed.contains(&column)) {
            let counter = self.counter_with(index, values)?;
            let table = &mut self.catalog.relation_mut(index)?.table;
            table.count(table.rows, counter);
        }
        Ok(())
    }

    /// The counter of a table once a row has these values.
    pub(crate) fn counter_with(&self, index: RelationIndex, values: &[ValueRef<'_>]) -> Result<u64> {
        let relation = self.catalog.relation(index)?;
        let value = relation.autoincrement.and_then(|column| values.get(column));
        Ok(value.map_or(relation.table.counter, |value| count_with(relation.table.counter, *value)))
    }
}
