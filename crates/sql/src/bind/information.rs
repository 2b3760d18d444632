//! `information_schema`: tables that tell of the tables.

use wasm_dbms::{AnyConnection, schemas_of};
use wasm_dbms_api::{ColumnSchema, CommonTable, DataType, Expr, Name, Query, TableSchema, Value};

use super::view::{self, Views};
use crate::failure::Result;
use crate::parser::source::INFORMATION_SCHEMA;

/// The name of the schema that every table is in.
const SCHEMA: &str = "public";

/// Adds the tables of `information_schema` if one of them is among the names.
pub(super) fn named(
    connection: &AnyConnection<'_>,
    names: &[Name],
    temporary: &Views,
    implied: &mut Vec<CommonTable>,
) -> Result<()> {
    let is_one = |name: &Name| name.strip_prefix(INFORMATION_SCHEMA).is_some_and(|rest| rest.starts_with('.'));
    if !names.iter().any(is_one) {
        return Ok(());
    }
    let schemas: Vec<TableSchema> = schemas_of(connection)?;
    let schemas: Vec<&TableSchema> = schemas.iter().filter(|schema| schema.name != view::VIEWS_TABLE).collect();
    let tables = [
        tables(&schemas, &view::texts(connection, temporary)?),
        columns(&schemas),
        views_of(&view::texts(connection, temporary)?),
        constraints(&schemas),
        key_columns(&schemas),
        statistics(&schemas),
    ];
    implied.splice(0..0, tables);
    Ok(())
}

/// A table of these columns and rows.
fn table(name: &str, columns: &[&str], rows: Vec<Vec<Value>>) -> CommonTable {
    let is_empty = rows.is_empty();
    // No row, but of as many columns.
    let nothing = || vec![vec![Value::Null; columns.len()]];
    let rows = if is_empty { nothing() } else { rows };
    let query = Query::values(rows.into_iter().map(|row| row.into_iter().map(Expr::Literal).collect::<Vec<_>>()));
    let query = if is_empty { query.limit(0) } else { query };
    CommonTable {
        name: format!("{INFORMATION_SCHEMA}.{name}").into(),
        columns: columns.iter().map(|column| (*column).to_owned().into()).collect(),
        query: query.into(),
        is_recursive: false,
    }
}

fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

fn yes(is: bool) -> Value {
    text(if is { "YES" } else { "NO" })
}

fn number(place: usize) -> Value {
    Value::Integer(i64::try_from(place + 1).unwrap_or(i64::MAX))
}

fn tables(schemas: &[&TableSchema], views: &[(String, String)]) -> CommonTable {
    let tables = schemas.iter().map(|schema| (schema.name.clone(), "BASE TABLE"));
    let views = views.iter().map(|(name, _)| (name.clone(), "VIEW"));
    let rows = tables.chain(views).map(|(name, kind)| vec![text(SCHEMA), text(name), text(kind)]);
    table("tables", &["table_schema", "table_name", "table_type"], rows.collect())
}

fn columns(schemas: &[&TableSchema]) -> CommonTable {
    let mut rows = Vec::new();
    for schema in schemas {
        for (place, column) in schema.columns.iter().enumerate() {
            let default = column.default.as_ref().map_or(Value::Null, |default| text(default.to_string()));
            rows.push(vec![
                text(SCHEMA),
                text(&schema.name),
                text(&column.name),
                number(place),
                default,
                yes(column.nullable),
                text(type_name(column)),
                yes(column.autoincrement),
            ]);
        }
    }
    let names = [
        "table_schema",
        "table_name",
        "column_name",
        "ordinal_position",
        "column_default",
        "is_nullable",
        "data_type",
        "is_identity",
    ];
    table("columns", &names, rows)
}

fn type_name(column: &ColumnSchema) -> String {
    match column.data_type {
        DataType::Enum => format!("enum ({})", column.variants.join(", ")),
        data_type => data_type.to_string(),
    }
}

fn views_of(views: &[(String, String)]) -> CommonTable {
    let rows = views.iter().map(|(name, own)| vec![text(SCHEMA), text(name), text(own)]);
    table("views", &["table_schema", "table_name", "view_definition"], rows.collect())
}

/// Each constraint of a table: its name, its kind, its columns.
fn constraints_of(schema: &TableSchema) -> Vec<(String, &'static str, Vec<String>)> {
    let mut found = Vec::new();
    if !schema.primary_key.is_empty() {
        found.push((format!("{}_pkey", schema.name), "PRIMARY KEY", schema.primary_key.clone()));
    }
    for index in schema.indexes.iter().filter(|index| index.unique) {
        let columns = index.columns.iter().map(|column| column.name.clone()).collect();
        found.push((index.name.clone(), "UNIQUE", columns));
    }
    for key in &schema.foreign_keys {
        found.push((format!("{}_{}_fkey", schema.name, key.columns.join("_")), "FOREIGN KEY", key.columns.clone()));
    }
    for check in &schema.checks {
        found.push((check.label().into_owned(), "CHECK", Vec::new()));
    }
    found
}

fn constraints(schemas: &[&TableSchema]) -> CommonTable {
    let rows = schemas.iter().flat_map(|schema| {
        let own = constraints_of(schema).into_iter();
        own.map(|(name, kind, _)| vec![text(SCHEMA), text(&schema.name), text(name), text(kind)])
    });
    let names = ["table_schema", "table_name", "constraint_name", "constraint_type"];
    table("table_constraints", &names, rows.collect())
}

fn key_columns(schemas: &[&TableSchema]) -> CommonTable {
    let mut rows = Vec::new();
    for schema in schemas {
        for (name, _, columns) in constraints_of(schema) {
            for (place, column) in columns.into_iter().enumerate() {
                rows.push(vec![text(SCHEMA), text(&schema.name), text(&name), text(column), number(place)]);
            }
        }
    }
    let names = ["table_schema", "table_name", "constraint_name", "column_name", "ordinal_position"];
    table("key_column_usage", &names, rows)
}

/// The indexes, a row a column, as MySQL tells of them: the standard knows none.
fn statistics(schemas: &[&TableSchema]) -> CommonTable {
    let mut rows = Vec::new();
    for schema in schemas {
        for index in &schema.indexes {
            for (place, column) in index.columns.iter().enumerate() {
                rows.push(vec![
                    text(SCHEMA),
                    text(&schema.name),
                    text(&index.name),
                    number(place),
                    text(&column.name),
                    text(if column.descending { "D" } else { "A" }),
                    yes(index.unique),
                ]);
            }
        }
    }
    let names = ["table_schema", "table_name", "index_name", "seq_in_index", "column_name", "collation", "is_unique"];
    table("statistics", &names, rows)
}
