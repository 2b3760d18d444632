//! `#[derive(Encode)]`.
//!
//! The expansion has three small generic functions inside the methods of the impl, so that what it writes per field
//! is one call.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Fields};

use crate::errors::Errors;
use crate::input::{refuse_generics, struct_fields};

/// What the derive writes for a struct.
pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let fields = struct_fields(input, "Encode")?;
    refuse_generics(input, "Encode", &mut errors);
    errors.finish()?;

    let ident = &input.ident;
    let constants = constants(fields);
    let methods = if fields.is_empty() { methods_of_nothing() } else { methods(&ident.to_string(), fields) };
    Ok(quote! {
        #[automatically_derived]
        impl ::wasm_dbms::Encode for #ident {
            #constants
            #methods
        }
    })
}

/// `SIZE` and `ALIGNMENT`.
fn constants(fields: &Fields) -> TokenStream {
    if fields.is_empty() {
        return quote!(
            const SIZE: ::wasm_dbms::DataSize = ::wasm_dbms::DataSize::Fixed(0);
        );
    }
    let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
    let sizes: Vec<_> = (0..types.len()).map(|index| format_ident!("size_{index}")).collect();
    quote! {
        const SIZE: ::wasm_dbms::DataSize = match (#(<#types as ::wasm_dbms::Encode>::SIZE,)*) {
            (#(::wasm_dbms::DataSize::Fixed(#sizes),)*) => ::wasm_dbms::DataSize::Fixed(#(#sizes)+*),
            _ => ::wasm_dbms::DataSize::Dynamic,
        };
        const ALIGNMENT: ::wasm_dbms::PageOffset = {
            let mut largest = 1;
            #(if <#types as ::wasm_dbms::Encode>::ALIGNMENT > largest {
                largest = <#types as ::wasm_dbms::Encode>::ALIGNMENT;
            })*
            largest
        };
    }
}

fn methods_of_nothing() -> TokenStream {
    quote! {
        fn size(&self) -> ::wasm_dbms::PageOffset {
            0
        }

        fn encode(&self) -> ::std::borrow::Cow<'_, [u8]> {
            ::std::borrow::Cow::Borrowed(&[])
        }

        fn decode(_: ::std::borrow::Cow<'_, [u8]>) -> ::wasm_dbms::MemoryResult<Self> {
            ::core::result::Result::Ok(Self {})
        }
    }
}

fn methods(name: &str, fields: &Fields) -> TokenStream {
    let members: Vec<_> = fields.members().collect();
    quote! {
        fn size(&self) -> ::wasm_dbms::PageOffset {
            fn footprint<T: ::wasm_dbms::Encode>(field: &T) -> ::wasm_dbms::PageOffset {
                match T::SIZE {
                    ::wasm_dbms::DataSize::Fixed(size) => size,
                    ::wasm_dbms::DataSize::Dynamic => field.size().saturating_add(4),
                }
            }
            let size: ::wasm_dbms::PageOffset = 0;
            size #(.saturating_add(footprint(&self.#members)))*
        }

        fn encode(&self) -> ::std::borrow::Cow<'_, [u8]> {
            fn put<T: ::wasm_dbms::Encode>(bytes: &mut ::std::vec::Vec<u8>, field: &T) {
                let field = field.encode();
                if let ::wasm_dbms::DataSize::Dynamic = T::SIZE {
                    let length = <u32 as ::core::convert::TryFrom<usize>>::try_from(field.len());
                    bytes.extend_from_slice(&length.unwrap_or(u32::MAX).to_le_bytes());
                }
                bytes.extend_from_slice(&field);
            }
            let mut bytes = ::std::vec::Vec::new();
            #(put(&mut bytes, &self.#members);)*
            ::std::borrow::Cow::Owned(bytes)
        }

        fn decode(bytes: ::std::borrow::Cow<'_, [u8]>) -> ::wasm_dbms::MemoryResult<Self> {
            fn split<'a>(rest: &mut &'a [u8], length: usize) -> ::wasm_dbms::MemoryResult<&'a [u8]> {
                let (head, tail) =
                    rest.split_at_checked(length).ok_or_else(|| ::wasm_dbms::MemoryError::Decode {
                        expected: #name,
                        found: ::std::borrow::Cow::Owned(::std::format!("{} bytes where {length} follow", rest.len())),
                    })?;
                *rest = tail;
                ::core::result::Result::Ok(head)
            }
            fn take<T: ::wasm_dbms::Encode>(rest: &mut &[u8]) -> ::wasm_dbms::MemoryResult<T> {
                let length = match T::SIZE {
                    ::wasm_dbms::DataSize::Fixed(size) => size,
                    ::wasm_dbms::DataSize::Dynamic => ::wasm_dbms::Encode::decode(::std::borrow::Cow::Borrowed(split(rest, 4)?))?,
                };
                T::decode(::std::borrow::Cow::Borrowed(split(rest, length as usize)?))
            }
            let rest = &mut &*bytes;
            ::core::result::Result::Ok(Self { #(#members: take(rest)?),* })
        }
    }
}
