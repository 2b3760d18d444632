//! Tokens to values.

use wasm_dbms_api::text_parts::{replaced, without_blanks};
use wasm_dbms_api::{
    DataType, Date, DateTime, Decimal, Json, Value, parse_digits, parse_float, parse_integer, parse_unsigned,
    parse_uuid,
};

use crate::Dialect;
use crate::lexer::{Kind, Token};

/// The text that a token stands for, without quotes and escapes; none if an escape is wrong.
pub(crate) fn text(token: Token<'_>) -> Option<String> {
    let raw = token.text;
    match token.kind {
        Kind::Dollar(mark) => Some(raw.get(mark..raw.len() - mark)?.to_owned()),
        Kind::Escaped => unescape(raw.get(2..raw.len() - 1)?),
        _ => {
            let quote = *raw.as_bytes().last()?;
            let inner = raw.get(1..raw.len() - 1)?;
            if !inner.as_bytes().contains(&quote) {
                return Some(inner.to_owned());
            }
            let mut text = String::with_capacity(inner.len());
            let mut characters = inner.chars();
            while let Some(character) = characters.next() {
                text.push(character);
                if character == char::from(quote) {
                    // The second of two.
                    characters.next();
                }
            }
            Some(text)
        }
    }
}

/// What `E'..'` holds.
fn unescape(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.chars().peekable();
    while let Some(character) = rest.next() {
        let mut plain = |character: char| bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        if character == '\'' {
            // The second of two.
            rest.next();
        }
        if character != '\\' {
            plain(character);
            continue;
        }
        let escape = rest.next()?;
        let mut digits = |most: usize, radix: u32, first: u32| {
            let mut number = first;
            let mut count = 0;
            while count < most {
                let Some(digit) = rest.peek().and_then(|digit| digit.to_digit(radix)) else { break };
                number = number.checked_mul(radix)?.checked_add(digit)?;
                count += 1;
                rest.next();
            }
            Some((number, count))
        };
        match escape {
            'n' => plain('\n'),
            't' => plain('\t'),
            'r' => plain('\r'),
            'b' => plain('\u{8}'),
            'f' => plain('\u{c}'),
            'u' | 'U' => {
                let most = if escape == 'u' { 4 } else { 8 };
                let (number, count) = digits(most, 16, 0)?;
                plain(char::from_u32(number).filter(|_| count == most)?);
            }
            'x' => {
                let (number, count) = digits(2, 16, 0)?;
                bytes.push(u8::try_from(number).ok().filter(|_| count > 0)?);
            }
            '0'..='7' => {
                let (number, _) = digits(2, 8, escape.to_digit(8)?)?;
                bytes.push(u8::try_from(number).ok()?);
            }
            other => plain(other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// What `x'..'` holds.
pub(crate) fn bytes(token: Token<'_>) -> Option<Vec<u8>> {
    let digits = token.text.as_bytes().get(2..token.text.len() - 1)?;
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(pairs.len());
    for [high, low] in pairs {
        bytes.push(digit(*high)? << 4 | digit(*low)?);
    }
    Some(bytes)
}

/// A number: an integer, an exact decimal where it has a point, a float where it has an exponent or does not fit.
pub(crate) fn number(raw: &str, dialect: Dialect) -> Option<Value> {
    if raw.starts_with('_') || raw.ends_with('_') || raw.as_bytes().windows(2).any(|two| two == b"__") {
        return None;
    }
    let owned;
    let digits = if raw.bytes().any(|byte| byte == b'_') {
        owned = replaced(raw, b'_', "");
        owned.as_str()
    } else {
        raw
    };
    if let Some(hexadecimal) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return parse_digits(hexadecimal, 16).map(Value::from);
    }
    if let Some(integer) = integer(digits) {
        return Some(integer);
    }
    let float = || parse_float(digits).filter(|number| number.is_finite()).map(Value::Float);
    if dialect == Dialect::Sqlite || digits.bytes().any(|byte| matches!(byte, b'e' | b'E')) {
        return float();
    }
    match digits.parse::<Decimal>() {
        Ok(decimal) => Some(Value::Decimal(decimal)),
        Err(_) => float(),
    }
}

/// An integer.
#[inline(never)]
fn integer(digits: &str) -> Option<Value> {
    parse_unsigned(digits).map(Value::from).or_else(|| parse_integer(digits).map(Value::from))
}

/// The number with the other sign.
pub(crate) fn negated(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Integer(number) => Value::Integer(number.checked_neg()?),
        Value::Unsigned(number) => match i64::try_from(-i128::from(*number)) {
            Ok(number) => Value::Integer(number),
            // A decimal holds what no integer does.
            Err(_) => Value::Decimal(Decimal::from_parts(true, (*number).into(), 0)?),
        },
        Value::Float(number) => Value::Float(-number),
        Value::Decimal(number) => {
            Value::Decimal(Decimal::from_parts(!number.is_negative(), number.magnitude(), number.scale())?)
        }
        _ => return None,
    })
}

/// Words that are false and true in turn.
const TRUTHS: [&str; 10] = ["f", "t", "false", "true", "no", "yes", "off", "on", "0", "1"];

/// A text as a value of a type, `DATE '2024-02-29'`; none if it is none.
pub(crate) fn typed(data_type: DataType, text: &str) -> Option<Value> {
    let trimmed = without_blanks(text);
    Some(match data_type {
        DataType::Text => Value::Text(text.to_owned()),
        DataType::Bool => Value::Bool(TRUTHS.iter().position(|word| trimmed.eq_ignore_ascii_case(word))? % 2 == 1),
        DataType::F32 | DataType::F64 => Value::Float(parse_float(trimmed)?),
        DataType::Decimal => Value::Decimal(trimmed.parse().ok()?),
        DataType::Date => Value::Date(trimmed.parse::<Date>().ok()?),
        DataType::DateTime => Value::DateTime(moment(trimmed)?),
        DataType::Uuid => Value::Uuid(parse_uuid(trimmed)?),
        DataType::Json => Value::Json(text.parse::<Json>().ok()?),
        _ => integer(trimmed).filter(|value| value.as_ref().fits(data_type))?,
    })
}

/// A moment; with a blank between date and time, without a time, or without an offset, which is then none.
fn moment(text: &str) -> Option<DateTime> {
    let blank = text.bytes().position(|byte| byte == b' ').unwrap_or(text.len());
    let (date, rest) = text.split_at(blank);
    let (between, time) = rest.strip_prefix(' ').map_or(("", ""), |time| ("T", time));
    ["", "Z", ":00", "T00:00:00Z"].iter().find_map(|end| format!("{date}{between}{time}{end}").parse().ok())
}

/// A number as one of a type; none if it is none of it.
pub(crate) fn number_as(value: &Value, data_type: DataType) -> Option<Value> {
    Some(match data_type {
        DataType::F32 | DataType::F64 => Value::Float(value.as_ref().as_f64()?),
        DataType::Decimal => Value::Decimal(value.to_string().parse().ok()?),
        _ => value.clone(),
    })
}
