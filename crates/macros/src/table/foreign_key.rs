//! `#[foreign_key(table = "users", column = "id", on_delete = "cascade")]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitStr};

/// A reference to another table.
pub(super) struct ForeignKey {
    pub(super) table: String,
    pub(super) column: String,
    /// A variant of `OnDelete`.
    pub(super) on_delete: TokenStream,
}

impl ForeignKey {
    pub(super) fn parse(attribute: &Attribute) -> syn::Result<Self> {
        let (mut table, mut column, mut on_delete) = (None, None, None);
        attribute.parse_nested_meta(|meta| {
            let place = match meta.path.get_ident() {
                Some(key) if key == "table" => &mut table,
                Some(key) if key == "column" => &mut column,
                Some(key) if key == "on_delete" => &mut on_delete,
                _ => {
                    let key = meta.path.to_token_stream();
                    return Err(meta.error(format!("unknown key `{key}`: expected `table`, `column` or `on_delete`")));
                }
            };
            match place.replace(text(&meta)?) {
                Some(_) => Err(meta.error("this key is there twice")),
                None => Ok(()),
            }
        })?;
        let missing = |key| syn::Error::new_spanned(attribute, format!("the foreign key lacks `{key} = \"..\"`"));
        Ok(Self {
            table: table.ok_or_else(|| missing("table"))?.value(),
            column: column.ok_or_else(|| missing("column"))?.value(),
            on_delete: on_delete.map_or_else(|| Ok(quote!(Restrict)), |word| on_delete_variant(&word))?,
        })
    }
}

/// The string after the `=` of a key.
fn text(meta: &ParseNestedMeta<'_>) -> syn::Result<LitStr> {
    let text: LitStr = meta.value()?.parse()?;
    if text.value().is_empty() { Err(syn::Error::new_spanned(text, "this name is empty")) } else { Ok(text) }
}

fn on_delete_variant(word: &LitStr) -> syn::Result<TokenStream> {
    match word.value().as_str() {
        "restrict" => Ok(quote!(Restrict)),
        "cascade" => Ok(quote!(Cascade)),
        _ => Err(syn::Error::new_spanned(word, "expected \"restrict\" or \"cascade\"")),
    }
}
