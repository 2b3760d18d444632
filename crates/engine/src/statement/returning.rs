//! RETURNING: what a statement answers of each row that it writes.

use wasm_dbms_api::{ColumnRef, Expr, Name, Output, TableSchema, Value, ValueRef};

use crate::catalog::RelationIndex;
use crate::core::Core;
use crate::error::Fallible;
use crate::plan::{self, BoundExpr, Context, Scope};
use crate::{Answer, Error};

/// What is answered of each row, as it is computed.
pub(super) struct Returning {
    outputs: Vec<BoundExpr>,
    names: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Returning {
    /// Binds what is answered over the columns of a table, which expressions call by `alias` if there is one. None if
    /// nothing is.
    pub(super) fn new(
        core: &Core,
        index: RelationIndex,
        alias: Option<&Name>,
        outputs: &[Output],
        parameters: &[ValueRef<'_>],
    ) -> Fallible<Option<Self>> {
        if outputs.is_empty() {
            return Ok(None);
        }
        let mut schema = TableSchema::clone(&core.catalog.relation(index)?.schema);
        if let Some(alias) = alias {
            schema.name = alias.to_string();
        }
        let mut returning = Self { outputs: Vec::new(), names: Vec::new(), rows: Vec::new() };
        for output in outputs {
            match output {
                Output::Expr(expr, name) => {
                    let name = name.as_ref().map_or_else(|| name_of(expr), Name::to_string);
                    returning.push(core, &schema, expr, name, parameters)?;
                }
                Output::EveryOf(name) if **name != *schema.name => {
                    return Err(Error::Unknown { what: "table", name: name.to_string() }.into());
                }
                Output::Every | Output::EveryOf(_) => {
                    for column in &schema.columns {
                        let table = Some(Name::from(schema.name.clone()));
                        let expr = Expr::Column(ColumnRef { table, column: column.name.clone().into() });
                        returning.push(core, &schema, &expr, column.name.clone(), parameters)?;
                    }
                }
            }
        }
        Ok(Some(returning))
    }

    fn push(
        &mut self,
        core: &Core,
        schema: &TableSchema,
        expr: &Expr,
        name: String,
        parameters: &[ValueRef<'_>],
    ) -> Fallible<()> {
        self.outputs.push(plan::bind_value(&core.catalog, schema, false, expr, parameters, true)?);
        self.names.push(name);
        Ok(())
    }

    /// Answers a row of these values.
    pub(super) fn take(&mut self, values: &[Value]) -> Fallible<()> {
        let values: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
        let scope = Scope::default();
        let mut row = Vec::with_capacity(self.outputs.len());
        for output in &self.outputs {
            row.push(output.value(Context::Row(&values, &scope))?.to_value());
        }
        self.rows.push(row);
        Ok(())
    }

    /// Answers the row that was written last.
    pub(super) fn take_written(&mut self, core: &mut Core, index: RelationIndex) -> Fallible<()> {
        let values = core.written_values(index)?;
        self.take(&values)
    }

    /// Everything that was answered.
    pub(super) fn finish(returning: Option<Self>) -> Answer {
        returning.map(|own| Answer { columns: own.names.into(), rows: own.rows }).unwrap_or_default()
    }
}

/// What an output without a name is called.
fn name_of(expr: &Expr) -> String {
    match expr {
        Expr::Column(column) => column.column.to_string(),
        other => other.to_string(),
    }
}
