//! The insert form `NewUser`, and `Insert` for it and for the table's own struct.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::TableInput;
use super::column::ColumnInput;

pub(super) fn expand(table: &TableInput<'_>) -> TokenStream {
    let TableInput { visibility, ident, insert_form, .. } = table;
    let fields = table.columns.iter().map(field);
    let doc = format!("A row of [`{ident}`] to insert. Where a field is `None`, the database chooses.");
    let insert_row = insert(table, ident, given);
    let insert_form_row = insert(table, insert_form, |column| {
        let field = column.ident;
        if column.is_optional() {
            quote!(self.#field.as_ref().map(|value| ::wasm_dbms::Field::value_in(value, arena)))
        } else {
            given(column)
        }
    });
    let default = default(table);
    quote! {
        #[doc = #doc]
        #[derive(::core::fmt::Debug, ::core::clone::Clone)]
        #visibility struct #insert_form {
            #(#fields)*
        }
        #default
        #insert_row
        #insert_form_row
    }
}

/// `Default`, where every field that is always given has one. The bounds name a lifetime, so that one that does not hold
/// is no error but leaves the implementation out.
fn default(table: &TableInput<'_>) -> TokenStream {
    let insert_form = &table.insert_form;
    let given = table.columns.iter().filter(|column| !column.is_optional()).map(|column| column.ty);
    let fields = table.columns.iter().map(|column| column.ident);
    quote! {
        #[automatically_derived]
        impl ::core::default::Default for #insert_form
        where
            #(for<'any> #given: ::core::default::Default,)*
        {
            fn default() -> Self {
                Self { #(#fields: ::core::default::Default::default(),)* }
            }
        }
    }
}

/// The field of the insert form for a column.
fn field(column: &ColumnInput<'_>) -> TokenStream {
    let ColumnInput { visibility, ident, ty, name, .. } = column;
    let (doc, ty) = if column.is_optional() {
        (format!("The column `{name}`; `None` lets the database choose."), quote!(::core::option::Option<#ty>))
    } else {
        (format!("The column `{name}`."), quote!(#ty))
    };
    quote! {
        #[doc = #doc]
        #visibility #ident: #ty,
    }
}

/// The value of a field that is always given.
fn given(column: &ColumnInput<'_>) -> TokenStream {
    let field = column.ident;
    quote!(::core::option::Option::Some(::wasm_dbms::Field::value_in(&self.#field, arena)))
}

/// `impl Insert` for a struct with one field per column.
fn insert(table: &TableInput<'_>, target: &Ident, value: fn(&ColumnInput<'_>) -> TokenStream) -> TokenStream {
    let ident = table.ident;
    let values = table.columns.iter().map(value);
    quote! {
        #[automatically_derived]
        impl ::wasm_dbms::Insert for #target {
            type Table = #ident;
            #[inline]
            fn row<'a>(
                &'a self,
                arena: &'a ::wasm_dbms::ValueArena,
            ) -> impl ::core::convert::AsRef<[::core::option::Option<::wasm_dbms::ValueRef<'a>>]> {
                [#(#values),*]
            }
        }
    }
}
