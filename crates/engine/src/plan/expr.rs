//! Expressions whose names are numbers, and what they come to.

use wasm_dbms_api::{Comparison, MemoryError, Value, ValueRef};

use crate::execute::Frame;
use crate::plan::like::Pattern;
use crate::{Error, Result};

/// An expression over the rows of the sources, or over the slots of a group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BoundExpr {
    Literal(Value),
    /// A column of a source.
    Column {
        source: usize,
        column: usize,
    },
    /// A slot of a group: first its keys, then its aggregates.
    Slot(usize),
    Compare(Comparison, Box<Self>, Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    IsNull(Box<Self>),
    InList(Box<Self>, Vec<Value>),
    Like(Box<Self>, Pattern),
}

/// What an expression is computed over.
#[derive(Clone, Copy)]
pub(crate) enum Context<'a> {
    Frame(&'a Frame),
    Group(&'a [Value]),
}

/// The three truth values of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    True,
    False,
    Null,
}

impl Truth {
    #[inline]
    fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

#[cold]
pub(crate) fn broken_row() -> Error {
    MemoryError::corrupt("a row's bytes are no row of its table").into()
}

impl BoundExpr {
    /// The value of the expression.
    ///
    /// # Errors
    /// [`MemoryError::Corrupt`] if a row's bytes are no row of its table.
    #[inline]
    pub(crate) fn value<'a>(&'a self, context: Context<'a>) -> Result<ValueRef<'a>> {
        self.evaluate(context).ok_or_else(broken_row)
    }

    /// Whether the row is kept.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    #[inline]
    pub(crate) fn holds(&self, context: Context<'_>) -> Result<bool> {
        Ok(self.truth(context).ok_or_else(broken_row)? == Truth::True)
    }

    /// The value of the expression; none if a row is broken. An option is a third of the size of a result, and this is
    /// where rows per second are decided.
    #[inline]
    pub(crate) fn evaluate<'a>(&'a self, context: Context<'a>) -> Option<ValueRef<'a>> {
        match (self, context) {
            (Self::Column { source, column }, Context::Frame(frame)) => frame.value(*source, *column),
            _ => self.evaluate_other(context),
        }
    }

    /// As [`evaluate`](Self::evaluate), for all but columns.
    fn evaluate_other<'a>(&'a self, context: Context<'a>) -> Option<ValueRef<'a>> {
        match (self, context) {
            (Self::Column { source, column }, Context::Frame(frame)) => frame.value(*source, *column),
            (Self::Literal(value), _) => Some(value.as_ref()),
            (Self::Slot(slot), Context::Group(slots)) => Some(slots.get(*slot).unwrap_or(&Value::Null).as_ref()),
            (Self::Column { .. }, Context::Group(_)) | (Self::Slot(_), Context::Frame(_)) => Some(ValueRef::Null),
            _ => Some(match self.truth(context)? {
                Truth::True => ValueRef::Bool(true),
                Truth::False => ValueRef::Bool(false),
                Truth::Null => ValueRef::Null,
            }),
        }
    }

    /// Whether the expression holds; none if a row is broken.
    fn truth(&self, context: Context<'_>) -> Option<Truth> {
        Some(match self {
            Self::Compare(comparison, left, right) => {
                let (left, right) = (left.evaluate(context)?, right.evaluate(context)?);
                let order = match (left, right) {
                    (ValueRef::Integer(left), ValueRef::Integer(right)) => Some(left.cmp(&right)),
                    (left, right) => left.compare(right),
                };
                order.map_or(Truth::Null, |order| Truth::of(comparison.holds(order)))
            }
            Self::And(left, right) => match left.truth(context)? {
                Truth::False => Truth::False,
                Truth::True => right.truth(context)?,
                Truth::Null => match right.truth(context)? {
                    Truth::False => Truth::False,
                    _ => Truth::Null,
                },
            },
            Self::Or(left, right) => match left.truth(context)? {
                Truth::True => Truth::True,
                Truth::False => right.truth(context)?,
                Truth::Null => match right.truth(context)? {
                    Truth::True => Truth::True,
                    _ => Truth::Null,
                },
            },
            Self::Not(inner) => match inner.truth(context)? {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                Truth::Null => Truth::Null,
            },
            Self::IsNull(inner) => Truth::of(inner.evaluate(context)?.is_null()),
            Self::InList(inner, values) => {
                let value = inner.evaluate(context)?;
                let is_equal = |other: &Value| value.compare(other.as_ref()) == Some(std::cmp::Ordering::Equal);
                if values.iter().any(is_equal) {
                    Truth::True
                } else if values.is_empty() || (!value.is_null() && !values.iter().any(Value::is_null)) {
                    Truth::False
                } else {
                    // A NULL on either side leaves the answer open.
                    Truth::Null
                }
            }
            Self::Like(inner, pattern) => match inner.evaluate(context)? {
                ValueRef::Text(text) => Truth::of(pattern.matches(text)),
                _ => Truth::Null,
            },
            Self::Literal(_) | Self::Column { .. } | Self::Slot(_) => match self.evaluate(context)? {
                ValueRef::Bool(value) => Truth::of(value),
                _ => Truth::Null,
            },
        })
    }

    /// Calls `visit` with every column in the expression.
    pub(crate) fn visit_columns(&self, visit: &mut dyn FnMut(usize, usize)) {
        match self {
            Self::Column { source, column } => visit(*source, *column),
            Self::Compare(_, left, right) | Self::And(left, right) | Self::Or(left, right) => {
                left.visit_columns(visit);
                right.visit_columns(visit);
            }
            Self::Not(inner) | Self::IsNull(inner) | Self::InList(inner, _) | Self::Like(inner, _) => {
                inner.visit_columns(visit);
            }
            Self::Literal(_) | Self::Slot(_) => {}
        }
    }

    /// Takes the parts of a conjunction.
    pub(crate) fn split_conjunction(self, parts: &mut Vec<Self>) {
        match self {
            Self::And(left, right) => {
                left.split_conjunction(parts);
                right.split_conjunction(parts);
            }
            part => parts.push(part),
        }
    }
}
