//! Where one step of a plan stands: its walk along a table, an index or rows that are kept, from row to row.

use std::sync::Arc;

use wasm_dbms_api::MemoryError;
use wasm_dbms_memory::{Cursor, Tree};

use crate::catalog::{Index, Relation};
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::Frame;
use crate::execute::filter::Filters;
use crate::execute::frame::SourceRow;
use crate::execute::kept::Kept;
use crate::execute::scan::{TableScan, Way, step_on, turn_to};
use crate::execute::spool::{Spool, SpoolReader};
use crate::full::IS_FULL;
use crate::observed::ObservedStep;
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
    /// To the one row that has a key, through an index if there is a number.
    Key { index: Option<usize>, is_done: bool, near: Option<Box<Cursor>> },
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
    /// The key that is looked for: in them, or in a tree.
    pub(super) code: Vec<u8>,
    pub(super) filters: Filters,
    /// Of a left join: whether the row before has had no partner yet.
    pub(super) is_missing: bool,
    /// Of a source that is no table: its rows.
    pub(super) derived: Option<Arc<Spool>>,
    /// Whether entries of the index hold all that is asked of a row.
    pub(super) is_covered: bool,
    /// What it came to since the plan was begun.
    pub(super) observed: ObservedStep,
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
    /// Before the first walk.
    pub(super) fn new(filters: Filters) -> Self {
        Self { filters, ..Self::default() }
    }

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

    /// Whether there is no row behind the one that it stands on, for sure.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.walk, Walk::Key { is_done: true, .. })
    }

    /// Lets go of all pages, of trees as they were, and of what was found.
    pub(super) fn rest(&mut self) {
        match &mut self.walk {
            Walk::Table(scan) => scan.rest(),
            Walk::Index { cursor, .. } => cursor.turn_to(cursor.tree()),
            Walk::Key { near, .. } => near.iter_mut().for_each(|cursor| cursor.turn_to(cursor.tree())),
            Walk::Nothing => {}
            Walk::Rows { .. } | Walk::Kept { .. } => self.walk = Walk::Nothing,
        }
        (self.kept, self.derived, self.is_missing) = (None, None, false);
        self.observed = ObservedStep::default();
        self.filters.rest();
    }

    fn begin_range(&mut self, core: &Core, plan: &Plan, step: &Step, access: &Access, frame: &Frame) -> Fallible<()> {
        if IS_FULL && self.derived.is_some() {
            self.walk = Walk::Rows { place: 0, reader: SpoolReader::default() };
            return Ok(());
        }
        let relation = plan.relation(&core.catalog, step.source)?;
        let tree = relation.table.tree;
        let Access::Range { index: number, .. } = access else {
            self.walk_table(tree, KeyRange::default(), step);
            return Ok(());
        };
        let index = number.and_then(|number| relation.indexes.get(number));
        if access.is_whole_key(relation) {
            self.code.clear();
            let can_match = access.push_equal(index, Context::Frame(frame), &mut self.code)?;
            let tree = index.map_or(tree, |index| index.head.tree);
            let near = match std::mem::take(&mut self.walk) {
                Walk::Key { mut near, .. } => {
                    near.iter_mut().for_each(|cursor| turn_to(cursor, tree));
                    near
                }
                _ => step.is_merge().then(|| tree.cursor().into()),
            };
            self.walk = Walk::Key { index: *number, is_done: !can_match, near };
            return Ok(());
        }
        let Some(new) = access.key_range(index, Context::Frame(frame))? else {
            self.walk = Walk::Nothing;
            return Ok(());
        };
        match (&mut self.walk, index, number) {
            (Walk::Index { index, cursor, range, is_begun, .. }, Some(own), Some(number)) if index == number => {
                turn_to(cursor, own.head.tree);
                if !step.is_merge() {
                    cursor.set_end(new.end.clone());
                }
                (*range, *is_begun) = (new, false);
            }
            (_, Some(own), Some(index)) => {
                let cursor = own.head.tree.cursor().until(new.end.clone());
                self.walk = Walk::Index { index: *index, cursor, range: new, is_begun: false, entry: Vec::new() };
            }
            _ => self.walk_table(tree, new, step),
        }
        Ok(())
    }

    fn walk_table(&mut self, tree: Tree, range: KeyRange, step: &Step) {
        match &mut self.walk {
            Walk::Table(scan) => scan.restart(tree, range),
            _ => self.walk = Walk::Table(TableScan::new(tree, range, way_of(step))),
        }
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
                Walk::Rows { .. } if !IS_FULL => false,
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
                walk @ Walk::Key { .. } => {
                    let relation = plan.relation(catalog, step.source)?;
                    walk.find(store, relation, &self.code, self.is_covered, row)?
                }
                walk @ Walk::Index { .. } => {
                    let relation = plan.relation(catalog, step.source)?;
                    walk.next_entry(store, relation, way_of(step), self.is_covered, row)?
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
        if !IS_FULL {
            // Ranges of a list: no row is in two.
            return Ok(true);
        }
        let part = parts.get(self.ranges_done).copied().unwrap_or(0);
        for (number, condition) in conditions.iter().enumerate() {
            if condition.holds(Context::Frame(frame))? {
                return Ok(number == part);
            }
        }
        Ok(conditions.is_empty())
    }
}

