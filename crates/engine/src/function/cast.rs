//! Values as values of other types.

use std::fmt::Write;

use wasm_dbms_api::{
    DataType, DateTime, Decimal, FloatForm, Json, JsonKind, JsonRef, Uuid, Value, ValueRef, float_text, parse_float,
    parse_uuid, uuid_text,
};

use crate::Error;
use crate::error::Fallible;
use crate::full::IS_FULL;
use crate::function::{Arena, made, out_of_range, whole, wrong};

/// Why a value is none of another type, until something else is said.
enum Refusal {
    Unlike,
    TooLarge,
    Other(Box<Error>),
}

impl Refusal {
    /// What something came to, or none with its error kept.
    fn kept<T>(&mut self, result: Fallible<T>) -> Option<T> {
        result.map_err(|error| *self = Self::Other(error)).ok()
    }
}

/// The value as one of another type.
///
/// # Errors
/// [`Error::OutOfRange`] for a number that the type cannot hold, [`Error::Query`] for a value that is none of it.
pub(crate) fn cast<'a>(value: ValueRef<'a>, data_type: DataType, arena: &'a Arena) -> Fallible<ValueRef<'a>> {
    let mut refusal = Refusal::Unlike;
    converted(value, data_type, arena, &mut refusal).ok_or_else(|| match refusal {
        Refusal::Unlike => wrong(format_args!("{value} is no {data_type}")),
        Refusal::TooLarge => out_of_range(format_args!("{value} as {data_type}")),
        Refusal::Other(error) => error,
    })
}

fn converted<'a>(
    value: ValueRef<'a>,
    data_type: DataType,
    arena: &'a Arena,
    refusal: &mut Refusal,
) -> Option<ValueRef<'a>> {
    if let ValueRef::Text(text) = value {
        return read(text, data_type, arena, refusal);
    }
    if IS_FULL
        && let ValueRef::Json(document) = value
        && data_type != DataType::Json
        && data_type != DataType::Text
    {
        let scalar = refusal.kept(scalar(document, arena))?;
        return refusal.kept(cast(scalar, data_type, arena));
    }
    // No expression casts there: what is left is a number or day as another.
    let is_cast = IS_FULL;
    Some(match (data_type, value) {
        (_, ValueRef::Null) => value,
        (integer, value) if integer.is_integer() => {
            let number = match value {
                ValueRef::Bool(value) if is_cast => i128::from(value),
                // Of a number that is none, one that no integer holds.
                ValueRef::Float(number) if number.is_finite() => number.round_ties_even() as i128,
                ValueRef::Float(_) => i128::MAX,
                ValueRef::Decimal(number) => number.to_i128().unwrap_or(i128::MAX),
                value => value.as_i128()?,
            };
            return whole_of(number, integer, refusal);
        }
        (_, value) if value.fits(data_type) => value,
        (DataType::Text, ValueRef::Enum(_, text)) if is_cast => ValueRef::Text(text),
        (DataType::Text, value) if is_cast => {
            let mut text = String::new();
            refusal.kept(write_text(value, &mut text))?;
            return refusal.kept(made(text, arena));
        }
        (DataType::Bool, ValueRef::Integer(number)) if is_cast => ValueRef::Bool(number != 0),
        (DataType::F32 | DataType::F64, value) => return float(value.as_f64()?, data_type, refusal),
        (DataType::Decimal, ValueRef::Float(number)) => {
            *refusal = Refusal::TooLarge;
            ValueRef::Decimal(Decimal::from_f64(number)?)
        }
        (DataType::Decimal, value) => ValueRef::Decimal(super::arithmetic::decimal(value)?),
        (DataType::Date, ValueRef::DateTime(moment)) if is_cast => ValueRef::Date(moment.date()),
        (DataType::DateTime, ValueRef::Date(date)) => {
            *refusal = Refusal::TooLarge;
            ValueRef::DateTime(DateTime::from_local(date, 0, 0)?)
        }
        (DataType::Uuid, ValueRef::Bytes(bytes)) if is_cast => ValueRef::Uuid(Uuid::from_slice(bytes).ok()?),
        (DataType::Bytes, ValueRef::Uuid(uuid)) if is_cast => arena.keep(Value::Bytes(uuid.as_bytes().to_vec())),
        (DataType::Json, value) if is_cast => {
            let text = match value {
                ValueRef::Bool(_) | ValueRef::Integer(_) | ValueRef::Unsigned(_) | ValueRef::Decimal(_) => {
                    value.to_string()
                }
                ValueRef::Float(number) if number.is_finite() => float_text(number, FloatForm::Plain),
                _ => return None,
            };
            arena.keep(Value::Json(text.parse().ok()?))
        }
        _ => return None,
    })
}

