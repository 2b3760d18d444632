//! An aggregate over the frame of one row after the other, without looking at all rows of each frame.
//!
//! Where frames only grow, each row is added once. Other frames, if they are long, are put together of the states of as many
//! rows as stand in a block, of as many blocks, and so on: a tree over the partition. Texts are put together row by row: that
//! costs as much as the text that comes out.

use wasm_dbms_api::{AggregateFunction, Value, ValueRef};

use crate::error::Fallible;
use crate::execute::aggregate::State;
use crate::execute::window::frame::{Frame, Span};
use crate::execute::window::partition::{Cursor, Row, input};
use crate::meter::Meter;
use crate::plan::Window;

/// How many rows, or states, a state of the tree is of.
const FAN_OUT: u64 = 16;

/// Frames of more rows than that are put together of states.
const MAX_ADDED_ROWS: u64 = 4 * FAN_OUT;

/// The most states that are kept.
const MAX_STATES: u64 = 1 << 16;

/// An aggregate over a partition.
pub(super) struct Aggregate<'p> {
    window: &'p Window,
    function: AggregateFunction,
    memory_bytes: usize,
    cursor: Cursor,
    /// Of frames that only grow: of the rows before this one.
    state: State,
    added: u64,
    /// The frame of the row before, and what it came to.
    last: Option<([Span; 3], Value)>,
    tree: Option<Tree>,
    /// Where equal values that stand side by side count once: the value before.
    before: Option<Value>,
}

/// The states of rows in blocks, then of blocks in larger blocks.
struct Tree {
    /// How many rows are in a block of the first level.
    block: u64,
    levels: Vec<Vec<State>>,
}

impl<'p> Aggregate<'p> {
    pub(super) fn new(window: &'p Window, function: AggregateFunction, memory_bytes: usize) -> Self {
        let state = State::new(function);
        Self {
            window,
            function,
            memory_bytes,
            cursor: Cursor::default(),
            state,
            added: 0,
            last: None,
            tree: None,
            before: None,
        }
    }

    /// One that takes a value only if the one before it is another.
    pub(super) fn distinct(self) -> Self {
        Self { before: Some(Value::Null), ..self }
    }

    /// The value in a row.
    pub(super) fn value(&mut self, meter: &mut Meter, row: &Row<'_>, frame: &mut Frame<'_>) -> Fallible<Value> {
        let spans = frame.spans(meter, row)?;
        if let Some((last, value)) = &self.last
            && *last == spans
        {
            return Ok(value.clone());
        }
        let value = if frame.only_grows() {
            let end = spans.iter().map(|(_, end)| *end).max().unwrap_or(0);
            let mut state = std::mem::replace(&mut self.state, State::Count(0));
            self.add_rows(meter, row, (self.added, end), &mut state)?;
            (self.state, self.added) = (state, end.max(self.added));
            self.state.finish(self.function)?
        } else {
            let mut state = State::new(self.function);
            for span in spans {
                self.add_span(meter, row, span, &mut state)?;
            }
            state.finish(self.function)?
        };
        self.last = Some((spans, value.clone()));
        Ok(value)
    }

    /// Adds rows one by one.
    fn add_rows(&mut self, meter: &mut Meter, row: &Row<'_>, (start, end): Span, state: &mut State) -> Fallible<()> {
        for number in start..end {
            meter.step()?;
            meter.check_interrupt()?;
            let view = row.partition.row(number, &mut self.cursor)?;
            if let Some(filter) = &self.window.filter
                && !matches!(input(filter, view)?, ValueRef::Bool(true))
            {
                continue;
            }
            let mut arguments = self.window.arguments.iter();
            let Some(argument) = arguments.next() else {
                state.count();
                continue;
            };
            let value = input(argument, view)?;
            if value.is_null() {
                continue;
            }
            if let Some(before) = &mut self.before {
                if before.as_ref() == value {
                    continue;
                }
                *before = value.to_value();
            }
            if self.function == AggregateFunction::Concatenate {
                let separator = arguments.next();
                let between = separator.map_or(Ok(ValueRef::Null), |separator| input(separator, view))?;
                state.join(value, between, separator.is_some())?;
            } else {
                state.add(self.function, value);
            }
        }
        Ok(())
    }

