//! `#[sanitizer(Trim, Clamp(0, 9), with(Own))]` and `#[validate(MaxLen(100))]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Lit, LitStr, Path, Token, Type, UnOp, parenthesized};

use super::column::ColumnInput;
use crate::types::option_inner;

/// What a rule takes in parentheses.
#[derive(Clone, Copy)]
enum Arguments {
    Nothing,
    /// How many digits stand after the point.
    Scale,
    Length,
    TwoLengths,
    /// Two values of the column's type.
    TwoValues,
    Offset,
    Pattern,
}

/// A built-in rule.
struct BuiltIn {
    word: &'static str,
    arguments: Arguments,
    /// A variant of `RuleTypes`, and how people call it.
    types: (&'static str, &'static str),
}

const TEXT: (&str, &str) = ("Text", "text");
const TEXT_OR_BYTES: (&str, &str) = ("TextOrBytes", "text and bytes");
const FRACTION: (&str, &str) = ("Fraction", "decimals and floats");
const NUMBER_OR_TIME: (&str, &str) = ("NumberOrTime", "numbers, dates and moments");
const MOMENT: (&str, &str) = ("DateTime", "moments");

const fn built_in(word: &'static str, arguments: Arguments, types: (&'static str, &'static str)) -> BuiltIn {
    BuiltIn { word, arguments, types }
}

const SANITIZERS: &[BuiltIn] = &[
    built_in("Trim", Arguments::Nothing, TEXT),
    built_in("CollapseWhitespace", Arguments::Nothing, TEXT),
    built_in("LowerCase", Arguments::Nothing, TEXT),
    built_in("UpperCase", Arguments::Nothing, TEXT),
    built_in("NullIfEmpty", Arguments::Nothing, TEXT_OR_BYTES),
    built_in("RoundToScale", Arguments::Scale, FRACTION),
    built_in("Slug", Arguments::Nothing, TEXT),
    built_in("Clamp", Arguments::TwoValues, NUMBER_OR_TIME),
    built_in("Utc", Arguments::Nothing, MOMENT),
    built_in("Timezone", Arguments::Offset, MOMENT),
    built_in("UrlEncode", Arguments::Nothing, TEXT),
];

const VALIDATORS: &[BuiltIn] = &[
    built_in("MinLen", Arguments::Length, TEXT_OR_BYTES),
    built_in("MaxLen", Arguments::Length, TEXT_OR_BYTES),
    built_in("LenRange", Arguments::TwoLengths, TEXT_OR_BYTES),
    built_in("Email", Arguments::Nothing, TEXT),
    built_in("Url", Arguments::Nothing, TEXT),
    built_in("MimeType", Arguments::Nothing, TEXT),
    built_in("PhoneNumber", Arguments::Nothing, TEXT),
    built_in("CountryCode", Arguments::Nothing, TEXT),
    built_in("RgbColor", Arguments::Nothing, TEXT),
    built_in("CamelCase", Arguments::Nothing, TEXT),
    built_in("KebabCase", Arguments::Nothing, TEXT),
    built_in("SnakeCase", Arguments::Nothing, TEXT),
    built_in("Regex", Arguments::Pattern, TEXT),
    built_in("Range", Arguments::TwoValues, NUMBER_OR_TIME),
];

/// Whether a rule changes values or refuses them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RuleKind {
    Sanitizer,
    Validator,
}

impl RuleKind {
    fn built_ins(self) -> &'static [BuiltIn] {
        match self {
            Self::Sanitizer => SANITIZERS,
            Self::Validator => VALIDATORS,
        }
    }

    /// The method of `ColumnSchema` and `CustomRules`, also the word in messages.
    fn method(self) -> Ident {
        Ident::new(if self == Self::Sanitizer { "sanitizer" } else { "validator" }, Span::call_site())
    }

    /// The enum of the built-in ones.
    fn type_name(self) -> Ident {
        Ident::new(if self == Self::Sanitizer { "Sanitizer" } else { "Validator" }, Span::call_site())
    }

    /// The trait of the program's own ones.
    fn trait_name(self) -> Ident {
        Ident::new(if self == Self::Sanitizer { "Sanitize" } else { "Validate" }, Span::call_site())
    }

    fn attribute(self) -> &'static str {
        if self == Self::Sanitizer { "sanitizer" } else { "validate" }
    }
}

/// A rule of a column.
pub(super) struct Rule {
    kind: RuleKind,
    /// The word as it is written.
    word: Ident,
    /// The built-in one; else the path of the program's own.
    what: Result<&'static BuiltIn, Path>,
    /// What stands in parentheses after a built-in one, as expressions.
    arguments: Vec<TokenStream>,
}

/// A word, and what stands in parentheses after it.
struct Item {
    word: Ident,
    arguments: Option<TokenStream>,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let word = input.parse()?;
        if !input.peek(syn::token::Paren) {
            return Ok(Self { word, arguments: None });
        }
        let arguments;
        parenthesized!(arguments in input);
        Ok(Self { word, arguments: Some(arguments.parse()?) })
    }
}

