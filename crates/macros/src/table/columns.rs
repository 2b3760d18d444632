//! The constants: one per column, and the name of the table.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::TableInput;
use crate::types::option_inner;

pub(super) fn expand(table: &TableInput<'_>) -> TokenStream {
    let TableInput { visibility, ident, name: table_name, .. } = table;
    let constants = table.columns.iter().enumerate().map(|(position, column)| {
        let (name, ty) = (&column.name, column.ty);
        // Located at the field, but of the expansion: lints leave generated items alone.
        let constant = Ident::new(&constant_name(name), column.ident.span().resolved_at(Span::call_site()));
        let doc = format!("The column `{name}` of table `{table_name}`.");
        quote! {
            #[doc = #doc]
            #visibility const #constant: ::wasm_dbms::Column<#ident, #ty> =
                ::wasm_dbms::Column::new(#table_name, #name, #position);
        }
    });
    let custom_types = table.columns.iter().filter(|column| column.custom_type.is_some()).map(|column| {
        let ty = column.ty;
        let ty = option_inner(ty).unwrap_or(ty);
        quote_spanned! {ty.span()=>
            const _: fn() = || {
                fn derives_custom_data_type<T: ::wasm_dbms::CustomDataType>() {}
                derives_custom_data_type::<#ty>();
            };
        }
    });
    quote! {
        #(#custom_types)*
        impl #ident {
            #[doc(hidden)]
            #visibility const __TABLE_NAME: &'static str = #table_name;
            #(#constants)*
        }
    }
}

/// `CREATED_AT` for `created_at` and for `createdAt`.
fn constant_name(column: &str) -> String {
    let mut name = String::new();
    let mut after_lowercase = false;
    for character in column.chars() {
        if after_lowercase && character.is_uppercase() {
            name.push('_');
        }
        after_lowercase = character.is_lowercase();
        name.extend(character.to_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::constant_name;

    #[test]
    fn a_constant_is_the_column_in_upper_case_with_underscores_between_words() {
        for (column, constant) in [
            ("id", "ID"),
            ("created_at", "CREATED_AT"),
            ("createdAt", "CREATED_AT"),
            ("ipV4", "IP_V4"),
            ("größe", "GRÖSSE"),
        ] {
            assert_eq!(constant_name(column), constant);
        }
    }
}
