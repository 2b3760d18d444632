//! `#[migrate(from_text, from_cents)]`: functions that make values of earlier types those of a column's type.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{Attribute, Path, Token, Type};

use super::column::ColumnInput;
use crate::types::{is_named, option_inner};

/// Types that are stored as JSON by no derive: a struct's name is another one.
const PLAIN: [&str; 18] = [
    "bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "String", "Vec", "Decimal", "Date",
    "DateTime", "Uuid", "Json",
];

/// The functions that an attribute lists.
pub(super) fn parse(attribute: &Attribute) -> syn::Result<Vec<Path>> {
    let paths = match attribute.meta.require_list() {
        Ok(_) => attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)?,
        Err(_) => Punctuated::new(),
    };
    if paths.is_empty() {
        let message = "name functions that take a value of an earlier type: `#[migrate(from_text)]`";
        return Err(syn::Error::new_spanned(attribute, message));
    }
    Ok(paths.into_iter().collect())
}

/// `Table::MIGRATIONS`, where a column has some.
pub(super) fn expand(columns: &[ColumnInput<'_>]) -> Option<TokenStream> {
    let functions = columns.iter().flat_map(|column| column.migrations.iter().map(|path| function(column, path)));
    // Whoever lists functions says all of it.
    let structs = columns.iter().filter(|column| column.migrations.is_empty() && may_be_struct(column.ty));
    let structs =
        structs.map(|ColumnInput { name, ty, .. }| quote!(::wasm_dbms::ColumnMigration::reshaping::<#ty>(#name)));
    let mut migrations = structs.chain(functions).peekable();
    migrations.peek()?;
    Some(quote! {
        const MIGRATIONS: &'static [::wasm_dbms::ColumnMigration] = &[#(#migrations),*];
    })
}

fn function(ColumnInput { name, ty, .. }: &ColumnInput<'_>, path: &Path) -> TokenStream {
    let words = path.to_token_stream().to_string().replace(' ', "");
    let span = path.segments.last().map_or_else(Span::call_site, |segment| segment.ident.span());
    let takes = quote_spanned!(span=> |stored| ::wasm_dbms::ColumnMigration::takes(#path, stored));
    let apply = quote_spanned!(span=> |value| ::wasm_dbms::ColumnMigration::apply::<_, _, #ty, _>(#path, value));
    quote! {
        ::wasm_dbms::ColumnMigration { column: #name, function: #words, takes: #takes, apply: #apply }
    }
}

/// Whether a type can be a struct that is stored as JSON: an alias may hide one, so only what is plainly something else
/// cannot.
fn may_be_struct(ty: &Type) -> bool {
    let ty = option_inner(ty).unwrap_or(ty);
    !PLAIN.iter().any(|name| is_named(ty, name))
}
