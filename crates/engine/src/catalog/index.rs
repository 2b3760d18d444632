//! An index as the engine works with it.
//!
//! Its tree maps key bytes to the key of a row. The key bytes are the codes of the index's columns, each in its direction,
//! and the row's key where rows may be equal in all of them: where the index is not unique, or one of them is NULL.
//!
//! | index | value of an entry |
//! |---|---|
//! | carries nothing | the row's key, or nothing where the key bytes end with it |
//! | carries columns | `u8` length of the row's key, 0 where the key bytes end with it; the row's key; a [row](crate::codec::row) of the index's own columns and the included ones |

use std::sync::Arc;

use wasm_dbms_api::{DataType, IndexSchema, MemoryError, MemoryResult, TableSchema, ValueRef};
use wasm_dbms_memory::TreeId;

use crate::catalog::{TreeHead, columns_of};
use crate::codec::key;
use crate::codec::row::RowLayout;
use crate::error::Fallible;

/// An index: key bytes to the key of a row.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) head: TreeHead,
    pub(crate) name: String,
    pub(crate) columns: Vec<usize>,
    /// Of each column, whether the largest values come first.
    pub(crate) descending: Vec<bool>,
    types: Vec<DataType>,
    pub(crate) is_unique: bool,
    /// Whether it stands for the primary key of a table whose rows are keyed by a row id.
    pub(crate) is_primary: bool,
    carried: Option<Carried>,
}

/// What entries carry beside the key of their row.
#[derive(Debug, Clone)]
struct Carried {
    /// The index's own columns and the included ones.
    columns: Vec<usize>,
    layout: Arc<RowLayout>,
}

impl Index {
    /// The index of a table whose rows are keyed by the columns `row_key`; none if they are keyed by a row id.
    pub(crate) fn new(schema: &TableSchema, index: &IndexSchema, row_key: &[usize], tree: TreeId) -> Fallible<Self> {
        let columns = columns_of(schema, index.columns.iter().map(|column| &column.name))?;
        let mut carried = columns_of(schema, &index.include)?;
        let carried = (!carried.is_empty()).then(|| {
            carried.extend(&columns);
            let layout = Arc::new(RowLayout::of_index(schema, row_key, &carried));
            Carried { columns: carried, layout }
        });
        let mut own = Self::ascending(schema, columns, tree);
        own.name.clone_from(&index.name);
        for (own, column) in own.descending.iter_mut().zip(&index.columns) {
            *own = column.descending;
        }
        own.is_unique = index.unique;
        own.carried = carried;
        Ok(own)
    }

    /// The index that stands for the primary key of a table whose rows are keyed by a row id.
    pub(crate) fn primary(schema: &TableSchema, columns: Vec<usize>, tree: TreeId) -> Self {
        let mut own = Self::ascending(schema, columns, tree);
        (own.is_unique, own.is_primary) = (true, true);
        own
    }

    fn ascending(schema: &TableSchema, columns: Vec<usize>, tree: TreeId) -> Self {
        let mut types = Vec::with_capacity(columns.len());
        for column in &columns {
            if let Some(column) = schema.columns.get(*column) {
                types.push(column.data_type);
            }
        }
        Self {
            head: TreeHead::new(tree),
            name: "primary_key".into(),
            descending: vec![false; columns.len()],
            types,
            columns,
            is_unique: false,
            is_primary: false,
            carried: None,
        }
    }

    /// Whether an entry changes where the column does.
    pub(crate) fn holds(&self, column: usize) -> bool {
        self.columns.contains(&column) || self.carried.as_ref().is_some_and(|carried| carried.columns.contains(&column))
    }

    /// How what entries carry is read, if they carry anything: as a row of the table that lacks some columns.
    pub(crate) fn carried_layout(&self) -> Option<&Arc<RowLayout>> {
        self.carried.as_ref().map(|carried| &carried.layout)
    }

