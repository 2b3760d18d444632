//! [`UpdateRows`]: changed rows, as data.

use std::sync::{Arc, Mutex, PoisonError};

use wasm_dbms_api::{CommonTable, Expr, Join, Name, Output, Source, TableSchema, Value, ValueRef};

use crate::catalog::RelationIndex;
use crate::core::Core;
use crate::error::Fallible;
use crate::numbering::Numbering;
use crate::statement::matching::Matching;
use crate::statement::returning::Returning;
use crate::statement::{Changed, PreparedChange, analyze_change, explain_change, undone_if_refused, written};
use crate::typed::{Matched, Sets};
use crate::{Answer, Connection, Error, Prepared, Result};

/// Changed rows, as data: the UPDATE of SQL.
///
/// ```
/// use wasm_dbms::prelude::*;
/// use wasm_dbms::UpdateRows;
///
/// let db = Database::in_memory();
/// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
/// db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
/// let filter = Expr::column("n").compare(Comparison::Greater, Expr::Parameter(1));
/// let update = UpdateRows::new("t").set("n", Some(Expr::column("n") + 10)).filter(filter);
/// assert_eq!(update.prepare()?.run(&db, &[1.into()])?.count, 1);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateRows {
    /// Queries that the statement calls by name.
    pub with: Vec<CommonTable>,
    /// The table.
    pub table: Name,
    /// How expressions call the table.
    pub alias: Option<Name>,
    /// What columns become; none: their default.
    pub sets: Vec<(Name, Option<Expr>)>,
    /// Other rows that expressions name: a source and those that join it.
    pub from: Option<(Source, Vec<Join>)>,
    /// Which rows change; all, where nothing is said.
    pub filter: Option<Expr>,
    /// What is answered of each.
    pub returning: Vec<Output>,
}

/// An [`UpdateRows`] that is planned once and run many times.
#[derive(Debug)]
pub struct PreparedUpdate {
    matching: Matching,
    sets: Vec<(Name, Option<Expr>)>,
    /// What it does to the columns of the table that has this schema.
    resolved: Mutex<Option<(Arc<TableSchema>, Arc<Sets>)>>,
}