/// The rules that an attribute lists, for a column of type `ty`.
pub(super) fn parse(attribute: &Attribute, kind: RuleKind, ty: &Type) -> syn::Result<Vec<Rule>> {
    let items = match attribute.meta.require_list() {
        Ok(_) => attribute.parse_args_with(Punctuated::<Item, Token![,]>::parse_terminated)?,
        Err(_) => Punctuated::new(),
    };
    if items.is_empty() {
        let example = if kind == RuleKind::Sanitizer { "Trim" } else { "MaxLen(100)" };
        let message = format!("say which: `#[{}({example})]`", kind.attribute());
        return Err(syn::Error::new_spanned(attribute, message));
    }
    items.into_iter().map(|item| rule(item, kind, ty)).collect()
}

fn rule(item: Item, kind: RuleKind, ty: &Type) -> syn::Result<Rule> {
    let Item { word, arguments } = item;
    if word == "with" {
        let path = syn::parse2::<Path>(arguments.to_token_stream());
        let path = path.map_err(|_| syn::Error::new_spanned(&word, "name a type of your own: `with(MyRule)`"))?;
        return Ok(Rule { kind, word, what: Err(path), arguments: Vec::new() });
    }
    let found = kind.built_ins().iter().find(|built_in| word == built_in.word);
    let built_in = found.ok_or_else(|| unknown(&word, kind))?;
    let arguments = built_in.arguments.parse(&word, arguments, ty)?;
    Ok(Rule { kind, word, what: Ok(built_in), arguments })
}

/// The error of a word that is no rule.
fn unknown(word: &Ident, kind: RuleKind) -> syn::Error {
    let other = if kind == RuleKind::Sanitizer { RuleKind::Validator } else { RuleKind::Sanitizer };
    if other.built_ins().iter().any(|built_in| word == built_in.word) {
        let message = format!("`{word}` is a {}: write `#[{}({word})]`", other.method(), other.attribute());
        return syn::Error::new_spanned(word, message);
    }
    let words: Vec<_> = kind.built_ins().iter().map(|built_in| format!("`{}`", built_in.word)).collect();
    let message = format!(
        "there is no {} `{word}`; there are {}, and your own by `with({word})`",
        kind.method(),
        words.join(", ")
    );
    syn::Error::new_spanned(word, message)
}

impl Arguments {
    fn example(self, word: &Ident) -> String {
        match self {
            Self::Nothing => format!("{word}"),
            Self::Scale => format!("{word}(2)"),
            Self::Length => format!("{word}(100)"),
            Self::TwoLengths => format!("{word}(1, 100)"),
            Self::TwoValues => format!("{word}(0, 100)"),
            Self::Offset => format!("{word}(\"+02:00\")"),
            Self::Pattern => format!("{word}(\"^[a-z]+$\")"),
        }
    }

