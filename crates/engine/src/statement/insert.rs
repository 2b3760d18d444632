//! [`InsertRows`]: new rows, as data.

use std::sync::Arc;

use wasm_dbms_api::{ColumnSchema, CommonTable, Expr, Name, Output, Query, TableSchema, Value, ValueRef};

use crate::catalog::RelationIndex;
use crate::core::Core;
use crate::error::Fallible;
use crate::full::{IS_FULL, needs_full};
use crate::function::Arena;
use crate::statement::returning::{Others, Returning};
use crate::statement::{Changed, PreparedChange, analyze_change, explain_change, undone_if_refused};
use crate::typed::{Conflict, UpsertReport, assignable, places_of};
use crate::write::slots;
use crate::{Answer, Connection, Error, OnConflict, Prepared, Result};

/// New rows, as data: the INSERT of SQL.
///
/// ```
/// use wasm_dbms::prelude::*;
/// use wasm_dbms::InsertRows;
///
/// let db = Database::in_memory();
/// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
/// let insert = InsertRows::new("t").columns(["n"]).row([Expr::Parameter(1) + 1]).prepare();
/// assert_eq!(insert.run(&db, &[4.into()])?.count, 1);
/// assert_eq!(db.query(&Query::from("t"))?.rows, [[Value::from(5)]]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct InsertRows {
    /// Queries that the statement calls by name.
    pub with: Vec<CommonTable>,
    /// The table.
    pub table: Name,
    /// How expressions call the table.
    pub alias: Option<Name>,
    /// The columns that values are given for; none: the first ones, as many as there are values.
    pub columns: Option<Vec<Name>>,
    /// The values.
    pub rows: NewRows,
    /// What happens where a row with such a key is there; none: the statement is refused.
    pub on_conflict: Option<OnRowConflict>,
    /// What is answered of each row that is written.
    pub returning: Vec<Output>,
}

/// Where new rows come from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum NewRows {
    /// These; none stands for the default.
    Values(Vec<Vec<Option<Expr>>>),
    /// What a query answers.
    Query(Box<Query>),
}

/// What happens where a new row meets one with such a key.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum OnRowConflict {
    /// Of one key.
    Of(OnConflict),
    /// Of any key: the new row is left out.
    Skip,
    /// Of any key: the rows that are there make room.
    Replace,
}

/// An [`InsertRows`] that is planned once and run many times.
#[derive(Debug)]
pub struct PreparedInsert {
    statement: InsertRows,
    source: Source,
}

/// How the values of the rows are found.
#[derive(Debug)]
enum Source {
    /// Literals and parameters, as they stand.
    Plain,
    /// One question a row, with NULL for what is a default.
    Rows(Vec<Prepared<Answer>>),
    Query(Box<Prepared<Answer>>),
}

impl InsertRows {
    /// No rows of a table yet.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::InsertRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let one = InsertRows::new("t").row([1.into()]);
    /// assert_eq!(one.prepare().run(&db, &[])?.count, 1);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new(table: impl Into<Name>) -> Self {
        let (with, rows, returning) = (Vec::new(), NewRows::Values(Vec::new()), Vec::new());
        Self { with, table: table.into(), alias: None, columns: None, rows, on_conflict: None, returning }
    }

    /// Names the columns that values are given for.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::InsertRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let one = InsertRows::new("t").columns(["n"]).row([1.into()]);
    /// assert_eq!(one.prepare().run(&db, &[])?.count, 1);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn columns<N: Into<Name>>(self, columns: impl IntoIterator<Item = N>) -> Self {
        Self { columns: Some(columns.into_iter().map(Into::into).collect()), ..self }
    }

    /// Adds a row.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::InsertRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let two = InsertRows::new("t").row([1.into()]).row([Expr::from(1) + Expr::from(1)]);
    /// assert_eq!(two.prepare().run(&db, &[])?.count, 2);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn row(mut self, values: impl IntoIterator<Item = Expr>) -> Self {
        let row = values.into_iter().map(Some).collect();
        match &mut self.rows {
            NewRows::Values(rows) => rows.push(row),
            NewRows::Query(_) => self.rows = NewRows::Values(vec![row]),
        }
        self
    }

    /// Makes the statement one that is planned once and run many times.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::InsertRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let insert = InsertRows::new("t").row([Expr::Parameter(1)]).prepare();
    /// for n in 0..3 {
    ///     insert.run(&db, &[n.into()])?;
    /// }
    /// assert_eq!(db.count_values("t", None)?, 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn prepare(self) -> PreparedInsert {
        let is_plain = |value: &Option<Expr>| matches!(value, None | Some(Expr::Literal(_) | Expr::Parameter(_)));
        let source = match &self.rows {
            _ if !IS_FULL => Source::Plain,
            NewRows::Values(rows) if rows.iter().flatten().all(is_plain) => Source::Plain,
            NewRows::Values(rows) => {
                let mut questions = Vec::with_capacity(rows.len());
                for row in rows {
                    let with = self.with.clone();
                    let mut query = Query { with, reads_text: true, ..Query::default() };
                    for value in row {
                        query.columns.push(value.clone().unwrap_or(Expr::Literal(Value::Null)).into());
                    }
                    questions.push(Prepared::new(query));
                }
                Source::Rows(questions)
            }
            NewRows::Query(query) => {
                let mut query = Query::clone(query);
                query.reads_text = true;
                let mut with = self.with.clone();
                with.append(&mut query.with);
                query.with = with;
                Source::Query(Prepared::new(query).into())
            }
        };
        PreparedInsert { statement: self, source }
    }
}

