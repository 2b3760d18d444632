//! Rows that belong to no table, made before they are walked.

use std::sync::Arc;

use wasm_dbms_api::{SetOperation, Value, ValueRef};

use crate::Error;
use crate::codec::row::RowLayout;
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::Spool;
use crate::execute::answer::{each, equality_key};
use crate::execute::distinct::Distinct;
use crate::execute::runs::Runs;
use crate::full::needs_full;
use crate::numbering::Numbering;
use crate::plan::{Body, Context, Derived, Plan, Scope};

/// The most rows that a query which names itself makes.
pub const MAX_RECURSIVE_ROWS: usize = 10_000_000;

/// Makes the rows of a source.
pub(crate) fn rows(core: &mut Core, derived: &Derived, scope: &Scope) -> Fallible<Arc<Spool>> {
    needs_full()?;
    if let Body::Working(number) = &derived.body {
        return Ok(scope.working(*number));
    }
    let context = Context::Row(&[], scope);
    let outer = derived.arguments.iter().map(|argument| Ok(argument.value(context)?.to_value()));
    let inside = scope.inside(outer.collect::<Fallible<_>>()?);
    let layout = &derived.relation.layout;
    let mut made = Spool::new(&core.store.scratch_space());
    match &derived.body {
        Body::Nothing => push(&mut made, layout, &[])?,
        Body::Working(_) => {}
        Body::Values(rows) => {
            let context = Context::Row(&[], &inside);
            for row in rows {
                let row = row.iter().map(|expr| Ok(expr.value(context)?.to_value())).collect::<Fallible<Vec<_>>>()?;
                push(&mut made, layout, &row)?;
            }
        }
        Body::Query(plan) => {
            each(core, plan, inside, &mut |row| push(&mut made, layout, &row.into_values()?).map(|()| true))?
        }
        Body::Windows { query, windows } => windows.make(core, query, inside, layout, &mut made)?,
        Body::Set { operation, all, left, right } => {
            set(core, (*operation, *all), [left, right], &inside, layout, &mut made)?;
        }
        Body::Recursive { number, all, first, next } => {
            let (mut seen, mut key, mut count) = (Numbering::default(), Vec::new(), 0);
            let (mut plan, mut scope) = (first, inside.again());
            loop {
                let mut found = Spool::new(&core.store.scratch_space());
                each(core, plan, scope, &mut |row| {
                    let row = row.into_values()?;
                    equality_key(row.iter().map(Value::as_ref), &mut key);
                    if !*all && !seen.is_new(&key) {
                        return Ok(true);
                    }
                    count += 1;
                    if count > MAX_RECURSIVE_ROWS {
                        return Err(Error::query(format_args!(
                            "a query that names itself makes at most {MAX_RECURSIVE_ROWS} rows"
                        )));
                    }
                    push(&mut found, layout, &row)?;
                    push(&mut made, layout, &row).map(|()| true)
                })?;
                if found.is_empty() {
                    break;
                }
                (plan, scope) = (next, inside.again().with_working(*number, Arc::new(found)));
            }
        }
    }
    Ok(Arc::new(made))
}

/// The bytes of a row.
pub(super) fn encode(layout: &RowLayout, row: &[Value], bytes: &mut Vec<u8>) -> Fallible<()> {
    let values: Vec<ValueRef<'_>> = row.iter().map(Value::as_ref).collect();
    encode_values(layout, &values, bytes)
}

/// The bytes of a row of these values.
pub(super) fn encode_values(layout: &RowLayout, values: &[ValueRef<'_>], bytes: &mut Vec<u8>) -> Fallible<()> {
    if let Some(value) = layout.misfit(values) {
        return Err(Error::OutOfRange(value.to_string()).into());
    }
    layout.encode(values, bytes);
    Ok(())
}

fn push(rows: &mut Spool, layout: &RowLayout, row: &[Value]) -> Fallible<()> {
    let mut bytes = Vec::new();
    encode(layout, row, &mut bytes)?;
    rows.push((&[], &bytes))
}

/// Puts two answers together; rows of the first come first.
fn set(
    core: &mut Core,
    (operation, all): (SetOperation, bool),
    plans: [&Plan; 2],
    scope: &Scope,
    layout: &RowLayout,
    made: &mut Spool,
) -> Fallible<()> {
    let space = core.store.scratch_space();
    let [left, right] = plans;
    let (mut key, mut bytes) = (Vec::new(), Vec::new());
    if operation == SetOperation::Union {
        let mut distinct = Distinct::new(&space);
        for plan in [left, right] {
            each(core, plan, scope.again(), &mut |row| {
                let row = row.into_values()?;
                encode(layout, &row, &mut bytes)?;
                equality_key(row.iter().map(Value::as_ref), &mut key);
                let mut put_off = |late: &mut Vec<u8>| {
                    late.extend_from_slice(&bytes);
                    Ok(())
                };
                if all || distinct.is_new(&key, &mut put_off)? {
                    made.push((&[], &bytes))?;
                }
                Ok(true)
            })?;
        }
        let mut late = distinct.finish()?;
        while late.next()? {
            core.meter.check_interrupt()?;
            made.push((&[], late.payload()))?;
        }
        return Ok(());
    }
    // Sorted, equal rows stand together: first those of the second answer, which have no payload.
    let (mut rows, mut arrivals) = (Runs::new(&space), 0u64);
    each(core, right, scope.again(), &mut |row| {
        let row = row.into_values()?;
        equality_key(row.iter().map(Value::as_ref), &mut key);
        rows.push((&key, &[])).map(|()| true)
    })?;
    each(core, left, scope.again(), &mut |row| {
        let row = row.into_values()?;
        equality_key(row.iter().map(Value::as_ref), &mut key);
        let mut payload = arrivals.to_be_bytes().to_vec();
        arrivals += 1;
        encode(layout, &row, &mut bytes)?;
        payload.extend_from_slice(&bytes);
        rows.push((&key, &payload)).map(|()| true)
    })?;
    let (mut rows, mut kept) = (rows.finish()?, Runs::new(&space));
    // How many rows of the second are equal, and whether one of the first was kept.
    let (mut count, mut was_kept) = (0u64, false);
    key.clear();
    while rows.next()? {
        core.meter.check_interrupt()?;
        if rows.key() != key {
            (count, was_kept) = (0, false);
            key.clear();
            key.extend_from_slice(rows.key());
        }
        let Some(record) = rows.payload().split_at_checked(size_of::<u64>()) else {
            count += 1;
            continue;
        };
        let mut is_wanted = (count > 0) == (operation == SetOperation::Intersect);
        if all {
            // Each row of the second stands for one of the first.
            count = count.saturating_sub(1);
        } else {
            is_wanted &= !std::mem::replace(&mut was_kept, true);
        }
        if is_wanted {
            kept.push(record)?;
        }
    }
    let mut kept = kept.finish()?;
    while kept.next()? {
        made.push((&[], kept.payload()))?;
    }
    Ok(())
}
