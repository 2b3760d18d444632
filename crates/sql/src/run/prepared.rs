//! [`PreparedSql`]: a statement that is run many times.

use std::sync::Arc;

use wasm_dbms::{Connection, Database};

use crate::bind::{Action, Compiled};
use crate::failure::Result;
use crate::run::{FromRow, IntoParameters, RowRef, Rows};

/// A statement that is read and planned once and run many times; made by [`Sql::prepare`](crate::Sql::prepare).
#[derive(Debug)]
pub struct PreparedSql<'c, C> {
    connection: &'c C,
    compiled: Arc<Compiled>,
}

impl<C> Clone for PreparedSql<'_, C> {
    fn clone(&self) -> Self {
        Self { connection: self.connection, compiled: Arc::clone(&self.compiled) }
    }
}

impl<'c, C: Connection> PreparedSql<'c, C> {
    pub(crate) fn new(connection: &'c C, compiled: Arc<Compiled>) -> Self {
        Self { connection, compiled }
    }

    /// Runs the statement and answers its rows: of a query, of RETURNING, of EXPLAIN.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (n integer, name text)", ())?;
    /// db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')", ())?;
    /// let above = db.prepare("SELECT name FROM t WHERE n > ?")?;
    /// assert_eq!(above.query((1,))?.count(), 1);
    /// assert_eq!(above.query((0,))?.count(), 2);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ParameterCount`](crate::Error::ParameterCount); what the database says.
    pub fn query(&self, parameters: impl IntoParameters) -> Result<Rows> {
        self.compiled.with(parameters, |values| Ok(Rows::made(self.compiled.run(self.connection, values)?.returned)))
    }

    /// What the first row comes to.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (n integer, name text)", ())?;
    /// db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')", ())?;
    /// let by_number = db.prepare("SELECT name FROM t WHERE n = ?")?;
    /// assert_eq!(by_number.query_row::<(String,)>((2,))?.0, "two");
    /// assert!(by_number.query_row::<(String,)>((3,)).is_err());
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoRows`](crate::Error::NoRows); as [`query`](Self::query) and [`FromRow::from_row`].
    pub fn query_row<R: FromRow>(&self, parameters: impl IntoParameters) -> Result<R> {
        self.compiled.with(parameters, |values| self.compiled.first(self.connection, values))
    }

    /// What every row comes to.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (n integer, name text)", ())?;
    /// db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')", ())?;
    /// let above = db.prepare("SELECT n, name FROM t WHERE n > ? ORDER BY n")?;
    /// assert_eq!(above.query_rows::<(i64, String)>((1,))?, [(2, "two".into())]);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`query`](Self::query) and [`FromRow::from_row`].
    pub fn query_rows<R: FromRow>(&self, parameters: impl IntoParameters) -> Result<Vec<R>> {
        self.compiled.with(parameters, |values| self.compiled.all(self.connection, values))
    }

    /// Calls `visit` with each row, where it stands: of all ways to read many rows the one that copies least.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (n integer, name text)", ())?;
    /// db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')", ())?;
    /// let mut sum = 0;
    /// db.prepare("SELECT n FROM t WHERE n > ?")?.for_each((0,), |row| {
    ///     sum += row.get::<i64>(0)?;
    ///     Ok(())
    /// })?;
    /// assert_eq!(sum, 3);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`query`](Self::query), and what `visit` returns, which ends the walk.
    pub fn for_each(
        &self,
        parameters: impl IntoParameters,
        mut visit: impl FnMut(&RowRef<'_>) -> Result<()>,
    ) -> Result<()> {
        self.compiled.with(parameters, |values| {
            self.compiled.visit(self.connection, values, &mut |row| visit(row).map(|()| true))
        })
    }

    /// Runs the statement and returns how many rows it wrote; of a query how many it answers.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (n integer, name text)", ())?;
    /// db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')", ())?;
    /// let insert = db.prepare("INSERT INTO t VALUES (?, ?)")?;
    /// assert_eq!(insert.execute((3, "three"))?, 1);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub fn execute(&self, parameters: impl IntoParameters) -> Result<u64> {
        self.compiled.with(parameters, |values| Ok(self.compiled.run(self.connection, values)?.count))
    }

    /// How many parameters it wants.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (n integer, name text)", ())?;
    /// db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')", ())?;
    /// assert_eq!(db.prepare("SELECT n FROM t WHERE n > ?1 OR n < ?2")?.parameter_count(), 2);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    pub fn parameter_count(&self) -> usize {
        self.compiled.parameters.count() as usize
    }
}

impl PreparedSql<'_, Database> {
    /// As [`query`](Self::query), but the rows of a query come one by one, from the pages of one commit, while writes go
    /// on: see [`ValueCursor`](wasm_dbms::ValueCursor).
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (n integer)", ())?;
    /// db.execute("INSERT INTO t VALUES (1), (2)", ())?;
    /// let delete = db.prepare("DELETE FROM t WHERE n = ?")?;
    /// for row in db.prepare("SELECT n FROM t")?.stream(())? {
    ///     delete.execute([row?.get::<i64>("n")?])?;
    /// }
    /// assert_eq!(db.query_row::<(i64,)>("SELECT count(*) FROM t", ())?, (0,));
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub fn stream(&self, parameters: impl IntoParameters) -> Result<Rows> {
        let Action::Query(query) = &self.compiled.action else { return self.query(parameters) };
        self.compiled.with(parameters, |values| {
            let cursor = query.query_iter(self.connection, values);
            Ok(cursor.map(Rows::walk).map_err(|error| self.compiled.placed(error))?)
        })
    }
}
