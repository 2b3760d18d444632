//! [`Sql`]: what gives a database, a transaction or a snapshot its SQL.

use wasm_dbms::{AnyConnection, Connection};

use crate::bind::{Compiled, Views};
use crate::failure::Result;
use crate::run::{FromRow, IntoParameters, PreparedSql};
use crate::{Dialect, parse};

/// SQL for whatever statements can be run on: a [`Database`](wasm_dbms::Database), a
/// [`Transaction`](wasm_dbms::Transaction), an [`OptimisticTransaction`](wasm_dbms::OptimisticTransaction), a
/// [`Snapshot`](wasm_dbms::Snapshot), each with a limit ([`Limited`](wasm_dbms::Limited)) too.
///
/// Statements that begin and end transactions need a [`Session`](crate::Session).
///
/// ```
/// use wasm_dbms::Database;
/// use wasm_dbms_sql::Sql;
///
/// let db = Database::in_memory();
/// db.execute("CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, age integer)", ())?;
/// let insert = db.prepare("INSERT INTO users VALUES (?, ?, ?)")?;
/// for (id, name, age) in [(1, "Ada", 36), (2, "Grace", 85)] {
///     insert.execute((id, name, age))?;
/// }
/// let (name, age): (String, i64) = db.query_row("SELECT name, age FROM users WHERE id = ?", [2])?;
/// assert_eq!((name.as_str(), age), ("Grace", 85));
/// for row in db.prepare("SELECT name FROM users ORDER BY age DESC")?.query(())? {
///     println!("{}", row?.get::<String>("name")?);
/// }
/// # Ok::<(), wasm_dbms_sql::Error>(())
/// ```
pub trait Sql: Connection + Sized {
    /// Reads a statement, as PostgreSQL has it.
    ///
    /// # Errors
    /// [`Error::Text`](crate::Error::Text).
    fn prepare(&self, text: &str) -> Result<PreparedSql<'_, Self>> {
        self.prepare_in(text, Dialect::PostgreSql)
    }

    /// Reads a statement of a dialect.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    fn prepare_in(&self, text: &str, dialect: Dialect) -> Result<PreparedSql<'_, Self>> {
        let compiled =
            Compiled::new(&AnyConnection::new(self), parse(text, dialect)?, text.into(), dialect, &Views::default())?;
        Ok(PreparedSql::new(self, compiled))
    }

    /// Runs a statement and returns how many rows it wrote; of a query how many it answers.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare) and [`PreparedSql::execute`].
    fn execute(&self, text: &str, parameters: impl IntoParameters) -> Result<u64> {
        self.prepare(text)?.execute(parameters)
    }

    /// What the first row of an answer comes to.
    ///
    /// # Errors
    /// [`Error::NoRows`](crate::Error::NoRows); as [`prepare`](Self::prepare) and [`PreparedSql::query_row`].
    fn query_row<R: FromRow>(&self, text: &str, parameters: impl IntoParameters) -> Result<R> {
        self.prepare(text)?.query_row(parameters)
    }

    /// What every row of an answer comes to.
    ///
    /// # Errors
    /// As [`query_row`](Self::query_row).
    fn query_rows<R: FromRow>(&self, text: &str, parameters: impl IntoParameters) -> Result<Vec<R>> {
        self.prepare(text)?.query_rows(parameters)
    }
}

impl<C: Connection> Sql for C {}
