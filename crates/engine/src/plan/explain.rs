//! A plan in words.

use std::fmt::{self, Write};

use wasm_dbms_api::{FloatForm, float_text};

use crate::Error;
use crate::catalog::{Catalog, Relation};
use crate::error::Fallible;
use crate::observed::{Observed, ObservedPlan, ObservedStep};
use crate::plan::call::{Call, Operator};
use crate::plan::{Access, Body, BodyKind, Bound, BoundAggregate, BoundExpr, Derived, Plan, PlanSource, Rows, Step};

/// What is known beside the plan: the names of tables, and what the plan came to if it was observed.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) observed: Option<&'a Observed>,
}

/// A line for each step, what is entered first at the top; what a step is made of is indented below it.
pub(super) fn explain(plan: &Plan, known: Known<'_>) -> Fallible<String> {
    let mut words = Words { known, text: String::new(), fault: None };
    words.plan(plan, 0);
    words.fault.map_or(Ok(words.text), Err)
}

/// The words so far. They are only added to: nothing is put together first and copied then.
struct Words<'a> {
    known: Known<'a>,
    text: String,
    /// Why a table has no name.
    fault: Option<Box<Error>>,
}

impl<'a> Words<'a> {
    #[inline(never)]
    fn say(&mut self, words: &str) {
        self.text.push_str(words);
    }

    #[inline(never)]
    fn tell(&mut self, words: &dyn fmt::Display) {
        let _infallible = write!(self.text, "{words}");
    }

    /// Begins a line.
    #[inline(never)]
    fn begin(&mut self, indent: usize, words: &str) {
        for _ in 0..indent {
            self.say("  ");
        }
        self.say(words);
    }

    /// A line of an expression.
    fn line(&mut self, plan: &Plan, indent: usize, words: &str, expr: &BoundExpr) {
        self.begin(indent, words);
        self.expr(plan, expr);
        self.say("\n");
    }

