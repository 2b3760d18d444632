//! One value as text.

use wasm_dbms::prelude::{Json, Value};

/// The most characters of a value that a table shows.
const CELL_CHARACTERS_MAX: usize = 200;

/// The value as people read it: control characters escaped, so that foreign text cannot steer a terminal.
pub(crate) fn readable(value: &Value) -> String {
    match value {
        Value::Text(text) => escaped(text),
        other => escaped(&bare(other)),
    }
}

/// The value without the quotes that SQL puts around it.
fn bare(value: &Value) -> String {
    match value {
        Value::Date(value) => value.to_string(),
        Value::DateTime(value) => value.to_string(),
        Value::Uuid(value) => value.to_string(),
        Value::Json(value) => value.to_string(),
        Value::Enum(_, name) => name.to_string(),
        other => other.to_string(),
    }
}

/// As [`readable`], cut where a table would become too wide.
pub(crate) fn short(value: &Value) -> String {
    let text = readable(value);
    match text.char_indices().nth(CELL_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// The value as a field of a CSV file: NULL is empty, bytes are hexadecimal.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => hex(bytes),
        other => bare(other),
    }
}

/// The value in JSON. What JSON has no word for is a string: bytes in hexadecimal, infinities, NaN, dates, uuids, names;
/// decimals too, whose digits few readers of JSON would keep.
pub(crate) fn json(value: &Value) -> String {
    let json: serde_json::Value = match value {
        // A foreign file may hold anything: only what is JSON goes out as it is.
        Value::Json(json) if json.as_str().parse::<Json>().is_ok() => return json.to_string(),
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(number) => (*number).into(),
        Value::Unsigned(number) => (*number).into(),
        Value::Float(number) if number.is_finite() => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Bytes(bytes) => hex(bytes).into(),
        other => bare(other).into(),
    };
    json.to_string()
}

/// Text with its control characters escaped.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            escaped.extend(character.escape_debug());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use wasm_dbms::prelude::*;

    use super::*;

    #[test]
    fn every_kind_of_value_is_shown_in_every_form() {
        let document: Json = r#"{"a": [1.50]}"#.parse().unwrap();
        let moment = DateTime::from_microseconds(0);
        for (value, expected) in [
            (Value::Null, ["NULL", "", "null"]),
            (7.into(), ["7", "7", "7"]),
            (Value::from(1.5), ["1.5", "1.5", "1.5"]),
            ("a\tb".into(), ["a\\tb", "a\tb", "\"a\\tb\""]),
            (Value::Bytes(vec![1, 171]), ["x'01ab'", "01ab", "\"01ab\""]),
            (Decimal::new(150, 2).unwrap().into(), ["1.50", "1.50", "\"1.50\""]),
            (Date::from_days(0).into(), ["1970-01-01", "1970-01-01", "\"1970-01-01\""]),
            (moment.into(), ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "\"1970-01-01T00:00:00Z\""]),
            (document.into(), [r#"{"a":[1.50]}"#, r#"{"a":[1.50]}"#, r#"{"a":[1.50]}"#]),
            (Value::Enum(1, "live".into()), ["live", "live", "\"live\""]),
        ] {
            assert_eq!([readable(&value), plain(&value), json(&value)], expected);
        }
    }
}
