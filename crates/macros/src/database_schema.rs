//! `#[derive(DatabaseSchema)]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{DeriveInput, Fields, LitStr, Path, Token};

use crate::errors::Errors;
use crate::input::{refuse_generics, struct_fields};

/// `User = "users"`.
struct Entry {
    path: Path,
    name: LitStr,
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let path = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Self { path, name: input.parse()? })
    }
}

/// What the derive writes for a unit struct.
pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    if !matches!(struct_fields(input, "DatabaseSchema")?, Fields::Unit) {
        errors.add(&input.ident, "`DatabaseSchema` is for structs without fields: write `struct Name;`");
    }
    refuse_generics(input, "DatabaseSchema", &mut errors);
    let entries = errors.keep(entries(input)).unwrap_or_default();
    check_repetition(&entries, &mut errors);
    errors.finish()?;

    let ident = &input.ident;
    let paths = entries.iter().map(|entry| &entry.path);
    let rule_paths = entries.iter().map(|entry| &entry.path);
    let name_checks = entries.iter().map(name_check);
    let migrations =
        entries.iter().map(|Entry { path, name }| quote!((#name, <#path as ::wasm_dbms::Table>::MIGRATIONS)));
    Ok(quote! {
        #[automatically_derived]
        impl ::wasm_dbms::DatabaseSchema for #ident {
            fn tables() -> ::std::vec::Vec<&'static ::wasm_dbms::TableSchema> {
                ::std::vec![#(<#paths as ::wasm_dbms::Table>::schema()),*]
            }

            const MIGRATIONS: &'static [(&'static str, &'static [::wasm_dbms::ColumnMigration])] = &[#(#migrations),*];

            fn rules() -> ::wasm_dbms::CustomRules {
                <::wasm_dbms::CustomRules as ::core::default::Default>::default()
                    #(.and(<#rule_paths as ::wasm_dbms::Table>::rules()))*
            }
        }
        const _: () = {
            const fn is_same(left: &str, right: &str) -> bool {
                let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
                while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
                    if *a != *b {
                        return false;
                    }
                    (left, right) = (left_rest, right_rest);
                }
                left.is_empty() && right.is_empty()
            }
            #(#name_checks)*
        };
    })
}

/// The entries of all `#[tables(..)]`, in order.
fn entries(input: &DeriveInput) -> syn::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("tables")) {
        entries.extend(attribute.parse_args_with(Punctuated::<Entry, Token![,]>::parse_terminated)?);
    }
    if entries.is_empty() {
        return Err(syn::Error::new_spanned(&input.ident, "there are no tables: add `#[tables(User = \"users\")]`"));
    }
    Ok(entries)
}

/// A name that is there twice is an error; a type that is, has one of the two names wrong.
fn check_repetition(entries: &[Entry], errors: &mut Errors) {
    for (index, entry) in entries.iter().enumerate() {
        if entries.iter().take(index).any(|before| before.name.value() == entry.name.value()) {
            errors.add(&entry.name, "this table is there twice");
        }
    }
}

/// An assertion that fails to compile if the type is a table of another name.
fn name_check(Entry { path, name }: &Entry) -> TokenStream {
    let type_name = path.to_token_stream().to_string().replace(' ', "");
    let message = format!("the `#[table = ..]` of `{type_name}` is not \"{}\"", name.value());
    quote_spanned!(name.span()=> ::core::assert!(is_same(#path::__TABLE_NAME, #name), #message);)
}
