//! Names become numbers, types are checked.

mod expr;
mod fault;
mod from;
mod group;
mod kind;
mod names;
mod row;
mod window;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use wasm_dbms_api::{
    ColumnRef, DataType, Expr, MAX_EXPRESSION_DEPTH, Name, Nulls, Output, Part, Query, Value, ValueRef,
};

use crate::catalog::{Catalog, RelationIndex};
use crate::error::Fallible;
use crate::full::IS_FULL;
use crate::plan::bind::expr::cast_to;
use crate::plan::bind::fault::Fault;
use crate::plan::bind::names::Commons;
use crate::plan::call::{Operator, Parameter, is_missing};
use crate::plan::window as windows;
use crate::plan::{BoundExpr, Grouping, OrderKey, Plan, Rows};

pub(super) use from::relation_of;
pub(super) use kind::Kind;
pub(super) use names::Block;
pub(crate) use row::{bind_outputs, bind_row, bind_value};
pub(super) use window::{BlockWindows, no_windows};

/// The most tables in one block of a question.
pub const MAX_SOURCES: usize = 64;

/// The most tables, queries and lists of values in one question, each counted as often as it is named.
pub const MAX_SOURCES_IN_ALL: usize = 1024;

/// An expression with what is known of its values.
#[derive(Clone)]
pub(super) struct Typed<'c> {
    expr: BoundExpr,
    kind: Kind<'c>,
}

impl Typed<'_> {
    /// NULL: what stands for anything where something is wrong.
    #[inline(never)]
    fn nothing() -> Self {
        Typed { expr: BoundExpr::Literal(Value::Null), kind: Kind::UNKNOWN }
    }
}

/// What is taken of the answer of a query in an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// Whether it has a row.
    Exists,
    /// Its one value.
    Scalar,
    /// All values of its one column.
    Set,
}

impl Plan {
    /// Takes only whether there is a row.
    fn answers_one_row(&mut self) {
        self.limit = Some(self.limit.unwrap_or(1).min(1));
        self.order.clear();
        if self.grouping.is_none() && !self.is_distinct {
            self.outputs = vec![BoundExpr::Literal(Value::Bool(true))];
        }
    }
}

/// What is the same for all blocks of a question.
pub(super) struct Binder<'c> {
    catalog: &'c Catalog,
    parameters: &'c [ValueRef<'c>],
    /// Whether a text is read as what it stands beside: [`Query::reads_text`].
    reads_text: bool,
    /// Of a plan for other values too: what it is made for.
    made_for: Option<RefCell<MadeFor>>,
    sources: Cell<usize>,
    recursions: Cell<usize>,
    /// What is wrong with the question.
    fault: Fault,
}

/// What a plan is made for that is run with many values.
#[derive(Default)]
pub(in crate::plan) struct MadeFor {
    /// The parameters, by the place that each has in a scope; one that stands in many places as the same is there once.
    pub(in crate::plan) parameters: Vec<Parameter>,
    /// Those whose values it is made for all the same, by number from 0.
    pub(in crate::plan) fixed: Vec<usize>,
    /// The tables that it reads.
    pub(in crate::plan) tables: Vec<RelationIndex>,
}

