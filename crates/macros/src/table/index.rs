//! The secondary indexes of a table, wherever they were asked for.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, LitStr, Meta, Token, parenthesized, token};

use super::column::ColumnInput;
use crate::errors::Errors;

/// `#[index(a, b desc, include(c), name = "d")]` or `#[unique(..)]`, on the struct or on a field.
pub(super) struct IndexAttribute {
    pub(super) attribute: Attribute,
    /// Columns with whether they are descending; none on a field.
    columns: Vec<(Ident, bool)>,
    include: Vec<Ident>,
    name: Option<LitStr>,
    unique: bool,
}

/// A secondary index.
pub(super) struct Index {
    /// Columns with whether they are descending.
    columns: Vec<(String, bool)>,
    include: Vec<String>,
    name: Option<String>,
    unique: bool,
}

/// One of the arguments.
enum Argument {
    Column(Ident, bool),
    Include(Vec<Ident>),
    Name(LitStr),
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // Any word: a column `type` is a field `r#type`.
        let word = Ident::parse_any(input)?;
        if word == "include" && input.peek(token::Paren) {
            let content;
            parenthesized!(content in input);
            let columns = Punctuated::<Ident, Token![,]>::parse_terminated_with(&content, Ident::parse_any)?;
            if columns.is_empty() {
                return Err(syn::Error::new_spanned(word, "list the columns to include: `include(a, b)`"));
            }
            return Ok(Self::Include(columns.into_iter().collect()));
        }
        if word == "name" && input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            let name: LitStr = input.parse()?;
            if name.value().is_empty() {
                return Err(syn::Error::new_spanned(name, "the name of an index is not empty"));
            }
            return Ok(Self::Name(name));
        }
        if input.is_empty() || input.peek(Token![,]) {
            return Ok(Self::Column(word, false));
        }
        let direction = Ident::parse_any(input)
            .map_err(|error| syn::Error::new(error.span(), "expected `,`, `asc` or `desc` after the column"))?;
        match direction.to_string().as_str() {
            "asc" => Ok(Self::Column(word, false)),
            "desc" => Ok(Self::Column(word, true)),
            _ => Err(syn::Error::new_spanned(direction, "expected `asc` or `desc`")),
        }
    }
}

impl IndexAttribute {
    fn parse(attribute: &Attribute, unique: bool) -> syn::Result<Self> {
        let mut index =
            Self { attribute: attribute.clone(), columns: Vec::new(), include: Vec::new(), name: None, unique };
        if matches!(attribute.meta, Meta::Path(_)) {
            return Ok(index);
        }
        for argument in attribute.parse_args_with(Punctuated::<Argument, Token![,]>::parse_terminated)? {
            match argument {
                Argument::Column(column, descending) => index.columns.push((column, descending)),
                Argument::Include(columns) => index.include.extend(columns),
                Argument::Name(name) => {
                    if index.name.is_some() {
                        return Err(syn::Error::new_spanned(name, "the index has a name already"));
                    }
                    index.name = Some(name);
                }
            }
        }
        Ok(index)
    }

    /// The attribute on the struct.
    pub(super) fn of_struct(attribute: &Attribute, unique: bool) -> syn::Result<Self> {
        let index = Self::parse(attribute, unique)?;
        if index.columns.is_empty() {
            let word = if unique { "unique" } else { "index" };
            let message = format!("on the struct, list the columns: `#[{word}(a, b)]`");
            return Err(syn::Error::new_spanned(attribute, message));
        }
        Ok(index)
    }

    /// The attribute on the field `column`.
    pub(super) fn of_field(attribute: &Attribute, unique: bool, column: &Ident) -> syn::Result<Self> {
        let mut index = Self::parse(attribute, unique)?;
        let descending = match index.columns.as_slice() {
            [] => false,
            [(word, false)] if word == "desc" => true,
            [(word, false)] if word == "asc" => false,
            [(word, _), ..] => {
                let message = "on a field, only `desc`, `include(..)` and `name = \"..\"` can stand here: several \
                               columns are listed on the struct";
                return Err(syn::Error::new_spanned(word, message));
            }
        };
        index.columns = vec![(column.clone(), descending)];
        Ok(index)
    }
}

