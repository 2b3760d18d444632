//! Sums, differences, products, quotients, remainders.

use wasm_dbms_api::{Arithmetic, Date, Decimal, ValueRef};

use crate::error::Fallible;
use crate::function::{out_of_range, whole, wrong};

/// What two values come to. Integers stay in an `i64`, or with `is_wide` in an `i64` or a `u64`.
pub(crate) fn arithmetic<'a>(
    operator: Arithmetic,
    left: ValueRef<'a>,
    right: ValueRef<'a>,
    is_wide: bool,
) -> Fallible<ValueRef<'a>> {
    if let (ValueRef::Integer(left), ValueRef::Integer(right)) = (left, right) {
        let result = match operator {
            Arithmetic::Add => left.checked_add(right),
            Arithmetic::Subtract => left.checked_sub(right),
            Arithmetic::Multiply => left.checked_mul(right),
            Arithmetic::Divide => left.checked_div(right),
            Arithmetic::Remainder if right == -1 => Some(0),
            Arithmetic::Remainder => left.checked_rem(right),
        };
        if let Some(result) = result {
            return Ok(ValueRef::Integer(result));
        }
    }
    arithmetic_of_others(operator, left, right, is_wide)
}

#[inline(never)]
fn arithmetic_of_others<'a>(
    operator: Arithmetic,
    left: ValueRef<'a>,
    right: ValueRef<'a>,
    is_wide: bool,
) -> Fallible<ValueRef<'a>> {
    let refused = || out_of_range(format!("{left} {operator} {right}"));
    let by_zero = || wrong(format!("{left} {operator} {right}: division by zero"));
    let divides = matches!(operator, Arithmetic::Divide | Arithmetic::Remainder);
    match (left, right) {
        (ValueRef::Null, _) | (_, ValueRef::Null) => Ok(ValueRef::Null),
        (ValueRef::Float(_), _) | (_, ValueRef::Float(_)) => {
            let (Some(one), Some(other)) = (left.as_f64(), right.as_f64()) else {
                return Err(unlike(operator, left, right));
            };
            if divides && other == 0.0 {
                return Err(by_zero());
            }
            let result = match operator {
                Arithmetic::Add => one + other,
                Arithmetic::Subtract => one - other,
                Arithmetic::Multiply => one * other,
                Arithmetic::Divide => one / other,
                Arithmetic::Remainder => one % other,
            };
            if result.is_infinite() && one.is_finite() && other.is_finite() {
                Err(refused())
            } else {
                Ok(ValueRef::Float(result))
            }
        }
        (ValueRef::Date(date), ValueRef::Integer(days)) if !divides && operator != Arithmetic::Multiply => {
            let days = if operator == Arithmetic::Add { Some(days) } else { days.checked_neg() };
            let days =
                days.and_then(|days| days.checked_add(date.days().into())).and_then(|days| i32::try_from(days).ok());
            days.map(|days| ValueRef::Date(Date::from_days(days))).ok_or_else(refused)
        }
        (ValueRef::Integer(_), ValueRef::Date(_)) if operator == Arithmetic::Add => {
            arithmetic_of_others(operator, right, left, is_wide)
        }
        (ValueRef::Date(one), ValueRef::Date(other)) if operator == Arithmetic::Subtract => {
            Ok(ValueRef::Integer(i64::from(one.days()) - i64::from(other.days())))
        }
        (ValueRef::Decimal(_), _) | (_, ValueRef::Decimal(_)) => {
            let (Some(one), Some(other)) = (decimal(left), decimal(right)) else {
                return Err(unlike(operator, left, right));
            };
            if divides && other == Decimal::ZERO {
                return Err(by_zero());
            }
            let result = match operator {
                Arithmetic::Add => one.checked_add(other),
                Arithmetic::Subtract => one.checked_sub(other),
                Arithmetic::Multiply => one.checked_mul(other),
                Arithmetic::Divide => one.checked_div(other),
                Arithmetic::Remainder => one.checked_rem(other),
            };
            result.map(ValueRef::Decimal).ok_or_else(refused)
        }
        _ => {
            let (Some(one), Some(other)) = (left.as_i128(), right.as_i128()) else {
                return Err(unlike(operator, left, right));
            };
            if divides && other == 0 {
                return Err(by_zero());
            }
            let result = match operator {
                Arithmetic::Add => one + other,
                Arithmetic::Subtract => one - other,
                // Where one has 63 bits at most, their product has 127.
                Arithmetic::Multiply if one.min(other) > i64::MAX.into() => return Err(refused()),
                Arithmetic::Multiply => one * other,
                Arithmetic::Divide => one / other,
                Arithmetic::Remainder => one % other,
            };
            whole(result).filter(|value| is_wide || matches!(value, ValueRef::Integer(_))).ok_or_else(refused)
        }
    }
}

#[cold]
fn unlike(operator: Arithmetic, left: ValueRef<'_>, right: ValueRef<'_>) -> Box<crate::Error> {
    wrong(format!("{left} {operator} {right}: there is none of {} and {}", left.kind(), right.kind()))
}

/// A decimal or an integer as a decimal.
pub(super) fn decimal(value: ValueRef<'_>) -> Option<Decimal> {
    match value {
        ValueRef::Decimal(number) => Some(number),
        value => Decimal::new(value.as_i128()?, 0),
    }
}

/// The number with the other sign.
pub(crate) fn negate(value: ValueRef<'_>) -> Fallible<ValueRef<'_>> {
    match value {
        ValueRef::Null => Ok(ValueRef::Null),
        ValueRef::Float(number) => Ok(ValueRef::Float(-number)),
        ValueRef::Decimal(number) => Ok(ValueRef::Decimal(-number)),
        value => match value.as_i128() {
            Some(number) => whole(-number)
                .filter(|value| matches!(value, ValueRef::Integer(_)))
                .ok_or_else(|| out_of_range(format!("-({value})"))),
            None => Err(wrong(format!("-({value}): there is none of {}", value.kind()))),
        },
    }
}
