//! [`Rows`]: where the rows of a source come from, a table or other queries.

use std::sync::Arc;

use wasm_dbms_api::SetOperation;

use crate::catalog::{Relation, RelationIndex};
use crate::plan::window::RowMaker;
use crate::plan::{BoundExpr, Plan};

/// Where the rows of a source come from.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    Table(RelationIndex),
    Derived(Box<Derived>),
}

/// Rows that belong to no table.
#[derive(Debug, Clone)]
pub(crate) struct Derived {
    /// A table that they could stand in.
    pub(crate) relation: Arc<Relation>,
    pub(crate) body: Body,
    /// What they are given of the row of the query around.
    pub(crate) arguments: Vec<BoundExpr>,
}

/// How rows that belong to no table are made.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) kind: BodyKind,
    /// What they are made of: as many as the kind says.
    #[expect(clippy::vec_box, reason = "plans are large, and come in boxes")]
    pub(crate) queries: Vec<Box<Plan>>,
}

/// What is made of the rows of queries.
#[derive(Debug, Clone)]
pub(crate) enum BodyKind {
    /// Of none: one row without columns.
    Nothing,
    /// Of none: these.
    Values(Vec<Vec<BoundExpr>>),
    /// Of none: the rows found last by the recursive query of this number.
    Working(usize),
    /// The rows of one.
    Query,
    /// The rows of one, and beside each the values of window functions.
    Windows(Arc<dyn RowMaker>),
    /// Of two.
    Set { operation: SetOperation, all: bool },
    /// The rows of the first, and of the second asked of the rows found last, until there are none.
    Recursive { number: usize, all: bool },
}

impl Body {
    /// The rows of a query.
    pub(super) fn of(query: Box<Plan>) -> Self {
        Self { kind: BodyKind::Query, queries: vec![query] }
    }
}
