//! Where one step of a plan stands: its walk along a table, an index or rows that are kept, from row to row.

use std::sync::Arc;

use wasm_dbms_memory::Cursor;

use crate::catalog::Relation;
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::Frame;
use crate::execute::filter::Filters;
use crate::execute::frame::SourceRow;
use crate::execute::kept::Kept;
use crate::execute::scan::{TableScan, step_on};
use crate::execute::spool::{Spool, SpoolReader};
use crate::plan::{Access, Context, KeyRange, Plan, Step};
use crate::store::Store;

/// The rows of one source of the plan, for one row of the sources before.
#[derive(Debug, Default)]
pub(super) enum Walk {
    /// Nothing can match, or nothing was entered.
    #[default]
    Nothing,
    /// Along the table itself.
    Table(TableScan),
    /// Along an index, each entry leading to its row.
    Index { index: usize, cursor: Cursor, range: KeyRange, is_begun: bool, entry: Vec<u8> },
    /// Along rows that belong to no table.
    Rows { place: u64, reader: SpoolReader },
    /// Along rows that are kept: all, or those that were found.
    Kept { place: u64, is_found: bool },
}

/// Where one step of the plan stands.
#[derive(Debug, Default)]
pub(super) struct Stand {
    pub(super) walk: Walk,
    /// How many ranges of a union are done with.
    pub(super) ranges_done: usize,
    pub(super) kept: Option<Box<Kept>>,
    /// What is looked for in them.
    pub(super) code: Vec<u8>,
    pub(super) filters: Filters,
    /// Of a left join: whether the row before has had no partner yet.
    pub(super) is_missing: bool,
    /// Of a source that is no table: its rows.
    pub(super) derived: Option<Arc<Spool>>,
    /// Whether entries of the index hold all that is asked of a row.
    pub(super) is_covered: bool,
}

/// When the key of a source's row is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyUse {
    Never,
    /// Only of rows that pass the filters.
    AfterFilters,
    /// The filters read it.
    BeforeFilters,
}

impl Stand {
    /// Begins the walk of an access anew.
    pub(super) fn begin(
        &mut self,
        core: &Core,
        plan: &Plan,
        step: &Step,
        access: &Access,
        frame: &Frame,
    ) -> Fallible<()> {
        self.ranges_done = 0;
        let access = match access {
            Access::Union { ranges, .. } => match ranges.get(range_of(ranges, 0, step.is_backward)) {
                Some(range) => range,
                None => {
                    self.walk = Walk::Nothing;
                    return Ok(());
                }
            },
            access => access,
        };
        self.begin_range(core, plan, step, access, frame)
    }

    fn begin_range(&mut self, core: &Core, plan: &Plan, step: &Step, access: &Access, frame: &Frame) -> Fallible<()> {
        if self.derived.is_some() {
            self.walk = Walk::Rows { place: 0, reader: SpoolReader::default() };
            return Ok(());
        }
        let relation = plan.relation(&core.catalog, step.source)?;
        let tree = relation.table.tree;
        let Access::Range { index: number, .. } = access else {
            self.walk = Walk::Table(TableScan::new(tree, KeyRange::default(), step.is_backward));
            return Ok(());
        };
        let index = number.and_then(|number| relation.indexes.get(number));
        self.walk = match (access.key_range(index, Context::Frame(frame))?, index, number) {
            (None, ..) => Walk::Nothing,
            (Some(range), Some(own), Some(index)) => {
                let cursor = own.head.tree.cursor().until(range.end.clone());
                Walk::Index { index: *index, cursor, range, is_begun: false, entry: Vec::new() }
            }
            (Some(range), ..) => Walk::Table(TableScan::new(tree, range, step.is_backward)),
        };
        Ok(())
    }

