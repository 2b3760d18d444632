//! The order of the tables and the access to each.

use wasm_dbms_api::{Comparison, DataType};

use crate::Error;
use crate::catalog::{Catalog, KeyShape, Relation};
use crate::error::Fallible;
use crate::plan::access::{self, Access, Candidate, EQUALITY_SHARE, RANGE_SHARE};
use crate::plan::bind::{BoundBody, BoundQuery, BoundRows, BoundSubquery};
use crate::plan::{Body, BoundExpr, Derived, Plan, PlanSource, Step, Subquery, left};

/// Chooses how to answer a question: the source with the fewest expected rows first, then always the cheapest that can
/// be reached from those before.
pub(crate) fn optimize(catalog: &Catalog, mut query: BoundQuery) -> Fallible<Plan> {
    left::simplify(&mut query);
    let BoundQuery { sources, mut conjuncts, .. } = query;
    let mut lefts = Vec::new();
    let mut planned = Vec::new();
    for source in sources {
        lefts.push(source.left);
        planned.push(plan_source(catalog, source.rows)?);
    }
    let sources = planned;
    let is_fixed = |conjunct: &BoundExpr| !conjunct.any(&|part| matches!(part, BoundExpr::Column { .. }));
    let gate = conjuncts.extract_if(.., |conjunct| is_fixed(conjunct)).collect();
    let mut steps: Vec<Step> = Vec::new();
    let mut remaining: Vec<usize> = (0..sources.len()).collect();
    while !remaining.is_empty() {
        let entered: Vec<usize> = steps.iter().map(|step| step.source).collect();
        let mut best: Option<(usize, Candidate, f64)> = None;
        for source in &remaining {
            let left = lefts.get(*source).and_then(Option::as_ref);
            let is_ready = |left: &Vec<BoundExpr>| {
                !entered.is_empty()
                    && left.iter().all(|part| is_known(part, &|other| other == *source || entered.contains(&other)))
            };
            if !left.is_none_or(is_ready) {
                continue;
            }
            let own = left.unwrap_or(&conjuncts);
            let candidate = candidate(catalog, &sources, *source, own, &entered)?;
            let rows = candidate.rows * local_share(*source, own, &candidate.access);
            // A table that nothing ties to those before multiplies their rows: last.
            let is_tied = entered.is_empty() || is_tied(*source, own, &entered);
            let rank = if is_tied { rows + candidate.cost / 8.0 } else { f64::MAX.min(rows * 1e12) };
            // Rows without a partner stay: nothing is won by an early left join.
            let rank = if left.is_some() { rank + 1e3 } else { rank };
            if best.as_ref().is_none_or(|(.., other)| rank < *other) {
                best = Some((*source, Candidate { rows, ..candidate }, rank));
            }
        }
        let Some((source, candidate, _)) = best else {
            return Err(Error::Query("the conditions of the left joins need each other".into()).into());
        };
        remaining.retain(|other| *other != source);
        let mut ready = Vec::new();
        let mut number = 0;
        let left = lefts.get_mut(source).and_then(Option::take);
        conjuncts.retain(|conjunct| {
            let is_ready = is_known(conjunct, &|other| other == source || entered.contains(&other));
            if is_ready && (left.is_some() || !candidate.used.contains(&number)) {
                ready.push(conjunct.clone());
            }
            number += 1;
            !is_ready
        });
        let (own, after) = match left {
            None => (ready, None),
            Some(left) => {
                let unused = left.into_iter().enumerate().filter(|(number, _)| !candidate.used.contains(number));
                (unused.map(|(_, part)| part).collect(), Some(ready))
            }
        };
        let (asking, filters) = own.into_iter().partition(BoundExpr::asks);
        steps.push(Step { source, access: candidate.access, filters, asking, after, estimate: candidate.rows });
    }
    let BoundQuery { grouping, having, outputs, names, is_distinct, order, limit, offset, subqueries, .. } = query;
    let mut plan = Plan {
        estimate: steps.iter().map(|step| step.estimate).product(),
        steps,
        sources,
        gate,
        grouping,
        having,
        outputs,
        names,
        is_distinct,
        order,
        limit,
        offset,
        subqueries: Vec::new(),
    };
    for subquery in subqueries {
        let BoundSubquery { query, answers, set_type } = subquery;
        plan.subqueries.push(Subquery { plan: optimize(catalog, query)?, answers, set_type });
    }
    if plan.answers_rows() && comes_in_order(catalog, &plan)? {
        plan.order.clear();
    }
    Ok(plan)
}

fn plan_source(catalog: &Catalog, rows: BoundRows) -> Fallible<PlanSource> {
    let derived = match rows {
        BoundRows::Table(relation) => return Ok(PlanSource::Table(relation)),
        BoundRows::Derived(derived) => *derived,
    };
    let plan = |query: Box<BoundQuery>| Ok::<_, Error>(Box::new(optimize(catalog, *query)?));
    let body = match derived.body {
        BoundBody::Nothing => Body::Nothing,
        BoundBody::Values(rows) => Body::Values(rows),
        BoundBody::Query(query) => Body::Query(plan(query)?),
        BoundBody::Set { operation, all, left, right } => {
            Body::Set { operation, all, left: plan(left)?, right: plan(right)? }
        }
        BoundBody::Recursive { number, all, first, next } => {
            Body::Recursive { number, all, first: plan(first)?, next: plan(next)? }
        }
        BoundBody::Working(number) => Body::Working(number),
    };
    Ok(PlanSource::Derived(Derived { relation: derived.relation, body, arguments: derived.arguments }.into()))
}

