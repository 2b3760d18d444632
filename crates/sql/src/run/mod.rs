//! Running statements.
//!
//! ```text
//! sql          the trait that gives a database, a transaction or a snapshot its SQL
//! prepared     a statement that is run many times
//! session      a database with the transaction that the text begins and ends, and a cache of statements
//! cache        statements by their text
//! parameters   what the parameters are given by
//! row          rows of an answer
//! row_ref      a row where it stands, as tuples and structs
//! ```

mod cache;
mod parameters;
mod prepared;
mod row;
mod row_ref;
mod session;
mod sql;

pub use parameters::{IntoParameters, Named};
pub use prepared::PreparedSql;
pub use row::{Row, Rows};
pub use row_ref::{ColumnIndex, FromRow, RowRef};
pub use session::Session;
pub use sql::Sql;

use wasm_dbms::{Answer, AnyConnection, Changed, Connection, PreparedChange, analyze_change, explain_change};
use wasm_dbms_api::text_parts::{parts, without_blanks_behind};
use wasm_dbms_api::{Value, ValueRef};

use crate::bind::{Action, Compiled, define, is_temporary};
use crate::failure::{Error, Inner, Result};

impl Compiled {
    /// Calls `take` with the values of the parameters, as many as are wanted.
    pub(crate) fn with<R>(
        &self,
        parameters: impl IntoParameters,
        take: impl FnOnce(&[ValueRef<'_>]) -> Result<R>,
    ) -> Result<R> {
        parameters.lend(&self.parameters, |values| {
            let wanted = self.parameters.count() as usize;
            match values.len() == wanted {
                true => take(values),
                false => Err(Error::ParameterCount { wanted, given: values.len() }),
            }
        })
    }

    /// Runs the statement. What it answers is returned, and how many rows it wrote; of a query how many it answers.
    pub(crate) fn run<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Inner<Changed> {
        let result = match &self.action {
            Action::Define(statement) if is_temporary(statement) => return Err(Error::NeedsSession.into()),
            Action::Define(statement) => {
                let defined = define(&AnyConnection::new(connection), statement, self.dialect);
                return defined.map(|()| Changed::default());
            }
            Action::Transaction(_) => return Err(Error::NeedsSession.into()),
            action => action.run(connection, parameters),
        };
        result.map_err(|error| self.placed(error))
    }

    /// Runs the statement and calls `visit` with each row that it answers, as long as that says that more are wanted. The
    /// rows of a query are visited where they stand.
    pub(crate) fn visit<C: Connection>(
        &self,
        connection: &C,
        parameters: &[ValueRef<'_>],
        visit: &mut dyn FnMut(&RowRef<'_>) -> Result<bool>,
    ) -> Result<()> {
        let Action::Query(query) = &self.action else {
            let Answer { columns, rows } = self.run(connection, parameters)?.returned;
            for row in &rows {
                if !visit(&RowRef::of_values(&columns, row))? {
                    break;
                }
            }
            return Ok(());
        };
        let mut refused = None;
        let visited = query.query_each(connection, parameters, &mut |row| match visit(&RowRef::of_answer(row)) {
            Ok(wants_more) => Ok(wants_more),
            Err(error) => {
                refused = Some(error);
                Ok(false)
            }
        });
        match refused {
            Some(error) => Err(error),
            None => Ok(visited.map_err(|error| self.placed(error))?),
        }
    }

    /// What the first row comes to.
    pub(crate) fn first<C: Connection, R: FromRow>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<R> {
        let mut first = None;
        self.visit(connection, parameters, &mut |row| {
            first = Some(R::from_row(row)?);
            Ok(false)
        })?;
        first.ok_or(Error::NoRows)
    }

    /// What every row comes to.
    pub(crate) fn all<C: Connection, R: FromRow>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> Result<Vec<R>> {
        let mut all = Vec::new();
        self.visit(connection, parameters, &mut |row| {
            all.push(R::from_row(row)?);
            Ok(true)
        })?;
        Ok(all)
    }

    /// What the database says, with its place in the text.
    pub(crate) fn placed(&self, error: wasm_dbms::Error) -> Box<Error> {
        Error::at(error, &self.text, self.dialect)
    }
}

impl Action {
    fn run<C: Connection>(&self, connection: &C, parameters: &[ValueRef<'_>]) -> wasm_dbms::Result<Changed> {
        match self {
            Self::Query(query) => {
                let returned = query.query(connection, parameters)?;
                Ok(Changed { count: returned.rows.len() as u64, returned })
            }
            Self::Insert(insert) => insert.run(connection, parameters),
            Self::Update(update) => update.run(connection, parameters),
            Self::Delete(delete) => delete.run(connection, parameters),
            Self::Explain { analyze, action } => {
                let connection = &AnyConnection::new(connection);
                let lines = match analyze {
                    true => {
                        let (words, count) = action.explain_analyze(connection, parameters)?;
                        format!("{}\nrows: {count}", without_blanks_behind(&words))
                    }
                    false => action.explain(connection, parameters)?,
                };
                let mut rows = Vec::new();
                for line in parts(without_blanks_behind(&lines), b'\n') {
                    rows.push(vec![Value::from(line)]);
                }
                Ok(Changed { count: rows.len() as u64, returned: Answer { columns: ["plan".to_owned()].into(), rows } })
            }
            Self::Define(_) | Self::Transaction(_) => Ok(Changed::default()),
        }
    }

    /// Runs it. How it was answered, in words, and how many rows it wrote; of a query how many it answered.
    fn explain_analyze(
        &self,
        connection: &AnyConnection<'_>,
        parameters: &[ValueRef<'_>],
    ) -> wasm_dbms::Result<(String, u64)> {
        if let Self::Query(query) = self {
            return query.explain_analyze(connection, parameters);
        }
        let Some(change) = self.change() else { return Ok(Default::default()) };
        let (words, changed) = analyze_change(connection, change, parameters)?;
        Ok((words, changed.count))
    }

    /// How it would be answered, in words.
    fn explain(&self, connection: &AnyConnection<'_>, parameters: &[ValueRef<'_>]) -> wasm_dbms::Result<String> {
        match self {
            Self::Query(query) => query.explain(connection, parameters),
            other => other.change().map_or(Ok(String::new()), |change| explain_change(connection, change, parameters)),
        }
    }

    /// The change of rows that it is, if it is one.
    fn change(&self) -> Option<&dyn PreparedChange> {
        match self {
            Self::Insert(insert) => Some(&**insert),
            Self::Update(update) => Some(&**update),
            Self::Delete(delete) => Some(&**delete),
            _ => None,
        }
    }
}
