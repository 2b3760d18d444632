//! What a [`Prepared`] question answers as values, and what its plan came to.

use std::sync::Arc;

use wasm_dbms_api::{Query, ValueRef};

use crate::core::Core;
use crate::error::Fallible;
use crate::execute::{self, Needs};
use crate::typed::AnswerRow;
use crate::typed::cursor::values_of_plan;
use crate::{Answer, Connection, Database, Prepared, Result, ValueCursor};

impl Prepared<Answer> {
    /// A dynamic question to be asked many times.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::Prepared;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_values("t", &[("n", 5.into())])?;
    /// let above = Expr::column("n").compare(Comparison::Greater, Expr::Parameter(1));
    /// let prepared = Prepared::new(Query::from("t").filter(above));
    /// assert_eq!(prepared.query(&db, &[3.into()])?.rows, [[Value::from(5)]]);
    /// assert_eq!(prepared.query(&db, &[7.into()])?.rows.len(), 0);
    /// assert_eq!(prepared.plan_count(), 1);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new(query: Query) -> Self {
        Self::of(query, Vec::new())
    }

    /// The answer.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// db.insert_values("t", &[("n", 5.into())])?;
    /// let prepared = wasm_dbms::Prepared::new(Query::from("t"));
    /// assert_eq!(prepared.query(&db, &[])?.rows, [[Value::from(5)]]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Database::query_with`].
    pub fn query<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<Answer> {
        let mut answer = Answer::default();
        self.run(connection, parameters, Needs::Outputs, &mut |core, plan, rows| {
            answer = Answer { columns: Arc::clone(&plan.names), rows: execute::values_of(core, plan, rows)? };
            Ok(())
        })?;
        Ok(answer)
    }

    /// Calls `visit` with each row of the answer, before anyone has a copy of it, as long as that says that more are wanted.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// use wasm_dbms::Field as _;
    ///
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// db.insert_values("t", &[("n", 5.into())])?;
    /// let prepared = wasm_dbms::Prepared::new(Query::from("t"));
    /// let mut sum = 0;
    /// prepared.query_each(&db, &[], &mut |row| {
    ///     sum += i64::from_value(row.value(0)?)?;
    ///     Ok(true)
    /// })?;
    /// assert_eq!(sum, 5);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Database::query_with`], and what `visit` returns.
    pub fn query_each<C: Connection>(
        &self,
        connection: &C,
        parameters: &[ValueRef<'_>],
        visit: &mut dyn FnMut(&AnswerRow<'_>) -> Result<bool>,
    ) -> Result<()> {
        self.run(connection, parameters, Needs::Outputs, &mut |core, plan, rows| {
            execute::each_of(core, plan, rows, &mut |_, row| Ok(visit(&AnswerRow::new(&plan.names, row))?))
        })
    }

    /// Asks the question and says in words how it was answered: how many rows each step came to, beside what was
    /// reckoned. Also how many rows were answered.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// let prepared = wasm_dbms::Prepared::new(Query::from("t"));
    /// let (words, rows) = prepared.explain_analyze(&db, &[])?;
    /// assert_eq!((words.trim_end(), rows), ("scan t (about 2 rows, 2 found)", 2));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Database::query_with`].
    pub fn explain_analyze<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<(String, u64)> {
        Ok(connection.read(|core| self.observed_in(core, parameters))?)
    }

    fn observed_in(&self, core: &mut Core, parameters: &[ValueRef<'_>]) -> Fallible<(String, u64)> {
        self.observe(core, parameters, |core| {
            let mut rows = 0;
            self.with_rows(core, parameters, Needs::Outputs, &mut |core, plan, stream| {
                execute::each_of(core, plan, stream, &mut |_, row| {
                    row.into_values()?;
                    rows += 1;
                    Ok(true)
                })
            })?;
            Ok(rows)
        })
    }

    /// The rows of the answer one by one, while writes go on: see [`ValueCursor`].
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// db.insert_values("t", &[("n", 5.into())])?;
    /// let prepared = wasm_dbms::Prepared::new(Query::from("t"));
    /// assert_eq!(prepared.query_iter(&db, &[])?.count(), 1);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Database::query_iter`].
    pub fn query_iter(&self, database: &Database, parameters: &[ValueRef<'_>]) -> Result<ValueCursor> {
        let mut core = database.last_commit()?;
        let template = self.template(&mut core, parameters)?;
        values_of_plan(core, Arc::clone(&template.plan), template.scope(parameters)?)
    }
}
