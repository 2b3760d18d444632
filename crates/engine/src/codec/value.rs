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
use crate::codec::record::{Reader, Writer};

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
    pub(crate) fn value(&mut self) -> Value {
        match self.u8() {
            0 => Value::Null,
            1 => Value::Bool(self.u8() != 0),
            2 => Value::Integer(i64::from_le_bytes(self.chunk())),
            3 => {
                let number = u64::from_le_bytes(self.chunk());
                if i64::try_from(number).is_ok() {
                    self.damaged();
                }
                Value::Unsigned(number)
            }
            4 => Value::Float(f64::from_le_bytes(self.chunk())),
            5 => Value::Text(self.longer_text()),
            6 => Value::Bytes(self.bytes().to_vec()),
            7 => fixed::decimal(self.chunk()).map_or_else(|| self.no_value(), Value::Decimal),
            8 => Value::Date(Date::from_days(i32::from_le_bytes(self.chunk()))),
            9 => fixed::date_time(self.chunk()).map_or_else(|| self.no_value(), Value::DateTime),
            10 => Value::Uuid(Uuid::from_bytes(self.chunk())),
            11 => Value::Json(JsonRef::from_stored(&self.longer_text()).to_json()),
            12 => {
                let number = self.narrow();
                Value::Enum(number, self.longer_text().into())
            }
            kind => {
                self.newer(format_args!("a value of kind {kind}"));
                Value::Null
            }
        }
    }

    #[cold]
    fn no_value(&mut self) -> Value {
        self.damaged();
        Value::Null
    }

    fn longer_text(&mut self) -> String {
        let bytes = self.bytes();
        self.text_of(bytes)
    }
}
