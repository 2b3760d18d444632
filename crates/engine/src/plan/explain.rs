//! A plan in words.

use std::fmt::Write;

use wasm_dbms_api::{FloatForm, float_text};

use crate::catalog::{Catalog, Relation};
use crate::error::Fallible;
use crate::observed::{Observed, ObservedPlan, ObservedStep};
use crate::plan::call::{Call, Operator};
use crate::plan::{Access, Body, Bound, BoundAggregate, BoundExpr, Derived, Plan, PlanSource, Step};

/// What is known beside the plan: the names of tables, and what the plan came to if it was observed.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) observed: Option<&'a Observed>,
}

struct Explain<'a> {
    plan: &'a Plan,
    catalog: &'a Catalog,
}

/// A line for each step, what is entered first at the top; what a step is made of is indented below it.
pub(super) fn explain(plan: &Plan, known: Known<'_>) -> Fallible<String> {
    let mut text = String::new();
    write_plan(plan, known, 0, &mut text)?;
    Ok(text)
}

fn line(text: &mut String, indent: usize, words: &str) {
    let _infallible = writeln!(text, "{}{words}", "  ".repeat(indent));
}

fn write_plan(plan: &Plan, known: Known<'_>, indent: usize, text: &mut String) -> Fallible<()> {
    let explain = Explain { plan, catalog: known.catalog };
    for filter in &plan.gate {
        line(text, indent, &format!("only if {}", explain.expr(filter)?));
    }
    for (depth, step) in plan.steps.iter().enumerate() {
        let verb = match (depth, &step.after) {
            (0, _) => "",
            (_, None) => "join ",
            (_, Some(_)) => "left join ",
        };
        let access = explain.access(step)?;
        let found = known.found(plan, depth);
        let estimate = float_text(step.estimate.ceil(), FloatForm::Plain);
        line(text, indent + depth, &format!("{verb}{access} (about {estimate} rows{found})"));
        for filter in step.filters.iter().chain(&step.asking) {
            line(text, indent + depth + 1, &format!("filter {}", explain.expr(filter)?));
        }
        for filter in step.after.iter().flatten() {
            line(text, indent + depth + 1, &format!("then filter {}", explain.expr(filter)?));
        }
        if let Some(PlanSource::Derived(derived)) = plan.sources.get(step.source) {
            write_body(derived, known, indent + depth + 2, text)?;
        }
    }
    if let Some(grouping) = &plan.grouping {
        let keys = explain.list(&grouping.keys)?;
        let aggregates = grouping.aggregates.iter().map(|aggregate| explain.aggregate(aggregate));
        let aggregates = aggregates.collect::<Fallible<Vec<_>>>()?.join(", ");
        let by = if keys.is_empty() { String::new() } else { format!(" by {keys}") };
        line(text, indent, &format!("group{by} computing {aggregates}"));
    }
    for filter in &plan.having {
        line(text, indent, &format!("having {}", explain.expr(filter)?));
    }
    if plan.is_distinct {
        line(text, indent, "distinct");
    }
    if !plan.order.is_empty() {
        let keys = plan
            .order
            .iter()
            .map(|key| Ok(format!("{}{}", explain.expr(&key.expr)?, if key.descending { " desc" } else { "" })));
        let how = if plan.limit.is_some() { "keep the top rows by" } else { "sort by" };
        line(text, indent, &format!("{how} {}", keys.collect::<Fallible<Vec<_>>>()?.join(", ")));
    }
    if let Some(limit) = plan.limit {
        line(text, indent, &format!("limit {limit}"));
    }
    if plan.offset > 0 {
        line(text, indent, &format!("offset {}", plan.offset));
    }
    // One that became a source is no more.
    let subqueries = plan.subqueries.iter().enumerate().filter(|(_, subquery)| !subquery.plan.steps.is_empty());
    for (number, subquery) in subqueries {
        line(text, indent, &format!("query {number}{}:", known.asked(&subquery.plan)));
        write_plan(&subquery.plan, known, indent + 1, text)?;
    }
    Ok(())
}

