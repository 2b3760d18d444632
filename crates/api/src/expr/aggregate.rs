//! Values over all rows of a group.

use std::fmt;

use crate::{Expr, Order};

/// What is computed over all rows of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is named by its SQL function")]
pub enum AggregateFunction {
    Count,
    Sum,
    Average,
    Minimum,
    Maximum,
    /// Texts, one after the other, with a separator between them.
    Concatenate,
}

impl AggregateFunction {
    /// The function that SQL calls so, in lower case.
    ///
    /// ```
    /// use wasm_dbms_api::AggregateFunction;
    ///
    /// assert_eq!(AggregateFunction::from_name("sum"), Some(AggregateFunction::Sum));
    /// assert_eq!(AggregateFunction::from_name("lower"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "count" => Self::Count,
            "sum" => Self::Sum,
            "avg" => Self::Average,
            "min" => Self::Minimum,
            "max" => Self::Maximum,
            "string_agg" | "group_concat" => Self::Concatenate,
            _ => return None,
        })
    }
}

impl fmt::Display for AggregateFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Average => "avg",
            Self::Minimum => "min",
            Self::Maximum => "max",
            Self::Concatenate => "string_agg",
        })
    }
}

/// A value over all rows of a group, in full.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AggregateCall {
    /// What is computed.
    pub function: AggregateFunction,
    /// Of what; none: of rows, which can only be counted.
    pub argument: Option<Expr>,
    /// What stands between texts; a comma where nothing is said.
    pub separator: Option<Expr>,
    /// Whether equal values count once.
    pub distinct: bool,
    /// Rows for which this is not true are left out.
    pub filter: Option<Expr>,
    /// The order in which texts follow each other.
    pub order_by: Vec<Order>,
}

impl AggregateCall {
    /// An aggregate over all values of a group.
    ///
    /// ```
    /// use wasm_dbms_api::{AggregateCall, AggregateFunction, Expr};
    ///
    /// let most = AggregateCall::new(AggregateFunction::Maximum, Some(Expr::column("age")));
    /// assert_eq!(Expr::from(most).to_string(), "max(age)");
    /// ```
    pub fn new(function: AggregateFunction, argument: Option<Expr>) -> Self {
        Self { function, argument, separator: None, distinct: false, filter: None, order_by: Vec::new() }
    }

    /// Counts equal values once.
    ///
    /// ```
    /// use wasm_dbms_api::{AggregateCall, AggregateFunction, Expr};
    ///
    /// let ages = AggregateCall::new(AggregateFunction::Count, Some(Expr::column("age"))).distinct();
    /// assert_eq!(Expr::from(ages).to_string(), "count(DISTINCT age)");
    /// ```
    #[must_use]
    pub fn distinct(self) -> Self {
        Self { distinct: true, ..self }
    }

    /// Leaves rows out for which this is not true.
    ///
    /// ```
    /// use wasm_dbms_api::{AggregateCall, AggregateFunction, Comparison, Expr};
    ///
    /// let adult = Expr::column("age").compare(Comparison::GreaterOrEqual, 18);
    /// let adults = AggregateCall::new(AggregateFunction::Count, None).filter(adult);
    /// assert_eq!(Expr::from(adults).to_string(), "count(*) FILTER (WHERE age >= 18)");
    /// ```
    #[must_use]
    pub fn filter(self, filter: Expr) -> Self {
        Self { filter: Some(filter), ..self }
    }
}

impl From<AggregateCall> for Expr {
    fn from(call: AggregateCall) -> Self {
        Self::Aggregate(call.into())
    }
}
