//! From a question to a way of answering it.
//!
//! [`Query`](wasm_dbms_api::Query) → [`bind`] (names become numbers, types are checked) → [`optimize`] (the order of the
//! tables, the access to each) → [`Plan`], which the executor walks and [`explain`] prints.

mod access;
mod bind;
mod call;
mod condition;
mod derived;
mod equality;
mod estimate;
mod explain;
mod expr;
mod figures;
mod flatten;
mod join_order;
mod key_range;
mod left;
mod like;
mod optimize;
mod scope;
mod semi_join;
mod template;
mod walk_order;
mod window;

pub use access::MAX_RANGES;
pub(crate) use access::{Access, Bound};
pub(crate) use bind::{Answers, bind_outputs, bind_row, bind_value};
pub use bind::{MAX_SOURCES, MAX_SOURCES_IN_ALL};
pub(crate) use derived::{Body, BodyKind, Derived, Rows};
pub(crate) use expr::{BoundExpr, Context, broken_row};
pub use figures::MAX_PLANNING_DESCENTS;
pub(crate) use key_range::KeyRange;
pub use scope::MAX_REMEMBERED_BYTES;
pub(crate) use scope::{Answer, Scope};
pub(crate) use template::Template;
pub(crate) use window::{BoundFrame, Edge, Input, Window, WindowOperator, WindowOrder, enable};

use std::sync::Arc;

use wasm_dbms_api::{AggregateFunction, DataType, Query, ValueRef};

use crate::catalog::{Catalog, Relation};
use crate::core::Core;
use crate::error::Fallible;
use crate::full::IS_FULL;
use crate::observed::Observed;

/// A question whose names are numbers and, once it was [optimised](optimize), a way of answering it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// Each source, in the order of the question.
    pub(crate) sources: Vec<PlanSource>,
    /// Everything that must hold of the rows, joins too, until it is known which step tests it.
    pub(crate) conjuncts: Vec<BoundExpr>,
    /// The sources in the order in which they are entered.
    pub(crate) steps: Arc<[Step]>,
    /// What must hold once, for any row to come.
    pub(crate) gate: Vec<BoundExpr>,
    pub(crate) grouping: Option<Grouping>,
    /// What must hold of a group.
    pub(crate) having: Vec<BoundExpr>,
    /// What each row of the answer holds: over the sources, or over the slots of a group.
    pub(crate) outputs: Vec<BoundExpr>,
    pub(crate) names: Arc<[String]>,
    pub(crate) is_distinct: bool,
    /// What remains to be sorted; empty if rows come in order.
    pub(crate) order: Vec<OrderKey>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
    /// The queries that expressions ask.
    pub(crate) subqueries: Vec<Subquery>,
    /// How many rows are expected to be joined.
    pub(crate) estimate: f64,
    /// What it is expected to cost, in rows of a scan.
    pub(crate) cost: f64,
}

/// Where rows come from, and whether they may be missing.
#[derive(Debug, Clone)]
pub(crate) struct PlanSource {
    pub(crate) rows: Rows,
    /// What makes them partners of the rows before, which stay without one, until it is known which step tests it; none: they
    /// are joined plainly.
    pub(crate) left: Option<Vec<BoundExpr>>,
}

/// A query that an expression asks.
#[derive(Debug, Clone)]
pub(crate) struct Subquery {
    pub(crate) plan: Box<Plan>,
    pub(crate) answers: Answers,
    /// The type in which the values of a set are compared, where that is another than their own.
    pub(crate) set_type: Option<DataType>,
    /// The expression as it was said, and what the query is given.
    text: String,
    arguments: Vec<BoundExpr>,
}

/// One source in a plan.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) source: usize,
    pub(crate) access: Access,
    /// What must hold once this source's row is there. Of a left join: what makes it a partner of the rows before.
    pub(crate) filters: Vec<BoundExpr>,
    /// As `filters`, but with the answers of other queries.
    pub(crate) asking: Vec<BoundExpr>,
    /// Of a left join: what must hold of the row, with NULLs if there was no partner.
    pub(crate) after: Option<Vec<BoundExpr>>,
    /// Whether its access is walked from its end.
    pub(crate) is_backward: bool,
    /// Whether it is asked for keys in their order, one for each row before: a merge join.
    pub(crate) is_merge: bool,
    /// How many rows are expected of it, for each row of the sources before.
    pub(crate) estimate: f64,
}

impl Step {
    /// Whether it is asked for keys in their order: never where merge joins are not looked for.
    #[inline]
    pub(crate) fn is_merge(&self) -> bool {
        IS_FULL && self.is_merge
    }

