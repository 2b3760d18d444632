//! What is known of a group while its rows are read.

use wasm_dbms_api::{AggregateFunction, DecimalSum, Value, ValueRef};

use crate::Error;
use crate::error::Fallible;
use crate::execute::Frame;
use crate::function::{self, MAX_MADE_BYTES};
use crate::plan::{BoundAggregate, Context};

/// What one aggregate knows of a group so far.
#[derive(Debug, Clone)]
pub(crate) enum State {
    Count(u64),
    Integers {
        sum: i128,
        count: u64,
    },
    Floats {
        sum: f64,
        count: u64,
    },
    /// Apart, so that the others stay small.
    Decimals(Box<(DecimalSum, u64)>),
    /// The smallest or largest value.
    Extreme(Value),
    Text(Option<String>),
}

impl State {
    pub(crate) fn new(function: AggregateFunction) -> Self {
        match function {
            AggregateFunction::Count => Self::Count(0),
            AggregateFunction::Sum | AggregateFunction::Average => Self::Integers { sum: 0, count: 0 },
            AggregateFunction::Concatenate => Self::Text(None),
            _ => Self::Extreme(Value::Null),
        }
    }

    /// Adds a value to a text. Returns how much longer that is.
    pub(crate) fn join(
        &mut self,
        value: ValueRef<'_>,
        separator: ValueRef<'_>,
        has_separator: bool,
    ) -> Fallible<usize> {
        let Self::Text(text) = self else { return Ok(0) };
        let before = text.as_ref().map_or(0, String::len);
        if text.is_some() && !has_separator {
            text.get_or_insert_default().push(',');
        } else if let (Some(text), ValueRef::Text(separator)) = (&mut *text, separator) {
            text.push_str(separator);
        }
        let text = text.get_or_insert_default();
        function::write_text(value, text)?;
        if text.len() > MAX_MADE_BYTES {
            let (what, bytes) = (AggregateFunction::Concatenate.to_string(), text.len() as u64);
            return Err(Error::TooLong { what, bytes, limit: MAX_MADE_BYTES as u64 }.into());
        }
        Ok(text.len() - before)
    }

    /// Adds what the aggregate is over in a row.
    #[inline]
    pub(crate) fn add_row(&mut self, aggregate: &BoundAggregate, frame: &Frame) -> Fallible<()> {
        let Some(argument) = &aggregate.argument else {
            self.count();
            return Ok(());
        };
        if let Some(number) = frame.integer(argument) {
            match self {
                Self::Count(_) => self.count(),
                Self::Integers { .. } => self.add_to_sum(number.into()),
                _ => self.add(aggregate.function, ValueRef::Integer(number)),
            }
            return Ok(());
        }
        let value = argument.value(Context::Frame(frame))?;
        if !value.is_null() {
            self.add(aggregate.function, value);
        }
        Ok(())
    }

    /// Counts one more, where that is all.
    #[inline]
    pub(crate) fn count(&mut self) {
        if let Self::Count(count) = self {
            *count += 1;
        }
    }

    /// Adds an integer to a sum of integers.
    #[inline]
    pub(crate) fn add_to_sum(&mut self, number: i128) {
        if let Self::Integers { sum, count } = self {
            // No count of 64-bit numbers that can be stored reaches the ends of 128 bits.
            *sum = sum.wrapping_add(number);
            *count += 1;
        }
    }

    /// Adds a value that is not NULL.
    pub(crate) fn add(&mut self, function: AggregateFunction, value: ValueRef<'_>) {
        match self {
            Self::Count(count) => *count += 1,
            Self::Integers { sum, count } => match value {
                ValueRef::Decimal(number) => {
                    let mut of_decimals = DecimalSum::default();
                    of_decimals.add(number);
                    *self = Self::Decimals(Box::new((of_decimals, 1)));
                }
                ValueRef::Float(number) => *self = Self::Floats { sum: *sum as f64 + number, count: *count + 1 },
                value => self.add_to_sum(value.as_i128().unwrap_or(0)),
            },
            Self::Floats { sum, count } => {
                *sum += value.as_f64().unwrap_or(0.0);
                *count += 1;
            }
            Self::Decimals(state) => {
                if let ValueRef::Decimal(number) = value {
                    state.0.add(number);
                    state.1 += 1;
                }
            }
            Self::Text(_) => {}
            Self::Extreme(extreme) => {
                let order = value.sort_order(extreme.as_ref());
                let is_better = extreme.is_null()
                    || if function == AggregateFunction::Minimum { order.is_lt() } else { order.is_gt() };
                if is_better {
                    *extreme = value.to_value();
                }
            }
        }
    }

    pub(crate) fn finish(&self, function: AggregateFunction) -> Fallible<Value> {
        let is_average = function == AggregateFunction::Average;
        Ok(match self {
            Self::Count(count) => Value::from(*count),
            Self::Integers { count: 0, .. } => Value::Null,
            Self::Integers { sum, count } if is_average => Value::Float(*sum as f64 / *count as f64),
            Self::Integers { sum, .. } => match (i64::try_from(*sum), u64::try_from(*sum)) {
                (Ok(sum), _) => Value::Integer(sum),
                (_, Ok(sum)) => Value::Unsigned(sum),
                _ => return Err(Error::out_of_range(format_args!("a sum of integers"))),
            },
            Self::Floats { sum, count } if is_average => Value::Float(sum / *count as f64),
            Self::Floats { sum, .. } => Value::Float(*sum),
            Self::Decimals(state) => {
                let (sum, count) = &**state;
                let value = if is_average { sum.mean(*count) } else { sum.total() };
                Value::Decimal(value.ok_or_else(|| Error::out_of_range(format_args!("a sum of decimals")))?)
            }
            Self::Extreme(value) => value.clone(),
            Self::Text(text) => text.clone().map_or(Value::Null, Value::Text),
        })
    }
}
