//! Conditions on one column at a fixed place, asked of many rows in one loop over its order codes.

use std::cell::Cell;

use wasm_dbms_api::{Comparison, ValueRef};
use wasm_dbms_memory::PageValues;

use crate::codec::row::RowLayout;
use crate::codec::{CodeRange, FixedColumn, FixedKind, code_of_float};
use crate::plan::{BoundExpr, Scope};

/// A condition on one column at a fixed place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Predicate {
    column: FixedColumn,
    /// Whether rows are kept in which the column is NULL.
    keeps_null: bool,
    test: Test,
}

/// Which order codes are kept.
#[derive(Debug, Clone, PartialEq)]
enum Test {
    Within(CodeRange),
    Outside(CodeRange),
    /// Sorted.
    OneOf(Vec<i64>),
    NoneOf(Vec<i64>),
}

impl Predicate {
    /// The predicate that a condition on rows of `source` stands for; none if it has to be asked as an expression.
    pub(crate) fn of(condition: &BoundExpr, source: usize, layout: &RowLayout, scope: &Scope) -> Option<Self> {
        Self::compile(condition, false, (source, scope), layout)
    }

    /// That the column's code lies in the range.
    pub(crate) fn within(column: FixedColumn, range: CodeRange, keeps_null: bool) -> Self {
        Self { column, keeps_null, test: Test::Within(range) }
    }

    fn compile(
        condition: &BoundExpr,
        is_negated: bool,
        (source, scope): (usize, &Scope),
        layout: &RowLayout,
    ) -> Option<Self> {
        let own = |expr: &BoundExpr| match expr {
            BoundExpr::Column { source: other, column } if *other == source => Some(*column),
            _ => None,
        };
        match condition {
            BoundExpr::Not(inner) => Self::compile(inner, !is_negated, (source, scope), layout),
            BoundExpr::Compare(comparison, left, right) => {
                let (comparison, column, value) = match (own(left), own(right)) {
                    (Some(column), _) => (*comparison, column, right.constant(scope)?),
                    (_, Some(column)) => (comparison.flipped(), column, left.constant(scope)?),
                    _ => return None,
                };
                let comparison = if is_negated { negated(comparison) } else { comparison };
                let column = layout.fixed_column(column)?;
                Some(Self {
                    column,
                    keeps_null: false,
                    test: Test::comparing(column.kind(), comparison, value.as_ref())?,
                })
            }
            BoundExpr::InList(inner, values) if !values.is_empty() => {
                let column = layout.fixed_column(own(inner)?)?;
                let mut codes = Vec::new();
                let mut has_null = false;
                for value in values {
                    if value.is_null() {
                        has_null = true;
                        continue;
                    }
                    match Test::comparing(column.kind(), Comparison::Equal, value.as_ref())? {
                        Test::Within(range) if range.is_empty() => {}
                        Test::Within(range) if range.low == range.high => codes.push(range.low),
                        _ => return None,
                    }
                }
                codes.sort_unstable();
                codes.dedup();
                let test = match is_negated {
                    // A NULL among the values leaves open whether the column is none of them.
                    true if has_null => Test::Within(CodeRange::NONE),
                    true => Test::NoneOf(codes),
                    false => Test::OneOf(codes),
                };
                Some(Self { column, keeps_null: false, test })
            }
            BoundExpr::IsNull(inner) => {
                let column = layout.presence(own(inner)?)?;
                let range = if is_negated { CodeRange::ALL } else { CodeRange::NONE };
                Some(Self::within(column, range, !is_negated))
            }
            BoundExpr::Column { .. } => {
                let column = layout.fixed_column(own(condition)?).filter(|column| column.kind() == FixedKind::Bool)?;
                let wanted = i64::from(!is_negated);
                Some(Self::within(column, CodeRange { low: wanted, high: wanted }, false))
            }
            _ => None,
        }
    }

    /// Makes this predicate hold only where `other` holds too, if both are ranges of the same column.
    pub(crate) fn absorb(&mut self, other: &Self) -> bool {
        match (&mut self.test, &other.test) {
            (Test::Within(own), Test::Within(range))
                if self.column == other.column && !self.keeps_null && !other.keeps_null =>
            {
                *own = own.and(*range);
                true
            }
            _ => false,
        }
    }

    /// Whether the predicate holds for a row; none if its bytes are no row of the table.
    #[inline]
    pub(crate) fn holds(&self, row: &[u8]) -> Option<bool> {
        Some(match self.column.code_in(row)? {
            None => self.keeps_null,
            Some(code) => match &self.test {
                Test::Within(range) => range.contains(code),
                Test::Outside(range) => !range.contains(code),
                Test::OneOf(codes) => codes.binary_search(&code).is_ok(),
                Test::NoneOf(codes) => codes.binary_search(&code).is_err(),
            },
        })
    }

