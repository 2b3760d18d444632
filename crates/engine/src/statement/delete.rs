//! [`DeleteRows`]: deleted rows, as data.

use wasm_dbms_api::{CommonTable, Expr, Join, Name, Output, Source, ValueRef};

use crate::core::Core;
use crate::error::Fallible;
use crate::full::IS_FULL;
use crate::numbering::Numbering;
use crate::statement::matching::Matching;
use crate::statement::returning::Returning;
use crate::statement::{Changed, PreparedChange, analyze_change, explain_change, undone_if_refused, written};
use crate::typed::delete_keys;
use crate::{Answer, Connection, Prepared, Result};

/// Deleted rows, as data: the DELETE of SQL.
///
/// ```
/// use wasm_dbms::prelude::*;
/// use wasm_dbms::DeleteRows;
///
/// let db = Database::in_memory();
/// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
/// db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
/// let delete = DeleteRows::new("t").filter(Expr::column("n").compare(Comparison::Equal, Expr::Parameter(1)));
/// assert_eq!(delete.prepare()?.run(&db, &[2.into()])?.count, 1);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DeleteRows {
    /// Queries that the statement calls by name.
    pub with: Vec<CommonTable>,
    /// The table.
    pub table: Name,
    /// How expressions call the table.
    pub alias: Option<Name>,
    /// Other rows that expressions name: a source and those that join it.
    pub using: Option<(Source, Vec<Join>)>,
    /// Which rows go; all, where nothing is said.
    pub filter: Option<Expr>,
    /// What is answered of each.
    pub returning: Vec<Output>,
}

/// A [`DeleteRows`] that is planned once and run many times.
#[derive(Debug)]
pub struct PreparedDelete {
    matching: Matching,
    /// Whether nothing chooses among the rows.
    takes_all: bool,
}

impl DeleteRows {
    /// A deletion of every row of a table.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::DeleteRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// assert_eq!(DeleteRows::new("t").prepare()?.run(&db, &[])?.count, 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new(table: impl Into<Name>) -> Self {
        let (with, returning) = (Vec::new(), Vec::new());
        Self { with, table: table.into(), alias: None, using: None, filter: None, returning }
    }

    /// Keeps the rows for which this is true.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::DeleteRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// let ones = DeleteRows::new("t").filter(Expr::column("n").compare(Comparison::Equal, 1));
    /// assert_eq!(ones.prepare()?.run(&db, &[])?.count, 1);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn filter(self, filter: Expr) -> Self {
        Self { filter: Some(filter), ..self }
    }

    /// Makes the statement one that is planned once and run many times.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::DeleteRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// let by_number = DeleteRows::new("t").filter(Expr::column("n").compare(Comparison::Equal, Expr::Parameter(1)));
    /// let by_number = by_number.prepare()?;
    /// for n in [1, 2, 3] {
    ///     by_number.run(&db, &[n.into()])?;
    /// }
    /// assert_eq!(db.count_values("t", None)?, 0);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a join that a change of rows cannot have.
    pub fn prepare(self) -> Result<PreparedDelete> {
        let Self { with, table, alias, using, filter, returning } = self;
        let takes_all = using.is_none() && filter.is_none();
        let matching = Matching::new(with, (table, alias), using, filter, &[], returning)?;
        Ok(PreparedDelete { matching, takes_all })
    }
}

impl PreparedChange for PreparedDelete {
    fn question(&self) -> Option<&Prepared<Answer>> {
        Some(&self.matching.question)
    }

    fn change_in(&self, core: &mut Core, parameters: &[ValueRef<'_>], is_whole: bool) -> Fallible<Changed> {
        self.run_in(core, parameters, is_whole)
    }
}

impl PreparedDelete {
    /// Deletes the rows, with those that refer to them with cascade; the count is of this table only. If one is refused,
    /// none is deleted.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::DeleteRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// let all = DeleteRows { returning: vec![Expr::column("n").into()], ..DeleteRows::new("t") };
    /// assert_eq!(all.prepare()?.run(&db, &[])?.returned.rows.len(), 2);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unknown`](crate::Error::Unknown), [`Error::Query`](crate::Error::Query);
    /// [`Error::ForeignKey`](crate::Error::ForeignKey) if a row that stays refers to one of them; what storage says.
    pub fn run<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<Changed> {
        written(connection, &|core, is_whole| self.run_in(core, parameters, is_whole))
    }

    /// The plan of the question which rows go, in words.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::DeleteRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// println!("{}", DeleteRows::new("t").prepare()?.explain(&db, &[])?);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn explain<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<String> {
        explain_change(connection, self, parameters)
    }

    /// Runs the statement and says in words how its rows were found: how many each step came to. Also what it did.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::DeleteRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// let (words, changed) = DeleteRows::new("t").filter(Expr::column("n").compare(Comparison::Greater, 0)).prepare()?.explain_analyze(&db, &[])?;
    /// assert!(words.contains("2 found"));
    /// assert_eq!(changed.count, 2);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn explain_analyze<C: Connection>(
        &self,
        connection: &C,
        parameters: &[ValueRef<'_>],
    ) -> Result<(String, Changed)> {
        analyze_change(connection, self, parameters)
    }

    fn run_in(&self, core: &mut Core, parameters: &[ValueRef<'_>], is_whole: bool) -> Fallible<Changed> {
        let index = core.catalog.find(&self.matching.table)?;
        let mut returning = self.matching.returning(core, index, parameters)?;
        if returning.is_none()
            && self.takes_all
            && let Some(count) = undone_if_refused(core, is_whole, |core| core.delete_all(index))?
        {
            return Ok(Changed { count, ..Changed::default() });
        }
        let mut rows = self.matching.question.matched(core, parameters)?;
        if IS_FULL && self.matching.asks_others {
            let mut seen = Numbering::default();
            rows.retain(|(key, _)| seen.is_new(key));
        }
        // A row may go with one before it: all are read first.
        if let Some(returning) = &mut returning {
            for (key, beside) in &rows {
                core.scratch.key.clear();
                core.scratch.key.extend_from_slice(key);
                returning.take_written(core, index, beside)?;
            }
        }
        let mut keys = Vec::with_capacity(rows.len());
        for (key, _) in rows {
            keys.push(key);
        }
        // One row that nothing refers to needs no savepoint.
        if let [key] = keys.as_slice()
            && let Some(is_there) = core.delete_row(index, key)?
        {
            return Ok(Changed { count: is_there.into(), returned: Returning::finish(returning) });
        }
        let count = undone_if_refused(core, is_whole, |core| delete_keys(core, index, &keys))?;
        Ok(Changed { count, returned: Returning::finish(returning) })
    }
}
