//! Answers of every kind of question, as values: what is distinct, what asks other queries, what is rarer than the paths
//! of [`answer`](super::answer).

use wasm_dbms_api::{AggregateFunction, DataType, Value, ValueRef};

use crate::Error;
use crate::codec::key;
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::aggregate::State;
use crate::execute::answer::{in_order, top};
use crate::execute::sort::{Kept, Sorter};
use crate::execute::{RowStream, values_in};
use crate::function::{self, Arena, MAX_MADE_BYTES};
use crate::numbering::Numbering;
use crate::plan::{Answer, Answers, BoundAggregate, BoundExpr, Context, Grouping, Plan, Scope, Subquery};

/// Bytes that are the same exactly for rows whose values are equal, NULL with NULL.
pub(crate) fn equality_key<'a>(values: impl IntoIterator<Item = ValueRef<'a>>, key: &mut Vec<u8>) {
    key.clear();
    for value in values {
        key::push_nullable(key, value);
    }
}

/// Rows of an answer while they come.
struct Collector<'p> {
    plan: &'p Plan,
    seen: Numbering,
    made: Vec<Vec<Value>>,
    sorter: Sorter,
    /// How many rows are enough.
    enough: usize,
}

impl Collector<'_> {
    /// Takes a row. Returns whether more are wanted.
    fn offer(&mut self, core: &mut Core, context: Context<'_>) -> Fallible<bool> {
        let plan = self.plan;
        for condition in &plan.having {
            settle(core, plan, condition, context)?;
            if !condition.holds(context)? {
                return Ok(true);
            }
        }
        let mut row = Vec::with_capacity(plan.outputs.len());
        for output in &plan.outputs {
            settle(core, plan, output, context)?;
            row.push(output.value(context)?.to_value());
        }
        if plan.is_distinct {
            let mut key = Vec::new();
            equality_key(row.iter().map(Value::as_ref), &mut key);
            if !self.seen.is_new(&key) {
                return Ok(true);
            }
        }
        if plan.order.is_empty() {
            self.made.push(row);
            return Ok(self.made.len() < self.enough);
        }
        for key in &plan.order {
            settle(core, plan, &key.expr, context)?;
        }
        match self.sorter.offer(&plan.order, context)? {
            Kept::No => {}
            Kept::New => self.made.push(row),
            Kept::In(slot) => {
                if let Some(place) = self.made.get_mut(slot) {
                    *place = row;
                }
            }
        }
        Ok(true)
    }
}

/// Everything that a plan answers.
pub(crate) fn values(core: &mut Core, plan: &Plan, rows: &mut RowStream<'_>) -> Fallible<Vec<Vec<Value>>> {
    let enough = top(plan).unwrap_or(usize::MAX);
    let (seen, made) = (Numbering::default(), Vec::new());
    let mut collector = Collector { plan, seen, made, sorter: Sorter::new(top(plan)), enough };
    if enough == 0 {
        return Ok(Vec::new());
    }
    match &plan.grouping {
        None => while rows.next(core)? && collector.offer(core, Context::Frame(&rows.frame))? {},
        Some(grouping) => {
            for slots in groups(core, plan, grouping, rows)? {
                rows.frame.scope.arena.clear();
                if !collector.offer(core, Context::Group(&slots, &rows.frame.scope))? {
                    break;
                }
            }
        }
    }
    let Collector { made, sorter, .. } = collector;
    let order = if plan.order.is_empty() { (0..made.len()).collect() } else { sorter.finish() };
    Ok(in_order(made, order, plan))
}

/// Asks the queries that the expression needs the answers of.
pub(crate) fn settle(core: &mut Core, plan: &Plan, expr: &BoundExpr, context: Context<'_>) -> Fallible<()> {
    if plan.subqueries.is_empty() || !expr.asks() {
        return Ok(());
    }
    context.scope().make_room();
    while expr.evaluate(context).is_none() {
        let scope = context.scope();
        let (number, values) = scope.take_unanswered()?;
        let Some(subquery) = plan.subqueries.get(number) else {
            return Err(Error::Query("there is no such subquery".into()).into());
        };
        let answer = ask(core, subquery, scope.inside(values.clone()))?;
        scope.remember(number, &values, answer);
    }
    Ok(())
}

