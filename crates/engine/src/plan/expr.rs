//! Expressions whose names are numbers, and what they come to.

use wasm_dbms_api::{Comparison, MemoryError, Value, ValueRef};

use crate::Error;
use crate::error::Fallible;
use crate::execute::Frame;
use crate::full::IS_FULL;
use crate::plan::call::{Call, Operator};
use crate::plan::like::Pattern;
use crate::plan::scope::Scope;

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
    /// Everything rarer.
    Call(Box<Call>),
}

/// What an expression is computed over.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Context<'a> {
    /// The rows that stand side by side.
    Frame(&'a Frame),
    /// The slots of a group.
    Group(&'a [Value], &'a Scope),
    /// The columns of one row.
    Row(&'a [ValueRef<'a>], &'a Scope),
}

impl<'a> Context<'a> {
    /// What is the same for all rows.
    #[inline]
    pub(crate) fn scope(self) -> &'a Scope {
        match self {
            Self::Frame(frame) => &frame.scope,
            Self::Group(_, scope) | Self::Row(_, scope) => scope,
        }
    }
}

/// The three truth values of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Null,
}

impl Truth {
    #[inline]
    pub(super) fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    #[inline]
    fn of_value(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Bool(value) => Self::of(value),
            _ => Self::Null,
        }
    }
}

/// A source as one of a set. There are no more than [`MAX_SOURCES`](crate::plan::MAX_SOURCES).
pub(super) fn bit(source: usize) -> u64 {
    1u64.unbounded_shl(source as u32)
}

/// The expressions of which this is true, and the others.
#[inline(never)]
pub(super) fn parted(
    exprs: Vec<BoundExpr>,
    is_first: &mut dyn FnMut(&BoundExpr) -> bool,
) -> (Vec<BoundExpr>, Vec<BoundExpr>) {
    let (mut first, mut others) = (Vec::new(), Vec::new());
    for expr in exprs {
        if is_first(&expr) { &mut first } else { &mut others }.push(expr);
    }
    (first, others)
}

#[cold]
pub(crate) fn broken_row() -> Box<Error> {
    MemoryError::corrupt("a row's bytes are no row of its table").into()
}

impl BoundExpr {
    /// The value of the expression.
    ///
    /// # Errors
    /// [`MemoryError::Corrupt`] if a row's bytes are no row of its table; what its functions refuse.
    #[cfg_attr(target_family = "wasm", inline(never))]
    #[cfg_attr(not(target_family = "wasm"), inline)]
    pub(crate) fn value<'a>(&'a self, context: Context<'a>) -> Fallible<ValueRef<'a>> {
        self.evaluate(context).ok_or_else(|| context.scope().take_failure())
    }

    /// Whether the row is kept.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    #[inline]
    pub(crate) fn holds(&self, context: Context<'_>) -> Fallible<bool> {
        Ok(self.truth(context).ok_or_else(|| context.scope().take_failure())? == Truth::True)
    }