impl<'c> Binder<'c> {
    #[inline(never)]
    fn new(
        catalog: &'c Catalog,
        parameters: &'c [ValueRef<'c>],
        reads_text: bool,
        made_for: Option<RefCell<MadeFor>>,
    ) -> Self {
        let (sources, recursions) = (Cell::new(0), Cell::new(0));
        Self { catalog, parameters, reads_text, made_for, sources, recursions, fault: Fault::default() }
    }

    /// The parameter of a number, from 1 on.
    fn parameter(&self, number: u32) -> Typed<'c> {
        let Some(index) = (number as usize).checked_sub(1) else {
            self.fault.say(format_args!("parameters are counted from ?1"));
            return Typed::nothing();
        };
        let Some(value) = self.parameters.get(index) else {
            self.fault.keep(is_missing(index));
            return Typed::nothing();
        };
        let kind = Kind::of_value(*value);
        let expr = match self.made_for {
            // NULL is of no type, and so in a plan of its own.
            Some(_) if !value.is_null() => {
                let place = self.place_of(index, kind);
                Operator::Parameter { number: index, place, data_type: kind.data_type }.of(Vec::new())
            }
            _ => BoundExpr::Literal(value.to_value()),
        };
        Typed { expr, kind }
    }

    /// The place of the parameter of a number, from 0 on, where it is of this kind.
    fn place_of(&self, number: usize, kind: Kind<'_>) -> usize {
        let Some(made_for) = &self.made_for else { return usize::MAX };
        let parameters = &mut made_for.borrow_mut().parameters;
        let own = Parameter { number, data_type: kind.data_type, variants: kind.variants.to_vec() };
        parameters.iter().position(|other| *other == own).unwrap_or_else(|| {
            parameters.push(own);
            parameters.len() - 1
        })
    }

    /// Notes that a table is read.
    fn note_table(&self, table: RelationIndex) {
        if let Some(made_for) = &self.made_for {
            let tables = &mut made_for.borrow_mut().tables;
            if !tables.contains(&table) {
                tables.push(table);
            }
        }
    }

    /// Puts the value of a parameter in where the plan depends on it.
    fn fix(&self, expr: &mut BoundExpr) {
        if let BoundExpr::Call(call) = expr
            && let Operator::Parameter { number, .. } = &call.operator
            && let (Some(made_for), Some(value)) = (&self.made_for, self.parameters.get(*number))
        {
            made_for.borrow_mut().fixed.push(*number);
            *expr = BoundExpr::Literal(value.to_value());
        }
    }

    fn count_source(&self) {
        self.sources.set(self.sources.get() + 1);
        if self.sources.get() > MAX_SOURCES_IN_ALL {
            self.fault.say(format_args!("a question names at most {MAX_SOURCES_IN_ALL} sources"));
        }
    }
}

/// Resolves a question whose parameters have these values.
pub(crate) fn bind(catalog: &Catalog, query: &Query, parameters: &[ValueRef<'_>]) -> Fallible<Box<Plan>> {
    let binder = Binder::new(catalog, parameters, query.reads_text, None);
    let query = bind_whole(&binder, query);
    binder.fault.end()?;
    Ok(query)
}

/// Resolves a question whose parameters will have values of the types of these. Also what it is made for.
pub(crate) fn bind_template(
    catalog: &Catalog,
    query: &Query,
    parameters: &[ValueRef<'_>],
) -> Fallible<(Box<Plan>, MadeFor)> {
    let binder = Binder::new(catalog, parameters, query.reads_text, Some(RefCell::default()));
    let query = bind_whole(&binder, query);
    binder.fault.end()?;
    Ok((query, binder.made_for.unwrap_or_default().into_inner()))
}

/// Resolves a query that is in no other.
fn bind_whole<'b>(binder: &'b Binder<'_>, query: &'b Query) -> Box<Plan> {
    let (mut bound, _, columns) = bind_query(binder, None, None, query, 0);
    bound.names = names_of(columns);
    bound
}

fn names_of(columns: Vec<(Name, Kind<'_>)>) -> Arc<[String]> {
    let mut names = Vec::with_capacity(columns.len());
    for (name, _) in columns {
        names.push(name.into_owned());
    }
    names.into()
}

/// The type of a parameter's value; none of NULL.
pub(crate) fn type_of(value: ValueRef<'_>) -> Option<DataType> {
    Kind::of_value(value).data_type
}

/// The value of a parameter, as it is compared where it stands.
pub(crate) fn given(parameter: &Parameter, values: &[ValueRef<'_>]) -> Fallible<Value> {
    let Some(value) = values.get(parameter.number) else { return Err(is_missing(parameter.number)) };
    let mut value = value.to_value();
    let kind = Kind { data_type: parameter.data_type, variants: &parameter.variants };
    let fault = Fault::default();
    kind.read(&mut value, &Expr::Parameter(u32::try_from(parameter.number + 1).unwrap_or(u32::MAX)), true, &fault);
    fault.end()?;
    Ok(value)
}

type Nested<'c> = (Box<Plan>, Vec<BoundExpr>, Vec<(Name, Kind<'c>)>);

/// Resolves a query inside another: what it is given of the row around, and its columns.
fn bind_query<'b, 'c>(
    binder: &'b Binder<'c>,
    parent: Option<&'b Block<'b, 'c>>,
    commons: Option<Rc<Commons<'b>>>,
    query: &'b Query,
    depth: usize,
) -> Nested<'c> {
    if depth > MAX_EXPRESSION_DEPTH {
        binder.fault.say(format_args!("a question is nested deeper than {MAX_EXPRESSION_DEPTH}"));
    }
    if binder.fault.is_there() {
        return Nested::default();
    }
    let mut block = Block::new(binder, parent, commons_of(query, commons));
    let mut bound = Box::default();
    block.from(query, &mut bound, depth);
    if let Some(filter) = &query.filter {
        block.conjuncts(filter, &mut bound.conjuncts, depth);
    }
    let columns = block.answer(query, &mut bound, depth);
    bound.limit = block.count("limit", query.limit.as_ref(), depth);
    bound.offset = block.count("offset", query.offset.as_ref(), depth).unwrap_or(0);
    bound.subqueries = block.subqueries.into_inner();
    (bound, block.outer.into_inner(), columns)
}

