//! `.schema`: tables, indexes, references and views as SQL.

use std::io::Write;

use wasm_dbms::prelude::*;

use crate::definition;
use crate::error::Result;

/// The description of one table, or of all but the one of the views.
pub(super) fn of(database: &Database, table: Option<&str>) -> Result<Vec<TableSchema>> {
    let mut schemas = database.schemas()?;
    match table {
        None => schemas.retain(|schema| schema.name != definition::VIEWS_TABLE),
        Some(name) => {
            schemas.retain(|schema| schema.name == name);
            if schemas.is_empty() {
                return Err(Error::Unknown { what: "table", name: name.to_owned() }.into());
            }
        }
    }
    Ok(schemas)
}

/// Describes one table, or all of them and the views.
pub(super) fn write(database: &Database, table: Option<&str>, out: &mut dyn Write) -> Result<()> {
    let views = definition::views(database)?;
    if let Some(view) = views.iter().find(|view| Some(view.name.as_str()) == table) {
        writeln!(out, "{};", view.text)?;
        return Ok(());
    }
    let schemas = of(database, table)?;
    let views = if table.is_none() { views } else { Vec::new() };
    if schemas.is_empty() && views.is_empty() {
        writeln!(out, "-- no tables")?;
    }
    for schema in &schemas {
        writeln!(out, "{}", definition::table(schema))?;
        for index in &schema.indexes {
            writeln!(out, "{}", definition::index(schema, index))?;
        }
        for key in &schema.foreign_keys {
            writeln!(out, "{}", definition::foreign_key(schema, key))?;
        }
    }
    for view in &views {
        writeln!(out, "{};", view.text)?;
    }
    Ok(())
}
