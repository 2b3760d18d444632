//! Functions of numbers. What is no exact operation is computed here, so that every host computes the same bits.

use wasm_dbms_api::{
    Arithmetic, Decimal, FloatForm, Rounding, ScalarFunction, ValueRef, float_text, parse_float, parse_integer,
};

use crate::error::Fallible;
use crate::function::power::{exp, ln, log10, power};
use crate::function::{Arguments, arithmetic, out_of_range, whole, wrong};

pub(super) fn apply<'a>(arguments: &Arguments<'_, 'a>) -> Fallible<ValueRef<'a>> {
    use ScalarFunction as F;
    match arguments.function {
        F::Modulo => arithmetic(Arithmetic::Remainder, arguments.at(0), arguments.at(1), true),
        F::Power | F::SquareRoot | F::Exponential | F::Logarithm | F::Logarithm10 => transcendental(arguments),
        F::BitAnd | F::BitOr | F::BitXor | F::ShiftLeft | F::ShiftRight => bits(arguments),
        F::AsNumber => match arguments.at(0) {
            ValueRef::Bool(value) => Ok(ValueRef::Integer(value.into())),
            ValueRef::Text(text) | ValueRef::Enum(_, text) => Ok(leading_number(text)),
            value if value.as_f64().is_some() => Ok(value),
            _ => Ok(arguments.refuse(0, ValueRef::Null)),
        },
        F::Absolute => match arguments.at(0) {
            ValueRef::Float(number) => Ok(ValueRef::Float(number.abs())),
            ValueRef::Decimal(number) => Ok(ValueRef::Decimal(if number.is_negative() { -number } else { number })),
            ValueRef::Unsigned(number) => Ok(ValueRef::Unsigned(number)),
            value => {
                let number = arguments.integer(0).checked_abs().map(ValueRef::Integer);
                number.ok_or_else(|| out_of_range(format_args!("abs({value})")))
            }
        },
        F::Sign => match arguments.at(0) {
            ValueRef::Float(number) if number.is_nan() || number == 0.0 => Ok(ValueRef::Float(number)),
            ValueRef::Float(number) => Ok(ValueRef::Float(number.signum())),
            ValueRef::Decimal(number) => {
                let sign = number.cmp(&Decimal::ZERO) as i64;
                Ok(ValueRef::Decimal(Decimal::from(sign)))
            }
            ValueRef::Unsigned(number) => Ok(ValueRef::Integer(i64::from(number > 0))),
            _ => Ok(ValueRef::Integer(arguments.integer(0).signum())),
        },
        _ => round(arguments),
    }
}

/// What is done to the 64 bits of numbers.
fn bits<'a>(arguments: &Arguments<'_, 'a>) -> Fallible<ValueRef<'a>> {
    let number = |index| match arguments.at(index) {
        ValueRef::Integer(number) => number,
        _ => arguments.refuse(index, 0),
    };
    let (left, right) = (number(0), number(1));
    // Places to the left; what is pushed over an end is lost.
    let shifted = |places: i64| {
        let by = u32::try_from(places.unsigned_abs()).unwrap_or(u32::MAX);
        if places < 0 { left.unbounded_shr(by) } else { left.unbounded_shl(by) }
    };
    Ok(ValueRef::Integer(match arguments.function {
        ScalarFunction::BitAnd => left & right,
        ScalarFunction::BitOr => left | right,
        ScalarFunction::BitXor => left ^ right,
        ScalarFunction::ShiftLeft => shifted(right),
        _ => shifted(right.saturating_neg()),
    }))
}