impl PreparedChange for PreparedInsert {
    fn question(&self) -> Option<&Prepared<Answer>> {
        match &self.source {
            Source::Query(question) => Some(question),
            Source::Plain | Source::Rows(_) => None,
        }
    }

    fn change_in(&self, core: &mut Core, parameters: &[ValueRef<'_>], is_whole: bool) -> Fallible<Changed> {
        undone_if_refused(core, is_whole, |core| self.run_in(core, parameters))
    }
}

impl PreparedInsert {
    /// Inserts the rows. If one is refused, none is inserted.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::InsertRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let insert = InsertRows { returning: vec![Expr::column("n").into()], ..InsertRows::new("t") };
    /// let stored = insert.row([1.into()]).prepare().run(&db, &[])?;
    /// assert_eq!(stored.returned.rows, [[Value::from(1)]]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Query`]; a constraint that a row would break; what storage says.
    pub fn run<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<Changed> {
        let is_one = matches!(&self.statement.rows, NewRows::Values(rows) if rows.len() == 1);
        let InsertRows { on_conflict, returning, .. } = &self.statement;
        if is_one && on_conflict.is_none() && returning.is_empty() {
            // Everything is checked before the first write.
            return Ok(connection.write(|core| self.run_in(core, parameters))?);
        }
        Ok(connection.write_many(|core| self.run_in(core, parameters))?)
    }

    /// The plan of the question whose answer is inserted, in words; nothing for values.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::InsertRows;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// assert_eq!(InsertRows::new("t").row([1.into()]).prepare().explain(&db, &[])?, "values");
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
    /// # use wasm_dbms::{InsertRows, NewRows};
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// # db.insert_many_values("t", &["n"], [[Value::from(1)], [Value::from(2)]])?;
    /// let (words, changed) = InsertRows { rows: NewRows::Query(Query::from("t").into()), ..InsertRows::new("t") }.prepare().explain_analyze(&db, &[])?;
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

