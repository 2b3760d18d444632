//! The dynamic query: a question as data.

use crate::{ColumnRef, Expr, Name};

/// An order by one expression.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Order {
    /// What to order by.
    pub expr: Expr,
    /// Largest first.
    pub descending: bool,
    /// Where NULLs stand; if nothing is said, they count as smallest.
    #[cfg_attr(feature = "serde", serde(default))]
    pub nulls: Option<Nulls>,
}

/// Where NULLs stand in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Nulls {
    /// Before every value.
    First,
    /// After every value.
    Last,
}

impl Order {
    /// Smallest first, NULLs before.
    pub fn ascending(expr: Expr) -> Self {
        Self { expr, descending: false, nulls: None }
    }

    /// Largest first, NULLs after.
    pub fn descending(expr: Expr) -> Self {
        Self { expr, descending: true, nulls: None }
    }

    /// NULLs before every value.
    #[must_use]
    pub fn nulls_first(self) -> Self {
        Self { nulls: Some(Nulls::First), ..self }
    }

    /// NULLs after every value.
    #[must_use]
    pub fn nulls_last(self) -> Self {
        Self { nulls: Some(Nulls::Last), ..self }
    }
}

/// An inner join with one more table, on the equality of two columns.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Join {
    /// The table that joins.
    pub table: Name,
    /// A column of the tables before.
    pub left: ColumnRef,
    /// A column of the table that joins.
    pub right: ColumnRef,
}

/// A question to the database as data: what the typed builder makes, what SQL will make, and what can be sent over a
/// wire (feature `serde`).
///
/// ```
/// use wasm_dbms_api::{AggregateFunction, Expr, Query};
///
/// let query = Query::from("posts")
///     .join("users", "posts.author", "users.id")
///     .group_by("users.name")
///     .column(Expr::column("users.name"))
///     .column(Expr::Aggregate(AggregateFunction::Count, None))
///     .order_by(Expr::column("users.name"), false)
///     .limit(10);
/// assert_eq!(query.columns.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Query {
    /// The first table.
    pub from: Name,
    /// Tables that join, in order.
    pub joins: Vec<Join>,
    /// Rows for which this is not true are dropped.
    pub filter: Option<Expr>,
    /// Rows equal in these columns become one.
    pub group_by: Vec<ColumnRef>,
    /// What each row of the answer holds; empty: every column of every table.
    pub columns: Vec<Expr>,
    /// The order of the answer; where it leaves a tie, rows come in the order the tables hold them.
    pub order_by: Vec<Order>,
    /// At most this many rows.
    pub limit: Option<u64>,
    /// Skip this many rows first.
    pub offset: u64,
}

impl Query {
    /// Every row of a table.
    pub fn from(table: impl Into<Name>) -> Self {
        Self { from: table.into(), ..Self::default() }
    }

    /// Joins a table where the column `left` of the tables before equals its column `right`.
    #[must_use]
    pub fn join(mut self, table: impl Into<Name>, left: impl Into<ColumnRef>, right: impl Into<ColumnRef>) -> Self {
        self.joins.push(Join { table: table.into(), left: left.into(), right: right.into() });
        self
    }

    /// Keeps the rows for which `filter`, and every filter given before, is true.
    #[must_use]
    pub fn filter(mut self, filter: Expr) -> Self {
        self.filter = Some(match self.filter.take() {
            Some(before) => before.and(filter),
            None => filter,
        });
        self
    }

    /// Makes rows equal in this column, and in those given before, one.
    #[must_use]
    pub fn group_by(mut self, column: impl Into<ColumnRef>) -> Self {
        self.group_by.push(column.into());
        self
    }

    /// Adds a column to the answer.
    #[must_use]
    pub fn column(mut self, expr: Expr) -> Self {
        self.columns.push(expr);
        self
    }

    /// Orders by this where the orders given before leave a tie.
    #[must_use]
    pub fn order_by(mut self, expr: Expr, descending: bool) -> Self {
        self.order_by.push(Order { expr, descending, nulls: None });
        self
    }

    /// At most `limit` rows.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Skips the first `offset` rows.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }
}
