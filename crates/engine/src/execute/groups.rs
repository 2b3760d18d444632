//! Rows that become one: hash aggregation. Groups come in the order in which their first rows came.
//!
//! As many groups as may be are in memory, and what comes for them is added at once. Rows of groups that came too late are
//! sorted by their keys, which goes to scratch space, and become groups one after the other at the end.

use wasm_dbms_api::{AggregateFunction, Value, ValueRef};
use wasm_dbms_memory::ScratchSpace;

use crate::codec::record::{Reader, Writer};
use crate::codec::{FixedColumn, key};
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::aggregate::State;
use crate::execute::answer::{decoded, encoded};
use crate::execute::columns::Columns;
use crate::execute::distinct::Distinct;
use crate::execute::group_numbers::GroupNumbers;
use crate::execute::rows::Next;
use crate::execute::runs::{Merge, Runs};
use crate::execute::settle::settle;
use crate::execute::spool::broken;
use crate::execute::{Frame, RowStream};
use crate::full::IS_FULL;
use crate::plan::{BoundAggregate, BoundExpr, Context, Grouping, Plan, broken_row};

/// Takes a group. Says whether more are wanted.
type Visit<'a> = &'a mut dyn FnMut(&mut Core, Context<'_>) -> Fallible<bool>;

/// Calls `visit` with the slots of every group: first its keys, then its aggregates.
pub(crate) fn each(
    core: &mut Core,
    plan: &Plan,
    grouping: &Grouping,
    rows: &mut RowStream<'_>,
    visit: Visit<'_>,
) -> Fallible<()> {
    let mut groups = Groups::new(grouping, &core.store.scratch_space());
    groups.take_columns(rows);
    let mut asked: Vec<&BoundExpr> = Vec::new();
    if IS_FULL {
        grouping.visit(&mut |expr| {
            if expr.asks() {
                asked.push(expr);
            }
        });
    }
    loop {
        let is_full = groups.is_full();
        match rows.next_many(core, groups.inputs.is_some() && !is_full)? {
            Next::End => break,
            Next::Row => {
                for expr in &asked {
                    settle(core, plan, expr, Context::Frame(&rows.frame))?;
                }
                groups.add_row(&rows.frame, is_full)?;
            }
            Next::Columns => {
                if let Some(columns) = rows.columns() {
                    groups.add_columns(&columns)?;
                }
            }
        }
    }
    groups.settle()?;
    let late = groups.late.take();
    // A sum out of range is an error even of a group that nobody wants.
    let mut wants_more = true;
    for group in 0..groups.count {
        let slots = groups.slots(group)?;
        rows.frame.scope.arena.clear();
        wants_more = wants_more && visit(core, Context::Group(&slots, &rows.frame.scope))?;
    }
    drop(groups);
    let Some(late) = late else { return Ok(()) };
    let mut late = late_groups(core, grouping, late)?;
    while wants_more && late.next()? {
        core.meter.check_interrupt()?;
        rows.frame.scope.arena.clear();
        wants_more = visit(
            core,
            Context::Group(
                &decoded(late.payload(), grouping.keys.len() + grouping.aggregates.len())?,
                &rows.frame.scope,
            ),
        )?;
    }
    Ok(())
}

/// The slots of the groups that came too late, in the order in which their first rows came.
#[cold]
fn late_groups(core: &Core, grouping: &Grouping, late: Runs) -> Fallible<Box<Merge>> {
    let space = core.store.scratch_space();
    let (mut rows, mut firsts) = (late.finish()?, Runs::new(&space));
    let mut current: Option<Box<LateGroup<'_>>> = None;
    loop {
        core.meter.check_interrupt()?;
        let is_there = rows.next()?;
        if let Some(mut late) = current.take_if(|late| !is_there || late.key != rows.key()) {
            late.group.settle()?;
            firsts.push((&late.arrival, &encoded(&late.group.slots(0)?)))?;
        }
        if !is_there {
            return firsts.finish();
        }
        let (arrival, values) = rows.payload().split_at_checked(ARRIVAL_BYTES).ok_or_else(broken)?;
        let mut keys = decoded(values, grouping.keys.len() + grouping.aggregates.len())?;
        let values = keys.split_off(grouping.keys.len().min(keys.len()));
        let late = current.get_or_insert_with(|| {
            let mut group = Groups::new(grouping, &space);
            group.keys = keys;
            group.begin();
            Box::new(LateGroup { key: rows.key().to_vec(), arrival: arrival.to_vec(), group })
        });
        let mut values = values.iter();
        let mut next = || values.next().map_or(ValueRef::Null, Value::as_ref);
        for (place, aggregate) in grouping.aggregates.iter().enumerate() {
            let value = next();
            let separator = if aggregate.separator.is_some() { next() } else { ValueRef::Null };
            late.group.add(0, place, value, separator)?;
        }
    }
}

/// A group whose rows came too late.
struct LateGroup<'p> {
    key: Vec<u8>,
    /// When its first row came.
    arrival: Vec<u8>,
    group: Groups<'p>,
}