    /// Goes to the next row that passes the filters.
    pub(super) fn next(
        &mut self,
        core: &mut Core,
        plan: &Plan,
        step: &Step,
        access: &Access,
        frame: &mut Frame,
        needs_key: KeyUse,
    ) -> Fallible<bool> {
        loop {
            core.meter.step()?;
            frame.scope.arena.clear();
            let Core { store, catalog, meter, .. } = &mut *core;
            let Some(row) = frame.source_mut(step.source) else { return Ok(false) };
            let mut is_shrunk = false;
            let is_there = match &mut self.walk {
                Walk::Nothing => false,
                Walk::Table(scan) => {
                    let is_there = scan.next(store, meter, &self.filters, row)?;
                    is_shrunk = scan.is_shrunk();
                    if is_there && needs_key == KeyUse::BeforeFilters {
                        scan.read_key(store, row)?;
                    }
                    is_there
                }
                Walk::Rows { place, reader } => match &self.derived {
                    Some(rows) => match rows.read(place, reader)? {
                        Some((_, bytes)) => {
                            row.set_copy(&[], bytes);
                            true
                        }
                        None => false,
                    },
                    None => false,
                },
                Walk::Kept { place, is_found } => match &mut self.kept {
                    Some(kept) => kept.next(place, is_found.then_some(&self.code), row)?,
                    None => false,
                },
                walk @ Walk::Index { .. } => {
                    let relation = plan.relation(catalog, step.source)?;
                    walk.next_entry(store, relation, step.is_backward, self.is_covered, row)?
                }
            };
            if !is_there {
                let Access::Union { ranges, .. } = access else { return Ok(false) };
                self.ranges_done += 1;
                let Some(range) = ranges.get(range_of(ranges, self.ranges_done, step.is_backward)) else {
                    return Ok(false);
                };
                self.begin_range(core, plan, step, range, frame)?;
                continue;
            }
            if (is_shrunk || self.filters.predicates_hold(frame, step.source)?)
                && self.filters.others_hold(frame)?
                && self.gives(access, frame)?
            {
                if needs_key == KeyUse::AfterFilters
                    && let Walk::Table(scan) = &self.walk
                    && let Some(row) = frame.source_mut(step.source)
                {
                    scan.read_key(store, row)?;
                }
                return Ok(true);
            }
        }
    }

    /// Whether the range that is walked is one of those that give the row.
    fn gives(&self, access: &Access, frame: &Frame) -> Fallible<bool> {
        let Access::Union { conditions, parts, .. } = access else { return Ok(true) };
        let part = parts.get(self.ranges_done).copied().unwrap_or(0);
        for (number, condition) in conditions.iter().enumerate() {
            if condition.holds(Context::Frame(frame))? {
                return Ok(number == part);
            }
        }
        Ok(conditions.is_empty())
    }
}

/// Which of the ranges is walked after so many others.
fn range_of(ranges: &[Access], done: usize, is_backward: bool) -> usize {
    if is_backward { ranges.len().wrapping_sub(done + 1) } else { done }
}

impl Walk {
    /// Sets `row` to the row of the next entry of an index. Returns whether there is one.
    fn next_entry(
        &mut self,
        store: &mut Store,
        relation: &Relation,
        is_backward: bool,
        is_covered: bool,
        row: &mut SourceRow,
    ) -> Fallible<bool> {
        let Self::Index { index, cursor, range, is_begun, entry } = self else { return Ok(false) };
        let Some(index) = relation.indexes.get(*index) else { return Ok(false) };
        if !step_on(store, cursor, range, std::mem::replace(is_begun, true), is_backward)? {
            return Ok(false);
        }
        if is_backward && !range.start.is_empty() {
            cursor.read_key(store, entry)?;
            if *entry < range.start {
                return Ok(false);
            }
        }
        let stored = cursor.value(store)?;
        row.key.clear();
        match index.row_key_in_value(&stored)? {
            [] => {
                cursor.read_key(store, entry)?;
                row.key.extend_from_slice(index.row_key_in_entry(entry)?);
            }
            row_key => row.key.extend_from_slice(row_key),
        }
        if is_covered {
            row.set_own(match index.carried_layout() {
                Some(_) => index.carried_row(&stored)?,
                None => &[],
            });
            return Ok(true);
        }
        match relation.table.tree.get(store, &row.key)? {
            Some(value) => {
                row.set_value(value, 0);
                row.bring_up()?;
            }
            None => {
                let name = &index.name;
                let table = &relation.schema.name;
                return Err(wasm_dbms_api::MemoryError::corrupt(format!(
                    "index {table}.{name} has an entry whose row is not there"
                ))
                .into());
            }
        }
        Ok(true)
    }
}
