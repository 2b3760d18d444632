//! Rows that become one: hash aggregation. Groups come in the order in which their first rows came.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use wasm_dbms_api::{AggregateFunction, DecimalSum, Value, ValueRef};

use crate::codec::key;
use crate::core::Core;
use crate::execute::{Frame, RowStream};
use crate::plan::{BoundAggregate, BoundExpr, Context, Grouping};
use crate::{Error, Result};

/// What is known of a group so far.
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
}

/// A multiplying hash: group keys are short, and a flood of equal hashes only costs the one who asked.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            self.write_u64(u64::from_le_bytes(*chunk));
        }
        let tail = rest.iter().fold(1u64, |tail, byte| tail << 8 | u64::from(*byte));
        self.write_u64(tail);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x517C_C1B7_2722_0A95);
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number as u64);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }
}

/// The slots of every group: first its keys, then its aggregates.
pub(crate) fn groups(core: &mut Core, rows: &mut RowStream<'_>, grouping: &Grouping) -> Result<Vec<Vec<Value>>> {
    let mut numbers = GroupNumbers::default();
    let mut groups: Vec<(Vec<Value>, Vec<State>)> = Vec::new();
    let fresh = || grouping.aggregates.iter().map(|aggregate| State::new(aggregate.function)).collect::<Vec<_>>();
    if grouping.keys.is_empty() {
        // Aggregates over everything have one row, even of nothing.
        groups.push((Vec::new(), fresh()));
    }
    while rows.next(core)? {
        let context = Context::Frame(&rows.frame);
        let number = match grouping.keys.as_slice() {
            [] => 0,
            keys => numbers.number_of(keys, &rows.frame)?,
        };
        if number == groups.len() {
            let values = grouping.keys.iter().map(|expr| Ok(expr.value(context)?.to_value()));
            groups.push((values.collect::<Result<Vec<_>>>()?, fresh()));
        }
        let Some((_, states)) = groups.get_mut(number) else { continue };
        add_row(&grouping.aggregates, states, &rows.frame)?;
    }
    let mut answer = Vec::with_capacity(groups.len());
    for (mut slots, states) in groups {
        for (state, aggregate) in states.into_iter().zip(&grouping.aggregates) {
            slots.push(state.finish(aggregate.function)?);
        }
        answer.push(slots);
    }
    Ok(answer)
}

/// The number of each group, in the order in which their first rows came.
#[derive(Default)]
struct GroupNumbers {
    /// Where the only key is an integer: most often.
    by_integer: HashMap<i64, usize, BuildHasherDefault<KeyHasher>>,
    by_key: HashMap<Vec<u8>, usize, BuildHasherDefault<KeyHasher>>,
    key: Vec<u8>,
}

impl GroupNumbers {
    /// The number of the row's group; the next free one if it is new.
    #[inline]
    fn number_of(&mut self, keys: &[BoundExpr], frame: &Frame) -> Result<usize> {
        let next = self.by_integer.len() + self.by_key.len();
        if let [only] = keys
            && let Some(number) = frame.integer(only)
        {
            return Ok(*self.by_integer.entry(number).or_insert(next));
        }
        self.key.clear();
        for expr in keys {
            key::push_nullable(&mut self.key, expr.value(Context::Frame(frame))?);
        }
        if let Some(number) = self.by_key.get(&self.key) {
            return Ok(*number);
        }
        self.by_key.insert(self.key.clone(), next);
        Ok(next)
    }
}

#[inline]
fn add_row(aggregates: &[BoundAggregate], states: &mut [State], frame: &Frame) -> Result<()> {
    for (aggregate, state) in aggregates.iter().zip(states) {
        match &aggregate.argument {
            None => state.add(aggregate.function, ValueRef::Bool(true)),
            Some(argument) => {
                if let Some(number) = frame.integer(argument) {
                    state.add_integer(aggregate.function, number);
                    continue;
                }
                let value = argument.value(Context::Frame(frame))?;
                if !value.is_null() {
                    state.add(aggregate.function, value);
                }
            }
        }
    }
    Ok(())
}

impl State {
    pub(crate) fn new(function: AggregateFunction) -> Self {
        match function {
            AggregateFunction::Count => Self::Count(0),
            AggregateFunction::Sum | AggregateFunction::Average => Self::Integers { sum: 0, count: 0 },
            _ => Self::Extreme(Value::Null),
        }
    }

    /// Adds an integer.
    #[inline]
    fn add_integer(&mut self, function: AggregateFunction, number: i64) {
        match self {
            Self::Count(count) => *count += 1,
            Self::Integers { sum, count } => {
                *sum = sum.wrapping_add(number.into());
                *count += 1;
            }
            _ => self.add(function, ValueRef::Integer(number)),
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
                value => {
                    // No count of 64-bit numbers that can be stored reaches the ends of 128 bits.
                    *sum = sum.wrapping_add(value.as_i128().unwrap_or(0));
                    *count += 1;
                }
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

    pub(crate) fn finish(self, function: AggregateFunction) -> Result<Value> {
        let is_average = function == AggregateFunction::Average;
        Ok(match self {
            Self::Count(count) => Value::from(count),
            Self::Integers { count: 0, .. } => Value::Null,
            Self::Integers { sum, count } if is_average => Value::Float(sum as f64 / count as f64),
            Self::Integers { sum, .. } => match (i64::try_from(sum), u64::try_from(sum)) {
                (Ok(sum), _) => Value::Integer(sum),
                (_, Ok(sum)) => Value::Unsigned(sum),
                _ => return Err(Error::OutOfRange(format!("the sum {sum}"))),
            },
            Self::Floats { sum, count } if is_average => Value::Float(sum / count as f64),
            Self::Floats { sum, .. } => Value::Float(sum),
            Self::Decimals(state) => {
                let (sum, count) = *state;
                let value = if is_average { sum.mean(count) } else { sum.total() };
                Value::Decimal(value.ok_or_else(|| Error::OutOfRange("a sum of decimals".into()))?)
            }
            Self::Extreme(value) => value,
        })
    }
}
