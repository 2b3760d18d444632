//! The rows of a table, or of a range of its key, a leaf at a time.

use wasm_dbms_memory::{Cursor, LeafBatch, PageValues, Tree};

use crate::error::Fallible;
use crate::execute::filter::Filters;
use crate::execute::frame::SourceRow;
use crate::meter::Meter;
use crate::plan::KeyRange;
use crate::store::Store;

/// How many rows are taken at first. More each time, up to a whole leaf: who wants one row only pays for few.
const FIRST_ROWS: usize = 8;

/// How a walk goes along its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Forward,
    /// Forward, from where the walk before it stands: ranges come in their order.
    Near,
    Back,
}

/// A walk along a table, or a range of its key. Predicates are asked of all rows of a leaf at once; what is left of them
/// is then given row by row, or as columns.
#[derive(Debug)]
pub(crate) struct TableScan {
    cursor: Cursor,
    range: KeyRange,
    way: Way,
    has_started: bool,
    /// Whether a walk back came to where its range starts.
    is_over: bool,
    batch: LeafBatch,
    /// How many rows of a leaf are taken at once.
    limit: usize,
    /// The rows of the batch that are kept, or that are still to be asked one by one.
    chosen: Vec<u16>,
    /// How many of these are done with.
    done: usize,
    /// Whether the predicates were asked.
    is_shrunk: bool,
    codes: Vec<i64>,
}

impl TableScan {
    /// A walk along a range of the keys of a tree.
    pub(crate) fn new(tree: Tree, range: KeyRange, way: Way) -> Self {
        Self {
            cursor: tree.cursor().until(range.end.clone()),
            range,
            way,
            has_started: false,
            is_over: false,
            batch: LeafBatch::default(),
            limit: FIRST_ROWS,
            chosen: Vec::new(),
            done: 0,
            is_shrunk: false,
            codes: Vec::new(),
        }
    }

    /// Lets go of every page.
    pub(crate) fn rest(&mut self) {
        self.cursor.turn_to(self.cursor.tree());
        self.batch.clear();
    }

    /// Begins anew with another range of the tree.
    pub(crate) fn restart(&mut self, tree: Tree, range: KeyRange) {
        turn_to(&mut self.cursor, tree);
        if self.way == Way::Forward {
            self.cursor.set_end(range.end.clone());
        }
        self.range = range;
        self.batch.clear();
        self.chosen.clear();
        (self.has_started, self.is_over, self.is_shrunk) = (false, false, false);
        (self.limit, self.done) = (FIRST_ROWS, 0);
    }

    /// Sets `row` to the next row. Unless [`is_shrunk`](Self::is_shrunk) the predicates are still to be asked of it.
    #[inline]
    pub(crate) fn next(
        &mut self,
        store: &mut Store,
        meter: &mut Meter,
        filters: &Filters,
        row: &mut SourceRow,
    ) -> Fallible<bool> {
        while self.is_done() {
            if !self.load(store, meter, filters, row)? {
                return Ok(false);
            }
        }
        let entry = self.chosen.get(self.done).copied().unwrap_or(0).into();
        self.done += 1;
        match self.batch.leaf().zip(self.batch.value_range(entry)) {
            Some((_, range)) if self.is_shrunk => {
                row.set_range(range, entry);
                return Ok(true);
            }
            Some((leaf, range)) => {
                row.set_page(leaf);
                row.set_range(range, entry);
            }
            None => row.set_value(self.batch.value(store, entry)?, entry),
        }
        row.bring_up()?;
        Ok(true)
    }

    /// Sets `row` to the next of the rows at hand if predicates were all there was to ask and they hold for it: what a walk
    /// along a table does for nearly every row. Returns whether there was one; if not, [`next`](Self::next) goes on.
    #[inline(always)]
    pub(crate) fn next_kept(&mut self, store: &mut Store, row: &mut SourceRow, reads_key: bool) -> Fallible<bool> {
        let Some(entry) = self.chosen.get(self.done).filter(|_| self.is_shrunk) else { return Ok(false) };
        let entry = usize::from(*entry);
        let Some(range) = self.batch.value_range(entry) else { return Ok(false) };
        self.done += 1;
        row.set_range(range, entry);
        if reads_key {
            row.read_key(store, &self.batch)?;
        }
        Ok(true)
    }

