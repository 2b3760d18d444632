//! `information_schema`: tables that tell of the tables.

use wasm_dbms::{AnyConnection, schemas_of};
use wasm_dbms_api::text_parts::parts;
use wasm_dbms_api::{CommonTable, DataType, Expr, Name, Origin, Query, Source, TableSchema, Value};

use super::view::{self, Views};
use crate::failure::Inner;
use crate::parser::source::INFORMATION_SCHEMA;

/// The name of the schema that every table is in.
const SCHEMA: &str = "public";

/// Adds the tables of `information_schema` if one of them is among the names.
pub(super) fn named(
    connection: &AnyConnection<'_>,
    names: &[Name],
    views: &Views,
    implied: &mut Vec<CommonTable>,
) -> Inner<()> {
    let is_one = |name: &Name| name.strip_prefix(INFORMATION_SCHEMA).is_some_and(|rest| rest.starts_with('.'));
    if !names.iter().any(is_one) {
        return Ok(());
    }
    let all = schemas_of(connection)?;
    let mut schemas: Vec<&TableSchema> = Vec::with_capacity(all.len());
    for schema in &all {
        if schema.name != view::VIEWS_TABLE {
            schemas.push(schema);
        }
    }
    let [constraints, key_columns] = constraints(&schemas);
    let mut tables = vec![
        tables(&schemas, views).into_table(),
        columns(&schemas).into_table(),
        views_of(views).into_table(),
        constraints.into_table(),
        key_columns.into_table(),
        statistics(&schemas).into_table(),
    ];
    tables.append(implied);
    *implied = tables;
    Ok(())
}

/// A table while it is filled.
struct Telling {
    name: &'static str,
    /// Its columns behind the schema and the name of a table, which all of them begin with, with blanks between.
    columns: &'static str,
    rows: Vec<Vec<Expr>>,
}

impl Telling {
    fn new(name: &'static str, columns: &'static str) -> Self {
        Self { name, columns, rows: Vec::new() }
    }

    /// Begins a row about that table.
    fn row(&mut self, table: &str) {
        self.rows.push(Vec::new());
        self.text(SCHEMA);
        self.text(table);
    }

    #[inline(never)]
    fn value(&mut self, value: Value) {
        if let Some(row) = self.rows.last_mut() {
            row.push(Expr::Literal(value));
        }
    }

    #[inline(never)]
    fn text(&mut self, value: &str) {
        self.value(Value::Text(value.to_owned()));
    }

    fn yes(&mut self, is: bool) {
        self.text(if is { "YES" } else { "NO" });
    }

    fn number(&mut self, place: usize) {
        self.value(Value::Integer(i64::try_from(place + 1).unwrap_or(i64::MAX)));
    }

    #[inline(never)]
    fn into_table(mut self) -> CommonTable {
        let mut columns: Vec<Name> = vec!["table_schema".into(), "table_name".into()];
        for name in parts(self.columns, b' ') {
            columns.push(name.into());
        }
        let is_empty = self.rows.is_empty();
        if is_empty {
            // No row, but of as many columns.
            self.rows.push(Vec::new());
            for _ in &columns {
                self.value(Value::Null);
            }
        }
        let mut query = Query::from(Source::new(Origin::Values(self.rows.into())));
        query.limit = is_empty.then_some(Expr::from(0));
        let name = format!("{INFORMATION_SCHEMA}.{}", self.name).into();
        CommonTable { name, columns, query: query.into(), is_recursive: false }
    }
}

fn tables(schemas: &[&TableSchema], views: &Views) -> Telling {
    let mut telling = Telling::new("tables", "table_type");
    for schema in schemas {
        telling.row(&schema.name);
        telling.text("BASE TABLE");
    }
    for view in views.iter() {
        telling.row(&view.name);
        telling.text("VIEW");
    }
    telling
}

fn columns(schemas: &[&TableSchema]) -> Telling {
    let names = "column_name ordinal_position column_default is_nullable data_type is_identity";
    let mut telling = Telling::new("columns", names);
    for schema in schemas {
        for (place, column) in schema.columns.iter().enumerate() {
            telling.row(&schema.name);
            telling.text(&column.name);
            telling.number(place);
            match &column.default {
                Some(default) => telling.text(&default.to_string()),
                None => telling.value(Value::Null),
            }
            telling.yes(column.nullable);
            telling.text(&match column.data_type {
                DataType::Enum => format!("enum ({})", column.variants.join(", ")),
                data_type => data_type.to_string(),
            });
            telling.yes(column.autoincrement);
        }
    }
    telling
}

fn views_of(views: &Views) -> Telling {
    let mut telling = Telling::new("views", "view_definition");
    for view in views.iter() {
        telling.row(&view.name);
        telling.text(&view.text);
    }
    telling
}

/// Each constraint of a table: its name, its kind, its columns.
fn constraints_of(schema: &TableSchema, visit: &mut dyn FnMut(&str, &str, &[String])) {
    if !schema.primary_key.is_empty() {
        visit(&format!("{}_pkey", schema.name), "PRIMARY KEY", &schema.primary_key);
    }
    for index in schema.indexes.iter().filter(|index| index.unique) {
        let columns: Vec<String> = index.columns.iter().map(|column| column.name.clone()).collect();
        visit(&index.name, "UNIQUE", &columns);
    }
    for key in &schema.foreign_keys {
        visit(&format!("{}_{}_fkey", schema.name, key.columns.join("_")), "FOREIGN KEY", &key.columns);
    }
    for check in &schema.checks {
        visit(&check.label(), "CHECK", &[]);
    }
}

/// The constraints, and the columns that they are about.
fn constraints(schemas: &[&TableSchema]) -> [Telling; 2] {
    let mut constraints = Telling::new("table_constraints", "constraint_name constraint_type");
    let mut key_columns = Telling::new("key_column_usage", "constraint_name column_name ordinal_position");
    for schema in schemas {
        constraints_of(schema, &mut |name, kind, columns| {
            constraints.row(&schema.name);
            constraints.text(name);
            constraints.text(kind);
            for (place, column) in columns.iter().enumerate() {
                key_columns.row(&schema.name);
                key_columns.text(name);
                key_columns.text(column);
                key_columns.number(place);
            }
        });
    }
    [constraints, key_columns]
}

/// The indexes, a row a column, as MySQL tells of them: the standard knows none.
fn statistics(schemas: &[&TableSchema]) -> Telling {
    let mut telling = Telling::new("statistics", "index_name seq_in_index column_name collation is_unique");
    for schema in schemas {
        for index in &schema.indexes {
            for (place, column) in index.columns.iter().enumerate() {
                telling.row(&schema.name);
                telling.text(&index.name);
                telling.number(place);
                telling.text(&column.name);
                telling.text(if column.descending { "D" } else { "A" });
                telling.yes(index.unique);
            }
        }
    }
    telling
}
