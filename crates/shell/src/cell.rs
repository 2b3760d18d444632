//! One value as text.

use wasm_dbms::prelude::Value;

/// The most characters of a value that a table shows.
const CELL_CHARACTERS_MAX: usize = 200;

/// The value as people read it: control characters escaped, so that foreign text cannot steer a terminal.
pub(crate) fn readable(value: &Value) -> String {
    match value {
        Value::Text(text) => escaped(text),
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
        other => other.to_string(),
    }
}

/// The value in JSON. What JSON has no word for is a string: bytes in hexadecimal, infinities, NaN.
pub(crate) fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(number) => (*number).into(),
        Value::Unsigned(number) => (*number).into(),
        Value::Float(number) if number.is_finite() => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Bytes(bytes) => hex(bytes).into(),
        other => other.to_string().into(),
    }
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
