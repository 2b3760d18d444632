//! Running statements.
//!
//! ```text
//! sql          the trait that gives a database, a transaction or a snapshot its SQL
//! prepared     a statement that is run many times
//! session      a database with the transaction that the text begins and ends, and a cache of statements
//! cache        statements by their text
//! parameters   what the parameters are given by
//! row          rows as tuples and structs
//! ```

mod cache;
mod parameters;
mod prepared;
mod row;
mod session;
mod sql;

pub use parameters::{IntoParameters, Named};
pub use prepared::PreparedSql;
pub use row::{ColumnIndex, FromRow, Row, Rows};
pub use session::Session;
pub use sql::Sql;

use wasm_dbms::{Answer, Changed, Connection};
use wasm_dbms_api::Value;

use crate::bind::{Action, Compiled};
use crate::failure::{Error, Result};

impl Compiled {
    /// The values of the parameters, as many as are wanted.
    pub(crate) fn given(&self, parameters: impl IntoParameters) -> Result<Vec<Value>> {
        let values = parameters.values(&self.parameters)?;
        let wanted = self.parameters.count() as usize;
        match values.len() == wanted {
            true => Ok(values),
            false => Err(Error::ParameterCount { wanted, given: values.len() }),
        }
    }

    /// Runs the statement. What it answers is returned, and how many rows it wrote; of a query how many it answers.
    pub(crate) fn run<C: Connection>(&self, connection: &C, parameters: &[Value]) -> Result<Changed> {
        let result = match &self.action {
            Action::Define(definition) if definition.is_temporary() => return Err(Error::NeedsSession),
            Action::Define(definition) => return definition.run(connection).map(|()| Changed::default()),
            Action::Transaction(_) => return Err(Error::NeedsSession),
            action => action.run(connection, parameters),
        };
        result.map_err(|error| Error::at(error, &self.text, self.dialect))
    }
}

impl Action {
    fn run<C: Connection>(&self, connection: &C, parameters: &[Value]) -> wasm_dbms::Result<Changed> {
        match self {
            Self::Query(query) => {
                let returned = query.query(connection, parameters)?;
                Ok(Changed { count: returned.rows.len() as u64, returned })
            }
            Self::Insert(insert) => insert.run(connection, parameters),
            Self::Update(update) => update.run(connection, parameters),
            Self::Delete(delete) => delete.run(connection, parameters),
            Self::Explain { analyze, action } => {
                let mut lines = action.explain(connection, parameters)?;
                if *analyze {
                    let changed = action.run(connection, parameters)?;
                    lines.push_str(&format!("\nrows: {}", changed.count));
                }
                let rows: Vec<Vec<Value>> = lines.lines().map(|line| vec![Value::from(line)]).collect();
                Ok(Changed { count: rows.len() as u64, returned: Answer { columns: ["plan".to_owned()].into(), rows } })
            }
            Self::Define(_) | Self::Transaction(_) => Ok(Changed::default()),
        }
    }

    /// How it would be answered, in words.
    fn explain<C: Connection>(&self, connection: &C, parameters: &[Value]) -> wasm_dbms::Result<String> {
        match self {
            Self::Query(query) => query.explain(connection, parameters),
            Self::Insert(insert) => insert.explain(connection, parameters),
            Self::Update(update) => update.explain(connection, parameters),
            Self::Delete(delete) => delete.explain(connection, parameters),
            Self::Define(_) | Self::Transaction(_) | Self::Explain { .. } => Ok(String::new()),
        }
    }
}
