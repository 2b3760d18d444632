//! Check constraints: conditions on rows.

use std::borrow::Cow;

use crate::Expr;

/// A condition on the columns of a row that no row of the table may break. As in SQL a row breaks it only where it is
/// false: where a NULL leaves it open, the row passes.
///
/// ```
/// use wasm_dbms_api::{CheckSchema, Comparison, Expr};
///
/// let check = CheckSchema::new(Expr::column("age").compare(Comparison::GreaterOrEqual, 18));
/// assert_eq!(check.label(), "age >= 18");
/// assert_eq!(check.named("adult").label(), "adult");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CheckSchema {
    /// Its name; empty if it has none.
    #[cfg_attr(feature = "serde", serde(default))]
    pub name: String,
    /// What must not be false. It names columns of the table and takes no parameters, aggregates or queries.
    pub condition: Expr,
}

impl CheckSchema {
    /// A condition without a name.
    ///
    /// ```
    /// use wasm_dbms_api::{CheckSchema, Comparison, Expr};
    ///
    /// let adult = CheckSchema::new(Expr::column("age").compare(Comparison::GreaterOrEqual, 18));
    /// assert_eq!(adult.condition.to_string(), "age >= 18");
    /// ```
    pub fn new(condition: Expr) -> Self {
        Self { name: String::new(), condition }
    }

    /// Gives the condition a name.
    ///
    /// ```
    /// use wasm_dbms_api::{CheckSchema, Comparison, Expr};
    ///
    /// let adult = CheckSchema::new(Expr::column("age").compare(Comparison::GreaterOrEqual, 18)).named("adult");
    /// assert_eq!(adult.label(), "adult");
    /// ```
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How errors call it: by its name, without one by what it says.
    ///
    /// ```
    /// use wasm_dbms_api::{CheckSchema, Comparison, Expr};
    ///
    /// let adult = CheckSchema::new(Expr::column("age").compare(Comparison::GreaterOrEqual, 18));
    /// assert_eq!(adult.label(), "age >= 18");
    /// ```
    pub fn label(&self) -> Cow<'_, str> {
        if self.name.is_empty() { self.condition.to_string().into() } else { self.name.as_str().into() }
    }
}
