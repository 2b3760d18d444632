//! The table that takes the rows of a file.

use std::collections::BTreeSet;

use wasm_dbms::prelude::*;

use super::Job;
use crate::error::{Error, Result};

/// The columns of a file, and the table that takes them.
pub(super) struct Target {
    pub(super) schema: TableSchema,
    /// The columns of the file, as those of the table.
    pub(super) columns: Vec<ColumnSchema>,
    /// Whether the table is new.
    pub(super) is_new: bool,
}

/// Finds the table of this name with these columns, or thinks of one, whose columns are of the types that `types` says.
pub(super) fn find(
    job: &Job<'_>,
    table: &str,
    names: &[String],
    types: impl FnOnce() -> Result<Vec<DataType>>,
) -> Result<Target> {
    let names: Vec<String> = names.iter().enumerate().map(|(place, name)| column_name(name, place)).collect();
    let mut seen = BTreeSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(name.to_lowercase())) {
        return Err(Error::import(job.path, format!("column {twice} stands there twice")));
    }
    let known = job.database.schemas()?.into_iter().find(|schema| schema.name == table);
    let Some(schema) = known else {
        let mut schema = TableSchema::new(table);
        for (name, data_type) in names.iter().zip(types()?) {
            schema = schema.column(ColumnSchema::new(name.to_lowercase(), data_type).nullable());
        }
        let columns = schema.columns.clone();
        return Ok(Target { schema, columns, is_new: true });
    };
    let of_name = |name: &String| {
        let exact = schema.columns.iter().find(|column| column.name == *name);
        let column = exact.or_else(|| schema.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)));
        column.cloned().ok_or_else(|| {
            let there = schema.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
            Error::import(job.path, format!("table {table} has no column {name}; it has {there}"))
        })
    };
    let columns = names.iter().map(of_name).collect::<Result<Vec<_>>>()?;
    Ok(Target { schema, columns, is_new: false })
}

/// The name of a column, by its place if the file does not say it.
fn column_name(name: &str, place: usize) -> String {
    match name.trim().trim_start_matches('\u{feff}') {
        "" => format!("column{}", place + 1),
        name => name.to_owned(),
    }
}
