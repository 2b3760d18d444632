//! Values of every type, for tests that ask the same of all types.

use wasm_dbms::prelude::*;

const NAMES: [&str; 3] = ["small", "medium", "large"];

fn parsed<T: std::str::FromStr + Into<Value>>(texts: &[&str]) -> Vec<Vec<Value>> {
    let value = |text: &str| text.parse::<T>().ok().map(Into::into).unwrap();
    texts.iter().map(|forms| forms.split_whitespace().map(value).collect()).collect()
}

fn alone(values: impl IntoIterator<Item = impl Into<Value>>) -> Vec<Vec<Value>> {
    values.into_iter().map(|value| vec![value.into()]).collect()
}

/// Values of a type from the smallest to the largest; those that are equal but not the same stand together.
pub(crate) fn samples(data_type: DataType) -> Vec<Vec<Value>> {
    if let Some((low, high)) = data_type.integer_range() {
        let mut numbers: Vec<i128> = [i128::from(low), -129, -1, 0, 1, 127, 255, 256, 1 << 40, high.into()].to_vec();
        numbers.retain(|number| (i128::from(low)..=i128::from(high)).contains(number));
        numbers.dedup();
        let value = |number| u64::try_from(number).map_or_else(|_| Value::from(number as i64), Value::from);
        return alone(numbers.into_iter().map(value));
    }
    match data_type {
        DataType::Bool => alone([false, true]),
        DataType::F32 => {
            let mut floats =
                alone([f32::NEG_INFINITY, f32::MIN, -1.5, 0.0, 1e-45, 0.1, f32::MAX, f32::INFINITY, f32::NAN]);
            floats[3].push((-0.0f32).into());
            floats
        }
        DataType::F64 => {
            let mut floats =
                alone([f64::NEG_INFINITY, f64::MIN, -1.5, 0.0, 5e-324, 0.1, f64::MAX, f64::INFINITY, f64::NAN]);
            floats[3].push((-0.0).into());
            floats
        }
        DataType::Text => alone(["", "\0", "\0\0", "\0a", "a", "a\0", "a\u{1}", "aa", "b", "é", "🦀"]),
        DataType::Bytes => alone([&[][..], &[0], &[0, 0], &[0, 1], &[0, 255], &[1], &[255], &[255, 0]].map(Vec::from)),
        DataType::Decimal => parsed::<Decimal>(&[
            "-79228162514264337593543950335",
            "-100 -100.00",
            "-1.5",
            "-0.0000000000000000000000000001",
            "0 0.00",
            "0.0000000000000000000000000001",
            "0.5 0.50",
            "7.9228162514264337593543950335",
            "9",
            "10 10.0",
            "79228162514264337593543950335",
        ]),
        DataType::Date => alone([Date::MIN, Date::from_days(-1), Date::from_days(0), Date::from_days(300), Date::MAX]),
        DataType::DateTime => {
            let mut moments = alone([-1, 0, 1, 1 << 50].map(DateTime::from_microseconds));
            moments[1].push(DateTime::from_microseconds(0).with_offset(-3600).unwrap().into());
            moments.insert(0, vec![DateTime::MIN.into()]);
            moments.push(vec![DateTime::MAX.into(), DateTime::MAX.with_offset(86_399).unwrap().into()]);
            moments
        }
        DataType::Uuid => alone([0, 1, 1 << 64, 1 << 127, u128::MAX].map(Uuid::from_u128)),
        DataType::Enum => (0u16..).zip(NAMES).map(|(number, name)| vec![Value::Enum(number, name.into())]).collect(),
        // In no order: it has none.
        _ => parsed::<Json>(&["null", "true", "1 1.0 10e-1", "\"1\"", "[]", "[1] [1.0]", "{}", "{\"a\":[null]}"]),
    }
}

/// A column of the type that is not null.
pub(crate) fn column(name: &str, data_type: DataType) -> ColumnSchema {
    match data_type {
        DataType::Enum => ColumnSchema::one_of(name, NAMES),
        _ => ColumnSchema::new(name, data_type),
    }
}
