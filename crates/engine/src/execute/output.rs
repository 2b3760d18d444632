//! [`OutputRow`]: a row of an answer, before anyone has a copy of it.

use wasm_dbms_api::{ConversionError, DataType, RowSource, Value, ValueRef};

use crate::Error;
use crate::codec::record::Writer;
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::settle::settle;
use crate::plan::{BoundExpr, Context, Plan, broken_row};

/// A row of an answer: what is computed from the rows of tables, when it is asked for.
#[derive(Debug)]
pub(crate) enum OutputRow<'a> {
    /// Each column is an expression over the rows at hand; if these are of one table, here is where the row stands.
    Computed { exprs: &'a [BoundExpr], context: Context<'a>, row: Option<RowView<'a>> },
    /// The values themselves.
    Made(Vec<Value>),
}

impl<'a> OutputRow<'a> {
    /// The row of an answer over these rows. What takes the answers of other queries is computed at once, as these
    /// must be asked.
    pub(crate) fn of(core: &mut Core, plan: &'a Plan, context: Context<'a>) -> Fallible<Self> {
        if plan.subqueries.is_empty() || !plan.outputs.iter().any(BoundExpr::asks) {
            let row = match context {
                Context::Frame(frame) if plan.sources.len() == 1 => frame.view(0),
                _ => None,
            };
            return Ok(Self::Computed { exprs: &plan.outputs, context, row });
        }
        let mut values = Vec::with_capacity(plan.outputs.len());
        for expr in &plan.outputs {
            settle(core, plan, expr, context)?;
            values.push(expr.value(context)?.to_value());
        }
        Ok(Self::Made(values))
    }

    /// The value of a column.
    pub(crate) fn value(&self, column: usize) -> Fallible<ValueRef<'_>> {
        match self {
            Self::Computed { exprs, context, row } => match (exprs.get(column).ok_or_else(no_column)?, row) {
                (BoundExpr::Column { column, .. }, Some(row)) => row.value(*column).ok_or_else(broken_row),
                (expr, _) => expr.value(*context),
            },
            Self::Made(values) => Ok(values.get(column).ok_or_else(no_column)?.as_ref()),
        }
    }

    fn width(&self) -> usize {
        match self {
            Self::Computed { exprs, .. } => exprs.len(),
            Self::Made(values) => values.len(),
        }
    }

    /// All values, where they stand.
    pub(crate) fn values(&self) -> Fallible<Vec<ValueRef<'_>>> {
        let mut values = Vec::with_capacity(self.width());
        for column in 0..self.width() {
            values.push(self.value(column)?);
        }
        Ok(values)
    }

    /// All values, to keep.
    pub(crate) fn into_values(self) -> Fallible<Vec<Value>> {
        match self {
            Self::Computed { exprs, context, .. } => computed(exprs, context),
            Self::Made(values) => Ok(values),
        }
    }

    /// Appends the bytes of all values, of which [`decoded`](crate::execute::answer::decoded) makes them again.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) -> Fallible<()> {
        let mut writer = Writer(std::mem::take(bytes));
        for column in 0..self.width() {
            writer.value(self.value(column)?);
        }
        *bytes = writer.0;
        Ok(())
    }
}

impl OutputRow<'_> {
    /// The row of the one table, and which of its columns this one is.
    #[inline]
    fn stored(&self, column: usize) -> Option<(&RowView<'_>, usize)> {
        match self {
            Self::Computed { exprs, row: Some(row), .. } => match exprs.get(column)? {
                BoundExpr::Column { column, .. } => Some((row, *column)),
                _ => None,
            },
            _ => None,
        }
    }
}

impl RowSource for OutputRow<'_> {
    fn column(&self, index: usize) -> Result<ValueRef<'_>, ConversionError> {
        self.value(index).map_err(|_| ConversionError::new("a value that can be computed", ValueRef::Null))
    }

    #[inline]
    fn integer(&self, index: usize) -> Option<i64> {
        let (row, column) = self.stored(index)?;
        row.integer(column)
    }

    #[inline]
    fn fixed<const N: usize>(&self, index: usize, data_type: DataType) -> Option<[u8; N]> {
        let (row, column) = self.stored(index)?;
        RowSource::fixed(row, column, data_type)
    }

    #[inline]
    fn text(&self, index: usize) -> Option<&str> {
        let (row, column) = self.stored(index)?;
        row.text(column)
    }
}

/// What expressions come to.
#[inline(never)]
pub(super) fn computed(exprs: &[BoundExpr], context: Context<'_>) -> Fallible<Vec<Value>> {
    let mut values = Vec::with_capacity(exprs.len());
    for expr in exprs {
        values.push(expr.value(context)?.to_value());
    }
    Ok(values)
}

#[cold]
fn no_column() -> Box<Error> {
    Error::query(format_args!("the answer has no such column"))
}
