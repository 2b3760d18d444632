//! The joined rows of a plan, one by one.

use std::sync::Arc;

use wasm_dbms_memory::{Cursor, Tree};

use crate::catalog::{Catalog, KeyShape, Relation};
use crate::codec::row::RowLayout;
use crate::codec::{CodeRange, FixedColumn, key};
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::columns::Columns;
use crate::execute::filter::Filters;
use crate::execute::frame::SourceRow;
use crate::execute::general::settle;
use crate::execute::hashed_table::HashedTable;
use crate::execute::scan::TableScan;
use crate::execute::{Frame, RowList, derived};
use crate::plan::{Access, Bound, BoundExpr, Context, Derived, Plan, PlanSource, Step};
use crate::plan::{BoundValue, key_range};
use crate::store::Store;

/// The rows of one table of the plan, for one row of the tables before.
#[derive(Debug)]
enum Walk {
    /// Not entered.
    Outside,
    /// Along the table itself.
    Table(TableScan),
    /// Along an index, each entry leading to its row.
    Index { cursor: Cursor, is_before_first: bool, start: Vec<u8>, entry: Vec<u8> },
    /// Along rows that belong to no table.
    Rows { next: usize },
    /// Along the rows of a hash table that have the same key.
    Hash { key: Vec<u8>, next: usize },
    /// Nothing can match.
    Nothing,
}

/// What a walk came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// A row, in the frame.
    Row,
    /// Rows that stand together.
    Columns,
    End,
}

/// When the key of a source's row is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyUse {
    Never,
    /// Only of rows that pass the filters.
    AfterFilters,
    /// The filters read it.
    BeforeFilters,
}

/// The joined rows of a plan. After [`next`](Self::next) returned true the row is in [`frame`](Self::frame).
#[derive(Debug)]
pub(crate) struct RowStream<'p> {
    plan: &'p Plan,
    pub(crate) frame: Frame,
    walks: Vec<Walk>,
    hashed: Vec<Option<HashedTable>>,
    filters: Vec<Filters>,
    asks_only_predicates: bool,
    needs_key: Vec<KeyUse>,
    /// Of each left join: whether the row before has had no partner yet.
    missing: Vec<bool>,
    /// Of each source that is no table: its rows.
    derived: Vec<Option<Arc<RowList>>>,
    has_started: bool,
    is_over: bool,
}

/// A [`RowStream`] without its plan, to go on with later.
#[derive(Debug)]
pub(crate) struct Suspended {
    frame: Frame,
    walks: Vec<Walk>,
    hashed: Vec<Option<HashedTable>>,
    filters: Vec<Filters>,
    asks_only_predicates: bool,
    needs_key: Vec<KeyUse>,
    missing: Vec<bool>,
    derived: Vec<Option<Arc<RowList>>>,
    has_started: bool,
    is_over: bool,
}

impl<'p> RowStream<'p> {
    /// Lets go of the plan.
    pub(crate) fn suspend(self) -> Suspended {
        let Self {
            plan: _,
            frame,
            walks,
            hashed,
            filters,
            asks_only_predicates,
            needs_key,
            missing,
            derived,
            has_started,
            is_over,
        } = self;
        Suspended {
            frame,
            walks,
            hashed,
            filters,
            asks_only_predicates,
            needs_key,
            missing,
            derived,
            has_started,
            is_over,
        }
    }

    /// Goes on where a walk of this plan was suspended.
    pub(crate) fn resume(plan: &'p Plan, suspended: Suspended) -> Self {
        let Suspended {
            frame,
            walks,
            hashed,
            filters,
            asks_only_predicates,
            needs_key,
            missing,
            derived,
            has_started,
            is_over,
        } = suspended;
        Self {
            plan,
            frame,
            walks,
            hashed,
            filters,
            asks_only_predicates,
            needs_key,
            missing,
            derived,
            has_started,
            is_over,
        }
    }