    /// Whether the predicates hold for what [`next`](Self::next) gives.
    #[inline]
    pub(crate) fn is_shrunk(&self) -> bool {
        self.is_shrunk
    }

    /// How many rows of what was loaded are left.
    pub(crate) fn remaining(&self) -> usize {
        self.chosen.len() - self.done
    }

    /// Whether all that was loaded is done with.
    pub(crate) fn is_done(&self) -> bool {
        self.done >= self.chosen.len()
    }

    /// Goes to the next rows that stand together. Returns whether there are any; perhaps none of them is kept.
    /// Rows that predicates drop are metered here, the others where they are used.
    pub(crate) fn load(
        &mut self,
        store: &mut Store,
        meter: &mut Meter,
        filters: &Filters,
        row: &mut SourceRow,
    ) -> Fallible<bool> {
        let is_begun = std::mem::replace(&mut self.has_started, true);
        let is_on_entry = !self.is_over && step_on(store, &mut self.cursor, &mut self.range, is_begun, self.way)?;
        self.done = 0;
        self.chosen.clear();
        if !is_on_entry {
            self.batch.clear();
            return Ok(false);
        }
        let mut rows = self.limit;
        self.limit = self.limit.saturating_mul(8);
        if self.way == Way::Back {
            self.cursor.take_back(&mut self.batch, rows)?;
            rows = self.rows_in_range(store)?;
        } else {
            self.cursor.take(store, &mut self.batch, rows)?;
        }
        // A page has at most 64 KiB.
        self.chosen.extend(0..self.batch.len().min(rows) as u16);
        let taken = self.chosen.len();
        let values = self.batch.values(row.fixed_length()).filter(|values| row.are_current(*values));
        self.is_shrunk = values.is_some();
        if let Some(values) = values {
            filters.shrink(values, &mut self.chosen, &mut self.codes);
            meter.steps(taken - self.chosen.len())?;
        }
        if let Some(leaf) = self.batch.leaf() {
            row.set_page(leaf);
        }
        Ok(true)
    }

    /// How many rows of the batch of a walk back are not below its range.
    #[cold]
    fn rows_in_range(&mut self, store: &mut Store) -> Fallible<usize> {
        let mut rows = self.batch.len();
        let mut key = Vec::new();
        while rows > 0 && !self.range.start.is_empty() {
            self.batch.read_key(store, rows - 1, &mut key, false)?;
            if key >= self.range.start {
                break;
            }
            self.is_over = true;
            rows -= 1;
        }
        Ok(rows)
    }

    /// The kept rows of what was loaded last, if the predicates were asked of all; they are done with then.
    pub(crate) fn take_columns(&mut self) -> Option<(PageValues<'_>, &[u16])> {
        if !self.is_shrunk {
            return None;
        }
        self.done = self.chosen.len();
        Some((self.batch.values(0)?, &self.chosen))
    }

    /// Reads the key of the row that `row` was set to.
    #[inline]
    pub(crate) fn read_key(&self, store: &mut Store, row: &mut SourceRow) -> Fallible<()> {
        row.read_key(store, &self.batch)
    }
}

/// Makes the cursor one of the tree. Of the same tree it stays where it stands: what comes next may be near.
pub(crate) fn turn_to(cursor: &mut Cursor, tree: Tree) {
    if cursor.tree() != tree {
        cursor.turn_to(tree);
    }
}

/// Goes to the first entry of a walk, or to the next. Whoever walks back has to look where the range starts.
pub(crate) fn step_on(
    store: &mut Store,
    cursor: &mut Cursor,
    range: &mut KeyRange,
    is_begun: bool,
    way: Way,
) -> Fallible<bool> {
    Ok(match (way, is_begun) {
        (Way::Back, true) => cursor.prev(store)?,
        (_, true) => cursor.next(store)?,
        (Way::Near, false) => cursor.seek_near(store, &range.start, range.end.take())?,
        (Way::Forward, false) if range.start.is_empty() => cursor.first(store)?,
        (Way::Forward, false) => cursor.seek(store, &range.start)?,
        (Way::Back, false) => match &range.end {
            Some(end) => cursor.seek_before(store, end)?,
            None => cursor.last(store)?,
        },
    })
}