impl Index {
    /// What adds the index to a schema.
    pub(super) fn expand(&self) -> TokenStream {
        let Self { columns, include, name, unique } = self;
        let names = columns.iter().map(|(column, _)| column);
        if include.is_empty() && name.is_none() && columns.iter().all(|(_, descending)| !descending) {
            return if *unique { quote!(.unique([#(#names),*])) } else { quote!(.index([#(#names),*])) };
        }
        let columns = columns.iter().map(|(column, descending)| {
            let descending = descending.then(|| quote!(.descending()));
            quote!(::wasm_dbms::IndexColumn::new(#column) #descending)
        });
        let unique = unique.then(|| quote!(.unique()));
        let include = (!include.is_empty()).then(|| quote!(.include([#(#include),*])));
        let name = name.as_ref().map(|name| quote!(.named(#name)));
        quote!(.with_index(::wasm_dbms::IndexSchema::new([#(#columns),*]) #unique #include #name))
    }

    fn is_on<'a>(&self, columns: impl IntoIterator<Item = &'a String>) -> bool {
        self.columns.iter().map(|(column, _)| column).eq(columns)
    }

    /// The name that the schema gives it.
    fn schema_name(&self) -> String {
        let columns = self.columns.iter().map(|(column, _)| column.as_str());
        self.name.clone().unwrap_or_else(|| columns.collect::<Vec<_>>().join("_"))
    }
}

/// The indexes of fields, then those of the struct, then those that foreign keys need.
pub(super) fn resolve(columns: &[ColumnInput<'_>], listed: &[IndexAttribute], errors: &mut Errors) -> Vec<Index> {
    let key = columns.iter().filter(|column| column.primary_key.is_some()).map(|column| column.name.clone()).collect();
    let mut indexes = Indexes { primary_key: key, list: Vec::new() };
    for column in columns {
        for index in [&column.unique, &column.index].into_iter().flatten() {
            indexes.add(&index.attribute, known_columns(columns, index, errors), errors);
        }
    }
    for index in listed {
        indexes.add(&index.attribute, known_columns(columns, index, errors), errors);
    }
    for column in columns.iter().filter(|column| column.foreign_key.is_some()) {
        if !indexes.starts_with(&column.name) {
            let columns = vec![(column.name.clone(), false)];
            indexes.list.push(Index { columns, include: Vec::new(), name: None, unique: false });
        }
    }
    indexes.list
}

struct Indexes {
    primary_key: Vec<String>,
    list: Vec<Index>,
}

impl Indexes {
    fn add(&mut self, tokens: impl ToTokens, index: Index, errors: &mut Errors) {
        let name = index.schema_name();
        if index.include.is_empty() && index.is_on(&self.primary_key) && !self.primary_key.is_empty() {
            errors.add(tokens, "this index is the primary key already");
        } else if self.list.iter().any(|other| other.columns == index.columns) {
            errors.add(tokens, "these columns have an index already");
        } else if self.list.iter().any(|other| other.schema_name() == name) {
            errors.add(tokens, format!("there is an index `{name}` already: give this one `name = \"..\"`"));
        } else {
            self.list.push(index);
        }
    }

    /// Whether some key can find the rows with a value of this column.
    fn starts_with(&self, column: &str) -> bool {
        let first = |index: &Index| index.columns.first().is_some_and(|(first, _)| first == column);
        self.primary_key.first().is_some_and(|first| first == column) || self.list.iter().any(first)
    }
}

/// The index with the columns that it names; one that does not exist or is there twice is an error.
fn known_columns(columns: &[ColumnInput<'_>], index: &IndexAttribute, errors: &mut Errors) -> Index {
    let mut names: Vec<String> = Vec::new();
    for ident in index.columns.iter().map(|(ident, _)| ident).chain(&index.include) {
        let name = ident.unraw().to_string();
        if !columns.iter().any(|column| column.name == name) {
            errors.add(ident, format!("there is no field `{name}`"));
        } else if names.contains(&name) {
            errors.add(ident, format!("the index names `{name}` twice"));
        }
        names.push(name);
    }
    let include = names.split_off(index.columns.len());
    let columns = names.into_iter().zip(&index.columns).map(|(name, (_, descending))| (name, *descending)).collect();
    Index { columns, include, name: index.name.as_ref().map(LitStr::value), unique: index.unique }
}
