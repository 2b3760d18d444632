//! Sorting, and keeping only the top rows: on the bytes of the sort keys, whose order is the order of the values. Equal
//! rows stay in the order in which they came.

use std::collections::BinaryHeap;

use crate::Result;
use crate::codec::key;
use crate::plan::{Context, OrderKey};

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
    pub(crate) fn offer(&mut self, order: &[OrderKey], context: Context<'_>) -> Result<Kept> {
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

    /// The slots in order.
    pub(crate) fn finish(self) -> Vec<usize> {
        let mut all = self.all;
        all.extend(self.heap);
        all.sort_unstable();
        all.into_iter().map(|(.., slot)| slot).collect()
    }
}
