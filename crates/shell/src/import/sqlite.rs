//! Files of SQLite: tables with their keys, indexes and references, views, and rows.
//!
//! A column of SQLite may hold anything; what it is declared as and what it holds give its type. What cannot be taken over
//! is said, never dropped in silence.

use std::io::Write;

use rusqlite::types::ValueRef as Cell;
use rusqlite::{Connection, OpenFlags};
use wasm_dbms::prelude::*;
use wasm_dbms::{
    CheckSchema, Durability, ForeignKeySchema, MigrationOperation, SchemaAlteration, SchemaChange, Transaction,
};
use wasm_dbms_sql::{Dialect, Sql, TokenKind, parse_expr, tokens};

use super::rows::Inserter;
use super::{Job, Place, Record, infer, progress, value};
use crate::error::{Error as ShellError, Result};
use crate::{Outcome, cell};

/// Names in double quotes, as SQLite has them.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What a table of SQLite comes to.
struct Plan {
    /// Its name in the file.
    source: String,
    /// The table, without references: those come behind the rows.
    schema: TableSchema,
    /// Whether it is new.
    is_new: bool,
    /// Its columns in the file, in the order of `columns`.
    sources: Vec<String>,
    columns: Vec<ColumnSchema>,
    references: Vec<ForeignKeySchema>,
}

/// Imports a file of SQLite: all of it, or one table.
pub(super) fn import(job: &Job<'_>, only: Option<&str>, out: &mut dyn Write) -> Result<Outcome> {
    let failed = |error: rusqlite::Error| ShellError::import(job.path, error);
    let source = Connection::open_with_flags(job.path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
    let mut notes = Vec::new();
    let plans = plans(job, &source, only, &mut notes)?;
    let transaction = job.database.begin_exclusive()?;
    let mut outcome = Outcome::Done;
    for plan in plans.iter().filter(|plan| plan.is_new) {
        SchemaChange::CreateTable(plan.schema.clone()).run(&transaction)?;
    }
    for plan in &plans {
        let report = rows(job, &source, plan, &transaction)?;
        if report.write(&plan.schema.name, plan.is_new.then_some(&plan.schema), out)? == Outcome::Findings {
            outcome = Outcome::Findings;
        }
    }
    for plan in plans.iter().filter(|plan| plan.is_new) {
        for key in &plan.references {
            let (table, foreign_key) = (plan.schema.name.clone(), key.clone());
            let change = SchemaAlteration(vec![MigrationOperation::AddForeignKey { table, foreign_key }]);
            if let Err(error) = change.run(&transaction) {
                notes.push(format!("reference {}.{} left out: {error}", plan.schema.name, key.name));
            }
        }
    }
    if only.is_none() {
        views(&source, &transaction, &mut notes).map_err(failed)?;
    }
    transaction.commit(Durability::Full)?;
    for note in &notes {
        writeln!(out, "{}", cell::escaped(note))?;
        outcome = Outcome::Findings;
    }
    Ok(outcome)
}

/// The tables of the file, or the one that is asked for.
fn plans(job: &Job<'_>, source: &Connection, only: Option<&str>, notes: &mut Vec<String>) -> Result<Vec<Plan>> {
    let failed = |error: rusqlite::Error| ShellError::import(job.path, error);
    let known = job.database.schemas()?;
    let list = "SELECT name, coalesce(sql, '') FROM sqlite_master
                WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid";
    let mut plans: Vec<Plan> = Vec::new();
    for (name, sql) in pairs(source, list).map_err(failed)? {
        if only.is_some_and(|only| !only.eq_ignore_ascii_case(&name)) {
            continue;
        }
        if sql.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("CREATE VIRTUAL")) {
            notes.push(format!("virtual table {name} left out"));
            continue;
        }
        let mut plan = plan(source, &name, &sql, notes).map_err(failed)?;
        if let Some(schema) = known.iter().find(|schema| schema.name == plan.schema.name) {
            take_known(job, &mut plan, schema)?;
        }
        plans.push(plan);
    }
    match only {
        Some(only) if plans.is_empty() => Err(ShellError::import(job.path, format!("there is no table {only}"))),
        _ => Ok(plans),
    }
}