fn write_body(derived: &Derived, known: Known<'_>, indent: usize, text: &mut String) -> Fallible<()> {
    let body = &derived.body;
    match body {
        Body::Nothing | Body::Values(_) | Body::Working(_) => Ok(()),
        Body::Query(plan) => write_plan(plan, known, indent, text),
        Body::Windows { query, .. } => {
            write_plan(query, known, indent, text)?;
            for column in derived.relation.schema.columns.iter().skip(query.outputs.len()) {
                line(text, indent, &format!("window {}", column.name));
            }
            Ok(())
        }
        Body::Set { left, right, .. } | Body::Recursive { first: left, next: right, .. } => {
            write_plan(left, known, indent, text)?;
            let words = match body {
                Body::Set { operation, all, .. } => format!("{operation}{}", if *all { " all" } else { "" }),
                _ => "then with the rows found last".into(),
            };
            line(text, indent, &words.to_ascii_lowercase());
            write_plan(right, known, indent, text)
        }
    }
}

impl Known<'_> {
    /// How many rows a step of a plan came to.
    fn found(&self, plan: &Plan, step: usize) -> String {
        let Some(observed) = self.observed else { return String::new() };
        match observed.of(plan).and_then(|plan| plan.steps.get(step)) {
            Some(ObservedStep { entered: 1, rows }) => format!(", {rows} found"),
            Some(ObservedStep { entered: entered @ 2.., rows }) => format!(", {rows} found in {entered} walks"),
            _ => ", never walked".into(),
        }
    }

    /// How often a query inside another was asked, and how many rows it answered.
    fn asked(&self, plan: &Plan) -> String {
        let Some(observed) = self.observed else { return String::new() };
        match observed.of(plan) {
            Some(ObservedPlan { runs, answered, .. }) => format!(" (asked {runs} times, {answered} rows)"),
            None => " (never asked)".into(),
        }
    }
}

