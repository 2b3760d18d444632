//! The attributes on the struct.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, DeriveInput, LitStr, Meta, Token};

use super::RESERVED;
use crate::errors::Errors;

/// What the attributes on the struct say.
pub(super) struct StructAttributes {
    /// `#[table = "users"]`; empty if that is missing, which is an error by then.
    pub(super) name: String,
    pub(super) indexes: Vec<StructIndex>,
}

/// `#[index(a, b)]` or `#[unique(a, b)]`.
pub(super) struct StructIndex {
    pub(super) attribute: Attribute,
    pub(super) columns: Vec<Ident>,
    pub(super) unique: bool,
}

impl StructAttributes {
    pub(super) fn parse(input: &DeriveInput, errors: &mut Errors) -> Self {
        let mut names = Vec::new();
        let mut indexes = Vec::new();
        for attribute in &input.attrs {
            let Some(word) = attribute.path().get_ident().map(Ident::to_string) else { continue };
            match word.as_str() {
                "table" => names.push((attribute, errors.keep(table_name(attribute)))),
                "index" | "unique" => indexes.extend(errors.keep(struct_index(attribute, word == "unique"))),
                "primary_key" | "autoincrement" | "foreign_key" | "default" | "sanitizer" | "validate" => {
                    errors.add(attribute, format!("`#[{word}]` belongs on a field"));
                }
                word if RESERVED.contains(&word) => errors.push(unsupported(attribute, word)),
                _ => {}
            }
        }
        if names.is_empty() {
            errors.add(&input.ident, "the table has no name: add `#[table = \"..\"]`");
        }
        for (attribute, _) in names.iter().skip(1) {
            errors.add(attribute, "`#[table]` is there twice");
        }
        Self { name: names.into_iter().find_map(|(_, name)| name).unwrap_or_default(), indexes }
    }
}

/// The error of an attribute that is reserved for later.
pub(super) fn unsupported(attribute: &Attribute, word: &str) -> syn::Error {
    syn::Error::new_spanned(attribute, format!("`#[{word}]` is not supported yet"))
}

fn table_name(attribute: &Attribute) -> syn::Result<String> {
    let Meta::NameValue(meta) = &attribute.meta else {
        return Err(syn::Error::new_spanned(attribute, "write the name of the table as `#[table = \"..\"]`"));
    };
    let name: LitStr = syn::parse2(meta.value.to_token_stream())
        .map_err(|_| syn::Error::new_spanned(&meta.value, "the name of a table is a string"))?;
    if name.value().is_empty() {
        return Err(syn::Error::new_spanned(name, "the name of a table is not empty"));
    }
    Ok(name.value())
}

fn struct_index(attribute: &Attribute, unique: bool) -> syn::Result<StructIndex> {
    // Any word: a column `type` is a field `r#type`.
    let words = |input: ParseStream<'_>| Punctuated::<Ident, Token![,]>::parse_terminated_with(input, Ident::parse_any);
    let columns = attribute.parse_args_with(words).ok().filter(|columns| !columns.is_empty());
    let columns = columns.ok_or_else(|| {
        let word = if unique { "unique" } else { "index" };
        syn::Error::new_spanned(attribute, format!("on the struct, list the columns: `#[{word}(a, b)]`"))
    })?;
    Ok(StructIndex { attribute: attribute.clone(), columns: columns.into_iter().collect(), unique })
}
