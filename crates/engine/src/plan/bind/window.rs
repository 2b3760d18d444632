//! Window functions: bound to columns of a source past all others until the whole block is known. Then the block becomes a
//! query inside, whose outputs are what the windows and the block are computed from, and the block reads the rows of that
//! with the values of the windows beside them.

use std::fmt;
use std::sync::Arc;

use wasm_dbms_api::{
    AggregateCall, AggregateFunction, DataType, Expr, FrameBound, FrameExclusion, FrameUnit, Name, Nulls, Order, Query,
    Value, WindowCall, WindowFrame, WindowFunction,
};

use crate::catalog::Catalog;
use crate::plan::bind::Typed;
use crate::plan::bind::expr::cast;
use crate::plan::bind::from::relation_of;
use crate::plan::bind::kind::Kind;
use crate::plan::bind::names::Block;
use crate::plan::call::Operator;
use crate::plan::window::{BoundFrame, Edge, Input, MakeRows, Window, WindowOperator, WindowOrder, WindowStep};
use crate::plan::{Body, BodyKind, BoundAggregate, BoundExpr, Derived, Plan, PlanSource, Rows, Subquery};

/// The source whose columns are the windows of a block while it is bound.
pub(super) const WINDOWS: usize = usize::MAX;

/// The source whose columns are the aggregates that have an order of their own.
const ORDERED: usize = usize::MAX - 1;

