//! Window functions as a plan has them: over the columns of rows, by number only. Nothing here holds a parameter or asks a
//! query: what they are computed from are columns of the query whose rows they stand beside.
//!
//! What binds and computes them is installed by [`enable`]: a program that has no use for them does not link it.

use std::sync::OnceLock;

use wasm_dbms_api::{AggregateFunction, Expr, FrameExclusion, FrameUnit, Value, WindowCall};

use crate::codec::row::RowLayout;
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::Spool;
use crate::plan::bind::{self, Block, BoundQuery, Typed, WindowsOfBlock};
use crate::plan::{Plan, Scope};

/// Makes the rows of a query with the values of these windows beside.
pub(crate) type MakeRows = fn(&mut Core, (&Plan, &[Window]), Scope, &RowLayout, &mut Spool) -> Fallible<()>;

/// What window functions need.
pub(crate) struct WindowSupport {
    pub(super) bind: for<'c> fn(&Block<'_, 'c>, &Expr, &WindowCall, usize) -> Fallible<Typed<'c>>,
    pub(super) place: for<'c> fn(&Block<'_, 'c>, &mut BoundQuery, WindowsOfBlock<'c>) -> Fallible<()>,
    pub(crate) rows: MakeRows,
}

static SUPPORT: OnceLock<WindowSupport> = OnceLock::new();

/// Installs what makes the rows, and what binds window functions.
pub(crate) fn enable(rows: MakeRows) {
    SUPPORT.get_or_init(|| WindowSupport { bind: bind::bind_window, place: bind::place_windows, rows });
}

/// What was installed.
pub(crate) fn support() -> Option<&'static WindowSupport> {
    SUPPORT.get()
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
