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
    ColumnRef, DataType, Expr, MAX_EXPRESSION_DEPTH, Name, Nulls, Output, Part, Query, SetOperation, Value, ValueRef,
};

use crate::catalog::{Catalog, Relation, RelationIndex};
use crate::error::Fallible;
use crate::full::IS_FULL;
use crate::plan::bind::expr::cast_to;
use crate::plan::bind::fault::Fault;
use crate::plan::bind::names::Commons;
use crate::plan::call::{Operator, Parameter, is_missing};
use crate::plan::window::{self as windows, RowMaker};
use crate::plan::{BoundExpr, Grouping, OrderKey};

pub(super) use from::relation_of;
pub(super) use kind::Kind;
pub(super) use names::Block;
pub(crate) use row::{Beside, bind_row, bind_value, schema_of};
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

/// A question whose names are numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct BoundQuery {
    pub(crate) sources: Vec<BoundSource>,
    /// Everything that must hold of the rows, joins too.
    pub(crate) conjuncts: Vec<BoundExpr>,
    pub(crate) grouping: Option<Grouping>,
    /// What must hold of the groups.
    pub(crate) having: Vec<BoundExpr>,
    pub(crate) outputs: Vec<BoundExpr>,
    pub(crate) names: Vec<String>,
    pub(crate) is_distinct: bool,
    pub(crate) order: Vec<OrderKey>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
    pub(crate) subqueries: Vec<BoundSubquery>,
}

/// Where rows come from, and whether they may be missing.
#[derive(Debug, Clone)]
pub(crate) struct BoundSource {
    pub(crate) rows: BoundRows,
    /// What makes them partners of the rows before, which stay without one; none: they are joined plainly.
    pub(crate) left: Option<Vec<BoundExpr>>,
}

/// Where rows come from.
#[derive(Debug, Clone)]
pub(crate) enum BoundRows {
    Table(RelationIndex),
    Derived(Box<BoundDerived>),
}

/// Rows that belong to no table.
#[derive(Debug, Clone)]
pub(crate) struct BoundDerived {
    pub(crate) relation: Arc<Relation>,
    pub(crate) body: BoundBody,
    /// What they are given of the row of the query around.
    pub(crate) arguments: Vec<BoundExpr>,
}