    /// The arguments as expressions.
    fn parse(self, word: &Ident, arguments: Option<TokenStream>, ty: &Type) -> syn::Result<Vec<TokenStream>> {
        let usage = |tokens: &dyn ToTokens| {
            syn::Error::new_spanned(tokens.to_token_stream(), format!("write it as `{}`", self.example(word)))
        };
        let count = match self {
            Self::Nothing => 0,
            Self::TwoLengths | Self::TwoValues => 2,
            _ => 1,
        };
        let arguments = match arguments {
            Some(_) if count == 0 => return Err(usage(word)),
            Some(tokens) => Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens)?,
            None => Punctuated::new(),
        };
        if arguments.len() != count {
            return Err(usage(&quote!(#word #arguments)));
        }
        if let (Some(low), Some(high)) = (arguments.first(), arguments.get(1))
            && let (Some(low_number), Some(high_number)) = (number(low), number(high))
            && low_number > high_number
        {
            let message = format!("{} is above {}", low.to_token_stream(), high.to_token_stream());
            return Err(syn::Error::new_spanned(quote!(#low, #high), message.replace("- ", "-")));
        }
        let typed = |ty: TokenStream| {
            let values = arguments.iter().map(|argument| {
                quote!({
                    let value: #ty = #argument;
                    value
                })
            });
            values.collect()
        };
        let only = arguments.first();
        Ok(match self {
            Self::Nothing => Vec::new(),
            Self::Scale if only.and_then(number).is_some_and(|scale| scale > 28.0) => {
                return Err(syn::Error::new_spanned(only, "a number has 28 digits after the point at most"));
            }
            Self::Scale => typed(quote!(::core::primitive::u8)),
            Self::Length | Self::TwoLengths => typed(quote!(::core::primitive::u32)),
            Self::TwoValues => {
                let values: Vec<TokenStream> = typed(option_inner(ty).unwrap_or(ty).to_token_stream());
                values.iter().map(|value| quote!(::wasm_dbms::Value::from(#value))).collect()
            }
            Self::Offset => {
                let text = only.and_then(text).ok_or_else(|| usage(&only))?;
                let seconds = offset_seconds(&text.value()).ok_or_else(|| {
                    let message = "an offset from UTC as \"+02:00\"; names of zones stand for rules that change";
                    syn::Error::new_spanned(&text, message)
                })?;
                vec![quote!(#seconds)]
            }
            Self::Pattern => {
                let text = only.and_then(text).ok_or_else(|| usage(&only))?;
                if let Some(problem) = pattern_problem(&text.value()) {
                    return Err(syn::Error::new_spanned(&text, problem));
                }
                vec![quote!(::std::string::String::from(#text))]
            }
        })
    }
}

/// The number that a literal stands for.
fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            Lit::Float(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => number(&unary.expr).map(|number| -number),
        Expr::Group(group) => number(&group.expr),
        _ => None,
    }
}

/// The text that a literal stands for.
fn text(expr: &Expr) -> Option<LitStr> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.clone()),
            _ => None,
        },
        Expr::Group(group) => text(&group.expr),
        _ => None,
    }
}

/// The seconds of `+02:00`.
fn offset_seconds(text: &str) -> Option<i32> {
    let (sign, clock) = match text.split_at_checked(1)? {
        ("+", clock) => (1, clock),
        ("-", clock) => (-1, clock),
        _ => return None,
    };
    let parts: Vec<i32> = clock
        .split(':')
        .map(|part| part.parse().ok().filter(|_| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())))
        .collect::<Option<_>>()?;
    match parts.as_slice() {
        [hours @ 0..24, minutes @ 0..60] => Some(sign * (hours * 3600 + minutes * 60)),
        [hours @ 0..24, minutes @ 0..60, seconds @ 0..60] => Some(sign * (hours * 3600 + minutes * 60 + seconds)),
        _ => None,
    }
}

#[cfg(feature = "regex")]
fn pattern_problem(pattern: &str) -> Option<String> {
    regex_lite::Regex::new(pattern).err().map(|error| format!("the pattern is wrong: {error}"))
}

#[cfg(not(feature = "regex"))]
fn pattern_problem(_pattern: &str) -> Option<String> {
    Some("`Regex` takes the feature `regex` of `wasm-dbms`".into())
}

impl Rule {
    /// The call that adds the rule to a `ColumnSchema`.
    pub(super) fn call(&self) -> TokenStream {
        let Self { kind, word, arguments, .. } = self;
        let (method, type_name, trait_name) = (kind.method(), kind.type_name(), kind.trait_name());
        let rule = match &self.what {
            // Located where it stands: a wrong argument is told there.
            Ok(_) if arguments.is_empty() => quote!(::wasm_dbms::#type_name::#word),
            Ok(_) => quote!(::wasm_dbms::#type_name::#word(#(#arguments),*)),
            Err(path) => quote! {
                ::wasm_dbms::#type_name::Custom(::std::string::String::from(<#path as ::wasm_dbms::#trait_name>::NAME))
            },
        };
        quote!(.#method(#rule))
    }

    /// The call that adds the rule to a `CustomRules`, if it is of the program's own.
    pub(super) fn registration(&self) -> Option<TokenStream> {
        let (path, method) = (self.what.as_ref().err()?, self.kind.method());
        Some(quote!(.#method::<#path>()))
    }

    /// An item that does not compile where the rule is not for the type of its column.
    pub(super) fn check(&self, column: &ColumnInput<'_>) -> TokenStream {
        let (word, ty) = (&self.word, column.ty);
        match &self.what {
            Ok(built_in) => {
                let (variant, words) = built_in.types;
                let variant = format_ident!("{variant}");
                let message = format!("`{word}` is for {words}");
                let mut check = quote_spanned! {word.span()=>
                    ::core::assert!(
                        ::wasm_dbms::RuleTypes::#variant.contain(<#ty as ::wasm_dbms::Field>::DATA_TYPE),
                        #message
                    );
                };
                if built_in.word == "NullIfEmpty" {
                    check.extend(quote_spanned! {word.span()=>
                        ::core::assert!(
                            <#ty as ::wasm_dbms::Field>::NULLABLE,
                            "`NullIfEmpty` is for columns that may be NULL: make the type an `Option`"
                        );
                    });
                }
                quote!(const _: () = { #check };)
            }
            Err(path) => {
                let trait_name = self.kind.trait_name();
                let span = path.segments.last().map_or_else(Span::call_site, |segment| segment.ident.span());
                quote_spanned! {span=>
                    const _: fn() = || {
                        fn takes<F: ::wasm_dbms::Field, R: ::wasm_dbms::#trait_name<Value = F::Base>>() {}
                        takes::<#ty, #path>();
                    };
                }
            }
        }
    }

    pub(super) fn is_sanitizer(&self) -> bool {
        self.kind == RuleKind::Sanitizer
    }

    pub(super) fn word(&self) -> &Ident {
        &self.word
    }
}
