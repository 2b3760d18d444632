//! What is done to a database, as plain data.

use wasm_dbms::{Durability, Expr, Isolation, Options, Query, TableSchema, Value};

use crate::faults::Fault;

/// How the database of a program is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The size of a page in bytes.
    pub page_size: usize,
    /// The limit on pages in memory.
    pub cache_bytes: usize,
    /// The id of the database.
    pub database_id: u64,
}

impl Setup {
    /// The options of the database, with this limit on pages in memory.
    pub(crate) fn options(&self, cache_bytes: usize) -> Options {
        Options::new().page_size(self.page_size).database_id(self.database_id).cache_bytes(cache_bytes)
    }
}

/// How a transaction or a savepoint ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// What was written stays.
    Keep,
    /// The closure returns an error.
    Error,
    /// The closure panics.
    Panic,
}

/// What becomes of a row that is there where an upsert has another of its key.
#[derive(Debug, Clone, PartialEq)]
pub enum Merge {
    /// Nothing.
    Nothing,
    /// It takes these columns of the new one; every one that the new row gives if there are none.
    Take(Vec<String>),
    /// Columns of it are set, to what may be computed from both.
    Set(Vec<(String, Expr)>),
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// A table comes.
    Create(TableSchema),
    /// A table goes.
    Drop(String),
    /// Rows come, each with values for these columns; several in one statement.
    Insert {
        /// The table.
        table: String,
        /// The columns that values are given for.
        columns: Vec<String>,
        /// The rows.
        rows: Vec<Vec<Value>>,
    },
    /// Columns of the rows that a filter keeps are set.
    Update {
        /// The table.
        table: String,
        /// The columns and their new values, which may be computed from the row as it was.
        values: Vec<(String, Expr)>,
        /// Which rows; all if there is none.
        filter: Option<Expr>,
    },
    /// Rows come, or change those that are there already.
    Upsert {
        /// The table.
        table: String,
        /// The columns that values are given for.
        columns: Vec<String>,
        /// The rows.
        rows: Vec<Vec<Value>>,
        /// The columns of the key by which rows are the same; those of the primary key if there are none.
        on: Vec<String>,
        /// What becomes of a row that is there.
        merge: Merge,
    },
    /// The rows that a filter keeps go.
    Delete {
        /// The table.
        table: String,
        /// Which rows; all if there is none.
        filter: Option<Expr>,
    },
    /// A question is asked.
    Ask(Box<Query>),
    /// A question is asked whose literals are parameters; it is prepared once for all questions of its form.
    AskPrepared(Box<Query>),
    /// An interactive transaction begins, beside those that are open; unless a table gives its rows numbers, which all
    /// share, so that nobody can say who gets which.
    Open(Isolation),
    /// What is done in one of the interactive transactions that are open.
    Within {
        /// Which of them, counted from the oldest.
        place: usize,
        /// Rows come, change or go, a question is asked, a savepoint is opened, all is compared; `End` ends it.
        operation: Box<Operation>,
    },
    /// In an interactive transaction: back to one of the savepoints that are open, counted from the outermost.
    BackTo(usize),
    /// In an interactive transaction: one of the savepoints that are open is released.
    Release(usize),
    /// A transaction begins.
    Begin(Durability),
    /// A savepoint of the transaction begins; in an interactive one it is a handle.
    Savepoint,
    /// The innermost savepoint ends, or the transaction where there is none.
    End(End),
    /// A snapshot is taken, and kept.
    Snapshot,
    /// Every snapshot that is kept is read.
    Look,
    /// The oldest snapshot is dropped.
    Forget,
    /// Everything is compared with the oracle, and checked.
    Check,
    /// What was committed is made durable.
    Sync,
    /// A step of vacuuming, of so many pages.
    Vacuum(usize),
    /// A step of scrubbing, of so many pages.
    Scrub(usize),
    /// A copy is exported, opened and compared.
    Export,
    /// A clean close, and opening again with this limit on pages in memory.
    Close(usize),
    /// The process dies, the host's cache survives; opening again with this limit on pages in memory.
    Reopen(usize),
    /// The power fails at the call after so many changes of the medium, or after the next transaction or statement.
    Crash {
        /// How many changes still go well.
        after: u64,
        /// Draws what of the unsynced calls survives.
        seed: u64,
    },
    /// A call of the medium fails in the next transaction or statement, reads counted too; or every change from there on.
    Fail {
        /// How many calls still go well.
        after: u64,
        /// How it fails.
        fault: Fault,
        /// Whether all later ones fail too.
        is_lasting: bool,
    },
}

/// A list of operations on a new database.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    /// How the database is made.
    pub setup: Setup,
    /// What is done to it.
    pub operations: Vec<Operation>,
}

impl Program {
    /// A program that does nothing yet.
    pub fn new(page_size: usize, cache_bytes: usize, database_id: u64) -> Self {
        Self { setup: Setup { page_size, cache_bytes, database_id }, operations: Vec::new() }
    }

    /// Adds an operation.
    #[must_use]
    pub fn then(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }
}

/// A table comes.
pub fn create(schema: TableSchema) -> Operation {
    Operation::Create(schema)
}

/// Rows come.
pub fn insert<const COLUMNS: usize>(
    table: &str,
    columns: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [Value; COLUMNS]>,
) -> Operation {
    Operation::Insert {
        table: table.to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows: rows.into_iter().map(|row| row.to_vec()).collect(),
    }
}

/// Rows change.
pub fn update<'v>(
    table: &str,
    values: impl IntoIterator<Item = (&'v str, Value)>,
    filter: impl Into<Option<Expr>>,
) -> Operation {
    let values = values.into_iter().map(|(column, value)| (column.to_owned(), value.into())).collect();
    Operation::Update { table: table.to_owned(), values, filter: filter.into() }
}

/// Rows go.
pub fn delete(table: &str, filter: impl Into<Option<Expr>>) -> Operation {
    Operation::Delete { table: table.to_owned(), filter: filter.into() }
}

/// A question is asked.
pub fn ask(query: Query) -> Operation {
    Operation::Ask(query.into())
}

/// A filter with other expressions for its literals that may be parameters: not the patterns of LIKE, whose form decides.
pub(crate) fn with_literals(filter: &Expr, other: &mut dyn FnMut(&Value) -> Expr) -> Expr {
    let mut part = |expr: &Expr| match expr {
        Expr::Literal(value) => other(value),
        expr => with_literals(expr, other),
    };
    match filter {
        Expr::Compare(comparison, left, right) => {
            let left = part(left);
            left.compare(*comparison, part(right))
        }
        Expr::InList(inner, values) => {
            let inner = part(inner);
            inner.in_list(values.iter().map(part).collect::<Vec<Expr>>())
        }
        Expr::And(left, right) => {
            let left = with_literals(left, other);
            left.and(with_literals(right, other))
        }
        Expr::Or(left, right) => {
            let left = with_literals(left, other);
            left.or(with_literals(right, other))
        }
        Expr::Not(inner) => with_literals(inner, other).not(),
        filter => filter.clone(),
    }
}

/// A question whose literals are parameters, and their values.
pub(crate) fn with_parameters(query: &Query) -> (Query, Vec<Value>) {
    let mut values = Vec::new();
    let filter = query.filter.as_ref().map(|filter| {
        with_literals(filter, &mut |value| {
            values.push(value.clone());
            Expr::Parameter(values.len() as u32)
        })
    });
    (Query { filter, ..query.clone() }, values)
}
