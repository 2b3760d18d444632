//! Rows that belong to no table, made before they are walked.

use std::sync::Arc;

use wasm_dbms_api::{SetOperation, Value, ValueRef};

use crate::Error;
use crate::codec::row::RowLayout;
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::general::equality_key;
use crate::execute::{RowList, values_in};
use crate::numbering::Numbering;
use crate::plan::{Body, Context, Derived, Scope};

/// The most rows that a query which names itself makes.
pub const MAX_RECURSIVE_ROWS: usize = 10_000_000;

/// Makes the rows of a source.
pub(crate) fn rows(core: &mut Core, derived: &Derived, scope: &Scope) -> Fallible<Arc<RowList>> {
    if let Body::Working(number) = &derived.body {
        return Ok(scope.working(*number));
    }
    let context = Context::Row(&[], scope);
    let outer = derived.arguments.iter().map(|argument| Ok(argument.value(context)?.to_value()));
    let inside = scope.inside(outer.collect::<Fallible<_>>()?);
    let layout = &derived.relation.layout;
    let made = match &derived.body {
        Body::Nothing => vec![Vec::new()],
        Body::Working(_) => Vec::new(),
        Body::Values(rows) => {
            let context = Context::Row(&[], &inside);
            let row = |row: &Vec<_>| {
                row.iter().map(|expr: &crate::plan::BoundExpr| Ok(expr.value(context)?.to_value())).collect()
            };
            rows.iter().map(row).collect::<Fallible<Vec<_>>>()?
        }
        Body::Query(plan) => values_in(core, plan, inside)?,
        Body::Set { operation, all, left, right } => {
            let left = values_in(core, left, inside.again())?;
            let right = values_in(core, right, inside)?;
            set(*operation, *all, left, right)
        }
        Body::Recursive { number, all, first, next } => {
            let mut seen = Numbering::default();
            let mut key = Vec::new();
            let mut is_new = |row: &Vec<Value>| {
                equality_key(row.iter().map(Value::as_ref), &mut key);
                *all || seen.is_new(&key)
            };
            let mut found = values_in(core, first, inside.again())?;
            found.retain(&mut is_new);
            let mut every = Vec::new();
            while !found.is_empty() {
                if every.len() + found.len() > MAX_RECURSIVE_ROWS {
                    return Err(Error::Query(format!(
                        "a query that names itself makes at most {MAX_RECURSIVE_ROWS} rows"
                    ))
                    .into());
                }
                let working = list(&found, layout)?;
                every.append(&mut found);
                found = values_in(core, next, inside.again().with_working(*number, working))?;
                found.retain(&mut is_new);
            }
            every
        }
    };
    list(&made, layout)
}

fn list(rows: &[Vec<Value>], layout: &RowLayout) -> Fallible<Arc<RowList>> {
    let mut list = RowList::default();
    let mut bytes = Vec::new();
    for row in rows {
        let values: Vec<ValueRef<'_>> = row.iter().map(Value::as_ref).collect();
        if let Some(value) = layout.misfit(&values) {
            return Err(Error::OutOfRange(value.to_string()).into());
        }
        layout.encode(&values, &mut bytes);
        list.push(&bytes);
    }
    Ok(Arc::new(list))
}

/// Puts two answers together; rows of the first come first.
fn set(operation: SetOperation, all: bool, left: Vec<Vec<Value>>, right: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    let mut key = Vec::new();
    let mut numbers = Numbering::default();
    let mut number_of = move |row: &Vec<Value>| {
        equality_key(row.iter().map(Value::as_ref), &mut key);
        numbers.number(&key)
    };
    let mut rows = left;
    if operation == SetOperation::Union {
        rows.extend(right);
        if !all {
            rows.retain(|row| number_of(row).1);
        }
        return rows;
    }
    // How many rows of the second have each number, and whether one of the first that has it was kept.
    let mut counts: Vec<(usize, bool)> = Vec::new();
    for row in &right {
        let (number, is_new) = number_of(row);
        if is_new {
            counts.push((0, false));
        }
        if let Some((count, _)) = counts.get_mut(number) {
            *count += 1;
        }
    }
    rows.retain(|row| {
        let (number, is_new) = number_of(row);
        if is_new {
            counts.push((0, false));
        }
        let Some((count, was_kept)) = counts.get_mut(number) else { return false };
        let is_wanted = (*count > 0) == (operation == SetOperation::Intersect);
        if all {
            // Each row of the second stands for one of the first.
            *count = count.saturating_sub(1);
            return is_wanted;
        }
        is_wanted && !std::mem::replace(was_kept, true)
    });
    rows
}
