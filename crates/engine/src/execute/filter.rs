//! The filters of a step, in the form in which they are cheapest to ask of a row.

use wasm_dbms_api::{Comparison, ValueRef};

use crate::Result;
use crate::catalog::Relation;
use crate::execute::Frame;
use crate::plan::{BoundExpr, Context, Step, broken_row};

/// The filters of a step: all must hold.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    /// An integer column of the step's own row lies between two numbers, both included: the commonest filter there is,
    /// asked without an expression being walked. Conditions on the same column are one.
    ranges: Vec<IntegerRange>,
    /// Everything else.
    others: Vec<BoundExpr>,
}

#[derive(Debug)]
struct IntegerRange {
    column: usize,
    low: i64,
    high: i64,
}

impl Filters {
    pub(crate) fn new(step: &Step, relation: &Relation) -> Self {
        let mut filters = Self::default();
        for filter in &step.filters {
            // A float column can be compared with an integer too, but is not in its ranges.
            let range = IntegerRange::of(filter, step.source);
            match range.filter(|range| relation.data_type(range.column).is_integer()) {
                Some(range) => filters.add_range(range),
                None => filters.others.push(filter.clone()),
            }
        }
        filters
    }

    fn add_range(&mut self, range: IntegerRange) {
        match self.ranges.iter_mut().find(|other| other.column == range.column) {
            Some(other) => {
                other.low = other.low.max(range.low);
                other.high = other.high.min(range.high);
            }
            None => self.ranges.push(range),
        }
    }

    /// Whether the row of a source is kept.
    #[inline]
    pub(crate) fn hold(&self, frame: &Frame, source: usize) -> Result<bool> {
        if !self.ranges.is_empty() {
            let Some(view) = frame.view(source) else { return Ok(false) };
            for range in &self.ranges {
                let holds = match view.integer(range.column) {
                    Some(number) => range.low <= number && number <= range.high,
                    None => match view.value(range.column).ok_or_else(broken_row)? {
                        // Above every `i64`: within the range only where it has no end.
                        ValueRef::Unsigned(_) => range.high == i64::MAX && range.low != i64::MAX,
                        _ => false,
                    },
                };
                if !holds {
                    return Ok(false);
                }
            }
        }
        for filter in &self.others {
            if !filter.holds(Context::Frame(frame))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl IntegerRange {
    /// The range that a comparison of an own column with an integer stands for. Not for the ends of `i64`, so that a
    /// range without an end can be told from one that ends there.
    fn of(filter: &BoundExpr, source: usize) -> Option<Self> {
        let BoundExpr::Compare(comparison, left, right) = filter else { return None };
        let (comparison, column, number) = match (&**left, &**right) {
            (BoundExpr::Column { source: other, column }, BoundExpr::Literal(value)) if *other == source => {
                (*comparison, *column, value)
            }
            (BoundExpr::Literal(value), BoundExpr::Column { source: other, column }) if *other == source => {
                (comparison.flipped(), *column, value)
            }
            _ => return None,
        };
        let ValueRef::Integer(number) = number.as_ref() else { return None };
        if number <= i64::MIN + 1 || number >= i64::MAX - 1 {
            return None;
        }
        let (low, high) = match comparison {
            Comparison::Equal => (number, number),
            Comparison::Less => (i64::MIN, number - 1),
            Comparison::LessOrEqual => (i64::MIN, number),
            Comparison::Greater => (number + 1, i64::MAX),
            Comparison::GreaterOrEqual => (number, i64::MAX),
            Comparison::NotEqual => return None,
        };
        Some(Self { column, low, high })
    }
}
