//! Values, both ways.

use uuid::Uuid;
use wasm_dbms::{Date, DateTime, Decimal, Value, ValueRef};

use crate::bindings::exports::wasm_dbms::database::types as wit;
use crate::failure::{Result, nonsense};

/// A value that came in.
pub(crate) fn read(value: wit::Value) -> Result<Value> {
    Ok(match value {
        wit::Value::Null => Value::Null,
        wit::Value::Boolean(value) => Value::Bool(value),
        wit::Value::Integer(value) => Value::Integer(value),
        wit::Value::Unsigned(value) => Value::from(value),
        wit::Value::Float(value) => Value::Float(value),
        wit::Value::Text(value) => Value::Text(value),
        wit::Value::Bytes(value) => Value::Bytes(value),
        wit::Value::Decimal(value) => decimal(value)?,
        wit::Value::Date(wit::Date { year, month, day }) => {
            let date = Date::new(year, month, day);
            Value::Date(date.ok_or_else(|| nonsense(format!("there is no day {year}-{month}-{day}")))?)
        }
        wit::Value::Moment(wit::Moment { microseconds, offset_seconds }) => {
            let moment = DateTime::from_microseconds(microseconds).with_offset(offset_seconds);
            let problem = || nonsense(format!("there is no moment {microseconds} with offset {offset_seconds}"));
            Value::DateTime(moment.ok_or_else(problem)?)
        }
        wit::Value::Uuid(wit::Uuid { high, low }) => Value::Uuid(Uuid::from_u64_pair(high, low)),
        wit::Value::Json(text) => {
            Value::Json(text.parse().map_err(|error| nonsense(format!("a document that is no JSON: {error}")))?)
        }
        // The number is the column's: the name says it.
        wit::Value::Choice(wit::Choice { name, .. }) => Value::Text(name),
    })
}

/// Values, borrowed: parameters are given like this.
pub(crate) fn lend(values: &[Value]) -> Vec<ValueRef<'_>> {
    values.iter().map(Value::as_ref).collect()
}

/// A row that came in.
pub(crate) fn read_row(row: wit::Row) -> Result<Vec<Value>> {
    row.into_iter().map(read).collect()
}

fn decimal(wit::Decimal { is_negative, high, low, scale }: wit::Decimal) -> Result<Value> {
    let magnitude = u128::from(high) << 64 | u128::from(low);
    let decimal = Decimal::from_parts(is_negative, magnitude, scale);
    Ok(Value::Decimal(decimal.ok_or_else(|| nonsense(format!("no decimal has {scale} digits after the point")))?))
}

/// A value on its way out.
pub(crate) fn write(value: ValueRef<'_>) -> wit::Value {
    match value {
        ValueRef::Null => wit::Value::Null,
        ValueRef::Bool(value) => wit::Value::Boolean(value),
        ValueRef::Integer(value) => wit::Value::Integer(value),
        ValueRef::Unsigned(value) => wit::Value::Unsigned(value),
        ValueRef::Float(value) => wit::Value::Float(value),
        ValueRef::Text(value) => wit::Value::Text(value.to_owned()),
        ValueRef::Bytes(value) => wit::Value::Bytes(value.to_vec()),
        ValueRef::Json(value) => wit::Value::Json(value.as_str().to_owned()),
        ValueRef::Decimal(value) => {
            let (magnitude, scale) = (value.magnitude(), value.scale());
            let (high, low) = ((magnitude >> 64) as u32, magnitude as u64);
            wit::Value::Decimal(wit::Decimal { is_negative: value.is_negative(), high, low, scale })
        }
        ValueRef::Date(value) => {
            let (year, month, day) = value.year_month_day();
            wit::Value::Date(wit::Date { year, month, day })
        }
        ValueRef::DateTime(value) => {
            let (microseconds, offset_seconds) = (value.microseconds(), value.offset_seconds());
            wit::Value::Moment(wit::Moment { microseconds, offset_seconds })
        }
        ValueRef::Uuid(value) => {
            let (high, low) = value.as_u64_pair();
            wit::Value::Uuid(wit::Uuid { high, low })
        }
        ValueRef::Enum(number, name) => wit::Value::Choice(wit::Choice { number, name: name.to_owned() }),
        // A type that is newer than the interface.
        other => wit::Value::Text(other.to_value().to_string()),
    }
}

/// A value on its way out whose bytes are given along.
pub(crate) fn give(value: Value) -> wit::Value {
    match value {
        Value::Text(value) => wit::Value::Text(value),
        Value::Bytes(value) => wit::Value::Bytes(value),
        other => write(other.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(value: Value) -> Value {
        read(give(value)).unwrap_or(Value::Null)
    }

    #[test]
    fn values_come_back_as_they_went() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let values = [
            Value::Bool(true),
            Value::Integer(i64::MIN),
            Value::from(u64::MAX),
            Value::Float(-0.0),
            Value::from("é"),
            Value::Bytes(vec![0, 255]),
            Value::Decimal("-79228162514264337593543950335".parse()?),
            Value::Decimal("0.0000000000000000000000000001".parse()?),
            Value::Date("2026-02-28".parse()?),
            Value::DateTime("2026-02-28T01:02:03.000004+05:30".parse()?),
            Value::Uuid("67e55044-10b1-426f-9247-bb680e5fe0c8".parse()?),
            Value::Json("{\"a\": [1]}".parse()?),
        ];
        for value in values {
            assert!(back(value.clone()).as_ref().is_identical(value.as_ref()), "{value}");
        }
        Ok(())
    }

    #[test]
    fn what_no_type_holds_is_refused() {
        let scale = wit::Value::Decimal(wit::Decimal { is_negative: false, high: 0, low: 1, scale: 29 });
        let day = wit::Value::Date(wit::Date { year: 2026, month: 2, day: 30 });
        let moment = wit::Value::Moment(wit::Moment { microseconds: 0, offset_seconds: i32::MAX });
        let json = wit::Value::Json("{".to_owned());
        assert!([scale, day, moment, json].into_iter().all(|value| read(value).is_err()));
    }
}
