//! `.schema`: tables in words.

use std::io::Write;

use wasm_dbms::prelude::*;

use crate::cell;
use crate::error::Result;

/// Describes one table, or all of them.
pub(crate) fn write(database: &Database, table: Option<&str>, out: &mut dyn Write) -> Result<()> {
    let mut schemas = database.schemas()?;
    if let Some(name) = table {
        schemas.retain(|schema| schema.name == name);
        if schemas.is_empty() {
            return Err(Error::Unknown { what: "table", name: name.to_owned() }.into());
        }
    }
    if schemas.is_empty() {
        writeln!(out, "no tables")?;
    }
    for (number, schema) in schemas.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        describe(schema, out)?;
    }
    Ok(())
}

fn describe(schema: &TableSchema, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "table {}", cell::escaped(&schema.name))?;
    let width = |text: &dyn Fn(&ColumnSchema) -> String| {
        schema.columns.iter().map(|column| text(column).chars().count()).max().unwrap_or(0)
    };
    let name = |column: &ColumnSchema| cell::escaped(&column.name);
    let (name_width, type_width) = (width(&name), width(&data_type));
    for column in &schema.columns {
        let line = format!("  {:name_width$}  {:type_width$}  {}", name(column), data_type(column), notes(column));
        writeln!(out, "{}", line.trim_end())?;
    }
    match schema.primary_key.as_slice() {
        [] => writeln!(out, "  no primary key: rows are numbered")?,
        columns => writeln!(out, "  primary key ({})", listed(columns))?,
    }
    for index in &schema.indexes {
        let kind = if index.unique { "unique index" } else { "index" };
        let columns: Vec<String> = index.columns.iter().map(ToString::to_string).collect();
        let include = match index.include.as_slice() {
            [] => String::new(),
            include => format!(", includes ({})", listed(include)),
        };
        writeln!(out, "  {kind} {} ({}){include}", cell::escaped(&index.name), listed(&columns))?;
    }
    for key in &schema.foreign_keys {
        let on_delete = match key.on_delete {
            OnDelete::Restrict => "restrict".to_owned(),
            OnDelete::Cascade => "cascade".to_owned(),
            other => format!("{other:?}"),
        };
        let [column, table, references] = [&key.column, &key.table, &key.references].map(|name| cell::escaped(name));
        writeln!(out, "  foreign key {column} -> {table}.{references}, on delete {on_delete}")?;
    }
    Ok(())
}

fn data_type(column: &ColumnSchema) -> String {
    let names = match column.variants.as_slice() {
        [] => String::new(),
        variants => format!(" ({})", listed(variants)),
    };
    format!("{}{names}{}", column.data_type, if column.nullable { " or null" } else { "" })
}

fn notes(column: &ColumnSchema) -> String {
    let counts = column.autoincrement.then(|| "counts up".to_owned());
    let default = column.default.as_ref().map(|default| format!("default {}", cell::escaped(&default.to_string())));
    let rules = column.sanitizers.iter().map(ToString::to_string);
    let rules = rules.chain(column.validators.iter().map(ToString::to_string));
    let rules = rules.map(|rule| cell::escaped(&rule));
    counts.into_iter().chain(default).chain(rules).collect::<Vec<_>>().join(", ")
}

fn listed(columns: &[String]) -> String {
    columns.iter().map(|name| cell::escaped(name)).collect::<Vec<_>>().join(", ")
}
