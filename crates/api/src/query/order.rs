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
    ///
    /// ```
    /// use wasm_dbms_api::{Expr, Order};
    ///
    /// assert!(!Order::ascending(Expr::column("age")).descending);
    /// ```
    pub fn ascending(expr: Expr) -> Self {
        Self { expr, descending: false, nulls: None }
    }

    /// Largest first, NULLs after.
    ///
    /// ```
    /// use wasm_dbms_api::{Expr, Order};
    ///
    /// assert!(Order::descending(Expr::column("age")).descending);
    /// ```
    pub fn descending(expr: Expr) -> Self {
        Self { expr, descending: true, nulls: None }
    }

    /// NULLs before every value.
    ///
    /// ```
    /// use wasm_dbms_api::{Expr, Nulls, Order};
    ///
    /// let order = Order::ascending(Expr::column("age")).nulls_first();
    /// assert_eq!(order.nulls, Some(Nulls::First));
    /// ```
    #[must_use]
    pub fn nulls_first(self) -> Self {
        Self { nulls: Some(Nulls::First), ..self }
    }

    /// NULLs after every value.
    ///
    /// ```
    /// use wasm_dbms_api::{Expr, Nulls, Order};
    ///
    /// let order = Order::ascending(Expr::column("age")).nulls_last();
    /// assert_eq!(order.nulls, Some(Nulls::Last));
    /// ```
    #[must_use]
    pub fn nulls_last(self) -> Self {
        Self { nulls: Some(Nulls::Last), ..self }
    }
}
