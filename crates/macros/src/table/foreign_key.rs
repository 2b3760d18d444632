//! `#[foreign_key(table = "users", column = "id", on_delete = "cascade")]` on a field, and
//! `#[foreign_key(columns(a, b), table = "users", references(a, b))]` on the struct.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::{Attribute, LitStr, Token, parenthesized};

use super::column::ColumnInput;
use crate::errors::Errors;

/// A reference to another table.
#[derive(Clone)]
pub(super) struct ForeignKey {
    /// The columns that refer; on a field it is the one.
    columns: Vec<Ident>,
    table: String,
    references: Vec<String>,
    /// Variants of `ReferentialAction`.
    on_delete: TokenStream,
    on_update: TokenStream,
    name: Option<String>,
    attribute: Attribute,
}

impl ForeignKey {
    /// The attribute on the field `column`.
    pub(super) fn of_field(attribute: &Attribute, column: &Ident) -> syn::Result<Self> {
        Self::parse(attribute, Some(column))
    }

    /// The attribute on the struct.
    pub(super) fn of_struct(attribute: &Attribute) -> syn::Result<Self> {
        Self::parse(attribute, None)
    }

    fn parse(attribute: &Attribute, field: Option<&Ident>) -> syn::Result<Self> {
        let [mut table, mut column, mut on_delete, mut on_update, mut name] = [const { None }; 5];
        let (mut columns, mut references) = (None, None);
        let expected = if field.is_some() {
            "`table`, `column`, `on_delete`, `on_update` or `name`"
        } else {
            "`columns`, `table`, `references`, `on_delete`, `on_update` or `name`"
        };
        attribute.parse_nested_meta(|meta| {
            let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            let place = match (word.as_str(), field) {
                ("columns", None) => return list(&meta, &mut columns),
                ("references", None) => return list(&meta, &mut references),
                ("table", _) => &mut table,
                ("column", Some(_)) => &mut column,
                ("on_delete", _) => &mut on_delete,
                ("on_update", _) => &mut on_update,
                ("name", _) => &mut name,
                _ => {
                    let key = meta.path.to_token_stream();
                    return Err(meta.error(format!("unknown key `{key}`: expected {expected}")));
                }
            };
            match place.replace(text(&meta)?) {
                Some(_) => Err(meta.error("this key is there twice")),
                None => Ok(()),
            }
        })?;
        let missing = |key| syn::Error::new_spanned(attribute, format!("the foreign key lacks `{key}`"));
        let (columns, references) = match field {
            Some(field) => (vec![field.clone()], vec![column.ok_or_else(|| missing("column = \"..\""))?.value()]),
            None => {
                let columns = columns.ok_or_else(|| missing("columns(..)"))?;
                let references = references.ok_or_else(|| missing("references(..)"))?;
                if columns.len() != references.len() {
                    let message = format!("{} columns cannot refer to {}", columns.len(), references.len());
                    return Err(syn::Error::new_spanned(attribute, message));
                }
                (columns, references.iter().map(|name| name.unraw().to_string()).collect())
            }
        };
        Ok(Self {
            columns,
            table: table.ok_or_else(|| missing("table = \"..\""))?.value(),
            references,
            on_delete: action(on_delete)?,
            on_update: action(on_update)?,
            name: name.map(|name| name.value()),
            attribute: attribute.clone(),
        })
    }

    /// The names of the columns that refer.
    pub(super) fn columns(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.unraw().to_string()).collect()
    }

    /// What adds the foreign key to a schema.
    pub(super) fn expand(&self) -> TokenStream {
        let Self { table, references, on_delete, on_update, name, .. } = self;
        let columns = self.columns();
        let named = name.as_ref().map(|name| quote!(.named(#name)));
        quote! {
            .with_foreign_key(
                ::wasm_dbms::ForeignKeySchema::new([#(#columns),*], #table, [#(#references),*])
                    .on_delete(::wasm_dbms::ReferentialAction::#on_delete)
                    .on_update(::wasm_dbms::ReferentialAction::#on_update)
                    #named
            )
        }
    }

    fn schema_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.columns().join("_"))
    }
}

/// Those of fields, then those of the struct; a column that does not exist or is there twice is an error.
pub(super) fn resolve(columns: &[ColumnInput<'_>], listed: &[ForeignKey], errors: &mut Errors) -> Vec<ForeignKey> {
    for key in listed {
        let mut seen: Vec<String> = Vec::new();
        for ident in &key.columns {
            let name = ident.unraw().to_string();
            if !columns.iter().any(|column| column.name == name) {
                errors.add(ident, format!("there is no field `{name}`"));
            } else if seen.contains(&name) {
                errors.add(ident, format!("the foreign key names `{name}` twice"));
            }
            seen.push(name);
        }
    }
    let mut all: Vec<ForeignKey> = Vec::new();
    for key in columns.iter().filter_map(|column| column.foreign_key.as_ref()).chain(listed) {
        let name = key.schema_name();
        if all.iter().any(|other| other.schema_name() == name) {
            let message = format!("there is a foreign key `{name}` already: give this one `name = \"..\"`");
            errors.add(&key.attribute, message);
        }
        all.push(key.clone());
    }
    all
}

/// The string after the `=` of a key.
fn text(meta: &ParseNestedMeta<'_>) -> syn::Result<LitStr> {
    let text: LitStr = meta.value()?.parse()?;
    if text.value().is_empty() { Err(syn::Error::new_spanned(text, "this name is empty")) } else { Ok(text) }
}

/// The words in the parentheses after a key.
fn list(meta: &ParseNestedMeta<'_>, place: &mut Option<Vec<Ident>>) -> syn::Result<()> {
    let content;
    parenthesized!(content in meta.input);
    let words = Punctuated::<Ident, Token![,]>::parse_terminated_with(&content, Ident::parse_any)?;
    if words.is_empty() {
        return Err(meta.error("list the columns in the parentheses"));
    }
    match place.replace(words.into_iter().collect()) {
        Some(_) => Err(meta.error("this key is there twice")),
        None => Ok(()),
    }
}

fn action(word: Option<LitStr>) -> syn::Result<TokenStream> {
    let Some(word) = word else { return Ok(quote!(Restrict)) };
    match word.value().as_str() {
        "restrict" => Ok(quote!(Restrict)),
        "cascade" => Ok(quote!(Cascade)),
        "set null" => Ok(quote!(SetNull)),
        "set default" => Ok(quote!(SetDefault)),
        _ => {
            let message = "expected \"restrict\", \"cascade\", \"set null\" or \"set default\"";
            Err(syn::Error::new_spanned(word, message))
        }
    }
}
