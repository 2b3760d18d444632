//! What an expression comes to: SQL's logic, written down as plainly as can be.

use std::cmp::Ordering;

use wasm_dbms::{AggregateFunction, Arithmetic, ColumnRef, Comparison, DataType, DecimalSum, Expr, TableSchema, Value};

use crate::model::oracle::Refusal;

/// The tables that names are looked up in, in the order of a joined row.
pub(crate) struct Scope<'a>(pub(crate) Vec<&'a TableSchema>);

impl Scope<'_> {
    /// Where a column stands; none if there is no such column.
    pub(crate) fn place(&self, name: &ColumnRef) -> Option<(usize, usize)> {
        let mut sources = self.0.iter().enumerate();
        sources.find_map(|(source, schema)| {
            let is_meant = name.table.as_ref().is_none_or(|table| *table == schema.name);
            if is_meant { Some((source, schema.position(&name.column)?)) } else { None }
        })
    }
}

/// A joined row.
pub(crate) type Joined<'a> = [&'a [Value]];

/// What is made of two integers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SumKind {
    is_difference: bool,
    /// Whether it may be above every `i64`.
    is_wide: bool,
}

/// An expression whose columns are places.
#[derive(Debug)]
pub(crate) enum Bound<'a> {
    Literal(&'a Value),
    /// The name of an enum's value, with its number.
    Variant(Value),
    Column(usize, usize),
    Compare(Comparison, Box<Bound<'a>>, Box<Bound<'a>>),
    And(Box<Bound<'a>>, Box<Bound<'a>>),
    Or(Box<Bound<'a>>, Box<Bound<'a>>),
    Not(Box<Bound<'a>>),
    IsNull(Box<Bound<'a>>),
    InList(Box<Bound<'a>>, Vec<Bound<'a>>),
    Like(Box<Bound<'a>>, Vec<char>),
    /// A sum or a difference of integers.
    Sum(Box<Bound<'a>>, Box<Bound<'a>>, SumKind),
    Aggregate(AggregateFunction, Option<Box<Bound<'a>>>),
}

impl<'a> Bound<'a> {
    /// The expression with places for names; none if a name is unknown.
    pub(crate) fn of(expr: &'a Expr, scope: &Scope<'_>) -> Option<Self> {
        let part = |expr: &'a Expr| Some(Box::new(Self::of(expr, scope)?));
        Some(match expr {
            Expr::Literal(value) => Self::Literal(value),
            Expr::Column(name) => {
                let (source, column) = scope.place(name)?;
                Self::Column(source, column)
            }
            Expr::Compare(comparison, left, right) => {
                let (bound_left, bound_right) = (part(left)?, part(right)?);
                let bound_left = bound_left.beside(&bound_right, scope);
                let bound_right = bound_right.beside(&bound_left, scope);
                Self::Compare(*comparison, bound_left, bound_right)
            }
            Expr::And(left, right) => Self::And(part(left)?, part(right)?),
            Expr::Or(left, right) => Self::Or(part(left)?, part(right)?),
            Expr::Not(inner) => Self::Not(part(inner)?),
            Expr::IsNull(inner) => Self::IsNull(part(inner)?),
            Expr::InList(inner, values) => {
                let inner = part(inner)?;
                let values = values.iter().map(|value| Some(*part(value)?.beside(&inner, scope)));
                let values = values.collect::<Option<Vec<_>>>()?;
                Self::InList(inner, values)
            }
            Expr::Like { text, pattern, escape: Some('\\'), ignores_case: false } => match &**pattern {
                Expr::Literal(Value::Text(pattern)) => Self::Like(part(text)?, pattern.chars().collect()),
                _ => return None,
            },
            Expr::Arithmetic(operator @ (Arithmetic::Add | Arithmetic::Subtract), left, right) => {
                let (left, right) = (part(left)?, part(right)?);
                let is_wide = left.is_wide(scope) || right.is_wide(scope);
                Self::Sum(left, right, SumKind { is_difference: *operator == Arithmetic::Subtract, is_wide })
            }
            Expr::Aggregate(call) => {
                let argument = match &call.argument {
                    Some(argument) => Some(part(argument)?),
                    None => None,
                };
                Self::Aggregate(call.function, argument)
            }
            _ => return None,
        })
    }

    /// A literal that is compared with a column: text stands for the value of an enum.
    fn beside(self: Box<Self>, other: &Self, scope: &Scope<'_>) -> Box<Self> {
        if let (Self::Literal(Value::Text(name)), Self::Column(source, column)) = (&*self, other)
            && let Some(column) = scope.0.get(*source).and_then(|schema| schema.columns.get(*column))
            && let Some(variant) = column.variant(name)
        {
            return Box::new(Self::Variant(variant.to_value()));
        }
        self
    }

    /// Whether it is a column whose numbers may be above every `i64`.
    fn is_wide(&self, scope: &Scope<'_>) -> bool {
        let Self::Column(source, column) = self else { return false };
        let column = scope.0.get(*source).and_then(|schema| schema.columns.get(*column));
        column.is_some_and(|column| column.data_type == DataType::U64)
    }

    /// The value, for a joined row.
    ///
    /// # Errors
    /// How it must be refused.
    pub(crate) fn checked_value(&self, row: &Joined<'_>) -> Result<Value, Refusal> {
        let Self::Sum(left, right, kind) = self else { return Ok(self.value(row)) };
        let (left, right) = (left.checked_value(row)?, right.checked_value(row)?);
        if left.is_null() || right.is_null() {
            return Ok(Value::Null);
        }
        let (Some(left), Some(right)) = (left.as_ref().as_i128(), right.as_ref().as_i128()) else {
            return Err(Refusal::Query);
        };
        let sum = if kind.is_difference { left - right } else { left + right };
        let wide = || if kind.is_wide { u64::try_from(sum).map(Value::from).ok() } else { None };
        i64::try_from(sum).ok().map(Value::from).or_else(wide).ok_or(Refusal::OutOfRange)
    }

    /// The value, for a joined row.
    pub(crate) fn value(&self, row: &Joined<'_>) -> Value {
        match self {
            Self::Literal(value) => (*value).clone(),
            Self::Variant(value) => value.clone(),
            Self::Column(source, column) => {
                row.get(*source).and_then(|row| row.get(*column)).cloned().unwrap_or(Value::Null)
            }
            Self::Sum(..) => self.checked_value(row).unwrap_or_default(),
            logic => logic.truth(row).map_or(Value::Null, Value::Bool),
        }
    }

    /// Calls `use_it` with the value.
    fn with<R>(&self, row: &Joined<'_>, use_it: impl FnOnce(&Value) -> R) -> R {
        match self {
            Self::Literal(value) => use_it(value),
            Self::Variant(value) => use_it(value),
            Self::Column(source, column) => {
                use_it(row.get(*source).and_then(|row| row.get(*column)).unwrap_or(&Value::Null))
            }
            logic => use_it(&logic.value(row)),
        }
    }

    fn compared(&self, other: &Self, row: &Joined<'_>) -> Option<Ordering> {
        self.with(row, |left| other.with(row, |right| left.as_ref().compare(right.as_ref())))
    }

    /// Whether it is true, for a joined row; none if that is not known.
    pub(crate) fn truth(&self, row: &Joined<'_>) -> Option<bool> {
        match self {
            Self::Compare(comparison, left, right) => left.compared(right, row).map(|order| comparison.holds(order)),
            Self::And(left, right) => match (left.truth(row), right.truth(row)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(left, right) => match (left.truth(row), right.truth(row)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Not(inner) => inner.truth(row).map(|truth| !truth),
            Self::IsNull(inner) => Some(inner.with(row, Value::is_null)),
            Self::InList(inner, values) => {
                let is_equal = |value: &Bound<'_>| inner.compared(value, row).map(Ordering::is_eq);
                let mut is_known = true;
                for value in values {
                    match is_equal(value) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => is_known = false,
                    }
                }
                is_known.then_some(false)
            }
            Self::Like(inner, pattern) => inner.with(row, |value| match value {
                Value::Text(text) => Some(like(&text.chars().collect::<Vec<char>>(), pattern)),
                _ => None,
            }),
            value => value.with(row, |value| match value {
                Value::Bool(truth) => Some(*truth),
                _ => None,
            }),
        }
    }

    /// The value over the rows of a group; none if it is out of range. What is no aggregate is that of the first row.
    pub(crate) fn over(&self, rows: &[&Joined<'_>]) -> Option<Value> {
        let Self::Aggregate(function, argument) = self else {
            return Some(rows.first().map_or(Value::Null, |row| self.value(row)));
        };
        let Some(argument) = argument else { return Some(Value::from(rows.len() as u64)) };
        let mut values: Vec<Value> = rows.iter().map(|row| argument.value(row)).collect();
        values.retain(|value| !value.is_null());
        let extreme = |values: Vec<Value>, is_better: fn(Ordering) -> bool| {
            let best = |best: Value, value: Value| {
                if is_better(value.as_ref().sort_order(best.as_ref())) { value } else { best }
            };
            values.into_iter().reduce(best).unwrap_or_default()
        };
        match function {
            AggregateFunction::Count => Some(Value::from(values.len() as u64)),
            AggregateFunction::Minimum => Some(extreme(values, Ordering::is_lt)),
            AggregateFunction::Maximum => Some(extreme(values, Ordering::is_gt)),
            AggregateFunction::Sum => sum(&values),
            AggregateFunction::Average => mean(&values),
            // Not drawn.
            _ => None,
        }
    }
}

/// The decimals among some values, added up; none if there is none.
fn decimals(values: &[Value]) -> Option<DecimalSum> {
    let mut sum = None::<DecimalSum>;
    for value in values {
        if let Value::Decimal(number) = value {
            sum.get_or_insert_default().add(*number);
        }
    }
    sum
}

fn sum(values: &[Value]) -> Option<Value> {
    if values.is_empty() {
        return Some(Value::Null);
    }
    if let Some(sum) = decimals(values) {
        return sum.total().map(Value::Decimal);
    }
    if values.iter().any(|value| matches!(value, Value::Float(_))) {
        return Some(Value::Float(values.iter().filter_map(|value| value.as_ref().as_f64()).sum()));
    }
    let sum: i128 = values.iter().filter_map(|value| value.as_ref().as_i128()).sum();
    i64::try_from(sum).map(Value::from).or_else(|_| u64::try_from(sum).map(Value::from)).ok()
}

fn mean(values: &[Value]) -> Option<Value> {
    if values.is_empty() {
        return Some(Value::Null);
    }
    if let Some(sum) = decimals(values) {
        return sum.mean(values.len() as u64).map(Value::Decimal);
    }
    let count = values.len() as f64;
    if values.iter().any(|value| matches!(value, Value::Float(_))) {
        return Some(Value::Float(values.iter().filter_map(|value| value.as_ref().as_f64()).sum::<f64>() / count));
    }
    let sum: i128 = values.iter().filter_map(|value| value.as_ref().as_i128()).sum();
    Some(Value::Float(sum as f64 / count))
}

/// Whether the text matches. Piece by piece of the pattern it keeps which beginnings of the text have matched so far:
/// trying every way for each `%` would take for ever where there are many.
fn like(text: &[char], pattern: &[char]) -> bool {
    let after_one = |matched: &[bool], fits: &dyn Fn(&char) -> bool| {
        let longer = matched.iter().zip(text).map(|(is_matched, next)| *is_matched && fits(next));
        std::iter::once(false).chain(longer).collect::<Vec<bool>>()
    };
    let mut matched: Vec<bool> = (0..=text.len()).map(|length| length == 0).collect();
    let mut pieces = pattern.iter();
    while let Some(piece) = pieces.next() {
        matched = match piece {
            '%' => {
                let first = matched.iter().position(|is_matched| *is_matched).unwrap_or(matched.len());
                (0..matched.len()).map(|length| length >= first).collect()
            }
            '_' => after_one(&matched, &|_| true),
            '\\' => {
                let plain = pieces.next().unwrap_or(piece);
                after_one(&matched, &|next| next == plain)
            }
            plain => after_one(&matched, &|next| next == plain),
        };
    }
    matched.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn a_pattern_of_many_signs_that_stand_for_anything_is_soon_decided() {
        let characters = |text: &str| text.chars().collect::<Vec<char>>();
        let (text, pattern) = (characters(&"ab".repeat(200)), characters(&"%a_".repeat(100)));
        assert!(like(&text, &pattern));
        assert!(!like(&text, &characters(&("%a".repeat(100) + "%c"))));
        for (text, pattern, expected) in [
            ("", "", true),
            ("", "%", true),
            ("a", "", false),
            ("a%", "a\\%", true),
            ("ab", "a\\%", false),
            ("abc", "%c_", false),
        ] {
            assert_eq!(like(&characters(text), &characters(pattern)), expected, "{text} like {pattern}");
        }
    }
}
