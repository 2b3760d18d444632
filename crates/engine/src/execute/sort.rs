//! Sorting, and keeping only the top rows: on the bytes of the sort keys, whose order is the order of the values. Equal
//! rows stay in the order in which they came.

use std::collections::BinaryHeap;

use wasm_dbms_api::ValueRef;
use wasm_dbms_memory::ScratchSpace;

use crate::codec::key;
use crate::error::Fallible;
use crate::execute::runs::{Merge, Runs};
use crate::execute::spool::forget;
use crate::plan::{Context, OrderKey, Plan};

/// As many top rows are kept in memory; of more, all are sorted.
pub const MAX_TOP_ROWS: usize = 10_000;

/// Sets `key` to the sort key of a row.
pub(crate) fn sort_key(order: &[OrderKey], context: Context<'_>, key: &mut Vec<u8>) -> Fallible<()> {
    key.clear();
    for part in order {
        push_sort_key(part.expr.value(context)?, part.descending, part.nulls_first, key);
    }
    Ok(())
}

/// Appends what one value is sorted by.
pub(super) fn push_sort_key(value: ValueRef<'_>, descending: bool, nulls_first: bool, key: &mut Vec<u8>) {
    let start = key.len();
    if value.is_null() && nulls_first == descending {
        // NULL counts as smallest; where it stands at the other end, it counts as largest.
        key::push_above_values(key);
    } else {
        key::push_nullable(key, value);
    }
    if descending {
        key::flip(key, start);
    }
}

/// Rows to be sorted, as bytes.
#[derive(Debug)]
pub(crate) enum Sorter {
    All {
        runs: Runs,
        /// The bytes of the row at hand.
        row: Vec<u8>,
    },
    Top {
        /// How many rows to keep.
        count: usize,
        /// The largest first. The number breaks ties by arrival.
        heap: BinaryHeap<(Vec<u8>, u64, usize)>,
        /// The row in each slot.
        slots: Vec<Vec<u8>>,
        arrivals: u64,
    },
}

impl Sorter {
    /// A sorter of the rows of a plan, or of those at the top.
    pub(crate) fn new(plan: &Plan, space: &ScratchSpace) -> Self {
        let count = plan.limit.map(|limit| limit.saturating_add(plan.offset));
        match count.and_then(|count| usize::try_from(count).ok()).filter(|count| *count <= MAX_TOP_ROWS) {
            None => Self::All { runs: Runs::new(space), row: Vec::new() },
            Some(count) => Self::Top { count, heap: BinaryHeap::new(), slots: Vec::new(), arrivals: 0 },
        }
    }

    /// Offers a row, whose bytes are made if it is kept. Returns the slot that a top row is put into.
    #[inline]
    pub(crate) fn offer(
        &mut self,
        key: &[u8],
        make: &mut dyn FnMut(&mut Vec<u8>) -> Fallible<()>,
    ) -> Fallible<Option<usize>> {
        let (count, heap, slots, arrivals) = match self {
            Self::All { runs, row } => {
                make(row)?;
                runs.push((key, row))?;
                forget(row);
                return Ok(None);
            }
            Self::Top { count, heap, slots, arrivals } => (count, heap, slots, arrivals),
        };
        let arrival = *arrivals;
        *arrivals += 1;
        if heap.len() < *count {
            let mut row = Vec::new();
            make(&mut row)?;
            heap.push((key.to_vec(), arrival, slots.len()));
            slots.push(row);
            return Ok(Some(slots.len() - 1));
        }
        let Some(mut largest) = heap.peek_mut().filter(|largest| key < largest.0.as_slice()) else { return Ok(None) };
        let slot = largest.2;
        largest.0.clear();
        largest.0.extend_from_slice(key);
        largest.1 = arrival;
        if let Some(row) = slots.get_mut(slot) {
            row.clear();
            make(row)?;
        }
        Ok(Some(slot))
    }

    /// The slot of the last of the top rows, once there are as many as are kept.
    pub(super) fn last_slot(&self) -> Option<usize> {
        match self {
            Self::Top { count, heap, .. } if heap.len() >= *count => heap.peek().map(|(.., slot)| *slot),
            _ => None,
        }
    }

    /// The rows in order.
    pub(crate) fn finish(self) -> Fallible<Sorted> {
        Ok(match self {
            Self::All { runs, .. } => Sorted::All(runs.finish()?),
            Self::Top { heap, slots, .. } => {
                let mut order = Vec::with_capacity(slots.len());
                for (.., slot) in heap.into_sorted_vec() {
                    order.push(slot);
                }
                Sorted::Top { order: order.into_iter(), slots }
            }
        })
    }
}

/// Rows in order.
#[derive(Debug)]
pub(crate) enum Sorted {
    All(Merge),
    Top { order: std::vec::IntoIter<usize>, slots: Vec<Vec<u8>> },
}

impl Sorted {
    /// The bytes of the next row.
    pub(crate) fn next(&mut self) -> Fallible<Option<&[u8]>> {
        Ok(match self {
            Self::All(merge) => merge.next()?.then(|| merge.payload()),
            Self::Top { order, slots } => order.next().and_then(|slot| slots.get(slot)).map(Vec::as_slice),
        })
    }
}