    /// The rows of a plan, with every column that their tables have.
    pub(crate) fn new(catalog: &Catalog, plan: &'p Plan) -> Fallible<Self> {
        let mut frame = Frame::default();
        let mut needs_key = Vec::new();
        for source in 0..plan.sources.len() {
            let relation = plan.relation(catalog, source)?;
            frame.sources.push(SourceRow::new(Arc::clone(&relation.layout)));
            let is_read = matches!(relation.shape, KeyShape::Columns(_));
            needs_key.push(if is_read { KeyUse::AfterFilters } else { KeyUse::Never });
        }
        let mut filters = Vec::new();
        for step in &plan.steps {
            let relation = plan.relation(catalog, step.source)?;
            filters.push(Filters::new(step, relation));
            let layout = &relation.layout;
            for filter in step.filters.iter().chain(&step.asking).chain(step.after.iter().flatten()) {
                filter.visit_columns(&mut |source, column| {
                    if source == step.source
                        && layout.is_in_key(column)
                        && let Some(needs_key) = needs_key.get_mut(source)
                    {
                        *needs_key = KeyUse::BeforeFilters;
                    }
                });
            }
        }
        Ok(Self {
            plan,
            frame,
            walks: plan.steps.iter().map(|_| Walk::Outside).collect(),
            hashed: plan.steps.iter().map(|_| None).collect(),
            asks_only_predicates: asks_only_predicates(plan, &filters),
            filters,
            needs_key,
            missing: vec![false; plan.steps.len()],
            derived: vec![None; plan.steps.len()],
            has_started: false,
            is_over: false,
        })
    }

    /// Says that of a source only columns outside the key are read, so that its key need not be put together.
    pub(crate) fn skip_keys_but(
        &mut self,
        is_needed: &dyn Fn(usize, usize) -> bool,
        catalog: &Catalog,
    ) -> Fallible<()> {
        for source in 0..self.plan.sources.len() {
            let relation = self.plan.relation(catalog, source)?;
            let columns = 0..relation.schema.columns.len();
            let needs =
                columns.into_iter().any(|column| relation.layout.is_in_key(column) && is_needed(source, column));
            if let Some(needs_key) = self.needs_key.get_mut(source).filter(|_| !needs) {
                *needs_key = KeyUse::Never;
            }
        }
        Ok(())
    }

    /// Says that the key of every row is read, whatever its table is keyed by.
    pub(crate) fn keep_keys(&mut self) {
        for needs_key in self.needs_key.iter_mut().filter(|needs_key| **needs_key == KeyUse::Never) {
            *needs_key = KeyUse::AfterFilters;
        }
    }

    /// Goes to the next row. Returns whether there is one.
    #[inline]
    pub(crate) fn next(&mut self, core: &mut Core) -> Fallible<bool> {
        Ok(self.next_kept(core)? || self.go_on(core)?)
    }

    /// Goes to the next row if that is one of those at hand of one table, whose filters were all asked already.
    #[inline]
    fn next_kept(&mut self, core: &mut Core) -> Fallible<bool> {
        let (true, Some(Walk::Table(scan)), [step]) =
            (self.asks_only_predicates, self.walks.first_mut(), &*self.plan.steps)
        else {
            return Ok(false);
        };
        let Some(row) = self.frame.sources.get_mut(step.source) else { return Ok(false) };
        let reads_key = self.needs_key.get(step.source) != Some(&KeyUse::Never);
        if !scan.next_kept(&mut core.store, row, reads_key)? {
            return Ok(false);
        }
        self.frame.scope.arena.clear();
        core.meter.step()?;
        Ok(true)
    }

    /// As [`next`](Self::next), of rows of any plan.
    fn go_on(&mut self, core: &mut Core) -> Fallible<bool> {
        let last = self.plan.steps.len() - 1;
        let mut depth = if self.has_started { last } else { 0 };
        if !std::mem::replace(&mut self.has_started, true) {
            if !self.passes_gate(core)? {
                self.is_over = true;
            } else {
                self.enter(core, 0)?;
            }
        }
        if self.is_over {
            return Ok(false);
        }
        loop {
            if self.advance(core, depth)? {
                if depth == last {
                    return Ok(true);
                }
                depth += 1;
                self.enter(core, depth)?;
            } else if depth == 0 {
                return Ok(false);
            } else {
                depth -= 1;
            }
        }
    }

