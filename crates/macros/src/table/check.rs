//! `#[check(age >= 18 && age < 150, name = "grown up")]`: a condition in Rust's signs over the fields of the struct.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, BinOp, Expr, ExprBinary, ExprMethodCall, Lit, LitFloat, LitStr, Token, Type, UnOp};

use super::column::ColumnInput;
use super::function::FUNCTIONS;
use crate::errors::Errors;
use crate::types::{is_named, option_inner};

/// What the attribute says.
pub(super) struct CheckAttribute {
    condition: Expr,
    name: Option<LitStr>,
}

/// A check, as code.
pub(super) struct Check {
    /// The call that adds it to a `TableSchema`.
    pub(super) call: TokenStream,
    /// Items that do not compile where it compares unlike things.
    pub(super) items: TokenStream,
    name: Option<LitStr>,
}

impl CheckAttribute {
    pub(super) fn parse(attribute: &Attribute) -> syn::Result<Self> {
        let usage =
            || syn::Error::new_spanned(attribute, "say what must hold: `#[check(age >= 18, name = \"adult\")]`");
        let list = attribute.meta.require_list().map_err(|_| usage())?;
        let parts = list.parse_args_with(Punctuated::<Expr, Token![,]>::parse_terminated)?;
        let (mut condition, mut name) = (None, None);
        for part in parts {
            match part {
                Expr::Assign(assign) if assign.left.to_token_stream().to_string() == "name" => {
                    let text: LitStr = syn::parse2(assign.right.to_token_stream())?;
                    if text.value().is_empty() {
                        return Err(syn::Error::new_spanned(text, "the name of a check is not empty"));
                    }
                    if name.replace(text).is_some() {
                        return Err(syn::Error::new_spanned(assign, "the check has a name already"));
                    }
                }
                Expr::Assign(assign) => {
                    return Err(syn::Error::new_spanned(assign.eq_token, "two values are compared by `==`"));
                }
                part if condition.is_some() => {
                    return Err(syn::Error::new_spanned(
                        part,
                        "one condition a check: join them by `&&`, or repeat `#[check]`",
                    ));
                }
                part => condition = Some(part),
            }
        }
        Ok(Self { condition: condition.ok_or_else(usage)?, name })
    }
}

