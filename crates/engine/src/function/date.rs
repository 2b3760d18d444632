//! Functions of dates and moments, as the clock that told them shows them.

use wasm_dbms_api::{Date, DateTime, Decimal, ScalarFunction, ValueRef};

use crate::error::Fallible;
use crate::function::{Arguments, out_of_range, wrong};
use crate::values::listed;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// What dates are made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// So many months.
    Months(i64),
    /// So many days, in weeks from Monday.
    Days(i64),
    /// So many microseconds.
    Microseconds(i64),
}

fn unit(name: &str) -> Option<Unit> {
    let name = name.to_ascii_lowercase();
    Some(match name.strip_suffix('s').unwrap_or(&name) {
        "millennium" => Unit::Months(12_000),
        "century" => Unit::Months(1200),
        "decade" => Unit::Months(120),
        "year" => Unit::Months(12),
        "quarter" => Unit::Months(3),
        "month" => Unit::Months(1),
        "week" => Unit::Days(7),
        "day" => Unit::Days(1),
        "hour" => Unit::Microseconds(3600 * SECOND),
        "minute" => Unit::Microseconds(60 * SECOND),
        "second" => Unit::Microseconds(SECOND),
        "millisecond" => Unit::Microseconds(1000),
        "microsecond" => Unit::Microseconds(1),
        _ => return None,
    })
}

/// A date, the microseconds since its midnight, and the offset of the clock; none of a plain date.
#[derive(Clone, Copy)]
struct Clock {
    date: Date,
    time: i64,
    offset: Option<i32>,
}

impl Clock {
    /// Stands in for none.
    const ZERO: Self = Self { date: Date::from_days(0), time: 0, offset: None };

    fn of(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Date(date) => Some(Self { date, time: 0, offset: None }),
            ValueRef::DateTime(moment) => {
                let seconds =
                    i64::from(moment.hour()) * 3600 + i64::from(moment.minute()) * 60 + i64::from(moment.second());
                let time = seconds * SECOND + i64::from(moment.microsecond());
                Some(Self { date: moment.date(), time, offset: Some(moment.offset_seconds()) })
            }
            _ => None,
        }
    }

    fn value(self) -> Option<ValueRef<'static>> {
        match self.offset {
            None => Some(ValueRef::Date(self.date)),
            Some(offset) => DateTime::from_local(self.date, self.time, offset).map(ValueRef::DateTime),
        }
    }

    /// The microseconds that the clock is ahead.
    fn ahead(self) -> i64 {
        i64::from(self.offset.unwrap_or(0)) * SECOND
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[inline(never)]
    fn moment(self) -> i128 {
        i128::from(self.date.days()) * i128::from(DAY) + i128::from(self.time - self.ahead())
    }

    /// Months since the year 0.
    fn months(self) -> i64 {
        let (year, month, _) = self.date.year_month_day();
        i64::from(year) * 12 + i64::from(month) - 1
    }

    fn plus(self, amount: i64, unit: Unit) -> Option<Self> {
        match unit {
            Unit::Months(months) => {
                let total = self.months().checked_add(amount.checked_mul(months)?)?;
                let day = self.date.day();
                // A day that the month does not have becomes its last.
                for missing in 0..=3 {
                    if let Some(date) = date_of(total, day.saturating_sub(missing)) {
                        return Some(Self { date, ..self });
                    }
                }
                None
            }
            Unit::Days(days) => {
                let days = amount.checked_mul(days)?.checked_add(self.date.days().into())?;
                Some(Self { date: Date::from_days(i32::try_from(days).ok()?), ..self })
            }
            Unit::Microseconds(microseconds) => {
                let per_day = DAY / microseconds;
                let time = self.time + amount.rem_euclid(per_day) * microseconds;
                let days = amount.div_euclid(per_day) + i64::from(self.date.days()) + time / DAY;
                let date = Date::from_days(i32::try_from(days).ok()?);
                Some(Self { date, time: time % DAY, ..self })
            }
        }
    }

    fn truncated(self, unit: Unit) -> Option<Self> {
        let date = match unit {
            Unit::Months(months) => date_of(self.months().div_euclid(months) * months, 1)?,
            Unit::Days(7) => Date::from_days(self.date.days().checked_sub(weekday(self.date))?),
            _ => self.date,
        };
        let time = match unit {
            Unit::Microseconds(microseconds) => self.time - self.time % microseconds,
            _ => 0,
        };
        Some(Self { date, time, ..self })
    }
}

