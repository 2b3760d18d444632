//! From joined rows to the answer: grouping, order, offset, limit.

use wasm_dbms_api::Value;
use wasm_dbms_memory::{KeyRange, MemoryAccess};

use crate::core::Core;
use crate::error::Fallible;
use crate::execute::rows::Next;
use crate::execute::sort::{Kept, Sorter, Threshold};
use crate::execute::{Frame, RowStream};
use crate::execute::{general, groups};
use crate::plan::{BoundAggregate, BoundExpr, Context, Plan, Scope};

/// Everything that a plan without grouping answers, each row made by `make`.
pub(crate) fn collect<T>(
    core: &mut Core,
    plan: &Plan,
    rows: &mut RowStream<'_>,
    make: &mut dyn FnMut(&Frame) -> Fallible<T>,
) -> Fallible<Vec<T>> {
    let mut made = Vec::new();
    if plan.order.is_empty() {
        for_each(core, plan, rows, &mut |frame| {
            made.push(make(frame)?);
            Ok(())
        })?;
        return Ok(made);
    }
    let mut sorter = Sorter::new(top(plan));
    let mut threshold = Threshold::new(plan, rows);
    while rows.next(core)? {
        let slot = match sorter.offer(&plan.order, Context::Frame(&rows.frame))? {
            Kept::No => continue,
            Kept::New => {
                made.push(make(&rows.frame)?);
                made.len() - 1
            }
            Kept::In(slot) => {
                if let Some(place) = made.get_mut(slot) {
                    *place = make(&rows.frame)?;
                }
                slot
            }
        };
        if let Some(threshold) = &mut threshold {
            threshold.follow(slot, &sorter, rows);
        }
    }
    Ok(in_order(made, sorter.finish(), plan))
}

/// Calls `visit` with each row of a plan that needs no sort.
pub(crate) fn for_each(
    core: &mut Core,
    plan: &Plan,
    rows: &mut RowStream<'_>,
    visit: &mut dyn FnMut(&Frame) -> Fallible<()>,
) -> Fallible<()> {
    for _ in 0..plan.offset {
        if !rows.next(core)? {
            return Ok(());
        }
    }
    let mut remaining = plan.limit.unwrap_or(u64::MAX);
    loop {
        rows.visit_kept(core, &mut remaining, visit)?;
        if remaining == 0 || !rows.next(core)? {
            return Ok(());
        }
        remaining -= 1;
        visit(&rows.frame)?;
    }
}

/// The key of each row of a plan over one table; with what its outputs come to, where they are asked for.
pub(crate) fn keys_and_outputs(
    core: &mut Core,
    plan: &Plan,
    has_outputs: bool,
) -> Fallible<Vec<(Vec<u8>, Vec<Value>)>> {
    let mut rows = RowStream::new(&core.catalog, plan)?;
    rows.keep_keys();
    let mut found = Vec::new();
    while rows.next(core)? {
        let context = Context::Frame(&rows.frame);
        let mut values = Vec::new();
        for output in plan.outputs.iter().filter(|_| has_outputs) {
            general::settle(core, plan, output, context)?;
            values.push(output.value(context)?.to_value());
        }
        found.extend(rows.frame.sources.first().map(|row| (row.key.clone(), values)));
    }
    Ok(found)
}