/// How rows that belong to no table are made.
#[derive(Debug, Clone)]
pub(crate) enum BoundBody {
    /// One row without columns.
    Nothing,
    Values(Vec<Vec<BoundExpr>>),
    Query(Box<BoundQuery>),
    /// The rows of a query, and beside each the values of window functions.
    Windows {
        query: Box<BoundQuery>,
        windows: Arc<dyn RowMaker>,
    },
    Set {
        operation: SetOperation,
        all: bool,
        left: Box<BoundQuery>,
        right: Box<BoundQuery>,
    },
    /// The rows of the first, and of the second asked of the rows found last, until there are none.
    Recursive {
        number: usize,
        all: bool,
        first: Box<BoundQuery>,
        next: Box<BoundQuery>,
    },
    /// The rows found last by the recursive query of this number.
    Working(usize),
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

/// A query in an expression.
#[derive(Debug, Clone)]
pub(crate) struct BoundSubquery {
    pub(crate) query: Box<BoundQuery>,
    pub(crate) answers: Answers,
    /// The type in which the values of a set are compared, where that is another than their own.
    pub(crate) set_type: Option<DataType>,
    /// The expression as it was said, and what the query is given.
    text: String,
    arguments: Vec<BoundExpr>,
}

impl BoundQuery {
    /// Takes only whether there is a row.
    fn answers_one_row(&mut self) {
        self.limit = Some(self.limit.unwrap_or(1).min(1));
        self.order.clear();
        if self.grouping.is_none() && !self.is_distinct {
            self.outputs = vec![BoundExpr::Literal(Value::Bool(true))];
            self.names = vec![String::new()];
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
pub(crate) fn bind(catalog: &Catalog, query: &Query, parameters: &[ValueRef<'_>]) -> Fallible<Box<BoundQuery>> {
    let binder = Binder::new(catalog, parameters, query.reads_text, None);
    let (query, ..) = bind_query(&binder, None, None, query, 0);
    binder.fault.end()?;
    Ok(query)
}

/// Resolves a question whose parameters will have values of the types of these. Also what it is made for.
pub(crate) fn bind_template(
    catalog: &Catalog,
    query: &Query,
    parameters: &[ValueRef<'_>],
) -> Fallible<(Box<BoundQuery>, MadeFor)> {
    let binder = Binder::new(catalog, parameters, query.reads_text, Some(RefCell::default()));
    let (query, ..) = bind_query(&binder, None, None, query, 0);
    binder.fault.end()?;
    Ok((query, binder.made_for.unwrap_or_default().into_inner()))
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

type Nested<'c> = (Box<BoundQuery>, Vec<BoundExpr>, Vec<Kind<'c>>);

/// Resolves a query inside another: what it is given of the row around, and the kinds of its columns.
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
    let mut commons = commons;
    if IS_FULL {
        for table in &query.with {
            commons = Some(Rc::new(Commons { table, before: commons, working: None }));
        }
    }
    let mut block = Block::new(binder, parent, commons);
    let mut bound = Box::default();
    block.from(query, &mut bound, depth);
    if let Some(filter) = &query.filter {
        block.conjuncts(filter, &mut bound.conjuncts, depth);
    }
    let kinds = block.answer(query, &mut bound, depth);
    bound.limit = block.count("limit", query.limit.as_ref(), depth);
    bound.offset = block.count("offset", query.offset.as_ref(), depth).unwrap_or(0);
    bound.subqueries = block.subqueries.into_inner();
    (bound, block.outer.into_inner(), kinds)
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
    fn answer(&self, query: &Query, bound: &mut BoundQuery, depth: usize) -> Vec<Kind<'c>> {
        let fault = &self.binder.fault;
        self.aggregates.set(Some(Vec::new()));
        if IS_FULL {
            self.windows.set(windows::of_block(self.binder.catalog));
        }
        let mut outputs: Vec<Typed<'c>> = Vec::new();
        for output in &query.columns {
            match output {
                Output::Expr(expr, alias) => {
                    outputs.push(self.bind(expr, depth));
                    bound.names.push(alias.as_ref().map_or_else(|| name_of(expr), Name::to_string));
                }
                Output::Every => self.every(None, &mut outputs, &mut bound.names),
                Output::EveryOf(source) => self.every(Some(source), &mut outputs, &mut bound.names),
            }
        }
        if query.columns.is_empty() && query.group_by.is_empty() && query.having.is_none() {
            self.every(None, &mut outputs, &mut bound.names);
        }
        let windows = self.windows.take();
        let keys = self.group_keys(query, &outputs, &bound.names, depth);
        if query.columns.is_empty() && outputs.is_empty() {
            for (expr, key) in query.group_by.iter().zip(&keys) {
                bound.names.push(name_of(expr));
                outputs.push(key.clone());
            }
        }
        if let Some(having) = &query.having {
            self.condition(having, depth).split_conjunction(&mut bound.having);
        }
        self.windows.set(windows);
        for key in &query.order_by {
            let Typed { expr, kind } = self.order_key(&key.expr, &outputs, &bound.names, depth);
            kind.check_order(&key.expr, fault);
            // NULLs count as smallest.
            let nulls_first = key.nulls.map_or(!key.descending, |nulls| nulls == Nulls::First);
            bound.order.push(OrderKey { expr, descending: key.descending, nulls_first });
        }
        let mut kinds = Vec::with_capacity(outputs.len());
        for Typed { expr, kind } in outputs {
            bound.outputs.push(expr);
            kinds.push(kind);
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
            let outputs = bound.outputs.get(..kinds.len()).unwrap_or_default();
            for (key, said) in bound.order.iter().zip(&query.order_by) {
                if !outputs.contains(&key.expr) {
                    fault.say(format_args!("{said}: distinct rows can be ordered by what they hold only"));
                }
            }
        }
        if IS_FULL && let Some(windows) = windows {
            windows.place(self, query, bound, (kinds.len(), &keys));
        }
        kinds
    }

    /// Every column of every source, or of one.
    fn every(&self, of: Option<&Name>, outputs: &mut Vec<Typed<'c>>, names: &mut Vec<String>) {
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
                outputs.push(Typed { expr: entry.expr(number), kind });
                names.push(name.into_owned());
            }
        }
        if let Some(name) = of
            && !is_known
        {
            self.binder.fault.unknown("table", name);
        }
    }

    /// What an order or a group is by: an output by its name or number, or an expression.
    fn order_key(&self, expr: &Expr, outputs: &[Typed<'c>], names: &[String], depth: usize) -> Typed<'c> {
        match expr {
            Expr::Literal(Value::Integer(number)) => {
                let index = usize::try_from(*number).ok().and_then(|number| number.checked_sub(1));
                if let Some(output) = index.and_then(|index| outputs.get(index)) {
                    return output.clone();
                }
                self.binder.fault.say(format_args!("there is no output {number}: there are {}", outputs.len()));
            }
            Expr::Column(ColumnRef { table: None, column }) => {
                let mut named = names.iter().zip(outputs).filter(|(name, _)| *name == column);
                if let Some((_, one)) = named.next()
                    && named.next().is_none_or(|(_, other)| one.expr == other.expr)
                {
                    return one.clone();
                }
            }
            _ => {}
        }
        self.bind(expr, depth)
    }

    /// Makes the outputs of two queries of one kind.
    fn unify(&self, left: &mut Nested<'c>, right: &mut Nested<'c>, whole: &Part<Query>) -> Vec<Kind<'c>> {
        let fault = &self.binder.fault;
        let mut kinds = Vec::new();
        if left.2.len() != right.2.len() {
            let (left, right) = (left.2.len(), right.2.len());
            fault.say(format_args!("one query answers {left} columns and the other {right}"));
            return kinds;
        }
        let expr = Expr::Scalar(Part::clone(whole));
        for (number, (one, other)) in left.2.iter_mut().zip(&mut right.2).enumerate() {
            self.read_output(&mut left.0, number, one, *other, &expr);
            self.read_output(&mut right.0, number, other, *one, &expr);
            let kind = one.common(*other, &expr, fault);
            left.0.cast_output(number, *one, kind);
            right.0.cast_output(number, *other, kind);
            kinds.push(kind);
        }
        kinds
    }

    /// Reads a text among the outputs of a query as what it stands beside, if it is a literal.
    fn read_output(&self, query: &mut BoundQuery, number: usize, own: &mut Kind<'c>, other: Kind<'c>, expr: &Expr) {
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

impl BoundQuery {
    /// Calls `change` with every expression of this block, not of those inside.
    pub(super) fn for_each_expr(&mut self, change: &mut dyn FnMut(&mut BoundExpr)) {
        for source in &mut self.sources {
            source.left.iter_mut().flatten().for_each(&mut *change);
            if let BoundRows::Derived(derived) = &mut source.rows {
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
fn name_of(expr: &Expr) -> String {
    match expr {
        Expr::Column(column) => column.column.to_string(),
        other => other.to_string(),
    }
}
