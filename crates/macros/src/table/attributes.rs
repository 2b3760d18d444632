//! The attributes on the struct.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, DeriveInput, LitStr, Meta, Token};

use super::check::CheckAttribute;
use super::foreign_key::ForeignKey;
use super::index::IndexAttribute;
use crate::errors::Errors;

/// What the attributes on the struct say.
pub(super) struct StructAttributes {
    /// `#[table = "users"]`; empty if that is missing, which is an error by then.
    pub(super) name: String,
    pub(super) indexes: Vec<IndexAttribute>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    pub(super) checks: Vec<CheckAttribute>,
    pub(super) renamed_from: Vec<String>,
}

impl StructAttributes {
    pub(super) fn parse(input: &DeriveInput, errors: &mut Errors) -> Self {
        let mut names = Vec::new();
        let mut indexes = Vec::new();
        let mut foreign_keys = Vec::new();
        let mut checks = Vec::new();
        let mut renamed_from = Vec::new();
        for attribute in &input.attrs {
            let Some(word) = attribute.path().get_ident().map(Ident::to_string) else { continue };
            match word.as_str() {
                "table" => names.push((attribute, errors.keep(table_name(attribute)))),
                "index" | "unique" => {
                    indexes.extend(errors.keep(IndexAttribute::of_struct(attribute, word == "unique")))
                }
                "foreign_key" => foreign_keys.extend(errors.keep(ForeignKey::of_struct(attribute))),
                "check" => checks.extend(errors.keep(CheckAttribute::parse(attribute))),
                "renamed_from" => renamed_from.extend(errors.keep(earlier_names(attribute)).unwrap_or_default()),
                "primary_key" | "autoincrement" | "default" | "custom_type" | "sanitizer" | "validate" | "migrate" => {
                    errors.add(attribute, format!("`#[{word}]` belongs on a field"));
                }
                _ => {}
            }
        }
        if names.is_empty() {
            errors.add(&input.ident, "the table has no name: add `#[table = \"..\"]`");
        }
        for (attribute, _) in names.iter().skip(1) {
            errors.add(attribute, "`#[table]` is there twice");
        }
        Self {
            name: names.into_iter().find_map(|(_, name)| name).unwrap_or_default(),
            indexes,
            foreign_keys,
            checks,
            renamed_from,
        }
    }
}

/// The names of `#[renamed_from("a", "b")]`.
pub(crate) fn earlier_names(attribute: &Attribute) -> syn::Result<Vec<String>> {
    let names = attribute.parse_args_with(Punctuated::<LitStr, Token![,]>::parse_terminated)?;
    if names.is_empty() {
        return Err(syn::Error::new_spanned(attribute, "list the earlier names: `#[renamed_from(\"a\", \"b\")]`"));
    }
    match names.iter().find(|name| name.value().is_empty()) {
        Some(empty) => Err(syn::Error::new_spanned(empty, "this name is empty")),
        None => Ok(names.iter().map(LitStr::value).collect()),
    }
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
