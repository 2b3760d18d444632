//! `.tables`: every table in a line.

use std::io::Write;

use wasm_dbms::prelude::*;

use crate::definition::{self, VIEWS_TABLE};
use crate::error::Result;
use crate::format::{self, Format};

/// Prints the tables with their counts.
pub(super) fn write(database: &Database, format: Format, out: &mut dyn Write) -> Result<()> {
    let columns = ["table", "rows", "columns", "indexes"].map(str::to_owned);
    let mut lines = Vec::new();
    for schema in database.schemas()?.iter().filter(|schema| schema.name != VIEWS_TABLE) {
        let counts =
            [super::rows::count(database, &schema.name)?, schema.columns.len() as u64, schema.indexes.len() as u64];
        let mut line = vec![Value::from(schema.name.as_str())];
        line.extend(counts.map(Value::from));
        lines.push(line);
    }
    for view in definition::views(database)? {
        lines.push(vec![view.name.into(), Value::Null, Value::Null, Value::Null]);
    }
    if lines.is_empty() && format == Format::Table {
        writeln!(out, "no tables")?;
        return Ok(());
    }
    format::write(format, &columns, &lines, out)
}
