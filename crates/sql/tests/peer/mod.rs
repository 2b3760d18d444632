//! One question, asked of this database and of SQLite.

#![allow(dead_code, reason = "`partitioning`, a binary of its own, takes a part of this")]

pub(crate) mod draw;

use wasm_dbms::Value;
use wasm_dbms_sql::{Row, Session};

/// What the environment says of a test.
pub(crate) fn variable(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// The same, where continuous integration asks more.
pub(crate) fn variable_or_in_ci(name: &str, otherwise: u64, in_ci: u64) -> u64 {
    let is_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    variable(name, if is_ci { in_ci } else { otherwise })
}

/// A value, as both write it.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Bool(value) => i64::from(*value).to_string(),
        Value::Float(number) => format!("{:.6}", if *number == 0.0 { 0.0 } else { *number }),
        Value::Text(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

/// What SQLite answers.
pub(crate) fn sqlite(connection: &rusqlite::Connection, sql: &str) -> Result<Vec<String>, String> {
    let run = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare(sql)?;
        let width = statement.column_count();
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let values = (0..width).map(|column| {
                use rusqlite::types::ValueRef;
                Ok(shown(&match row.get_ref(column)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(number) => Value::Integer(number),
                    ValueRef::Real(number) => Value::Float(number),
                    ValueRef::Text(text) | ValueRef::Blob(text) => Value::Text(String::from_utf8_lossy(text).into()),
                }))
            });
            found.push(values.collect::<rusqlite::Result<Vec<_>>>()?.join("|"));
        }
        Ok(found)
    };
    run().map_err(|error| error.to_string())
}

/// What this database answers.
pub(crate) fn own(session: &Session<'_>, sql: &str) -> Result<Vec<String>, String> {
    let rows = session.query_rows::<Row>(sql, ()).map_err(|error| error.to_string())?;
    Ok(rows.iter().map(|row| row.values().iter().map(shown).collect::<Vec<_>>().join("|")).collect())
}

/// Runs a script on both.
pub(crate) fn store(session: &Session<'_>, peer: &rusqlite::Connection, script: &[String]) {
    for statement in script {
        session.execute(statement, ()).unwrap_or_else(|error| panic!("{statement}\n{error}"));
        peer.execute_batch(statement).unwrap();
    }
}
