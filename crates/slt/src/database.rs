//! The databases that files are run against.

use wasm_dbms::{Database, Value};
use wasm_dbms_sql::{Dialect, Row, Session};

/// Runs statements of SQL.
pub(crate) trait Engine {
    /// Runs statements whose answers are of no matter.
    fn execute(&mut self, sql: &str) -> Result<(), String>;

    /// Runs a statement and answers its rows.
    fn query(&mut self, sql: &str) -> Result<Vec<Vec<Value>>, String>;
}

/// This database.
pub(crate) struct Own<'db>(pub(crate) Session<'db>);

impl<'db> Own<'db> {
    pub(crate) fn new(database: &'db Database) -> Self {
        Self(Session::with_dialect(database, Dialect::Sqlite))
    }
}

impl Engine for Own<'_> {
    fn execute(&mut self, sql: &str) -> Result<(), String> {
        self.0.run(sql).map_err(|error| error.to_string())
    }

    fn query(&mut self, sql: &str) -> Result<Vec<Vec<Value>>, String> {
        let rows = self.0.query(sql, ()).map_err(|error| error.to_string())?;
        rows.map(|row| row.map(Row::into_values).map_err(|error| error.to_string())).collect()
    }
}

/// SQLite, whose time is what ours is held against.
pub(crate) struct Sqlite(pub(crate) rusqlite::Connection);

impl Engine for Sqlite {
    fn execute(&mut self, sql: &str) -> Result<(), String> {
        self.0.execute_batch(sql).map_err(|error| error.to_string())
    }

    fn query(&mut self, sql: &str) -> Result<Vec<Vec<Value>>, String> {
        let run = || -> rusqlite::Result<Vec<Vec<Value>>> {
            let mut statement = self.0.prepare(sql)?;
            let width = statement.column_count();
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let values = (0..width).map(|column| {
                    Ok(match row.get_ref(column)? {
                        rusqlite::types::ValueRef::Null => Value::Null,
                        rusqlite::types::ValueRef::Integer(number) => Value::Integer(number),
                        rusqlite::types::ValueRef::Real(number) => Value::Float(number),
                        rusqlite::types::ValueRef::Text(text) | rusqlite::types::ValueRef::Blob(text) => {
                            Value::Text(String::from_utf8_lossy(text).into_owned())
                        }
                    })
                });
                found.push(values.collect::<rusqlite::Result<_>>()?);
            }
            Ok(found)
        };
        run().map_err(|error| error.to_string())
    }
}
