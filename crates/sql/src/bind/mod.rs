//! From what a text says to what the engine runs.
//!
//! ```text
//! definition     CREATE, DROP and ALTER
//! view           stored queries by name
//! information    the tables that tell of the tables
//! ```
//!
//! Names are looked up and types are checked by the engine, when a statement is run for the first time. What SQL adds are
//! names that stand for queries: views, and the tables of `information_schema`. They come in front of the statement's own
//! WITH, so that nothing of it changes what they mean.

mod definition;
mod information;
mod view;

use std::sync::Arc;

use wasm_dbms::{Answer, AnyConnection, Prepared, PreparedDelete, PreparedInsert, PreparedUpdate, has_tables};
use wasm_dbms_api::{CommonTable, Name, Query};

pub(crate) use definition::{define, drop_all, is_temporary};
pub(crate) use view::{Views, create_temporary};

use crate::failure::{Error, Inner};
use crate::{Dialect, Parameters, Parsed, Statement, TransactionStatement};

/// A statement that can be run.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) text: Arc<str>,
    pub(crate) dialect: Dialect,
    pub(crate) parameters: Parameters,
    pub(crate) action: Action,
    /// Whether it means the same whatever views and tables there are.
    pub(crate) is_lasting: bool,
}

/// What a statement does.
#[derive(Debug)]
pub(crate) enum Action {
    Query(Box<Prepared<Answer>>),
    Insert(Box<PreparedInsert>),
    Update(Box<PreparedUpdate>),
    Delete(Box<PreparedDelete>),
    Define(Box<Statement>),
    Transaction(TransactionStatement),
    Explain { analyze: bool, action: Box<Self> },
}

impl Compiled {
    /// Compiles a statement that was read from a text, for a database of these views.
    pub(crate) fn new(
        connection: &AnyConnection<'_>,
        parsed: Parsed,
        text: Arc<str>,
        dialect: Dialect,
        temporary: &Views,
    ) -> Inner<Arc<Self>> {
        wasm_dbms::enable_window_functions();
        let Parsed { statement, tables, parameters } = parsed;
        let implied = match &statement {
            Statement::Query(_)
            | Statement::Insert(_)
            | Statement::Update(_)
            | Statement::Delete(_)
            | Statement::Explain { .. }
                // The name of a table is none of a view.
                if !(temporary.is_empty() && has_tables(connection, &tables)?) =>
            {
                implied(connection, tables, temporary)?
            }
            _ => Vec::new(),
        };
        let is_lasting = implied.is_empty();
        let action = Action::new(statement, &implied).map_err(|error| Error::at(error, &text, dialect))?;
        Ok(Arc::new(Self { text, dialect, parameters, action, is_lasting }))
    }
}

impl Action {
    fn new(statement: Statement, implied: &[CommonTable]) -> wasm_dbms::Result<Self> {
        Ok(match statement {
            Statement::Query(query) => Self::Query(Prepared::new(with_implied(query, implied)).into()),
            Statement::Insert(mut insert) => {
                put_before(&mut insert.with, implied);
                Self::Insert(insert.prepare().into())
            }
            Statement::Update(mut update) => {
                put_before(&mut update.with, implied);
                Self::Update(update.prepare()?.into())
            }
            Statement::Delete(mut delete) => {
                put_before(&mut delete.with, implied);
                Self::Delete(delete.prepare()?.into())
            }
            Statement::Transaction(statement) => Self::Transaction(statement),
            Statement::Explain { analyze, statement } => {
                Self::Explain { analyze, action: Self::new(*statement, implied)?.into() }
            }
            define => Self::Define(define.into()),
        })
    }
}

/// Puts what a statement can name too, views and the like, before what it says itself.
#[inline(never)]
fn put_before(own: &mut Vec<CommonTable>, implied: &[CommonTable]) {
    if !implied.is_empty() {
        let mut all = implied.to_vec();
        all.append(own);
        *own = all;
    }
}

/// A query that can name these too, and whose texts have no type of their own.
fn with_implied(mut query: Query, implied: &[CommonTable]) -> Query {
    put_before(&mut query.with, implied);
    query.reads_text = true;
    query
}

/// What among the names of a statement is no table: views, and what tells of the tables.
fn implied(connection: &AnyConnection<'_>, mut names: Vec<Name>, temporary: &Views) -> Inner<Vec<CommonTable>> {
    let views = view::all(connection, temporary)?;
    let mut implied = view::named(&views, &mut names)?;
    information::named(connection, &names, &views, &mut implied)?;
    Ok(implied)
}