/// The windows of a block while it is bound.
pub(in crate::plan) trait BlockWindows<'c> {
    /// Binds a window function to a column of the source [`WINDOWS`].
    fn bind(&mut self, block: &Block<'_, 'c>, expr: &Expr, call: &WindowCall, depth: usize) -> Typed<'c>;

    /// Adds what they are computed from to the outputs of the block.
    fn add_inputs(&self, outputs: &mut Vec<BoundExpr>);

    /// Puts the block, which had so many outputs without them and is grouped by these keys, into a query inside: its outputs
    /// and orders are over the rows of that, with the values of the windows beside.
    fn place(
        self: Box<Self>,
        block: &Block<'_, 'c>,
        query: &Query,
        bound: &mut Box<Plan>,
        before: (usize, &[Typed<'c>]),
    );

    /// Makes an aggregate over values of this kind one that takes its rows in an order: a window of its group has it in the
    /// first row, and the smallest value of the group is that.
    fn order(
        &mut self,
        block: &Block<'_, 'c>,
        call: (&Expr, &AggregateCall),
        aggregate: (&mut BoundAggregate, Kind<'c>),
        depth: usize,
    );

    /// Puts what the groups of the block are made of into a query inside, with the values of such windows beside.
    fn place_below(self: Box<Self>, block: &Block<'_, 'c>, bound: &mut Box<Plan>, keys: &[Typed<'c>]);
}

/// A block before a window is met.
pub(in crate::plan) fn no_windows<'c>(_: &'c Catalog, rows: MakeRows) -> Box<dyn BlockWindows<'c> + 'c> {
    Box::new(WindowsOfBlock { rows, calls: Vec::new(), values: Vec::new(), inputs: Vec::new() })
}

/// The windows of a block.
struct WindowsOfBlock<'c> {
    rows: MakeRows,
    calls: Vec<Window>,
    /// Of each window what it was said as, and the kind of its values.
    values: Vec<(String, Kind<'c>)>,
    /// What they are computed from.
    inputs: Vec<Typed<'c>>,
}

impl<'c> WindowsOfBlock<'c> {
    /// The number of a column that holds this.
    fn column(&mut self, typed: Typed<'c>) -> usize {
        let known = self.inputs.iter().position(|other| other.expr == typed.expr);
        known.unwrap_or_else(|| {
            self.inputs.push(typed);
            self.inputs.len() - 1
        })
    }

    /// Puts a column that holds this among others, each once, the lowest first.
    fn add_column(&mut self, columns: &mut Vec<usize>, typed: Typed<'c>) {
        let column = self.column(typed);
        if let Err(place) = columns.binary_search(&column) {
            columns.insert(place, column);
        }
    }

    /// The number of a window.
    fn add(&mut self, window: Window, expr: &Expr, kind: Kind<'c>) -> usize {
        let known = self.calls.iter().position(|other| *other == window);
        known.unwrap_or_else(|| {
            self.calls.push(window);
            self.values.push((expr.to_string(), kind));
            self.calls.len() - 1
        })
    }

    /// Binds the keys of an order, and shows each.
    fn keys(
        &mut self,
        block: &Block<'_, 'c>,
        keys: &[Order],
        depth: usize,
        show: &mut dyn FnMut(&Typed<'c>),
    ) -> Vec<WindowOrder> {
        let mut order = Vec::new();
        for key in keys {
            let typed = block.bind(&key.expr, depth);
            typed.kind.check_order(&key.expr, &block.binder.fault);
            show(&typed);
            let nulls_first = key.nulls.map_or(!key.descending, |nulls| nulls == Nulls::First);
            order.push(WindowOrder { column: self.column(typed), descending: key.descending, nulls_first });
        }
        order
    }

    fn input(&mut self, typed: Typed<'c>) -> Input {
        match typed.expr {
            BoundExpr::Literal(value) => Input::Constant(value),
            _ => Input::Column(self.column(typed)),
        }
    }

    /// A window of what an aggregate is of, which is taken, over values of this kind.
    #[inline(never)]
    fn window_of(&mut self, operator: WindowOperator, aggregate: &mut BoundAggregate, kind: Kind<'c>) -> Window {
        let mut window = plain(operator);
        for (part, kind) in [(&mut aggregate.argument, kind), (&mut aggregate.separator, Kind::of(DataType::Text))] {
            if let Some(expr) = part.take() {
                window.arguments.push(self.input(Typed { expr, kind }));
            }
        }
        if let Some(expr) = aggregate.filter.take() {
            window.filter = Some(self.input(Typed { expr, kind: Kind::BOOL }));
        }
        window
    }
}

impl<'c> BlockWindows<'c> for WindowsOfBlock<'c> {
    fn bind(&mut self, block: &Block<'_, 'c>, expr: &Expr, call: &WindowCall, depth: usize) -> Typed<'c> {
        let depth = depth + 1;
        let binder = Windows { block, expr, depth };
        let (function, kind) = binder.function(self, &call.function);
        let mut partition = Vec::new();
        for part in &call.partition_by {
            self.add_column(&mut partition, block.bind(part, depth));
        }
        let mut keys = Vec::new();
        let order = self.keys(block, &call.order_by, depth, &mut |typed| keys.push(typed.clone()));
        let frame = binder.frame(self, call.frame.as_ref(), keys);
        let window = Window { partition, order, frame, ..function };
        let column = self.add(window, expr, kind);
        Typed { expr: BoundExpr::Column { source: WINDOWS, column }, kind }
    }

    fn add_inputs(&self, outputs: &mut Vec<BoundExpr>) {
        for input in &self.inputs {
            outputs.push(input.expr.clone());
        }
    }

    fn place(
        self: Box<Self>,
        block: &Block<'_, 'c>,
        query: &Query,
        bound: &mut Box<Plan>,
        before: (usize, &[Typed<'c>]),
    ) {
        if self.calls.is_empty() {
            return;
        }
        if query.columns.is_empty() && !block.binder.reads_text {
            // Who asks for rows as they are stored reads them in place.
            block.binder.fault.say(format_args!("windows stand beside columns: say which"));
        }
        place_windows(block, bound, *self, Some(before));
    }

    fn order(
        &mut self,
        block: &Block<'_, 'c>,
        (expr, call): (&Expr, &AggregateCall),
        (aggregate, kind): (&mut BoundAggregate, Kind<'c>),
        depth: usize,
    ) {
        let mut number = 0;
        let order = self.keys(block, &call.order_by, depth + 1, &mut |typed| {
            // Equal values must come together.
            if number == 0 && aggregate.is_distinct && !aggregate.argument.iter().any(|of| is_of(of, &typed.expr)) {
                block.binder.fault.of(expr, format_args!("ORDER BY must begin with what is DISTINCT"));
            }
            number += 1;
        });
        // To the others an order is all the same.
        if aggregate.function != AggregateFunction::Concatenate {
            return;
        }
        let operator = WindowOperator::InOrder { is_distinct: aggregate.is_distinct };
        let mut window = self.window_of(operator, aggregate, kind);
        window.order = order;
        window.frame.unit = FrameUnit::Rows;
        window.frame.end = Edge::Unbounded;
        let column = self.add(window, expr, Kind::of(DataType::Text));
        aggregate.argument = Some(BoundExpr::Column { source: ORDERED, column });
        aggregate.function = AggregateFunction::Minimum;
        aggregate.is_distinct = false;
    }

    fn place_below(mut self: Box<Self>, block: &Block<'_, 'c>, bound: &mut Box<Plan>, keys: &[Typed<'c>]) {
        if self.calls.is_empty() {
            return;
        }
        let mut partition = Vec::new();
        for key in keys {
            self.add_column(&mut partition, key.clone());
        }
        for window in &mut self.calls {
            window.partition.clone_from(&partition);
        }
        place_windows(block, bound, *self, None);
    }
}

/// Whether an expression is this one, as it is or as a text.
fn is_of(expr: &BoundExpr, other: &BoundExpr) -> bool {
    expr == other
        || matches!(expr, BoundExpr::Call(call)
            if matches!(call.operator, Operator::Cast(_)) && call.arguments.first() == Some(other))
}

/// A window of what is computed alone: over all rows up to the one that it stands beside.
#[inline(never)]
fn plain(operator: WindowOperator) -> Window {
    let (unit, exclusion) = (FrameUnit::Range, FrameExclusion::NoOthers);
    let frame = BoundFrame { unit, start: Edge::Unbounded, end: Edge::CurrentRow, exclusion, range: None };
    let (arguments, partition, order) = (Vec::new(), Vec::new(), Vec::new());
    Window { operator, arguments, filter: None, partition, order, frame }
}

/// A window function while it is bound.
struct Windows<'w, 'b, 'c> {
    block: &'w Block<'b, 'c>,
    expr: &'w Expr,
    depth: usize,
}

impl<'c> Windows<'_, '_, 'c> {
    fn bind(&self, expr: &Expr) -> Typed<'c> {
        self.block.bind(expr, self.depth)
    }

    #[cold]
    #[inline(never)]
    fn refuse(&self, problem: fmt::Arguments<'_>) {
        self.block.binder.fault.of(self.expr, problem);
    }

    /// What is computed, from what, and the kind of it: a window without its rows.
    fn function(&self, known: &mut WindowsOfBlock<'c>, function: &WindowFunction) -> (Window, Kind<'c>) {
        const NUMBER: Kind<'_> = Kind::of(DataType::I64);
        const SHARE: Kind<'_> = Kind::of(DataType::F64);
        let (operator, kind) = match function {
            WindowFunction::Aggregate(call) => return self.aggregate(known, call),
            WindowFunction::RowNumber => (WindowOperator::RowNumber, NUMBER),
            WindowFunction::Rank => (WindowOperator::Rank, NUMBER),
            WindowFunction::DenseRank => (WindowOperator::DenseRank, NUMBER),
            WindowFunction::PercentRank => (WindowOperator::PercentRank, SHARE),
            WindowFunction::CumulativeDistribution => (WindowOperator::CumulativeDistribution, SHARE),
            WindowFunction::Ntile(_) => (WindowOperator::Ntile, NUMBER),
            WindowFunction::Lag(..) => (WindowOperator::Lag, Kind::UNKNOWN),
            WindowFunction::Lead(..) => (WindowOperator::Lead, Kind::UNKNOWN),
            WindowFunction::FirstValue(_) => (WindowOperator::FirstValue, Kind::UNKNOWN),
            WindowFunction::LastValue(_) => (WindowOperator::LastValue, Kind::UNKNOWN),
            WindowFunction::NthValue(..) => (WindowOperator::NthValue, Kind::UNKNOWN),
            _ => {
                self.refuse(format_args!("this window function is not supported"));
                (WindowOperator::RowNumber, NUMBER)
            }
        };
        let (mut window, mut kind) = (plain(operator), kind);
        match function {
            WindowFunction::Ntile(count) => window.arguments.push(self.whole(known, count)),
            WindowFunction::Lag(of, by, otherwise) | WindowFunction::Lead(of, by, otherwise) => {
                kind = self.neighbour(known, &mut window.arguments, of, by.as_ref(), otherwise.as_ref());
            }
            WindowFunction::FirstValue(of) | WindowFunction::LastValue(of) | WindowFunction::NthValue(of, _) => {
                let of = self.bind(of);
                kind = of.kind;
                window.arguments.push(known.input(of));
                if let WindowFunction::NthValue(_, number) = function {
                    window.arguments.push(self.whole(known, number));
                }
            }
            _ => {}
        }
        (window, kind)
    }

    fn neighbour(
        &self,
        known: &mut WindowsOfBlock<'c>,
        arguments: &mut Vec<Input>,
        of: &Expr,
        by: Option<&Expr>,
        otherwise: Option<&Expr>,
    ) -> Kind<'c> {
        let mut of = self.bind(of);
        let by = by.map_or(Input::Constant(Value::Integer(1)), |by| self.whole(known, by));
        let mut kind = of.kind;
        let otherwise = otherwise.map(|otherwise| {
            let binder = self.block.binder;
            let mut otherwise = self.bind(otherwise);
            otherwise.kind.convert(&mut of, self.expr, binder);
            of.kind.convert(&mut otherwise, self.expr, binder);
            kind = of.kind.common(otherwise.kind, self.expr, &binder.fault);
            cast(&mut of, kind);
            cast(&mut otherwise, kind);
            otherwise
        });
        arguments.push(known.input(of));
        arguments.push(by);
        arguments.extend(otherwise.map(|otherwise| known.input(otherwise)));
        kind
    }

    /// A number of rows.
    fn whole(&self, known: &mut WindowsOfBlock<'c>, expr: &Expr) -> Input {
        let typed = self.bind(expr);
        if typed.kind.data_type.is_some_and(|data_type| !data_type.is_integer()) {
            self.refuse(format_args!("{expr} is no whole number"));
        }
        known.input(typed)
    }

    fn aggregate(&self, known: &mut WindowsOfBlock<'c>, call: &AggregateCall) -> (Window, Kind<'c>) {
        if call.distinct {
            self.refuse(format_args!("DISTINCT in an aggregate over a window is not supported"));
        }
        if !call.order_by.is_empty() {
            self.refuse(format_args!(
                "the order of an aggregate over a window is that of its window: say OVER (ORDER BY ..)"
            ));
        }
        let (mut aggregate, kind) = self.block.aggregate_parts(self.expr, call, self.depth);
        let window = known.window_of(WindowOperator::Aggregate(call.function), &mut aggregate, kind);
        (window, kind.of_aggregate(call.function))
    }

    fn frame(&self, known: &mut WindowsOfBlock<'c>, frame: Option<&WindowFrame>, keys: Vec<Typed<'c>>) -> BoundFrame {
        let mut bound = plain(WindowOperator::RowNumber).frame;
        let Some(frame) = frame else { return bound };
        let has_offset = |bound: &FrameBound| matches!(bound, FrameBound::Preceding(_) | FrameBound::Following(_));
        let mut range = None;
        if frame.unit == FrameUnit::Range && (has_offset(&frame.start) || has_offset(&frame.end)) {
            let is_counted = |data_type: DataType| data_type.is_number() || data_type == DataType::Date;
            let mut keys = keys;
            range = keys.pop().filter(|_| keys.is_empty());
            match &range {
                None => self.refuse(format_args!("RANGE with a distance needs one key in ORDER BY")),
                Some(key) if !key.kind.data_type.is_some_and(is_counted) => {
                    self.refuse(format_args!("RANGE with a distance needs an order by a number or a date"));
                }
                Some(_) => {}
            }
        }
        let mut offsets = [&frame.start, &frame.end].map(|bound| self.offset(bound, range.as_ref()));
        // Both edges and the key are numbers of one type.
        let mut kind = range.as_ref().map_or(Kind::UNKNOWN, |key| key.kind);
        if kind.data_type != Some(DataType::Date) {
            for offset in offsets.iter().flatten() {
                kind = kind.common(offset.kind, self.expr, &self.block.binder.fault);
            }
        }
        if let Some(mut key) = range {
            cast(&mut key, kind);
            bound.range = Some(known.column(key));
        }
        let mut edge = |bound: &FrameBound, offset: &mut Option<Typed<'c>>| {
            let offset = offset.take().map(|mut offset| {
                cast(&mut offset, kind);
                known.input(offset)
            });
            match (bound, offset) {
                (FrameBound::Preceding(_), Some(offset)) => Edge::Preceding(offset),
                (FrameBound::Following(_), Some(offset)) => Edge::Following(offset),
                (FrameBound::CurrentRow, _) => Edge::CurrentRow,
                _ => Edge::Unbounded,
            }
        };
        let [start, end] = &mut offsets;
        (bound.start, bound.end) = (edge(&frame.start, start), edge(&frame.end, end));
        (bound.unit, bound.exclusion) = (frame.unit, frame.exclusion);
        bound
    }

    /// How far an edge is from the row: the same for all rows.
    fn offset(&self, bound: &FrameBound, range: Option<&Typed<'c>>) -> Option<Typed<'c>> {
        let (FrameBound::Preceding(by) | FrameBound::Following(by)) = bound else { return None };
        let mut typed = self.bind(by);
        if typed.expr.any(&|part| matches!(part, BoundExpr::Column { .. } | BoundExpr::Slot(_))) {
            self.refuse(format_args!("{by} is not the same for all rows"));
        }
        let is_date = range.is_some_and(|key| key.kind.data_type == Some(DataType::Date));
        if let Some(key) = range.filter(|_| !is_date) {
            key.kind.convert(&mut typed, self.expr, self.block.binder);
        }
        let fits = |data_type: DataType| match range {
            Some(_) if !is_date => data_type.is_number(),
            _ => data_type.is_integer(),
        };
        if typed.kind.data_type.is_some_and(|data_type| !fits(data_type)) {
            let wanted = match range {
                Some(_) if is_date => "number of days",
                Some(_) => "number",
                None => "whole number",
            };
            self.refuse(format_args!("{by} is no {wanted}"));
        }
        let is_negative = match &typed.expr {
            BoundExpr::Literal(value) => value.as_ref().as_f64().is_some_and(|number| number < 0.0 || number.is_nan()),
            _ => false,
        };
        if is_negative {
            self.refuse(format_args!("the distance {by} is negative"));
        }
        Some(typed)
    }
}

/// Puts rows into a query inside, with windows beside: those of the whole block, which had so many outputs and is grouped by
/// these keys, or those that its groups are made of.
fn place_windows<'c>(
    block: &Block<'_, 'c>,
    bound: &mut Box<Plan>,
    windows: WindowsOfBlock<'c>,
    whole: Option<(usize, &[Typed<'c>])>,
) {
    let mut inner = std::mem::take(bound);
    bound.outputs = std::mem::take(&mut inner.outputs);
    let mut slots: Vec<Kind<'c>> = Vec::new();
    match whole {
        Some((outputs, keys)) => {
            inner.outputs = bound.outputs.split_off(outputs);
            slots.extend(keys.iter().map(|key| key.kind).chain(block.aggregate_kinds.take()));
        }
        None => {
            windows.add_inputs(&mut inner.outputs);
            bound.grouping = inner.grouping.take();
            bound.having = std::mem::take(&mut inner.having);
        }
    }
    let own = if whole.is_some() { WINDOWS } else { ORDERED };
    bound.order = std::mem::take(&mut inner.order);
    bound.is_distinct = std::mem::take(&mut inner.is_distinct);
    let nothing = || (Name::from(""), Kind::UNKNOWN);
    let known = |expr: &BoundExpr| match expr {
        BoundExpr::Column { source, column } => {
            block.column_at(*source, *column).map_or_else(nothing, |(_, name, kind)| (name, kind))
        }
        _ => nothing(),
    };
    let mut columns: Vec<(Name, Kind<'c>)> = Vec::new();
    for (expr, Typed { kind, .. }) in inner.outputs.iter().zip(&windows.inputs) {
        columns.push((known(expr).0, *kind));
    }
    // What the block takes of its rows: columns, or slots of groups. The rest is computed over them.
    bound.for_each_expr(&mut |expr| {
        expr.for_each_mut(&mut |part| {
            let (name, kind) = match part {
                BoundExpr::Column { source: WINDOWS | ORDERED, .. } => return,
                BoundExpr::Column { .. } => known(part),
                BoundExpr::Slot(slot) if whole.is_some() => {
                    ("".into(), slots.get(*slot).copied().unwrap_or(Kind::UNKNOWN))
                }
                _ => return,
            };
            let known = inner.outputs.iter().position(|other| other == part);
            let column = known.unwrap_or(inner.outputs.len());
            let part = std::mem::replace(part, BoundExpr::Column { source: 0, column });
            if known.is_none() {
                inner.outputs.push(part);
                columns.push((name, kind));
            }
        });
    });
    let width = columns.len();
    bound.for_each_expr(&mut |expr| {
        expr.for_each_mut(&mut |part| {
            if let BoundExpr::Column { source, column } = part
                && *source == own
            {
                (*source, *column) = (0, width + *column);
            }
        });
    });
    columns.extend(windows.values.into_iter().map(|(text, kind)| (text.into(), kind)));
    // A query of an expression is asked where the expression stands.
    let mut subqueries = block.subqueries.take();
    inner.subqueries.clone_from(&subqueries);
    keep_asked(&mut inner, None);
    keep_asked(bound, Some(&mut subqueries));
    block.subqueries.set(subqueries);
    let Some(relation) = block.binder.fault.kept(relation_of(&columns)) else { return };
    let step = WindowStep { windows: windows.calls, rows: windows.rows };
    let body = Body { kind: BodyKind::Windows(Arc::new(step)), queries: vec![inner] };
    let derived = Derived { relation, body, arguments: block.pass_outer() };
    bound.sources.push(PlanSource { rows: Rows::Derived(derived.into()), left: None });
}

/// Empties the queries that no expression of the block asks.
fn keep_asked(query: &mut Plan, subqueries: Option<&mut Vec<Subquery>>) {
    let mut asked = Vec::new();
    query.for_each_expr(&mut |expr| expr.visit_asked(&mut |number, _| asked.push(number)));
    for (number, subquery) in subqueries.unwrap_or(&mut query.subqueries).iter_mut().enumerate() {
        if !asked.contains(&number) {
            *subquery.plan = Plan::default();
        }
    }
}
