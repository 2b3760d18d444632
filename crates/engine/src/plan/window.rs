//! Window functions as a plan has them: over the columns of rows, by number only. Nothing here holds a parameter or asks a
//! query: what they are computed from are columns of the query whose rows they stand beside.
//!
//! What binds and computes them is installed by [`enable`]: a program that has no use for them does not link it.

use std::sync::OnceLock;

use wasm_dbms_api::{AggregateFunction, FrameExclusion, FrameUnit, Value};

use crate::catalog::Catalog;
use crate::codec::row::RowLayout;
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::Spool;
use crate::plan::bind::{self, BlockWindows};
use crate::plan::{Plan, Scope};

/// Makes the rows of a query with the values of these windows beside.
pub(crate) type MakeRows = fn(&mut Core, (&Plan, &[Window]), Scope, &RowLayout, &mut Spool) -> Fallible<()>;

/// What window functions need.
struct Support {
    begin: for<'c> fn(&'c Catalog, MakeRows) -> Box<dyn BlockWindows<'c> + 'c>,
    rows: MakeRows,
}

static SUPPORT: OnceLock<Support> = OnceLock::new();

/// Installs what makes the rows, and what binds window functions.
pub(crate) fn enable(rows: MakeRows) {
    SUPPORT.get_or_init(|| Support { begin: bind::no_windows, rows });
}

/// The windows of a block before any is met; none where window functions were not enabled.
pub(super) fn of_block<'c>(catalog: &'c Catalog) -> Option<Box<dyn BlockWindows<'c> + 'c>> {
    SUPPORT.get().map(|support| (support.begin)(catalog, support.rows))
}

/// What makes other rows of the rows of a query.
pub(crate) trait RowMaker: std::fmt::Debug + Send + Sync {
    /// Makes them of the rows of this plan.
    fn make(&self, core: &mut Core, plan: &Plan, scope: Scope, layout: &RowLayout, made: &mut Spool) -> Fallible<()>;
}

/// The values of windows beside the rows of a query.
#[derive(Debug)]
pub(crate) struct WindowStep {
    pub(crate) windows: Vec<Window>,
    pub(crate) rows: MakeRows,
}

impl RowMaker for WindowStep {
    fn make(&self, core: &mut Core, plan: &Plan, scope: Scope, layout: &RowLayout, made: &mut Spool) -> Fallible<()> {
        (self.rows)(core, (plan, &self.windows), scope, layout, made)
    }
}

/// What a window function takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Input {
    /// A column of the row.
    Column(usize),
    Constant(Value),
}

/// What is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WindowOperator {
    Aggregate(AggregateFunction),
    RowNumber,
    Rank,
    DenseRank,
    PercentRank,
    CumulativeDistribution,
    Ntile,
    Lag,
    Lead,
    FirstValue,
    LastValue,
    NthValue,
    /// In the first row of a partition its texts put together; equal ones that stand side by side once.
    InOrder {
        is_distinct: bool,
    },
}

/// One key of a window's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WindowOrder {
    pub(crate) column: usize,
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

/// An edge of a frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Edge {
    /// That of the partition.
    Unbounded,
    CurrentRow,
    Preceding(Input),
    Following(Input),
}

/// The rows that a function sees from a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BoundFrame {
    pub(crate) unit: FrameUnit,
    pub(crate) start: Edge,
    pub(crate) end: Edge,
    pub(crate) exclusion: FrameExclusion,
    /// The column that edges between values are counted in.
    pub(crate) range: Option<usize>,
}

/// A value over the rows around a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Window {
    pub(crate) operator: WindowOperator,
    pub(crate) arguments: Vec<Input>,
    /// Rows for which this is not true are left out.
    pub(crate) filter: Option<Input>,
    /// Columns, each once, the lowest first.
    pub(crate) partition: Vec<usize>,
    pub(crate) order: Vec<WindowOrder>,
    pub(crate) frame: BoundFrame,
}
