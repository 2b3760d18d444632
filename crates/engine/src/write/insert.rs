//! Inserting a row.

use std::sync::Arc;

use wasm_dbms_api::{Value, ValueRef};
use wasm_dbms_memory::Run;

use crate::Error;
use crate::catalog::{KeyShape, Relation, RelationIndex};
use crate::codec::key;
use crate::core::Core;
use crate::error::Fallible;
use crate::history::Numbers;
use crate::values::{value_of, values_of};
use crate::write::{check_lengths, check_value, is_taken, slots, unique_violation};

impl Core {
    /// Inserts a row; `None` lets the database choose (autoincrement, default, NULL). The row's key is in
    /// `scratch.key` afterwards; `key_values` is called with the values of its primary key (or its row id).
    ///
    /// Everything that can be refused is refused before the first write.
    pub(crate) fn insert_row(
        &mut self,
        index: RelationIndex,
        given: &[Option<ValueRef<'_>>],
        key_values: &mut dyn FnMut(&[ValueRef<'_>]) -> Fallible<()>,
    ) -> Fallible<()> {
        self.meter.step()?;
        self.touch(index);
        self.check_writable(index)?;
        let changed;
        let mut by_rules;
        let given = match &self.catalog.relation(index)?.rules {
            None => given,
            Some(rules) => {
                let rules = Arc::clone(rules);
                by_rules = self.drawn_row(index, &rules, given)?;
                changed = self.ruled_row(index, &rules, &by_rules)?;
                for (column, value) in &changed {
                    if let Some(place) = by_rules.get_mut(*column) {
                        *place = Some(Value::as_ref(value));
                    }
                }
                &by_rules
            }
        };
        let relation = self.catalog.relation(index)?;
        let counter = next_count(relation, given, &mut self.numbers)?;
        let schema = Arc::clone(&relation.schema);
        slots!(values, schema.columns.len(), ValueRef::Null);
        for (number, value) in values.iter_mut().enumerate() {
            *value = match (given.get(number).copied().flatten(), schema.columns.get(number)) {
                (Some(value), _) => value,
                (None, Some(column)) if column.autoincrement => ValueRef::from_u64(counter),
                (None, Some(column)) => column.default.as_ref().map_or(ValueRef::Null, |default| default.as_ref()),
                (None, None) => ValueRef::Null,
            };
            check_value(relation, number, *value)?;
        }
        self.insert_values(index, values, counter)?;
        let relation = self.catalog.relation(index)?;
        let primary_key = relation.primary_key();
        if primary_key.is_empty() {
            return key_values(&[ValueRef::from_u64(relation.table.counter)]);
        }
        if let [only] = primary_key {
            return key_values(&[value_of(values, *only)]);
        }
        key_values(&values_of(values, primary_key))
    }

    /// Lets `insert` insert rows of one table. What they add to indexes that refuse nothing goes in at the end.
    pub(crate) fn insert_together<R>(
        &mut self,
        index: RelationIndex,
        insert: impl FnOnce(&mut Self) -> Fallible<R>,
    ) -> Fallible<R> {
        self.deferring(|core| {
            core.open_pending(index)?;
            let result = insert(core);
            core.close_pending(index, result.is_ok())?;
            result
        })
    }

    #[inline(never)]
    fn open_pending(&mut self, index: RelationIndex) -> Fallible<()> {
        let count = self.catalog.relation(index)?.indexes.len();
        let pending = &mut self.scratch.pending;
        // A statement that ended in a panic may have left some.
        pending.clear();
        pending.runs.resize_with(count, Run::default);
        pending.relation = Some(index);
        Ok(())
    }

    #[inline(never)]
    fn close_pending(&mut self, index: RelationIndex, is_whole: bool) -> Fallible<()> {
        let Self { store, catalog, scratch, .. } = self;
        let mut pending = std::mem::take(&mut scratch.pending);
        if !is_whole {
            return Ok(());
        }
        for (other, run) in catalog.relation_mut(index)?.indexes.iter_mut().zip(&mut pending.runs) {
            if !run.is_empty() {
                other.head.change(|tree| tree.put_run(store, run))?;
            }
        }
        Ok(())
    }

    /// Inserts a row of checked values.
    pub(crate) fn insert_values(
        &mut self,
        index: RelationIndex,
        values: &[ValueRef<'_>],
        counter: u64,
    ) -> Fallible<()> {
        self.check_row(index, values, None)?;
        if !self.catalog.relation(index)?.foreign_keys.is_empty() {
            self.check_foreign_keys(index, values, None)?;
        }
        let Self { store, catalog, scratch, recorder, numbers, .. } = self;
        let relation = catalog.relation_mut(index)?;
        let mut counter = counter;
        scratch.key.clear();
        match &relation.shape {
            KeyShape::Columns(columns) => {
                for column in columns {
                    key::push(&mut scratch.key, values.get(*column).copied().unwrap_or(ValueRef::Null));
                }
            }
            KeyShape::RowId => {
                // Row ids and a column that counts up share the counter.
                let row_id = numbers.row_id(relation.id, relation.table.counter, counter);
                let row_id = row_id
                    .ok_or_else(|| Error::out_of_range(format_args!("the next row id of {}", relation.schema.name)))?;
                counter = counter.max(row_id);
                key::push(&mut scratch.key, ValueRef::from_u64(row_id));
            }
        }
        check_lengths(relation, values, scratch)?;
        let located = relation.table.locate(store, &scratch.key)?;
        if located.is_found() {
            return Err(unique_violation(relation, relation.primary_key(), values));
        }
        for unique in relation.indexes.iter().filter(|index| index.is_unique) {
            let holds_row_key = unique.entry_key(values, &scratch.key, &mut scratch.entry);
            if !holds_row_key && is_taken(store, unique, &scratch.entry)? {
                return Err(unique_violation(relation, &unique.columns, values));
            }
        }
        relation.layout.encode(values, &mut scratch.row);
        recorder.inserted(relation, &scratch.key, &scratch.row)?;
        relation.table.insert(store, located, &scratch.key, &scratch.row)?;
        let is_together = scratch.pending.relation == Some(index);
        let run_count = scratch.pending.runs.len();
        for (number, other) in relation.indexes.iter_mut().enumerate() {
            let holds_row_key = other.entry_key(values, &scratch.key, &mut scratch.entry);
            let value =
                other.entry_value(values, &scratch.key, holds_row_key, &mut scratch.row, &mut scratch.entry_value);
            if is_together
                && holds_row_key
                && let Some(run) = scratch.pending.runs.get_mut(number)
            {
                run.push(&scratch.entry, value);
                if run.is_full(run_count) {
                    other.head.change(|tree| tree.put_run(store, run))?;
                }
                continue;
            }
            other.head.change(|tree| tree.put(store, &scratch.entry, value))?;
        }
        relation.table.count(relation.table.rows.saturating_add(1), counter);
        Ok(())
    }
}

/// The counter after the insert: one more where the database chooses, at least the given value where it does not.
pub(crate) fn next_count(relation: &Relation, given: &[Option<ValueRef<'_>>], numbers: &mut Numbers) -> Fallible<u64> {
    let counter = relation.table.counter;
    let Some(column) = relation.autoincrement else { return Ok(counter) };
    match given.get(column).copied().flatten() {
        Some(value) => Ok(count_with(counter, value)),
        None => {
            let range = relation.data_type(column).integer_range();
            let next = range.and_then(|(_, high)| numbers.next(relation.id, counter, high));
            next.ok_or_else(|| {
                let column = relation.column_name(column);
                Error::out_of_range(format_args!("the next value of {}.{column}", relation.schema.name))
            })
        }
    }
}

/// The counter once a column that counts up holds this value.
pub(crate) fn count_with(counter: u64, value: ValueRef<'_>) -> u64 {
    counter.max(value.as_i128().and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
}
