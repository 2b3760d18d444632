//! Window functions: bound to columns of a source past all others until the whole block is known. Then the block becomes a
//! query inside, whose outputs are what the windows and the block are computed from, and the block reads the rows of that
//! with the values of the windows beside them.

use std::sync::Arc;

use wasm_dbms_api::{
    AggregateCall, AggregateFunction, DataType, Expr, FrameBound, FrameExclusion, FrameUnit, Name, Nulls, Query, Value,
    WindowCall, WindowFrame, WindowFunction,
};

use crate::Error;
use crate::catalog::Catalog;
use crate::error::Fallible;
use crate::plan::bind::expr::cast_to;
use crate::plan::bind::from::relation_of;
use crate::plan::bind::kind::Kind;
use crate::plan::bind::names::Block;
use crate::plan::bind::{BoundBody, BoundDerived, BoundQuery, BoundRows, BoundSource, BoundSubquery, Typed};
use crate::plan::call::Operator;
use crate::plan::window::{BoundFrame, Edge, Input, MakeRows, Window, WindowOperator, WindowOrder, WindowStep};
use crate::plan::{BoundAggregate, BoundExpr};

/// The source whose columns are the windows of a block while it is bound.
pub(super) const WINDOWS: usize = usize::MAX;

/// The source whose columns are the aggregates that have an order of their own.
const ORDERED: usize = usize::MAX - 1;

