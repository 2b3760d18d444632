//! Functions of JSON documents.

use wasm_dbms_api::{JsonKind, JsonPath, JsonRef, ScalarFunction, ValueRef};

use crate::error::Fallible;
use crate::function::{Arena, Arguments, made, wrong};

pub(super) fn apply<'a>(arguments: &Arguments<'_, 'a>, arena: &'a Arena) -> Fallible<ValueRef<'a>> {
    use ScalarFunction as F;
    let function = arguments.function;
    let ValueRef::Json(own) = arguments.at(0) else { return Ok(arguments.refuse(0, ValueRef::Null)) };
    Ok(match function {
        F::JsonContains => match arguments.at(1) {
            ValueRef::Json(part) => ValueRef::Bool(own.contains(part)),
            _ => arguments.refuse(1, ValueRef::Null),
        },
        F::JsonHasKey => ValueRef::Bool(own.has_key(arguments.text(1))),
        F::JsonType => ValueRef::Text(own.kind().name()),
        F::JsonArrayLength => own.array_length().map_or(ValueRef::Null, |length| ValueRef::Integer(length as i64)),
        _ => {
            let text = arguments.text(1);
            let path = JsonPath::new(text).ok_or_else(|| wrong(format_args!("{function}: '{text}' is no path")))?;
            match own.extract(&path) {
                None => ValueRef::Null,
                Some(found) if function == F::JsonExtract => ValueRef::Json(found),
                Some(found) => return plain_text(found, arena),
            }
        }
    })
}

/// A document as text: strings without their quotes, NULL for a null.
fn plain_text<'a>(document: JsonRef<'a>, arena: &'a Arena) -> Fallible<ValueRef<'a>> {
    match (document.kind(), document.string()) {
        (JsonKind::Null, _) => Ok(ValueRef::Null),
        (_, Some(text)) => made(text, arena),
        _ => Ok(ValueRef::Text(document.as_str())),
    }
}
