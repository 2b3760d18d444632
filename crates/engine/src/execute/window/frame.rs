//! The rows of its partition that a function sees from a row. Both edges of a frame go forward only, as the row does.

use std::cmp::Ordering;

use wasm_dbms_api::{Arithmetic, FrameExclusion, FrameUnit, Value, ValueRef};

use crate::error::Fallible;
use crate::execute::spool::SpoolReader;
use crate::execute::window::partition::{Cursor, Partition, Row, input};
use crate::function::{arithmetic, wrong};
use crate::meter::Meter;
use crate::plan::{BoundFrame, Edge, Window, WindowOrder, broken_row};

/// Rows from one on and before another.
pub(super) type Span = (u64, u64);

/// The frame of one row after the other.
#[derive(Debug)]
pub(super) struct Frame<'p> {
    own: &'p BoundFrame,
    order: Option<&'p WindowOrder>,
    start: Reach<'p>,
    end: Reach<'p>,
}

/// One edge of a frame.
#[derive(Debug)]
struct Reach<'p> {
    edge: &'p Edge,
    /// How far it is from the row.
    distance: Value,
    /// Of an edge between values: the first row that is not before it.
    at: u64,
    cursor: Cursor,
    groups: SpoolReader,
}

/// Where an edge is among values.
#[derive(Debug, Clone, Copy)]
enum Bound<'v> {
    At(ValueRef<'v>),
    /// Every value is so to it.
    Past(Ordering),
}

impl<'v> Bound<'v> {
    /// Where an edge is that is so far from a row of this value; none of NULL.
    fn of(edge: &Edge, distance: &'v Value, value: ValueRef<'v>, descending: bool) -> Option<Self> {
        let is_subtracted = matches!(edge, Edge::Preceding(_)) != descending;
        let (operator, past) = match is_subtracted {
            true => (Arithmetic::Subtract, Self::Past(Ordering::Greater)),
            false => (Arithmetic::Add, Self::Past(Ordering::Less)),
        };
        Some(match (value, distance.as_ref()) {
            (ValueRef::Null, _) => return None,
            (_, ValueRef::Float(f64::INFINITY)) => past,
            (ValueRef::Float(number), ValueRef::Float(by)) => {
                Self::At(ValueRef::Float(if is_subtracted { number - by } else { number + by }))
            }
            // Where the type has no such value the edge is past all that it has.
            (value, by) => arithmetic(operator, value, by, true).map_or(past, Self::At),
        })
    }

    /// How a value is to this one; none of NULL.
    fn order_of(self, value: ValueRef<'_>) -> Option<Ordering> {
        match self {
            _ if value.is_null() => None,
            Self::At(bound) => value.compare(bound),
            Self::Past(order) => Some(order),
        }
    }
}

impl<'p> Reach<'p> {
    fn new(edge: &'p Edge, partition: &Partition<'_>) -> Fallible<Self> {
        let distance = match edge {
            Edge::Preceding(by) | Edge::Following(by) => {
                let mut cursor = Cursor::default();
                let distance = input(by, partition.row(0, &mut cursor)?)?.to_value();
                let is_distance = match &distance {
                    Value::Float(number) => *number >= 0.0,
                    Value::Null => false,
                    number => number.as_ref().compare(ValueRef::Integer(0)).is_some_and(Ordering::is_ge),
                };
                if !is_distance {
                    return Err(wrong(format_args!("the edge of a frame is at no distance from the row: {distance}")));
                }
                distance
            }
            Edge::Unbounded | Edge::CurrentRow => Value::Null,
        };
        Ok(Self { edge, distance, at: 0, cursor: Cursor::default(), groups: SpoolReader::default() })
    }

    /// So many rows or groups.
    fn count(&self) -> u64 {
        match self.distance {
            Value::Integer(number) => number.unsigned_abs(),
            _ => u64::MAX,
        }
    }
}

impl<'p> Frame<'p> {
    pub(super) fn new(window: &'p Window, partition: &Partition<'_>) -> Fallible<Self> {
        let own = &window.frame;
        let (start, end) = (Reach::new(&own.start, partition)?, Reach::new(&own.end, partition)?);
        Ok(Self { own, order: window.order.first(), start, end })
    }

    /// Whether the frames of all rows begin with the first and leave none out.
    pub(super) fn only_grows(&self) -> bool {
        self.own.start == Edge::Unbounded && self.own.exclusion == FrameExclusion::NoOthers
    }

    /// The frame of a row: up to three spans, in order.
    pub(super) fn spans(&mut self, meter: &mut Meter, row: &Row<'_>) -> Fallible<[Span; 3]> {
        let (start, end, place) = (self.edge(meter, row, false)?, self.edge(meter, row, true)?, row.place);
        let clip = |from: u64, to: u64| (from.max(start), to.min(end).max(from.max(start)));
        let (none, row) = ((start, start), (place.row, place.row + 1));
        Ok(match self.own.exclusion {
            FrameExclusion::NoOthers => [clip(start, end), none, none],
            FrameExclusion::CurrentRow => [clip(start, row.0), clip(row.1, end), none],
            FrameExclusion::Group => [clip(start, place.start), clip(place.end, end), none],
            FrameExclusion::Ties => [clip(start, place.start), clip(row.0, row.1), clip(place.end, end)],
        })
    }

    /// The first row of the frame, or the first behind it.
    fn edge(&mut self, meter: &mut Meter, row: &Row<'_>, is_end: bool) -> Fallible<u64> {
        let Row { partition, groups, place, .. } = row;
        let reach = if is_end { &mut self.end } else { &mut self.start };
        let behind = u64::from(is_end);
        Ok(match (reach.edge, self.own.unit) {
            (Edge::Unbounded, _) => behind * place.count,
            (Edge::CurrentRow, FrameUnit::Rows) => place.row + behind,
            (Edge::CurrentRow, _) => {
                if is_end {
                    place.end
                } else {
                    place.start
                }
            }
            (Edge::Preceding(_), FrameUnit::Rows) => (place.row + behind).saturating_sub(reach.count()),
            (Edge::Following(_), FrameUnit::Rows) => {
                (place.row + behind).saturating_add(reach.count()).min(place.count)
            }
            (Edge::Preceding(_), FrameUnit::Groups) => match (place.group + behind).checked_sub(reach.count()) {
                Some(group) => groups.start(group, place.count, &mut reach.groups)?,
                None => 0,
            },
            (Edge::Following(_), FrameUnit::Groups) => {
                let group = (place.group + behind).saturating_add(reach.count());
                groups.start(group, place.count, &mut reach.groups)?
            }
            (_, FrameUnit::Range) => {
                let (Some(column), Some(order)) = (self.own.range, self.order) else { return Ok(place.start) };
                let value = row.values.get(column).copied().unwrap_or(ValueRef::Null);
                let Reach { edge, distance, at, cursor, .. } = reach;
                let Some(bound) = Bound::of(edge, distance, value, order.descending) else {
                    return Ok(if is_end { place.end } else { place.start });
                };
                while *at < place.count {
                    meter.step()?;
                    let value = partition.row(*at, cursor)?.value(column).ok_or_else(broken_row)?;
                    let is_before = match bound.order_of(value) {
                        None => order.nulls_first,
                        Some(Ordering::Equal) => is_end,
                        Some(order_of_value) => order_of_value.is_lt() != order.descending,
                    };
                    if !is_before {
                        break;
                    }
                    *at += 1;
                }
                *at
            }
        })
    }
}