/// The number that a text begins with, as SQLite takes it.
fn leading_number(text: &str) -> ValueRef<'static> {
    let text = text.trim_ascii_start();
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(matches!(text.as_bytes(), [b'+' | b'-', ..]));
    let whole = sign + digits(sign);
    let mut end = whole;
    if bytes.get(whole) == Some(&b'.') {
        end += 1 + digits(whole + 1);
    }
    // Neither a sign nor a point alone is a number.
    if !bytes.iter().take(end).any(u8::is_ascii_digit) {
        return ValueRef::Float(0.0);
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        let first = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(first);
        end = if exponent > 0 { first + exponent } else { end };
    }
    let number = text.get(..end).unwrap_or_default();
    match parse_integer(number) {
        Some(number) => ValueRef::Integer(number),
        None => ValueRef::Float(parse_float(number).unwrap_or(0.0)),
    }
}

fn round<'a>(arguments: &Arguments<'_, 'a>) -> Fallible<ValueRef<'a>> {
    let rounding = match arguments.function {
        ScalarFunction::Ceiling => Rounding::Up,
        ScalarFunction::Floor => Rounding::Down,
        ScalarFunction::Truncate => Rounding::TowardZero,
        _ => Rounding::HalfAwayFromZero,
    };
    let digits = if arguments.has(1) { arguments.integer(1).clamp(-400, 400) as i32 } else { 0 };
    let value = arguments.at(0);
    let refused = || out_of_range(format_args!("{}({value}, {digits})", arguments.function));
    match value {
        ValueRef::Float(number) => round_float(number, digits, rounding).map(ValueRef::Float).ok_or_else(refused),
        ValueRef::Decimal(number) => number.rounded(digits, rounding).map(ValueRef::Decimal).ok_or_else(refused),
        value if digits >= 0 && value.as_i128().is_some() => Ok(value),
        value => {
            let number = value.as_i128().and_then(|number| Decimal::new(number, 0));
            let number = number.unwrap_or_else(|| arguments.refuse(0, Decimal::ZERO));
            let rounded = number.rounded(digits, rounding).ok_or_else(refused)?;
            let is_alike =
                |rounded: &_| matches!((value, rounded), (ValueRef::Unsigned(_), _) | (_, ValueRef::Integer(_)));
            whole(rounded.coefficient()).filter(is_alike).ok_or_else(refused)
        }
    }
}

fn round_float(number: f64, digits: i32, rounding: Rounding) -> Option<f64> {
    if !number.is_finite() {
        return Some(number);
    }
    if digits == 0 {
        return Some(match rounding {
            Rounding::HalfAwayFromZero => number.round(),
            Rounding::TowardZero => number.trunc(),
            Rounding::Down => number.floor(),
            Rounding::Up => number.ceil(),
        });
    }
    // As people read it: 2.675 is just below, and still 2.68 of it is expected.
    match Decimal::from_f64(number).and_then(|decimal| decimal.rounded(digits, rounding)) {
        Some(decimal) => Some(decimal.to_f64()),
        // So large that no digit is behind the point, or so small that all are.
        None if digits > 0 => Some(number),
        None => None,
    }
}

fn transcendental<'a>(arguments: &Arguments<'_, 'a>) -> Fallible<ValueRef<'a>> {
    use ScalarFunction as F;
    let number = arguments.float(0);
    let outside = || Err(wrong(format_args!("{}({}) is not defined", arguments.function, arguments.at(0))));
    let (result, second) = match arguments.function {
        F::SquareRoot if number < 0.0 => return outside(),
        F::SquareRoot => (number.sqrt(), 0.0),
        F::Logarithm | F::Logarithm10 if number <= 0.0 => return outside(),
        F::Logarithm => (ln(number), 0.0),
        F::Logarithm10 => (log10(number), 0.0),
        F::Exponential => (exp(number), 0.0),
        _ => {
            let exponent = arguments.float(1);
            if (number == 0.0 && exponent < 0.0)
                || (number < 0.0 && number.is_finite() && exponent.is_finite() && exponent.trunc() != exponent)
            {
                return outside();
            }
            (power(number, exponent), exponent)
        }
    };
    if result.is_infinite() && number.is_finite() && second.is_finite() {
        let number = float_text(number, FloatForm::Plain);
        return Err(out_of_range(format_args!("{}({number})", arguments.function)));
    }
    Ok(ValueRef::Float(result))
}
