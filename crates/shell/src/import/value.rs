//! One text as a value of a column.

use wasm_dbms::prelude::*;

/// The value that a field says for a column: an empty one is NULL, but for text.
pub(super) fn of_field(field: &str, column: &ColumnSchema) -> std::result::Result<Value, String> {
    match column.data_type {
        DataType::Text => Ok(Value::Text(field.to_owned())),
        _ if field.is_empty() => Ok(Value::Null),
        _ => of_text(field, column),
    }
}

/// The value that a text says for a column.
pub(super) fn of_text(text: &str, column: &ColumnSchema) -> std::result::Result<Value, String> {
    let refused = || {
        let shown: String = text.chars().take(60).collect();
        format!("column {}: {:?} is no {}", column.name, shown, column.data_type)
    };
    let trimmed = text.trim();
    let value = match column.data_type {
        DataType::Text => Some(Value::Text(text.to_owned())),
        DataType::Bool => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" | "yes" => Some(Value::Bool(true)),
            "false" | "f" | "0" | "no" => Some(Value::Bool(false)),
            _ => None,
        },
        DataType::F32 | DataType::F64 => trimmed.parse().ok().map(Value::Float),
        DataType::Decimal => trimmed.parse().ok().map(Value::Decimal),
        DataType::Date => trimmed.parse().ok().map(Value::Date),
        DataType::DateTime => moment(trimmed).map(Value::DateTime),
        DataType::Uuid => trimmed.parse().ok().map(Value::Uuid),
        DataType::Json => text.parse().ok().map(Value::Json),
        DataType::Bytes => bytes(trimmed).map(Value::Bytes),
        DataType::Enum => column.variant(text).map(|variant| variant.to_value()),
        _ => trimmed.parse::<i64>().map(Value::Integer).or_else(|_| trimmed.parse::<u64>().map(Value::Unsigned)).ok(),
    };
    value.filter(|value| column.holds(value.as_ref())).ok_or_else(refused)
}

/// A moment, as databases and programs write it; without an offset it is UTC.
pub(super) fn moment(text: &str) -> Option<DateTime> {
    let text = text.replacen(' ', "T", 1);
    let tries = ["", "Z", ":00Z", ":00", "T00:00:00Z"];
    tries.iter().find_map(|end| format!("{text}{end}").parse().ok())
}

/// Bytes in hexadecimal, as `.export` and others write them.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x").or_else(|| text.strip_prefix("0x")).unwrap_or(text).as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}