impl Explain<'_> {
    fn access(&self, step: &Step) -> Fallible<String> {
        let relation = self.plan.relation(self.catalog, step.source)?;
        let table = match self.plan.sources.get(step.source) {
            Some(PlanSource::Derived(derived)) => match &derived.body {
                Body::Nothing => "nothing",
                Body::Values(_) => "values",
                Body::Query(_) => "query",
                Body::Windows { .. } => "windows",
                Body::Set { .. } => "set",
                Body::Recursive { .. } => "recursive query",
                Body::Working(_) => "the rows found last",
            },
            _ => &relation.schema.name,
        };
        let backwards = if step.is_backward { " backwards" } else { "" };
        let merge = if step.is_merge() { "merge " } else { "" };
        Ok(format!("{merge}{}{backwards}", self.reach(&step.access, relation, table)?))
    }

    fn reach(&self, access: &Access, relation: &Relation, table: &str) -> Fallible<String> {
        let pairs = |columns: &[usize], values: &[BoundExpr]| {
            let pair = |(column, value): (&usize, &BoundExpr)| {
                Ok(format!("{} = {}", relation.column_name(*column), self.expr(value)?))
            };
            columns.iter().zip(values).map(pair).collect::<Fallible<Vec<_>>>()
        };
        Ok(match access {
            Access::Scan => format!("scan {table}"),
            Access::Kept { from, filters, columns, probe } => {
                let mut text = if columns.is_empty() { "keep ".to_owned() } else { "hash ".into() };
                text += &self.reach(from, relation, table)?;
                if !filters.is_empty() {
                    let filters = filters.iter().map(|filter| self.expr(filter)).collect::<Fallible<Vec<_>>>()?;
                    text += &format!(" where {}", filters.join(" and "));
                }
                if !columns.is_empty() {
                    text += &format!(" on {}", pairs(columns, probe)?.join(" and "));
                }
                text
            }
            Access::Union { ranges, .. } => match ranges.as_slice() {
                [] => format!("no row of {table}"),
                [first, .., last] if ranges.len() > 4 => {
                    let (first, last) = (self.reach(first, relation, table)?, self.reach(last, relation, table)?);
                    format!("{first}, then {} more to {last}", ranges.len() - 2)
                }
                ranges => {
                    let ranges = ranges.iter().map(|range| self.reach(range, relation, table));
                    ranges.collect::<Fallible<Vec<_>>>()?.join(", then ")
                }
            },
            Access::Range { index, equal, low, high } => {
                let (name, columns) = match index.and_then(|number| relation.indexes.get(number)) {
                    Some(index) => (format!("index {table}.{}", index.name), index.columns.clone()),
                    None => (format!("primary key of {table}"), relation.primary_key().to_vec()),
                };
                let mut conditions = pairs(&columns, equal)?;
                let next = columns.get(equal.len()).map_or("", |column| relation.column_name(*column));
                for (bound, including, excluding) in [(low, ">=", ">"), (high, "<=", "<")] {
                    match bound {
                        Some(Bound::Included(value)) => {
                            conditions.push(format!("{next} {including} {}", self.expr(value)?));
                        }
                        Some(Bound::Excluded(value)) => {
                            conditions.push(format!("{next} {excluding} {}", self.expr(value)?));
                        }
                        Some(Bound::Prefix(prefix)) if including == ">=" => {
                            conditions.push(format!("{next} begins with '{prefix}'"));
                        }
                        _ => {}
                    }
                }
                let conditions = conditions.join(" and ");
                format!("search {name}{}{conditions}", if conditions.is_empty() { "" } else { " with " })
            }
        })
    }

    fn list(&self, exprs: &[BoundExpr]) -> Fallible<String> {
        Ok(exprs.iter().map(|expr| self.expr(expr)).collect::<Fallible<Vec<_>>>()?.join(", "))
    }

    fn aggregate(&self, aggregate: &BoundAggregate) -> Fallible<String> {
        let argument = aggregate.argument.as_ref().map_or(Ok("*".to_owned()), |argument| self.expr(argument))?;
        let distinct = if aggregate.is_distinct { "distinct " } else { "" };
        let filter = match &aggregate.filter {
            Some(filter) => format!(" where {}", self.expr(filter)?),
            None => String::new(),
        };
        Ok(format!("{}({distinct}{argument}){filter}", aggregate.function))
    }

    fn expr(&self, expr: &BoundExpr) -> Fallible<String> {
        Ok(match expr {
            BoundExpr::Literal(value) => value.to_string(),
            BoundExpr::Column { source, column } => {
                let relation = self.plan.relation(self.catalog, *source)?;
                let (table, name) = (&relation.schema.name, relation.column_name(*column));
                if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") }
            }
            BoundExpr::Slot(slot) => match &self.plan.grouping {
                Some(grouping) => match grouping.keys.get(*slot) {
                    Some(key) => self.expr(key)?,
                    None => {
                        let aggregate = grouping.aggregates.get(slot - grouping.keys.len());
                        aggregate.map_or(Ok(String::new()), |aggregate| self.aggregate(aggregate))?
                    }
                },
                None => format!("slot {slot}"),
            },
            BoundExpr::Compare(comparison, left, right) => {
                format!("{} {comparison} {}", self.expr(left)?, self.expr(right)?)
            }
            BoundExpr::And(left, right) => format!("({} AND {})", self.expr(left)?, self.expr(right)?),
            BoundExpr::Or(left, right) => format!("({} OR {})", self.expr(left)?, self.expr(right)?),
            BoundExpr::Not(inner) => format!("NOT ({})", self.expr(inner)?),
            BoundExpr::IsNull(inner) => format!("{} IS NULL", self.expr(inner)?),
            BoundExpr::InList(inner, values) => format!("{} IN ({} values)", self.expr(inner)?, values.len()),
            BoundExpr::Like(inner, pattern) => format!("{} LIKE '{}'", self.expr(inner)?, pattern.text()),
            BoundExpr::Call(call) => self.call(call)?,
        })
    }

    fn call(&self, call: &Call) -> Fallible<String> {
        let name = match &call.operator {
            Operator::Parameter(parameter) => return Ok(format!("?{}", parameter.number + 1)),
            Operator::Outer(number, _) => return Ok(format!("outer {number}")),
            Operator::Arithmetic { operator, .. } => {
                let parts = call.arguments.iter().map(|argument| self.expr(argument)).collect::<Fallible<Vec<_>>>()?;
                return Ok(format!("({})", parts.join(&format!(" {operator} "))));
            }
            Operator::IsDistinct => "distinct".into(),
            Operator::Is(truth) => format!("is {truth}"),
            Operator::InList => "in".into(),
            Operator::Like { .. } => "like".into(),
            Operator::Negate => "-".into(),
            Operator::Case => "case".into(),
            Operator::Cast(data_type) => format!("cast to {data_type}"),
            Operator::Function(function) => function.name().into(),
            Operator::Exists(number) => format!("exists query {number}"),
            Operator::Scalar(number) => format!("query {number}"),
            Operator::InQuery(number) => format!("in query {number}"),
        };
        Ok(format!("{name}({})", self.list(&call.arguments)?))
    }
}
