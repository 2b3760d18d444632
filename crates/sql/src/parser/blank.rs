//! What a rule answers where its text is wrong: something of its type, which nobody gets to see.

use wasm_dbms_api::{DataType, Expr, Name, Query, Value};

use crate::Statement;
use crate::parser::data_type::TypeName;
use crate::parser::window::WindowParts;

/// A type that a rule answers with.
pub(super) trait Blank {
    fn blank() -> Self;
}

macro_rules! blank {
    ($($type:ty: $blank:expr)*) => {
        $(impl Blank for $type {
            fn blank() -> Self {
                $blank
            }
        })*
    };
}

blank! {
    (): ()
    bool: false
    u32: 0
    String: Self::new()
    Name: Self::default()
    DataType: Self::Text
    Value: Self::Null
    Expr: Self::Literal(Value::Null)
    TypeName: Self::default()
    WindowParts: Self::default()
    Query: Self::default()
    Statement: Self::Query(Query::blank())
}

impl<T> Blank for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }
}

impl<T> Blank for Option<T> {
    fn blank() -> Self {
        None
    }
}
