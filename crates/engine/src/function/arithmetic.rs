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

/// Why two values come to none.
enum Refusal {
    Unlike,
    ByZero,
    OutOfRange,
}

#[inline(never)]
fn arithmetic_of_others<'a>(
    operator: Arithmetic,
    left: ValueRef<'a>,
    right: ValueRef<'a>,
    is_wide: bool,
) -> Fallible<ValueRef<'a>> {
    result(operator, left, right, is_wide).map_err(|refusal| match refusal {
        Refusal::Unlike => {
            let (one, other) = (left.kind(), right.kind());
            wrong(format!("{left} {operator} {right}: there is none of {one} and {other}"))
        }
        Refusal::ByZero => wrong(format!("{left} {operator} {right}: division by zero")),
        Refusal::OutOfRange => out_of_range(format!("{left} {operator} {right}")),
    })
}

fn result<'a>(
    operator: Arithmetic,
    left: ValueRef<'a>,
    right: ValueRef<'a>,
    is_wide: bool,
) -> Result<ValueRef<'a>, Refusal> {
    let divides = matches!(operator, Arithmetic::Divide | Arithmetic::Remainder);
    Ok(match (left, right) {
        (ValueRef::Null, _) | (_, ValueRef::Null) => ValueRef::Null,
        (ValueRef::Float(_), _) | (_, ValueRef::Float(_)) => {
            let (Some(one), Some(other)) = (left.as_f64(), right.as_f64()) else { return Err(Refusal::Unlike) };
            if divides && other == 0.0 {
                return Err(Refusal::ByZero);
            }
            let result = match operator {
                Arithmetic::Add => one + other,
                Arithmetic::Subtract => one - other,
                Arithmetic::Multiply => one * other,
                Arithmetic::Divide => one / other,
                Arithmetic::Remainder => one % other,
            };
            if result.is_infinite() && one.is_finite() && other.is_finite() {
                return Err(Refusal::OutOfRange);
            }
            ValueRef::Float(result)
        }
        (ValueRef::Date(date), ValueRef::Integer(days)) if !divides && operator != Arithmetic::Multiply => {
            let days =
                if operator == Arithmetic::Add { days } else { days.checked_neg().ok_or(Refusal::OutOfRange)? };
            let days = days.checked_add(date.days().into()).and_then(|days| i32::try_from(days).ok());
            ValueRef::Date(Date::from_days(days.ok_or(Refusal::OutOfRange)?))
        }
        (ValueRef::Integer(_), ValueRef::Date(_)) if operator == Arithmetic::Add => {
            return result(operator, right, left, is_wide);
        }
        (ValueRef::Date(one), ValueRef::Date(other)) if operator == Arithmetic::Subtract => {
            ValueRef::Integer(i64::from(one.days()) - i64::from(other.days()))
        }
        (ValueRef::Decimal(_), _) | (_, ValueRef::Decimal(_)) => {
            let (Some(one), Some(other)) = (decimal(left), decimal(right)) else { return Err(Refusal::Unlike) };
            if divides && other == Decimal::ZERO {
                return Err(Refusal::ByZero);
            }
            let result = match operator {
                Arithmetic::Add => one.checked_add(other),
                Arithmetic::Subtract => one.checked_sub(other),
                Arithmetic::Multiply => one.checked_mul(other),
                Arithmetic::Divide => one.checked_div(other),
                Arithmetic::Remainder => one.checked_rem(other),
            };
            ValueRef::Decimal(result.ok_or(Refusal::OutOfRange)?)
        }
        _ => {
            let (Some(one), Some(other)) = (left.as_i128(), right.as_i128()) else { return Err(Refusal::Unlike) };
            if divides && other == 0 {
                return Err(Refusal::ByZero);
            }
            let result = match operator {
                Arithmetic::Add => one + other,
                Arithmetic::Subtract => one - other,
                // Where one has 63 bits at most, their product has 127.
                Arithmetic::Multiply if one.min(other) > i64::MAX.into() => return Err(Refusal::OutOfRange),
                Arithmetic::Multiply => one * other,
                Arithmetic::Divide => one / other,
                Arithmetic::Remainder => one % other,
            };
            let value = whole(result).filter(|value| is_wide || matches!(value, ValueRef::Integer(_)));
            value.ok_or(Refusal::OutOfRange)?
        }
    })
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
