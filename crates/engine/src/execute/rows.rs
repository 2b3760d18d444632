//! The joined rows of a plan, one by one.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::catalog::{Catalog, KeyShape};
use crate::codec::row::RowLayout;
use crate::codec::{CodeRange, FixedColumn, key};
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::columns::Columns;
use crate::execute::filter::Filters;
use crate::execute::frame::SourceRow;
use crate::execute::kept::Kept;
use crate::execute::settle::holds;
use crate::execute::stand::{KeyUse, Stand, Walk};
use crate::execute::{Frame, derived};
use crate::full::IS_FULL;
use crate::plan::{Access, BoundExpr, Context, Plan, PlanSource, Rows, Scope, Step};

/// What a walk came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// A row, in the frame.
    Row,
    /// Rows that stand together.
    Columns,
    End,
}

/// What is read of rows beside what walking them reads. The rest need not be there: keys, and rows that entries of an
/// index stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Every column of every table.
    Rows,
    /// Every column, and the key whatever the table is keyed by.
    Keys,
    /// What the answer is computed from.
    Outputs,
    /// How many there are.
    Count,
}

/// The joined rows of a plan. After [`next`](Self::next) returned true the row is in [`frame`](Suspended::frame).
#[derive(Debug)]
pub(crate) struct RowStream<'p> {
    plan: &'p Plan,
    state: Box<Suspended>,
}

/// A [`RowStream`] without its plan: to go on with later, or for another run of the plan to begin with.
#[derive(Debug)]
pub(crate) struct Suspended {
    pub(crate) frame: Frame,
    needs: Needs,
    /// How rows of each source are stored.
    layouts: Vec<Arc<RowLayout>>,
    /// Where each step stands.
    stands: Vec<Stand>,
    /// Whether only predicates choose among the rows of one range of one table.
    is_plain: bool,
    needs_key: Vec<KeyUse>,
    has_started: bool,
    is_over: bool,
}

impl Deref for RowStream<'_> {
    type Target = Suspended;

    #[inline]
    fn deref(&self) -> &Suspended {
        &self.state
    }
}

impl DerefMut for RowStream<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Suspended {
        &mut self.state
    }
}

impl<'p> RowStream<'p> {
    /// Lets go of the plan.
    pub(crate) fn suspend(self) -> Box<Suspended> {
        self.state
    }

    /// Goes on where a walk of this plan was suspended.
    pub(crate) fn resume(plan: &'p Plan, state: Box<Suspended>) -> Self {
        Self { plan, state }
    }

    /// The rows of a plan.
    pub(crate) fn new(catalog: &Catalog, plan: &'p Plan, scope: Scope, needs: Needs) -> Fallible<Self> {
        let mut frame = Frame { scope, ..Frame::default() };
        frame.sources.reserve_exact(plan.sources.len());
        let (mut needs_key, mut layouts) = (Vec::new(), Vec::new());
        for source in 0..plan.sources.len() {
            let relation = plan.relation(catalog, source)?;
            frame.sources.push(SourceRow::new(Arc::clone(&relation.layout)));
            layouts.push(Arc::clone(&relation.layout));
            let is_read = matches!(relation.shape, KeyShape::Columns(_)) || needs == Needs::Keys;
            needs_key.push(if is_read { KeyUse::AfterFilters } else { KeyUse::Never });
        }
        let mut stands = Vec::with_capacity(plan.steps.len());
        for step in plan.steps.iter() {
            let layout = &plan.relation(catalog, step.source)?.layout;
            let filters = Filters::new(&step.filters, step.source, layout, &frame.scope);
            stands.push(Stand::new(filters));
            step.visit_columns(&mut |source, column| {
                if source == step.source
                    && layout.is_in_key(column)
                    && let Some(needs_key) = needs_key.get_mut(source)
                {
                    *needs_key = KeyUse::BeforeFilters;
                }
            });
        }
        let is_plain = is_plain(plan, &stands);
        let (has_started, is_over) = (false, false);
        let state = Suspended { frame, needs, layouts, stands, is_plain, needs_key, has_started, is_over };
        let mut rows = Self { plan, state: state.into() };
        if matches!(needs, Needs::Outputs | Needs::Count) {
            let mut needed = Vec::new();
            columns_of(plan, needs, &mut |source, column| needed.push((source, column)));
            rows.skip_all_but(&|source, column| needed.contains(&(source, column)), catalog)?;
        }
        Ok(rows)
    }

