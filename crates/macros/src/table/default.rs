//! `#[default = literal]` and `#[default(expr)]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, Lit, Meta, Type};

use crate::types::{is_named, option_inner};

/// The default of a column of type `ty`, as an expression of that type or of what its `Option` holds.
pub(super) fn parse(attribute: &Attribute, ty: &Type) -> syn::Result<TokenStream> {
    let expr = match &attribute.meta {
        Meta::NameValue(meta) if is_literal(&meta.value) => meta.value.to_token_stream(),
        Meta::NameValue(meta) => {
            let value = meta.value.to_token_stream();
            let message = format!("only a literal can stand after the `=`: write `#[default({value})]`");
            return Err(syn::Error::new_spanned(value, message));
        }
        Meta::List(list) if !list.tokens.is_empty() => list.tokens.clone(),
        _ => {
            return Err(syn::Error::new_spanned(attribute, "write the value as `#[default = ..]` or `#[default(..)]`"));
        }
    };
    let literal = syn::parse2::<Lit>(expr.clone()).ok();
    // A literal is never an `Option`; anything else is written with the field's type in mind.
    let ty = if literal.is_some() { option_inner(ty).unwrap_or(ty) } else { ty };
    let is_borrowed = is_named(ty, "String") || (is_named(ty, "Vec") && matches!(literal, Some(Lit::ByteStr(_))));
    let expr = if is_borrowed { quote!(::core::convert::Into::into(#expr)) } else { expr };
    Ok(quote!({
        let value: #ty = #expr;
        value
    }))
}

/// Whether rustc takes the expression after the `=` of an attribute.
fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(literal) => !literal.to_token_stream().to_string().starts_with('-'),
        Expr::Group(group) => is_literal(&group.expr),
        _ => false,
    }
}
