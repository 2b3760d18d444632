//! `Table::read`.

use proc_macro2::TokenStream;
use quote::quote;

use super::TableInput;

pub(super) fn expand(table: &TableInput<'_>) -> TokenStream {
    let fields = table.columns.iter().map(|column| column.ident);
    let indexes = 0..table.columns.len();
    quote! {
        #[inline]
        fn read<R: ::wasm_dbms::RowSource>(
            row: &R,
        ) -> ::core::result::Result<Self, ::wasm_dbms::ConversionError> {
            ::core::result::Result::Ok(Self {
                #(#fields: ::wasm_dbms::Field::read(row, #indexes)?,)*
            })
        }
    }
}