/// Every check, its fields found.
pub(super) fn resolve<'c>(
    columns: &[ColumnInput<'_>],
    listed: impl Iterator<Item = &'c CheckAttribute>,
    errors: &mut Errors,
) -> Vec<Check> {
    let mut checks: Vec<Check> = Vec::new();
    for attribute in listed {
        let mut reader = ConditionReader { columns, errors, items: TokenStream::new(), has_field: false };
        let condition = reader.condition(&attribute.condition);
        let ConditionReader { items, has_field, .. } = reader;
        let Some(condition) = condition else { continue };
        if !has_field {
            errors.add(&attribute.condition, "a check looks at a field of the row");
        }
        let name = attribute.name.clone();
        if let Some(name) = &name
            && checks.iter().any(|other| other.name.as_ref().is_some_and(|other| other.value() == name.value()))
        {
            errors.add(name, "another check has this name already");
        }
        let named = name.as_ref().map(|name| quote!(.named(#name)));
        let call = quote!(.with_check(::wasm_dbms::CheckSchema::new(#condition) #named));
        checks.push(Check { call, items, name });
    }
    checks
}

/// A part of a condition, as code.
struct Operand {
    /// An expression of type `Expr`.
    code: TokenStream,
    /// Its type, as a constant of type `DataType`, where that is known.
    data_type: Option<TokenStream>,
}

impl Operand {
    fn of(code: TokenStream, data_type: Option<TokenStream>) -> Self {
        Self { code, data_type }
    }

    fn bool(code: TokenStream) -> Self {
        Self::of(code, Some(quote!(::wasm_dbms::DataType::Bool)))
    }
}

struct ConditionReader<'a> {
    columns: &'a [ColumnInput<'a>],
    errors: &'a mut Errors,
    items: TokenStream,
    has_field: bool,
}

const METHODS: &str =
    "`is_null`, `is_not_null`, `is_true`, `is_false`, `is_distinct`, `like`, `ilike`, `between` or `in_list`";

impl<'a> ConditionReader<'a> {
    fn fail<T>(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) -> Option<T> {
        self.errors.add(tokens, message);
        None
    }

    /// A part that must be true or false.
    fn condition(&mut self, expr: &Expr) -> Option<TokenStream> {
        let operand = self.operand(expr, None)?;
        if is_arithmetic(expr) {
            return self.fail(expr, "this is neither true nor false");
        }
        if let Some(data_type) = &operand.data_type {
            self.assert(
                expr.span(),
                quote!(::core::matches!(#data_type, ::wasm_dbms::DataType::Bool)),
                "this is neither true nor false",
            );
        }
        Some(operand.code)
    }

    fn assert(&mut self, span: Span, holds: TokenStream, message: &str) {
        let assertion = quote_spanned!(span=> ::core::assert!(#holds, #message));
        self.items.extend(quote!(const _: () = #assertion;));
    }

    /// A part of a condition. `beside` is the type of the field that it stands beside.
    fn operand(&mut self, expr: &Expr, beside: Option<&'a Type>) -> Option<Operand> {
        match expr {
            Expr::Paren(paren) => self.operand(&paren.expr, beside),
            Expr::Group(group) => self.operand(&group.expr, beside),
            Expr::Binary(binary) => self.binary(binary),
            Expr::Unary(unary) => match unary.op {
                UnOp::Not(_) => {
                    let inner = self.condition(&unary.expr)?;
                    Some(Operand::bool(quote!(::wasm_dbms::Expr::not(#inner))))
                }
                UnOp::Neg(_) if matches!(*unary.expr, Expr::Lit(_)) => self.literal(&unary.expr, true, beside),
                UnOp::Neg(_) => {
                    let Operand { code, data_type, .. } = self.operand(&unary.expr, beside)?;
                    Some(Operand::of(quote!(-#code), data_type))
                }
                _ => self.fail(unary, "expected `!` or `-`"),
            },
            Expr::Lit(_) => self.literal(expr, false, beside),
            Expr::Cast(cast) => {
                let (inner, ty) = (self.operand(&cast.expr, None)?.code, &cast.ty);
                let data_type = quote!(<#ty as ::wasm_dbms::Field>::DATA_TYPE);
                Some(Operand::of(quote!(#inner.cast(#data_type)), Some(data_type)))
            }
            Expr::Call(call) => {
                let function = match &*call.func {
                    Expr::Path(path) => path.path.get_ident().cloned(),
                    _ => None,
                };
                // A path leads to a value of the program's own.
                let Some(word) = function else { return self.value(expr, beside) };
                let name = word.to_string();
                let Some((_, variant)) = FUNCTIONS.iter().find(|(names, _)| names.split('|').any(|own| own == name))
                else {
                    return self.fail(&word, format!("there is no function `{name}`: the functions are those of SQL"));
                };
                let variant = format_ident!("{variant}");
                let arguments = call.args.iter().map(|argument| Some(self.operand(argument, None)?.code));
                let arguments = arguments.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()?;
                let code =
                    quote!(::wasm_dbms::Expr::function(::wasm_dbms::ScalarFunction::#variant, [#(#arguments),*]));
                Some(Operand::of(code, None))
            }
            Expr::MethodCall(call) => self.method(call),
            Expr::Path(path) => match path.path.get_ident() {
                Some(ident) => self.field(ident, expr, beside),
                None => self.value(expr, beside),
            },
            Expr::Macro(_) | Expr::Block(_) => self.value(expr, beside),
            other => self.fail(other, "expected a field, a value, a comparison, `&&`, `||` or `!`"),
        }
    }

    fn field(&mut self, ident: &Ident, expr: &Expr, beside: Option<&'a Type>) -> Option<Operand> {
        let name = ident.unraw().to_string();
        if let Some(column) = self.columns.iter().find(|column| column.name == name) {
            self.has_field = true;
            let ty = column.ty;
            let data_type = quote!(<#ty as ::wasm_dbms::Field>::DATA_TYPE);
            let code = quote!(::wasm_dbms::Expr::column(#name));
            return Some(Operand::of(code, Some(data_type)));
        }
        if name == "None" {
            return self.fail(ident, "nothing equals NULL: ask `.is_null()`");
        }
        // Constants are called so.
        if name.chars().any(char::is_lowercase) {
            return self.fail(ident, format!("there is no field `{name}`"));
        }
        self.value(expr, beside)
    }

    /// A value that Rust computes, when the schema is made.
    fn value(&mut self, expr: &Expr, beside: Option<&'a Type>) -> Option<Operand> {
        let code = match beside {
            Some(ty) => quote!(::wasm_dbms::Operand::<#ty>::into_expr(#expr)),
            None => quote!(::wasm_dbms::Expr::from(#expr)),
        };
        Some(Operand::of(code, None))
    }

    fn literal(&mut self, expr: &Expr, is_negative: bool, beside: Option<&'a Type>) -> Option<Operand> {
        let Expr::Lit(literal) = expr else { return None };
        let sign = is_negative.then(|| quote!(-));
        let (value, data_type) = match &literal.lit {
            Lit::Int(number) => match number.base10_parse::<u128>() {
                Ok(whole) if whole <= i64::MAX as u128 || (is_negative && whole == 1 << 63) => {
                    let whole = if is_negative { (whole as i128).wrapping_neg() } else { whole as i128 } as i64;
                    (quote!(#whole), "I64")
                }
                Ok(whole) if !is_negative && u64::try_from(whole).is_ok() => {
                    let whole = whole as u64;
                    (quote!(#whole), "U64")
                }
                _ => return self.fail(number, "no integer column holds this number"),
            },
            Lit::Float(number) if beside.is_some_and(|ty| is_named(option_inner(ty).unwrap_or(ty), "Decimal")) => {
                let Some((digits, scale)) = decimal(number) else {
                    return self.fail(number, "a decimal has 28 digits at most");
                };
                (quote!(::wasm_dbms::Decimal::new(#sign #digits, #scale).unwrap_or_default()), "Decimal")
            }
            Lit::Float(number) => {
                // The tokens of a number are finite.
                let Some(value) = number.base10_parse::<f64>().ok().filter(|value| value.is_finite()) else {
                    return self.fail(number, "no column holds so large a number");
                };
                (quote!(#sign #value), "F64")
            }
            Lit::Str(text) if !is_negative => {
                return Some(Operand::of(
                    quote!(::wasm_dbms::Expr::from(#text)),
                    Some(quote!(::wasm_dbms::DataType::Text)),
                ));
            }
            Lit::Bool(truth) if !is_negative => {
                return Some(Operand::bool(quote!(::wasm_dbms::Expr::from(#truth))));
            }
            other => return self.fail(other, "expected a number, a text or `true`"),
        };
        let data_type = format_ident!("{data_type}");
        Some(Operand::of(quote!(::wasm_dbms::Expr::from(#value)), Some(quote!(::wasm_dbms::DataType::#data_type))))
    }

    /// The field that an operand is, if it is one, for what stands beside it.
    fn field_type(&self, expr: &Expr) -> Option<&'a Type> {
        match expr {
            Expr::Paren(paren) => self.field_type(&paren.expr),
            Expr::Group(group) => self.field_type(&group.expr),
            Expr::Path(path) => {
                let name = path.path.get_ident()?.unraw().to_string();
                self.columns.iter().find(|column| column.name == name).map(|column| column.ty)
            }
            _ => None,
        }
    }

    fn pair(&mut self, left: &Expr, right: &Expr) -> Option<(Operand, Operand)> {
        let (left_type, right_type) = (self.field_type(left), self.field_type(right));
        let left = self.operand(left, right_type);
        left.zip(self.operand(right, left_type))
    }

    /// Items that do not compile where the two are not alike.
    fn compare(&mut self, left: &Operand, right: &Operand, is_ordered: bool, span: Span) {
        let (Some(one), Some(other)) = (&left.data_type, &right.data_type) else { return };
        // A text may be a name of an enum.
        let is_enum = |of: &TokenStream| quote!(::core::matches!(#of, ::wasm_dbms::DataType::Enum));
        let (one_enum, other_enum) = (is_enum(one), is_enum(other));
        let is_text = |of: &TokenStream| quote!(::core::matches!(#of, ::wasm_dbms::DataType::Text));
        let (one_text, other_text) = (is_text(one), is_text(other));
        let holds = quote!(#one.is_comparable_with(#other) || #one_enum && #other_text || #one_text && #other_enum);
        self.assert(span, holds, "these are of types that cannot be compared");
        if is_ordered {
            self.assert(span, quote!(#one.is_ordered()), "these have no order");
        }
    }

    fn binary(&mut self, binary: &ExprBinary) -> Option<Operand> {
        let ExprBinary { left, op, right, .. } = binary;
        let join = match op {
            BinOp::And(_) => Some("and"),
            BinOp::Or(_) => Some("or"),
            _ => None,
        };
        if let Some(join) = join {
            let method = Ident::new(join, op.span());
            let left = self.condition(left);
            let (left, right) = left.zip(self.condition(right))?;
            return Some(Operand::bool(quote!(::wasm_dbms::Expr::#method(#left, #right))));
        }
        let comparison = match op {
            BinOp::Eq(_) => Some("Equal"),
            BinOp::Ne(_) => Some("NotEqual"),
            BinOp::Lt(_) => Some("Less"),
            BinOp::Le(_) => Some("LessOrEqual"),
            BinOp::Gt(_) => Some("Greater"),
            BinOp::Ge(_) => Some("GreaterOrEqual"),
            _ => None,
        };
        if let Some(comparison) = comparison {
            let (left, right) = self.pair(left, right)?;
            self.compare(&left, &right, !matches!(op, BinOp::Eq(_) | BinOp::Ne(_)), op.span());
            let (comparison, left, right) = (format_ident!("{comparison}"), left.code, right.code);
            let code = quote!(::wasm_dbms::Expr::compare(#left, ::wasm_dbms::Comparison::#comparison, #right));
            return Some(Operand::bool(code));
        }
        let arithmetic = match op {
            BinOp::Add(_) => "Add",
            BinOp::Sub(_) => "Subtract",
            BinOp::Mul(_) => "Multiply",
            BinOp::Div(_) => "Divide",
            BinOp::Rem(_) => "Remainder",
            _ => return self.fail(op, "a check has no such operator"),
        };
        let (left, right) = self.pair(left, right)?;
        let (arithmetic, left, right) = (format_ident!("{arithmetic}"), left.code, right.code);
        let code = quote!(::wasm_dbms::Expr::arithmetic(#left, ::wasm_dbms::Arithmetic::#arithmetic, #right));
        Some(Operand::of(code, None))
    }

    fn method(&mut self, call: &ExprMethodCall) -> Option<Operand> {
        let ExprMethodCall { receiver, method, args, .. } = call;
        let beside = self.field_type(receiver);
        let word = method.to_string();
        let count = match word.as_str() {
            "is_null" | "is_not_null" | "is_true" | "is_false" => 0,
            "is_distinct" | "like" | "ilike" | "in_list" => 1,
            "between" => 2,
            _ => return self.fail(method, format!("expected {METHODS}")),
        };
        if args.len() != count {
            return self.fail(method, format!("`{word}` takes {count} in its parentheses"));
        }
        let own = self.operand(receiver, None)?;
        let items: Vec<&Expr> = match (word.as_str(), args.first()) {
            ("in_list", Some(Expr::Array(array))) => array.elems.iter().collect(),
            ("in_list", other) => return self.fail(other, "list the values: `in_list([1, 2])`"),
            _ => args.iter().collect(),
        };
        let mut others = Vec::new();
        for item in items {
            let other = self.operand(item, beside)?;
            self.compare(&own, &other, word == "between", item.span());
            others.push(other.code);
        }
        let code = own.code;
        Some(Operand::bool(match word.as_str() {
            "is_not_null" => quote!(#code.is_null().not()),
            "in_list" => quote!(#code.in_list([#(#others),*])),
            _ => quote!(#code.#method(#(#others),*)),
        }))
    }
}

fn is_arithmetic(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => is_arithmetic(&paren.expr),
        Expr::Group(group) => is_arithmetic(&group.expr),
        Expr::Binary(binary) => {
            matches!(binary.op, BinOp::Add(_) | BinOp::Sub(_) | BinOp::Mul(_) | BinOp::Div(_) | BinOp::Rem(_))
        }
        _ => false,
    }
}

/// The digits of a number and how many stand behind its point.
fn decimal(number: &LitFloat) -> Option<(i128, u8)> {
    let text = number.base10_digits();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let scale = u8::try_from(fraction.len()).ok().filter(|scale| *scale <= 28)?;
    (digits < 1 << 96).then_some((digits, scale))
}