/// How many rows a source has.
fn rows_of(catalog: &Catalog, source: &PlanSource) -> Fallible<f64> {
    Ok(match source {
        PlanSource::Table(relation) => catalog.relation(*relation)?.table.rows as f64,
        PlanSource::Derived(derived) => match &derived.body {
            Body::Nothing => 1.0,
            Body::Values(rows) => rows.len() as f64,
            Body::Query(plan) => plan.answer_estimate(),
            Body::Set { left, right, .. } => left.answer_estimate() + right.answer_estimate(),
            Body::Recursive { first, .. } => first.answer_estimate() * 10.0,
            Body::Working(_) => 10.0,
        },
    })
}

impl Plan {
    /// How many rows the answer is expected to have.
    fn answer_estimate(&self) -> f64 {
        let rows = match &self.grouping {
            None => self.estimate,
            Some(grouping) if grouping.keys.is_empty() => 1.0,
            Some(_) => (self.estimate / 10.0).max(1.0),
        };
        self.limit.map_or(rows, |limit| rows.min(limit as f64)).max(1.0)
    }
}

fn is_known(expr: &BoundExpr, is_source_known: &dyn Fn(usize) -> bool) -> bool {
    let mut all = true;
    expr.visit_columns(&mut |source, _| all &= is_source_known(source));
    all
}

fn candidate(
    catalog: &Catalog,
    sources: &[PlanSource],
    source: usize,
    conjuncts: &[BoundExpr],
    entered: &[usize],
) -> Fallible<Candidate> {
    let Some(own) = sources.get(source) else { return Err(Error::Query("there is no such source".into()).into()) };
    let relation = relation_of(catalog, own)?;
    let types = |expr: &BoundExpr| match expr {
        BoundExpr::Column { source, column } => {
            Some(relation_of(catalog, sources.get(*source)?).ok()?.data_type(*column))
        }
        _ => None::<DataType>,
    };
    let total = rows_of(catalog, own)?;
    Ok(access::choose(relation, total, source, conjuncts, &|other| entered.contains(&other), &types))
}

fn relation_of<'a>(catalog: &'a Catalog, source: &'a PlanSource) -> Fallible<&'a Relation> {
    match source {
        PlanSource::Table(relation) => catalog.relation(*relation),
        PlanSource::Derived(derived) => Ok(&derived.relation),
    }
}

/// The share of rows that the conditions on this source alone keep, where the access does not use them already.
fn local_share(source: usize, conjuncts: &[BoundExpr], access: &Access) -> f64 {
    if !matches!(access, Access::Scan | Access::Hash { .. }) {
        return 1.0;
    }
    let mut share = 1.0;
    for conjunct in conjuncts {
        let mut is_local = true;
        conjunct.visit_columns(&mut |other, _| is_local &= other == source);
        if is_local {
            share *= match conjunct {
                BoundExpr::Compare(Comparison::Equal, ..) => EQUALITY_SHARE,
                BoundExpr::Compare(Comparison::NotEqual, ..) => 1.0,
                _ => RANGE_SHARE,
            };
        }
    }
    share
}

/// Whether a condition ties the source to those that are entered.
fn is_tied(source: usize, conjuncts: &[BoundExpr], entered: &[usize]) -> bool {
    conjuncts.iter().any(|conjunct| {
        let (mut has_source, mut has_entered, mut has_other) = (false, false, false);
        conjunct.visit_columns(&mut |other, _| {
            has_source |= other == source;
            has_entered |= entered.contains(&other);
            has_other |= other != source && !entered.contains(&other);
        });
        has_source && has_entered && !has_other
    })
}

/// Whether the rows come in this order by themselves.
fn comes_in_order(catalog: &Catalog, plan: &Plan) -> Fallible<bool> {
    let order = &plan.order;
    let [step] = plan.steps.as_slice() else { return Ok(order.is_empty()) };
    let relation = plan.relation(catalog, step.source)?;
    let clustered: &[usize] = match &relation.shape {
        KeyShape::Columns(columns) => columns,
        KeyShape::RowId => &[],
    };
    let clustered = clustered.iter().map(|column| (*column, false));
    let (columns, skipped): (Vec<(usize, bool)>, usize) = match &step.access {
        Access::Scan => (clustered.collect(), 0),
        Access::Range { index: None, equal, .. } => (clustered.collect(), equal.len()),
        Access::Range { index: Some(number), equal, .. } => {
            let index = relation.indexes.get(*number);
            let own = index.into_iter().flat_map(|index| index.columns.iter().copied().zip(index.descending.clone()));
            // Rows equal in the index follow each other in the order of the table's key.
            (own.chain(clustered).collect(), equal.len())
        }
        Access::Hash { .. } => return Ok(order.is_empty()),
    };
    let given = columns.get(skipped..).unwrap_or_default();
    let mut given = given.iter();
    Ok(order.iter().all(|key| match &key.expr {
        BoundExpr::Column { column, .. } => {
            let is_nullable = relation.schema.columns.get(*column).is_some_and(|column| column.nullable);
            // Ascending keys have NULLs first, descending ones last.
            (key.nulls_first != key.descending || !is_nullable) && given.next() == Some(&(*column, key.descending))
        }
        _ => false,
    }))
}