/// How many bytes of a row that came too late say when it came.
const ARRIVAL_BYTES: usize = 8;

/// All groups so far.
struct Groups<'p> {
    grouping: &'p Grouping,
    space: ScratchSpace,
    numbers: GroupNumbers,
    count: usize,
    /// The keys of one group after the other.
    keys: Vec<Value>,
    /// The aggregates of one group after the other.
    states: Vec<State>,
    /// About how much memory the texts of keys and aggregates take.
    text_bytes: usize,
    key: Option<KeyColumn>,
    /// What each aggregate reads, if for all of them columns of rows that stand together are enough.
    inputs: Option<Vec<Input>>,
    /// Of each row of such columns the number of its group.
    row_groups: Vec<usize>,
    codes: Vec<i64>,
    /// The key of the row at hand.
    code: Vec<u8>,
    /// The values met by aggregates in which equal ones count once.
    distinct: Option<Distinct>,
    /// Rows of groups that came too late.
    late: Option<Runs>,
    arrivals: u64,
}

/// The only key of a grouping, where it is a column at a fixed place.
#[derive(Debug, Clone, Copy)]
struct KeyColumn {
    source: usize,
    number: usize,
    column: FixedColumn,
}

impl KeyColumn {
    fn of(keys: &[BoundExpr], rows: &RowStream<'_>) -> Option<Self> {
        match keys {
            [BoundExpr::Column { source, column: number }] => {
                let column = rows.fixed_column(*source, *number)?;
                Some(Self { source: *source, number: *number, column })
            }
            _ => None,
        }
    }
}

/// What an aggregate reads of rows that stand together.
#[derive(Debug, Clone, Copy)]
enum Input {
    /// Nothing: it counts them.
    Rows,
    /// A column at a fixed place.
    Column(FixedColumn),
    /// As an aggregate before it does, to the same end.
    Same(usize),
}

impl Input {
    /// What the last of these aggregates reads; none if columns do not say it all.
    fn of(aggregates: &[BoundAggregate], rows: &RowStream<'_>) -> Option<Self> {
        let (aggregate, before) = aggregates.split_last()?;
        if aggregate.is_rare() {
            return None;
        }
        let (source, number) = match &aggregate.argument {
            None => return Some(Self::Rows),
            Some(BoundExpr::Column { source, column }) => (*source, *column),
            Some(_) => return None,
        };
        if is_total(aggregate.function) {
            let is_same = |other: &BoundAggregate| {
                is_total(other.function) && !other.is_rare() && other.argument == aggregate.argument
            };
            if let Some(place) = before.iter().position(is_same) {
                return Some(Self::Same(place));
            }
        }
        match aggregate.function {
            AggregateFunction::Count => rows.presence(source, number).map(Self::Column),
            AggregateFunction::Sum | AggregateFunction::Average => {
                let column = rows.fixed_column(source, number)?;
                column.kind().integers().is_some().then_some(Self::Column(column))
            }
            AggregateFunction::Minimum | AggregateFunction::Maximum => {
                let column = rows.fixed_column(source, number)?;
                column.kind().value(0).is_some().then_some(Self::Column(column))
            }
            _ => None,
        }
    }
}

/// Whether what is kept for the function is a sum and a count.
fn is_total(function: AggregateFunction) -> bool {
    matches!(function, AggregateFunction::Sum | AggregateFunction::Average)
}

/// What an aggregate is over in a row, and what stands between texts; NULL if the row does not count.
fn input<'a>(aggregate: &'a BoundAggregate, context: Context<'a>) -> Fallible<(ValueRef<'a>, ValueRef<'a>)> {
    if IS_FULL
        && let Some(filter) = &aggregate.filter
        && !filter.holds(context)?
    {
        return Ok((ValueRef::Null, ValueRef::Null));
    }
    let value = match &aggregate.argument {
        Some(argument) => argument.value(context)?,
        None => ValueRef::Bool(true),
    };
    match &aggregate.separator {
        Some(separator) if IS_FULL && !value.is_null() => Ok((value, separator.value(context)?)),
        _ => Ok((value, ValueRef::Null)),
    }
}