    fn run_in(&self, core: &mut Core, parameters: &[ValueRef<'_>]) -> Fallible<Changed> {
        let index = core.catalog.find(&self.statement.table)?;
        let mut writer = Writer::new(core, &self.statement, index, parameters)?;
        match (&self.source, &self.statement.rows) {
            (Source::Plain, NewRows::Values(rows)) if rows.len() == 1 => {
                self.write_rows(core, &mut writer, rows, &[])?
            }
            (Source::Query(question), _) if IS_FULL => {
                // All is read before the first row is written.
                let answer = question.values(core, parameters)?;
                self.write_answer(core, &mut writer, answer)?;
            }
            (Source::Rows(questions), NewRows::Values(rows)) if IS_FULL => {
                let mut answers = Vec::with_capacity(questions.len());
                for question in questions {
                    answers.extend(question.values(core, parameters)?);
                }
                self.write_rows(core, &mut writer, rows, &answers)?;
            }
            (_, NewRows::Values(rows)) => {
                writer.together(core, &mut |core, writer| self.write_rows(core, writer, rows, &[]))?
            }
            (_, NewRows::Query(_)) => needs_full()?,
        }
        Ok(writer.finish())
    }

    /// Where the values of a row of so many go; none if each stands where its column does.
    fn places(&self, schema: &TableSchema, width: usize) -> Fallible<Option<Vec<usize>>> {
        let (places, count) = match &self.statement.columns {
            Some(columns) => {
                let names: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
                (Some(places_of(schema, &names)?), names.len())
            }
            None => (None, width.min(schema.columns.len())),
        };
        match count == width {
            true => Ok(places),
            false => Err(other_width(&schema.name, width, count)),
        }
    }

    /// Writes rows of values; those that are no literals and no parameters stand in `answers`, a row a row.
    fn write_rows(
        &self,
        core: &mut Core,
        writer: &mut Writer<'_>,
        rows: &[Vec<Option<Expr>>],
        answers: &[Vec<Value>],
    ) -> Fallible<()> {
        let schema = Arc::clone(&core.catalog.relation(writer.index)?.schema);
        let places = self.places(&schema, rows.first().map_or(0, Vec::len))?;
        let mut arena = Arena::default();
        for (number, row) in rows.iter().enumerate() {
            arena.clear();
            let answer = answers.get(number);
            slots!(values, schema.columns.len(), None);
            for (part, expr) in row.iter().enumerate() {
                let place = place_of(&places, part);
                let Some(column) = schema.columns.get(place) else { continue };
                let value = match expr {
                    None => continue,
                    Some(Expr::Literal(value)) => value.as_ref(),
                    Some(Expr::Parameter(number)) => parameter(writer.parameters, *number)?,
                    Some(_) if !IS_FULL => return needs_full(),
                    Some(_) => match answer.and_then(|answer| answer.get(part)) {
                        Some(value) => value.as_ref(),
                        None => continue,
                    },
                };
                if let Some(slot) = values.get_mut(place) {
                    *slot = Some(fitting(column, value, &arena));
                }
            }
            writer.write(core, values)?;
        }
        Ok(())
    }

    fn write_answer(&self, core: &mut Core, writer: &mut Writer<'_>, answer: Vec<Vec<Value>>) -> Fallible<()> {
        let Some(width) = answer.first().map(Vec::len) else { return Ok(()) };
        let schema = Arc::clone(&core.catalog.relation(writer.index)?.schema);
        let places = self.places(&schema, width)?.unwrap_or_else(|| (0..width).collect());
        let mut answer = answer.iter();
        self.statement.write_each(core, writer, &schema, &places, &mut |row| {
            let Some(values) = answer.next() else { return Ok(false) };
            row.extend(values.iter().map(Value::as_ref));
            Ok(true)
        })
    }
}

#[cold]
#[inline(never)]
pub(super) fn other_width(table: &str, values: usize, columns: usize) -> Box<Error> {
    Error::query(format_args!("a row of {table} has {values} values, there are {columns} columns for them"))
}

/// The value of a parameter.
fn parameter<'p>(parameters: &[ValueRef<'p>], number: u32) -> Fallible<ValueRef<'p>> {
    let value = usize::try_from(number).ok().and_then(|number| parameters.get(number.checked_sub(1)?).copied());
    value.ok_or_else(|| Error::query(format_args!("the parameter ?{number} is not given")))
}

/// Where a part of a row goes.
fn place_of(places: &Option<Vec<usize>>, part: usize) -> usize {
    places.as_ref().map_or(part, |places| places.get(part).copied().unwrap_or(usize::MAX))
}

/// The value as a column can hold it, if it can: a text as the day, the moment, the decimal or the name that it says.
///
/// ```
/// use wasm_dbms::{ColumnSchema, DataType, Value, fitting_value};
///
/// let born = ColumnSchema::new("born", DataType::Date);
/// assert!(matches!(fitting_value(&born, Value::from("1815-12-10")), Value::Date(_)));
/// assert_eq!(fitting_value(&born, Value::from("once")), Value::from("once"));
/// ```
pub fn fitting_value(column: &ColumnSchema, value: Value) -> Value {
    if column.holds(value.as_ref()) { value } else { assignable(column, value, true) }
}

