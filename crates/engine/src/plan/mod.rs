//! From a question to a way of answering it.
//!
//! [`Query`](wasm_dbms_api::Query) → [`bind`] (names become numbers, types are checked) → [`optimize`] (the order of the
//! tables, the access to each) → [`Plan`], which the executor walks and [`explain`] prints.

mod access;
mod bind;
mod explain;
mod expr;
mod kind;
mod like;
mod optimize;

pub(crate) use access::{Access, Bound, BoundValue, key_range};
pub use bind::{MAX_EXPRESSION_DEPTH, MAX_SOURCES};
pub(crate) use expr::{BoundExpr, Context, broken_row};

use wasm_dbms_api::{AggregateFunction, Query};

use crate::Result;
use crate::catalog::{Catalog, RelationIndex};

/// A way of answering a question.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The tables in the order in which they are entered.
    pub(crate) steps: Vec<Step>,
    /// The table of each source, in the order of the question.
    pub(crate) sources: Vec<RelationIndex>,
    pub(crate) grouping: Option<Grouping>,
    /// What each row of the answer holds: over the sources, or over the slots of a group.
    pub(crate) outputs: Vec<BoundExpr>,
    pub(crate) names: Vec<String>,
    /// What remains to be sorted; empty if rows come in order.
    pub(crate) order: Vec<OrderKey>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
}

/// One table in a plan.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) source: usize,
    pub(crate) relation: RelationIndex,
    pub(crate) access: Access,
    /// What must hold once this table's row is there.
    pub(crate) filters: Vec<BoundExpr>,
    /// How many rows are expected of it, for each row of the tables before.
    pub(crate) estimate: f64,
}

/// Rows that become one.
#[derive(Debug)]
pub(crate) struct Grouping {
    pub(crate) keys: Vec<BoundExpr>,
    pub(crate) aggregates: Vec<BoundAggregate>,
}

/// A value over the rows of a group.
#[derive(Debug, PartialEq)]
pub(crate) struct BoundAggregate {
    pub(crate) function: AggregateFunction,
    pub(crate) argument: Option<BoundExpr>,
}

/// One key of an order.
#[derive(Debug)]
pub(crate) struct OrderKey {
    pub(crate) expr: BoundExpr,
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

/// Plans a question.
pub(crate) fn plan(catalog: &Catalog, query: &Query) -> Result<Plan> {
    optimize::optimize(catalog, bind::bind(catalog, query)?)
}

impl Plan {
    /// The plan in words, a line a step.
    pub(crate) fn explain(&self, catalog: &Catalog) -> Result<String> {
        explain::explain(self, catalog)
    }
}
