//! The order of the tables and the access to each.

use wasm_dbms_api::{Comparison, DataType};

use crate::Result;
use crate::catalog::{Catalog, KeyShape, RelationIndex};
use crate::plan::access::{self, Access, Candidate, EQUALITY_SHARE, RANGE_SHARE};
use crate::plan::bind::BoundQuery;
use crate::plan::{BoundExpr, OrderKey, Plan, Step};

/// Chooses how to answer a question: the source with the fewest expected rows first, then always the cheapest that can
/// be reached from those before.
pub(crate) fn optimize(catalog: &Catalog, query: BoundQuery) -> Result<Plan> {
    let BoundQuery { sources, mut conjuncts, grouping, outputs, names, order, limit, offset } = query;
    let mut steps: Vec<Step> = Vec::new();
    let mut remaining: Vec<usize> = (0..sources.len()).collect();
    while !remaining.is_empty() {
        let entered: Vec<usize> = steps.iter().map(|step| step.source).collect();
        let mut best: Option<(usize, Candidate, f64)> = None;
        for source in &remaining {
            let candidate = candidate(catalog, &sources, *source, &conjuncts, &entered)?;
            let rows = candidate.rows * local_share(*source, &conjuncts, &candidate.access);
            // A table that nothing ties to those before multiplies their rows: last.
            let is_tied = entered.is_empty() || is_tied(*source, &conjuncts, &entered);
            let rank = if is_tied { rows + candidate.cost / 8.0 } else { f64::MAX.min(rows * 1e12) };
            if best.as_ref().is_none_or(|(.., other)| rank < *other) {
                best = Some((*source, Candidate { rows, ..candidate }, rank));
            }
        }
        let Some((source, candidate, _)) = best else { break };
        remaining.retain(|other| *other != source);
        let is_known = |other: usize| other == source || entered.contains(&other);
        let (mut filters, mut rest) = (Vec::new(), Vec::new());
        for (number, conjunct) in conjuncts.into_iter().enumerate() {
            let mut is_ready = true;
            conjunct.visit_columns(&mut |source, _| is_ready &= is_known(source));
            if !is_ready {
                rest.push(conjunct);
            } else if !candidate.used.contains(&number) {
                filters.push(conjunct);
            }
        }
        conjuncts = rest;
        steps.push(Step {
            source,
            relation: sources.get(source).copied().unwrap_or(0),
            access: candidate.access,
            filters,
            estimate: candidate.rows,
        });
    }
    let order = if grouping.is_none() && comes_in_order(catalog, &steps, &order)? { Vec::new() } else { order };
    Ok(Plan { steps, sources, grouping, outputs, names, order, limit, offset })
}

fn candidate(
    catalog: &Catalog,
    sources: &[RelationIndex],
    source: usize,
    conjuncts: &[BoundExpr],
    entered: &[usize],
) -> Result<Candidate> {
    let relation = catalog.relation(sources.get(source).copied().unwrap_or(0))?;
    let types = |expr: &BoundExpr| match expr {
        BoundExpr::Column { source, column } => {
            let relation = catalog.relation(sources.get(*source).copied()?).ok()?;
            Some(relation.data_type(*column))
        }
        _ => None::<DataType>,
    };
    Ok(access::choose(relation, source, conjuncts, &|other| entered.contains(&other), &types))
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
fn comes_in_order(catalog: &Catalog, steps: &[Step], order: &[OrderKey]) -> Result<bool> {
    let [step] = steps else { return Ok(order.is_empty()) };
    let relation = catalog.relation(step.relation)?;
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
