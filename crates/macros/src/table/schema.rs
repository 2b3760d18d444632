//! `Table::schema`.

use proc_macro2::TokenStream;
use quote::quote;

use super::TableInput;
use super::column::ColumnInput;
use super::foreign_key::ForeignKey;
use super::index::Index;
use super::rule::Rule;

pub(super) fn expand(table: &TableInput<'_>) -> TokenStream {
    let name = &table.name;
    let columns = table.columns.iter().map(column);
    let primary_key = table.primary_key().map(|column| &column.name);
    let indexes = table.indexes.iter().map(Index::expand);
    let renamed_from = renamed_from(&table.renamed_from);
    let foreign_keys = table.foreign_keys.iter().map(ForeignKey::expand);
    let checks = table.checks.iter().map(|check| &check.call);
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
                    #(#checks)*
            })
        }
    }
}

/// `Table::rules`, where a column names some of the program's own.
pub(super) fn rules(table: &TableInput<'_>) -> Option<TokenStream> {
    let mut calls = table.columns.iter().flat_map(|column| &column.rules).filter_map(Rule::registration).peekable();
    calls.peek()?;
    Some(quote! {
        fn rules() -> ::wasm_dbms::CustomRules {
            <::wasm_dbms::CustomRules as ::core::default::Default>::default() #(#calls)*
        }
    })
}

/// Items that do not compile where a rule is not for the type of its column.
pub(super) fn rule_checks(table: &TableInput<'_>) -> TokenStream {
    table.columns.iter().flat_map(|column| column.rules.iter().map(|rule| rule.check(column))).collect()
}

fn column(column: &ColumnInput<'_>) -> TokenStream {
    let ColumnInput { ty, name, default, autoincrement, .. } = column;
    let autoincrement = autoincrement.map(|_| quote!(.autoincrement()));
    let default = default.as_ref().map(|value| quote!(.default(#value)));
    let rules = column.rules.iter().map(Rule::call);
    let renamed_from = renamed_from(&column.renamed_from);
    quote!(::wasm_dbms::ColumnSchema::of::<#ty>(#name) #autoincrement #default #(#rules)* #renamed_from)
}

fn renamed_from(names: &[String]) -> Option<TokenStream> {
    (!names.is_empty()).then(|| quote!(.renamed_from([#(#names),*])))
}
