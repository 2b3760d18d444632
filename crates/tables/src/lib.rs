//! wasm-dbms for JavaScript without SQL: the module of `wasm-dbms/tables`, whose scripts are in `crates/npm/js`.
//!
//! What `tables.js` is told by objects comes here as a text in a small notation, and its values as parameters.
//!
//! ```text
//! session      a database with the transaction that is open, and the texts that were read
//! statement    what a text says, to be run any number of times
//! notation     texts, word by word
//! ```

mod notation;
mod session;
mod statement;

use wasm_dbms::{Changed, Database, Value};
use wasm_dbms_module::{Failure, FailureKind, Language, NextRow, Result};

pub use session::Session;

/// Tables, as what is said to a [`Server`](wasm_dbms_module::Server).
///
/// ```
/// use wasm_dbms::Value;
/// use wasm_dbms_module::Server;
/// use wasm_dbms_tables::Tables;
///
/// let mut server = Server::<Tables>::default();
/// let database = server.open(&[Value::from("memory")])?;
/// let session = server.begin(database)?;
/// server.script(database, session, r#"create "t" column "n" i64"#)?;
/// let insert = server.prepare(r#"insert "t" into "n""#);
/// server.run(database, session, insert, vec![Value::from(7), Value::from(8)])?;
/// let above = server.prepare(r#"select "t" "n" ? > where"#);
/// server.run(database, session, above, vec![Value::from(7)])?;
/// assert_eq!((server.changed, server.batch.numbers[0]), (1, 8_f64.to_bits()));
/// server.close(database)?;
/// # Ok::<(), Box<wasm_dbms_module::Failure>>(())
/// ```
#[derive(Debug)]
pub struct Tables;

impl Language for Tables {
    type Session<'db> = Session<'db>;

    fn begin(database: &Database) -> Session<'_> {
        Session::new(database)
    }

    fn perform(session: &Session<'_>, text: &str, parameters: Vec<Value>) -> Result<Changed> {
        session.perform(text, &parameters)
    }

    fn script(session: &Session<'_>, text: &str) -> Result<()> {
        session.perform(text, &[]).map(drop)
    }

    fn insert(session: &Session<'_>, table: &str, columns: &[&str], next: &mut NextRow<'_, '_>) -> Result<u64> {
        session.insert(table, columns, next)
    }
}

/// A text that says nothing.
fn nonsense(words: impl Into<String>) -> Box<Failure> {
    Box::new(Failure { kind: FailureKind::Syntax, ..*Failure::other(words) })
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod exports {
    wasm_dbms_module::edge!(super::Tables);
}
