//! [`OutputRow`]: a row of an answer, before anyone has a copy of it.

use wasm_dbms_api::{Value, ValueRef};

use crate::Error;
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::settle::settle;
use crate::plan::{BoundExpr, Context, Plan};

/// A row of an answer: what is computed from the rows of tables, when it is asked for.
#[derive(Debug)]
pub(crate) enum OutputRow<'a> {
    /// Each column is an expression over the rows at hand.
    Computed(&'a [BoundExpr], Context<'a>),
    /// The values themselves.
    Made(Vec<Value>),
}

impl<'a> OutputRow<'a> {
    /// The row of an answer over these rows. What takes the answers of other queries is computed at once, as these
    /// must be asked.
    pub(crate) fn of(core: &mut Core, plan: &'a Plan, context: Context<'a>) -> Fallible<Self> {
        if plan.subqueries.is_empty() || !plan.outputs.iter().any(BoundExpr::asks) {
            return Ok(Self::Computed(&plan.outputs, context));
        }
        let value = |expr: &BoundExpr| {
            settle(core, plan, expr, context)?;
            Ok(expr.value(context)?.to_value())
        };
        Ok(Self::Made(plan.outputs.iter().map(value).collect::<Fallible<_>>()?))
    }

    /// The value of a column.
    pub(crate) fn value(&self, column: usize) -> Fallible<ValueRef<'_>> {
        match self {
            Self::Computed(exprs, context) => exprs.get(column).ok_or_else(no_column)?.value(*context),
            Self::Made(values) => Ok(values.get(column).ok_or_else(no_column)?.as_ref()),
        }
    }

    /// All values, to keep.
    pub(crate) fn into_values(self) -> Fallible<Vec<Value>> {
        match self {
            Self::Computed(exprs, context) => exprs.iter().map(|expr| Ok(expr.value(context)?.to_value())).collect(),
            Self::Made(values) => Ok(values),
        }
    }
}

#[cold]
fn no_column() -> Box<Error> {
    Error::Query("the answer has no such column".into()).into()
}
