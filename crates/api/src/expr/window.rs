//! Values over the rows around a row.

use std::fmt;

use crate::{AggregateCall, Expr, Order};

/// What is computed over the rows around a row.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is named by its SQL function")]
pub enum WindowFunction {
    Aggregate(AggregateCall),
    RowNumber,
    Rank,
    DenseRank,
    PercentRank,
    CumulativeDistribution,
    /// Into how many buckets.
    Ntile(Expr),
    /// Of the row so many before; what stands there where there is none.
    Lag(Expr, Option<Expr>, Option<Expr>),
    /// Of the row so many after; what stands there where there is none.
    Lead(Expr, Option<Expr>, Option<Expr>),
    FirstValue(Expr),
    LastValue(Expr),
    NthValue(Expr, Expr),
}

/// In what the edges of a frame are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum FrameUnit {
    /// Rows.
    Rows,
    /// Values of the order.
    Range,
    /// Groups of rows equal in the order.
    Groups,
}

/// An edge of a frame.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(missing_docs, reason = "each variant is named as in SQL")]
pub enum FrameBound {
    UnboundedPreceding,
    Preceding(Expr),
    CurrentRow,
    Following(Expr),
    UnboundedFollowing,
}

/// The rows near a row that its frame leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum FrameExclusion {
    /// None.
    #[default]
    NoOthers,
    /// The row itself.
    CurrentRow,
    /// The row and those equal to it in the order.
    Group,
    /// Those equal to it in the order, and not the row.
    Ties,
}

/// The rows of its partition that a window function sees from a row.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WindowFrame {
    /// In what the edges are counted.
    pub unit: FrameUnit,
    /// The first row.
    pub start: FrameBound,
    /// The last row.
    pub end: FrameBound,
    /// Which of those between are left out.
    #[cfg_attr(feature = "serde", serde(default))]
    pub exclusion: FrameExclusion,
}

/// A value over the rows around a row.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WindowCall {
    /// What is computed.
    pub function: WindowFunction,
    /// Rows equal in these are looked at together.
    pub partition_by: Vec<Expr>,
    /// In this order.
    pub order_by: Vec<Order>,
    /// Which of them are seen; none: with an order all from the first to those equal to the row, else all.
    pub frame: Option<WindowFrame>,
}

impl From<WindowCall> for Expr {
    fn from(call: WindowCall) -> Self {
        Self::Window(call.into())
    }
}

impl fmt::Display for WindowFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, arguments): (&str, [Option<&Expr>; 3]) = match self {
            Self::Aggregate(call) => return call.fmt(f),
            Self::RowNumber => ("row_number", [None; 3]),
            Self::Rank => ("rank", [None; 3]),
            Self::DenseRank => ("dense_rank", [None; 3]),
            Self::PercentRank => ("percent_rank", [None; 3]),
            Self::CumulativeDistribution => ("cume_dist", [None; 3]),
            Self::Ntile(buckets) => ("ntile", [Some(buckets), None, None]),
            Self::Lag(of, by, other) => ("lag", [Some(of), by.as_ref(), other.as_ref()]),
            Self::Lead(of, by, other) => ("lead", [Some(of), by.as_ref(), other.as_ref()]),
            Self::FirstValue(of) => ("first_value", [Some(of), None, None]),
            Self::LastValue(of) => ("last_value", [Some(of), None, None]),
            Self::NthValue(of, nth) => ("nth_value", [Some(of), Some(nth), None]),
        };
        f.write_str(name)?;
        let mut before = "(";
        for argument in arguments.into_iter().flatten() {
            f.write_str(before)?;
            argument.fmt(f)?;
            before = ", ";
        }
        f.write_str(if before == "(" { "()" } else { ")" })
    }
}
