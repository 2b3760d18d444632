//! What a sort that keeps only the top rows tells the walk.

use crate::codec::{CodeRange, FixedColumn};
use crate::execute::RowStream;
use crate::execute::sort::Sorter;
use crate::plan::{BoundExpr, Plan};

/// What rows must hold to be among the top ones, told to the walk as soon as it is known: most rows then cost one
/// comparison.
#[derive(Debug)]
pub(crate) struct Threshold {
    source: usize,
    /// The first key of the order.
    column: FixedColumn,
    descending: bool,
    nulls_first: bool,
    /// Whether rows equal in the first key may still be told apart.
    has_more_keys: bool,
    /// The order code of the row in each slot.
    codes: Vec<Option<i64>>,
}

impl Threshold {
    /// None if the order does not begin with a column at a fixed place of the table that is walked first, or all rows are
    /// kept.
    pub(crate) fn new(plan: &Plan, rows: &RowStream<'_>) -> Option<Self> {
        let (first, more) = plan.order.split_first()?;
        let BoundExpr::Column { source, column } = &first.expr else { return None };
        plan.limit?;
        if plan.steps.first()?.source != *source {
            return None;
        }
        Some(Self {
            source: *source,
            column: rows.fixed_column(*source, *column)?,
            descending: first.descending,
            nulls_first: first.nulls_first,
            has_more_keys: !more.is_empty(),
            codes: Vec::new(),
        })
    }

    /// Takes notice that the row at hand was put into this slot.
    pub(crate) fn follow(&mut self, slot: usize, sorter: &Sorter, rows: &mut RowStream<'_>) {
        let row = rows.frame.view(self.source).map_or(&[][..], |view| view.row);
        let code = self.column.code_in(row).flatten();
        match self.codes.get_mut(slot) {
            Some(place) => *place = code,
            None => self.codes.push(code),
        }
        let Some(last) = sorter.last_slot().and_then(|slot| self.codes.get(slot)) else { return };
        let (range, keeps_null) = match *last {
            None if self.nulls_first => (CodeRange::NONE, self.has_more_keys),
            None => (CodeRange::ALL, self.has_more_keys),
            Some(code) => {
                let mut range = CodeRange::ALL;
                // Equal rows that come later stand behind.
                if self.descending {
                    range.low = if self.has_more_keys { code } else { code.saturating_add(1) };
                } else {
                    range.high = if self.has_more_keys { code } else { code.saturating_sub(1) };
                }
                (range, self.nulls_first)
            }
        };
        rows.set_threshold(self.column, range, keeps_null);
    }
}
