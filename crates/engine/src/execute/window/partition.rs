//! The rows of one partition in their order, and which of them are equal in it.

use wasm_dbms_api::ValueRef;
use wasm_dbms_memory::ScratchSpace;

use crate::codec::row::{RowLayout, RowView};
use crate::error::Fallible;
use crate::execute::spool::{Record, Spool, SpoolReader, broken};
use crate::execute::window::push_order;
use crate::plan::{Input, WindowOrder, broken_row};

/// How many bytes a record of [`Numbers`] takes: its header and the number.
const NUMBER_BYTES: u64 = 16;

/// Numbers, found by their places.
#[derive(Debug)]
pub(super) struct Numbers {
    spool: Spool,
    count: u64,
}

impl Numbers {
    fn new(space: &ScratchSpace) -> Self {
        Self { spool: Spool::new(space), count: 0 }
    }

    fn push(&mut self, number: u64) -> Fallible<()> {
        self.count += 1;
        self.spool.push((&[], &number.to_le_bytes()))
    }

    /// The number at a place; none past the last.
    fn get(&self, place: u64, reader: &mut SpoolReader) -> Fallible<Option<u64>> {
        if place >= self.count {
            return Ok(None);
        }
        let (_, bytes) = self.spool.read(&mut (place * NUMBER_BYTES), reader)?.ok_or_else(broken)?;
        Ok(Some(u64::from_le_bytes(*bytes.first_chunk().ok_or_else(broken)?)))
    }
}

/// A row in place.
pub(super) fn view<'a>(layout: &'a RowLayout, row: &'a [u8]) -> RowView<'a> {
    RowView { layout, key: &[], row }
}

/// Which rows of a partition are equal in an order: they stand together.
#[derive(Debug)]
pub(super) struct Groups {
    /// How many keys the order has.
    pub(super) order: usize,
    /// The first row of each group.
    starts: Numbers,
    /// The key of the last one.
    key: Vec<u8>,
}

/// Where a row stands among the groups of an order.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) row: u64,
    /// How many rows there are.
    pub(super) count: u64,
    pub(super) group: u64,
    pub(super) start: u64,
    pub(super) end: u64,
    reader: SpoolReader,
}

impl Place {
    /// Goes to a row, which is the next.
    pub(super) fn go_to(&mut self, row: u64, groups: &Groups) -> Fallible<()> {
        self.row = row;
        if row == self.end {
            self.group = self.group.wrapping_add(1);
            (self.start, self.end) = (row, groups.start(self.group + 1, self.count, &mut self.reader)?);
        }
        Ok(())
    }
}

impl Groups {
    /// The first row of a group; the number of rows where there is none.
    pub(super) fn start(&self, group: u64, count: u64, reader: &mut SpoolReader) -> Fallible<u64> {
        Ok(self.starts.get(group, reader)?.unwrap_or(count))
    }
}

/// The rows of a partition.
#[derive(Debug)]
pub(super) struct Partition<'l> {
    pub(super) layout: &'l RowLayout,
    order: &'l [WindowOrder],
    rows: Spool,
    places: Numbers,
    pub(super) groups: Vec<Groups>,
    key: Vec<u8>,
}

/// The row that values are computed for.
pub(super) struct Row<'r> {
    pub(super) partition: &'r Partition<'r>,
    /// Of the order of the window.
    pub(super) groups: &'r Groups,
    pub(super) place: &'r Place,
    pub(super) values: &'r [ValueRef<'r>],
}

impl Row<'_> {
    /// What a window function takes of this row.
    pub(super) fn input<'a>(&'a self, input: &'a Input) -> ValueRef<'a> {
        match input {
            Input::Column(column) => self.values.get(*column).copied().unwrap_or(ValueRef::Null),
            Input::Constant(value) => value.as_ref(),
        }
    }
}

/// What a window function takes of a row.
pub(super) fn input<'a>(input: &'a Input, row: RowView<'a>) -> Fallible<ValueRef<'a>> {
    match input {
        Input::Column(column) => row.value(*column).ok_or_else(broken_row),
        Input::Constant(value) => Ok(value.as_ref()),
    }
}

/// What is at hand of the rows of a partition.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    rows: SpoolReader,
    places: SpoolReader,
    /// The row that comes next, and where it stands.
    next: (u64, u64),
}

impl<'l> Partition<'l> {
    /// An empty one whose rows come in an order, of which these are beginnings.
    pub(super) fn new<'o>(
        space: &ScratchSpace,
        layout: &'l RowLayout,
        orders: impl Iterator<Item = &'o [WindowOrder]>,
        order: &'l [WindowOrder],
    ) -> Self {
        let mut groups: Vec<Groups> = Vec::new();
        for order in orders.map(<[_]>::len) {
            if groups.iter().all(|other| other.order != order) {
                groups.push(Groups { order, starts: Numbers::new(space), key: Vec::new() });
            }
        }
        let (rows, places) = (Spool::new(space), Numbers::new(space));
        Self { layout, order, rows, places, groups, key: Vec::new() }
    }

    /// Adds a row with the key that it was sorted by.
    pub(super) fn push(&mut self, (key, row): Record<'_>) -> Fallible<()> {
        let number = self.places.count;
        for groups in &mut self.groups {
            let own = match self.order.get(..groups.order) {
                Some(order) if order.len() < self.order.len() => {
                    self.key.clear();
                    push_order(order, self.layout, row, &mut self.key)?;
                    &self.key
                }
                // The key of the partition before it is the same for all rows.
                _ => key,
            };
            if number == 0 || groups.key != own {
                groups.starts.push(number)?;
                groups.key.clear();
                groups.key.extend_from_slice(own);
            }
        }
        self.places.push(self.rows.end())?;
        self.rows.push((&[], row))
    }

    pub(super) fn count(&self) -> u64 {
        self.places.count
    }

    /// Before the first row, a place for each of the orders.
    pub(super) fn places(&self) -> Vec<Place> {
        let before = || Place { count: self.count(), group: u64::MAX, ..Place::default() };
        self.groups.iter().map(|_| before()).collect()
    }

    /// A row.
    pub(super) fn row<'a>(&'a self, number: u64, cursor: &'a mut Cursor) -> Fallible<RowView<'a>> {
        let mut at = match cursor.next {
            (next, at) if next == number => at,
            _ => self.places.get(number, &mut cursor.places)?.ok_or_else(broken)?,
        };
        let row = self.rows.read(&mut at, &mut cursor.rows)?.ok_or_else(broken)?.1;
        cursor.next = (number + 1, at);
        Ok(view(self.layout, row))
    }
}
