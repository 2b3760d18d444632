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
            wrong(format_args!("{left} {operator} {right}: there is none of {one} and {other}"))
        }
        Refusal::ByZero => wrong(format_args!("{left} {operator} {right}: division by zero")),
        Refusal::OutOfRange => out_of_range(format_args!("{left} {operator} {right}")),
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
                Arithmetic::Remainder => remainder(one, other),
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
        _ => {
            let (Some(one), Some(other)) = (decimal(left), decimal(right)) else { return Err(Refusal::Unlike) };
            let is_decimal = |value| matches!(value, ValueRef::Decimal(_));
            let are_whole = !is_decimal(left) && !is_decimal(right);
            if divides && other == Decimal::ZERO {
                return Err(Refusal::ByZero);
            }
            let result = match operator {
                Arithmetic::Add => one.checked_add(other),
                Arithmetic::Subtract => one.checked_sub(other),
                Arithmetic::Multiply => one.checked_mul(other),
                // Of integers it is what goes without a rest.
                Arithmetic::Divide if are_whole => {
                    one.checked_rem(other).and_then(|rest| one.checked_sub(rest)?.checked_div(other))
                }
                Arithmetic::Divide => one.checked_div(other),
                Arithmetic::Remainder => one.checked_rem(other),
            };
            let result = result.ok_or(Refusal::OutOfRange)?;
            if !are_whole {
                return Ok(ValueRef::Decimal(result));
            }
            let value = whole(result.coefficient()).filter(|value| is_wide || matches!(value, ValueRef::Integer(_)));
            value.ok_or(Refusal::OutOfRange)?
        }
    })
}

/// What is left of a float divided by another, exactly and with its sign, as `%` has it: a small function in place of the large
/// one that a module takes for it.
fn remainder(one: f64, other: f64) -> f64 {
    if !one.is_finite() || other.is_nan() || other == 0.0 {
        return f64::NAN;
    }
    if one.abs() < other.abs() {
        return one;
    }
    // Each as a whole number and the exponent of two that it is times of.
    let parts = |number: f64| {
        let bits = number.abs().to_bits();
        match (bits >> 52, bits & ((1 << 52) - 1)) {
            (0, fraction) => (fraction, 1),
            (exponent, fraction) => (fraction | 1 << 52, exponent),
        }
    };
    let ((mut rest, from), (divisor, to)) = (parts(one), parts(other));
    rest %= divisor;
    let mut shift = from - to;
    while shift > 0 {
        // 53 bits and these are 64.
        let step = shift.min(11);
        rest = (rest << step) % divisor;
        shift -= step;
    }
    // The bits of the power of two: 2^-1074 is the smallest float, and times that `rest` itself is all bits.
    let power = if to > 52 { f64::from_bits((to - 52) << 52) } else { f64::from_bits(1 << (to - 1)) };
    (rest as f64 * power).copysign(one)
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
        value => result(Arithmetic::Subtract, ValueRef::Integer(0), value, false).map_err(|refusal| match refusal {
            Refusal::OutOfRange => out_of_range(format_args!("-({value})")),
            _ => wrong(format_args!("-({value}): there is none of {}", value.kind())),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::remainder;

    #[test]
    fn the_remainder_of_floats_is_that_of_the_processor() {
        let mut random = fastrand::Rng::with_seed(11);
        let special =
            [0.0, -0.0, 1.0, -3.0, 5e-324, 2.3e-308, f64::MIN_POSITIVE, f64::MAX, f64::INFINITY, f64::NAN, 0.1];
        let mut draw = move || match random.u8(0..4) {
            0 => special.get(random.usize(..special.len())).copied().unwrap_or_default(),
            1 => f64::from_bits(random.u64(..)),
            2 => random.i64(-1000..1000) as f64 / 8.0,
            _ => f64::from_bits(random.u64(..) & !(0x7f0 << 52)),
        };
        for _ in 0..300_000 {
            let (one, other) = (draw(), draw());
            let (ours, expected) = (remainder(one, other), one % other);
            assert!(
                ours.to_bits() == expected.to_bits() || ours.is_nan() && expected.is_nan(),
                "{one:e} % {other:e}: {ours:e}"
            );
        }
    }
}
