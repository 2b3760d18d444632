//! `#[derive(CustomDataType)]`: a type of the user's own as a column.
//!
//! | item | stored as |
//! |---|---|
//! | enum without fields | an enum: the number of the variant, whose name is in the schema |
//! | struct of one unnamed field | what its field is stored as |
//! | struct of named fields | JSON, through serde |

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DataEnum, DeriveInput, Error, Fields, FieldsNamed, Type};

use crate::errors::Errors;
use crate::input::refuse_generics;
use crate::table::earlier_names;
use crate::types::option_inner;

/// What the derive writes for an enum or a struct.
pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    refuse_generics(input, "CustomDataType", &mut errors);
    let field = match &input.data {
        Data::Enum(data) => errors.keep(of_enum(&input.ident, data)),
        Data::Struct(data) => errors.keep(of_struct(&input.ident, &data.fields)),
        Data::Union(data) => return Err(Error::new(data.union_token.span, "`CustomDataType` is not for unions")),
    };
    errors.finish()?;
    let ident = &input.ident;
    Ok(quote! {
        #field
        #[automatically_derived]
        impl ::wasm_dbms::CustomDataType for #ident {}
    })
}

fn of_enum(ident: &Ident, data: &DataEnum) -> syn::Result<TokenStream> {
    if data.variants.is_empty() {
        return Err(Error::new_spanned(ident, "an enum without variants has no values"));
    }
    if let Some(variant) = data.variants.iter().find(|variant| !matches!(variant.fields, Fields::Unit)) {
        let message = "an enum whose variants have fields cannot be a column: put it into a struct of named fields";
        return Err(Error::new_spanned(&variant.fields, message));
    }
    let renamed = renamed_variants(data)?;
    let variants: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    let names: Vec<_> = variants.iter().map(|variant| variant.unraw().to_string()).collect();
    let numbers = 0..variants.len() as u16;
    let numbers_again = numbers.clone();
    let name_of_type = ident.unraw().to_string();
    Ok(quote! {
        #[automatically_derived]
        impl ::wasm_dbms::Field for #ident {
            const DATA_TYPE: ::wasm_dbms::DataType = ::wasm_dbms::DataType::Enum;
            const VARIANTS: &'static [&'static str] = &[#(#names),*];
            #renamed
            type Base = Self;

            fn to_value(&self) -> ::wasm_dbms::ValueRef<'_> {
                match self {
                    #(Self::#variants => ::wasm_dbms::ValueRef::Enum(#numbers, #names),)*
                }
            }

            fn from_value(
                value: ::wasm_dbms::ValueRef<'_>,
            ) -> ::core::result::Result<Self, ::wasm_dbms::ConversionError> {
                match value {
                    #(::wasm_dbms::ValueRef::Enum(#numbers_again, #names) => ::core::result::Result::Ok(Self::#variants),)*
                    other => ::core::result::Result::Err(::wasm_dbms::ConversionError::new(#name_of_type, other)),
                }
            }
        }
    })
}