    /// Calls `visit` with every column that walking the rows reads.
    pub(crate) fn visit_columns(&self, visit: &mut dyn FnMut(usize, usize)) {
        for filters in [&self.filters, &self.asking].into_iter().chain(&self.after) {
            for filter in filters {
                filter.visit_columns(visit);
            }
        }
        self.access.visit(&mut |expr| expr.visit_columns(visit));
        if let Access::Kept { columns, .. } = &self.access {
            columns.iter().for_each(|column| visit(self.source, *column));
        }
    }
}

/// Rows that become one.
#[derive(Debug, Clone)]
pub(crate) struct Grouping {
    pub(crate) keys: Vec<BoundExpr>,
    pub(crate) aggregates: Vec<BoundAggregate>,
}

/// A value over the rows of a group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BoundAggregate {
    pub(crate) function: AggregateFunction,
    pub(crate) argument: Option<BoundExpr>,
    /// Rows for which this is not true are left out.
    pub(crate) filter: Option<BoundExpr>,
    /// What stands between texts.
    pub(crate) separator: Option<BoundExpr>,
    /// Whether equal values count once.
    pub(crate) is_distinct: bool,
}

impl BoundAggregate {
    /// Whether more is to be done than to add a value to a state.
    pub(crate) fn is_rare(&self) -> bool {
        self.is_distinct || (IS_FULL && (self.filter.is_some() || self.function == AggregateFunction::Concatenate))
    }
}

impl Grouping {
    /// Calls `visit` with all that the groups are computed from.
    #[inline(never)]
    pub(crate) fn visit<'g>(&'g self, visit: &mut dyn FnMut(&'g BoundExpr)) {
        self.keys.iter().for_each(&mut *visit);
        for BoundAggregate { argument, filter, separator, .. } in &self.aggregates {
            for part in [argument, filter, separator] {
                part.iter().for_each(&mut *visit);
            }
        }
    }

    /// As [`visit`](Self::visit), to change it.
    pub(super) fn visit_mut(&mut self, visit: &mut dyn FnMut(&mut BoundExpr)) {
        self.keys.iter_mut().for_each(&mut *visit);
        for BoundAggregate { argument, filter, separator, .. } in &mut self.aggregates {
            for part in [argument, filter, separator] {
                part.iter_mut().for_each(&mut *visit);
            }
        }
    }
}

/// One key of an order.
#[derive(Debug, Clone)]
pub(crate) struct OrderKey {
    pub(crate) expr: BoundExpr,
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

/// Plans a question without parameters.
pub(crate) fn plan(core: &mut Core, query: &Query) -> Fallible<Box<Plan>> {
    plan_with(core, query, &[])
}

/// Plans a question whose parameters have these values.
pub(crate) fn plan_with(core: &mut Core, query: &Query, parameters: &[ValueRef<'_>]) -> Fallible<Box<Plan>> {
    let mut plan = bind::bind(&core.catalog, query, parameters)?;
    optimize::optimize(core, &mut plan)?;
    Ok(plan)
}

impl PlanSource {
    /// Its table, or one that its rows could stand in.
    #[inline]
    fn relation<'a>(&'a self, catalog: &'a Catalog) -> Fallible<&'a Relation> {
        match &self.rows {
            Rows::Derived(derived) => Ok(&derived.relation),
            Rows::Table(relation) => catalog.relation(*relation),
        }
    }
}

impl Plan {
    /// The plan in words, a line a step.
    pub(crate) fn explain(&self, catalog: &Catalog) -> Fallible<String> {
        explain::explain(self, explain::Known { catalog, observed: None })
    }

    /// The plan in words, with what its steps came to.
    pub(crate) fn explain_observed(&self, catalog: &Catalog, observed: &Observed) -> Fallible<String> {
        explain::explain(self, explain::Known { catalog, observed: Some(observed) })
    }

    /// The table of a source.
    #[inline]
    pub(crate) fn relation<'a>(&'a self, catalog: &'a Catalog, source: usize) -> Fallible<&'a Relation> {
        match self.sources.get(source) {
            Some(source) => source.relation(catalog),
            None => catalog.relation(usize::MAX),
        }
    }

    /// Whether rows of tables are the answer, as they are joined.
    pub(crate) fn answers_rows(&self) -> bool {
        self.grouping.is_none() && !self.is_distinct && self.having.is_empty()
    }

    /// Whether its rows can be handed on as they are joined: nothing is put in order, and no query is asked for a value.
    pub(crate) fn is_walk(&self) -> bool {
        self.answers_rows() && self.order.is_empty() && !self.outputs.iter().any(BoundExpr::asks)
    }
}
