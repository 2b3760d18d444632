//! wasm-dbms for JavaScript: the module with SQL of the npm package `wasm-dbms`, whose scripts are in `js/`. That without SQL is
//! `crates/tables`, what both have in common `crates/module`.

use wasm_dbms::{Changed, Database, Value};
use wasm_dbms_module::{Failure, FailureKind, Language, NextRow, Result};
use wasm_dbms_sql::{Error, Session};

/// SQL, as what is said to a [`Server`](wasm_dbms_module::Server).
///
/// ```
/// use wasm_dbms::Value;
/// use wasm_dbms_module::Server;
/// use wasm_dbms_npm::Sql;
///
/// let mut server = Server::<Sql>::default();
/// let database = server.open(&[Value::from("memory")])?;
/// let session = server.begin(database)?;
/// server.script(database, session, "CREATE TABLE t (n integer); INSERT INTO t VALUES (7)")?;
/// let statement = server.prepare("SELECT n FROM t WHERE n > ?");
/// server.run(database, session, statement, vec![Value::from(1)])?;
/// assert_eq!((server.changed, server.batch.numbers[0]), (1, 7_f64.to_bits()));
/// server.close(database)?;
/// # Ok::<(), Box<wasm_dbms_module::Failure>>(())
/// ```
#[derive(Debug)]
pub struct Sql;

impl Language for Sql {
    type Session<'db> = Session<'db>;

    fn begin(database: &Database) -> Session<'_> {
        Session::new(database)
    }

    fn perform(session: &Session<'_>, text: &str, parameters: Vec<Value>) -> Result<Changed> {
        session.change(text, parameters).map_err(of_sql)
    }

    fn script(session: &Session<'_>, text: &str) -> Result<()> {
        session.run(text).map_err(of_sql)
    }

    fn insert(session: &Session<'_>, table: &str, columns: &[&str], next: &mut NextRow<'_, '_>) -> Result<u64> {
        session.insert(table, columns, next).map_err(of_sql)
    }
}

fn of_sql(error: Error) -> Box<Failure> {
    let kind = match error.database() {
        Some(error) => FailureKind::of(error),
        None => match &error {
            Error::Text(_) => FailureKind::Syntax,
            _ => FailureKind::Other,
        },
    };
    let place = error.place().map(|place| (place.line, place.column));
    Box::new(Failure { kind, words: error.to_string(), place })
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod exports {
    wasm_dbms_module::edge!(super::Sql);
}
