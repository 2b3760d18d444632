//! Sorting, and keeping only the top rows: on the bytes of the sort keys, whose order is the order of the values. Equal
//! rows stay in the order in which they came.

use std::collections::BinaryHeap;

use crate::codec::{CodeRange, FixedColumn, key};
use crate::error::Fallible;
use crate::execute::RowStream;
use crate::plan::{BoundExpr, Context, OrderKey, Plan};

/// Where a row that is kept goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is not among the top rows.
    No,
    /// In this slot, in place of a row that no longer is.
    In(usize),
    /// In a new slot at the end.
    New,
}

/// Sort keys with the slots of their rows.
#[derive(Debug)]
pub(crate) struct Sorter {
    /// How many rows to keep.
    top: usize,
    /// The largest first. The number breaks ties by arrival.
    heap: BinaryHeap<(Vec<u8>, u64, usize)>,
    all: Vec<(Vec<u8>, u64, usize)>,
    arrivals: u64,
    key: Vec<u8>,
}

impl Sorter {
    /// A sorter that keeps the first `top` rows.
    pub(crate) fn new(top: Option<usize>) -> Self {
        Self { top: top.unwrap_or(usize::MAX), heap: BinaryHeap::new(), all: Vec::new(), arrivals: 0, key: Vec::new() }
    }

    /// Offers a row.
    #[inline]
    pub(crate) fn offer(&mut self, order: &[OrderKey], context: Context<'_>) -> Fallible<Kept> {
        self.key.clear();
        for part in order {
            let start = self.key.len();
            let value = part.expr.value(context)?;
            if value.is_null() && part.nulls_first == part.descending {
                // NULL counts as smallest; where it stands at the other end, it counts as largest.
                key::push_above_values(&mut self.key);
            } else {
                key::push_nullable(&mut self.key, value);
            }
            if part.descending {
                for byte in self.key.iter_mut().skip(start) {
                    *byte = !*byte;
                }
            }
        }
        let arrival = self.arrivals;
        self.arrivals += 1;
        if self.top == usize::MAX {
            self.all.push((self.key.clone(), arrival, self.all.len()));
            return Ok(Kept::New);
        }
        if self.heap.len() < self.top {
            self.heap.push((self.key.clone(), arrival, self.heap.len()));
            return Ok(Kept::New);
        }
        match self.heap.peek_mut() {
            Some(mut largest) if self.key < largest.0 => {
                let slot = largest.2;
                largest.0.clone_from(&self.key);
                largest.1 = arrival;
                Ok(Kept::In(slot))
            }
            _ => Ok(Kept::No),
        }
    }

    /// The slot of the last of the top rows, once there are as many as are kept.
    fn last_slot(&self) -> Option<usize> {
        self.heap.peek().filter(|_| self.heap.len() >= self.top).map(|(.., slot)| *slot)
    }

    /// The slots in order.
    pub(crate) fn finish(self) -> Vec<usize> {
        let mut all = self.all;
        all.extend(self.heap);
        all.sort_unstable();
        all.into_iter().map(|(.., slot)| slot).collect()
    }
}

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