    /// Adds rows, with states of many of them where there are many.
    fn add_span(&mut self, meter: &mut Meter, row: &Row<'_>, (start, end): Span, state: &mut State) -> Fallible<()> {
        let is_long = end.saturating_sub(start) > MAX_ADDED_ROWS && self.function != AggregateFunction::Concatenate;
        if !is_long {
            return self.add_rows(meter, row, (start, end), state);
        }
        let tree = match self.tree.take() {
            Some(tree) => tree,
            None => self.plant(meter, row)?,
        };
        let (mut first, mut behind) = (start.div_ceil(tree.block), end / tree.block);
        if tree.levels.is_empty() || first >= behind {
            self.add_rows(meter, row, (start, end), state)?;
        } else {
            self.add_rows(meter, row, (start, first * tree.block), state)?;
            for (number, level) in tree.levels.iter().enumerate() {
                let is_last = number + 1 == tree.levels.len();
                let (inner, outer) = match is_last {
                    true => (behind, behind),
                    false => (first.next_multiple_of(FAN_OUT).min(behind), (behind - behind % FAN_OUT).max(first)),
                };
                for place in (first..inner).chain(outer.max(inner)..behind) {
                    if let Some(other) = level.get(place as usize) {
                        state.merge(other, self.function);
                    }
                }
                if is_last || inner >= outer {
                    break;
                }
                (first, behind) = (inner / FAN_OUT, outer / FAN_OUT);
            }
            self.add_rows(meter, row, (end - end % tree.block, end), state)?;
        }
        self.tree = Some(tree);
        Ok(())
    }

    /// The states of all blocks of the partition; none where they would take too much memory.
    fn plant(&mut self, meter: &mut Meter, row: &Row<'_>) -> Fallible<Tree> {
        let rows = row.place.count;
        let mut block = FAN_OUT;
        while rows / block > MAX_STATES {
            block *= 2;
        }
        let (mut level, mut bytes) = (Vec::new(), 0);
        for number in 0..rows / block {
            let mut state = State::new(self.function);
            self.add_rows(meter, row, (number * block, (number + 1) * block), &mut state)?;
            bytes += state.text_bytes();
            level.push(state);
            // Values of each level may be kept again above it.
            if bytes > self.memory_bytes / 2 {
                return Ok(Tree { block, levels: Vec::new() });
            }
        }
        let mut levels = Vec::new();
        while !level.is_empty() {
            let mut above = Vec::new();
            for states in level.chunks_exact(FAN_OUT as usize) {
                let mut state = State::new(self.function);
                states.iter().for_each(|other| state.merge(other, self.function));
                above.push(state);
            }
            levels.push(std::mem::replace(&mut level, above));
        }
        Ok(Tree { block, levels })
    }
}

impl State {
    /// Adds what another state of the same aggregate knows.
    fn merge(&mut self, other: &Self, function: AggregateFunction) {
        match (&mut *self, other) {
            (Self::Count(count), Self::Count(other)) => *count += other,
            (Self::Extreme(_), Self::Extreme(other)) if !other.is_null() => self.add(function, other.as_ref()),
            (_, Self::Integers { count: 0, .. }) => {}
            (Self::Integers { count: 0, .. }, other) => *self = other.clone(),
            (Self::Integers { sum, count }, Self::Integers { sum: other, count: of_other }) => {
                *sum = sum.wrapping_add(*other);
                *count += of_other;
            }
            (Self::Integers { sum, count }, Self::Floats { sum: other, count: of_other }) => {
                *self = Self::Floats { sum: *sum as f64 + other, count: *count + of_other };
            }
            (Self::Floats { sum, count }, Self::Integers { sum: other, count: of_other }) => {
                *sum += *other as f64;
                *count += of_other;
            }
            (Self::Floats { sum, count }, Self::Floats { sum: other, count: of_other }) => {
                *sum += other;
                *count += of_other;
            }
            (Self::Decimals(state), Self::Decimals(other)) => {
                state.0.add_sum(&other.0);
                state.1 += other.1;
            }
            _ => {}
        }
    }

    /// About how much memory the value takes beside the state.
    fn text_bytes(&self) -> usize {
        match self {
            Self::Extreme(Value::Text(text)) => text.len(),
            Self::Extreme(Value::Bytes(bytes)) => bytes.len(),
            _ => 0,
        }
    }
}
