//! `#[derive(Table)]`: the struct is read into a [`TableInput`], from which each part of the expansion is written.

mod attributes;
mod check;
mod column;
mod columns;
mod default;
mod foreign_key;
mod function;
mod index;
mod insert_form;
mod migrate;
mod read;
mod rule;
mod schema;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{DeriveInput, Fields, Visibility};

use crate::errors::Errors;
use crate::input::{refuse_generics, struct_fields};
use attributes::StructAttributes;
pub(crate) use attributes::earlier_names;
use check::Check;
use column::ColumnInput;
use foreign_key::ForeignKey;
use index::Index;

/// How many columns a primary key can have: `Key` is implemented for tuples up to this.
const PRIMARY_KEY_COLUMNS_MAX: usize = 4;

/// A table as the struct and its attributes say it.
struct TableInput<'a> {
    visibility: &'a Visibility,
    ident: &'a Ident,
    /// `NewUser` for `User`.
    insert_form: Ident,
    /// The name in the database.
    name: String,
    columns: Vec<ColumnInput<'a>>,
    indexes: Vec<Index>,
    foreign_keys: Vec<ForeignKey>,
    checks: Vec<Check>,
    renamed_from: Vec<String>,
}

/// What the derive writes for a struct.
pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let table = TableInput::parse(input)?;
    let TableInput { ident, .. } = table;
    let key = table.key_type();
    let schema = schema::expand(&table);
    let (rules, rule_checks) = (schema::rules(&table), schema::rule_checks(&table));
    let read = read::expand(&table);
    let columns = columns::expand(&table);
    let insert_form = insert_form::expand(&table);
    let checks = table.checks.iter().map(|check| &check.items);
    let migrations = migrate::expand(&table.columns);
    Ok(quote! {
        #[automatically_derived]
        impl ::wasm_dbms::Table for #ident {
            type Key = #key;
            #schema
            #rules
            #migrations
            #read
        }
        #rule_checks
        #(#checks)*
        #columns
        #insert_form
    })
}

impl<'a> TableInput<'a> {
    fn parse(input: &'a DeriveInput) -> syn::Result<Self> {
        let mut errors = Errors::default();
        let fields = struct_fields(input, "Table")?;
        refuse_generics(input, "Table", &mut errors);
        let attributes = StructAttributes::parse(input, &mut errors);
        let columns = parse_columns(input, fields, &mut errors);
        check_columns(&columns, &mut errors);
        let foreign_keys = foreign_key::resolve(&columns, &attributes.foreign_keys, &mut errors);
        let indexes = index::resolve(&columns, &attributes.indexes, &foreign_keys, &mut errors);
        let listed = columns.iter().flat_map(|column| &column.checks).chain(&attributes.checks);
        let checks = check::resolve(&columns, listed, &mut errors);
        errors.finish()?;

        let ident = &input.ident;
        // Located at the struct, but of the expansion: lints leave generated items alone.
        let span = ident.span().resolved_at(Span::call_site());
        Ok(Self {
            visibility: &input.vis,
            ident,
            insert_form: format_ident!("New{}", ident.unraw(), span = span),
            name: attributes.name,
            columns,
            indexes,
            foreign_keys,
            checks,
            renamed_from: attributes.renamed_from,
        })
    }

    /// The columns of the primary key.
    fn primary_key(&self) -> impl Iterator<Item = &ColumnInput<'a>> {
        self.columns.iter().filter(|column| column.primary_key.is_some())
    }

    fn key_type(&self) -> TokenStream {
        let types: Vec<_> = self.primary_key().map(|column| column.ty).collect();
        match types.as_slice() {
            [] => quote!(::wasm_dbms::RowId),
            [ty] => quote!(#ty),
            types => quote!((#(#types),*)),
        }
    }
}

fn parse_columns<'a>(input: &DeriveInput, fields: &'a Fields, errors: &mut Errors) -> Vec<ColumnInput<'a>> {
    match fields {
        Fields::Named(fields) if fields.named.is_empty() => {
            errors.add(&input.ident, "a table has at least one column: add a field");
        }
        Fields::Named(_) => {}
        Fields::Unnamed(fields) => errors.add(fields, "`Table` is for structs with named fields: columns have names"),
        Fields::Unit => errors.add(&input.ident, "a table has at least one column: add named fields"),
    }
    fields.iter().filter_map(|field| ColumnInput::parse(field, errors)).collect()
}

/// What no column can know of itself.
fn check_columns(columns: &[ColumnInput<'_>], errors: &mut Errors) {
    for attribute in columns.iter().filter_map(|column| column.autoincrement).skip(1) {
        errors.add(attribute, "a table has one `#[autoincrement]` column at most");
    }
    for attribute in columns.iter().filter_map(|column| column.primary_key).skip(PRIMARY_KEY_COLUMNS_MAX) {
        errors.add(attribute, format!("a primary key has {PRIMARY_KEY_COLUMNS_MAX} columns at most"));
    }
}
