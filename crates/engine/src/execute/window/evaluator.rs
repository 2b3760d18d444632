//! The value of one window function in one row after the other.

use wasm_dbms_api::{AggregateFunction, Value, ValueRef};
use wasm_dbms_memory::ScratchSpace;

use crate::error::Fallible;
use crate::execute::window::aggregate::Aggregate;
use crate::execute::window::frame::{Frame, Span};
use crate::execute::window::partition::{Cursor, Partition, Place, Row, input};
use crate::function::wrong;
use crate::meter::Meter;
use crate::plan::{Window, WindowOperator};

/// A window function over a partition.
pub(super) struct Evaluator<'p> {
    window: &'p Window,
    /// Which of the orders of the partition is its own.
    order: usize,
    frame: Frame<'p>,
    aggregate: Option<Aggregate<'p>>,
    cursor: Cursor,
}

impl<'p> Evaluator<'p> {
    pub(super) fn new(window: &'p Window, partition: &Partition<'_>, space: &ScratchSpace) -> Fallible<Self> {
        let order = partition.groups.iter().position(|groups| groups.order == window.order.len()).unwrap_or(0);
        let frame = Frame::new(window, partition)?;
        let aggregate = match window.operator {
            WindowOperator::Aggregate(function) => Some(Aggregate::new(window, function, space.memory_bytes())),
            WindowOperator::InOrder { is_distinct } => {
                let aggregate = Aggregate::new(window, AggregateFunction::Concatenate, space.memory_bytes());
                Some(if is_distinct { aggregate.distinct() } else { aggregate })
            }
            _ => None,
        };
        Ok(Self { window, order, frame, aggregate, cursor: Cursor::default() })
    }

    /// The value in a row.
    pub(super) fn value(
        &mut self,
        meter: &mut Meter,
        partition: &Partition<'_>,
        places: &[Place],
        values: &[ValueRef<'_>],
    ) -> Fallible<Value> {
        let (Some(place), Some(groups)) = (places.get(self.order), partition.groups.get(self.order)) else {
            return Ok(Value::Null);
        };
        let row = Row { partition, groups, place, values };
        Ok(match self.window.operator {
            WindowOperator::RowNumber => Value::from(place.row + 1),
            WindowOperator::Rank => Value::from(place.start + 1),
            WindowOperator::DenseRank => Value::from(place.group + 1),
            WindowOperator::PercentRank if place.count > 1 => {
                Value::Float(place.start as f64 / (place.count - 1) as f64)
            }
            WindowOperator::PercentRank => Value::Float(0.0),
            WindowOperator::CumulativeDistribution => Value::Float(place.end as f64 / place.count as f64),
            WindowOperator::Ntile => self.bucket(&row)?,
            WindowOperator::Lag | WindowOperator::Lead => self.neighbour(meter, &row)?,
            WindowOperator::FirstValue | WindowOperator::LastValue | WindowOperator::NthValue => {
                let spans = self.frame.spans(meter, &row)?;
                match self.chosen(&row, spans)? {
                    Some(number) => self.first_argument(meter, &row, number)?,
                    None => Value::Null,
                }
            }
            // Of a group one row is enough.
            WindowOperator::InOrder { .. } if place.row > 0 => Value::Null,
            WindowOperator::Aggregate(_) | WindowOperator::InOrder { .. } => match &mut self.aggregate {
                Some(aggregate) => aggregate.value(meter, &row, &mut self.frame)?,
                None => Value::Null,
            },
        })
    }

    /// The argument of this number as a count: none of NULL.
    fn count(&self, row: &Row<'_>, argument: usize) -> Option<i128> {
        self.window.arguments.get(argument).and_then(|argument| row.input(argument).as_i128())
    }

    /// The first argument in a row of the partition.
    fn first_argument(&mut self, meter: &mut Meter, row: &Row<'_>, number: u64) -> Fallible<Value> {
        meter.step()?;
        let Some(argument) = self.window.arguments.first() else { return Ok(Value::Null) };
        Ok(input(argument, row.partition.row(number, &mut self.cursor)?)?.to_value())
    }

    /// The bucket that the row is in, of as many as the first row says: the first ones are the larger ones.
    fn bucket(&mut self, row: &Row<'_>) -> Fallible<Value> {
        let Some(argument) = self.window.arguments.first() else { return Ok(Value::Null) };
        let given = input(argument, row.partition.row(0, &mut self.cursor)?)?;
        let Some(count) = given.as_i128() else { return Ok(Value::Null) };
        let Some(count) = u64::try_from(count).ok().filter(|count| *count > 0) else {
            return Err(wrong(format_args!("ntile: {given} is no number of buckets")));
        };
        let (rows, number) = (row.place.count, row.place.row);
        let (size, larger) = (rows / count, rows % count);
        let in_larger = larger * (size + 1);
        let bucket = match number.checked_sub(in_larger) {
            Some(rest) => larger + rest.checked_div(size).unwrap_or(0),
            None => number / (size + 1),
        };
        Ok(Value::from(bucket + 1))
    }

    /// The value some rows before or behind.
    fn neighbour(&mut self, meter: &mut Meter, row: &Row<'_>) -> Fallible<Value> {
        let Some(by) = self.count(row, 1) else { return Ok(Value::Null) };
        let by = if self.window.operator == WindowOperator::Lag { -by } else { by };
        let number = u64::try_from(i128::from(row.place.row) + by).ok().filter(|number| *number < row.place.count);
        match (number, self.window.arguments.get(2)) {
            (Some(number), _) => self.first_argument(meter, row, number),
            (None, Some(otherwise)) => Ok(row.input(otherwise).to_value()),
            (None, None) => Ok(Value::Null),
        }
    }

    /// The row of the frame whose value is taken.
    fn chosen(&self, row: &Row<'_>, spans: [Span; 3]) -> Fallible<Option<u64>> {
        let mut spans = spans.into_iter().filter(|(start, end)| start < end);
        Ok(match self.window.operator {
            WindowOperator::FirstValue => spans.next().map(|(start, _)| start),
            WindowOperator::LastValue => spans.next_back().map(|(_, end)| end - 1),
            _ => {
                let Some(number) = self.count(row, 1) else { return Ok(None) };
                let Some(mut skipped) = number.checked_sub(1).and_then(|number| u64::try_from(number).ok()) else {
                    // At most 0, so it came as an `i64`.
                    let number = number as i64;
                    return Err(wrong(format_args!("nth_value: rows are counted from 1, not {number}")));
                };
                spans.find_map(|(start, end)| match skipped.checked_sub(end - start) {
                    Some(rest) => {
                        skipped = rest;
                        None
                    }
                    None => Some(start + skipped),
                })
            }
        })
    }
}
