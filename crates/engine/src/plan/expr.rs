//! Expressions whose names are numbers, and what they come to.

use wasm_dbms_api::{Comparison, Value, ValueRef};

use crate::Result;
use crate::execute::Frame;
use crate::plan::like::Pattern;

/// An expression over the rows of the sources, or over the slots of a group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BoundExpr {
    Literal(Value),
    /// A column of a source.
    Column { source: usize, column: usize },
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

impl BoundExpr {
    /// The value of the expression.
    #[inline]
    pub(crate) fn value<'a>(&'a self, context: Context<'a>) -> Result<ValueRef<'a>> {
        match (self, context) {
            (Self::Literal(value), _) => Ok(value.as_ref()),
            (Self::Column { source, column }, Context::Frame(frame)) => frame.value(*source, *column),
            (Self::Slot(slot), Context::Group(slots)) => Ok(slots.get(*slot).unwrap_or(&Value::Null).as_ref()),
            (Self::Column { .. }, Context::Group(_)) | (Self::Slot(_), Context::Frame(_)) => Ok(ValueRef::Null),
            _ => Ok(self.truth(context)?.map_or(ValueRef::Null, ValueRef::Bool)),
        }
    }

    /// Whether the expression holds: none where it is NULL.
    pub(crate) fn truth(&self, context: Context<'_>) -> Result<Option<bool>> {
        Ok(match self {
            Self::Compare(comparison, left, right) => {
                let order = left.value(context)?.compare(right.value(context)?);
                order.map(|order| comparison.holds(order))
            }
            Self::And(left, right) => match left.truth(context)? {
                Some(false) => Some(false),
                left => match right.truth(context)? {
                    Some(false) => Some(false),
                    right => left.and(right),
                },
            },
            Self::Or(left, right) => match left.truth(context)? {
                Some(true) => Some(true),
                left => match right.truth(context)? {
                    Some(true) => Some(true),
                    right => left.and(right),
                },
            },
            Self::Not(inner) => inner.truth(context)?.map(|truth| !truth),
            Self::IsNull(inner) => Some(inner.value(context)?.is_null()),
            Self::InList(inner, values) => {
                let value = inner.value(context)?;
                let is_equal = |other: &Value| value.compare(other.as_ref()) == Some(std::cmp::Ordering::Equal);
                if values.iter().any(is_equal) {
                    Some(true)
                } else if values.is_empty() {
                    Some(false)
                } else {
                    // A NULL on either side leaves the answer open.
                    (!value.is_null() && !values.iter().any(Value::is_null)).then_some(false)
                }
            }
            Self::Like(inner, pattern) => match inner.value(context)? {
                ValueRef::Text(text) => Some(pattern.matches(text)),
                _ => None,
            },
            Self::Literal(_) | Self::Column { .. } | Self::Slot(_) => match self.value(context)? {
                ValueRef::Bool(value) => Some(value),
                _ => None,
            },
        })
    }

    /// Whether the row is kept.
    #[inline]
    pub(crate) fn holds(&self, context: Context<'_>) -> Result<bool> {
        Ok(self.truth(context)? == Some(true))
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