/// The rows go into a table that is there.
fn take_known(job: &Job<'_>, plan: &mut Plan, schema: &TableSchema) -> Result<()> {
    let of_name = |name: &String| {
        let column = schema.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
        column
            .cloned()
            .ok_or_else(|| ShellError::import(job.path, format!("table {} has no column {name}", schema.name)))
    };
    plan.columns = plan.sources.iter().map(of_name).collect::<Result<_>>()?;
    plan.schema = schema.clone();
    plan.is_new = false;
    Ok(())
}

fn pairs(source: &Connection, query: &str) -> rusqlite::Result<Vec<(String, String)>> {
    source.prepare(query)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// What a table comes to.
fn plan(source: &Connection, name: &str, sql: &str, notes: &mut Vec<String>) -> rusqlite::Result<Plan> {
    let mut schema = TableSchema::new(name.to_lowercase());
    let (mut sources, mut keys) = (Vec::new(), Vec::new());
    let mut columns = source.prepare(&format!("PRAGMA table_info({})", quoted(name)))?;
    let mut rows = columns.query([])?;
    while let Some(row) = rows.next()? {
        let (column, declared): (String, String) = (row.get(1)?, row.get(2)?);
        let (is_required, default, key): (bool, Option<String>, i64) = (row.get(3)?, row.get(4)?, row.get(5)?);
        let mut own = ColumnSchema::new(column.to_lowercase(), data_type(source, name, &column, &declared)?);
        own.nullable = !is_required && key == 0;
        if let Some(default) = default {
            match default_of(&default, &own) {
                Some(value) => own.default = Some(value).filter(|value| !value.is_null()),
                None => notes.push(format!("default {default} of {name}.{column} left out")),
            }
        }
        if key > 0 {
            keys.push((key, own.name.clone(), declared.eq_ignore_ascii_case("integer")));
        }
        sources.push(column);
        schema.columns.push(own);
    }
    keys.sort();
    // SQLite numbers the rows of such a key.
    if let [(_, key, true)] = keys.as_slice() {
        schema.columns.iter_mut().filter(|column| column.name == *key).for_each(|column| {
            column.autoincrement = column.data_type == DataType::I64;
        });
    }
    schema.primary_key = keys.into_iter().map(|(_, name, _)| name).collect();
    indexes(source, name, &mut schema, notes)?;
    checks(sql, name, &mut schema, notes);
    let references = references(source, name)?;
    let columns = schema.columns.clone();
    Ok(Plan { source: name.to_owned(), schema, is_new: true, sources, columns, references })
}

/// A default that is a constant.
fn default_of(text: &str, column: &ColumnSchema) -> Option<Value> {
    let value = match parse_expr(text, Dialect::Sqlite).ok()? {
        Expr::Literal(value) => value,
        _ => return None,
    };
    match &value {
        Value::Null => Some(value),
        Value::Text(text) => value::of_text(text, column).ok(),
        Value::Bytes(_) => Some(value).filter(|value| column.holds(value.as_ref())),
        other => value::of_text(&other.to_string(), column).ok(),
    }
}

/// Indexes, but for the one of the primary key.
fn indexes(source: &Connection, name: &str, schema: &mut TableSchema, notes: &mut Vec<String>) -> rusqlite::Result<()> {
    let mut list = source.prepare(&format!("PRAGMA index_list({})", quoted(name)))?;
    let found: Vec<(String, bool, String, bool)> = list
        .query_map([], |row| Ok((row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?
        .collect::<rusqlite::Result<_>>()?;
    // SQLite tells of the last one first.
    for (index, is_unique, origin, is_partial) in found.into_iter().rev() {
        if origin == "pk" {
            continue;
        }
        let mut columns = source.prepare(&format!("PRAGMA index_xinfo({})", quoted(&index)))?;
        let columns: Vec<(Option<String>, bool, bool)> = columns
            .query_map([], |row| Ok((row.get(2)?, row.get(3)?, row.get(5)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let own = columns.into_iter().filter(|(.., is_key)| *is_key).map(|(column, descends, _)| {
            column.map(|column| IndexColumn { name: column.to_lowercase(), descending: descends })
        });
        let Some(columns) = own.collect::<Option<Vec<_>>>().filter(|_| !is_partial) else {
            notes.push(format!("index {index} of {name} left out: it is of expressions, or of a part of the table"));
            continue;
        };
        if let Some(json) = columns.iter().find(|column| is_json(schema, &column.name)) {
            notes.push(format!("index {index} of {name} left out: {} is JSON", json.name));
            continue;
        }
        let mut made = IndexSchema::new(columns);
        made.unique = is_unique;
        // A name that SQLite made up says nothing.
        if origin == "c" {
            made.name = index.to_lowercase();
        }
        if schema.indexes.iter().all(|other| other.name != made.name) {
            schema.indexes.push(made);
        }
    }
    Ok(())
}

fn is_json(schema: &TableSchema, column: &str) -> bool {
    schema.columns.iter().any(|own| own.name == column && own.data_type == DataType::Json)
}

/// The conditions of CHECK, which stand in the text only.
fn checks(sql: &str, name: &str, schema: &mut TableSchema, notes: &mut Vec<String>) {
    let pieces: Vec<(TokenKind, &str, usize)> = tokens(sql, Dialect::Sqlite)
        .map(|(kind, range)| (kind, sql.get(range.clone()).unwrap_or_default(), range.start))
        .collect();
    for (number, (kind, word, _)) in pieces.iter().enumerate() {
        if *kind != TokenKind::Keyword || !word.eq_ignore_ascii_case("check") {
            continue;
        }
        // From the bracket that opens behind it to the one that closes this.
        let mut depth = 0;
        let inside = pieces.iter().skip(number + 1).take_while(|(_, sign, _)| {
            depth += i32::from(*sign == "(") - i32::from(*sign == ")");
            depth > 0
        });
        let Some(start) = pieces.get(number + 1).map(|(.., start)| start + 1) else { continue };
        let end = pieces.get(number + 1 + inside.count()).map_or(sql.len(), |(.., end)| *end);
        let text = sql.get(start..end).unwrap_or_default();
        let mut check = match parse_expr(text, Dialect::Sqlite) {
            Ok(condition) => CheckSchema::new(condition),
            Err(_) => {
                notes.push(format!("check ({text}) of {name} left out: it is not understood"));
                continue;
            }
        };
        let before = number.checked_sub(2).and_then(|first| pieces.get(first..number));
        if let Some([(_, word, _), (_, own, _)]) = before
            && word.eq_ignore_ascii_case("constraint")
        {
            check.name = own.trim_matches(['"', '`', '[', ']']).to_lowercase();
        }
        // What is of another type here may be no condition any more.
        let alone = TableSchema { indexes: Vec::new(), checks: vec![check.clone()], ..schema.clone() };
        match Database::in_memory().create_table(&alone) {
            Ok(()) => schema.checks.push(check),
            Err(error) => notes.push(format!("check ({text}) of {name} left out: {error}")),
        }
    }
}

/// References to other tables; where SQLite names no column it is the key that is meant.
fn references(source: &Connection, name: &str) -> rusqlite::Result<Vec<ForeignKeySchema>> {
    let mut list = source.prepare(&format!("PRAGMA foreign_key_list({})", quoted(name)))?;
    let mut rows = list.query([])?;
    let mut found: Vec<(i64, ForeignKeySchema)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (number, table, from): (i64, String, String) = (row.get(0)?, row.get(2)?, row.get(3)?);
        let (to, place): (Option<String>, i64) = (row.get(4)?, row.get(1)?);
        let to = match to {
            Some(to) => to,
            None => key_column(source, &table, place)?.unwrap_or_default(),
        };
        let (from, to) = (from.to_lowercase(), to.to_lowercase());
        if let Some((_, key)) = found.iter_mut().find(|(other, _)| *other == number) {
            key.columns.push(from);
            key.references.push(to);
            key.name = key.columns.join("_");
            continue;
        }
        let mut key = ForeignKeySchema::new([from.as_str()], &table.to_lowercase(), [to.as_str()]);
        key.on_update = action(&row.get::<_, String>(5)?);
        key.on_delete = action(&row.get::<_, String>(6)?);
        found.push((number, key));
    }
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    Ok(found.into_iter().map(|(_, key)| key).collect())
}

fn key_column(source: &Connection, table: &str, place: i64) -> rusqlite::Result<Option<String>> {
    let mut columns = source.prepare(&format!("PRAGMA table_info({})", quoted(table)))?;
    let keys = columns.query_map([], |row| Ok((row.get::<_, i64>(5)?, row.get::<_, String>(1)?)))?;
    let keys = keys.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(keys.into_iter().find(|(number, _)| *number == place + 1).map(|(_, name)| name))
}

fn action(text: &str) -> ReferentialAction {
    match text {
        "CASCADE" => ReferentialAction::Cascade,
        "SET NULL" => ReferentialAction::SetNull,
        "SET DEFAULT" => ReferentialAction::SetDefault,
        _ => ReferentialAction::Restrict,
    }
}

/// What kinds of values a column holds.
#[derive(Debug, Default)]
struct Kinds {
    integers: bool,
    reals: bool,
    texts: bool,
    blobs: bool,
}

/// The type of a column: as it is declared, if all that it holds is of that; else what it holds.
fn data_type(source: &Connection, table: &str, column: &str, declared: &str) -> rusqlite::Result<DataType> {
    let (table, column) = (quoted(table), quoted(column));
    let mut kinds = Kinds::default();
    let mut types = source.prepare(&format!("SELECT DISTINCT typeof({column}) FROM {table}"))?;
    for kind in types.query_map([], |row| row.get::<_, String>(0))? {
        match kind?.as_str() {
            "integer" => kinds.integers = true,
            "real" => kinds.reals = true,
            "text" => kinds.texts = true,
            "blob" => kinds.blobs = true,
            _ => {}
        }
    }
    let declared = declared.to_ascii_uppercase();
    let says = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    let all = |is_such: &dyn Fn(Cell<'_>) -> bool| all_are(source, &table, &column, is_such);
    let is_text = |data_type: DataType| {
        all(
            &|cell| matches!(cell, Cell::Text(text) if str::from_utf8(text).is_ok_and(|text| infer::is_of(text, data_type))),
        )
    };
    let Kinds { integers, reals, texts, blobs } = kinds;
    let only_texts = !integers && !reals && !blobs;
    Ok(if says(&["BOOL"]) && !reals && !texts && !blobs && all(&|cell| matches!(cell, Cell::Integer(0 | 1)))? {
        DataType::Bool
    } else if says(&["TIMESTAMP", "DATETIME"]) && only_texts && is_moment(source, &table, &column)? {
        DataType::DateTime
    } else if says(&["DATE"]) && only_texts && is_text(DataType::Date)? {
        DataType::Date
    } else if says(&["UUID"]) && only_texts && is_text(DataType::Uuid)? {
        DataType::Uuid
    } else if says(&["JSON"]) && only_texts && all(&|cell| matches!(cell, Cell::Text(text) if is_json_text(text)))? {
        DataType::Json
    } else if blobs {
        DataType::Bytes
    } else if texts {
        DataType::Text
    } else if reals && says(&["DECIMAL", "NUMERIC"]) && all(&|cell| decimal(cell).is_some())? {
        DataType::Decimal
    } else if reals {
        DataType::F64
    } else if integers {
        if says(&["REAL", "FLOA", "DOUB"]) { DataType::F64 } else { DataType::I64 }
    } else if says(&["INT"]) {
        DataType::I64
    } else if says(&["CHAR", "CLOB", "TEXT"]) {
        DataType::Text
    } else if says(&["BLOB", "BINARY"]) {
        DataType::Bytes
    } else if says(&["REAL", "FLOA", "DOUB"]) {
        DataType::F64
    } else if says(&["DECIMAL", "NUMERIC"]) {
        DataType::Decimal
    } else {
        DataType::Text
    })
}

fn is_json_text(text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| text.parse::<Json>().is_ok())
}

/// A number as a decimal: a float by its shortest digits.
fn decimal(cell: Cell<'_>) -> Option<Decimal> {
    match cell {
        Cell::Integer(number) => number.to_string().parse().ok(),
        Cell::Real(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

fn is_moment(source: &Connection, table: &str, column: &str) -> rusqlite::Result<bool> {
    all_are(
        source,
        table,
        column,
        &|cell| matches!(cell, Cell::Text(text) if str::from_utf8(text).is_ok_and(|text| value::moment(text).is_some())),
    )
}

/// Whether all values but NULL are such.
fn all_are(
    source: &Connection,
    table: &str,
    column: &str,
    is_such: &dyn Fn(Cell<'_>) -> bool,
) -> rusqlite::Result<bool> {
    let mut values = source.prepare(&format!("SELECT {column} FROM {table} WHERE {column} IS NOT NULL"))?;
    let mut rows = values.query([])?;
    while let Some(row) = rows.next()? {
        if !is_such(row.get_ref(0)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Copies the rows of a table.
fn rows(job: &Job<'_>, source: &Connection, plan: &Plan, transaction: &Transaction<'_>) -> Result<super::rows::Report> {
    let failed = |error: rusqlite::Error| ShellError::import(job.path, error);
    let table = quoted(&plan.source);
    let count = source.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0));
    let bar = progress(count.map_err(failed)?.unsigned_abs(), &plan.schema.name);
    let columns: Vec<String> = plan.sources.iter().map(|name| quoted(name)).collect();
    let query = format!("SELECT {} FROM {table}", columns.join(", "));
    let mut statement = source.prepare(&query).map_err(failed)?;
    let mut found = statement.query([]).map_err(failed)?;
    let mut inserter = Inserter::new(transaction, job.interrupt, &plan.schema.name, &plan.columns);
    let mut number = 0;
    while let Some(row) = found.next().map_err(failed)? {
        number += 1;
        let cells = plan.columns.iter().enumerate();
        let values = cells.map(|(place, column)| match row.get_ref(place) {
            Ok(cell) => of_cell(cell, column),
            Err(error) => Err(error.to_string()),
        });
        inserter.push(Record { place: Place::Row(number), values: values.collect() })?;
        bar.inc(1);
    }
    let report = inserter.end()?;
    bar.finish_and_clear();
    Ok(report)
}

/// A value of SQLite as one of a column.
fn of_cell(cell: Cell<'_>, column: &ColumnSchema) -> std::result::Result<Value, String> {
    let value = match cell {
        Cell::Null => return Ok(Value::Null),
        Cell::Integer(number) => match column.data_type {
            DataType::Bool | DataType::Text | DataType::Decimal => value::of_text(&number.to_string(), column)?,
            DataType::F32 | DataType::F64 => Value::Float(number as f64),
            DataType::Bytes => Value::Bytes(number.to_string().into_bytes()),
            _ => Value::Integer(number),
        },
        Cell::Real(number) => match column.data_type {
            DataType::F32 | DataType::F64 => Value::Float(number),
            DataType::Bytes => Value::Bytes(number.to_string().into_bytes()),
            _ => value::of_text(&number.to_string(), column)?,
        },
        Cell::Text(text) => match (column.data_type, str::from_utf8(text)) {
            (DataType::Bytes, _) => Value::Bytes(text.to_vec()),
            (_, Ok(text)) => value::of_text(text, column)?,
            (_, Err(_)) => return Err(format!("column {}: the text is not UTF-8", column.name)),
        },
        Cell::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    };
    match column.holds(value.as_ref()) {
        true => Ok(value),
        false => Err(format!("column {}: {value} is no {}", column.name, column.data_type)),
    }
}

/// Views, by their text. Of triggers there is nothing here.
fn views(source: &Connection, transaction: &Transaction<'_>, notes: &mut Vec<String>) -> rusqlite::Result<()> {
    let list = "SELECT name, sql FROM sqlite_master WHERE type = 'view' ORDER BY rowid";
    for (name, sql) in pairs(source, list)? {
        let made = transaction.prepare_in(&sql, Dialect::Sqlite).and_then(|view| view.execute(()));
        if let Err(error) = made {
            let reason = error.to_string();
            notes.push(format!("view {name} left out: {}", reason.lines().next().unwrap_or_default()));
        }
    }
    for (name, _) in pairs(source, "SELECT name, '' FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid")? {
        notes.push(format!("trigger {name} left out"));
    }
    Ok(())
}
