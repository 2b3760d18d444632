//! Queries in FROM that become part of the query around: a view, a common table, a nested SELECT.
//!
//! `SELECT v.a FROM (SELECT b AS a FROM t WHERE c) AS v WHERE v.a > 1` is `SELECT t.b FROM t WHERE c AND t.b > 1`: its rows
//! are not made before they are asked, indexes of `t` serve the conditions of both, and the order of the joins is chosen
//! among all tables. A query stays what it is where its rows are more, or other, than those of its tables: groups, distinct
//! rows, an order, a limit; a computed value beyond [`MAX_PARTS`] too, since it would be computed wherever it is named.

use wasm_dbms_api::Value;

use crate::full::IS_FULL;
use crate::plan::bind::MAX_SOURCES;
use crate::plan::call::Operator;
use crate::plan::{BodyKind, BoundExpr, Derived, Plan, PlanSource, Rows};

/// The most parts of a value that is put where it is named. What views in views compute stays as shallow as that, too.
const MAX_PARTS: usize = 8;

/// Makes every query in FROM part of the one around that can be, inside of queries too.
pub(super) fn flatten(query: &mut Plan) {
    if !IS_FULL {
        return;
    }
    let mut place = 0;
    while let Some(source) = query.sources.get_mut(place) {
        if let Rows::Derived(derived) = &mut source.rows {
            derived.body.queries.iter_mut().for_each(|query| flatten(query));
        }
        let others = query.sources.len() - 1;
        place += match query.sources.get_mut(place).and_then(|source| take_plain(source, others)) {
            Some(inner) => absorb(query, place, *inner),
            None => 1,
        };
    }
    query.subqueries.iter_mut().for_each(|subquery| flatten(&mut subquery.plan));
}

/// The query that the rows of a source are made by, if it can be part of the query around, which has so many others.
fn take_plain(source: &mut PlanSource, others: usize) -> Option<Box<Derived>> {
    let Rows::Derived(derived) = &source.rows else { return None };
    let (BodyKind::Query, [inner]) = (&derived.body.kind, derived.body.queries.as_slice()) else { return None };
    let is_plain = inner.grouping.is_none()
        && inner.having.is_empty()
        && !inner.is_distinct
        && inner.order.is_empty()
        && inner.limit.is_none()
        && inner.offset == 0
        && others + inner.sources.len() <= MAX_SOURCES
        && derived.arguments.iter().all(|argument| outer(argument).is_some())
        && inner.outputs.iter().all(|output| is_small(output, &mut 0));
    // Where a row may be missing all that is computed of it is NULL: so much is known of columns only, and of one table.
    let is_alone = || match inner.sources.as_slice() {
        [only] => only.left.is_none() && inner.outputs.iter().all(|output| matches!(output, BoundExpr::Column { .. })),
        _ => false,
    };
    if !is_plain || (source.left.is_some() && !is_alone()) {
        return None;
    }
    match std::mem::replace(&mut source.rows, Rows::Table(usize::MAX)) {
        Rows::Derived(derived) => Some(derived),
        Rows::Table(_) => None,
    }
}

/// The number of a value that the query around gives.
fn outer(expr: &BoundExpr) -> Option<usize> {
    match expr {
        BoundExpr::Call(call) => match call.operator {
            Operator::Outer(number, _) => Some(number),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a value may be computed wherever it is named.
fn is_small(expr: &BoundExpr, parts: &mut usize) -> bool {
    *parts += 1;
    let is_short = match expr {
        BoundExpr::Literal(value) => !matches!(value, Value::Text(_) | Value::Bytes(_) | Value::Json(_)),
        BoundExpr::InList(_, values) => values.len() <= MAX_PARTS,
        BoundExpr::Call(call) => !call.operator.asks(),
        _ => true,
    };
    is_short && *parts <= MAX_PARTS && !expr.any_part(&mut |part| !is_small(part, parts))
}

/// Puts the parts of a query in the place of the source that it was; how many sources it has.
fn absorb(query: &mut Plan, place: usize, derived: Derived) -> usize {
    let Derived { mut body, arguments, .. } = derived;
    let Some(mut inner) = body.queries.pop() else { return 1 };
    let (count, asked) = (inner.sources.len(), query.subqueries.len());
    inner.for_each_expr(&mut |expr| {
        expr.for_each_mut(&mut |part| match part {
            BoundExpr::Column { source, .. } => *source += place,
            BoundExpr::Call(call) => match &mut call.operator {
                Operator::Exists(number) | Operator::Scalar(number) | Operator::InQuery(number) => *number += asked,
                Operator::Outer(number, _) => {
                    // What it is given is what the query around is given, under another number.
                    *number = arguments.get(*number).and_then(outer).unwrap_or(*number);
                }
                _ => {}
            },
            _ => {}
        });
    });
    query.for_each_expr(&mut |expr| put_in(expr, place, count, &inner.outputs));
    let around = query.sources.get_mut(place).and_then(|source| source.left.take());
    match around {
        Some(mut left) => {
            left.append(&mut inner.conjuncts);
            inner.sources.iter_mut().for_each(|source| source.left = Some(std::mem::take(&mut left)));
        }
        None => {
            // In this order, since a condition may keep another from what it cannot compute.
            inner.conjuncts.append(&mut query.conjuncts);
            query.conjuncts = inner.conjuncts;
        }
    }
    let mut behind = query.sources.split_off(place + 1);
    query.sources.truncate(place);
    query.sources.append(&mut inner.sources);
    query.sources.append(&mut behind);
    query.subqueries.append(&mut inner.subqueries);
    count
}

/// Puts what a query computes where it is named, and moves the sources behind it.
fn put_in(expr: &mut BoundExpr, place: usize, count: usize, outputs: &[BoundExpr]) {
    match expr {
        BoundExpr::Column { source, column } if *source == place => {
            if let Some(output) = outputs.get(*column) {
                *expr = output.clone();
            }
        }
        BoundExpr::Column { source, .. } if *source > place => *source += count - 1,
        _ => expr.for_each_part(&mut |part| put_in(part, place, count, outputs)),
    }
}