/// The value that a text stands for. Without expressions that cast, numbers but decimals, truths and bytes have no texts: they
/// have values of their own.
fn read<'a>(own: &'a str, data_type: DataType, arena: &'a Arena, refusal: &mut Refusal) -> Option<ValueRef<'a>> {
    let text = own.trim_ascii();
    match data_type {
        DataType::Decimal => text.parse().map(ValueRef::Decimal).ok(),
        DataType::Date => text.parse().map(ValueRef::Date).ok(),
        DataType::DateTime => date_time(text).map(ValueRef::DateTime),
        DataType::Uuid => parse_uuid(text).map(ValueRef::Uuid),
        DataType::Json => {
            let document = own.parse::<Json>();
            let document = document.map_err(|error| wrong(format_args!("{} is no json: {error}", ValueRef::Text(own))));
            Some(arena.keep(Value::Json(refusal.kept(document)?)))
        }
        _ if !IS_FULL => None,
        DataType::Text => Some(ValueRef::Text(own)),
        DataType::Bytes => Some(ValueRef::Bytes(own.as_bytes())),
        DataType::Bool => match text.to_ascii_lowercase().as_str() {
            "t" | "true" | "y" | "yes" | "on" | "1" => Some(ValueRef::Bool(true)),
            "f" | "false" | "n" | "no" | "off" | "0" => Some(ValueRef::Bool(false)),
            _ => None,
        },
        DataType::F32 | DataType::F64 => float(parse_float(text)?, data_type, refusal),
        DataType::Enum => None,
        integer => whole_of(whole_number(text)?, integer, refusal),
    }
}

fn float(number: f64, data_type: DataType, refusal: &mut Refusal) -> Option<ValueRef<'static>> {
    if data_type == DataType::F64 {
        return Some(ValueRef::Float(number));
    }
    *refusal = Refusal::TooLarge;
    let short = number as f32;
    (short.is_finite() || !number.is_finite()).then_some(ValueRef::Float(short.into()))
}

fn whole_of(number: i128, integer: DataType, refusal: &mut Refusal) -> Option<ValueRef<'static>> {
    *refusal = Refusal::TooLarge;
    whole(number).filter(|value| value.fits(integer))
}

/// The value that a document of one string, number or truth is; NULL of a null.
fn scalar<'a>(document: JsonRef<'a>, arena: &'a Arena) -> Fallible<ValueRef<'a>> {
    Ok(match document.kind() {
        JsonKind::Null => ValueRef::Null,
        JsonKind::Boolean => ValueRef::Bool(document.as_str() == "true"),
        JsonKind::Number => ValueRef::Text(document.as_str()),
        JsonKind::String => return made(document.string().unwrap_or_default(), arena),
        kind => return Err(wrong(format_args!("a JSON {} is no single value", kind.name()))),
    })
}

/// A whole number; of one that no integer holds, one that no integer holds either.
fn whole_number(text: &str) -> Option<i128> {
    let (is_negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |number: u64, digit: &u8| number.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
    let number = digits.iter().try_fold(0, add).map_or(i128::MAX, i128::from);
    Some(if is_negative { -number } else { number })
}

/// A moment; of a date alone its midnight, and without an offset in UTC.
fn date_time(text: &str) -> Option<DateTime> {
    if let Ok(date) = text.parse() {
        return DateTime::from_local(date, 0, 0);
    }
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

/// Appends a value as the text it is cast to.
pub(crate) fn write_text(value: ValueRef<'_>, text: &mut String) -> Fallible<()> {
    let _infallible = match value {
        ValueRef::Text(own) | ValueRef::Enum(_, own) => text.write_str(own),
        ValueRef::Json(document) => text.write_str(document.as_str()),
        ValueRef::Float(number) => {
            if number.is_nan() {
                text.write_str("NaN")
            } else if number.is_infinite() {
                text.write_str(if number > 0.0 { "Infinity" } else { "-Infinity" })
            } else if number != 0.0 && !(1e-5..1e16).contains(&number.abs()) {
                text.write_str(&float_text(number, FloatForm::Exponent))
            } else {
                text.write_str(&float_text(number, FloatForm::Plain))
            }
        }
        ValueRef::Date(date) => write!(text, "{date}"),
        ValueRef::DateTime(moment) => write!(text, "{moment}"),
        ValueRef::Uuid(uuid) => text.write_str(&uuid_text(uuid)),
        ValueRef::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(own) => text.write_str(own),
            Err(_) => return Err(wrong(format_args!("{value} is no text"))),
        },
        value => write!(text, "{value}"),
    };
    Ok(())
}
