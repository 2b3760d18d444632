//! A value by itself: of a default, of an expression.
//!
//! | kind | bytes after the `u8` kind |
//! |---|---|
//! | 0 NULL | |
//! | 1 bool | `u8` |
//! | 2 integer | `i64` |
//! | 3 integer above `i64::MAX` | `u64` |
//! | 4 float | `f64` |
//! | 5 text, 6 bytes, 11 JSON | number of bytes, bytes |
//! | 7 decimal, 8 date, 9 datetime, 10 uuid | as in a row |
//! | 12 enum | number of the name, number of its bytes, its bytes |

use wasm_dbms_api::{Date, JsonRef, Uuid, Value, ValueRef};

use crate::codec::fixed;
use crate::codec::record::{Problem, Reader, Writer};

impl Writer {
    pub(crate) fn value(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Bool(value) => self.0.extend_from_slice(&[1, u8::from(value)]),
            ValueRef::Integer(number) => self.kind(2, &number.to_le_bytes()),
            ValueRef::Unsigned(number) => self.kind(3, &number.to_le_bytes()),
            ValueRef::Float(number) => {
                // One NaN: the bytes of a file must not depend on which one a processor makes.
                let number = if number.is_nan() { f64::NAN } else { number };
                self.kind(4, &number.to_bits().to_le_bytes());
            }
            ValueRef::Text(text) => self.longer(5, text.as_bytes()),
            ValueRef::Bytes(bytes) => self.longer(6, bytes),
            ValueRef::Decimal(decimal) => self.kind(7, &fixed::decimal_bytes(decimal)),
            ValueRef::Date(date) => self.kind(8, &date.days().to_le_bytes()),
            ValueRef::DateTime(moment) => self.kind(9, &fixed::date_time_bytes(moment)),
            ValueRef::Uuid(uuid) => self.kind(10, uuid.as_bytes()),
            ValueRef::Json(json) => self.longer(11, json.as_str().as_bytes()),
            ValueRef::Enum(number, name) => {
                self.0.push(12);
                self.number(number.into());
                self.bytes(name.as_bytes());
            }
            _ => self.0.push(0),
        }
    }

    fn kind(&mut self, kind: u8, bytes: &[u8]) {
        self.0.push(kind);
        self.0.extend_from_slice(bytes);
    }

    fn longer(&mut self, kind: u8, bytes: &[u8]) {
        self.0.push(kind);
        self.bytes(bytes);
    }
}

impl Reader<'_> {
    pub(crate) fn value(&mut self) -> Result<Value, Problem> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| Problem::Damaged);
        Ok(match self.u8()? {
            0 => Value::Null,
            1 => Value::Bool(self.u8()? != 0),
            2 => Value::Integer(self.chunk().map(i64::from_le_bytes)?),
            3 => match self.chunk().map(u64::from_le_bytes)? {
                number if i64::try_from(number).is_ok() => return Err(Problem::Damaged),
                number => Value::Unsigned(number),
            },
            4 => Value::Float(f64::from_bits(self.chunk().map(u64::from_le_bytes)?)),
            5 => Value::Text(text(self.bytes()?)?),
            6 => Value::Bytes(self.bytes()?.to_vec()),
            7 => Value::Decimal(fixed::decimal(self.chunk()?).ok_or(Problem::Damaged)?),
            8 => Value::Date(Date::from_days(self.chunk().map(i32::from_le_bytes)?)),
            9 => Value::DateTime(fixed::date_time(self.chunk()?).ok_or(Problem::Damaged)?),
            10 => Value::Uuid(Uuid::from_bytes(self.chunk()?)),
            11 => Value::Json(JsonRef::from_stored(&text(self.bytes()?)?).to_json()),
            12 => {
                let number = u16::try_from(self.number()?).map_err(|_| Problem::Damaged)?;
                Value::Enum(number, text(self.bytes()?)?.into())
            }
            kind => return Err(Problem::Newer(format!("a value of kind {kind}"))),
        })
    }
}