/// `Field::VARIANTS_RENAMED_FROM`, where a variant has earlier names.
fn renamed_variants(data: &DataEnum) -> syn::Result<Option<TokenStream>> {
    let mut renamed = Vec::new();
    for variant in &data.variants {
        let name = variant.ident.unraw().to_string();
        for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("renamed_from")) {
            let earlier = earlier_names(attribute)?;
            if let Some(same) = data.variants.iter().find(|other| earlier.contains(&other.ident.unraw().to_string())) {
                let message = format!("`{}` is a variant: it is no earlier name of another", same.ident);
                return Err(Error::new_spanned(attribute, message));
            }
            renamed.extend(earlier.iter().map(|earlier| quote!((#name, #earlier))));
        }
    }
    Ok((!renamed.is_empty()).then(|| {
        quote! {
            const VARIANTS_RENAMED_FROM: &'static [(&'static str, &'static str)] = &[#(#renamed),*];
        }
    }))
}

fn of_struct(ident: &Ident, fields: &Fields) -> syn::Result<TokenStream> {
    match fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            let ty = fields.unnamed.first().map(|field| &field.ty);
            ty.map_or_else(|| Ok(TokenStream::new()), |ty| of_newtype(ident, ty))
        }
        Fields::Named(fields) => Ok(of_named_fields(ident, fields)),
        _ => Err(Error::new_spanned(ident, "`CustomDataType` is for structs of one unnamed field or of named ones")),
    }
}

fn of_newtype(ident: &Ident, ty: &Type) -> syn::Result<TokenStream> {
    if option_inner(ty).is_some() {
        let message = "the type of a column is not an `Option` inside: the column is, as `Option<..>`";
        return Err(Error::new_spanned(ty, message));
    }
    let result = quote!(::core::result::Result<Self, ::wasm_dbms::ConversionError>);
    let is_not_null = quote_spanned! {ty.span()=>
        const _: () = ::core::assert!(!<#ty as ::wasm_dbms::Field>::NULLABLE, "the type inside may be NULL");
    };
    Ok(quote! {
        #[automatically_derived]
        impl ::wasm_dbms::Field for #ident {
            const DATA_TYPE: ::wasm_dbms::DataType = <#ty as ::wasm_dbms::Field>::DATA_TYPE;
            const VARIANTS: &'static [&'static str] = <#ty as ::wasm_dbms::Field>::VARIANTS;
            const VARIANTS_RENAMED_FROM: &'static [(&'static str, &'static str)] =
                <#ty as ::wasm_dbms::Field>::VARIANTS_RENAMED_FROM;
            const SHAPE: &'static str = <#ty as ::wasm_dbms::Field>::SHAPE;
            const RESHAPE: ::core::option::Option<
                fn(::wasm_dbms::ValueRef<'_>) -> ::core::result::Result<::wasm_dbms::Value, ::std::string::String>,
            > = <#ty as ::wasm_dbms::Field>::RESHAPE;
            type Base = Self;

            #[inline]
            fn to_value(&self) -> ::wasm_dbms::ValueRef<'_> {
                ::wasm_dbms::Field::to_value(&self.0)
            }

            #[inline]
            fn value_in<'a>(&'a self, arena: &'a ::wasm_dbms::ValueArena) -> ::wasm_dbms::ValueRef<'a> {
                ::wasm_dbms::Field::value_in(&self.0, arena)
            }

            #[inline]
            fn from_value(value: ::wasm_dbms::ValueRef<'_>) -> #result {
                ::core::result::Result::map(<#ty as ::wasm_dbms::Field>::from_value(value), Self)
            }

            #[inline]
            fn read<R: ::wasm_dbms::RowSource>(row: &R, index: usize) -> #result {
                ::core::result::Result::map(<#ty as ::wasm_dbms::Field>::read(row, index), Self)
            }
        }
        #is_not_null
    })
}

fn of_named_fields(ident: &Ident, fields: &FieldsNamed) -> TokenStream {
    let name = ident.unraw().to_string();
    let shape = shape(fields);
    quote! {
        #[automatically_derived]
        impl ::wasm_dbms::Field for #ident {
            const DATA_TYPE: ::wasm_dbms::DataType = ::wasm_dbms::DataType::Json;
            const SHAPE: &'static str = #shape;
            const RESHAPE: ::core::option::Option<
                fn(::wasm_dbms::ValueRef<'_>) -> ::core::result::Result<::wasm_dbms::Value, ::std::string::String>,
            > = ::core::option::Option::Some(::wasm_dbms::as_json::reshape::<Self>);
            type Base = Self;

            fn to_value(&self) -> ::wasm_dbms::ValueRef<'_> {
                ::wasm_dbms::ValueRef::Null
            }

            fn value_in<'a>(&'a self, arena: &'a ::wasm_dbms::ValueArena) -> ::wasm_dbms::ValueRef<'a> {
                ::wasm_dbms::as_json::value_in(self, arena)
            }

            fn from_value(
                value: ::wasm_dbms::ValueRef<'_>,
            ) -> ::core::result::Result<Self, ::wasm_dbms::ConversionError> {
                ::wasm_dbms::as_json::from_value(value, #name)
            }
        }
    }
}

/// The fields of a struct in words: `{street: String, zip: Option<u32>}`. What serde's attributes change of it is not seen.
fn shape(fields: &FieldsNamed) -> String {
    let field = |field: &syn::Field| {
        let name = field.ident.as_ref().map(|ident| ident.unraw().to_string()).unwrap_or_default();
        format!("{name}: {}", words(&field.ty.to_token_stream().to_string()))
    };
    format!("{{{}}}", fields.named.iter().map(field).collect::<Vec<_>>().join(", "))
}

/// A type without the blanks that tokens are shown with.
fn words(tokens: &str) -> String {
    let is_word = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    let mut text = String::new();
    let mut letters = tokens.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_between_words = is_word(text.chars().next_back()) && is_word(letters.peek().copied());
        if letter != ' ' || is_between_words || text.ends_with([',', ';']) {
            text.push(letter);
        }
    }
    text
}
