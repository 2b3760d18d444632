//! One row, found by its primary key or by a value in a column.

use std::borrow::Cow;

use wasm_dbms_api::{Value, ValueRef};
use wasm_dbms_memory::Place;

use crate::Error;
use crate::catalog::{Lookup, RelationIndex};
use crate::codec::key;
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;
use crate::typed::by_name::of_column;
use crate::typed::returning::values_of;
use crate::write::keys_with;

/// Where a row was found.
#[derive(Debug, Clone, Copy)]
enum RowPlace {
    Missing,
    /// In the bytes of the page that the scratch names.
    InPage,
    /// It came from a chain and is in the scratch itself.
    InScratch,
}

/// Appends the codes of a key's values.
pub(super) fn encode_key(values: &[ValueRef<'_>], bytes: &mut Vec<u8>) {
    for value in values {
        key::push(bytes, *value);
    }
}

// Nothing here is generic over a Rust type: the storage functions below it are compiled once, in this crate.
impl Core {
    /// The row with this primary key.
    #[inline]
    pub(crate) fn find(&mut self, index: RelationIndex, key: &[ValueRef<'_>]) -> Fallible<Option<RowView<'_>>> {
        self.scratch.key.clear();
        encode_key(key, &mut self.scratch.key);
        if !self.catalog.relation(index)?.is_clustered() && !self.find_row_key(index)? {
            return Ok(None);
        }
        self.find_clustered(index)
    }

    /// The values of the row with this primary key, by the name of its table.
    pub(crate) fn get_named(&mut self, table: &str, key: &[Value]) -> Fallible<Option<Vec<Value>>> {
        let index = self.catalog.find(table)?;
        let relation = self.catalog.relation(index)?;
        let columns = relation.primary_key();
        let is_of_column = |(column, value): (&usize, &Value)| {
            let column = relation.schema.columns.get(*column);
            !value.is_null() && column.is_some_and(|column| column.holds(of_column(column, value)))
        };
        if columns.is_empty() || columns.len() != key.len() || !columns.iter().zip(key).all(is_of_column) {
            let columns = relation.column_names(columns);
            return Err(Error::query(format_args!("these values are no key of {table} ({columns})")));
        }
        let schema = std::sync::Arc::clone(&relation.schema);
        let mut values = Vec::with_capacity(key.len());
        for (column, value) in columns.iter().zip(key) {
            if let Some(column) = schema.columns.get(*column) {
                values.push(of_column(column, value));
            }
        }
        let row = self.find(index, &values)?;
        row.map(|row| values_of(&row, schema.columns.len())).transpose()
    }

    /// Puts the row key in place of the code of a primary key, in the scratch; false if there is no such row.
    #[cold]
    fn find_row_key(&mut self, index: RelationIndex) -> Fallible<bool> {
        let key = std::mem::take(&mut self.scratch.key);
        match self.row_key(index, &key)? {
            Some(row_key) => self.scratch.key = row_key.into_owned(),
            None => return Ok(false),
        }
        Ok(true)
    }

    /// The row whose key in the table's own tree stands in the scratch.
    #[inline]
    pub(crate) fn find_clustered(&mut self, index: RelationIndex) -> Fallible<Option<RowView<'_>>> {
        let place = self.place(index)?;
        let Self { store, catalog, scratch, .. } = self;
        let row = match place {
            RowPlace::Missing => return Ok(None),
            RowPlace::InPage => {
                let bytes = store.bytes(scratch.page)?;
                bytes.get(usize::from(scratch.start)..usize::from(scratch.end)).unwrap_or_default()
            }
            RowPlace::InScratch => &scratch.row,
        };
        Ok(Some(RowView { layout: &catalog.relation(index)?.layout, key: &scratch.key, row }))
    }

    /// Where the row stands whose key in the table's own tree stands in the scratch. Never inlined: the storage functions
    /// it calls would be compiled again in the caller's crate. The place goes into the scratch, field by field: returned
    /// as a whole it would be copied in words wider than it was written in, and wait for that.
    #[inline(never)]
    fn place(&mut self, index: RelationIndex) -> Fallible<RowPlace> {
        let Self { store, catalog, scratch, .. } = self;
        let relation = catalog.relation(index)?;
        let (tree, layout) = (relation.table.tree, &relation.layout);
        Ok(match tree.place(store, &scratch.key)? {
            Place::Missing => RowPlace::Missing,
            Place::InPage { page, start, end } if !layout.has_earlier() => {
                (scratch.page, scratch.start, scratch.end) = (page, start, end);
                RowPlace::InPage
            }
            Place::InPage { page, start, end } => {
                let bytes = store.bytes(page)?.get(usize::from(start)..usize::from(end)).unwrap_or_default();
                if layout.is_current(bytes) {
                    (scratch.page, scratch.start, scratch.end) = (page, start, end);
                    return Ok(RowPlace::InPage);
                }
                layout.bring_up(bytes, &mut scratch.row)?;
                RowPlace::InScratch
            }
            Place::Entry { page, index } => {
                let row = &mut scratch.row;
                tree.look_at(store, page, index, &mut |bytes| bytes.clone_into(row))?;
                layout.bring_up_in(row)?;
                RowPlace::InScratch
            }
        })
    }

    /// The first row with this value in a column.
    pub(super) fn find_by(
        &mut self,
        index: RelationIndex,
        column: usize,
        value: ValueRef<'_>,
    ) -> Fallible<Option<RowView<'_>>> {
        if value.is_null() || !self.find_row_key_by(index, column, value)? {
            return Ok(None);
        }
        self.find_clustered(index)
    }

    /// Sets the row key in the scratch to that of the first row with this value in a column; false if there is none.
    fn find_row_key_by(&mut self, index: RelationIndex, column: usize, value: ValueRef<'_>) -> Fallible<bool> {
        let Self { store, catalog, scratch, .. } = self;
        let relation = catalog.relation(index)?;
        scratch.key.clear();
        if relation.is_keyed_by(column) {
            key::push(&mut scratch.key, value);
            return Ok(true);
        }
        if let Some(by) = relation.indexes.iter().find(|by| by.columns.first() == Some(&column)) {
            scratch.found.clear();
            by.push(&mut scratch.found, 0, value);
            if !by.head.tree.first_with(store, &scratch.found, &mut scratch.entry, &mut scratch.key)? {
                return Ok(false);
            }
            if scratch.key.is_empty() || by.carried_layout().is_some() {
                std::mem::swap(&mut scratch.key, &mut scratch.entry_value);
                scratch.key.clear();
                scratch.key.extend_from_slice(match by.row_key_in_value(&scratch.entry_value)? {
                    [] => by.row_key_after(1, &scratch.entry)?,
                    row_key => row_key,
                });
            }
            return Ok(true);
        }
        let mut row_key = None;
        let lookup = Lookup::new(self.catalog.relation(index)?, &[column]);
        keys_with(self, index, &lookup, &[column], &|_| value, &mut |key| {
            row_key = Some(key.to_vec());
            false
        })?;
        let is_found = row_key.is_some();
        self.scratch.key = row_key.unwrap_or_default();
        Ok(is_found)
    }

    /// The key of a row in the table's own tree, from the code of its primary key.
    pub(crate) fn row_key<'k>(&mut self, index: RelationIndex, key: &'k [u8]) -> Fallible<Option<Cow<'k, [u8]>>> {
        let Self { store, catalog, .. } = self;
        let relation = catalog.relation(index)?;
        let Some(primary) = relation.indexes.iter().find(|index| index.is_primary) else {
            return Ok(Some(Cow::Borrowed(key)));
        };
        let mut entry = Vec::with_capacity(key.len() + primary.columns.len());
        let mut rest = key;
        for column in &primary.columns {
            let length = key::length(rest, relation.data_type(*column));
            let Some((code, after)) = length.and_then(|length| rest.split_at_checked(length)) else {
                return Ok(None);
            };
            key::push_value_tag(&mut entry);
            entry.extend_from_slice(code);
            rest = after;
        }
        Ok(primary.head.tree.get(store, &entry)?.map(|value| Cow::Owned(value.to_vec())))
    }
}