fn date_of(months: i64, day: u8) -> Option<Date> {
    let year = i32::try_from(months.div_euclid(12)).ok()?;
    Date::new(year, months.rem_euclid(12) as u8 + 1, day)
}

/// The day of the week from Monday, which is 0.
fn weekday(date: Date) -> i32 {
    // 1970-01-01 was a Thursday.
    (i64::from(date.days()) + 3).rem_euclid(7) as i32
}

/// The year and the week as ISO 8601 counts them.
fn iso_week(date: Date) -> (i32, i32) {
    // A week belongs to the year of its Thursday.
    let thursday = Date::from_days(date.days().saturating_sub(weekday(date)).saturating_add(3));
    let year = thursday.year();
    (year, day_of_year(thursday) / 7 + 1)
}

/// The day of the year, from 0.
fn day_of_year(date: Date) -> i32 {
    Date::new(date.year(), 1, 1).map_or(0, |first| date.days().saturating_sub(first.days()))
}

pub(super) fn apply<'a>(arguments: &Arguments<'_, 'a>) -> Fallible<ValueRef<'a>> {
    use ScalarFunction as F;
    let function = arguments.function;
    let clock = |index| Clock::of(arguments.at(index)).unwrap_or_else(|| arguments.refuse(index, Clock::ZERO));
    let named = || {
        let name = arguments.text(0);
        unit(name).ok_or_else(|| wrong(format_args!("{function}: there is no part '{name}'")))
    };
    let found = match function {
        F::DatePart => return part(arguments, clock(1)),
        F::DateTruncate => clock(1).truncated(named()?).and_then(Clock::value),
        F::DateAdd => {
            let unit = named()?;
            let clock = clock(2);
            if clock.offset.is_none() && matches!(unit, Unit::Microseconds(_)) {
                return Err(wrong(format_args!("{function}: a date has no '{}'", arguments.text(0))));
            }
            clock.plus(arguments.integer(1), unit).and_then(Clock::value)
        }
        F::DateDifference => Some(difference(named()?, clock(1), clock(2))),
        F::MakeDate => {
            let number = |index| arguments.integer(index);
            let (year, month, day) = (number(0), number(1), number(2));
            let date = || Date::new(i32::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?);
            date().map(ValueRef::Date)
        }
        F::ToDateTime => {
            let microseconds = match arguments.at(0) {
                ValueRef::Float(seconds) => {
                    let microseconds = (seconds * SECOND as f64).round();
                    (microseconds.abs() < 9.2e18).then_some(microseconds as i64)
                }
                value => super::arithmetic::decimal(value)
                    .and_then(|seconds| seconds.checked_mul(Decimal::from(SECOND)))
                    .and_then(Decimal::to_i128)
                    .and_then(|microseconds| i64::try_from(microseconds).ok()),
            };
            microseconds.map(|microseconds| ValueRef::DateTime(DateTime::from_microseconds(microseconds)))
        }
        _ => match arguments.at(0) {
            ValueRef::DateTime(moment) => {
                let offset = i32::try_from(arguments.integer(1)).ok();
                offset.and_then(|offset| moment.with_offset(offset)).map(ValueRef::DateTime)
            }
            _ => Some(arguments.refuse(0, ValueRef::Null)),
        },
    };
    found.ok_or_else(|| out_of_range(format_args!("{function}({})", listed(arguments.values))))
}

