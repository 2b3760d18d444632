//! [`Rewriter`]: rows that go into a new tree, with values of their new types, under their new key.

use wasm_dbms_api::{ColumnMigration, ColumnSchema, Value, ValueRef};

use crate::Error;
use crate::catalog::{KeyShape, Relation, RelationIndex};
use crate::codec::key;
use crate::codec::row::widened;
use crate::codec::snapshot::{PartId, Snapshot};
use crate::core::Core;
use crate::error::Fallible;
use crate::migrate::draft::{Conversion, converted};
use crate::write::{check_lengths, unique_violation};

/// What is made of the rows of a table.
#[derive(Debug)]
pub(super) struct Rewriter {
    /// Where they go.
    place: RelationIndex,
    /// The table as people call it.
    pub(super) shown: Relation,
    /// Where each column stood; none of those that come.
    origins: Vec<Option<usize>>,
    /// What each column is in rows that are older than it.
    initial: Vec<Value>,
    /// Columns whose values become those of another type.
    converted: Vec<(usize, Conversion)>,
    /// The column in which rows are counted.
    numbered: Option<usize>,
    keeps_row_ids: bool,
    pub(super) rows: u64,
    pub(super) counter: u64,
}

impl Rewriter {
    /// From rows of `from`, described by `old`, to those of a table of the catalog, described by `new`.
    pub(super) fn new(
        place: RelationIndex,
        shown: Relation,
        (from, old): (&Relation, &Snapshot),
        new: &Snapshot,
        (converted, numbered): (&[Conversion], Option<PartId>),
    ) -> Self {
        let place_of = |id: PartId| old.columns.iter().position(|column| column.id == id);
        let mut rewriter = Self {
            place,
            origins: Vec::new(),
            initial: Vec::new(),
            converted: Vec::new(),
            numbered: None,
            keeps_row_ids: !from.is_clustered() && !shown.is_clustered(),
            rows: shown.table.rows,
            counter: shown.table.counter.max(from.table.counter),
            shown,
        };
        for (place, column) in new.columns.iter().enumerate() {
            rewriter.origins.push(place_of(column.id));
            rewriter.initial.push(column.initial.clone());
            if let Some(conversion) = converted.iter().find(|conversion| conversion.column == column.id) {
                rewriter.converted.push((place, conversion.clone()));
            }
            if Some(column.id) == numbered {
                rewriter.numbered = Some(place);
            }
        }
        rewriter
    }

    /// The values of the next row that are not those it had: a column and what it is.
    pub(super) fn made(&mut self, old_values: &[ValueRef<'_>]) -> Fallible<Vec<(usize, Value)>> {
        self.rows = self.rows.saturating_add(1);
        let mut made = Vec::new();
        for (column, conversion) in &self.converted {
            let origin = self.origins.get(*column).copied().flatten();
            let (Some(value), Some(schema)) =
                (origin.and_then(|origin| old_values.get(origin)), self.shown.schema.columns.get(*column))
            else {
                continue;
            };
            let value = match *value {
                ValueRef::Enum(number, name) => {
                    ValueRef::Enum(number, conversion.names.get(usize::from(number)).map_or(name, String::as_str))
                }
                value => value,
            };
            match &conversion.function {
                Some(function) => made.push((*column, self.transformed(*column, schema, function, value)?)),
                None if value.is_null() => {}
                None => made.push((*column, converted(&value.to_value(), schema)?)),
            }
        }
        if let Some((column, schema)) =
            self.numbered.and_then(|column| Some((column, self.shown.schema.columns.get(column)?)))
        {
            let number = ValueRef::from_u64(self.rows);
            if !schema.holds(number) {
                return Err(Error::out_of_range(format_args!("{number} in column {}", schema.name)));
            }
            self.counter = self.counter.max(self.rows);
            made.push((column, number.to_value()));
        }
        Ok(made)
    }

    /// What a function of the program's own makes of a value.
    fn transformed(
        &self,
        column: usize,
        schema: &ColumnSchema,
        function: &ColumnMigration,
        value: ValueRef<'_>,
    ) -> Fallible<Value> {
        let refusal = |reason: String| Error::Validation {
            table: self.shown.schema.name.clone(),
            column: schema.name.clone(),
            value: value.to_value(),
            rule: function.function.into(),
            reason: Some(reason.into()),
        };
        let made = (function.apply)(value).map_err(refusal)?;
        if made.is_null() && !schema.nullable {
            return Err(not_null(&self.shown, column));
        }
        if !made.is_null() && !schema.holds(made.as_ref()) {
            return Err(refusal(format!("it makes {made} of it, which is no {}", schema.data_type)).into());
        }
        Ok(made)
    }

    /// All values of a row.
    pub(super) fn values<'v>(&'v self, old_values: &[ValueRef<'v>], made: &'v [(usize, Value)]) -> Vec<ValueRef<'v>> {
        let mut values = Vec::with_capacity(self.origins.len());
        for ((origin, initial), column) in self.origins.iter().zip(&self.initial).zip(&self.shown.schema.columns) {
            let value = origin.map_or(Some(initial.as_ref()), |origin| old_values.get(origin).copied());
            values.push(widened(value.unwrap_or(ValueRef::Null), column.data_type));
        }
        for (column, value) in made {
            if let Some(place) = values.get_mut(*column) {
                *place = value.as_ref();
            }
        }
        values
    }

    /// Puts a row into its tree; its key is in the scratch then. Returns the counter with it.
    pub(super) fn insert(
        &self,
        core: &mut Core,
        old_key: &[u8],
        values: &[ValueRef<'_>],
        counter: u64,
    ) -> Fallible<u64> {
        let Core { store, catalog, scratch, .. } = core;
        let relation = catalog.relation_mut(self.place)?;
        let mut counter = counter;
        scratch.key.clear();
        match &relation.shape {
            KeyShape::Columns(columns) => {
                for column in columns {
                    let value = values.get(*column).copied().unwrap_or(ValueRef::Null);
                    if value.is_null() {
                        return Err(not_null(&self.shown, *column));
                    }
                    key::push(&mut scratch.key, value);
                }
            }
            KeyShape::RowId if self.keeps_row_ids => scratch.key.extend_from_slice(old_key),
            KeyShape::RowId => {
                counter = counter.max(self.rows);
                key::push(&mut scratch.key, ValueRef::from_u64(self.rows));
            }
        }
        check_lengths(&self.shown, values, scratch)?;
        let located = relation.table.locate(store, &scratch.key)?;
        if located.is_found() {
            return Err(unique_violation(&self.shown, self.shown.primary_key(), values));
        }
        relation.layout.encode(values, &mut scratch.row);
        relation.table.insert(store, located, &scratch.key, &scratch.row)?;
        Ok(counter)
    }

    /// Tells the registry what was done.
    pub(super) fn finish(self, core: &mut Core) -> Fallible<()> {
        let Core { store, catalog, .. } = core;
        let relation = catalog.relation_mut(self.place)?;
        relation.table.count(self.rows, self.counter);
        relation.flush(store)
    }
}

/// The error of a row that is NULL where it must not be.
pub(super) fn not_null(relation: &Relation, column: usize) -> Box<Error> {
    Error::not_null(&relation.schema.name, relation.column_name(column))
}