/// The value as the column can hold it, if it can.
pub(super) fn fitting<'v>(column: &ColumnSchema, value: ValueRef<'v>, arena: &'v Arena) -> ValueRef<'v> {
    match column.holds(value) {
        true => value,
        false => arena.keep(assignable(column, value.to_value(), true)),
    }
}

/// An [`OnRowConflict`] in numbers.
enum ConflictAction {
    Of(Conflict),
    Skip(Vec<Conflict>),
    Replace(Vec<Conflict>),
}

impl ConflictAction {
    fn new(core: &Core, index: RelationIndex, action: &OnRowConflict) -> Fallible<Self> {
        Ok(match action {
            OnRowConflict::Of(action) => Self::Of(Conflict::resolve(core, index, action)?),
            OnRowConflict::Skip => Self::Skip(Conflict::of_every_key(core, index)?),
            OnRowConflict::Replace if !IS_FULL => return needs_full().map(|()| Self::Replace(Vec::new())),
            OnRowConflict::Replace => Self::Replace(Conflict::of_every_key(core, index)?),
        })
    }
}

/// Writes rows one by one.
pub(super) struct Writer<'p> {
    index: RelationIndex,
    returning: Option<Returning>,
    on_conflict: Option<ConflictAction>,
    parameters: &'p [ValueRef<'p>],
    count: u64,
}

impl<'p> Writer<'p> {
    /// None of the rows of a statement is written yet.
    pub(super) fn new(
        core: &mut Core,
        statement: &InsertRows,
        index: RelationIndex,
        parameters: &'p [ValueRef<'p>],
    ) -> Fallible<Self> {
        let InsertRows { alias, on_conflict, returning, .. } = statement;
        let others = Others::default();
        let returning = Returning::new(core, index, alias.as_ref(), returning, &others, parameters)?;
        let on_conflict = on_conflict.as_ref().map(|action| ConflictAction::new(core, index, action)).transpose()?;
        Ok(Self { index, returning, on_conflict, parameters, count: 0 })
    }

    /// What was done.
    pub(super) fn finish(self) -> Changed {
        Changed { count: self.count, returned: Returning::finish(self.returning) }
    }

    /// Lets `write` write rows. What they add to indexes that refuse nothing goes in at the end, where no row is looked
    /// for meanwhile.
    pub(super) fn together(
        &mut self,
        core: &mut Core,
        write: &mut dyn FnMut(&mut Core, &mut Self) -> Fallible<()>,
    ) -> Fallible<()> {
        match self.on_conflict {
            None => core.insert_together(self.index, |core| write(core, self)),
            Some(_) => core.deferring(|core| write(core, self)),
        }
    }

    pub(super) fn write(&mut self, core: &mut Core, given: &[Option<ValueRef<'_>>]) -> Fallible<()> {
        let is_written = match &self.on_conflict {
            None => {
                core.insert_row(self.index, given, &mut |_| Ok(()))?;
                true
            }
            Some(ConflictAction::Of(conflict)) => {
                let mut report = UpsertReport::default();
                core.upsert_row(self.index, given, conflict, self.parameters, &mut report)?
            }
            Some(ConflictAction::Skip(keys)) => {
                let mut is_free = true;
                for key in keys {
                    is_free = is_free && core.row_in_the_way(self.index, given, key)?.is_none();
                }
                if is_free {
                    core.insert_row(self.index, given, &mut |_| Ok(()))?;
                }
                is_free
            }
            Some(ConflictAction::Replace(_)) if !IS_FULL => needs_full().map(|()| false)?,
            Some(ConflictAction::Replace(keys)) => {
                for key in keys {
                    if let Some(row_key) = core.row_in_the_way(self.index, given, key)?
                        && core.delete_row(self.index, &row_key)?.is_none()
                    {
                        core.delete_cascading(self.index, &row_key)?;
                        // The new row is another one: nothing that referred to the old one comes to refer to it.
                        core.follow_events()?;
                    }
                }
                core.insert_row(self.index, given, &mut |_| Ok(()))?;
                true
            }
        };
        if is_written {
            self.count += 1;
            if let Some(returning) = &mut self.returning {
                returning.take_written(core, self.index, &[])?;
            }
        }
        Ok(())
    }
}