    /// Drops the chosen rows for which the predicate does not hold.
    pub(crate) fn shrink(&self, rows: PageValues<'_>, chosen: &mut Vec<u16>, codes: &mut Vec<i64>) {
        if self.keeps_null && self.column.is_nullable() {
            chosen.retain(|row| {
                let span = rows.spans.get(usize::from(*row));
                let bytes = span.and_then(|span| rows.page.get(span.range()));
                bytes.and_then(|bytes| self.holds(bytes)).unwrap_or(false)
            });
            return;
        }
        self.column.drop_nulls(rows, chosen);
        self.column.codes(rows, chosen, codes);
        match &self.test {
            Test::Within(range) => keep(chosen, codes, |code| range.contains(code)),
            Test::Outside(range) => keep(chosen, codes, |code| !range.contains(code)),
            Test::OneOf(values) => keep(chosen, codes, |code| values.binary_search(&code).is_ok()),
            Test::NoneOf(values) => keep(chosen, codes, |code| values.binary_search(&code).is_err()),
        }
    }
}

/// Keeps the rows whose codes hold. Without a branch on what is found: a processor guesses those wrong too often.
#[inline]
fn keep(chosen: &mut Vec<u16>, codes: &[i64], holds: impl Fn(i64) -> bool) {
    let rows = Cell::from_mut(chosen.as_mut_slice()).as_slice_of_cells();
    let mut kept = 0;
    for (row, code) in rows.iter().zip(codes) {
        if let Some(place) = rows.get(kept) {
            place.set(row.get());
        }
        kept += usize::from(holds(*code));
    }
    chosen.truncate(kept);
}

impl Test {
    /// The test that a comparison with a value comes to; none if only expressions know how these two compare.
    fn comparing(kind: FixedKind, comparison: Comparison, value: ValueRef<'_>) -> Option<Self> {
        if value.is_null() {
            return Some(Self::Within(CodeRange::NONE));
        }
        let (low, high) = place(kind, value)?;
        let (first, last) = kind.integers().unwrap_or((i64::MIN.into(), i64::MAX.into()));
        let range = |low: i128, high: i128| {
            let (low, high) = (low.max(first), high.min(last));
            if low > high {
                return CodeRange::NONE;
            }
            CodeRange { low: kind.code_of_integer(low), high: kind.code_of_integer(high) }
        };
        Some(match comparison {
            Comparison::Equal => Self::Within(range(low, high)),
            Comparison::NotEqual => Self::Outside(range(low, high)),
            Comparison::Less => Self::Within(range(i128::MIN, low.saturating_sub(1))),
            Comparison::LessOrEqual => Self::Within(range(i128::MIN, high)),
            Comparison::Greater => Self::Within(range(high.saturating_add(1), i128::MAX)),
            Comparison::GreaterOrEqual => Self::Within(range(low, i128::MAX)),
        })
    }
}

/// Where a value stands among the numbers that a type's values are compared by: the first that is not below it and the
/// last that is not above it, the same one if it is one of them.
fn place(kind: FixedKind, value: ValueRef<'_>) -> Option<(i128, i128)> {
    let same = |number: i128| Some((number, number));
    match (kind, value) {
        (_, ValueRef::Float(number)) if kind.is_float() => same(code_of_float(number).into()),
        (_, ValueRef::Integer(_) | ValueRef::Unsigned(_)) if kind.is_float() => {
            let integer = value.as_i128()?;
            let float = integer as f64;
            let code = i128::from(code_of_float(float));
            // Beyond 2^53 the nearest float may be another number.
            Some(match (float as i128).cmp(&integer) {
                std::cmp::Ordering::Equal => (code, code),
                std::cmp::Ordering::Less => (code + 1, code),
                std::cmp::Ordering::Greater => (code, code - 1),
            })
        }
        (_, ValueRef::Integer(_) | ValueRef::Unsigned(_)) if kind.integers().is_some() => same(value.as_i128()?),
        (_, ValueRef::Float(number)) if kind.integers().is_some() => Some(match number.is_nan() {
            // Above every number.
            true => (i128::MAX, i128::MAX - 1),
            false => (number.ceil() as i128, number.floor() as i128),
        }),
        (FixedKind::Bool, ValueRef::Bool(value)) => same(value.into()),
        (FixedKind::Date, ValueRef::Date(date)) => same(date.days().into()),
        (FixedKind::DateTime, ValueRef::DateTime(moment)) => same(moment.microseconds().into()),
        (FixedKind::Enum, ValueRef::Enum(number, _)) => same(number.into()),
        _ => None,
    }
}

/// The comparison that holds where this one does not and neither side is NULL.
fn negated(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal => Comparison::NotEqual,
        Comparison::NotEqual => Comparison::Equal,
        Comparison::Less => Comparison::GreaterOrEqual,
        Comparison::LessOrEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessOrEqual,
        Comparison::GreaterOrEqual => Comparison::Less,
    }
}
