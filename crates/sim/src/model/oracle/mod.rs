//! Tables as maps of values: what a database must hold and answer, written down as plainly as can be.

mod answer;
mod delete;
mod eval;
mod follow;
mod refusal;
mod schema;
mod table;
mod write;

use std::sync::Arc;

use wasm_dbms::{Database, Query};

pub use answer::Expected;
pub use refusal::Refusal;
pub use table::{Row, Table};
pub(crate) use table::{is_clustered, is_same_row};
pub(crate) use write::Merged;

/// Every table, in the order of creation. A copy shares its rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    pub(crate) tables: Vec<Arc<Table>>,
}

/// What a statement must come to: more than one thing, where the order of its rows decides and nothing says which order.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What stands afterwards and how many rows the statement tells of, if it may go well.
    pub next: Option<(State, u64)>,
    /// How it may be refused.
    pub refusals: Vec<Refusal>,
    /// Whether this says all that may come of it. Else the order of its rows decides, which nobody knows: it is not done.
    pub is_decided: bool,
    /// Whether a refusal may be of any constraint: where several rows break several, nothing says which is seen first.
    pub is_loose: bool,
}

impl Verdict {
    fn of(next: State, count: usize) -> Self {
        Self { next: Some((next, count as u64)), refusals: Vec::new(), is_decided: true, is_loose: false }
    }

    fn refused(refusal: Refusal) -> Self {
        Self { next: None, refusals: vec![refusal], is_decided: true, is_loose: false }
    }

    /// Refused for these reasons, or others that are seen first where rows refer to rows or there are several.
    fn refused_with(refusals: Vec<Refusal>, is_loose: bool) -> Self {
        Self { next: None, refusals, is_decided: true, is_loose }
    }

    /// Whether it may be refused so.
    pub(crate) fn allows(&self, refusal: &Refusal) -> bool {
        let is_loose = self.is_loose && self.next.is_none() && refusal.is_constraint();
        is_loose || self.refusals.contains(refusal)
    }

    fn undecided() -> Self {
        Self { next: None, refusals: Vec::new(), is_decided: false, is_loose: false }
    }
}

impl State {
    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name() == name).map(|table| &**table)
    }

    fn table_mut(&mut self, name: &str) -> Option<&mut Table> {
        self.tables.iter_mut().find(|table| table.name() == name).map(Arc::make_mut)
    }

    /// Compares the database with this: schemas, rows to the last bit, counters.
    ///
    /// # Errors
    /// The first difference, in words; what reading says.
    pub fn compare(&self, db: &Database) -> Result<(), Difference> {
        let schemas = db.schemas()?;
        let is_known = |(schema, table): (&_, &Arc<Table>)| *schema == *table.schema();
        if schemas.len() != self.tables.len() || !schemas.iter().zip(&self.tables).all(is_known) {
            let names: Vec<&str> = schemas.iter().map(|schema| schema.name.as_str()).collect();
            let expected: Vec<&str> = self.tables.iter().map(|table| table.name()).collect();
            return Err(Difference::Found(format!("the tables are {names:?} and should be {expected:?}")));
        }
        self.tables.iter().try_for_each(|table| table.compare(&|query| db.query(query)))?;
        let counters = db.counters()?;
        let differing = self.tables.iter().zip(&counters).find(|(table, counter)| table.counter() != **counter);
        differing.map_or(Ok(()), |(table, counter)| {
            let (name, expected) = (table.name(), table.counter());
            Err(Difference::Found(format!("the counter of {name} is {counter} and should be {expected}")))
        })
    }

    /// Compares the rows that `ask` finds with this.
    ///
    /// # Errors
    /// As [`compare`](Self::compare).
    pub fn compare_rows(&self, ask: &dyn Fn(&Query) -> wasm_dbms::Result<wasm_dbms::Answer>) -> Result<(), Difference> {
        self.tables.iter().try_for_each(|table| table.compare(ask))
    }
}

/// Why a comparison ended.
#[derive(Debug)]
pub enum Difference {
    /// There is one.
    Found(String),
    /// The database could not be read.
    Unreadable(wasm_dbms::Error),
}

impl From<wasm_dbms::Error> for Difference {
    fn from(error: wasm_dbms::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Found(what) => f.write_str(what),
            Self::Unreadable(error) => write!(f, "reading says: {error}"),
        }
    }
}