    /// Appends the code of the column at this position of the index.
    #[inline]
    pub(crate) fn push(&self, entry: &mut Vec<u8>, position: usize, value: ValueRef<'_>) {
        key::push_directed(entry, value, self.descending.get(position).copied().unwrap_or(false));
    }

    /// Sets `entry` to the key of this index for a row with these values and this key, and says whether the row's key
    /// is part of it: it is unless the index is unique and no column is NULL.
    pub(crate) fn entry_key(&self, values: &[ValueRef<'_>], row_key: &[u8], entry: &mut Vec<u8>) -> bool {
        entry.clear();
        let mut has_null = false;
        for (column, is_descending) in self.columns.iter().zip(&self.descending) {
            let value = values.get(*column).copied().unwrap_or(ValueRef::Null);
            has_null |= value.is_null();
            key::push_directed(entry, value, *is_descending);
        }
        let holds_row_key = !self.is_unique || has_null;
        if holds_row_key {
            entry.extend_from_slice(row_key);
        }
        holds_row_key
    }

    /// The value of an entry for a row with these values and this key; `holds_row_key` as [`entry_key`](Self::entry_key)
    /// says. `row` and `buffer` are used where the index carries columns.
    #[inline]
    pub(crate) fn entry_value<'a>(
        &self,
        values: &[ValueRef<'_>],
        row_key: &'a [u8],
        holds_row_key: bool,
        row: &mut Vec<u8>,
        buffer: &'a mut Vec<u8>,
    ) -> &'a [u8] {
        let row_key = if holds_row_key { &[] } else { row_key };
        let Some(carried) = &self.carried else { return row_key };
        carried.layout.encode(values, row);
        buffer.clear();
        buffer.push(row_key.len() as u8);
        buffer.extend_from_slice(row_key);
        buffer.extend_from_slice(row);
        buffer
    }

    /// The key of the row that an entry with this value leads to.
    #[inline]
    pub(crate) fn row_key<'a>(&self, entry: &'a [u8], value: &'a [u8]) -> MemoryResult<&'a [u8]> {
        match self.row_key_in_value(value)? {
            [] => self.row_key_in_entry(entry),
            row_key => Ok(row_key),
        }
    }

    /// The key of the row, where the value of an entry holds it; empty where the key bytes do.
    #[inline]
    pub(crate) fn row_key_in_value<'a>(&self, value: &'a [u8]) -> MemoryResult<&'a [u8]> {
        if self.carried.is_some() { Ok(self.split(value)?.0) } else { Ok(value) }
    }

    /// What an entry with this value carries, as bytes of a row that [`carried_layout`](Self::carried_layout) reads.
    pub(crate) fn carried_row<'a>(&self, value: &'a [u8]) -> MemoryResult<&'a [u8]> {
        Ok(self.split(value)?.1)
    }

    fn split<'a>(&self, value: &'a [u8]) -> MemoryResult<(&'a [u8], &'a [u8])> {
        let parts = value.split_first().and_then(|(length, rest)| rest.split_at_checked(usize::from(*length)));
        parts.ok_or_else(|| self.cut_short())
    }

    /// The key of the row, where the key bytes of an entry end with it.
    pub(crate) fn row_key_in_entry<'a>(&self, entry: &'a [u8]) -> MemoryResult<&'a [u8]> {
        self.row_key_after(0, entry)
    }

    /// As [`row_key_in_entry`](Self::row_key_in_entry), given what follows the first `columns` columns.
    #[inline]
    pub(crate) fn row_key_after<'a>(&self, columns: usize, rest: &'a [u8]) -> MemoryResult<&'a [u8]> {
        let mut rest = rest;
        for (data_type, is_descending) in self.types.iter().zip(&self.descending).skip(columns) {
            let length = key::directed_length(rest, *data_type, *is_descending);
            rest = length.and_then(|length| rest.get(length..)).ok_or_else(|| self.cut_short())?;
        }
        Ok(rest)
    }

    #[cold]
    fn cut_short(&self) -> Box<MemoryError> {
        MemoryError::corrupt_with(format_args!("an entry of index {} is cut short", self.name))
    }
}
