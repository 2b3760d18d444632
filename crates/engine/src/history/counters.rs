//! [`Counters`]: the numbers that tables give to rows, shared by everybody who inserts while an interactive transaction
//! is open, so that no two draw the same. A number that was drawn is not given back, whatever becomes of the row.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use wasm_dbms_memory::TableId;

use crate::readers::lock;

/// The last number that was drawn of each table.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    drawn: Mutex<Vec<(TableId, u64)>>,
    is_used: AtomicBool,
}

impl Counters {
    /// Whether anybody drew a number here that the head does not know of.
    #[inline]
    pub(crate) fn is_used(&self) -> bool {
        self.is_used.load(Ordering::Acquire)
    }

    /// The next number of a table whose counter is seen to be at `counter`; none past `highest`.
    fn draw(&self, table: TableId, counter: u64, highest: u64) -> Option<u64> {
        let mut drawn = lock(&self.drawn);
        let last = last_of(&mut drawn, table);
        let next = counter.max(*last).checked_add(1).filter(|next| *next <= highest)?;
        *last = next;
        self.is_used.store(true, Ordering::Release);
        Some(next)
    }

    /// Rows up to this number were committed.
    pub(crate) fn raise(&self, table: TableId, counter: u64) {
        let mut drawn = lock(&self.drawn);
        let last = last_of(&mut drawn, table);
        *last = counter.max(*last);
        self.is_used.store(true, Ordering::Release);
    }

    /// Forgets the tables whose own counters have come so far. Nobody else draws meanwhile.
    pub(crate) fn settle(&self, counter_of: &dyn Fn(TableId) -> Option<u64>) {
        let mut drawn = lock(&self.drawn);
        let mut place = 0;
        while let Some((table, last)) = drawn.get(place) {
            if counter_of(*table).is_some_and(|counter| counter < *last) {
                place += 1;
            } else {
                drawn.swap_remove(place);
            }
        }
        if drawn.is_empty() {
            self.is_used.store(false, Ordering::Release);
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "the place is one of the list: it was found, or just pushed")]
fn last_of(drawn: &mut Vec<(TableId, u64)>, table: TableId) -> &mut u64 {
    let place = drawn.iter().position(|(other, _)| *other == table).unwrap_or(drawn.len());
    if place == drawn.len() {
        drawn.push((table, 0));
    }
    &mut drawn[place].1
}

/// Where one who inserts takes numbers from.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) counters: Arc<Counters>,
    /// Whether numbers are drawn there; else the table's own counter goes on.
    pub(crate) is_shared: bool,
    /// The number that was drawn last.
    drawn: Option<u64>,
    /// The row id that the next row must have.
    pub(crate) given_row_id: Option<u64>,
}

impl Numbers {
    /// All of them drawn from these.
    pub(crate) fn shared(counters: Arc<Counters>) -> Self {
        Self { counters, is_shared: true, ..Self::default() }
    }

    /// The next number of a table.
    #[inline]
    pub(crate) fn next(&mut self, table: TableId, counter: u64, highest: u64) -> Option<u64> {
        if !self.is_shared {
            return counter.checked_add(1).filter(|next| *next <= highest);
        }
        self.drawn = self.counters.draw(table, counter, highest);
        self.drawn
    }

    /// The row id of the next row of a table whose counter will be at `counter` with the values of that row, and is at
    /// `before` without.
    #[inline]
    pub(crate) fn row_id(&mut self, table: TableId, before: u64, counter: u64) -> Option<u64> {
        if !self.is_shared && self.given_row_id.is_none() {
            return before.checked_add(1).map(|next| next.max(counter));
        }
        match (self.given_row_id.take(), self.drawn.take()) {
            (Some(given), _) => Some(given),
            // A column that counts up has drawn it.
            (None, Some(drawn)) if drawn == counter => Some(drawn),
            _ => self.counters.draw(table, counter.max(before), u64::MAX),
        }
    }
}
