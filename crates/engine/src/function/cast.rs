//! Values as values of other types.

use std::fmt::Write;

use wasm_dbms_api::{
    DataType, Date, DateTime, Decimal, FloatForm, Json, JsonKind, JsonRef, Uuid, Value, ValueRef, float_text,
    parse_float, parse_uuid,
};

use crate::Error;
use crate::error::Fallible;
use crate::full::IS_FULL;
use crate::function::{Arena, made, wrong};

/// The value as one of another type.
///
/// # Errors
/// [`Error::OutOfRange`] for a number that the type cannot hold, [`Error::Query`] for a value that is none of it.
pub(crate) fn cast<'a>(value: ValueRef<'a>, data_type: DataType, arena: &'a Arena) -> Fallible<ValueRef<'a>> {
    let none = || wrong(format!("{value} is no {data_type}"));
    let too_large = || Box::new(Error::OutOfRange(format!("{value} as {data_type}")));
    if value.is_null() {
        return Ok(ValueRef::Null);
    }
    if IS_FULL
        && let ValueRef::Json(document) = value
        && data_type != DataType::Json
        && data_type != DataType::Text
    {
        return cast(scalar(document, arena)?, data_type, arena);
    }
    // No expression casts there: what is left is a text as the value that it stands for, a number or day as another.
    let is_cast = IS_FULL;
    match data_type {
        DataType::Text if !is_cast => Err(none()),
        DataType::Text => match value {
            ValueRef::Text(text) | ValueRef::Enum(_, text) => Ok(ValueRef::Text(text)),
            value => {
                let mut text = String::new();
                write_text(value, &mut text)?;
                made(text, arena)
            }
        },
        DataType::Bool => match value {
            ValueRef::Bool(_) => Ok(value),
            ValueRef::Integer(number) if is_cast => Ok(ValueRef::Bool(number != 0)),
            ValueRef::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "t" | "true" | "y" | "yes" | "on" | "1" => Ok(ValueRef::Bool(true)),
                "f" | "false" | "n" | "no" | "off" | "0" => Ok(ValueRef::Bool(false)),
                _ => Err(none()),
            },
            _ => Err(none()),
        },
        DataType::F32 | DataType::F64 => {
            let number = match value {
                ValueRef::Text(text) => parse_float(text.trim()).ok_or_else(none)?,
                ValueRef::Bool(_) => return Err(none()),
                value => value.as_f64().ok_or_else(none)?,
            };
            if data_type == DataType::F64 {
                return Ok(ValueRef::Float(number));
            }
            let short = number as f32;
            if short.is_infinite() && number.is_finite() { Err(too_large()) } else { Ok(ValueRef::Float(short.into())) }
        }
        DataType::Decimal => match value {
            ValueRef::Decimal(_) => Ok(value),
            ValueRef::Text(text) => text.trim().parse().map(ValueRef::Decimal).map_err(|_| none()),
            ValueRef::Float(number) => Decimal::from_f64(number).map(ValueRef::Decimal).ok_or_else(too_large),
            value => super::arithmetic::decimal(value).map(ValueRef::Decimal).ok_or_else(none),
        },
        DataType::Date => match value {
            ValueRef::Date(_) => Ok(value),
            ValueRef::DateTime(moment) if is_cast => Ok(ValueRef::Date(moment.date())),
            ValueRef::Text(text) => text.trim().parse::<Date>().map(ValueRef::Date).map_err(|_| none()),
            _ => Err(none()),
        },
        DataType::DateTime => match value {
            ValueRef::DateTime(_) => Ok(value),
            ValueRef::Date(date) => DateTime::from_local(date, 0, 0).map(ValueRef::DateTime).ok_or_else(too_large),
            ValueRef::Text(text) => date_time(text.trim()).map(ValueRef::DateTime).ok_or_else(none),
            _ => Err(none()),
        },
        DataType::Uuid => match value {
            ValueRef::Uuid(_) => Ok(value),
            ValueRef::Text(text) => parse_uuid(text.trim()).map(ValueRef::Uuid).ok_or_else(none),
            ValueRef::Bytes(bytes) if is_cast => Uuid::from_slice(bytes).map(ValueRef::Uuid).map_err(|_| none()),
            _ => Err(none()),
        },
        DataType::Bytes => match value {
            ValueRef::Bytes(_) => Ok(value),
            ValueRef::Text(text) => Ok(ValueRef::Bytes(text.as_bytes())),
            ValueRef::Uuid(uuid) if is_cast => Ok(arena.keep(Value::Bytes(uuid.as_bytes().to_vec()))),
            _ => Err(none()),
        },
        DataType::Json => match value {
            ValueRef::Json(_) => Ok(value),
            ValueRef::Text(text) => match text.parse::<Json>() {
                Ok(document) => Ok(arena.keep(Value::Json(document))),
                Err(error) => Err(wrong(format!("{value} is no json: {error}"))),
            },
            _ if !is_cast => Err(none()),
            ValueRef::Bool(_) | ValueRef::Integer(_) | ValueRef::Unsigned(_) | ValueRef::Decimal(_) => {
                Ok(arena.keep(Value::Json(value.to_string().parse().map_err(|_| none())?)))
            }
            ValueRef::Float(number) if number.is_finite() => {
                Ok(arena.keep(Value::Json(float_text(number, FloatForm::Plain).parse().map_err(|_| none())?)))
            }
            _ => Err(none()),
        },
        DataType::Enum => Err(none()),
        integer => {
            let number = match value {
                ValueRef::Bool(value) if is_cast => i128::from(value),
                ValueRef::Float(number) if number.is_finite() => number.round_ties_even() as i128,
                ValueRef::Float(_) => return Err(too_large()),
                ValueRef::Decimal(number) => number.to_i128().ok_or_else(too_large)?,
                ValueRef::Text(text) => whole_number(text.trim()).ok_or_else(none)?,
                value => value.as_i128().ok_or_else(none)?,
            };
            let value = super::whole(number).map_err(|_| too_large())?;
            if value.fits(integer) { Ok(value) } else { Err(too_large()) }
        }
    }
}

/// The value that a document of one string, number or truth is; NULL of a null.
fn scalar<'a>(document: JsonRef<'a>, arena: &'a Arena) -> Fallible<ValueRef<'a>> {
    Ok(match document.kind() {
        JsonKind::Null => ValueRef::Null,
        JsonKind::Boolean => ValueRef::Bool(document.as_str() == "true"),
        JsonKind::Number => ValueRef::Text(document.as_str()),
        JsonKind::String => return made(document.string().unwrap_or_default(), arena),
        kind => return Err(wrong(format!("a JSON {} is no single value", kind.name()))),
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
    if let Ok(date) = text.parse::<Date>() {
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
        ValueRef::Uuid(uuid) => write!(text, "{uuid}"),
        ValueRef::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(own) => text.write_str(own),
            Err(_) => return Err(wrong(format!("{value} is no text"))),
        },
        value => write!(text, "{value}"),
    };
    Ok(())
}
