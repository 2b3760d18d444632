//! What functions, casts and arithmetic compute from values. Nothing here knows rows or plans.

mod arena;
mod arithmetic;
mod cast;
mod date;
mod json;
mod number;
mod power;
mod text;

pub(crate) use arena::Arena;
pub(crate) use arithmetic::{arithmetic, negate};
pub(crate) use cast::{cast, write_text};
pub(crate) use power::power;

use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt;

use wasm_dbms_api::{ScalarFunction, Value, ValueRef};

use crate::Error;
use crate::error::Fallible;

/// The longest text that a function makes, in bytes.
pub const MAX_MADE_BYTES: usize = 16 << 20;

/// The longest text that is computed once for all rows, in bytes.
pub(crate) const MAX_FOLDED_BYTES: usize = 4096;

/// What is wrong with a value that an expression came upon.
pub(crate) fn wrong(problem: fmt::Arguments<'_>) -> Box<Error> {
    Error::query(problem)
}

/// A number that left the range of its type.
pub(crate) fn out_of_range(what: fmt::Arguments<'_>) -> Box<Error> {
    Error::out_of_range(what)
}

/// The value of a function. Arguments are of the types that its signature asks for; where a type was not known before,
/// another one is an error here.
pub(crate) fn apply<'a>(
    function: ScalarFunction,
    arguments: &[ValueRef<'a>],
    arena: &'a Arena,
) -> Fallible<ValueRef<'a>> {
    if function.signature().is_strict && arguments.iter().any(|argument| argument.is_null()) {
        return Ok(ValueRef::Null);
    }
    let arguments = &Arguments { function, values: arguments, refused: Cell::new(None) };
    let value = applied(arguments, arena);
    match arguments.refused.get() {
        Some(index) => Err(wrong(format_args!("{function}: the argument {} is no value for it", arguments.at(index)))),
        None => value,
    }
}

fn applied<'a>(arguments: &Arguments<'_, 'a>, arena: &'a Arena) -> Fallible<ValueRef<'a>> {
    use ScalarFunction as F;
    let function = arguments.function;
    match function {
        F::NullIf => {
            let [left, right] = arguments.values else { return Ok(ValueRef::Null) };
            Ok(if left.compare(*right) == Some(Ordering::Equal) { ValueRef::Null } else { *left })
        }
        F::Coalesce | F::Greatest | F::Least => {
            let wanted = if function == F::Greatest { Ordering::Greater } else { Ordering::Less };
            let mut best = ValueRef::Null;
            for value in arguments.values {
                let is_better = function != F::Coalesce && value.sort_order(best) == wanted;
                if !value.is_null() && (best.is_null() || is_better) {
                    best = *value;
                }
            }
            Ok(best)
        }
        F::Absolute
        | F::Round
        | F::Ceiling
        | F::Floor
        | F::Truncate
        | F::Sign
        | F::Modulo
        | F::Power
        | F::SquareRoot
        | F::Exponential
        | F::Logarithm
        | F::Logarithm10
        | F::BitAnd
        | F::BitOr
        | F::BitXor
        | F::ShiftLeft
        | F::ShiftRight
        | F::AsNumber => number::apply(arguments),
        F::Untyped => Ok(arguments.at(0)),
        F::DatePart | F::DateTruncate | F::DateAdd | F::DateDifference | F::MakeDate | F::ToDateTime | F::AtOffset => {
            date::apply(arguments)
        }
        F::JsonContains | F::JsonExtract | F::JsonText | F::JsonHasKey | F::JsonType | F::JsonArrayLength => {
            json::apply(arguments, arena)
        }
        _ => text::apply(arguments, arena),
    }
}

/// The arguments of a function, each taken as what it must be. One that is something else is taken for nothing, and
/// remembered: then the function has no value, whatever comes of the rest.
struct Arguments<'v, 'a> {
    function: ScalarFunction,
    values: &'v [ValueRef<'a>],
    /// The first that is not what it must be.
    refused: Cell<Option<usize>>,
}

impl<'a> Arguments<'_, 'a> {
    fn at(&self, index: usize) -> ValueRef<'a> {
        self.values.get(index).copied().unwrap_or(ValueRef::Null)
    }

    fn has(&self, index: usize) -> bool {
        index < self.values.len()
    }

    /// The argument is not what it must be.
    fn refuse<T>(&self, index: usize, nothing: T) -> T {
        self.note_refusal(index);
        nothing
    }

    #[cold]
    #[inline(never)]
    fn note_refusal(&self, index: usize) {
        self.refused.set(self.refused.get().or(Some(index)));
    }

    fn text(&self, index: usize) -> &'a str {
        match self.at(index) {
            ValueRef::Text(text) | ValueRef::Enum(_, text) => text,
            _ => self.refuse(index, ""),
        }
    }

    fn integer(&self, index: usize) -> i64 {
        match self.at(index) {
            ValueRef::Integer(number) => number,
            ValueRef::Unsigned(_) => i64::MAX,
            _ => self.refuse(index, 0),
        }
    }

    fn float(&self, index: usize) -> f64 {
        self.at(index).as_f64().unwrap_or_else(|| self.refuse(index, 0.0))
    }
}

/// A whole number as a value; none if no integer has it.
pub(super) fn whole(number: i128) -> Option<ValueRef<'static>> {
    let small = i64::try_from(number).map(ValueRef::Integer);
    small.or_else(|_| u64::try_from(number).map(ValueRef::Unsigned)).ok()
}

/// A text that was made.
pub(super) fn made(text: String, arena: &Arena) -> Fallible<ValueRef<'_>> {
    check_length(text.len())?;
    Ok(arena.keep(Value::Text(text)))
}

pub(super) fn check_length(bytes: usize) -> Fallible<()> {
    if bytes > MAX_MADE_BYTES {
        let (what, bytes, limit) = ("a text that a function makes".into(), bytes as u64, MAX_MADE_BYTES as u64);
        return Err(Error::TooLong { what, bytes, limit }.into());
    }
    Ok(())
}
