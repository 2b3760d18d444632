//! Changing a row.

use std::sync::Arc;

use wasm_dbms_api::{Value, ValueRef};

use crate::catalog::{KeyShape, RelationIndex};
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;
use crate::write::insert::count_with;
use crate::write::{Event, check_lengths, check_value, is_taken, unique_violation};

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
    ) -> Fallible<bool> {
        self.meter.step()?;
        match self.catalog.relation(index)?.rules.clone() {
            None => self.change_row(index, row_key, assignments),
            Some(rules) => {
                self.check_writable(index)?;
                let ruled = self.ruled_assignments(index, &rules, assignments)?;
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
    ) -> Fallible<bool> {
        self.touch(index);
        let mut is_in_place = !self.recorder.is_on();
        let relation = self.catalog.relation(index)?;
        for (column, value) in assignments {
            check_value(relation, *column, value.as_ref())?;
            is_in_place &= relation.is_plain(*column);
        }
        if is_in_place && !self.is_checked(index, assignments)? {
            let relation = self.catalog.relation(index)?;
            let layout = &*relation.layout;
            let mut is_current = true;
            let changed = relation.table.tree.change(&mut self.store, row_key, &mut |row| {
                is_current = layout.is_current(row);
                for (column, value) in assignments.iter().filter(|_| is_current) {
                    layout.patch(row, *column, value.as_ref());
                }
            })?;
            match changed {
                None => return Ok(false),
                Some(true) if is_current => return Ok(true),
                // What is written anew comes into the present form.
                Some(_) => {}
            }
        }
        let mut old_row = std::mem::take(&mut self.scratch.found);
        let Some(located) = self.read_row(index, row_key, &mut old_row)? else { return Ok(false) };
        let relation = self.catalog.relation(index)?;
        let layout = Arc::clone(&relation.layout);
        let view = RowView { layout: &layout, key: row_key, row: &old_row };
        let old_values = view.values(relation.schema.columns.len())?;
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
        let mut changed = Vec::new();
        for column in 0..values.len() {
            if is_changed(&column) {
                changed.push(column);
            }
        }
        // A row that moves is asked everything again where it is put.
        self.check_row(index, &values, if changes_key { None } else { Some(&changed) })?;
        let mut events = self.check_change(index, row_key, &old_values, &values, &changed)?;
        check_lengths(self.catalog.relation(index)?, &values, &mut self.scratch)?;
        // What could refuse the new row is asked while the old one is still there: only the old row itself may stand in
        // its way, and only where an index does not change.
        self.check_unique(index, row_key, &old_values, &values)?;
        let write = |core: &mut Self| {
            if changes_key {
                let counter = core.counter_with(index, &values)?;
                core.remove_row_at(index, row_key, located, &old_values)?;
                core.insert_values(index, &values, counter)
            } else {
                core.replace_row(index, row_key, located, &old_values, &values, &changed)
            }
        };
        if events.is_empty() || self.scratch.deferred.is_following {
            write(self)?;
            self.scratch.deferred.events.append(&mut events);
        } else {
            self.atomic(|core| {
                core.deferring(|core| {
                    write(core)?;
                    // Looking for rows that refer puts other keys there.
                    let new_key = core.scratch.key.clone();
                    core.scratch.deferred.events.append(&mut events);
                    core.follow_events()?;
                    core.scratch.key = new_key;
                    Ok(())
                })
            })?;
        }
        drop(values);
        drop(old_values);
        self.scratch.found = old_row;
        Ok(true)
    }

    /// Checks the references of the changed columns, both ways. Returns what the change is to rows that refer.
    fn check_change(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        old_values: &[ValueRef<'_>],
        values: &[ValueRef<'_>],
        changed: &[usize],
    ) -> Fallible<Vec<Event>> {
        if changed.is_empty() {
            return Ok(Vec::new());
        }
        if !self.catalog.relation(index)?.foreign_keys.is_empty() {
            self.check_foreign_keys(index, values, Some((changed, old_values)))?;
        }
        self.events_of_change(index, row_key, old_values, values, changed)
    }

    /// Checks that the new values take no key of another row.
    fn check_unique(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        old_values: &[ValueRef<'_>],
        values: &[ValueRef<'_>],
    ) -> Fallible<()> {
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
    ) -> Fallible<()> {
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
    pub(crate) fn counter_with(&self, index: RelationIndex, values: &[ValueRef<'_>]) -> Fallible<u64> {
        let relation = self.catalog.relation(index)?;
        let value = relation.autoincrement.and_then(|column| values.get(column));
        Ok(value.map_or(relation.table.counter, |value| count_with(relation.table.counter, *value)))
    }
}