fn way_of(step: &Step) -> Way {
    match (step.is_backward, step.is_merge()) {
        (true, _) => Way::Back,
        (false, true) => Way::Near,
        (false, false) => Way::Forward,
    }
}

/// Which of the ranges is walked after so many others.
fn range_of(ranges: &[Access], done: usize, is_backward: bool) -> usize {
    if is_backward { ranges.len().wrapping_sub(done + 1) } else { done }
}

impl Walk {
    /// Sets `row` to the row that has a whole key, if it was not looked for yet. Returns whether there is one.
    fn find(
        &mut self,
        store: &mut Store,
        relation: &Relation,
        key: &[u8],
        is_covered: bool,
        row: &mut SourceRow,
    ) -> Fallible<bool> {
        let Self::Key { index, is_done, near } = self else { return Ok(false) };
        if std::mem::replace(is_done, true) {
            return Ok(false);
        }
        let index = index.and_then(|number| relation.indexes.get(number));
        let value = match near {
            Some(cursor) => cursor.get_near(store, key)?,
            None => index.map_or(relation.table.tree, |index| index.head.tree).get(store, key)?,
        };
        let Some(value) = value else { return Ok(false) };
        row.key.clear();
        match index {
            None => {
                row.key.extend_from_slice(key);
                row.set_value(value, 0);
                row.bring_up()?;
            }
            Some(index) => {
                row.key.extend_from_slice(index.row_key(key, &value)?);
                follow(store, relation, index, &value, is_covered, row)?;
            }
        }
        Ok(true)
    }

    /// Sets `row` to the row of the next entry of an index. Returns whether there is one.
    fn next_entry(
        &mut self,
        store: &mut Store,
        relation: &Relation,
        way: Way,
        is_covered: bool,
        row: &mut SourceRow,
    ) -> Fallible<bool> {
        let Self::Index { index, cursor, range, is_begun, entry } = self else { return Ok(false) };
        let Some(index) = relation.indexes.get(*index) else { return Ok(false) };
        if !step_on(store, cursor, range, std::mem::replace(is_begun, true), way)? {
            return Ok(false);
        }
        if way == Way::Back && !range.start.is_empty() {
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
        follow(store, relation, index, &stored, is_covered, row)?;
        Ok(true)
    }
}

/// Sets `row`, whose key is there, to what an entry of an index leads to, or to what stands in the entry.
fn follow(
    store: &mut Store,
    relation: &Relation,
    index: &Index,
    stored: &[u8],
    is_covered: bool,
    row: &mut SourceRow,
) -> Fallible<()> {
    if is_covered {
        row.set_own(match index.carried_layout() {
            Some(_) => index.carried_row(stored)?,
            None => &[],
        });
        return Ok(());
    }
    match relation.table.tree.get(store, &row.key)? {
        Some(value) => {
            row.set_value(value, 0);
            row.bring_up()
        }
        None => {
            let (name, table) = (&index.name, &relation.schema.name);
            let problem = format!("index {table}.{name} has an entry whose row is not there");
            Err(MemoryError::corrupt(problem).into())
        }
    }
}
