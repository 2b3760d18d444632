//! Values: from small sets, so that they meet; the ends of every type are in them.

use wasm_dbms::{DataType, Date, DateTime, Decimal, Json, Uuid, Value};

use crate::model::draw::Draw;

/// The names of every column that is an enum: not in the order of their letters.
pub(super) const VARIANTS: [&str; 3] = ["red", "green", "blue"];

impl Draw {
    /// A value of a type.
    pub(super) fn value(&mut self, data_type: DataType) -> Value {
        if let Some((low, high)) = data_type.integer_range() {
            return match self.random.u8(..40) {
                0 => Value::from(low),
                1 => Value::from(high),
                _ if low < 0 => Value::from(self.random.i64(-4..30)),
                _ => Value::from(self.random.i64(0..40)),
            };
        }
        match data_type {
            DataType::Bool => Value::from(self.random.bool()),
            DataType::F32 | DataType::F64 => self.float(),
            DataType::Text => Value::from(self.text()),
            DataType::Bytes => {
                let length =
                    if self.is_long && self.once_in(8) { self.random.usize(..9000) } else { self.random.usize(..4) };
                let parts = [0u8, 1, 0xFE, 0xFF];
                Value::from((0..length).map(|_| self.one_of(&parts).copied().unwrap_or(0)).collect::<Vec<u8>>())
            }
            DataType::Decimal => {
                let scale = self.random.u8(..3);
                let number = Decimal::new(self.random.i128(-300..2000), scale);
                number.map_or(Value::Null, Value::from)
            }
            DataType::Date => {
                let days = if self.once_in(8) { self.pick([i32::MIN, i32::MAX]) } else { self.random.i32(-2..20) };
                Value::from(Date::from_days(days))
            }
            DataType::DateTime => {
                let far = [i64::MIN, i64::MAX, 1_700_000_000_000_000];
                let moment = if self.once_in(8) { self.pick(far) } else { self.random.i64(-2..20) };
                let offset = self.pick([0, 3600, -19_800]);
                let moment = DateTime::from_microseconds(moment);
                Value::from(moment.with_offset(offset).unwrap_or(moment))
            }
            DataType::Uuid => {
                let low = self.random.u128(..16);
                Value::from(Uuid::from_u128(if self.random.bool() { low << 124 } else { low }))
            }
            DataType::Json => {
                let documents = ["null", "1", "1.0", "[]", "{\"a\":1}", "{\"a\":[1,{\"b\":null}]}", "\"1.0\"", "[1,2]"];
                let document = self.one_of(&documents).and_then(|text| text.parse::<Json>().ok());
                document.map_or(Value::Null, Value::from)
            }
            DataType::Enum => {
                let number = self.random.usize(..VARIANTS.len());
                // Its name alone stands for it.
                match VARIANTS.get(number) {
                    Some(name) if self.random.bool() => Value::from(*name),
                    Some(name) => Value::Enum(number as u16, (*name).into()),
                    None => Value::Null,
                }
            }
            _ => Value::Null,
        }
    }

    fn float(&mut self) -> Value {
        let ends = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -0.0];
        if self.once_in(20) {
            return Value::from(self.pick(ends));
        }
        Value::from(f64::from(self.random.i32(-6..40)) / 2.0)
    }

    pub(super) fn text(&mut self) -> String {
        let parts = ["a", "b", "A", "é", "\0", "%", "_", "\\", "zz", "日", " ", " b  "];
        let mut text = String::new();
        for _ in 0..self.random.usize(..4) {
            text.push_str(self.one_of(&parts).copied().unwrap_or_default());
        }
        if self.is_long && self.once_in(6) {
            let words = [" some words", " long", "~"];
            let longest = if self.once_in(8) { 1500 } else { 100 };
            text = self.one_of(&words).copied().unwrap_or_default().repeat(self.random.usize(..longest)) + &text;
        }
        text
    }
}
