//! The item that a derive stands on.

use syn::{Data, DeriveInput, Error, Fields};

use crate::errors::Errors;

/// The fields of a struct.
///
/// # Errors
/// The item is an enum or union: no other check makes sense then.
pub(crate) fn struct_fields<'a>(input: &'a DeriveInput, derive: &str) -> syn::Result<&'a Fields> {
    let message = |item| format!("`{derive}` is for structs, not for {item}");
    match &input.data {
        Data::Struct(data) => Ok(&data.fields),
        Data::Enum(data) => Err(Error::new(data.enum_token.span, message("enums"))),
        Data::Union(data) => Err(Error::new(data.union_token.span, message("unions"))),
    }
}

/// Generics are an error.
pub(crate) fn refuse_generics(input: &DeriveInput, derive: &str, errors: &mut Errors) {
    let generics = &input.generics;
    if !generics.params.is_empty() {
        errors.add(generics, format!("`{derive}` is for structs without generics"));
    } else if let Some(clause) = &generics.where_clause {
        errors.add(clause, format!("`{derive}` is for structs without a where clause"));
    }
}
