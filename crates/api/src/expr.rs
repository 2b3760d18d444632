//! Expressions: what a filter, a projection or an order computes from a row.

use std::borrow::Cow;
use std::fmt;

use crate::Value;

/// The name of a table or column. Static in typed queries, owned in dynamic ones.
pub type Name = Cow<'static, str>;

/// A column by name, with the table where that is needed to tell it from others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ColumnRef {
    /// The table, if the column's name alone does not say.
    pub table: Option<Name>,
    /// The column.
    pub column: Name,
}

impl ColumnRef {
    /// A column of a table.
    pub fn new(table: impl Into<Name>, column: impl Into<Name>) -> Self {
        Self { table: Some(table.into()), column: column.into() }
    }
}

impl From<&str> for ColumnRef {
    /// `"users.name"` or `"name"`.
    fn from(text: &str) -> Self {
        match text.split_once('.') {
            Some((table, column)) => Self::new(table.to_owned(), column.to_owned()),
            None => Self { table: None, column: text.to_owned().into() },
        }
    }
}

impl fmt::Display for ColumnRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            Some(table) => write!(f, "{table}.{}", self.column),
            None => f.write_str(&self.column),
        }
    }
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(missing_docs, reason = "each variant is named by its sign")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// The comparison that holds for `(b, a)` exactly when this one holds for `(a, b)`.
    pub fn flipped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }

    /// Whether values in this order satisfy the comparison.
    #[inline]
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

/// What is computed over all rows of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(missing_docs, reason = "each variant is named by its SQL function")]
pub enum AggregateFunction {
    Count,
    Sum,
    Average,
    Minimum,
    Maximum,
}

impl fmt::Display for AggregateFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Average => "avg",
            Self::Minimum => "min",
            Self::Maximum => "max",
        })
    }
}

/// An expression over the columns of a row. Logic is SQL's: comparing with NULL gives NULL, and a filter keeps a row
/// only where it is true.
///
/// ```
/// use wasm_dbms_api::{Comparison, Expr};
///
/// let adults = Expr::column("users.age").compare(Comparison::GreaterOrEqual, 18).and(Expr::column("name").like("A%"));
/// assert_eq!(adults.to_string(), "(users.age >= 18 AND name LIKE 'A%')");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Expr {
    /// A value that does not depend on the row.
    Literal(Value),
    /// The value of a column.
    Column(ColumnRef),
    /// One expression compared with another.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// Both hold.
    And(Box<Expr>, Box<Expr>),
    /// At least one holds.
    Or(Box<Expr>, Box<Expr>),
    /// The expression is false.
    Not(Box<Expr>),
    /// The expression is NULL.
    IsNull(Box<Expr>),
    /// The expression equals one of the values.
    InList(Box<Expr>, Vec<Value>),
    /// Text matches a pattern: `%` stands for any text, `_` for one character, `\` makes the next one plain.
    Like(Box<Expr>, String),
    /// A value over all rows of a group; without an argument only `count`.
    Aggregate(AggregateFunction, Option<Box<Expr>>),
}

impl Expr {
    /// A column by name: `"name"` or `"table.name"`.
    pub fn column(name: &str) -> Self {
        Self::Column(ColumnRef::from(name))
    }

    /// Compares this with another expression or a value.
    #[must_use]
    pub fn compare(self, comparison: Comparison, other: impl Into<Expr>) -> Self {
        Self::Compare(comparison, Box::new(self), Box::new(other.into()))
    }

    /// Both this and the other hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::And(Box::new(self), Box::new(other))
    }

    /// This or the other holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::Or(Box::new(self), Box::new(other))
    }

    /// This does not hold.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "the SQL word; `!filter` works too")]
    pub fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// This is NULL.
    #[must_use]
    pub fn is_null(self) -> Self {
        Self::IsNull(Box::new(self))
    }

    /// This equals one of the values.
    #[must_use]
    pub fn in_list(self, values: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        Self::InList(Box::new(self), values.into_iter().map(Into::into).collect())
    }

    /// This text matches a pattern: `%` stands for any text, `_` for one character, `\` makes the next one plain.
    #[must_use]
    pub fn like(self, pattern: impl Into<String>) -> Self {
        Self::Like(Box::new(self), pattern.into())
    }
}

impl std::ops::Not for Expr {
    type Output = Self;

    fn not(self) -> Self {
        Expr::not(self)
    }
}

impl<T: Into<Value>> From<T> for Expr {
    fn from(value: T) -> Self {
        Self::Literal(value.into())
    }
}

/// How deep an expression is shown; what is below stands as `..`.
const MAX_SHOWN_DEPTH: usize = 500;

/// A part of an expression, with its depth.
struct Shown<'a>(&'a Expr, usize);

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(self, 0).fmt(f)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(expr, depth) = *self;
        if depth > MAX_SHOWN_DEPTH {
            return f.write_str("..");
        }
        let part = |expr| Shown(expr, depth + 1);
        match expr {
            Expr::Literal(value) => value.fmt(f),
            Expr::Column(column) => column.fmt(f),
            Expr::Compare(comparison, left, right) => write!(f, "{} {comparison} {}", part(left), part(right)),
            Expr::And(left, right) => write!(f, "({} AND {})", part(left), part(right)),
            Expr::Or(left, right) => write!(f, "({} OR {})", part(left), part(right)),
            Expr::Not(inner) => write!(f, "NOT ({})", part(inner)),
            Expr::IsNull(inner) => write!(f, "{} IS NULL", part(inner)),
            Expr::InList(inner, values) => {
                write!(f, "{} IN (", part(inner))?;
                for (index, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str(")")
            }
            Expr::Like(inner, pattern) => write!(f, "{} LIKE {}", part(inner), crate::ValueRef::Text(pattern)),
            Expr::Aggregate(function, None) => write!(f, "{function}(*)"),
            Expr::Aggregate(function, Some(inner)) => write!(f, "{function}({})", part(inner)),
        }
    }
}

impl Expr {
    /// Moves the parts that have parts of their own out.
    fn take_parts(&mut self, parts: &mut Vec<Self>) {
        let mut take = |part: &mut Box<Self>| {
            if !matches!(**part, Self::Literal(_) | Self::Column(_)) {
                parts.push(std::mem::replace(&mut **part, Self::Literal(Value::Null)));
            }
        };
        match self {
            Self::Compare(_, left, right) | Self::And(left, right) | Self::Or(left, right) => {
                take(left);
                take(right);
            }
            Self::Not(inner) | Self::IsNull(inner) | Self::InList(inner, _) | Self::Like(inner, _) => take(inner),
            Self::Aggregate(_, inner) => {
                if let Some(inner) = inner {
                    take(inner);
                }
            }
            Self::Literal(_) | Self::Column(_) => {}
        }
    }
}

impl Drop for Expr {
    /// A list instead of recursion: filters that programs put together may be deeper than the stack.
    fn drop(&mut self) {
        let mut parts = Vec::new();
        self.take_parts(&mut parts);
        while let Some(mut part) = parts.pop() {
            part.take_parts(&mut parts);
        }
    }
}