/// The windows of a block while it is bound.
pub(in crate::plan) trait BlockWindows<'c> {
    /// Binds a window function to a column of the source [`WINDOWS`].
    fn bind(&mut self, block: &Block<'_, 'c>, expr: &Expr, call: &WindowCall, depth: usize) -> Fallible<Typed<'c>>;

    /// Adds what they are computed from to the outputs of the block.
    fn add_inputs(&self, outputs: &mut Vec<BoundExpr>);

    /// Puts the block, which had so many outputs without them and is grouped by these keys, into a query inside: its outputs
    /// and orders are over the rows of that, with the values of the windows beside.
    fn place(
        self: Box<Self>,
        block: &Block<'_, 'c>,
        query: &Query,
        bound: &mut BoundQuery,
        before: (usize, &[Typed<'c>]),
    ) -> Fallible<()>;

    /// Makes an aggregate over values of this kind one that takes its rows in an order: a window of its group has it in the
    /// first row, and the smallest value of the group is that.
    fn order(
        &mut self,
        block: &Block<'_, 'c>,
        call: (&Expr, &AggregateCall),
        aggregate: (BoundAggregate, Kind<'c>),
        depth: usize,
    ) -> Fallible<BoundAggregate>;

    /// Puts what the groups of the block are made of into a query inside, with the values of such windows beside.
    fn place_below(self: Box<Self>, block: &Block<'_, 'c>, bound: &mut BoundQuery, keys: &[Typed<'c>]) -> Fallible<()>;
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

    /// The number of a window.
    fn add(&mut self, window: Window, expr: &Expr, kind: Kind<'c>) -> usize {
        let known = self.calls.iter().position(|other| *other == window);
        known.unwrap_or_else(|| {
            self.calls.push(window);
            self.values.push((expr.to_string(), kind));
            self.calls.len() - 1
        })
    }

    fn input(&mut self, typed: Typed<'c>) -> Input {
        match typed.expr {
            BoundExpr::Literal(value) => Input::Constant(value),
            _ => Input::Column(self.column(typed)),
        }
    }
}

impl<'c> BlockWindows<'c> for WindowsOfBlock<'c> {
    fn bind(&mut self, block: &Block<'_, 'c>, expr: &Expr, call: &WindowCall, depth: usize) -> Fallible<Typed<'c>> {
        let binder = Windows { block, expr, depth: depth + 1 };
        let (operator, arguments, filter, kind) = binder.function(self, &call.function)?;
        let mut partition = Vec::new();
        for part in &call.partition_by {
            partition.push(self.column(binder.bind(part)?));
        }
        partition.sort_unstable();
        partition.dedup();
        let (mut order, mut keys) = (Vec::new(), Vec::new());
        for key in &call.order_by {
            let typed = binder.bind(&key.expr)?;
            typed.kind.check_order(&key.expr)?;
            let nulls_first = key.nulls.map_or(!key.descending, |nulls| nulls == Nulls::First);
            keys.push(typed.clone());
            order.push(WindowOrder { column: self.column(typed), descending: key.descending, nulls_first });
        }
        let frame = binder.frame(self, call.frame.as_ref(), keys)?;
        let window = Window { operator, arguments, filter, partition, order, frame };
        let column = self.add(window, expr, kind);
        Ok(Typed { expr: BoundExpr::Column { source: WINDOWS, column }, kind })
    }

    fn add_inputs(&self, outputs: &mut Vec<BoundExpr>) {
        outputs.extend(self.inputs.iter().map(|input| input.expr.clone()));
    }

    fn place(
        self: Box<Self>,
        block: &Block<'_, 'c>,
        query: &Query,
        bound: &mut BoundQuery,
        before: (usize, &[Typed<'c>]),
    ) -> Fallible<()> {
        if self.calls.is_empty() {
            return Ok(());
        }
        if query.columns.is_empty() && !block.binder.reads_text {
            // Who asks for rows as they are stored reads them in place.
            return Err(Error::query(format_args!("windows stand beside columns: say which")));
        }
        place_windows(block, bound, *self, Some(before))
    }

    fn order(
        &mut self,
        block: &Block<'_, 'c>,
        (expr, call): (&Expr, &AggregateCall),
        (mut aggregate, kind): (BoundAggregate, Kind<'c>),
        depth: usize,
    ) -> Fallible<BoundAggregate> {
        let mut order = Vec::new();
        for (number, key) in call.order_by.iter().enumerate() {
            let typed = block.bind(&key.expr, depth + 1)?;
            typed.kind.check_order(&key.expr)?;
            // Equal values must come together.
            if number == 0 && aggregate.is_distinct && !aggregate.argument.iter().any(|of| is_of(of, &typed.expr)) {
                return Err(refused(expr, "ORDER BY must begin with what is DISTINCT"));
            }
            let nulls_first = key.nulls.map_or(!key.descending, |nulls| nulls == Nulls::First);
            order.push(WindowOrder { column: self.column(typed), descending: key.descending, nulls_first });
        }
        // To the others an order is all the same.
        if aggregate.function != AggregateFunction::Concatenate {
            return Ok(aggregate);
        }
        let operator = WindowOperator::InOrder { is_distinct: aggregate.is_distinct };
        let parts = [(aggregate.argument.take(), kind), (aggregate.separator.take(), Kind::of(DataType::Text))];
        let arguments = parts.into_iter().filter_map(|(part, kind)| Some(self.input(Typed { expr: part?, kind })));
        let arguments = arguments.collect();
        let filter = aggregate.filter.take().map(|expr| self.input(Typed { expr, kind: Kind::BOOL }));
        let (unit, exclusion) = (FrameUnit::Rows, FrameExclusion::NoOthers);
        let frame = BoundFrame { unit, start: Edge::Unbounded, end: Edge::Unbounded, exclusion, range: None };
        let window = Window { operator, arguments, filter, partition: Vec::new(), order, frame };
        let column = self.add(window, expr, Kind::of(DataType::Text));
        let argument = Some(BoundExpr::Column { source: ORDERED, column });
        Ok(BoundAggregate { function: AggregateFunction::Minimum, argument, is_distinct: false, ..aggregate })
    }

    fn place_below(
        mut self: Box<Self>,
        block: &Block<'_, 'c>,
        bound: &mut BoundQuery,
        keys: &[Typed<'c>],
    ) -> Fallible<()> {
        if self.calls.is_empty() {
            return Ok(());
        }
        let mut partition: Vec<usize> = keys.iter().map(|key| self.column(key.clone())).collect();
        partition.sort_unstable();
        partition.dedup();
        for window in &mut self.calls {
            window.partition.clone_from(&partition);
        }
        place_windows(block, bound, *self, None)
    }
}

/// Whether an expression is this one, as it is or as a text.
fn is_of(expr: &BoundExpr, other: &BoundExpr) -> bool {
    expr == other
        || matches!(expr, BoundExpr::Call(call)
            if matches!(call.operator, Operator::Cast(_)) && call.arguments.first() == Some(other))
}

#[cold]
fn refused(expr: &Expr, problem: &str) -> Box<Error> {
    Error::query(format_args!("{expr}: {problem}"))
}

/// A window function while it is bound.
struct Windows<'w, 'b, 'c> {
    block: &'w Block<'b, 'c>,
    expr: &'w Expr,
    depth: usize,
}

type Function<'c> = (WindowOperator, Vec<Input>, Option<Input>, Kind<'c>);

impl<'c> Windows<'_, '_, 'c> {
    fn bind(&self, expr: &Expr) -> Fallible<Typed<'c>> {
        self.block.bind(expr, self.depth)
    }

    fn refused<T>(&self, problem: &str) -> Fallible<T> {
        Err(refused(self.expr, problem))
    }

    /// What is computed, from what, and the kind of it.
    fn function(&self, known: &mut WindowsOfBlock<'c>, function: &WindowFunction) -> Fallible<Function<'c>> {
        const NUMBER: Kind<'_> = Kind::of(DataType::I64);
        const SHARE: Kind<'_> = Kind::of(DataType::F64);
        let plain = |operator, kind| Ok((operator, Vec::new(), None, kind));
        match function {
            WindowFunction::Aggregate(call) => self.aggregate(known, call),
            WindowFunction::RowNumber => plain(WindowOperator::RowNumber, NUMBER),
            WindowFunction::Rank => plain(WindowOperator::Rank, NUMBER),
            WindowFunction::DenseRank => plain(WindowOperator::DenseRank, NUMBER),
            WindowFunction::PercentRank => plain(WindowOperator::PercentRank, SHARE),
            WindowFunction::CumulativeDistribution => plain(WindowOperator::CumulativeDistribution, SHARE),
            WindowFunction::Ntile(count) => {
                let count = self.whole(known, count)?;
                Ok((WindowOperator::Ntile, vec![count], None, NUMBER))
            }
            WindowFunction::Lag(of, by, otherwise) => {
                self.neighbour(known, WindowOperator::Lag, of, by.as_ref(), otherwise.as_ref())
            }
            WindowFunction::Lead(of, by, otherwise) => {
                self.neighbour(known, WindowOperator::Lead, of, by.as_ref(), otherwise.as_ref())
            }
            WindowFunction::FirstValue(of) => self.value(known, WindowOperator::FirstValue, of, None),
            WindowFunction::LastValue(of) => self.value(known, WindowOperator::LastValue, of, None),
            WindowFunction::NthValue(of, number) => self.value(known, WindowOperator::NthValue, of, Some(number)),
            _ => self.refused("this window function is not supported"),
        }
    }

    fn value(
        &self,
        known: &mut WindowsOfBlock<'c>,
        operator: WindowOperator,
        of: &Expr,
        number: Option<&Expr>,
    ) -> Fallible<Function<'c>> {
        let of = self.bind(of)?;
        let kind = of.kind;
        let mut arguments = vec![known.input(of)];
        if let Some(number) = number {
            arguments.push(self.whole(known, number)?);
        }
        Ok((operator, arguments, None, kind))
    }

    fn neighbour(
        &self,
        known: &mut WindowsOfBlock<'c>,
        operator: WindowOperator,
        of: &Expr,
        by: Option<&Expr>,
        otherwise: Option<&Expr>,
    ) -> Fallible<Function<'c>> {
        let mut of = self.bind(of)?;
        let by = by.map_or(Ok(Input::Constant(Value::Integer(1))), |by| self.whole(known, by))?;
        let Some(otherwise) = otherwise else {
            let kind = of.kind;
            return Ok((operator, vec![known.input(of), by], None, kind));
        };
        let mut otherwise = self.bind(otherwise)?;
        let reads_text = self.block.binder.reads_text;
        otherwise.kind.convert(&mut of, self.expr, reads_text)?;
        of.kind.convert(&mut otherwise, self.expr, reads_text)?;
        let kind = of.kind.common(otherwise.kind, self.expr)?;
        let (of, otherwise) = (cast_to(of, kind), cast_to(otherwise, kind));
        Ok((operator, vec![known.input(of), by, known.input(otherwise)], None, kind))
    }

    /// A number of rows.
    fn whole(&self, known: &mut WindowsOfBlock<'c>, expr: &Expr) -> Fallible<Input> {
        let typed = self.bind(expr)?;
        if typed.kind.data_type.is_some_and(|data_type| !data_type.is_integer()) {
            return Err(refused(self.expr, &format!("{expr} is no whole number")));
        }
        Ok(known.input(typed))
    }

    fn aggregate(&self, known: &mut WindowsOfBlock<'c>, call: &AggregateCall) -> Fallible<Function<'c>> {
        if call.distinct {
            return self.refused("DISTINCT in an aggregate over a window is not supported");
        }
        if !call.order_by.is_empty() {
            return self
                .refused("the order of an aggregate over a window is that of its window: say OVER (ORDER BY ..)");
        }
        let function = call.function;
        let (mut arguments, mut kind) = (Vec::new(), Kind::UNKNOWN);
        match &call.argument {
            None if function == AggregateFunction::Count => {}
            None => return self.refused("an argument is needed"),
            Some(argument) => {
                let argument = self.bind(argument)?;
                argument.kind.check_aggregate(function, self.expr)?;
                kind = argument.kind;
                arguments.push(known.input(argument));
            }
        }
        if let Some(separator) = &call.separator {
            let separator = self.bind(separator)?;
            if function != AggregateFunction::Concatenate || !separator.kind.may_be(DataType::Text) {
                return self.refused("only a text stands between texts");
            }
            arguments.push(known.input(separator));
        }
        let filter = match &call.filter {
            None => None,
            Some(filter) => {
                let expr = self.block.condition(filter, self.depth)?;
                Some(known.input(Typed { expr, kind: Kind::BOOL }))
            }
        };
        Ok((WindowOperator::Aggregate(function), arguments, filter, kind.of_aggregate(function)))
    }

    fn frame(
        &self,
        known: &mut WindowsOfBlock<'c>,
        frame: Option<&WindowFrame>,
        keys: Vec<Typed<'c>>,
    ) -> Fallible<BoundFrame> {
        let Some(frame) = frame else {
            let (unit, exclusion) = (FrameUnit::Range, FrameExclusion::NoOthers);
            return Ok(BoundFrame { unit, start: Edge::Unbounded, end: Edge::CurrentRow, exclusion, range: None });
        };
        let has_offset = |bound: &FrameBound| matches!(bound, FrameBound::Preceding(_) | FrameBound::Following(_));
        let mut range = None;
        if frame.unit == FrameUnit::Range && (has_offset(&frame.start) || has_offset(&frame.end)) {
            let Ok([key]) = <[Typed<'c>; 1]>::try_from(keys) else {
                return self.refused("RANGE with a distance needs one key in ORDER BY");
            };
            let is_counted = |data_type: DataType| data_type.is_number() || data_type == DataType::Date;
            if !key.kind.data_type.is_some_and(is_counted) {
                return self.refused("RANGE with a distance needs an order by a number or a date");
            }
            range = Some(key);
        }
        let bounds = [&frame.start, &frame.end].map(|bound| self.offset(bound, range.as_ref()));
        let [start, end] = bounds;
        let (mut start, mut end) = (start?, end?);
        // Both edges and the key are numbers of one type.
        let mut kind = range.as_ref().map_or(Kind::UNKNOWN, |key| key.kind);
        if kind.data_type != Some(DataType::Date) {
            for offset in [&start, &end].into_iter().flatten() {
                kind = kind.common(offset.kind, self.expr)?;
            }
        }
        let range = range.map(|key| known.column(cast_to(key, kind)));
        let mut edge = |bound: &FrameBound, offset: Option<Typed<'c>>| {
            let offset = offset.map(|offset| {
                if kind.data_type.is_some_and(DataType::is_number) { cast_to(offset, kind) } else { offset }
            });
            match (bound, offset) {
                (FrameBound::Preceding(_), Some(offset)) => Edge::Preceding(known.input(offset)),
                (FrameBound::Following(_), Some(offset)) => Edge::Following(known.input(offset)),
                (FrameBound::CurrentRow, _) => Edge::CurrentRow,
                _ => Edge::Unbounded,
            }
        };
        let (start, end) = (edge(&frame.start, start.take()), edge(&frame.end, end.take()));
        Ok(BoundFrame { unit: frame.unit, start, end, exclusion: frame.exclusion, range })
    }

    /// How far an edge is from the row: the same for all rows.
    fn offset(&self, bound: &FrameBound, range: Option<&Typed<'c>>) -> Fallible<Option<Typed<'c>>> {
        let (FrameBound::Preceding(by) | FrameBound::Following(by)) = bound else { return Ok(None) };
        let mut typed = self.bind(by)?;
        if typed.expr.any(&|part| matches!(part, BoundExpr::Column { .. } | BoundExpr::Slot(_))) {
            return Err(refused(self.expr, &format!("{by} is not the same for all rows")));
        }
        let is_date = range.is_some_and(|key| key.kind.data_type == Some(DataType::Date));
        if let Some(key) = range.filter(|_| !is_date) {
            key.kind.convert(&mut typed, self.expr, self.block.binder.reads_text)?;
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
            return Err(refused(self.expr, &format!("{by} is no {wanted}")));
        }
        let is_negative = match &typed.expr {
            BoundExpr::Literal(value) => value.as_ref().as_f64().is_some_and(|number| number < 0.0 || number.is_nan()),
            _ => false,
        };
        if is_negative {
            return Err(refused(self.expr, &format!("the distance {by} is negative")));
        }
        Ok(Some(typed))
    }
}

/// Puts rows into a query inside, with windows beside: those of the whole block, which had so many outputs and is grouped by
/// these keys, or those that its groups are made of.
fn place_windows<'c>(
    block: &Block<'_, 'c>,
    bound: &mut BoundQuery,
    windows: WindowsOfBlock<'c>,
    whole: Option<(usize, &[Typed<'c>])>,
) -> Fallible<()> {
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
    bound.names = std::mem::take(&mut inner.names);
    bound.is_distinct = std::mem::take(&mut inner.is_distinct);
    let of_entries: Vec<(Name, Typed<'c>)> = block.entries.iter().flat_map(|entry| entry.every()).collect();
    let known = |expr: &BoundExpr| of_entries.iter().find(|(_, typed)| typed.expr == *expr);
    let mut columns: Vec<(Name, Kind<'c>)> = Vec::new();
    for (expr, Typed { kind, .. }) in inner.outputs.iter().zip(&windows.inputs) {
        columns.push((known(expr).map_or_else(|| "".into(), |(name, _)| name.clone()), *kind));
    }
    // What the block takes of its rows: columns, or slots of groups. The rest is computed over them.
    bound.for_each_expr(&mut |expr| {
        expr.for_each_mut(&mut |part| {
            let (name, kind) = match part {
                BoundExpr::Column { source: WINDOWS | ORDERED, .. } => return,
                BoundExpr::Column { .. } => match known(part) {
                    Some((name, typed)) => (name.clone(), typed.kind),
                    None => ("".into(), Kind::UNKNOWN),
                },
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
    inner.names = columns.iter().map(|(name, _)| name.to_string()).collect();
    columns.extend(windows.values.into_iter().map(|(text, kind)| (text.into(), kind)));
    // A query of an expression is asked where the expression stands.
    let mut subqueries = block.subqueries.take();
    inner.subqueries.clone_from(&subqueries);
    keep_asked(&mut inner, None);
    keep_asked(bound, Some(&mut subqueries));
    block.subqueries.replace(subqueries);
    let relation = Arc::new(relation_of(&columns)?);
    let step = WindowStep { windows: windows.calls, rows: windows.rows };
    let body = BoundBody::Windows { query: inner.into(), windows: Arc::new(step) };
    let derived = BoundDerived { relation, body, arguments: block.pass_outer() };
    bound.sources.push(BoundSource { rows: BoundRows::Derived(derived.into()), left: None });
    Ok(())
}

/// Empties the queries that no expression of the block asks.
fn keep_asked(query: &mut BoundQuery, subqueries: Option<&mut Vec<BoundSubquery>>) {
    let mut asked = Vec::new();
    query.for_each_expr(&mut |expr| expr.visit_asked(&mut |number, _| asked.push(number)));
    for (number, subquery) in subqueries.unwrap_or(&mut query.subqueries).iter_mut().enumerate() {
        if !asked.contains(&number) {
            subquery.query = BoundQuery::default();
        }
    }
}
