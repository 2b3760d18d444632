//! Rows that belong to no table: made before they are walked, or handed on as they are made where they are the answer.

use std::sync::Arc;

use wasm_dbms_api::{SetOperation, Value, ValueRef};

use crate::Error;
use crate::codec::row::RowLayout;
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::Spool;
use crate::execute::answer::{Sink, decoded, each, equality_key};
use crate::execute::distinct::Distinct;
use crate::execute::output::{OutputRow, computed};
use crate::execute::runs::Runs;
use crate::execute::spool::forget;
use crate::full::needs_full;
use crate::numbering::Numbering;
use crate::plan::{Body, BodyKind, Context, Derived, Plan, Scope};

/// The most rows that a query which names itself makes.
pub const MAX_RECURSIVE_ROWS: usize = 10_000_000;

/// Makes the rows of a source.
pub(crate) fn rows(core: &mut Core, derived: &Derived, scope: &Scope) -> Fallible<Arc<Spool>> {
    needs_full()?;
    let inside = || inside(derived, scope);
    let layout = &derived.relation.layout;
    let mut made = Spool::new(&core.store.scratch_space());
    let Body { kind, queries } = &derived.body;
    match (kind, queries.as_slice()) {
        (BodyKind::Working(number), _) => return Ok(scope.working(*number)),
        (BodyKind::Windows(windows), [query]) => windows.make(core, query, inside()?, layout, &mut made)?,
        (BodyKind::Set { operation, all }, [left, right]) if *operation != SetOperation::Union => {
            compare(core, (*operation, *all), [left, right], &inside()?, layout, &mut made)?;
        }
        (BodyKind::Recursive { number, all }, [first, next]) => {
            let (mut seen, mut key, mut bytes, mut count) = (Numbering::default(), Vec::new(), Vec::new(), 0);
            let inside = inside()?;
            let (mut plan, mut scope) = (first, inside.again());
            loop {
                let mut found = Spool::new(&core.store.scratch_space());
                each(core, plan, scope, &mut |_, row| {
                    let row = row.values()?;
                    equality_key(&row, &mut key);
                    if !*all && !seen.is_new(&key) {
                        return Ok(true);
                    }
                    count += 1;
                    if count > MAX_RECURSIVE_ROWS {
                        return Err(Error::query(format_args!(
                            "a query that names itself makes at most {MAX_RECURSIVE_ROWS} rows"
                        )));
                    }
                    encode_values(layout, &row, &mut bytes)?;
                    found.push((&[], &bytes))?;
                    made.push((&[], &bytes))?;
                    forget(&mut bytes);
                    Ok(true)
                })?;
                if found.is_empty() {
                    break;
                }
                (plan, scope) = (next, inside.again().with_working(*number, Arc::new(found)));
            }
        }
        _ => {
            let mut bytes = Vec::new();
            stream(core, derived, scope, &mut |_, row| {
                encode_values(layout, &row.values()?, &mut bytes)?;
                made.push((&[], &bytes))?;
                forget(&mut bytes);
                Ok(true)
            })?;
        }
    }
    Ok(Arc::new(made))
}

/// Whether the rows of a source can be handed on as they are made.
pub(super) fn is_streamed(derived: &Derived) -> bool {
    matches!(
        derived.body.kind,
        BodyKind::Nothing
            | BodyKind::Values(_)
            | BodyKind::Query
            | BodyKind::Set { operation: SetOperation::Union, .. }
    )
}

/// Calls `sink` with each row of a source that [is streamed](is_streamed), as it is made.
pub(super) fn stream(core: &mut Core, derived: &Derived, scope: &Scope, sink: Sink<'_>) -> Fallible<()> {
    let inside = inside(derived, scope)?;
    let Body { kind, queries } = &derived.body;
    match (kind, queries.as_slice()) {
        (BodyKind::Nothing, _) => sink(core, OutputRow::Made(Vec::new())).map(drop),
        (BodyKind::Values(rows), _) => {
            let context = Context::Row(&[], &inside);
            for row in rows {
                if !sink(core, OutputRow::Made(computed(row, context)?))? {
                    break;
                }
            }
            Ok(())
        }
        (BodyKind::Query, [plan]) => each(core, plan, inside, sink),
        (BodyKind::Set { all, .. }, plans) => unite(core, *all, plans, &inside, sink),
        _ => Ok(()),
    }
}

/// The scope in which the rows of a source are made.
fn inside(derived: &Derived, scope: &Scope) -> Fallible<Scope> {
    Ok(scope.inside(computed(&derived.arguments, Context::Row(&[], scope))?))
}

/// The bytes of a row.
pub(super) fn encode(layout: &RowLayout, row: &[Value], bytes: &mut Vec<u8>) -> Fallible<()> {
    let values: Vec<ValueRef<'_>> = row.iter().map(Value::as_ref).collect();
    encode_values(layout, &values, bytes)
}

/// The bytes of a row of these values.
pub(super) fn encode_values(layout: &RowLayout, values: &[ValueRef<'_>], bytes: &mut Vec<u8>) -> Fallible<()> {
    if let Some(value) = layout.misfit(values) {
        return Err(Error::out_of_range(format_args!("{value}")));
    }
    layout.encode(values, bytes);
    Ok(())
}

/// Hands on the rows of one answer and then those of another, with `all` those too that came before.
fn unite(core: &mut Core, all: bool, plans: &[Box<Plan>], scope: &Scope, sink: Sink<'_>) -> Fallible<()> {
    let mut distinct = Distinct::new(&core.store.scratch_space());
    let (mut key, mut wants_more) = (Vec::new(), true);
    for plan in plans {
        if !wants_more {
            return Ok(());
        }
        each(core, plan, scope.again(), &mut |core, row| {
            if !all {
                equality_key(&row.values()?, &mut key);
                if !distinct.is_new(&key, &mut |late| row.write(late))? {
                    return Ok(true);
                }
            }
            wants_more = sink(core, row)?;
            Ok(wants_more)
        })?;
    }
    let width = plans.iter().map(|plan| plan.outputs.len()).max().unwrap_or(0);
    let mut late = distinct.finish()?;
    while wants_more && late.next()? {
        core.meter.check_interrupt()?;
        wants_more = sink(core, OutputRow::Made(decoded(late.payload(), width)?))?;
    }
    Ok(())
}

/// The rows of the first answer that are in the second, or are not in it.
fn compare(
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
    // Sorted, equal rows stand together: first those of the second answer, which have no payload.
    let (mut rows, mut arrivals) = (Runs::new(&space), 0u64);
    each(core, right, scope.again(), &mut |_, row| {
        equality_key(&row.values()?, &mut key);
        rows.push((&key, &[])).map(|()| true)
    })?;
    each(core, left, scope.again(), &mut |_, row| {
        let row = row.values()?;
        equality_key(&row, &mut key);
        let mut payload = arrivals.to_be_bytes().to_vec();
        arrivals += 1;
        encode_values(layout, &row, &mut bytes)?;
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