    fn relation<'p>(&mut self, plan: &'p Plan, source: usize) -> Option<&'p Relation>
    where
        'a: 'p,
    {
        plan.relation(self.known.catalog, source).map_err(|error| self.fault = Some(error)).ok()
    }

    fn plan(&mut self, plan: &Plan, indent: usize) {
        for filter in &plan.gate {
            self.line(plan, indent, "only if ", filter);
        }
        for (depth, step) in plan.steps.iter().enumerate() {
            let indent = indent + depth;
            let verb = match (depth, &step.after) {
                (0, _) => "",
                (_, None) => "join ",
                (_, Some(_)) => "left join ",
            };
            self.begin(indent, verb);
            self.access(plan, step);
            self.say(" (about ");
            self.say(&float_text(step.estimate.ceil(), FloatForm::Plain));
            self.say(" rows");
            self.found(plan, depth);
            self.say(")\n");
            for filter in step.filters.iter().chain(&step.asking) {
                self.line(plan, indent + 1, "filter ", filter);
            }
            for filter in step.after.iter().flatten() {
                self.line(plan, indent + 1, "then filter ", filter);
            }
            if let Some(PlanSource { rows: Rows::Derived(derived), .. }) = plan.sources.get(step.source) {
                self.body(derived, indent + 2);
            }
        }
        if let Some(grouping) = &plan.grouping {
            self.begin(indent, "group");
            if !grouping.keys.is_empty() {
                self.say(" by ");
                self.list(plan, &grouping.keys, ", ");
            }
            self.say(" computing ");
            for (number, aggregate) in grouping.aggregates.iter().enumerate() {
                self.say(if number > 0 { ", " } else { "" });
                self.aggregate(plan, aggregate);
            }
            self.say("\n");
        }
        for filter in &plan.having {
            self.line(plan, indent, "having ", filter);
        }
        if plan.is_distinct {
            self.begin(indent, "distinct\n");
        }
        for (number, key) in plan.order.iter().enumerate() {
            match number {
                0 => self.begin(indent, if plan.limit.is_some() { "keep the top rows by " } else { "sort by " }),
                _ => self.say(", "),
            }
            self.expr(plan, &key.expr);
            self.say(if key.descending { " desc" } else { "" });
            self.say(if number + 1 == plan.order.len() { "\n" } else { "" });
        }
        for (words, number) in [("limit ", plan.limit), ("offset ", Some(plan.offset).filter(|offset| *offset > 0))] {
            if let Some(number) = number {
                self.begin(indent, words);
                self.tell(&number);
                self.say("\n");
            }
        }
        for (number, subquery) in plan.subqueries.iter().enumerate() {
            // One that became a source is no more.
            if !subquery.plan.steps.is_empty() {
                self.begin(indent, "query ");
                self.tell(&number);
                self.asked(&subquery.plan);
                self.say(":\n");
                self.plan(&subquery.plan, indent + 1);
            }
        }
    }

    fn body(&mut self, derived: &Derived, indent: usize) {
        let Body { kind, queries } = &derived.body;
        for (number, plan) in queries.iter().enumerate() {
            if number > 0 {
                self.begin(indent, "");
                match kind {
                    BodyKind::Set { operation, all } => {
                        self.say(&operation.to_string().to_ascii_lowercase());
                        self.say(if *all { " all\n" } else { "\n" });
                    }
                    _ => self.say("then with the rows found last\n"),
                }
            }
            self.plan(plan, indent);
        }
        if let (BodyKind::Windows(_), [query]) = (kind, queries.as_slice()) {
            for column in derived.relation.schema.columns.iter().skip(query.outputs.len()) {
                self.begin(indent, "window ");
                self.say(&column.name);
                self.say("\n");
            }
        }
    }

    /// How many rows a step of a plan came to.
    fn found(&mut self, plan: &Plan, step: usize) {
        let Some(observed) = self.known.observed else { return };
        match observed.of(plan).and_then(|plan| plan.steps.get(step)) {
            Some(ObservedStep { entered: 1, rows }) => self.tell(&format_args!(", {rows} found")),
            Some(ObservedStep { entered: entered @ 2.., rows }) => {
                self.tell(&format_args!(", {rows} found in {entered} walks"));
            }
            _ => self.say(", never walked"),
        }
    }

    /// How often a query inside another was asked, and how many rows it answered.
    fn asked(&mut self, plan: &Plan) {
        let Some(observed) = self.known.observed else { return };
        match observed.of(plan) {
            Some(ObservedPlan { runs, answered, .. }) => {
                self.tell(&format_args!(" (asked {runs} times, {answered} rows)"));
            }
            None => self.say(" (never asked)"),
        }
    }

    fn access(&mut self, plan: &Plan, step: &Step) {
        let Some(relation) = self.relation(plan, step.source) else { return };
        let table = match plan.sources.get(step.source) {
            Some(PlanSource { rows: Rows::Derived(derived), .. }) => match &derived.body.kind {
                BodyKind::Nothing => "nothing",
                BodyKind::Values(_) => "values",
                BodyKind::Query => "query",
                BodyKind::Windows(_) => "windows",
                BodyKind::Set { .. } => "set",
                BodyKind::Recursive { .. } => "recursive query",
                BodyKind::Working(_) => "the rows found last",
            },
            _ => &relation.schema.name,
        };
        self.say(if step.is_merge() { "merge " } else { "" });
        self.reach(plan, &step.access, relation, table);
        self.say(if step.is_backward { " backwards" } else { "" });
    }

    fn reach(&mut self, plan: &Plan, access: &Access, relation: &Relation, table: &str) {
        match access {
            Access::Scan => {
                self.say("scan ");
                self.say(table);
            }
            Access::Kept { from, filters, columns, probe } => {
                self.say(if columns.is_empty() { "keep " } else { "hash " });
                self.reach(plan, from, relation, table);
                if !filters.is_empty() {
                    self.say(" where ");
                    self.list(plan, filters, " and ");
                }
                let mut conditions = Conditions { words: self, plan, relation, before: " on " };
                conditions.pairs(columns, probe);
            }
            Access::Union { ranges, .. } => match ranges.as_slice() {
                [] => {
                    self.say("no row of ");
                    self.say(table);
                }
                [first, .., last] if ranges.len() > 4 => {
                    self.reach(plan, first, relation, table);
                    self.tell(&format_args!(", then {} more to ", ranges.len() - 2));
                    self.reach(plan, last, relation, table);
                }
                ranges => {
                    for (number, range) in ranges.iter().enumerate() {
                        self.say(if number > 0 { ", then " } else { "" });
                        self.reach(plan, range, relation, table);
                    }
                }
            },
            Access::Range { index, equal, low, high } => {
                let columns = match index.and_then(|number| relation.indexes.get(number)) {
                    Some(index) => {
                        self.tell(&format_args!("search index {table}.{}", index.name));
                        &*index.columns
                    }
                    None => {
                        self.say("search primary key of ");
                        self.say(table);
                        relation.primary_key()
                    }
                };
                let mut conditions = Conditions { words: self, plan, relation, before: " with " };
                conditions.pairs(columns, equal);
                let next = columns.get(equal.len()).map_or("", |column| relation.column_name(*column));
                for (bound, including, excluding) in [(low, " >= ", " > "), (high, " <= ", " < ")] {
                    match bound {
                        Some(Bound::Included(value)) => conditions.pair(next, including, value),
                        Some(Bound::Excluded(value)) => conditions.pair(next, excluding, value),
                        Some(Bound::Prefix(prefix)) if including == " >= " => {
                            let words = conditions.begin(next);
                            words.tell(&format_args!(" begins with '{prefix}'"));
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    fn list(&mut self, plan: &Plan, exprs: &[BoundExpr], between: &str) {
        for (number, expr) in exprs.iter().enumerate() {
            self.say(if number > 0 { between } else { "" });
            self.expr(plan, expr);
        }
    }

    fn aggregate(&mut self, plan: &Plan, aggregate: &BoundAggregate) {
        self.tell(&aggregate.function);
        self.say(if aggregate.is_distinct { "(distinct " } else { "(" });
        match &aggregate.argument {
            Some(argument) => self.expr(plan, argument),
            None => self.say("*"),
        }
        self.say(")");
        if let Some(filter) = &aggregate.filter {
            self.say(" where ");
            self.expr(plan, filter);
        }
    }

    fn expr(&mut self, plan: &Plan, expr: &BoundExpr) {
        match expr {
            BoundExpr::Literal(value) => self.tell(value),
            BoundExpr::Column { source, column } => {
                let Some(relation) = self.relation(plan, *source) else { return };
                let table = &relation.schema.name;
                if !table.is_empty() {
                    self.say(table);
                    self.say(".");
                }
                self.say(relation.column_name(*column));
            }
            BoundExpr::Slot(slot) => match &plan.grouping {
                Some(grouping) => match grouping.keys.get(*slot) {
                    Some(key) => self.expr(plan, key),
                    None => {
                        if let Some(aggregate) = grouping.aggregates.get(slot - grouping.keys.len()) {
                            self.aggregate(plan, aggregate);
                        }
                    }
                },
                None => self.tell(&format_args!("slot {slot}")),
            },
            BoundExpr::Compare(comparison, left, right) => {
                self.expr(plan, left);
                self.tell(&format_args!(" {comparison} "));
                self.expr(plan, right);
            }
            BoundExpr::And(left, right) | BoundExpr::Or(left, right) => {
                self.say("(");
                self.expr(plan, left);
                self.say(if matches!(expr, BoundExpr::And(..)) { " AND " } else { " OR " });
                self.expr(plan, right);
                self.say(")");
            }
            BoundExpr::Not(inner) => {
                self.say("NOT (");
                self.expr(plan, inner);
                self.say(")");
            }
            BoundExpr::IsNull(inner) => {
                self.expr(plan, inner);
                self.say(" IS NULL");
            }
            BoundExpr::InList(inner, values) => {
                self.expr(plan, inner);
                self.tell(&format_args!(" IN ({} values)", values.len()));
            }
            BoundExpr::Like(inner, pattern) => {
                self.expr(plan, inner);
                self.tell(&format_args!(" LIKE '{}'", pattern.text()));
            }
            BoundExpr::Call(call) => self.call(plan, call),
        }
    }

    fn call(&mut self, plan: &Plan, call: &Call) {
        match &call.operator {
            Operator::Parameter { number, .. } => return self.tell(&format_args!("?{}", number + 1)),
            Operator::Outer(number, _) => return self.tell(&format_args!("outer {number}")),
            Operator::Arithmetic { operator, .. } => {
                self.say("(");
                self.list(plan, &call.arguments, &format!(" {operator} "));
                return self.say(")");
            }
            Operator::IsDistinct => self.say("distinct"),
            Operator::Is(truth) => self.say(if *truth { "is true" } else { "is false" }),
            Operator::InList => self.say("in"),
            Operator::Like { .. } => self.say("like"),
            Operator::Negate => self.say("-"),
            Operator::Case => self.say("case"),
            Operator::Cast(data_type) => self.tell(&format_args!("cast to {data_type}")),
            Operator::Function(function) => self.say(function.name()),
            Operator::Exists(number) | Operator::Scalar(number) | Operator::InQuery(number) => {
                self.say(match call.operator {
                    Operator::Exists(_) => "exists query ",
                    Operator::Scalar(_) => "query ",
                    _ => "in query ",
                });
                self.tell(number);
            }
        }
        self.say("(");
        self.list(plan, &call.arguments, ", ");
        self.say(")");
    }
}

/// Conditions of columns of one table, with AND between them.
struct Conditions<'w, 'a> {
    words: &'w mut Words<'a>,
    plan: &'w Plan,
    relation: &'w Relation,
    /// What stands before the next.
    before: &'static str,
}

impl<'a> Conditions<'_, 'a> {
    fn begin(&mut self, column: &str) -> &mut Words<'a> {
        self.words.say(std::mem::replace(&mut self.before, " and "));
        self.words.say(column);
        self.words
    }

    fn pair(&mut self, column: &str, comparison: &str, value: &BoundExpr) {
        let plan = self.plan;
        let words = self.begin(column);
        words.say(comparison);
        words.expr(plan, value);
    }

    fn pairs(&mut self, columns: &[usize], values: &[BoundExpr]) {
        for (column, value) in columns.iter().zip(values) {
            self.pair(self.relation.column_name(*column), " = ", value);
        }
    }
}
