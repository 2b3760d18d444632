//! The resource `rows`.

use std::cell::RefCell;

use wasm_dbms::{Answer, Value, ValueCursor};
use wasm_dbms_sql as sql;

use crate::bindings::exports::wasm_dbms::database::store::{GuestRows, Row};
use crate::failure::{Result, of, of_sql};
use crate::value;

/// With how many bytes of texts and bytes a batch ends.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// What a question answers, as far as it was not taken.
pub(crate) struct RowsResource {
    columns: Vec<String>,
    left: RefCell<Box<dyn Iterator<Item = Result<Vec<Value>>>>>,
}

impl RowsResource {
    /// Rows that are looked for as they are taken.
    pub(crate) fn walk(cursor: ValueCursor) -> Self {
        let columns = cursor.columns().to_vec();
        Self::new(columns, cursor.map(|row| row.map_err(of)))
    }

    /// Rows that are there.
    pub(crate) fn made(answer: Answer) -> Self {
        Self::new(answer.columns.to_vec(), answer.rows.into_iter().map(Ok))
    }

    /// What SQL answers.
    pub(crate) fn of_sql(rows: sql::Rows) -> Self {
        let columns = rows.columns().to_vec();
        Self::new(columns, rows.map(|row| Ok(row.map_err(of_sql)?.into_values())))
    }

    fn new(columns: Vec<String>, left: impl Iterator<Item = Result<Vec<Value>>> + 'static) -> Self {
        Self { columns, left: RefCell::new(Box::new(left)) }
    }
}

impl GuestRows for RowsResource {
    fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    fn next(&self, most: u32) -> Result<Vec<Row>> {
        let mut left = self.left.borrow_mut();
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < most as usize && bytes < MAX_BATCH_BYTES {
            let Some(row) = left.next() else { break };
            let row = row?;
            bytes += row.iter().map(length).sum::<usize>();
            batch.push(row.into_iter().map(value::give).collect());
        }
        Ok(batch)
    }
}

fn length(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Json(json) => json.as_str().len(),
        _ => 0,
    }
}
