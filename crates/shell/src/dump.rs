//! `.dump`: SQL that restores everything.
//!
//! Tables first, then rows, then indexes and references: so references may go in circles, and indexes are filled at once.
//! All of it is one transaction: a dump that does not restore leaves nothing behind.

use std::io::Write;

use wasm_dbms::Identifier;
use wasm_dbms::prelude::*;
use wasm_dbms_sql::{Dialect, Sql, TokenKind, tokens};

use crate::definition::{self, VIEWS_TABLE, View};
use crate::error::Result;

/// The most rows, and about the most bytes, of one INSERT.
const INSERT_ROWS: usize = 500;
const INSERT_BYTES: usize = 1 << 18;

/// Writes the dump of one table, or of everything.
pub(crate) fn write(database: &Database, table: Option<&str>, out: &mut dyn Write) -> Result<()> {
    let views = definition::views(database)?;
    if let Some(view) = views.iter().find(|view| Some(view.name.as_str()) == table) {
        writeln!(out, "{};", view.text)?;
        return Ok(());
    }
    let schemas = database.schemas()?;
    let is_asked = |schema: &&TableSchema| table.map_or(schema.name != VIEWS_TABLE, |name| schema.name == name);
    let asked: Vec<&TableSchema> = schemas.iter().filter(is_asked).collect();
    if let (Some(name), true) = (table, asked.is_empty()) {
        return Err(Error::Unknown { what: "table", name: name.to_owned() }.into());
    }
    // The file is this process's alone, which writes nothing meanwhile: all tables are of one commit.
    writeln!(out, "BEGIN IMMEDIATE;")?;
    for schema in &asked {
        writeln!(out, "{}", definition::table(schema))?;
    }
    for schema in &asked {
        write_rows(database, schema, out)?;
    }
    for schema in &asked {
        for index in &schema.indexes {
            writeln!(out, "{}", definition::index(schema, index))?;
        }
    }
    for schema in &asked {
        for key in &schema.foreign_keys {
            writeln!(out, "{}", definition::foreign_key(schema, key))?;
        }
    }
    if table.is_none() {
        let schema = schemas.iter().find(|schema| schema.name == VIEWS_TABLE);
        write_views(database, views, schema, out)?;
    }
    writeln!(out, "COMMIT;")?;
    Ok(())
}

fn write_rows(database: &Database, schema: &TableSchema, out: &mut dyn Write) -> Result<()> {
    let head = format!("INSERT INTO {} VALUES", Identifier(&schema.name));
    let mut statement = String::new();
    let mut rows = 0;
    for row in database.query_iter(&Query::from(schema.name.as_str()))? {
        let values = row?.iter().map(definition::literal).collect::<Vec<_>>().join(", ");
        statement.push_str(if rows == 0 { &head } else { "," });
        statement.push_str("\n    (");
        statement.push_str(&values);
        statement.push(')');
        rows += 1;
        if rows == INSERT_ROWS || statement.len() >= INSERT_BYTES {
            writeln!(out, "{statement};")?;
            statement.clear();
            rows = 0;
        }
    }
    if rows > 0 {
        writeln!(out, "{statement};")?;
    }
    Ok(())
}

/// Views, each behind those that it names. One of another dialect, or that the database does not answer any more, is
/// restored as the row that it is.
fn write_views(database: &Database, views: Vec<View>, schema: Option<&TableSchema>, out: &mut dyn Write) -> Result<()> {
    let is_well = |view: &View| {
        let text = format!("EXPLAIN SELECT * FROM {}", Identifier(&view.name));
        view.dialect == "postgresql" && database.prepare(&text).is_ok_and(|explain| explain.execute(()).is_ok())
    };
    let (mut well, others): (Vec<View>, Vec<View>) = views.into_iter().partition(is_well);
    while !well.is_empty() {
        let waits = |view: &View| well.iter().any(|other| other.name != view.name && mentions(&view.text, &other.name));
        let first = well.iter().position(|view| !waits(view)).unwrap_or(0);
        writeln!(out, "{};", well.remove(first).text)?;
    }
    if let (Some(schema), false) = (schema, others.is_empty()) {
        let create = definition::table(schema);
        writeln!(out, "{}", create.replacen("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1))?;
        for View { name, dialect, text } in &others {
            let [name, dialect, text] = [name, dialect, text].map(|text| definition::literal(&text.as_str().into()));
            writeln!(out, "INSERT INTO {VIEWS_TABLE} VALUES ({name}, {dialect}, {text});")?;
        }
    }
    Ok(())
}

/// Whether a text has this name among its words.
fn mentions(text: &str, name: &str) -> bool {
    let quoted = Identifier(name).to_string();
    tokens(text, Dialect::PostgreSql).any(|(kind, range)| {
        let word = text.get(range).unwrap_or_default();
        kind == TokenKind::Name && (word == quoted || word.eq_ignore_ascii_case(name) || word == format!("\"{name}\""))
    })
}