/// The queries that have names in a query, where these have names around it.
fn commons_of<'b>(query: &'b Query, around: Option<Rc<Commons<'b>>>) -> Option<Rc<Commons<'b>>> {
    let mut commons = around;
    if IS_FULL {
        for table in &query.with {
            commons = Some(Rc::new(Commons { table, before: commons, working: None }));
        }
    }
    commons
}

impl<'b, 'c> Block<'b, 'c> {
    #[inline(never)]
    fn new(binder: &'b Binder<'c>, parent: Option<&'b Block<'b, 'c>>, commons: Option<Rc<Commons<'b>>>) -> Self {
        Self {
            binder,
            parent,
            entries: Vec::new(),
            outer: Cell::default(),
            subqueries: Cell::default(),
            aggregates: Cell::default(),
            aggregate_kinds: Cell::default(),
            windows: Cell::default(),
            ordered: Cell::default(),
            commons,
        }
    }

    /// Resolves a query inside this one.
    fn nested(&self, query: &Query, depth: usize) -> Nested<'c> {
        bind_query(self.binder, Some(self), self.commons.clone(), query, depth)
    }

    /// A number of rows, if there is one; none of NULL.
    fn count(&self, what: &str, expr: Option<&Expr>, depth: usize) -> Option<u64> {
        let expr = expr?;
        let mut bound = self.bind(expr, depth).expr;
        self.binder.fix(&mut bound);
        match &bound {
            BoundExpr::Literal(Value::Null) => None,
            BoundExpr::Literal(Value::Integer(number)) if *number >= 0 => Some(number.unsigned_abs()),
            BoundExpr::Literal(Value::Unsigned(number)) => Some(*number),
            _ => {
                self.binder.fault.say(format_args!("{what} {expr}: it must be a whole number from 0 on"));
                None
            }
        }
    }

    /// What the rows of the answer hold, and in what order they come.
    fn answer(&self, query: &Query, bound: &mut Box<Plan>, depth: usize) -> Vec<(Name, Kind<'c>)> {
        let fault = &self.binder.fault;
        self.aggregates.set(Some(Vec::new()));
        if IS_FULL {
            self.windows.set(windows::of_block(self.binder.catalog));
        }
        let mut columns = Vec::new();
        for output in &query.columns {
            self.output(output, bound, &mut columns, depth);
        }
        if query.columns.is_empty() && query.group_by.is_empty() && query.having.is_none() {
            self.every(None, bound, &mut columns);
        }
        let windows = self.windows.take();
        let keys = self.group_keys(query, bound, &columns, depth);
        if query.columns.is_empty() && columns.is_empty() {
            for (expr, key) in query.group_by.iter().zip(&keys) {
                bound.push_output(name_of(expr), key.clone(), &mut columns);
            }
        }
        if let Some(having) = &query.having {
            self.condition(having, depth).split_conjunction(&mut bound.having);
        }
        self.windows.set(windows);
        for key in &query.order_by {
            let Typed { expr, kind } = self.order_key(&key.expr, bound, &columns, depth);
            kind.check_order(&key.expr, fault);
            // NULLs count as smallest.
            let nulls_first = key.nulls.map_or(!key.descending, |nulls| nulls == Nulls::First);
            bound.order.push(OrderKey { expr, descending: key.descending, nulls_first });
        }
        bound.is_distinct = query.distinct;
        let aggregates = self.aggregates.take().unwrap_or_default();
        let windows = self.windows.take();
        if IS_FULL && let Some(windows) = &windows {
            // What windows are computed from is as outputs are, of groups too.
            windows.add_inputs(&mut bound.outputs);
        }
        if !keys.is_empty() || !aggregates.is_empty() || query.having.is_some() {
            let mut exprs = Vec::with_capacity(keys.len());
            for key in &keys {
                exprs.push(key.expr.clone());
            }
            self.group(bound, Grouping { keys: exprs, aggregates });
            if IS_FULL && let Some(ordered) = self.ordered.take() {
                ordered.place_below(self, bound, &keys);
            }
        }
        if bound.is_distinct {
            let outputs = bound.outputs.get(..columns.len()).unwrap_or_default();
            for (key, said) in bound.order.iter().zip(&query.order_by) {
                if !outputs.contains(&key.expr) {
                    fault.of(said, format_args!("distinct rows can be ordered by what they hold only"));
                }
            }
        }
        if IS_FULL && let Some(windows) = windows {
            windows.place(self, query, bound, (columns.len(), &keys));
        }
        columns
    }

    /// One value, or every column.
    fn output(&self, output: &Output, bound: &mut Plan, columns: &mut Vec<(Name, Kind<'c>)>, depth: usize) {
        match output {
            Output::Expr(expr, alias) => {
                let name = alias.clone().unwrap_or_else(|| name_of(expr));
                bound.push_output(name, self.bind(expr, depth), columns);
            }
            Output::Every => self.every(None, bound, columns),
            Output::EveryOf(source) => self.every(Some(source), bound, columns),
        }
    }

    /// Every column of every source, or of one.
    fn every(&self, of: Option<&Name>, bound: &mut Plan, columns: &mut Vec<(Name, Kind<'c>)>) {
        let mut is_known = of.is_none();
        for entry in &self.entries {
            if of.is_some() && entry.name.as_ref() != of {
                continue;
            }
            is_known = true;
            for number in 0.. {
                let Some((name, kind)) = entry.column(number) else { break };
                if of.is_none() && entry.merged.contains(&name) {
                    continue;
                }
                bound.push_output(name, Typed { expr: entry.expr(number), kind }, columns);
            }
        }
        if let Some(name) = of
            && !is_known
        {
            self.binder.fault.unknown("table", name);
        }
    }

    /// What an order or a group is by: an output by its name or number, or an expression.
    fn order_key(&self, expr: &Expr, bound: &Plan, columns: &[(Name, Kind<'c>)], depth: usize) -> Typed<'c> {
        let mut outputs = bound.outputs.iter().zip(columns);
        match expr {
            Expr::Literal(Value::Integer(number)) => {
                let index = usize::try_from(*number).ok().and_then(|number| number.checked_sub(1));
                if let Some((expr, (_, kind))) = index.and_then(|index| outputs.nth(index)) {
                    return Typed { expr: expr.clone(), kind: *kind };
                }
                self.binder.fault.say(format_args!("there is no output {number}: there are {}", columns.len()));
            }
            Expr::Column(ColumnRef { table: None, column }) => {
                let mut named = outputs.filter(|(_, (name, _))| name == column);
                if let Some((expr, (_, kind))) = named.next()
                    && named.next().is_none_or(|(other, _)| other == expr)
                {
                    return Typed { expr: expr.clone(), kind: *kind };
                }
            }
            _ => {}
        }
        self.bind(expr, depth)
    }

    /// Makes the outputs of two queries of one kind.
    fn unify(&self, left: &mut Nested<'c>, right: &mut Nested<'c>, whole: &Part<Query>) {
        let fault = &self.binder.fault;
        if left.2.len() != right.2.len() {
            let (left, right) = (left.2.len(), right.2.len());
            fault.say(format_args!("one query answers {left} columns and the other {right}"));
            return;
        }
        let expr = Expr::Scalar(Part::clone(whole));
        for (number, ((_, one), (_, other))) in left.2.iter_mut().zip(&mut right.2).enumerate() {
            self.read_output(&mut left.0, number, one, *other, &expr);
            self.read_output(&mut right.0, number, other, *one, &expr);
            let kind = one.common(*other, &expr, fault);
            left.0.cast_output(number, *one, kind);
            right.0.cast_output(number, *other, kind);
            *one = kind;
        }
    }

    /// Reads a text among the outputs of a query as what it stands beside, if it is a literal.
    fn read_output(&self, query: &mut Plan, number: usize, own: &mut Kind<'c>, other: Kind<'c>, expr: &Expr) {
        if own.data_type == Some(DataType::Text)
            && other.data_type != own.data_type
            && let Some(output) = query.outputs.get_mut(number)
        {
            let mut typed = Typed { expr: std::mem::replace(output, BoundExpr::Literal(Value::Null)), kind: *own };
            other.convert(&mut typed, expr, self.binder);
            (*output, *own) = (typed.expr, typed.kind);
        }
    }
}

impl Plan {
    /// Calls `change` with every expression of this block, not of those inside.
    pub(super) fn for_each_expr(&mut self, change: &mut dyn FnMut(&mut BoundExpr)) {
        for source in &mut self.sources {
            source.left.iter_mut().flatten().for_each(&mut *change);
            if let Rows::Derived(derived) = &mut source.rows {
                derived.arguments.iter_mut().for_each(&mut *change);
            }
        }
        if let Some(grouping) = &mut self.grouping {
            grouping.visit_mut(change);
        }
        for list in [&mut self.conjuncts, &mut self.having, &mut self.outputs] {
            list.iter_mut().for_each(&mut *change);
        }
        self.order.iter_mut().for_each(|key| change(&mut key.expr));
    }

    /// Adds an output, and its column to those known.
    fn push_output<'c>(&mut self, name: Name, Typed { expr, kind }: Typed<'c>, columns: &mut Vec<(Name, Kind<'c>)>) {
        self.outputs.push(expr);
        columns.push((name, kind));
    }

    /// Moves what is given of the row around behind what another query is given.
    fn shift_outer(&mut self, by: usize) {
        self.for_each_expr(&mut |expr| {
            expr.for_each_mut(&mut |part| {
                if let BoundExpr::Call(call) = part
                    && let Operator::Outer(number, _) = &mut call.operator
                {
                    *number += by;
                }
            });
        });
    }

    /// Makes an output one of another kind of number.
    fn cast_output(&mut self, number: usize, from: Kind<'_>, to: Kind<'_>) {
        if let Some(output) = self.outputs.get_mut(number) {
            let expr = std::mem::replace(output, BoundExpr::Slot(0));
            // Rows are distinct, and ordered, by what they were: the same rows.
            *output = cast_to(Typed { expr, kind: from }, to);
        }
    }
}

/// What an output without a name is called.
fn name_of(expr: &Expr) -> Name {
    match expr {
        Expr::Column(column) => column.column.clone(),
        other => other.to_string().into(),
    }
}
