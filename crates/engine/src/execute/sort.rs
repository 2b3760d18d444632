//! Sorting, and keeping only the top rows: on the bytes of the sort keys, whose order is the order of the values. Equal
//! rows stay in the order in which they came.

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
        /// The slots in the order of their rows; of equal ones the first to come is the first.
        order: Vec<usize>,
        /// The key and the row in each slot.
        slots: Vec<(Vec<u8>, Vec<u8>)>,
    },
}

impl Sorter {
    /// A sorter of the rows of a plan, or of those at the top.
    pub(crate) fn new(plan: &Plan, space: &ScratchSpace) -> Self {
        let count = plan.limit.map(|limit| limit.saturating_add(plan.offset));
        match count.and_then(|count| usize::try_from(count).ok()).filter(|count| *count <= MAX_TOP_ROWS) {
            None => Self::All { runs: Runs::new(space), row: Vec::new() },
            Some(count) => Self::Top { count, order: Vec::new(), slots: Vec::new() },
        }
    }

    /// Offers a row, whose bytes are made if it is kept. Returns the slot that a top row is put into.
    #[inline]
    pub(crate) fn offer(
        &mut self,
        key: &[u8],
        make: &mut dyn FnMut(&mut Vec<u8>) -> Fallible<()>,
    ) -> Fallible<Option<usize>> {
        let (count, order, slots) = match self {
            Self::All { runs, row } => {
                make(row)?;
                runs.push((key, row))?;
                forget(row);
                return Ok(None);
            }
            Self::Top { count, order, slots } => (*count, order, slots),
        };
        let is_before =
            |slots: &[(Vec<u8>, Vec<u8>)], slot: &usize| slots.get(*slot).is_some_and(|(own, _)| &**own <= key);
        let slot = if slots.len() < count {
            slots.push((Vec::new(), Vec::new()));
            slots.len() - 1
        } else {
            let Some(last) = order.pop_if(|last| !is_before(slots, last)) else { return Ok(None) };
            last
        };
        let place = order.partition_point(|slot| is_before(slots, slot));
        order.insert(place, slot);
        if let Some((own, row)) = slots.get_mut(slot) {
            own.clear();
            own.extend_from_slice(key);
            row.clear();
            make(row)?;
        }
        Ok(Some(slot))
    }

    /// The slot of the last of the top rows, once there are as many as are kept.
    pub(super) fn last_slot(&self) -> Option<usize> {
        match self {
            Self::Top { count, order, .. } if order.len() >= *count => order.last().copied(),
            _ => None,
        }
    }

    /// The rows in order.
    pub(crate) fn finish(self) -> Fallible<Sorted> {
        Ok(match self {
            Self::All { runs, .. } => Sorted::All(runs.finish()?),
            Self::Top { order, slots, .. } => Sorted::Top { order: order.into_iter(), slots },
        })
    }
}

/// Rows in order.
#[derive(Debug)]
pub(crate) enum Sorted {
    All(Box<Merge>),
    Top { order: std::vec::IntoIter<usize>, slots: Vec<(Vec<u8>, Vec<u8>)> },
}

impl Sorted {
    /// The bytes of the next row.
    pub(crate) fn next(&mut self) -> Fallible<Option<&[u8]>> {
        Ok(match self {
            Self::All(merge) => merge.next()?.then(|| merge.payload()),
            Self::Top { order, slots } => order.next().and_then(|slot| slots.get(slot)).map(|(_, row)| row.as_slice()),
        })
    }
}
