//! Answers as the files have them.

use md5::{Digest, Md5};
use wasm_dbms::Value;

use crate::record::SortMode;

/// A value of a column that the file says is of this type.
pub(crate) fn shown(value: &Value, data_type: char) -> String {
    match (data_type, value) {
        (_, Value::Null) => "NULL".into(),
        ('I', Value::Integer(number)) => number.to_string(),
        ('I', Value::Unsigned(number)) => number.to_string(),
        ('I', Value::Float(number)) => (*number as i64).to_string(),
        ('I', Value::Bool(value)) => i64::from(*value).to_string(),
        ('I', Value::Text(text)) => leading_integer(text).to_string(),
        ('R', Value::Float(number)) => real(*number),
        ('R', Value::Integer(number)) => real(*number as f64),
        ('R', Value::Unsigned(number)) => real(*number as f64),
        ('R', other) => real(other.to_string().parse().unwrap_or(0.0)),
        (_, Value::Text(text)) => printable(text),
        (_, Value::Bool(value)) => i64::from(*value).to_string(),
        (_, Value::Float(number)) => real(*number),
        (_, other) => printable(&other.to_string()),
    }
}

/// How many digits SQLite's `%.3f`, which wrote the files, knows; zeros stand for the others.
const DIGITS: usize = 16;

/// A number as `%.3f` of SQLite shows it.
fn real(number: f64) -> String {
    let text = format!("{number:.3}");
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits <= DIGITS {
        return text;
    }
    let exact = format!("{:.*e}", DIGITS - 1, number);
    let Some((mantissa, exponent)) = exact.split_once('e') else { return text };
    let mut digits: String = mantissa.chars().filter(|character| *character != '.').collect();
    let point = digits.len() - DIGITS + exponent.parse::<usize>().unwrap_or(0) + 1;
    digits.extend(std::iter::repeat_n('0', (point + 3).saturating_sub(digits.len())));
    digits.insert(point, '.');
    digits
}

/// The number that a text begins with, as `%d` shows it.
fn leading_integer(text: &str) -> i64 {
    let text = text.trim_start();
    let sign = usize::from(text.starts_with('-'));
    let digits = text.bytes().skip(sign).take_while(u8::is_ascii_digit).count();
    text.get(..sign + digits).and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn printable(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".into();
    }
    text.chars().map(|character| if (' '..='~').contains(&character) { character } else { '@' }).collect()
}

/// The values in the order in which they are compared.
pub(crate) fn sorted(mut values: Vec<String>, width: usize, sort: SortMode) -> Vec<String> {
    match sort {
        SortMode::None => {}
        SortMode::Values => values.sort_unstable(),
        SortMode::Rows => {
            let mut rows: Vec<Vec<String>> = values.chunks(width.max(1)).map(<[String]>::to_vec).collect();
            rows.sort_unstable();
            values = rows.concat();
        }
    }
    values
}

/// What is wrong with an answer, if anything.
pub(crate) fn difference(values: &[String], expected: &[&str]) -> Option<String> {
    if let [only] = expected
        && let Some((count, hash)) = only.split_once(" values hashing to ")
    {
        let mut hasher = Md5::new();
        for value in values {
            hasher.update(value.as_bytes());
            hasher.update(b"\n");
        }
        let own: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let is_same = count.parse() == Ok(values.len()) && own == hash;
        return (!is_same).then(|| format!("{} values hashing to {own}, not {only}: {:?}", values.len(), head(values)));
    }
    let is_same = values.len() == expected.len() && values.iter().zip(expected).all(|(own, other)| own == other);
    (!is_same).then(|| format!("{:?}, not {:?}", head(values), expected.iter().take(12).collect::<Vec<_>>()))
}

fn head(values: &[String]) -> Vec<&String> {
    values.iter().take(12).collect()
}
