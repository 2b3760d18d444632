//! A plan in words.

use std::fmt::Write;

use crate::Result;
use crate::catalog::Catalog;
use crate::plan::{Access, Bound, BoundAggregate, BoundExpr, Plan, Step};

struct Explain<'a> {
    plan: &'a Plan,
    catalog: &'a Catalog,
}

/// A line for each step, what is entered first at the top.
pub(crate) fn explain(plan: &Plan, catalog: &Catalog) -> Result<String> {
    let explain = Explain { plan, catalog };
    let mut text = String::new();
    for (depth, step) in plan.steps.iter().enumerate() {
        let verb = if depth == 0 { "" } else { "join " };
        let indent = "  ".repeat(depth);
        let access = explain.access(step)?;
        let _infallible = writeln!(text, "{indent}{verb}{access} (about {:.0} rows)", step.estimate.ceil());
        for filter in &step.filters {
            let _infallible = writeln!(text, "{indent}  filter {}", explain.expr(filter)?);
        }
    }
    if let Some(grouping) = &plan.grouping {
        let keys = explain.list(&grouping.keys)?;
        let aggregates = grouping.aggregates.iter().map(|aggregate| explain.aggregate(aggregate));
        let aggregates = aggregates.collect::<Result<Vec<_>>>()?.join(", ");
        let by = if keys.is_empty() { String::new() } else { format!(" by {keys}") };
        let _infallible = writeln!(text, "group{by} computing {aggregates}");
    }
    if !plan.order.is_empty() {
        let keys = plan
            .order
            .iter()
            .map(|key| Ok(format!("{}{}", explain.expr(&key.expr)?, if key.descending { " desc" } else { "" })));
        let how = if plan.limit.is_some() { "keep the top rows by" } else { "sort by" };
        let _infallible = writeln!(text, "{how} {}", keys.collect::<Result<Vec<_>>>()?.join(", "));
    }
    if let Some(limit) = plan.limit {
        let _infallible = writeln!(text, "limit {limit}");
    }
    if plan.offset > 0 {
        let _infallible = writeln!(text, "offset {}", plan.offset);
    }
    Ok(text)
}

impl Explain<'_> {
    fn access(&self, step: &Step) -> Result<String> {
        let relation = self.catalog.relation(step.relation)?;
        let table = &relation.schema.name;
        Ok(match &step.access {
            Access::Scan => format!("scan {table}"),
            Access::Hash { column, probe } => {
                format!("hash {table} on {} = {}", relation.column_name(*column), self.expr(probe)?)
            }
            Access::Range { index, equal, low, high } => {
                let (name, columns) = match index.and_then(|number| relation.indexes.get(number)) {
                    Some(index) => (format!("index {table}.{}", index.name), index.columns.clone()),
                    None => (format!("primary key of {table}"), relation.primary_key().to_vec()),
                };
                let mut conditions = Vec::new();
                for (column, value) in columns.iter().zip(equal) {
                    conditions.push(format!("{} = {}", relation.column_name(*column), self.expr(value)?));
                }
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
                format!("search {name} with {}", conditions.join(" and "))
            }
        })
    }

    fn list(&self, exprs: &[BoundExpr]) -> Result<String> {
        Ok(exprs.iter().map(|expr| self.expr(expr)).collect::<Result<Vec<_>>>()?.join(", "))
    }

    fn aggregate(&self, aggregate: &BoundAggregate) -> Result<String> {
        let argument = aggregate.argument.as_ref().map_or(Ok("*".to_owned()), |argument| self.expr(argument))?;
        Ok(format!("{}({argument})", aggregate.function))
    }

    fn expr(&self, expr: &BoundExpr) -> Result<String> {
        Ok(match expr {
            BoundExpr::Literal(value) => value.to_string(),
            BoundExpr::Column { source, column } => {
                let relation = self.catalog.relation(self.plan.sources.get(*source).copied().unwrap_or(0))?;
                format!("{}.{}", relation.schema.name, relation.column_name(*column))
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
        })
    }
}
