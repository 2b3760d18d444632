//! [`AsParameter`]: what a parameter can be given as.

use crate::{Field, Value, ValueArena, ValueRef};

/// What a parameter of a statement can be given as: whatever can stand in a column, a text that is only borrowed, a value.
///
/// ```
/// use wasm_dbms_api::{AsParameter, Value, ValueArena, ValueRef};
///
/// let arena = ValueArena::default();
/// assert_eq!(7u8.as_parameter(&arena), ValueRef::Integer(7));
/// assert_eq!("seven".as_parameter(&arena), ValueRef::Text("seven"));
/// assert_eq!(None::<&str>.as_parameter(&arena), ValueRef::Null);
/// assert_eq!(Value::from("seven").as_parameter(&arena), ValueRef::Text("seven"));
/// ```
pub trait AsParameter {
    /// The value, borrowed from this or from the arena.
    fn as_parameter<'a>(&'a self, arena: &'a ValueArena) -> ValueRef<'a>;
}

impl<T: Field> AsParameter for T {
    #[inline]
    fn as_parameter<'a>(&'a self, arena: &'a ValueArena) -> ValueRef<'a> {
        self.value_in(arena)
    }
}

impl AsParameter for &str {
    #[inline]
    fn as_parameter<'a>(&'a self, _: &'a ValueArena) -> ValueRef<'a> {
        ValueRef::Text(self)
    }
}

impl AsParameter for Option<&str> {
    #[inline]
    fn as_parameter<'a>(&'a self, _: &'a ValueArena) -> ValueRef<'a> {
        self.map_or(ValueRef::Null, ValueRef::Text)
    }
}

impl AsParameter for Value {
    #[inline]
    fn as_parameter<'a>(&'a self, _: &'a ValueArena) -> ValueRef<'a> {
        self.as_ref()
    }
}

impl AsParameter for ValueRef<'_> {
    #[inline]
    fn as_parameter<'a>(&'a self, _: &'a ValueArena) -> ValueRef<'a> {
        *self
    }
}