    /// Goes to the next rows: many at once where the plan is a walk along one table, predicates say which rows are kept
    /// and `takes_columns` that columns are enough; else one.
    pub(crate) fn next_many(&mut self, core: &mut Core, takes_columns: bool) -> Fallible<Next> {
        if takes_columns && self.asks_only_predicates {
            if !std::mem::replace(&mut self.has_started, true) {
                self.enter(core, 0)?;
            }
            let source = self.plan.steps.first().map_or(0, |step| step.source);
            if let (Some(Walk::Table(scan)), Some(filters), Some(row)) =
                (self.walks.first_mut(), self.filters.first(), self.frame.source_mut(source))
                && scan.is_done()
            {
                if !scan.load(&mut core.store, &mut core.meter, filters, row)? {
                    core.meter.step()?;
                    return Ok(Next::End);
                }
                if scan.is_shrunk() {
                    core.meter.steps(scan.remaining())?;
                    return Ok(Next::Columns);
                }
            }
        }
        Ok(if self.next(core)? { Next::Row } else { Next::End })
    }

    /// The rows that [`next_many`](Self::next_many) came to.
    pub(crate) fn columns(&mut self) -> Option<Columns<'_>> {
        let source = self.plan.steps.first()?.source;
        let Some(Walk::Table(scan)) = self.walks.first_mut() else { return None };
        let (values, chosen) = scan.take_columns()?;
        Some(Columns { layout: self.frame.sources.get(source)?.layout(), values, chosen })
    }

    /// Whether rows come from one table.
    pub(crate) fn is_of_one_table(&self) -> bool {
        self.plan.steps.len() == 1
    }

    /// The column of a source, if it stands at a fixed place.
    pub(crate) fn fixed_column(&self, source: usize, column: usize) -> Option<FixedColumn> {
        self.frame.sources.get(source)?.layout().fixed_column(column)
    }

    /// Whether a column of a source is NULL, as a column.
    pub(crate) fn presence(&self, source: usize, column: usize) -> Option<FixedColumn> {
        self.frame.sources.get(source)?.layout().presence(column)
    }

    /// Says that rows of the first table outside of this range are of no use any more.
    pub(crate) fn set_threshold(&mut self, column: FixedColumn, range: CodeRange, keeps_null: bool) {
        if let Some(filters) = self.filters.first_mut() {
            filters.set_threshold(column, range, keeps_null);
        }
    }

    /// Whether what must hold for any row does.
    fn passes_gate(&mut self, core: &mut Core) -> Fallible<bool> {
        let plan = self.plan;
        for condition in &plan.gate {
            let context = Context::Frame(&self.frame);
            settle(core, plan, condition, context)?;
            if !condition.holds(context)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Starts the walk of a step anew, for the rows that the steps before stand on.
    fn enter(&mut self, core: &mut Core, depth: usize) -> Fallible<()> {
        let plan = self.plan;
        let Some(step) = plan.steps.get(depth) else { return Ok(()) };
        if !plan.subqueries.is_empty() {
            let context = Context::Frame(&self.frame);
            step.access.exprs().try_for_each(|expr| settle(core, plan, expr, context))?;
        }
        if let Some(missing) = self.missing.get_mut(depth) {
            *missing = step.after.is_some();
        }
        if let Some(PlanSource::Derived(derived)) = plan.sources.get(step.source) {
            self.make_rows(core, depth, derived)?;
        }
        let relation = plan.relation(&core.catalog, step.source)?;
        if step.after.is_some()
            && let Some(row) = self.frame.source_mut(step.source)
        {
            row.set_layout(&relation.layout, &[]);
        }
        let walk = match &step.access {
            Access::Scan if matches!(plan.sources.get(step.source), Some(PlanSource::Derived(_))) => {
                Walk::Rows { next: 0 }
            }
            Access::Scan => Walk::Table(TableScan::new(relation.table.tree.cursor(), Vec::new())),
            Access::Range { index, equal, low, high } => {
                let context = Context::Frame(&self.frame);
                let index = index.and_then(|number| relation.indexes.get(number));
                let equal = equal.iter().map(|expr| expr.value(context)).collect::<Fallible<Vec<_>>>()?;
                let low = low.as_ref().map(|bound| bound_value(bound, context)).transpose()?;
                let high = high.as_ref().map(|bound| bound_value(bound, context)).transpose()?;
                match key_range(index, &equal, low, high) {
                    None => Walk::Nothing,
                    Some(range) => {
                        let tree: Tree = index.map_or(relation.table.tree, |index| index.head.tree);
                        let cursor = tree.cursor().until(range.end);
                        match index {
                            None => Walk::Table(TableScan::new(cursor, range.start)),
                            Some(_) => {
                                let (is_before_first, start) = (true, range.start);
                                Walk::Index { cursor, is_before_first, start, entry: Vec::new() }
                            }
                        }
                    }
                }
            }
            Access::Hash { column, probe } => {
                let value = probe.value(Context::Frame(&self.frame))?;
                let mut key = Vec::new();
                key::push(&mut key, value);
                let is_null = value.is_null();
                self.build_hash(core, depth, *column)?;
                if is_null { Walk::Nothing } else { Walk::Hash { key, next: 0 } }
            }
        };
        if let Some(place) = self.walks.get_mut(depth) {
            *place = walk;
        }
        Ok(())
    }

    /// Goes to the next row of a step that passes its filters; of a left join, at the end to a missing one.
    fn advance(&mut self, core: &mut Core, depth: usize) -> Fallible<bool> {
        let plan = self.plan;
        let Some(step) = plan.steps.get(depth) else { return Ok(false) };
        if step.asking.is_empty() && step.after.is_none() {
            return self.advance_plainly(core, depth);
        }
        loop {
            if self.advance_plainly(core, depth)? {
                if !self.all_hold(core, &step.asking)? {
                    continue;
                }
                if let Some(missing) = self.missing.get_mut(depth) {
                    *missing = false;
                }
            } else {
                if !self.missing.get_mut(depth).is_some_and(std::mem::take) {
                    return Ok(false);
                }
                let layout = Arc::new(plan.relation(&core.catalog, step.source)?.layout.missing());
                if let Some(row) = self.frame.source_mut(step.source) {
                    row.set_layout(&layout, RowLayout::NULL_ROW);
                }
                if let Some(walk) = self.walks.get_mut(depth) {
                    *walk = Walk::Nothing;
                }
            }
            if self.all_hold(core, step.after.as_deref().unwrap_or_default())? {
                return Ok(true);
            }
        }
    }

    fn all_hold(&self, core: &mut Core, conditions: &[BoundExpr]) -> Fallible<bool> {
        for condition in conditions {
            let context = Context::Frame(&self.frame);
            settle(core, self.plan, condition, context)?;
            if !condition.holds(context)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes the rows of a source that is no table, once.
    fn make_rows(&mut self, core: &mut Core, depth: usize, source: &Derived) -> Fallible<()> {
        let Some(place) = self.derived.get_mut(depth) else { return Ok(()) };
        if place.is_none() {
            *place = Some(derived::rows(core, source, &self.frame.scope)?);
        }
        Ok(())
    }

    /// Goes to the next row of a step that passes its filters.
    fn advance_plainly(&mut self, core: &mut Core, depth: usize) -> Fallible<bool> {
        let Self { plan, frame, walks, hashed, filters, needs_key, derived, .. } = self;
        let (Some(step), Some(walk), Some(filters)) = (plan.steps.get(depth), walks.get_mut(depth), filters.get(depth))
        else {
            return Ok(false);
        };
        let needs_key = needs_key.get(step.source).copied().unwrap_or(KeyUse::BeforeFilters);
        let Core { store, catalog, meter, .. } = core;
        loop {
            meter.step()?;
            frame.scope.arena.clear();
            let Some(row) = frame.source_mut(step.source) else { return Ok(false) };
            let mut is_shrunk = false;
            let is_there = match walk {
                Walk::Table(scan) => {
                    let is_there = scan.next(store, meter, filters, row)?;
                    is_shrunk = scan.is_shrunk();
                    if is_there && needs_key == KeyUse::BeforeFilters {
                        scan.read_key(store, row)?;
                    }
                    is_there
                }
                Walk::Rows { next } => {
                    let rows = derived.get(depth).and_then(Option::as_ref);
                    let bytes = rows.and_then(|rows| rows.get(*next));
                    *next += 1;
                    if let Some(bytes) = bytes {
                        row.set_copy(&[], bytes);
                    }
                    bytes.is_some()
                }
                _ => {
                    let hashed = hashed.get(depth).and_then(Option::as_ref);
                    walk.next(store, plan.relation(catalog, step.source)?, step, hashed, row)?
                }
            };
            if !is_there {
                return Ok(false);
            }
            if (is_shrunk || filters.predicates_hold(frame, step.source)?) && filters.others_hold(frame)? {
                if needs_key == KeyUse::AfterFilters
                    && let Walk::Table(scan) = walk
                    && let Some(row) = frame.source_mut(step.source)
                {
                    scan.read_key(store, row)?;
                }
                return Ok(true);
            }
        }
    }

    /// Reads the whole of a table into a hash table, once.
    fn build_hash(&mut self, core: &mut Core, depth: usize, column: usize) -> Fallible<()> {
        let Some(place) = self.hashed.get_mut(depth) else { return Ok(()) };
        if place.is_some() {
            return Ok(());
        }
        let Some(step) = self.plan.steps.get(depth) else { return Ok(()) };
        let derived = self.derived.get(depth).and_then(Option::as_deref);
        *place = Some(HashedTable::of(core, self.plan, step.source, derived, column)?);
        Ok(())
    }
}

impl Walk {
    /// Sets `row` to the next row of a walk that is not along a table. Returns whether there is one.
    fn next(
        &mut self,
        store: &mut Store,
        relation: &Relation,
        step: &Step,
        hashed: Option<&HashedTable>,
        row: &mut SourceRow,
    ) -> Fallible<bool> {
        match self {
            Self::Outside | Self::Nothing | Self::Table(_) | Self::Rows { .. } => Ok(false),
            Self::Index { cursor, is_before_first, start, entry } => {
                if !step_on(store, cursor, is_before_first, start)? {
                    return Ok(false);
                }
                let Access::Range { index: Some(number), .. } = &step.access else { return Ok(false) };
                let Some(index) = relation.indexes.get(*number) else { return Ok(false) };
                let stored = cursor.value(store)?;
                row.key.clear();
                match index.row_key_in_value(&stored)? {
                    [] => {
                        cursor.read_key(store, entry)?;
                        row.key.extend_from_slice(index.row_key_in_entry(entry)?);
                    }
                    row_key => row.key.extend_from_slice(row_key),
                }
                match relation.table.tree.get(store, &row.key)? {
                    Some(value) => row.set_value(value, 0),
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
            Self::Hash { key, next } => {
                let Some((row_key, bytes)) = hashed.and_then(|hashed| hashed.row(key, *next)) else {
                    return Ok(false);
                };
                *next += 1;
                row.set_copy(row_key, bytes);
                Ok(true)
            }
        }
    }
}

/// Whether rows come from one table, and only predicates choose among them.
fn asks_only_predicates(plan: &Plan, filters: &[Filters]) -> bool {
    let is_free = |step: &Step| step.asking.is_empty() && step.after.is_none();
    matches!(&*plan.steps, [step] if is_free(step) && plan.gate.is_empty())
        && filters.iter().all(Filters::are_all_predicates)
}

/// Goes to the first entry of a walk, or to the next.
#[inline]
fn step_on(store: &mut Store, cursor: &mut Cursor, is_before_first: &mut bool, start: &[u8]) -> Fallible<bool> {
    if std::mem::take(is_before_first) {
        return Ok(if start.is_empty() { cursor.first(store)? } else { cursor.seek(store, start)? });
    }
    Ok(cursor.next(store)?)
}

fn bound_value<'a>(bound: &'a Bound, context: Context<'a>) -> Fallible<BoundValue<'a>> {
    Ok(match bound {
        Bound::Included(expr) => BoundValue::Included(expr.value(context)?),
        Bound::Excluded(expr) => BoundValue::Excluded(expr.value(context)?),
        Bound::Prefix(prefix) => BoundValue::Prefix(prefix),
    })
}
