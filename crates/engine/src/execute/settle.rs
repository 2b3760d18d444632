//! Queries inside expressions: asked once for each row of values that they are given.

use wasm_dbms_api::{DataType, Value, ValueRef};

use crate::Error;
use crate::codec::key;
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::answer::each;
use crate::full::IS_FULL;
use crate::function::{self, Arena};
use crate::numbering::Numbering;
use crate::plan::{Answer, Answers, BoundExpr, Context, Plan, Scope, Subquery};

/// Asks the queries that the expression needs the answers of.
#[inline]
pub(crate) fn settle(core: &mut Core, plan: &Plan, expr: &BoundExpr, context: Context<'_>) -> Fallible<()> {
    if !IS_FULL || plan.subqueries.is_empty() || !expr.asks() {
        return Ok(());
    }
    settle_asking(core, plan, expr, context)
}

fn settle_asking(core: &mut Core, plan: &Plan, expr: &BoundExpr, context: Context<'_>) -> Fallible<()> {
    context.scope().make_room();
    while expr.evaluate(context).is_none() {
        answer_missing(core, plan, context.scope())?;
    }
    Ok(())
}

/// Whether the row is kept by a condition that may need the answers of queries.
#[inline]
pub(crate) fn holds(core: &mut Core, plan: &Plan, condition: &BoundExpr, context: Context<'_>) -> Fallible<bool> {
    if !IS_FULL || plan.subqueries.is_empty() {
        return condition.holds(context);
    }
    context.scope().make_room();
    loop {
        match condition.evaluate(context) {
            Some(value) => return Ok(matches!(value, ValueRef::Bool(true))),
            None => answer_missing(core, plan, context.scope())?,
        }
    }
}

/// Asks the query without whose answer the expression evaluated last has no value.
fn answer_missing(core: &mut Core, plan: &Plan, scope: &Scope) -> Fallible<()> {
    let (number, values) = scope.take_unanswered()?;
    let Some(subquery) = plan.subqueries.get(number) else {
        return Err(Error::query(format_args!("there is no such subquery")));
    };
    let answer = ask(core, subquery, scope.inside(values.clone()))?;
    scope.remember(number, &values, answer);
    Ok(())
}

fn ask(core: &mut Core, subquery: &Subquery, scope: Scope) -> Fallible<Answer> {
    let mut rows = 0;
    let mut first = Value::Null;
    let (mut set, mut has_null, arena) = (Numbering::default(), false, Arena::default());
    each(core, &subquery.plan, scope, &mut |_, row| {
        rows += 1;
        let mut values = row.into_values()?;
        values.truncate(1);
        let value = values.pop().unwrap_or_default();
        if subquery.answers != Answers::Set {
            first = value;
            return Ok(subquery.answers == Answers::Scalar);
        }
        let value = match subquery.set_type {
            Some(data_type) if data_type.is_number() && !data_type.is_integer() => {
                function::cast(value.as_ref(), number_type(data_type), &arena)?
            }
            _ => value.as_ref(),
        };
        if value.is_null() {
            has_null = true;
        } else {
            let mut code = Vec::new();
            key::push(&mut code, value);
            set.number(&code);
        }
        Ok(true)
    })?;
    match subquery.answers {
        Answers::Exists => Ok(Answer::Value(Value::Bool(rows > 0))),
        Answers::Scalar if rows > 1 => {
            Err(Error::query(format_args!("a subquery that stands for one value answers more than one row")))
        }
        Answers::Scalar => Ok(Answer::Value(first)),
        Answers::Set => Ok(Answer::Set(set.into(), has_null)),
    }
}

/// Floats of both widths are compared as the wider.
fn number_type(data_type: DataType) -> DataType {
    if data_type.is_float() { DataType::F64 } else { data_type }
}
