//! RETURNING: what a statement answers of each row that it writes.

use std::sync::Arc;

use wasm_dbms_api::{Name, Output, Query, Value, ValueRef};

use crate::Answer;
use crate::catalog::RelationIndex;
use crate::core::Core;
use crate::error::Fallible;
use crate::full::IS_FULL;
use crate::plan::{self, BoundExpr, Context, Scope};
use crate::values::borrowed;

/// The rows beside the one that is written, whose columns can be answered too: those that this question joins it with.
#[derive(Debug, Default)]
pub(super) struct Others<'q>(pub(super) Option<&'q Query>);

/// What is answered of each row, as it is computed.
pub(super) struct Returning {
    outputs: Vec<BoundExpr>,
    names: Arc<[String]>,
    rows: Vec<Vec<Value>>,
}

impl Returning {
    /// Binds what is answered over the columns of a table, which expressions call by `alias` if there is one, and of the rows
    /// beside. None if nothing is.
    pub(super) fn new(
        core: &Core,
        index: RelationIndex,
        alias: Option<&Name>,
        outputs: &[Output],
        others: &Others<'_>,
        parameters: &[ValueRef<'_>],
    ) -> Fallible<Option<Self>> {
        if outputs.is_empty() {
            return Ok(None);
        }
        let mut alone = Query::from(core.catalog.relation(index)?.schema.name.clone());
        alone.from.alias = alias.cloned();
        let (outputs, names) = plan::bind_outputs(&core.catalog, others.0.unwrap_or(&alone), outputs, parameters)?;
        Ok(Some(Self { outputs, names, rows: Vec::new() }))
    }

    /// Answers a row of these values, and of those of the rows beside.
    fn take(&mut self, values: &[Value], beside: &[Value]) -> Fallible<()> {
        let mut values = borrowed(values);
        if IS_FULL {
            values.extend(beside.iter().map(Value::as_ref));
        }
        let scope = Scope::default();
        let mut row = Vec::with_capacity(self.outputs.len());
        for output in &self.outputs {
            row.push(output.value(Context::Row(&values, &scope))?.to_value());
        }
        self.rows.push(row);
        Ok(())
    }

    /// Answers the row that was written last, with the values of the rows beside.
    pub(super) fn take_written(&mut self, core: &mut Core, index: RelationIndex, beside: &[Value]) -> Fallible<()> {
        let values = core.written_values(index)?;
        self.take(&values, beside)
    }

    /// Everything that was answered.
    pub(super) fn finish(returning: Option<Self>) -> Answer {
        returning.map(|own| Answer { columns: own.names, rows: own.rows }).unwrap_or_default()
    }
}
