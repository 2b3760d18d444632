//! Lists of values, made one of the other: small loops that stand in many places, compiled once.

use wasm_dbms_api::{Value, ValueRef};

/// The value of a column; NULL if there is none.
#[inline]
pub(crate) fn value_of<'a>(values: &[ValueRef<'a>], column: usize) -> ValueRef<'a> {
    values.get(column).copied().unwrap_or(ValueRef::Null)
}

/// The values of these columns.
#[inline(never)]
pub(crate) fn values_of<'a>(values: &[ValueRef<'a>], columns: &[usize]) -> Vec<ValueRef<'a>> {
    let mut picked = Vec::with_capacity(columns.len());
    for column in columns {
        picked.push(value_of(values, *column));
    }
    picked
}

/// The values, owned.
#[inline(never)]
pub(crate) fn owned(values: &[ValueRef<'_>]) -> Vec<Value> {
    let mut owned = Vec::with_capacity(values.len());
    for value in values {
        owned.push(value.to_value());
    }
    owned
}

/// The values where they stand.
#[inline(never)]
pub(crate) fn borrowed(values: &[Value]) -> Vec<ValueRef<'_>> {
    let mut borrowed = Vec::with_capacity(values.len());
    for value in values {
        borrowed.push(value.as_ref());
    }
    borrowed
}

/// The values as people read them, with commas between.
#[cold]
#[inline(never)]
pub(crate) fn listed(values: &[ValueRef<'_>]) -> String {
    let mut list = String::new();
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            list.push_str(", ");
        }
        list.push_str(&value.to_string());
    }
    list
}