/// How much memory a value takes beside itself.
fn text_bytes(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

impl<'p> Groups<'p> {
    fn new(grouping: &'p Grouping, space: &ScratchSpace) -> Self {
        let has_distinct = grouping.aggregates.iter().any(|aggregate| aggregate.is_distinct);
        let mut groups = Self {
            grouping,
            space: space.clone(),
            numbers: GroupNumbers::default(),
            count: 0,
            keys: Vec::new(),
            states: Vec::new(),
            text_bytes: 0,
            key: None,
            inputs: None,
            row_groups: Vec::new(),
            codes: Vec::new(),
            code: Vec::new(),
            distinct: has_distinct.then(|| Distinct::new(space)),
            late: None,
            arrivals: 0,
        };
        if grouping.keys.is_empty() {
            // Aggregates over everything have one row, even of nothing.
            groups.begin();
        }
        groups
    }

    /// Finds out which columns of these rows are enough.
    fn take_columns(&mut self, rows: &RowStream<'_>) {
        let Grouping { keys, aggregates } = self.grouping;
        self.key = KeyColumn::of(keys, rows);
        if rows.is_of_one_table() && (keys.is_empty() || self.key.is_some()) {
            let mut inputs = Vec::with_capacity(aggregates.len());
            for end in 1..=aggregates.len() {
                let Some(input) = Input::of(aggregates.get(..end).unwrap_or_default(), rows) else { return };
                inputs.push(input);
            }
            self.inputs = Some(inputs);
        }
    }

    /// Whether there is no room for more groups.
    fn is_full(&self) -> bool {
        let own = self.keys.len() * size_of::<Value>() + self.states.len() * size_of::<State>();
        self.late.is_some() || own + self.text_bytes + self.numbers.bytes() > self.space.memory_bytes()
    }

    /// Begins a group, whose keys were pushed.
    fn begin(&mut self) {
        self.count += 1;
        for aggregate in &self.grouping.aggregates {
            self.states.push(State::new(aggregate.function));
        }
    }

    fn add_row(&mut self, frame: &Frame, is_full: bool) -> Fallible<()> {
        let Grouping { keys, aggregates } = self.grouping;
        let context = Context::Frame(frame);
        let number = match (keys.as_slice(), &self.key) {
            ([], _) => Some(0),
            (_, Some(key)) => {
                let row = frame.view(key.source).ok_or_else(broken_row)?.row;
                let code = key.column.code_in(row).ok_or_else(broken_row)?;
                if is_full { self.numbers.get_code(code) } else { Some(self.numbers.of_code(code)) }
            }
            (keys, None) => {
                self.code.clear();
                for expr in keys {
                    key::push_nullable(&mut self.code, expr.value(context)?);
                }
                if is_full { self.numbers.get_key(&self.code) } else { Some(self.numbers.of_key(&self.code)) }
            }
        };
        let Some(number) = number else { return self.put_off(context) };
        if number == self.count {
            for expr in keys {
                let value = expr.value(context)?.to_value();
                self.text_bytes += text_bytes(&value);
                self.keys.push(value);
            }
            self.begin();
        }
        let first = number * aggregates.len();
        for (place, aggregate) in aggregates.iter().enumerate() {
            if aggregate.is_rare() {
                let (value, separator) = input(aggregate, context)?;
                self.add(number, place, value, separator)?;
            } else if let Some(state) = self.states.get_mut(first + place) {
                state.add_row(aggregate, frame)?;
            }
        }
        Ok(())
    }

    /// Puts a row off, whose group comes too late.
    #[cold]
    fn put_off(&mut self, context: Context<'_>) -> Fallible<()> {
        let Grouping { keys, aggregates } = self.grouping;
        self.code.clear();
        let mut row = Writer(self.arrivals.to_be_bytes().to_vec());
        self.arrivals += 1;
        for expr in keys {
            let value = expr.value(context)?;
            key::push_nullable(&mut self.code, value);
            row.value(value);
        }
        for aggregate in aggregates {
            let (value, separator) = input(aggregate, context)?;
            row.value(value);
            if aggregate.separator.is_some() {
                row.value(separator);
            }
        }
        self.late.get_or_insert_with(|| Runs::new(&self.space)).push((&self.code, &row.0))
    }

    /// Adds what an aggregate is over in a row of a group.
    fn add(&mut self, group: usize, place: usize, value: ValueRef<'_>, separator: ValueRef<'_>) -> Fallible<()> {
        let Some(aggregate) = self.grouping.aggregates.get(place).filter(|_| !value.is_null()) else { return Ok(()) };
        if let Some(distinct) = self.distinct.as_mut().filter(|_| aggregate.is_distinct) {
            let numbers = [group, place];
            self.code.clear();
            numbers.iter().for_each(|number| self.code.extend_from_slice(&(*number as u64).to_be_bytes()));
            key::push(&mut self.code, value);
            let is_new = distinct.is_new(&self.code, &mut |bytes| {
                let mut row = Writer(std::mem::take(bytes));
                numbers.iter().for_each(|number| row.number(*number as u64));
                row.value(value);
                row.value(separator);
                *bytes = row.0;
                Ok(())
            })?;
            if !is_new {
                return Ok(());
            }
        }
        self.apply(group, place, value, separator)
    }

    fn apply(&mut self, group: usize, place: usize, value: ValueRef<'_>, separator: ValueRef<'_>) -> Fallible<()> {
        let aggregates = &self.grouping.aggregates;
        let state = self.states.get_mut(group * aggregates.len() + place);
        if let (Some(aggregate), Some(state)) = (aggregates.get(place), state) {
            if IS_FULL && aggregate.function == AggregateFunction::Concatenate {
                self.text_bytes += state.join(value, separator, aggregate.separator.is_some())?;
            } else {
                state.add(aggregate.function, value);
            }
        }
        Ok(())
    }

    /// Adds what was put off.
    fn settle(&mut self) -> Fallible<()> {
        let Some(distinct) = self.distinct.take() else { return Ok(()) };
        let mut late = distinct.finish()?;
        while late.next()? {
            let mut row = Reader::new(late.payload());
            let (group, place) = (row.number() as usize, row.number() as usize);
            let (value, separator) = (row.value(), row.value());
            row.finish().map_err(|_| broken())?;
            self.apply(group, place, value.as_ref(), separator.as_ref())?;
        }
        Ok(())
    }

    /// The slots of a group.
    fn slots(&mut self, group: usize) -> Fallible<Vec<Value>> {
        let Grouping { keys, aggregates } = self.grouping;
        let (count, width) = (keys.len(), aggregates.len());
        let mut slots = Vec::with_capacity(count + width);
        let own = self.keys.get_mut(group * count..(group + 1) * count).unwrap_or_default();
        for key in own {
            slots.push(std::mem::take(key));
        }
        for (place, aggregate) in aggregates.iter().enumerate() {
            let place = match self.inputs.as_ref().and_then(|inputs| inputs.get(place)) {
                Some(Input::Same(other)) => *other,
                _ => place,
            };
            if let Some(state) = self.states.get(group * width + place) {
                slots.push(state.finish(aggregate.function)?);
            }
        }
        Ok(slots)
    }

    /// Adds rows that stand together, aggregate by aggregate.
    fn add_columns(&mut self, columns: &Columns<'_>) -> Fallible<()> {
        self.number_rows(columns)?;
        let Self { grouping, inputs, row_groups, codes, states, .. } = self;
        let width = grouping.aggregates.len();
        let inputs = inputs.as_deref().unwrap_or_default();
        for (place, (aggregate, input)) in grouping.aggregates.iter().zip(inputs).enumerate() {
            let mut groups = row_groups.iter();
            let mut next = || groups.next().map_or(usize::MAX, |group| group * width + place);
            match *input {
                Input::Same(_) => {}
                Input::Rows => {
                    for group in row_groups.iter() {
                        if let Some(state) = states.get_mut(group * width + place) {
                            state.count();
                        }
                    }
                }
                Input::Column(column) if aggregate.function == AggregateFunction::Count => {
                    columns.for_each(column, codes, |code| {
                        if let (Some(state), Some(_)) = (states.get_mut(next()), code) {
                            state.count();
                        }
                    });
                }
                Input::Column(column) if is_total(aggregate.function) => {
                    let kind = column.kind();
                    columns.for_each(column, codes, |code| {
                        if let (Some(state), Some(code)) = (states.get_mut(next()), code) {
                            state.add_to_sum(kind.integer(code));
                        }
                    });
                }
                Input::Column(column) => columns.for_each(column, codes, |code| {
                    let value = code.and_then(|code| column.kind().value(code));
                    if let (Some(state), Some(value)) = (states.get_mut(next()), value) {
                        state.add(aggregate.function, value);
                    }
                }),
            }
        }
        Ok(())
    }

    /// Finds the group of each row.
    fn number_rows(&mut self, columns: &Columns<'_>) -> Fallible<()> {
        self.row_groups.clear();
        let Some(key) = self.key else {
            self.row_groups.resize(columns.len(), 0);
            return Ok(());
        };
        let mut fresh = Vec::new();
        let Self { numbers, row_groups, codes, count, .. } = self;
        columns.for_each(key.column, codes, |code| {
            let number = numbers.of_code(code);
            if number == *count + fresh.len() {
                fresh.push(row_groups.len());
            }
            row_groups.push(number);
        });
        for position in fresh {
            self.keys.push(columns.value(position, key.number)?);
            self.begin();
        }
        Ok(())
    }
}