/// How many whole units lie between two clocks.
fn difference(unit: Unit, from: Clock, to: Clock) -> ValueRef<'static> {
    // Moments are compared as moments, days on the clock that the first one shows.
    let microseconds = match unit {
        Unit::Microseconds(microseconds) => microseconds,
        Unit::Days(days) => days * DAY,
        Unit::Months(months) => {
            let mut count = to.months() - from.months();
            // A month that is not over yet does not count.
            let rest = |clock: Clock| (clock.date.day(), clock.time - clock.ahead() + from.ahead());
            let order = rest(to).cmp(&rest(from));
            if count > 0 && order.is_lt() {
                count -= 1;
            } else if count < 0 && order.is_gt() {
                count += 1;
            }
            return ValueRef::Integer(count / months);
        }
    };
    let whole = (to.moment() - from.moment()) / i128::from(microseconds);
    ValueRef::Integer(i64::try_from(whole).unwrap_or(i64::MAX))
}

/// A part of a date or moment as a number.
fn part<'a>(arguments: &Arguments<'_, 'a>, clock: Clock) -> Fallible<ValueRef<'a>> {
    let name = arguments.text(0).to_ascii_lowercase();
    let (year, month, day) = clock.date.year_month_day();
    let second = clock.time % (60 * SECOND);
    let fraction = |number: i128, scale| Decimal::new(number, scale).unwrap_or_default().normalized();
    let number = match name.as_str() {
        "year" => year.into(),
        "month" => i64::from(month),
        "day" => i64::from(day),
        "quarter" => i64::from((month - 1) / 3 + 1),
        "week" => iso_week(clock.date).1.into(),
        "isoyear" => iso_week(clock.date).0.into(),
        "dow" => i64::from((weekday(clock.date) + 1) % 7),
        "isodow" => i64::from(weekday(clock.date) + 1),
        "doy" => i64::from(day_of_year(clock.date) + 1),
        "decade" => i64::from(year.div_euclid(10)),
        "century" => (i64::from(year) + if year > 0 { 99 } else { -100 }) / 100,
        "hour" => clock.time / (3600 * SECOND),
        "minute" => clock.time / (60 * SECOND) % 60,
        "microsecond" | "microseconds" => second,
        "timezone" => clock.offset.unwrap_or(0).into(),
        "second" => return Ok(ValueRef::Decimal(fraction(second.into(), 6))),
        "millisecond" | "milliseconds" => return Ok(ValueRef::Decimal(fraction(second.into(), 3))),
        "epoch" => {
            return Ok(ValueRef::Decimal(fraction(clock.moment(), 6)));
        }
        _ => return Err(wrong(format_args!("{}: there is no part '{name}'", arguments.function))),
    };
    Ok(ValueRef::Decimal(Decimal::from(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_move_and_differ_as_numbers_of_128_bits_say() {
        let mut random = fastrand::Rng::with_seed(3);
        let units = [1, 1000, SECOND, 60 * SECOND, 3600 * SECOND];
        for _ in 0..100_000 {
            let mut clock = || Clock {
                date: Date::from_days(random.i32(..) >> random.u8(..31)),
                time: random.i64(..DAY),
                offset: random.bool().then(|| random.i32(-86_399..86_400)),
            };
            let (from, to) = (clock(), clock());
            let local = |clock: Clock| i128::from(clock.date.days()) * i128::from(DAY) + i128::from(clock.time);
            let (amount, unit) = (random.i64(..) >> random.u8(..63), *random.choice(&units).unwrap());
            let moved = from.plus(amount, Unit::Microseconds(unit));
            let expected = local(from) + i128::from(amount) * i128::from(unit);
            match i32::try_from(expected.div_euclid(DAY.into())) {
                Ok(_) => assert_eq!(moved.map(local), Some(expected), "{amount} times {unit}"),
                Err(_) => assert!(moved.is_none(), "{amount} times {unit}"),
            }
            let utc = |clock: Clock| local(clock) - i128::from(clock.offset.unwrap_or(0)) * i128::from(SECOND);
            let whole = (utc(to) - utc(from)) / i128::from(unit);
            let whole = ValueRef::Integer(i64::try_from(whole).unwrap_or(i64::MAX));
            assert_eq!(difference(Unit::Microseconds(unit), from, to), whole);
        }
    }
}