    /// The rows of a plan from its beginning, in the memory that another run of it left behind; none if tables are stored
    /// in another way now, or other parts of rows are needed. The scope holds the values of this run.
    pub(crate) fn again(catalog: &Catalog, plan: &'p Plan, mut state: Box<Suspended>, needs: Needs) -> Option<Self> {
        let Suspended { frame, layouts, stands, .. } = &mut *state;
        if frame.sources.len() != layouts.len() {
            // Rows in order took it.
            return None;
        }
        for (source, layout) in layouts.iter().enumerate() {
            if !Arc::ptr_eq(&plan.relation(catalog, source).ok()?.layout, layout) {
                return None;
            }
        }
        for (step, stand) in plan.steps.iter().zip(stands) {
            if !step.filters.is_empty() && !frame.scope.parameters.is_empty() {
                let layout = frame.sources.get(step.source)?.layout();
                stand.filters.refill(&step.filters, step.source, layout, &frame.scope);
            }
        }
        (state.needs == needs).then(|| {
            state.is_plain = is_plain(plan, &state.stands);
            Self { plan, state }
        })
    }

    /// Tells what the steps came to, if anybody wants to know.
    pub(crate) fn tell(&self, core: &mut Core, answered: u64) {
        if IS_FULL && let Some(observed) = &mut core.observed {
            observed.add(self.plan, answered, self.stands.iter().map(|stand| stand.observed));
        }
    }

    /// What another run of the plan can begin with: memory, and nothing of what was found.
    pub(crate) fn finish(mut self) -> Box<Suspended> {
        let Suspended { frame, stands, has_started, is_over, .. } = &mut *self.state;
        frame.rest();
        stands.iter_mut().for_each(Stand::rest);
        (*has_started, *is_over) = (false, false);
        self.state
    }

    /// Says which columns are read, so that what holds no other need not be: keys, and rows that entries of an index stand
    /// for.
    fn skip_all_but(&mut self, is_needed: &dyn Fn(usize, usize) -> bool, catalog: &Catalog) -> Fallible<()> {
        for source in 0..self.plan.sources.len() {
            let relation = self.plan.relation(catalog, source)?;
            let columns = 0..relation.schema.columns.len();
            let needs =
                columns.into_iter().any(|column| relation.layout.is_in_key(column) && is_needed(source, column));
            if let Some(needs_key) = self.needs_key.get_mut(source).filter(|_| !needs) {
                *needs_key = KeyUse::Never;
            }
        }
        let Suspended { frame, stands, .. } = &mut *self.state;
        for (step, stand) in self.plan.steps.iter().zip(stands) {
            // Of a left join the layout changes with each row that is missing.
            let Some(number) = step.access.index().filter(|_| step.after.is_none()) else { continue };
            let relation = self.plan.relation(catalog, step.source)?;
            let carried = relation.indexes.get(number).and_then(|index| index.carried_layout());
            let layout = carried.unwrap_or(&relation.layout);
            let mut needed = (0..relation.schema.columns.len()).filter(|column| is_needed(step.source, *column));
            let is_there = |column| layout.is_in_key(column) || (carried.is_some() && layout.has(column));
            if needed.all(is_there) {
                stand.is_covered = true;
                stand.filters = Filters::new(&step.filters, step.source, layout, &frame.scope);
                if let Some(row) = frame.source_mut(step.source) {
                    *row = SourceRow::new(Arc::clone(layout));
                }
            }
        }
        Ok(())
    }

    /// Goes to the next row. Returns whether there is one.
    #[inline]
    pub(crate) fn next(&mut self, core: &mut Core) -> Fallible<bool> {
        Ok(!self.is_over && (self.next_kept(core)? || self.go_on(core)?))
    }

    /// Goes to the next row if that is one of those at hand of one table, whose filters were all asked already.
    #[inline(never)]
    fn next_kept(&mut self, core: &mut Core) -> Fallible<bool> {
        let Suspended { frame, stands, needs_key, is_plain, .. } = &mut *self.state;
        let (true, Some(Stand { walk: Walk::Table(scan), observed, .. }), [step]) =
            (*is_plain, stands.first_mut(), &*self.plan.steps)
        else {
            return Ok(false);
        };
        let Some(row) = frame.sources.get_mut(step.source) else { return Ok(false) };
        let reads_key = needs_key.get(step.source) != Some(&KeyUse::Never);
        if !scan.next_kept(&mut core.store, row, reads_key)? {
            return Ok(false);
        }
        observed.rows += 1;
        frame.scope.arena.clear();
        core.meter.step()?;
        Ok(true)
    }

