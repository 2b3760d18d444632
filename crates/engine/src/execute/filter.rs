//! The filters of a step: those that can be asked of many rows at once, and the others.

use wasm_dbms_memory::PageValues;

use crate::codec::row::RowLayout;
use crate::codec::{CodeRange, FixedColumn};
use crate::error::Fallible;
use crate::execute::Frame;
use crate::execute::predicate::Predicate;
use crate::plan::{BoundExpr, Context, Scope, broken_row};

/// The filters of a step: all must hold.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    predicates: Vec<Predicate>,
    /// What only expressions say, each with its number among the filters.
    others: Vec<(usize, BoundExpr)>,
    /// What a row must hold to be among the top rows of a sort: it moves while rows are read.
    threshold: Option<Predicate>,
}

impl Filters {
    /// The filters of a source whose rows are of this layout.
    pub(crate) fn new(filters: &[BoundExpr], source: usize, layout: &RowLayout, scope: &Scope) -> Self {
        let mut own = Self::default();
        own.refill(filters, source, layout, scope);
        own
    }

    /// Makes these the same filters with other values of parameters.
    pub(crate) fn refill(&mut self, filters: &[BoundExpr], source: usize, layout: &RowLayout, scope: &Scope) {
        self.predicates.clear();
        let mut others = 0;
        for (number, filter) in filters.iter().enumerate() {
            match Predicate::of(filter, source, layout, scope) {
                Some(predicate) => {
                    if !self.predicates.iter_mut().any(|other| other.absorb(&predicate)) {
                        self.predicates.push(predicate);
                    }
                }
                None => {
                    if self.others.get(others).is_none_or(|(other, _)| *other != number) {
                        self.others.truncate(others);
                        self.others.push((number, filter.clone()));
                    }
                    others += 1;
                }
            }
        }
        self.others.truncate(others);
    }

    /// Forgets what rows of a run must hold to be among the top ones.
    pub(crate) fn rest(&mut self) {
        self.threshold = None;
    }

    /// Whether [`shrink`](Self::shrink) leaves nothing to ask.
    #[inline]
    pub(crate) fn are_all_predicates(&self) -> bool {
        self.others.is_empty()
    }

    /// From now on rows outside of this range are of no use.
    pub(crate) fn set_threshold(&mut self, column: FixedColumn, range: CodeRange, keeps_null: bool) {
        self.threshold = Some(Predicate::within(column, range, keeps_null));
    }

    /// Drops the chosen rows for which a predicate does not hold.
    pub(crate) fn shrink(&self, rows: PageValues<'_>, chosen: &mut Vec<u16>, codes: &mut Vec<i64>) {
        for predicate in self.threshold.iter().chain(&self.predicates) {
            if !chosen.is_empty() {
                predicate.shrink(rows, chosen, codes);
            }
        }
    }

    /// Whether the row of a source is kept, going by the predicates.
    #[inline]
    pub(crate) fn predicates_hold(&self, frame: &Frame, source: usize) -> Fallible<bool> {
        if self.predicates.is_empty() && self.threshold.is_none() {
            return Ok(true);
        }
        let Some(view) = frame.view(source) else { return Ok(false) };
        for predicate in self.threshold.iter().chain(&self.predicates) {
            if !predicate.holds(view.row).ok_or_else(broken_row)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the frame is kept, going by what predicates do not say.
    #[inline]
    pub(crate) fn others_hold(&self, frame: &Frame) -> Fallible<bool> {
        for (_, filter) in &self.others {
            if !filter.holds(Context::Frame(frame))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
