//! [`Template`]: a plan that is made once and run many times, each time with other parameters.
//!
//! The plan holds a parameter where a literal would stand, and never changes: a run has the values in its
//! [`Scope`], as they are compared where they stand, and whatever is quick for a literal is for them. Where a parameter
//! decides how the plan looks (LIMIT, OFFSET, the pattern of LIKE), and where a value is of another type than before, it is
//! planned anew.

use std::sync::Arc;

use wasm_dbms_api::{DataType, Query, Value, ValueRef};
use wasm_dbms_memory::TableId;

use crate::catalog::{Catalog, RelationIndex};
use crate::core::Core;
use crate::error::Fallible;
use crate::plan::bind::{self, MadeFor, given, type_of};
use crate::plan::call::Parameter;
use crate::plan::{Plan, Scope, optimize};

/// A plan without its parameters.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) plan: Arc<Plan>,
    /// The parameters, by the place that each has in a scope.
    parameters: Vec<Parameter>,
    /// The types of the parameters; none of NULL.
    types: Vec<Option<DataType>>,
    /// The values that the plan was made for, and no others: from 0 on, in order.
    fixed: Vec<(usize, Value)>,
    /// The tables that it reads.
    tables: Vec<PlannedTable>,
}

/// A table as it was when a plan was made.
#[derive(Debug)]
struct PlannedTable {
    index: RelationIndex,
    id: TableId,
    described: Arc<[u8]>,
    rows: u64,
}

/// How many times as many rows a table may have until what reads it is planned anew.
const GROWTH: u64 = 4;

/// Below this number of rows a plan is as good as another.
const FEW_ROWS: u64 = 64;

impl Template {
    /// Plans a question for parameters of these types.
    pub(crate) fn new(core: &mut Core, query: &Query, parameters: &[ValueRef<'_>]) -> Fallible<Self> {
        let (mut plan, MadeFor { parameters: places, fixed, tables: found }) =
            bind::bind_template(&core.catalog, query, parameters)?;
        optimize::optimize(core, &mut plan)?;
        let mut tables = Vec::with_capacity(found.len());
        for index in found {
            let relation = core.catalog.relation(index)?;
            let (id, described, rows) = (relation.id, Arc::clone(&relation.described), relation.table.rows);
            tables.push(PlannedTable { index, id, described, rows });
        }
        let mut known = Vec::with_capacity(fixed.len());
        for number in fixed {
            if let Some(value) = parameters.get(number) {
                known.push((number, value.to_value()));
            }
        }
        let mut types = Vec::with_capacity(parameters.len());
        for value in parameters {
            types.push(type_of(*value));
        }
        Ok(Self { plan: plan.into(), parameters: places, types, fixed: known, tables })
    }

    /// Whether the plan is still the right one for these parameters: the tables are what they were, and of about as many
    /// rows.
    pub(crate) fn fits(&self, catalog: &Catalog, parameters: &[ValueRef<'_>]) -> bool {
        let is_alike = |(own, value): (&Option<DataType>, &ValueRef<'_>)| *own == type_of(*value);
        let is_same_table = |table: &PlannedTable| {
            catalog.relations.get(table.index).is_some_and(|relation| {
                let (least, most) = (relation.table.rows.min(table.rows), relation.table.rows.max(table.rows));
                relation.id == table.id
                    && most / GROWTH <= least.max(FEW_ROWS)
                    && (Arc::ptr_eq(&relation.described, &table.described) || relation.described == table.described)
            })
        };
        self.types.len() == parameters.len()
            && self.types.iter().zip(parameters).all(is_alike)
            && self.fixed.iter().all(|(number, value)| parameters.get(*number) == Some(&value.as_ref()))
            && self.tables.iter().all(is_same_table)
    }

    /// Says to the catalog that its tables were asked for, as making the plan does.
    pub(crate) fn note_tables(&self, catalog: &Catalog) {
        self.tables.iter().for_each(|table| catalog.note_named(Some(table.index)));
    }

    /// The scope of a run with these values.
    pub(crate) fn scope(&self, values: &[ValueRef<'_>]) -> Fallible<Scope> {
        let mut scope = Scope::default();
        self.fill(&mut scope, values)?;
        Ok(scope)
    }

    /// Puts these values into a scope of the plan.
    pub(crate) fn fill(&self, scope: &mut Scope, values: &[ValueRef<'_>]) -> Fallible<()> {
        if self.parameters.is_empty() {
            return Ok(());
        }
        // Where a scope inside still has those of the last run, they are left to it.
        let mut places = Arc::get_mut(&mut scope.parameters).map(std::mem::take).unwrap_or_default();
        places.clear();
        for parameter in &self.parameters {
            places.push(given(parameter, values)?);
        }
        match Arc::get_mut(&mut scope.parameters) {
            Some(own) => *own = places,
            None => scope.parameters = places.into(),
        }
        Ok(())
    }
}
