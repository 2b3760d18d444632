//! What a macro can see of a type: its words, not what they stand for.

use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// The `T` of `Option<T>`.
pub(crate) fn option_inner(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty).filter(|_| is_named(ty, "Option"))?;
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(inner) => Some(inner),
            _ => None,
        },
        _ => None,
    }
}

/// Whether this is the type of that name, however qualified.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name)
}

/// Whether this can be an integer: an alias may hide one, so only what is plainly something else cannot.
pub(crate) fn may_be_integer(ty: &Type) -> bool {
    const OTHERS: [&str; 6] = ["bool", "char", "f32", "f64", "str", "String"];
    last_segment(ty)
        .is_some_and(|segment| segment.arguments.is_none() && !OTHERS.iter().any(|other| segment.ident == other))
}

/// The last word of a path; `None` for tuples, arrays, references and the like.
fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}