/// How many rows a plan answers.
pub(crate) fn count(core: &mut Core, plan: &Plan) -> Fallible<u64> {
    // A table's own count, where nothing chooses among its rows.
    if let [step] = plan.steps.as_slice()
        && step.filters.is_empty()
        && step.asking.is_empty()
        && step.access == crate::plan::Access::Scan
        && plan.answers_rows()
        && plan.gate.is_empty()
        && let Some(crate::plan::PlanSource::Table(relation)) = plan.sources.first()
    {
        let crate::catalog::TreeHead { tree, rows, .. } = core.catalog.relation(*relation)?.table;
        core.store.note_read(tree.id(), KeyRange::From(&[], None));
        return Ok(rows.saturating_sub(plan.offset).min(plan.limit.unwrap_or(u64::MAX)));
    }
    let mut rows = RowStream::new(&core.catalog, plan)?;
    let mut needed = Vec::new();
    columns_of_steps(plan, &mut |source, column| needed.push((source, column)));
    rows.skip_all_but(&|source, column| needed.contains(&(source, column)), &core.catalog)?;
    let end = plan.offset.saturating_add(plan.limit.unwrap_or(u64::MAX));
    let mut found = 0u64;
    while found < end {
        found += match rows.next_many(core, true)? {
            Next::End => break,
            Next::Row => 1,
            Next::Columns => rows.columns().map_or(0, |columns| columns.len() as u64),
        };
    }
    Ok(found.min(end).saturating_sub(plan.offset))
}

/// Everything that a plan answers, as values.
pub(crate) fn values(core: &mut Core, plan: &Plan) -> Fallible<Vec<Vec<Value>>> {
    values_in(core, plan, Scope::default())
}

/// As [`values`], of a query that is asked inside another or with parameters.
pub(crate) fn values_in(core: &mut Core, plan: &Plan, scope: Scope) -> Fallible<Vec<Vec<Value>>> {
    let mut rows = RowStream::new(&core.catalog, plan)?;
    rows.frame.scope = scope;
    let mut needed = Vec::new();
    let mut note = |source, column| needed.push((source, column));
    columns_of_steps(plan, &mut note);
    let ordered = plan.order.iter().map(|key| &key.expr);
    let grouped = plan
        .grouping
        .iter()
        .flat_map(|grouping| grouping.keys.iter().chain(grouping.aggregates.iter().flat_map(BoundAggregate::exprs)));
    for expr in plan.outputs.iter().chain(ordered).chain(grouped) {
        expr.visit_columns(&mut note);
    }
    rows.skip_all_but(&|source, column| needed.contains(&(source, column)), &core.catalog)?;
    if plan.is_general() {
        return general::values(core, plan, &mut rows);
    }
    match &plan.grouping {
        None => collect(core, plan, &mut rows, &mut |frame| outputs(&plan.outputs, Context::Frame(frame))),
        Some(grouping) => {
            let groups = groups::groups(core, &mut rows, grouping)?;
            let mut made = Vec::with_capacity(groups.len());
            let mut sorter = Sorter::new(None);
            for slots in &groups {
                rows.frame.scope.arena.clear();
                let context = Context::Group(slots, &rows.frame.scope);
                sorter.offer(&plan.order, context)?;
                made.push(outputs(&plan.outputs, context)?);
            }
            Ok(in_order(made, sorter.finish(), plan))
        }
    }
}

/// Calls `visit` with every column that walking the rows reads.
fn columns_of_steps(plan: &Plan, visit: &mut dyn FnMut(usize, usize)) {
    plan.steps.iter().for_each(|step| step.visit_columns(visit));
}

/// The values of an answer's row.
pub(crate) fn outputs(exprs: &[BoundExpr], context: Context<'_>) -> Fallible<Vec<Value>> {
    exprs.iter().map(|expr| Ok(expr.value(context)?.to_value())).collect()
}

/// How many rows a sort must keep.
pub(super) fn top(plan: &Plan) -> Option<usize> {
    plan.limit.map(|limit| usize::try_from(limit.saturating_add(plan.offset)).unwrap_or(usize::MAX))
}

/// Puts rows in the order of their slots, without those before the offset and after the limit.
pub(super) fn in_order<T>(made: Vec<T>, order: Vec<usize>, plan: &Plan) -> Vec<T> {
    let mut made: Vec<Option<T>> = made.into_iter().map(Some).collect();
    let offset = usize::try_from(plan.offset).unwrap_or(usize::MAX);
    let limit = plan.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let chosen = order.into_iter().skip(offset).take(limit);
    chosen.filter_map(|slot| made.get_mut(slot).and_then(Option::take)).collect()
}
