//! Check constraints: each row is asked before it is written.

use std::sync::Arc;

use wasm_dbms_api::{ColumnSchema, SchemaError, TableSchema, ValueRef};

use crate::Error;
use crate::catalog::{Catalog, Relation, RelationIndex, is_hidden};
use crate::codec::snapshot::is_storable;
use crate::core::Core;
use crate::error::Fallible;
use crate::full::needs_full;
use crate::plan::{self, BoundExpr, Context, Scope};
use crate::values::value_of;
use crate::write::Assignment;

/// The checks of a table, their names resolved: once, when the table is first written.
#[derive(Debug)]
pub(crate) struct Checks {
    /// Which table, in which form.
    schema: Arc<TableSchema>,
    /// Each condition with the columns that it looks at.
    list: Vec<(BoundExpr, Vec<usize>)>,
}

impl Checks {
    /// The checks of a table.
    pub(crate) fn of(catalog: &Catalog, schema: &Arc<TableSchema>) -> Fallible<Self> {
        let mut list = Vec::new();
        for condition in bound_checks(catalog, schema)? {
            let mut columns = Vec::new();
            condition.visit_columns(&mut |_, column| {
                if let Err(place) = columns.binary_search(&column) {
                    columns.insert(place, column);
                }
            });
            list.push((condition, columns));
        }
        Ok(Self { schema: Arc::clone(schema), list })
    }

    /// Refuses a row that breaks one of them; where it changes, those are asked that look at a changed column.
    pub(crate) fn ask(&self, relation: &Relation, values: &[ValueRef<'_>], changed: Option<&[usize]>) -> Fallible<()> {
        for (number, (condition, columns)) in self.list.iter().enumerate() {
            let is_asked = changed.is_none_or(|changed| columns.iter().any(|column| changed.contains(column)));
            if is_asked && condition.is_false(Context::Row(values, &Scope::default()))? {
                return Err(refusal(relation, number, columns, values).into());
            }
        }
        Ok(())
    }
}

/// The conditions of a table's checks, in their order.
pub(crate) fn bound_checks(catalog: &Catalog, schema: &TableSchema) -> Fallible<Vec<BoundExpr>> {
    let mut conditions = Vec::new();
    for check in &schema.checks {
        conditions.push(plan::bind_row(catalog, schema, &check.condition)?);
    }
    Ok(conditions)
}

impl Core {
    /// Creates tables; what their checks say makes sense.
    pub(crate) fn create_tables(&mut self, schemas: &[&TableSchema]) -> Fallible<()> {
        schemas.iter().try_for_each(|schema| self.check_conditions(schema))?;
        self.touch_schema();
        self.catalog.create(&mut self.store, schemas)
    }

    /// Checks that a schema makes sense by itself, and so do the conditions of its checks.
    pub(crate) fn check_conditions(&self, schema: &TableSchema) -> Fallible<()> {
        if schema.columns.iter().any(ColumnSchema::has_rules) {
            needs_full()?;
        }
        schema.validate()?;
        if is_hidden(&schema.name) {
            let problem = "the name begins with a zero character".to_owned();
            return Err(SchemaError { table: schema.name.clone(), problem }.into());
        }
        for check in &schema.checks {
            let problem = match plan::bind_row(&self.catalog, schema, &check.condition) {
                Ok(_) if is_storable(&check.condition) => continue,
                Ok(_) => "it is too long, or nested too deeply".to_owned(),
                Err(error) => error.to_string(),
            };
            let problem = format!("the check {}: {problem}", check.label());
            return Err(SchemaError { table: schema.name.clone(), problem }.into());
        }
        Ok(())
    }

    /// Refuses a row that breaks a check of its table. Where a row changes, the checks are asked that look at a changed
    /// column.
    #[inline]
    pub(crate) fn check_row(
        &mut self,
        index: RelationIndex,
        values: &[ValueRef<'_>],
        changed: Option<&[usize]>,
    ) -> Fallible<()> {
        if self.catalog.relation(index)?.schema.checks.is_empty() {
            return Ok(());
        }
        let checks = self.checks_of(index)?;
        checks.ask(self.catalog.relation(index)?, values, changed)
    }

    /// Whether a check looks at one of these columns.
    #[inline]
    pub(super) fn is_checked(&mut self, index: RelationIndex, assignments: &[Assignment]) -> Fallible<bool> {
        if self.catalog.relation(index)?.schema.checks.is_empty() {
            return Ok(false);
        }
        let checks = self.checks_of(index)?;
        Ok(assignments.iter().any(|(column, _)| checks.list.iter().any(|(_, columns)| columns.contains(column))))
    }

    #[inline(never)]
    fn checks_of(&mut self, index: RelationIndex) -> Fallible<Arc<Checks>> {
        let Self { catalog, checks, .. } = self;
        let schema = &catalog.relation(index)?.schema;
        if let Some(known) = checks.iter().find(|known| Arc::ptr_eq(&known.schema, schema)) {
            return Ok(Arc::clone(known));
        }
        let new = Arc::new(Checks::of(catalog, schema)?);
        // Tables that are gone, or were read again.
        checks.retain(|known| catalog.relations.iter().any(|relation| Arc::ptr_eq(&relation.schema, &known.schema)));
        checks.push(Arc::clone(&new));
        Ok(new)
    }
}

#[cold]
fn refusal(relation: &Relation, number: usize, columns: &[usize], values: &[ValueRef<'_>]) -> Error {
    let mut shown = Vec::new();
    for column in columns {
        shown.push(format!("{} = {}", relation.column_name(*column), value_of(values, *column)));
    }
    Error::Check {
        table: relation.schema.name.clone(),
        check: relation.schema.checks.get(number).map_or_else(Box::default, |check| check.label().into()),
        values: shown.join(", ").into(),
    }
}

#[cfg(test)]
mod tests {
    use wasm_dbms_api::{ColumnSchema, Comparison, DataType, Expr};

    use super::*;
    use crate::{Connection as _, Database};

    #[test]
    fn a_row_that_came_past_a_check_is_found() {
        let is_small = Expr::column("n").compare(Comparison::Less, 10);
        let schema = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).check(is_small);
        let db = Database::in_memory();
        db.create_table(&schema).unwrap();
        db.write_many(|core| {
            let relation = core.catalog.relation_mut(0)?;
            let checked = std::mem::replace(&mut relation.schema, TableSchema { checks: Vec::new(), ..schema }.into());
            for number in [9, 12] {
                core.insert_row(0, &[Some(ValueRef::Integer(number))], &mut |_| Ok(()))?;
            }
            core.catalog.relation_mut(0)?.schema = checked;
            Ok(())
        })
        .unwrap();
        let findings = db.check().unwrap();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].ends_with("breaks the check n < 10"), "{findings:?}");
    }
}