    /// Calls `visit` with each of the rows that [`next`](Self::next) would go to without looking further, at most
    /// `remaining`, which counts them down: one loop over the rows of a leaf.
    pub(crate) fn visit_kept(
        &mut self,
        core: &mut Core,
        remaining: &mut u64,
        visit: &mut dyn FnMut(&Frame) -> Fallible<()>,
    ) -> Fallible<()> {
        let Suspended { frame, stands, needs_key, is_plain, .. } = &mut *self.state;
        let (true, Some(Stand { walk: Walk::Table(scan), observed, .. }), [step]) =
            (*is_plain, stands.first_mut(), &*self.plan.steps)
        else {
            return Ok(());
        };
        let reads_key = needs_key.get(step.source) != Some(&KeyUse::Never);
        while *remaining > 0
            && let Some(row) = frame.sources.get_mut(step.source)
            && scan.next_kept(&mut core.store, row, reads_key)?
        {
            observed.rows += 1;
            frame.scope.arena.clear();
            core.meter.step()?;
            *remaining -= 1;
            visit(frame)?;
        }
        Ok(())
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
                    // A whole key has one row; of several keys there are others.
                    let is_range = |step: &Step| matches!(step.access, Access::Range { .. });
                    self.is_over = last == 0
                        && self.stands.first().is_some_and(Stand::is_done)
                        && self.plan.steps.first().is_some_and(is_range);
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
        if takes_columns && self.is_plain {
            if !std::mem::replace(&mut self.has_started, true) {
                self.enter(core, 0)?;
            }
            let source = self.plan.steps.first().map_or(0, |step| step.source);
            let Suspended { frame, stands, .. } = &mut *self.state;
            if let (Some(Stand { walk: Walk::Table(scan), filters, observed, .. }), Some(row)) =
                (stands.first_mut(), frame.source_mut(source))
                && scan.is_done()
            {
                if !scan.load(&mut core.store, &mut core.meter, filters, row)? {
                    core.meter.step()?;
                    return Ok(Next::End);
                }
                if scan.is_shrunk() {
                    observed.rows += scan.remaining() as u64;
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
        let Suspended { frame, stands, .. } = &mut *self.state;
        let Walk::Table(scan) = &mut stands.first_mut()?.walk else { return None };
        let (values, chosen) = scan.take_columns()?;
        Some(Columns { layout: frame.sources.get(source)?.layout(), values, chosen })
    }

    /// Whether rows come from one table.
    pub(crate) fn is_of_one_table(&self) -> bool {
        self.plan.steps.len() == 1
    }

    /// The column of a source, if it stands at a fixed place in every row. Of a left join some are missing.
    pub(crate) fn fixed_column(&self, source: usize, column: usize) -> Option<FixedColumn> {
        if self.plan.steps.iter().any(|step| step.source == source && step.after.is_some()) {
            return None;
        }
        self.frame.sources.get(source)?.layout().fixed_column(column)
    }

    /// Whether a column of a source is NULL, as a column.
    pub(crate) fn presence(&self, source: usize, column: usize) -> Option<FixedColumn> {
        self.frame.sources.get(source)?.layout().presence(column)
    }

    /// Says that rows of the first table outside of this range are of no use any more.
    pub(crate) fn set_threshold(&mut self, column: FixedColumn, range: CodeRange, keeps_null: bool) {
        if let Some(stand) = self.stands.first_mut() {
            stand.filters.set_threshold(column, range, keeps_null);
        }
    }

    /// Whether what must hold for any row does.
    fn passes_gate(&mut self, core: &mut Core) -> Fallible<bool> {
        let plan = self.plan;
        for condition in &plan.gate {
            if !holds(core, plan, condition, Context::Frame(&self.frame))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Starts the walk of a step anew, for the rows that the steps before stand on.
    fn enter(&mut self, core: &mut Core, depth: usize) -> Fallible<()> {
        let plan = self.plan;
        let Some(step) = plan.steps.get(depth) else { return Ok(()) };
        let Suspended { frame, stands, needs_key, .. } = &mut *self.state;
        let Some(stand) = stands.get_mut(depth) else { return Ok(()) };
        stand.is_missing = step.after.is_some();
        stand.observed.entered += 1;
        if IS_FULL
            && let (Some(PlanSource { rows: Rows::Derived(source), .. }), None) =
                (plan.sources.get(step.source), &stand.derived)
        {
            stand.derived = Some(derived::rows(core, source, &frame.scope)?);
        }
        let layout = &plan.relation(&core.catalog, step.source)?.layout;
        if step.after.is_some()
            && let Some(row) = frame.source_mut(step.source)
        {
            row.set_missing(false);
        }
        let Access::Kept { from, filters, columns, probe } = &step.access else {
            return stand.begin(core, plan, step, &step.access, frame);
        };
        if stand.kept.is_none() {
            let filters = Filters::new(filters, step.source, layout, &frame.scope);
            let mut whole = Stand::new(filters);
            if IS_FULL {
                whole.derived.clone_from(&stand.derived);
            }
            let mut kept = Box::new(Kept::new(&core.store.scratch_space()));
            whole.begin(core, plan, step, from, frame)?;
            let needs_key = needs_key.get(step.source).copied().unwrap_or(KeyUse::BeforeFilters);
            while whole.next(core, plan, step, from, frame, needs_key)? {
                if let Some(row) = frame.source_mut(step.source) {
                    kept.add(row, columns)?;
                }
            }
            kept.seal()?;
            stand.kept = Some(kept);
        }
        stand.code.clear();
        for value in probe {
            let value = value.value(Context::Frame(frame))?;
            if value.is_null() {
                stand.walk = Walk::Nothing;
                return Ok(());
            }
            key::push(&mut stand.code, value);
        }
        let is_found = !probe.is_empty();
        let place = match &mut stand.kept {
            Some(kept) if is_found => kept.find(&stand.code)?,
            _ => 0,
        };
        stand.walk = Walk::Kept { place, is_found };
        Ok(())
    }

    /// Goes to the next row of a step that passes its filters; of a left join, at the end to a missing one.
    fn advance(&mut self, core: &mut Core, depth: usize) -> Fallible<bool> {
        let plan = self.plan;
        let Some(step) = plan.steps.get(depth) else { return Ok(false) };
        loop {
            let Suspended { frame, stands, needs_key, .. } = &mut *self.state;
            let Some(stand) = stands.get_mut(depth) else { return Ok(false) };
            let needs_key = needs_key.get(step.source).copied().unwrap_or(KeyUse::BeforeFilters);
            if stand.next(core, plan, step, &step.access, frame, needs_key)? {
                if step.asking.is_empty() && step.after.is_none() {
                    stand.observed.rows += 1;
                    return Ok(true);
                }
                if IS_FULL && !self.all_hold(core, &step.asking)? {
                    continue;
                }
                if let Some(stand) = self.stands.get_mut(depth) {
                    stand.is_missing = false;
                }
            } else {
                if !std::mem::take(&mut stand.is_missing) {
                    return Ok(false);
                }
                stand.walk = Walk::Nothing;
                if let Some(row) = frame.source_mut(step.source) {
                    row.set_missing(true);
                }
            }
            if self.all_hold(core, step.after.as_deref().unwrap_or_default())? {
                if let Some(stand) = self.stands.get_mut(depth) {
                    stand.observed.rows += 1;
                }
                return Ok(true);
            }
        }
    }

    fn all_hold(&self, core: &mut Core, conditions: &[BoundExpr]) -> Fallible<bool> {
        for condition in conditions {
            if !holds(core, self.plan, condition, Context::Frame(&self.frame))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Calls `visit` with every column that is read: by walking the rows, and by what is computed from them.
fn columns_of(plan: &Plan, needs: Needs, visit: &mut dyn FnMut(usize, usize)) {
    plan.steps.iter().for_each(|step| step.visit_columns(visit));
    if needs == Needs::Count {
        return;
    }
    for expr in &plan.outputs {
        expr.visit_columns(visit);
    }
    for key in &plan.order {
        key.expr.visit_columns(visit);
    }
    if let Some(grouping) = &plan.grouping {
        grouping.visit(&mut |expr| expr.visit_columns(visit));
    }
}

/// Whether rows come from one range of one table, and only its predicates choose among them.
fn is_plain(plan: &Plan, stands: &[Stand]) -> bool {
    let is_free = |step: &Step| {
        step.asking.is_empty() && step.after.is_none() && matches!(step.access, Access::Scan | Access::Range { .. })
    };
    matches!(&*plan.steps, [step] if is_free(step) && plan.gate.is_empty())
        && stands.iter().all(|stand| stand.filters.are_all_predicates())
}
