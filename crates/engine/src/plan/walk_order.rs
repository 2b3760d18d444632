//! Rows that come in the order that is asked for, so that nothing is sorted.

use crate::catalog::{Catalog, KeyShape, Relation};
use crate::error::Fallible;
use crate::full::IS_FULL;
use crate::plan::{Access, BoundExpr, OrderKey, Plan, PlanSource, Rows, Step};

/// What a row costs that is reached through an index, where all of them are walked, in rows of a sort.
const LOOKUP_COST: f64 = 4.0;

/// Lets the first table be walked in the order that is asked for, if its access or an index allows, and takes the order
/// from the plan then. Rows of the tables after it come for each of its rows.
pub(super) fn walk_in_order(catalog: &Catalog, plan: &mut Plan, steps: &mut [Step]) -> Fallible<()> {
    let Some(step) = steps.first() else { return Ok(()) };
    let (source, order) = (step.source, plan.order.as_slice());
    if order.is_empty() || !matches!(plan.sources.get(source), Some(PlanSource { rows: Rows::Table(_), .. })) {
        return Ok(());
    }
    let relation = plan.relation(catalog, source)?;
    let mut found = gives(relation, source, &step.access, order).map(|is_backward| (None, is_backward));
    // A few rows of many: an index that has them in order, where all would be sorted.
    let (true, Some(limit), Access::Scan) = (found.is_none(), plan.limit, &step.access) else {
        take(plan, steps, found);
        return Ok(());
    };
    let total = relation.table.rows as f64;
    let share = (plan.estimate / total.max(1.0)).clamp(1e-9, 1.0);
    if (limit.saturating_add(plan.offset) as f64 / share) * LOOKUP_COST < total {
        for number in 0..relation.indexes.len() {
            let access = Access::Range { index: Some(number), equal: Vec::new(), low: None, high: None };
            if let Some(is_backward) = gives(relation, source, &access, order) {
                found = Some((Some(access), is_backward));
                break;
            }
        }
    }
    take(plan, steps, found);
    Ok(())
}

fn take(plan: &mut Plan, steps: &mut [Step], found: Option<(Option<Access>, bool)>) {
    let Some((access, is_backward)) = found else { return };
    if is_backward || access.is_some() {
        // Keys come in another order than the joins were chosen for.
        steps.iter_mut().for_each(|step| step.is_merge = false);
    }
    if let Some(step) = steps.first_mut() {
        step.is_backward = is_backward;
        if let Some(access) = access {
            step.access = access;
        }
        plan.order.clear();
    }
}

/// The column in whose order, ascending, the rows of an access come.
pub(super) fn leading_column(relation: &Relation, access: &Access) -> Option<usize> {
    if !IS_FULL {
        return None;
    }
    let (given, fixed) = order_of(relation, access)?;
    given.get(fixed).filter(|(_, is_descending)| !is_descending).map(|(column, _)| *column)
}

/// The columns in whose order rows of an access come, and which of them descend; the first so many have one value.
fn order_of(relation: &Relation, access: &Access) -> Option<(Vec<(usize, bool)>, usize)> {
    let clustered: &[usize] = match &relation.shape {
        KeyShape::Columns(columns) => columns,
        KeyShape::RowId => &[],
    };
    // Of several ranges every column tells rows apart.
    let (access, is_one) = match access {
        Access::Union { ranges, conditions, .. } if conditions.is_empty() => (ranges.first()?, false),
        access => (access, true),
    };
    let (index, equal) = match access {
        Access::Scan => (None, 0),
        Access::Range { index, equal, .. } => (*index, equal.len()),
        Access::Union { .. } | Access::Kept { .. } => return None,
    };
    let index = index.and_then(|number| relation.indexes.get(number));
    let mut given = Vec::new();
    if let Some(index) = index {
        for (column, is_descending) in index.columns.iter().zip(&index.descending) {
            given.push((*column, *is_descending));
        }
    }
    // Rows equal in the index follow each other in the order of the table's key.
    for column in clustered {
        given.push((*column, false));
    }
    Some((given, if is_one { equal } else { 0 }))
}

/// Whether rows come in this order by themselves, and whether it is backwards that they do.
fn gives(relation: &Relation, source: usize, access: &Access, order: &[OrderKey]) -> Option<bool> {
    let (given, fixed) = order_of(relation, access)?;
    let (fixed, rest) = given.split_at_checked(fixed)?;
    let mut rest = rest.iter();
    let mut is_backward = None;
    for key in order {
        let BoundExpr::Column { source: own, column } = &key.expr else { return None };
        if *own != source {
            return None;
        }
        if fixed.iter().any(|(other, _)| other == column) {
            continue;
        }
        let is_nullable = relation.schema.columns.get(*column).is_some_and(|column| column.nullable);
        let (given, descending) = rest.next()?;
        // Ascending keys have NULLs first, descending ones last; backwards it is the other way round.
        if given != column || (key.nulls_first == key.descending && is_nullable) {
            return None;
        }
        let turned = key.descending != *descending;
        if *is_backward.get_or_insert(turned) != turned {
            return None;
        }
    }
    Some(is_backward.unwrap_or(false))
}
