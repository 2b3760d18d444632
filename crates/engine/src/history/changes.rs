//! What one commit changed, row by row.

use std::sync::Arc;

use wasm_dbms_api::{TableSchema, Value};
use wasm_dbms_memory::TableId;

use crate::catalog::Relation;
use crate::codec::key;
use crate::codec::row::{RowLayout, RowView};
use crate::error::Fallible;
use crate::numbering::Numbering;
use crate::values::{borrowed, listed, owned};

/// A table as it was when a row of it changed.
#[derive(Debug)]
pub(crate) struct TableForm {
    pub(crate) id: TableId,
    pub(crate) schema: Arc<TableSchema>,
    /// The description as bytes.
    pub(crate) described: Arc<[u8]>,
    pub(crate) layout: Arc<RowLayout>,
}

/// A row before and after.
#[derive(Debug, Clone)]
pub(crate) struct RowChange {
    /// Where the table stands in the list of the commit.
    pub(crate) table: usize,
    pub(crate) key: Vec<u8>,
    pub(crate) old: Option<Vec<u8>>,
    pub(crate) new: Option<Vec<u8>>,
}

impl RowChange {
    /// Makes `code` that of the row: the table and the key.
    pub(crate) fn put_code(&self, code: &mut Vec<u8>) {
        code.clear();
        code.extend((self.table as u64).to_be_bytes());
        code.extend(&self.key);
    }
}

/// What is known of a commit.
#[derive(Debug)]
pub(crate) enum Changed {
    /// Every row, once.
    Rows { tables: Vec<Arc<TableForm>>, rows: Vec<RowChange> },
    /// There were too many: only the tables.
    Tables(Vec<TableId>),
}

/// What one commit changed.
#[derive(Debug)]
pub(crate) struct CommitChanges {
    pub(crate) commit: u64,
    pub(crate) changed: Changed,
    /// Whether tables were created, dropped or changed.
    pub(crate) has_new_schema: bool,
    pub(crate) bytes: usize,
}

impl TableForm {
    pub(crate) fn new(relation: &Relation) -> Self {
        let (schema, described) = (Arc::clone(&relation.schema), Arc::clone(&relation.described));
        Self { id: relation.id, schema, described, layout: Arc::clone(&relation.layout) }
    }

    /// Every value of a row.
    pub(crate) fn values(&self, row_key: &[u8], row: &[u8]) -> Fallible<Vec<Value>> {
        let view = RowView { layout: &self.layout, key: row_key, row };
        Ok(owned(&view.values(self.schema.columns.len())?))
    }

    /// The values of the primary key of a row, or its row id where there is none.
    pub(crate) fn key_values(&self, row_key: &[u8], row: &[u8]) -> Fallible<Vec<Value>> {
        let mut values = Vec::new();
        if self.schema.primary_key.is_empty() {
            if let Some(id) = key::decode(row_key, wasm_dbms_api::DataType::U64) {
                values.push(id.to_value());
            }
            return Ok(values);
        }
        let view = RowView { layout: &self.layout, key: row_key, row };
        for column in self.schema.primary_key.iter().filter_map(|name| self.schema.position(name)) {
            values.push(view.try_value(column)?.to_value());
        }
        Ok(values)
    }

    /// The key of a row as people read it.
    pub(crate) fn shown_key(&self, row_key: &[u8], row: &[u8]) -> String {
        let values = self.key_values(row_key, row).unwrap_or_default();
        listed(&borrowed(&values))
    }
}

impl RowChange {
    /// How many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        let length = |row: &Option<Vec<u8>>| row.as_ref().map_or(0, Vec::len);
        size_of::<Self>() + self.key.len() + length(&self.old) + length(&self.new)
    }

    /// The row after, or before if there is none after.
    pub(crate) fn any_row(&self) -> &[u8] {
        self.new.as_deref().or(self.old.as_deref()).unwrap_or_default()
    }
}

/// Makes one change of those of the same row, and none of those that changed nothing in the end. They stay in the order
/// in which the rows were changed first.
pub(crate) fn net(rows: Vec<RowChange>) -> Vec<RowChange> {
    if rows.len() < 2 {
        return rows;
    }
    let (mut places, mut code) = (Numbering::default(), Vec::new());
    let mut net: Vec<RowChange> = Vec::with_capacity(rows.len());
    for row in rows {
        row.put_code(&mut code);
        match places.number(&code) {
            (place, false) => {
                if let Some(first) = net.get_mut(place) {
                    first.new = row.new;
                }
            }
            _ => net.push(row),
        }
    }
    net.retain(|row| row.old != row.new);
    net
}

impl CommitChanges {
    /// Whether there is nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        let has_rows = match &self.changed {
            Changed::Rows { rows, .. } => !rows.is_empty(),
            Changed::Tables(_) => true,
        };
        !has_rows && !self.has_new_schema
    }
}
