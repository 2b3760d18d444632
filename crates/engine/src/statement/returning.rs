//! RETURNING: what a statement answers of each row that it writes.

use wasm_dbms_api::{Name, Output, Query, TableSchema, Value, ValueRef};

use crate::catalog::RelationIndex;
use crate::codec::snapshot::Snapshot;
use crate::core::Core;
use crate::error::Fallible;
use crate::full::IS_FULL;
use crate::plan::{self, Beside, BoundExpr, Context, Scope};
use crate::values::borrowed;
use crate::{Answer, Error};

/// The rows beside the one that is written, whose columns can be answered too: a question for the columns of each.
#[derive(Debug, Default)]
pub(super) struct Others(Vec<(Name, Query)>);

impl Others {
    /// Those of the question for the rows that are written, if anything is answered of them.
    pub(super) fn new(question: &Query, returning: &[Output]) -> Self {
        if !IS_FULL || returning.is_empty() {
            return Self::default();
        }
        let mut others = Vec::new();
        for join in &question.joins {
            if let Some(name) = join.source.name() {
                let mut query = question.clone();
                query.columns = vec![Output::EveryOf(name.clone())];
                query.filter = None;
                others.push((name.clone(), query));
            }
        }
        Self(others)
    }

    /// The question, with their columns behind its own.
    pub(super) fn asked_in(&self, mut question: Query) -> Query {
        for (name, _) in &self.0 {
            question.columns.push(Output::EveryOf(name.clone()));
        }
        question
    }

    fn schemas(&self, core: &Core, parameters: &[ValueRef<'_>]) -> Fallible<Vec<TableSchema>> {
        let mut schemas = Vec::with_capacity(self.0.len());
        for (name, query) in &self.0 {
            schemas.push(plan::schema_of(&core.catalog, name, query, parameters)?);
        }
        Ok(schemas)
    }
}

/// What is answered of each row, as it is computed.
pub(super) struct Returning {
    outputs: Vec<BoundExpr>,
    names: Vec<String>,
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
        others: &Others,
        parameters: &[ValueRef<'_>],
    ) -> Fallible<Option<Self>> {
        if outputs.is_empty() {
            return Ok(None);
        }
        let relation = core.catalog.relation(index)?;
        let named;
        let schema = match alias {
            Some(alias) => {
                let mut described = Snapshot::decode(&relation.described)?;
                described.schema.name = alias.to_string();
                named = described;
                &named.schema
            }
            None => &relation.schema,
        };
        let others = if IS_FULL { others.schemas(core, parameters)? } else { Vec::new() };
        let mut returning = Self { outputs: Vec::new(), names: Vec::new(), rows: Vec::new() };
        for output in outputs {
            let every = match output {
                Output::Expr(expr, name) => {
                    let name = name.clone().unwrap_or_else(|| plan::name_of(expr));
                    let bound = plan::bind_value(&core.catalog, schema, Beside::Rows(&others), expr, parameters, true)?;
                    returning.outputs.push(bound);
                    returning.names.push(name.into_owned());
                    continue;
                }
                Output::EveryOf(name) => Some(name),
                Output::Every => None,
            };
            let mut start = 0;
            let mut is_known = every.is_none();
            for table in std::iter::once(schema).chain(&others) {
                if every.is_none_or(|name| **name == *table.name) {
                    is_known = true;
                    for (column, own) in table.columns.iter().enumerate() {
                        returning.outputs.push(BoundExpr::Column { source: 0, column: start + column });
                        returning.names.push(own.name.clone());
                    }
                }
                start += table.columns.len();
            }
            if let (false, Some(name)) = (is_known, every) {
                return Err(Error::unknown("table", name));
            }
        }
        Ok(Some(returning))
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
        returning.map(|own| Answer { columns: own.names.into(), rows: own.rows }).unwrap_or_default()
    }
}
