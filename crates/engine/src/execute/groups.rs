//! Rows that become one: hash aggregation. Groups come in the order in which their first rows came.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use wasm_dbms_api::{AggregateFunction, Value};

use crate::codec::{FixedColumn, key};
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::aggregate::State;
use crate::execute::columns::Columns;
use crate::execute::rows::Next;
use crate::execute::{Frame, RowStream};
use crate::numbering::{KeyHasher, Numbering};
use crate::plan::{BoundAggregate, BoundExpr, Context, Grouping, broken_row};

/// The slots of every group: first its keys, then its aggregates.
pub(crate) fn groups(core: &mut Core, rows: &mut RowStream<'_>, grouping: &Grouping) -> Fallible<Vec<Vec<Value>>> {
    let mut groups = Groups::new(grouping, rows);
    loop {
        match rows.next_many(core, groups.inputs.is_some())? {
            Next::End => return groups.finish(),
            Next::Row => groups.add_row(&rows.frame)?,
            Next::Columns => {
                if let Some(columns) = rows.columns() {
                    groups.add_columns(&columns)?;
                }
            }
        }
    }
}

/// All groups so far.
struct Groups<'p> {
    grouping: &'p Grouping,
    numbers: GroupNumbers,
    count: usize,
    /// The keys of one group after the other.
    keys: Vec<Value>,
    /// The aggregates of one group after the other.
    states: Vec<State>,
    key: Option<KeyColumn>,
    /// What each aggregate reads, if for all of them columns of rows that stand together are enough.
    inputs: Option<Vec<Input>>,
    /// Of each row of such columns the number of its group.
    row_groups: Vec<usize>,
    codes: Vec<i64>,
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
        let (source, number) = match &aggregate.argument {
            None => return Some(Self::Rows),
            Some(BoundExpr::Column { source, column }) => (*source, *column),
            Some(_) => return None,
        };
        if is_total(aggregate.function) {
            let is_same = |other: &BoundAggregate| is_total(other.function) && other.argument == aggregate.argument;
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

impl<'p> Groups<'p> {
    fn new(grouping: &'p Grouping, rows: &RowStream<'_>) -> Self {
        let key = KeyColumn::of(&grouping.keys, rows);
        let aggregates = grouping.aggregates.as_slice();
        let has_columns = rows.is_of_one_table() && (grouping.keys.is_empty() || key.is_some());
        let inputs = (1..=aggregates.len()).map(|end| Input::of(aggregates.get(..end).unwrap_or_default(), rows));
        let mut groups = Self {
            grouping,
            numbers: GroupNumbers::default(),
            count: 0,
            keys: Vec::new(),
            states: Vec::new(),
            key,
            inputs: if has_columns { inputs.collect() } else { None },
            row_groups: Vec::new(),
            codes: Vec::new(),
        };
        if grouping.keys.is_empty() {
            // Aggregates over everything have one row, even of nothing.
            groups.begin();
        }
        groups
    }

    /// Begins a group, whose keys were pushed.
    fn begin(&mut self) {
        self.count += 1;
        self.states.extend(self.grouping.aggregates.iter().map(|aggregate| State::new(aggregate.function)));
    }

    fn add_row(&mut self, frame: &Frame) -> Fallible<()> {
        let number = match (self.grouping.keys.as_slice(), &self.key) {
            ([], _) => 0,
            (_, Some(key)) => {
                let row = frame.view(key.source).ok_or_else(broken_row)?.row;
                self.numbers.of_code(key.column.code_in(row).ok_or_else(broken_row)?)
            }
            (keys, None) => self.numbers.of_keys(keys, frame)?,
        };
        if number == self.count {
            for expr in &self.grouping.keys {
                self.keys.push(expr.value(Context::Frame(frame))?.to_value());
            }
            self.begin();
        }
        let aggregates = &self.grouping.aggregates;
        let states = self.states.get_mut(number * aggregates.len()..).unwrap_or_default();
        for (aggregate, state) in aggregates.iter().zip(states) {
            state.add_row(aggregate, frame)?;
        }
        Ok(())
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

    fn finish(self) -> Fallible<Vec<Vec<Value>>> {
        let Self { grouping, keys, states, count, inputs, .. } = self;
        let (key_count, width) = (grouping.keys.len(), grouping.aggregates.len());
        let mut keys = keys.into_iter();
        let mut answer = Vec::with_capacity(count);
        for group in 0..count {
            let mut slots = Vec::with_capacity(key_count + width);
            slots.extend(keys.by_ref().take(key_count));
            for (place, aggregate) in grouping.aggregates.iter().enumerate() {
                let place = match inputs.as_ref().and_then(|inputs| inputs.get(place)) {
                    Some(Input::Same(other)) => *other,
                    _ => place,
                };
                if let Some(state) = states.get(group * width + place) {
                    slots.push(state.finish(aggregate.function)?);
                }
            }
            answer.push(slots);
        }
        Ok(answer)
    }
}

/// Keys below this are looked up in a table.
const SMALL_CODES: usize = 4096;

/// The number of each group, in the order in which their first rows came.
#[derive(Default)]
struct GroupNumbers {
    count: usize,
    /// Where the only key is a column at a fixed place: one more than the number, 0 where there is none, of small codes.
    small: Vec<u32>,
    by_code: HashMap<i64, usize, BuildHasherDefault<KeyHasher>>,
    of_null: Option<usize>,
    by_key: Numbering,
    key: Vec<u8>,
}

impl GroupNumbers {
    /// The number of the group of an order code; the next free one if it is new.
    #[inline]
    fn of_code(&mut self, code: Option<i64>) -> usize {
        let small = code.and_then(|code| usize::try_from(code).ok());
        match small.and_then(|small| self.small.get(small)) {
            Some(number) if *number > 0 => *number as usize - 1,
            _ => self.of_rarer_code(code),
        }
    }

    #[inline(never)]
    fn of_rarer_code(&mut self, code: Option<i64>) -> usize {
        let next = self.count;
        let number = match code {
            None => *self.of_null.get_or_insert(next),
            Some(code) => *self.by_code.entry(code).or_insert(next),
        };
        if number == next {
            self.count += 1;
        }
        if let Some(small) = code.and_then(|code| usize::try_from(code).ok()).filter(|small| *small < SMALL_CODES) {
            if self.small.len() <= small {
                self.small.resize(small + 1, 0);
            }
            if let Some(place) = self.small.get_mut(small) {
                *place = number as u32 + 1;
            }
        }
        number
    }

    /// The number of the group of a row; the next free one if it is new.
    fn of_keys(&mut self, keys: &[BoundExpr], frame: &Frame) -> Fallible<usize> {
        self.key.clear();
        for expr in keys {
            key::push_nullable(&mut self.key, expr.value(Context::Frame(frame))?);
        }
        let (number, is_new) = self.by_key.number(&self.key);
        self.count += usize::from(is_new);
        Ok(number)
    }
}
