//! Orders of rows.

use crate::Expr;

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