impl UpdateRows {
    /// A change of every row of a table.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::UpdateRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// assert_eq!(UpdateRows::new("t").set("n", Some(0.into())).prepare()?.run(&db, &[])?.count, 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new(table: impl Into<Name>) -> Self {
        let (with, sets, returning) = (Vec::new(), Vec::new(), Vec::new());
        Self { with, table: table.into(), alias: None, sets, from: None, filter: None, returning }
    }

    /// Sets a column to what an expression over the row as it was comes to; none: to its default.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::UpdateRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// let next = UpdateRows::new("t").set("n", Some(Expr::column("n") + Expr::from(1)));
    /// next.prepare()?.run(&db, &[])?;
    /// assert_eq!(db.count_values("t", Expr::column("n").compare(Comparison::Equal, 3))?, 1);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn set(mut self, column: impl Into<Name>, value: Option<Expr>) -> Self {
        self.sets.push((column.into(), value));
        self
    }

    /// Keeps the rows for which this is true.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::UpdateRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// let ones = UpdateRows::new("t").set("n", Some(0.into())).filter(Expr::column("n").compare(Comparison::Equal, 1));
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
    /// # use wasm_dbms::UpdateRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// let set = UpdateRows::new("t").set("n", Some(Expr::Parameter(1))).prepare()?;
    /// for n in 0..3 {
    ///     assert_eq!(set.run(&db, &[n.into()])?.count, 2);
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Query`] for a join that a change of rows cannot have.
    pub fn prepare(self) -> Result<PreparedUpdate> {
        let Self { with, table, alias, sets, from, filter, returning } = self;
        let matching = Matching::new(with, (table, alias), from, filter, &sets, returning)?;
        Ok(PreparedUpdate { matching, sets, resolved: Mutex::default() })
    }
}

impl PreparedChange for PreparedUpdate {
    fn question(&self) -> Option<&Prepared<Answer>> {
        Some(&self.matching.question)
    }

    fn change_in(&self, core: &mut Core, parameters: &[ValueRef<'_>], is_whole: bool) -> Fallible<Changed> {
        self.run_in(core, parameters, is_whole)
    }
}

impl PreparedUpdate {
    /// Changes the rows. If one is refused, none is changed.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::UpdateRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// let all = UpdateRows { returning: vec![Expr::column("n").into()], ..UpdateRows::new("t") };
    /// let changed = all.set("n", Some(0.into())).prepare()?.run(&db, &[])?;
    /// assert_eq!(changed.returned.rows, [[Value::from(0)], [Value::from(0)]]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Query`]; a constraint that a new row would break; what storage says.
    pub fn run<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<Changed> {
        written(connection, &|core, is_whole| self.run_in(core, parameters, is_whole))
    }

    /// The plan of the question which rows change, in words.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::UpdateRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// println!("{}", UpdateRows::new("t").set("n", None).prepare()?.explain(&db, &[])?);
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
    /// # use wasm_dbms::UpdateRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// let (words, changed) = UpdateRows::new("t").set("n", Some(0.into())).prepare()?.explain_analyze(&db, &[])?;
    /// assert!(words.contains("scan t (about 2 rows, 2 found)"));
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
        let sets = self.sets(core, index)?;
        let mut returning = self.matching.returning(core, index, parameters)?;
        // All is computed before the first row changes.
        let mut rows = self.matching.question.matched(core, parameters)?;
        if returning.is_none() && rows.len() < 2 && sets.are_plain(core, index)? {
            // Everything is checked before the write.
            let Some((key, values)) = rows.pop() else { return Ok(Changed::default()) };
            core.update_row(index, &key, &sets.with(core, index, values)?)?;
            return Ok(Changed { count: 1, ..Changed::default() });
        }
        let count = undone_if_refused(core, is_whole, |core| self.change(core, index, &sets, rows, &mut returning))?;
        Ok(Changed { count, returned: Returning::finish(returning) })
    }

    /// Changes rows. Returns how many.
    fn change(
        &self,
        core: &mut Core,
        index: RelationIndex,
        sets: &Sets,
        rows: Vec<Matched>,
        returning: &mut Option<Returning>,
    ) -> Fallible<u64> {
        let mut seen = Numbering::default();
        let computed = self.sets.iter().filter(|(_, value)| value.is_some()).count();
        core.deferring(|core| {
            let mut count = 0;
            for (key, mut values) in rows {
                // Of several partners the first counts.
                if self.matching.asks_others && !seen.is_new(&key) {
                    continue;
                }
                let beside = values.split_off(computed.min(values.len()));
                let assignments = sets.with(core, index, values)?;
                count += 1;
                match returning {
                    None => {
                        core.update_row(index, &key, &assignments)?;
                    }
                    Some(returning) => {
                        if core.update_row_written(index, &key, &assignments)? {
                            returning.take_written(core, index, &beside)?;
                        }
                    }
                }
            }
            Ok(count)
        })
    }

    /// What is made of which columns, as long as the table stays as it is.
    fn sets(&self, core: &Core, index: RelationIndex) -> Fallible<Arc<Sets>> {
        let schema = &core.catalog.relation(index)?.schema;
        let mut known = self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((of, sets)) if Arc::ptr_eq(of, schema) => Ok(Arc::clone(sets)),
            _ => {
                let sets = Arc::new(resolved(core, index, &self.sets)?);
                *known = Some((Arc::clone(schema), Arc::clone(&sets)));
                Ok(sets)
            }
        }
    }
}

/// What columns become, by their numbers.
pub(super) fn resolved(core: &Core, index: RelationIndex, sets: &[(Name, Option<Expr>)]) -> Fallible<Sets> {
    let schema = &*core.catalog.relation(index)?.schema;
    let names: Vec<&str> = sets.iter().map(|(name, _)| name.as_ref()).collect();
    let mut resolved = Sets { reads_text: true, ..Sets::default() };
    for (place, (name, value)) in crate::typed::places_of(schema, &names)?.into_iter().zip(sets) {
        match value {
            // What is computed is told apart from what is not by its place in the question: it stays an expression.
            Some(value) => resolved.computed.push((place, value.clone())),
            None => {
                let column = schema.columns.get(place);
                if column.is_some_and(|column| column.autoincrement) {
                    let table = &schema.name;
                    return Err(Error::query(format_args!("column {table}.{name} counts up: it has no default")));
                }
                let default = column.and_then(|column| column.default.clone()).unwrap_or(Value::Null);
                resolved.constants.push((place, default));
            }
        }
    }
    Ok(resolved)
}
