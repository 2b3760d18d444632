//! `.indexes`: every index in a line.

use std::io::Write;

use wasm_dbms::prelude::*;

use crate::error::Result;
use crate::format::{self, Format};

/// Prints the indexes of one table, or of all.
pub(super) fn write(database: &Database, table: Option<&str>, format: Format, out: &mut dyn Write) -> Result<()> {
    let columns = ["table", "index", "columns", "unique", "includes"].map(str::to_owned);
    let mut lines = Vec::new();
    for schema in super::schema::of(database, table)? {
        for index in &schema.indexes {
            let own: Vec<String> = index.columns.iter().map(ToString::to_string).collect();
            let line = [schema.name.as_str(), &index.name, &own.join(", ")].map(Value::from);
            let line = line.into_iter().chain([index.unique.into(), index.include.join(", ").into()]);
            lines.push(line.collect());
        }
    }
    if lines.is_empty() && format == Format::Table {
        writeln!(out, "no indexes")?;
        return Ok(());
    }
    format::write(format, &columns, &lines, out)
}
