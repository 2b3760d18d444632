//! What an expression comes to, written down as plainly as SQL has it.

use std::cmp::Ordering;

use wasm_dbms::prelude::*;

/// A joined row: the name of each column with its table, and its value.
pub(crate) type Row<'a> = [(&'a str, &'a str, &'a Value)];

enum Number {
    Whole(i128),
    /// So many parts of which ten thousand are one.
    Decimal(i128),
    Float(f64),
}

fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Integer(number) => Some(Number::Whole((*number).into())),
        Value::Unsigned(number) => Some(Number::Whole((*number).into())),
        Value::Float(number) => Some(Number::Float(*number)),
        Value::Decimal(number) => {
            Some(Number::Decimal(number.coefficient() * 10i128.pow(4 - u32::from(number.scale()))))
        }
        _ => None,
    }
}

fn compare_numbers(left: Number, right: Number) -> Ordering {
    match (left, right) {
        (Number::Whole(left), Number::Whole(right)) => left.cmp(&right),
        (Number::Float(left), Number::Float(right)) => match (left.is_nan(), right.is_nan()) {
            (false, false) => left.partial_cmp(&right).unwrap(),
            (left, right) => left.cmp(&right),
        },
        (Number::Decimal(left), Number::Decimal(right)) => left.cmp(&right),
        (Number::Decimal(left), Number::Whole(right)) => left.cmp(&(right * 10_000)),
        (Number::Decimal(left), right @ Number::Float(_)) => {
            compare_numbers(Number::Float(left as f64 / 10_000.0), right)
        }
        (left, right @ Number::Decimal(_)) => compare_numbers(right, left).reverse(),
        (left @ Number::Whole(_), right @ Number::Float(_)) => compare_numbers(right, left).reverse(),
        (Number::Float(left), Number::Whole(right)) => {
            if left.is_nan() || left >= 2f64.powi(100) {
                Ordering::Greater
            } else if left <= -(2f64.powi(100)) {
                Ordering::Less
            } else {
                let floor = left.floor();
                (floor as i128).cmp(&right).then(if left > floor { Ordering::Greater } else { Ordering::Equal })
            }
        }
    }
}

/// The text of a document whose numbers, of which there are few forms, have one.
pub(crate) fn json(document: &Json) -> String {
    match document.as_str() {
        "1.0" => "1".into(),
        other => other.replace("10e-1", "1"),
    }
}

/// The order of two values that can be compared; none if either is NULL.
pub(crate) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    if let (Value::Decimal(left), Value::Decimal(right)) = (left, right) {
        // Means have more digits than the rest.
        let parts = |number: &Decimal| number.coefficient() * 10i128.pow(28 - u32::from(number.scale()));
        return Some(parts(left).cmp(&parts(right)));
    }
    if let (Some(left), Some(right)) = (number(left), number(right)) {
        return Some(compare_numbers(left, right));
    }
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Text(left), Value::Text(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        (Value::Bytes(left), Value::Bytes(right)) => Some(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Some(left.days().cmp(&right.days())),
        (Value::DateTime(left), Value::DateTime(right)) => Some(left.microseconds().cmp(&right.microseconds())),
        (Value::Uuid(left), Value::Uuid(right)) => Some(left.as_u128().cmp(&right.as_u128())),
        (Value::Json(left), Value::Json(right)) => Some(json(left).cmp(&json(right))),
        (Value::Enum(left, _), Value::Enum(right, _)) => Some(left.cmp(right)),
        // In the order of their numbers names go from the end of the alphabet to its beginning.
        (Value::Enum(_, left), Value::Text(right)) => Some((**right).cmp(left)),
        (Value::Text(_), Value::Enum(..)) => compare(right, left).map(Ordering::reverse),
        _ => panic!("{left} and {right} cannot be compared"),
    }
}

/// The order of sorting: NULL first.
pub(crate) fn sort_order(left: &Value, right: &Value) -> Ordering {
    compare(left, right).unwrap_or_else(|| right.is_null().cmp(&left.is_null()))
}

fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('%', rest)) => (0..=text.len()).any(|skipped| like(&text[skipped..], rest)),
        Some(('_', rest)) => !text.is_empty() && like(&text[1..], rest),
        Some(('\\', rest)) => {
            let (plain, rest) = rest.split_first().map_or((&'\\', rest), |(plain, rest)| (plain, rest));
            text.first() == Some(plain) && like(&text[1..], rest)
        }
        Some((plain, rest)) => text.first() == Some(plain) && like(&text[1..], rest),
    }
}

