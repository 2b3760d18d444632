//! Window functions: rows are sorted so that those of a partition stand together in their order, one partition is kept at a
//! time, and the values are put beside its rows. Windows of other partitions or orders are computed of the rows that come
//! out of this, in one sort after the other. What does not fit into memory goes to scratch space.

mod aggregate;
mod evaluator;
mod frame;
mod partition;

use wasm_dbms_api::{Value, ValueRef};

use crate::codec::key;
use crate::codec::row::RowLayout;
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::Spool;
use crate::execute::answer::each;
use crate::execute::derived::{encode, encode_values};
use crate::execute::runs::{Merge, Runs};
use crate::execute::sort::push_sort_key;
use crate::execute::window::evaluator::Evaluator;
use crate::execute::window::partition::{Cursor, Partition, view};
use crate::plan::{Plan, Scope, Window, WindowOrder, broken_row};

/// Takes the bytes of a row.
type Sink<'s> = &'s mut dyn FnMut(&[u8]) -> Fallible<()>;

/// Makes the rows of a query with the values of these windows behind its columns.
pub(crate) fn rows(
    core: &mut Core,
    (plan, windows): (&Plan, &[Window]),
    scope: Scope,
    layout: &RowLayout,
    made: &mut Spool,
) -> Fallible<()> {
    let space = core.store.scratch_space();
    let stages = Stage::all(windows, plan.outputs.len());
    let (mut key, mut bytes) = (Vec::new(), Vec::new());
    let mut rows = Runs::new(&space);
    let Some(first) = stages.first() else { return Ok(()) };
    each(core, plan, scope, &mut |_, row| {
        let mut row = row.into_values()?;
        row.resize(row.len() + windows.len(), Value::Null);
        encode(layout, &row, &mut bytes)?;
        first.key(layout, &bytes, &mut key)?;
        rows.push((&key, &bytes)).map(|()| true)
    })?;
    for (number, stage) in stages.iter().enumerate() {
        let mut sorted = rows.finish()?;
        rows = Runs::new(&space);
        match stages.get(number + 1) {
            None => stage.run(core, layout, &mut sorted, &mut |row| made.push((&[], row)))?,
            Some(next) => stage.run(core, layout, &mut sorted, &mut |row| {
                next.key(layout, row, &mut key)?;
                rows.push((&key, row))
            })?,
        }
    }
    Ok(())
}

/// Windows that are computed of rows in one order.
struct Stage<'w> {
    partition: &'w [usize],
    /// The longest of their orders: the others are how it begins.
    order: &'w [WindowOrder],
    /// Each window with the column of its values.
    windows: Vec<(usize, &'w Window)>,
    /// How many columns rows have.
    width: usize,
}

impl<'w> Stage<'w> {
    fn all(windows: &'w [Window], outputs: usize) -> Vec<Self> {
        let width = outputs + windows.len();
        let mut stages: Vec<Self> = Vec::new();
        // The longest orders first.
        let longest = windows.iter().map(|window| window.order.len()).max().unwrap_or(0);
        for length in (0..=longest).rev() {
            for (column, window) in (outputs..).zip(windows).filter(|(_, window)| window.order.len() == length) {
                let (partition, order) = (window.partition.as_slice(), window.order.as_slice());
                let fits = |stage: &&mut Self| stage.partition == partition && stage.order.starts_with(order);
                match stages.iter_mut().find(fits) {
                    Some(stage) => stage.windows.push((column, window)),
                    None => stages.push(Self { partition, order, windows: vec![(column, window)], width }),
                }
            }
        }
        stages
    }

    /// Sets `key` to what a row is sorted by.
    fn key(&self, layout: &RowLayout, row: &[u8], key: &mut Vec<u8>) -> Fallible<()> {
        self.partition_key(layout, row, key)?;
        push_order(self.order, layout, row, key)
    }

    /// Sets `key` to what is the same for all rows of a partition.
    fn partition_key(&self, layout: &RowLayout, row: &[u8], key: &mut Vec<u8>) -> Fallible<()> {
        key.clear();
        let view = view(layout, row);
        for column in self.partition {
            key::push_nullable(key, view.value(*column).ok_or_else(broken_row)?);
        }
        Ok(())
    }

    /// Hands the rows on with the values of the windows.
    fn run(&self, core: &mut Core, layout: &RowLayout, rows: &mut Merge, sink: Sink<'_>) -> Fallible<()> {
        let space = core.store.scratch_space();
        let (mut key, mut own) = (Vec::new(), Vec::new());
        let mut partition: Option<Partition<'_>> = None;
        loop {
            core.meter.check_interrupt()?;
            let is_there = rows.next()?;
            if is_there {
                self.partition_key(layout, rows.payload(), &mut own)?;
            }
            if let Some(whole) = partition.take_if(|_| !is_there || own != key) {
                self.evaluate(core, &whole, sink)?;
            }
            if !is_there {
                return Ok(());
            }
            let partition = partition.get_or_insert_with(|| {
                std::mem::swap(&mut key, &mut own);
                let orders = self.windows.iter().map(|(_, window)| window.order.as_slice());
                Partition::new(&space, layout, orders, self.order)
            });
            partition.push((rows.key(), rows.payload()))?;
        }
    }

    /// Hands the rows of a partition on.
    fn evaluate(&self, core: &mut Core, partition: &Partition<'_>, sink: Sink<'_>) -> Fallible<()> {
        let space = core.store.scratch_space();
        let mut windows = Vec::new();
        for (column, window) in &self.windows {
            windows.push((*column, Evaluator::new(window, partition, &space)?, Value::Null));
        }
        let layout = partition.layout;
        let (mut cursor, mut bytes) = (Cursor::default(), Vec::new());
        let mut places = partition.places();
        for number in 0..partition.count() {
            core.meter.check_interrupt()?;
            for (place, groups) in places.iter_mut().zip(&partition.groups) {
                place.go_to(number, groups)?;
            }
            let row = partition.row(number, &mut cursor)?;
            let mut values = Vec::with_capacity(self.width);
            for column in 0..self.width {
                values.push(row.value(column).ok_or_else(broken_row)?);
            }
            for (_, window, value) in &mut windows {
                *value = window.value(&mut core.meter, partition, &places, &values)?;
            }
            for (column, _, value) in &windows {
                if let Some(place) = values.get_mut(*column) {
                    *place = value.as_ref();
                }
            }
            encode_values(layout, &values, &mut bytes)?;
            sink(&bytes)?;
        }
        Ok(())
    }
}

/// Appends what rows are ordered by.
fn push_order(order: &[WindowOrder], layout: &RowLayout, row: &[u8], key: &mut Vec<u8>) -> Fallible<()> {
    let view = view(layout, row);
    for part in order {
        let value: ValueRef<'_> = view.value(part.column).ok_or_else(broken_row)?;
        push_sort_key(value, part.descending, part.nulls_first, key);
    }
    Ok(())
}
