//! `Table::schema`.

use proc_macro2::TokenStream;
use quote::quote;

use super::TableInput;
use super::column::ColumnInput;
use super::index::Index;

pub(super) fn expand(table: &TableInput<'_>) -> TokenStream {
    let name = &table.name;
    let columns = table.columns.iter().map(column);
    let primary_key = table.primary_key().map(|column| &column.name);
    let indexes = table.indexes.iter().map(Index::expand);
    let renamed_from = renamed_from(&table.renamed_from);
    let foreign_keys = table.columns.iter().filter_map(|column| {
        let key = column.foreign_key.as_ref()?;
        let (name, table, references, on_delete) = (&column.name, &key.table, &key.column, &key.on_delete);
        Some(quote!(.foreign_key(#name, #table, #references, ::wasm_dbms::OnDelete::#on_delete)))
    });
    quote! {
        fn schema() -> &'static ::wasm_dbms::TableSchema {
            static SCHEMA: ::std::sync::OnceLock<::wasm_dbms::TableSchema> = ::std::sync::OnceLock::new();
            SCHEMA.get_or_init(|| {
                ::wasm_dbms::TableSchema::new(#name)
                    #renamed_from
                    #(.column(#columns))*
                    .primary_key([#(#primary_key),*])
                    #(#indexes)*
                    #(#foreign_keys)*
            })
        }
    }
}

fn column(column: &ColumnInput<'_>) -> TokenStream {
    let ColumnInput { ty, name, default, autoincrement, .. } = column;
    let autoincrement = autoincrement.map(|_| quote!(.autoincrement()));
    let default = default.as_ref().map(|value| quote!(.default(#value)));
    let renamed_from = renamed_from(&column.renamed_from);
    quote!(::wasm_dbms::ColumnSchema::of::<#ty>(#name) #autoincrement #default #renamed_from)
}

fn renamed_from(names: &[String]) -> Option<TokenStream> {
    (!names.is_empty()).then(|| quote!(.renamed_from([#(#names),*])))
}
