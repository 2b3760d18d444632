//! Queries in conditions that become sources: `IN`, `EXISTS` and `NOT EXISTS`, where equalities tie them to the rows around.
//!
//! What such a query answers for one row of values after another is the same as what it answers once, with the tied columns
//! as outputs, each row once: a join with that asks it no more than once, in the best order, and finds its rows by a hash
//! table that may go to scratch space. `NOT EXISTS` is a left join that keeps the rows without a partner. `NOT IN` stays what
//! it is: a NULL in the answer makes all of it NULL.

use wasm_dbms_api::Comparison;

use crate::catalog::Catalog;
use crate::plan::bind::{Kind, MAX_SOURCES, relation_of};
use crate::plan::call::{Call, Operator};
use crate::plan::expr::parted;
use crate::plan::{Body, BoundExpr, Derived, Plan, PlanSource, Rows};

/// The question with every such query as a source; none if it has none.
pub(super) fn convert(catalog: &Catalog, query: &Plan) -> Option<Box<Plan>> {
    if query.subqueries.is_empty() {
        return None;
    }
    let mut changed = Box::new(query.clone());
    let mut is_changed = false;
    for place in 0..query.conjuncts.len() {
        let conjunct = query.conjuncts.get(place)?;
        let (is_negated, call) = match conjunct {
            BoundExpr::Call(call) => (false, call),
            BoundExpr::Not(inner) => match &**inner {
                BoundExpr::Call(call) => (true, call),
                _ => continue,
            },
            _ => continue,
        };
        if changed.sources.len() < MAX_SOURCES
            && let Some((number, source, ties)) = source_of(catalog, query, call, is_negated, changed.sources.len())
        {
            is_changed = true;
            let mut ties = ties;
            let mut left = None;
            let own = if is_negated {
                left = Some(std::mem::take(&mut ties));
                Some(BoundExpr::IsNull(BoundExpr::Column { source: changed.sources.len(), column: 0 }.into()))
            } else {
                // The first takes the place of the query; there is one, or nothing ties it.
                (!ties.is_empty()).then(|| ties.remove(0))
            };
            changed.sources.push(PlanSource { rows: source, left });
            if let (Some(conjunct), Some(own)) = (changed.conjuncts.get_mut(place), own) {
                *conjunct = own;
            }
            changed.conjuncts.append(&mut ties);
            let mut is_asked = false;
            changed.for_each_expr(&mut |expr| {
                is_asked |=
                    expr.any(&|part| matches!(part, BoundExpr::Call(call) if call.operator.asked() == Some(number)));
            });
            if let Some(subquery) = changed.subqueries.get_mut(number).filter(|_| !is_asked) {
                *subquery.plan = Plan::default();
            }
        }
    }
    is_changed.then_some(changed)
}

/// The source that a query is, and what ties its rows to those of the others.
fn source_of(
    catalog: &Catalog,
    query: &Plan,
    call: &Call,
    is_negated: bool,
    source: usize,
) -> Option<(usize, Rows, Vec<BoundExpr>)> {
    let (number, value) = match call.operator {
        Operator::Exists(number) => (number, None),
        Operator::InQuery(number) if !is_negated => (number, call.arguments.first()),
        _ => return None,
    };
    let given = call.arguments.get(usize::from(value.is_some())..)?;
    let subquery = query.subqueries.get(number)?;
    let mut inner = subquery.plan.clone();
    let limit = if value.is_some() { None } else { Some(1) };
    let is_plain = inner.grouping.is_none() && inner.having.is_empty() && inner.offset == 0 && inner.limit == limit;
    if !is_plain || call.arguments.iter().any(BoundExpr::asks) {
        return None;
    }
    // The columns of the query that are asked for, and what they equal.
    let (mut keys, mut ties) = (Vec::new(), Vec::new());
    let mut tie = |key: &BoundExpr, other: BoundExpr| {
        let place = keys.iter().position(|known| known == key).unwrap_or(keys.len());
        if place == keys.len() {
            keys.push(key.clone());
        }
        let column = BoundExpr::Column { source, column: place };
        ties.push(BoundExpr::Compare(Comparison::Equal, other.into(), column.into()));
    };
    let is_given = |expr: &BoundExpr| {
        expr.any(&|part| matches!(part, BoundExpr::Call(call) if matches!(call.operator, Operator::Outer(..))))
    };
    let mut is_tie = |conjunct: &BoundExpr| {
        let BoundExpr::Compare(Comparison::Equal, left, right) = conjunct else { return false };
        for (key, other) in [(left, right), (right, left)] {
            if matches!(**key, BoundExpr::Column { .. }) && is_given(other) && other.sources() == 0 && !other.asks() {
                let mut other = (**other).clone();
                give(&mut other, given);
                tie(key, other);
                return true;
            }
        }
        false
    };
    (_, inner.conjuncts) = parted(inner.conjuncts, &mut is_tie);
    let column_of = |key: &BoundExpr| {
        let BoundExpr::Column { source, column } = key else { return None };
        let Rows::Table(relation) = inner.sources.get(*source)?.rows else { return None };
        catalog.relation(relation).ok()?.schema.columns.get(*column)
    };
    if let Some(value) = value {
        let output = inner.outputs.first()?;
        let own = column_of(output)?.data_type;
        if subquery.set_type.is_some_and(|other| other != own && !(other.is_integer() && own.is_integer())) {
            return None;
        }
        tie(output, value.clone());
    }
    let mut columns = Vec::new();
    for key in &keys {
        let own = column_of(key)?;
        columns.push((own.name.clone().into(), Kind::of_column(own)));
    }
    let relation = relation_of(&columns).ok()?;
    inner.outputs = keys;
    (inner.is_distinct, inner.limit) = (true, None);
    inner.order.clear();
    let mut needs_more = inner.outputs.is_empty();
    inner.for_each_expr(&mut |expr| needs_more |= is_given(expr));
    if needs_more {
        return None;
    }
    let derived = Derived { relation, body: Body::of(inner), arguments: Vec::new() };
    Some((number, Rows::Derived(derived.into()), ties))
}

/// Puts in what a query is given of the row around.
fn give(expr: &mut BoundExpr, given: &[BoundExpr]) {
    if let BoundExpr::Call(call) = expr
        && let Operator::Outer(number, _) = call.operator
    {
        if let Some(given) = given.get(number) {
            *expr = given.clone();
        }
        return;
    }
    expr.for_each_part(&mut |part| give(part, given));
}