fn ask(core: &mut Core, subquery: &Subquery, scope: Scope) -> Fallible<Answer> {
    let mut rows = values_in(core, &subquery.plan, scope)?;
    match subquery.answers {
        Answers::Exists => Ok(Answer::Value(Value::Bool(!rows.is_empty()))),
        Answers::Scalar if rows.len() > 1 => {
            Err(Error::Query("a subquery that stands for one value answers more than one row".into()).into())
        }
        Answers::Scalar => {
            let value = rows.pop().and_then(|row| row.into_iter().next());
            Ok(Answer::Value(value.unwrap_or(Value::Null)))
        }
        Answers::Set => {
            let mut set = Numbering::default();
            let mut has_null = false;
            let arena = Arena::default();
            for value in rows.iter().flatten() {
                let value = match subquery.set_type {
                    Some(data_type) if data_type.is_number() && !data_type.is_integer() => {
                        function::cast(value.as_ref(), number_type(data_type), &arena)?
                    }
                    _ => value.as_ref(),
                };
                if value.is_null() {
                    has_null = true;
                    continue;
                }
                let mut code = Vec::new();
                key::push(&mut code, value);
                set.number(&code);
            }
            Ok(Answer::Set(set.into(), has_null))
        }
    }
}

/// Floats of both widths are compared as the wider.
fn number_type(data_type: DataType) -> DataType {
    if data_type.is_float() { DataType::F64 } else { data_type }
}

/// What is known of one aggregate of one group.
struct Accumulator {
    state: State,
    /// The values met, where equal ones count once.
    seen: Option<Numbering>,
    text: Option<String>,
}

impl Accumulator {
    fn new(aggregate: &BoundAggregate) -> Self {
        let seen = aggregate.is_distinct.then(Numbering::default);
        Self { state: State::new(aggregate.function), seen, text: None }
    }

    fn add(&mut self, aggregate: &BoundAggregate, context: Context<'_>) -> Fallible<()> {
        if let Some(filter) = &aggregate.filter
            && !filter.holds(context)?
        {
            return Ok(());
        }
        let value = match &aggregate.argument {
            Some(argument) => argument.value(context)?,
            None => ValueRef::Bool(true),
        };
        if value.is_null() {
            return Ok(());
        }
        if let Some(seen) = &mut self.seen {
            let mut code = Vec::new();
            key::push(&mut code, value);
            if !seen.is_new(&code) {
                return Ok(());
            }
        }
        if aggregate.function != AggregateFunction::Concatenate {
            self.state.add(aggregate.function, value);
            return Ok(());
        }
        match &mut self.text {
            None => self.text = Some(String::new()),
            Some(text) => match &aggregate.separator {
                None => text.push(','),
                Some(separator) => {
                    if let ValueRef::Text(separator) = separator.value(context)? {
                        text.push_str(separator);
                    }
                }
            },
        }
        let text = self.text.get_or_insert_default();
        function::write_text(value, text)?;
        if text.len() > MAX_MADE_BYTES {
            let (what, bytes, limit) = (aggregate.function.to_string(), text.len() as u64, MAX_MADE_BYTES as u64);
            return Err(Error::TooLong { what, bytes, limit }.into());
        }
        Ok(())
    }

    fn finish(self, aggregate: &BoundAggregate) -> Fallible<Value> {
        match aggregate.function {
            AggregateFunction::Concatenate => Ok(self.text.map_or(Value::Null, Value::Text)),
            function => self.state.finish(function),
        }
    }
}

/// The slots of every group, in the order in which their first rows came.
fn groups(core: &mut Core, plan: &Plan, grouping: &Grouping, rows: &mut RowStream<'_>) -> Fallible<Vec<Vec<Value>>> {
    let mut numbers = Numbering::default();
    let mut groups: Vec<(Vec<Value>, Vec<Accumulator>)> = Vec::new();
    let fresh = || grouping.aggregates.iter().map(Accumulator::new).collect::<Vec<_>>();
    if grouping.keys.is_empty() {
        // Aggregates over everything have one row, even of nothing.
        groups.push((Vec::new(), fresh()));
        numbers.number(&[]);
    }
    let mut code = Vec::new();
    while rows.next(core)? {
        let context = Context::Frame(&rows.frame);
        code.clear();
        for key in &grouping.keys {
            settle(core, plan, key, context)?;
            key::push_nullable(&mut code, key.value(context)?);
        }
        let (number, is_new) = numbers.number(&code);
        if is_new {
            let keys = grouping.keys.iter().map(|key| Ok(key.value(context)?.to_value()));
            groups.push((keys.collect::<Fallible<_>>()?, fresh()));
        }
        let Some((_, accumulators)) = groups.get_mut(number) else { continue };
        for (accumulator, aggregate) in accumulators.iter_mut().zip(&grouping.aggregates) {
            for part in [&aggregate.argument, &aggregate.filter, &aggregate.separator].into_iter().flatten() {
                settle(core, plan, part, context)?;
            }
            accumulator.add(aggregate, context)?;
        }
    }
    let mut answer = Vec::with_capacity(groups.len());
    for (mut slots, accumulators) in groups {
        for (accumulator, aggregate) in accumulators.into_iter().zip(&grouping.aggregates) {
            slots.push(accumulator.finish(aggregate)?);
        }
        answer.push(slots);
    }
    Ok(answer)
}