fn truth(expr: &Expr, row: &Row<'_>) -> Option<bool> {
    match value(expr, row) {
        Value::Bool(truth) => Some(truth),
        Value::Null => None,
        other => panic!("{other} is no truth"),
    }
}

/// The value of an expression without aggregates.
pub(crate) fn value(expr: &Expr, row: &Row<'_>) -> Value {
    let answer = match expr {
        Expr::Literal(value) => return value.clone(),
        Expr::Column(name) => {
            let is_named = |table: &str, column: &str| {
                column == name.column && name.table.as_ref().is_none_or(|named| named == table)
            };
            let found = row.iter().find(|(table, column, _)| is_named(table, column));
            return found.map(|(.., value)| (*value).clone()).unwrap();
        }
        Expr::Compare(comparison, left, right) => {
            compare(&value(left, row), &value(right, row)).map(|order| comparison.holds(order))
        }
        Expr::And(left, right) => match (truth(left, row), truth(right, row)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Expr::Or(left, right) => match (truth(left, row), truth(right, row)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Expr::Not(inner) => truth(inner, row).map(|truth| !truth),
        Expr::IsNull(inner) => Some(value(inner, row).is_null()),
        Expr::InList(inner, values) => {
            let inner = value(inner, row);
            let orders: Vec<_> = values.iter().map(|other| compare(&inner, &value(other, row))).collect();
            match orders.contains(&Some(Ordering::Equal)) {
                true => Some(true),
                false => (!orders.contains(&None)).then_some(false),
            }
        }
        Expr::Like { text: inner, pattern, .. } => match (value(inner, row), value(pattern, row)) {
            (Value::Text(text), Value::Text(pattern)) => {
                let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
                Some(like(&text, &pattern))
            }
            _ => None,
        },
        other => panic!("{other} is not in the model"),
    };
    answer.map_or(Value::Null, Value::Bool)
}

/// The value of an aggregate over rows; none if it is out of range.
pub(crate) fn aggregate(function: AggregateFunction, argument: Option<&Expr>, rows: &[&Row<'_>]) -> Option<Value> {
    let Some(argument) = argument else { return Some(Value::from(rows.len() as u64)) };
    let mut values: Vec<Value> = rows.iter().map(|row| value(argument, row)).collect();
    values.retain(|value| !value.is_null());
    if function == AggregateFunction::Count {
        return Some(Value::from(values.len() as u64));
    }
    if values.is_empty() {
        return Some(Value::Null);
    }
    values.sort_by(sort_order);
    let (mut whole, mut float, mut has_float, mut has_decimal) = (0i128, 0.0, false, false);
    for value in &values {
        match number(value) {
            Some(Number::Whole(number)) => whole += number,
            Some(Number::Float(number)) => {
                float += number;
                has_float = true;
            }
            Some(Number::Decimal(number)) => {
                whole += number;
                has_decimal = true;
            }
            None => {}
        }
    }
    Some(match function {
        AggregateFunction::Minimum => values.swap_remove(0),
        AggregateFunction::Maximum => values.pop().unwrap(),
        AggregateFunction::Sum if has_decimal => Value::Decimal(Decimal::new(whole, 4).unwrap()),
        AggregateFunction::Average if has_decimal => Value::Decimal(mean(whole, values.len() as i128)),
        AggregateFunction::Sum if has_float => Value::Float(float),
        AggregateFunction::Sum => match (i64::try_from(whole), u64::try_from(whole)) {
            (Ok(sum), _) => Value::from(sum),
            (_, Ok(sum)) => Value::from(sum),
            _ => return None,
        },
        _ if has_float => Value::Float(float / values.len() as f64),
        _ => Value::Float(whole as f64 / values.len() as f64),
    })
}

/// The mean of numbers that come to so many parts, with as many digits as a decimal holds.
fn mean(parts: i128, count: i128) -> Decimal {
    let with_scale = |scale: u8| {
        let numerator = parts * 10i128.pow(u32::from(scale));
        let denominator = count * 10_000;
        let rounded = (2 * numerator.abs() + denominator) / (2 * denominator) * numerator.signum();
        Decimal::new(rounded, scale)
    };
    (0..=28).rev().find_map(with_scale).unwrap()
}