    /// Whether the expression is false; not true, not NULL.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub(crate) fn is_false(&self, context: Context<'_>) -> Fallible<bool> {
        Ok(self.truth(context).ok_or_else(|| context.scope().take_failure())? == Truth::False)
    }

    /// The value of the expression; none if a row is broken, or the scope has the failure. An option is a third of the
    /// size of a result, and this is where rows per second are decided.
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
            (Self::Column { column, .. }, Context::Row(row, _)) => row.get(*column).copied(),
            (Self::Literal(value), _) => Some(value.as_ref()),
            (Self::Call(call), _) => call.evaluate(context),
            (Self::Slot(slot), Context::Group(slots, _)) => Some(slots.get(*slot).unwrap_or(&Value::Null).as_ref()),
            (Self::Column { .. } | Self::Slot(_), _) => Some(ValueRef::Null),
            _ => Some(match self.truth(context)? {
                Truth::True => ValueRef::Bool(true),
                Truth::False => ValueRef::Bool(false),
                Truth::Null => ValueRef::Null,
            }),
        }
    }

    /// Whether the expression holds; none as for [`evaluate`](Self::evaluate).
    pub(super) fn truth(&self, context: Context<'_>) -> Option<Truth> {
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
            Self::Call(call) => Truth::of_value(call.evaluate(context)?),
            Self::Literal(_) | Self::Column { .. } | Self::Slot(_) => Truth::of_value(self.evaluate(context)?),
        })
    }

    /// The value that it has in every row of a run: of a literal and of a parameter.
    pub(crate) fn constant<'a>(&'a self, scope: &'a Scope) -> Option<&'a Value> {
        match self {
            Self::Literal(value) => Some(value),
            Self::Call(call) => match &call.operator {
                Operator::Parameter { place, .. } => scope.parameter(*place),
                _ => None,
            },
            _ => None,
        }
    }

    /// Calls `change` with the parts of the expression, one level down.
    #[inline(never)]
    pub(super) fn for_each_part(&mut self, change: &mut dyn FnMut(&mut Self)) {
        match self {
            Self::Compare(_, left, right) | Self::And(left, right) | Self::Or(left, right) => {
                change(left);
                change(right);
            }
            Self::Not(inner) | Self::IsNull(inner) | Self::InList(inner, _) | Self::Like(inner, _) => change(inner),
            Self::Call(call) => call.arguments.iter_mut().for_each(change),
            Self::Literal(_) | Self::Column { .. } | Self::Slot(_) => {}
        }
    }

    /// Calls `visit` with every column in the expression.
    pub(crate) fn visit_columns(&self, visit: &mut dyn FnMut(usize, usize)) {
        if let Self::Column { source, column } = self {
            visit(*source, *column);
        }
        self.any_part(&mut |part| {
            part.visit_columns(visit);
            false
        });
    }

    /// The sources whose columns are in it, a bit each.
    pub(super) fn sources(&self) -> u64 {
        match self {
            Self::Column { source, .. } => bit(*source),
            Self::Literal(_) | Self::Slot(_) => 0,
            Self::Compare(_, left, right) | Self::And(left, right) | Self::Or(left, right) => {
                left.sources() | right.sources()
            }
            Self::Not(inner) | Self::IsNull(inner) | Self::InList(inner, _) | Self::Like(inner, _) => inner.sources(),
            Self::Call(call) => call.arguments.iter().fold(0, |all, part| all | part.sources()),
        }
    }

    /// Calls `change` with the expression and every part of it, the outer ones first.
    pub(crate) fn for_each_mut(&mut self, change: &mut dyn FnMut(&mut Self)) {
        change(self);
        self.for_each_part(&mut |part| part.for_each_mut(change));
    }

    /// Whether this holds of the expression or of a part of it.
    pub(super) fn any(&self, is: &dyn Fn(&Self) -> bool) -> bool {
        is(self) || self.any_part(&mut |part| part.any(is))
    }

    /// Whether this holds of one of its parts, one level down.
    pub(super) fn any_part(&self, is: &mut dyn FnMut(&Self) -> bool) -> bool {
        match self {
            Self::Literal(_) | Self::Column { .. } | Self::Slot(_) => false,
            Self::Compare(_, left, right) | Self::And(left, right) | Self::Or(left, right) => is(left) || is(right),
            Self::Not(inner) | Self::IsNull(inner) | Self::InList(inner, _) | Self::Like(inner, _) => is(inner),
            Self::Call(call) => call.arguments.iter().any(is),
        }
    }

    /// Whether its value takes the answer of another query.
    pub(crate) fn asks(&self) -> bool {
        IS_FULL && self.any(&|part| matches!(part, Self::Call(call) if call.operator.asks()))
    }

    /// Calls `visit` with the queries whose answers it takes, and whether they are given something of the row.
    pub(super) fn visit_asked(&self, visit: &mut dyn FnMut(usize, bool)) {
        if let Self::Call(call) = self
            && let Some(number) = call.operator.asked()
        {
            let own = usize::from(matches!(call.operator, Operator::InQuery(_)));
            visit(number, call.arguments.len() > own);
        }
        self.any_part(&mut |part| {
            part.visit_asked(visit);
            false
        });
    }

    /// Whether its value is the same for every row, whatever is asked for.
    pub(super) fn is_constant(&self) -> bool {
        !self.any(&|part| match part {
            Self::Column { .. } | Self::Slot(_) => true,
            Self::Call(call) => call.operator.depends_on_scope(),
            _ => false,
        })
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

    /// All of these, in this order; true of none. As deep as their number has digits, so that thousands are no matter.
    pub(super) fn all(mut parts: Vec<Self>, join: fn(Box<Self>, Box<Self>) -> Self) -> Option<Self> {
        while parts.len() > 1 {
            let mut joined = Vec::with_capacity(parts.len().div_ceil(2));
            let mut rest = parts.into_iter();
            while let Some(first) = rest.next() {
                joined.push(match rest.next() {
                    Some(second) => join(first.into(), second.into()),
                    None => first,
                });
            }
            parts = joined;
        }
        parts.pop()
    }
}
