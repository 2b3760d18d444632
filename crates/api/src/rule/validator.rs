//! [`Validator`]: what refuses a value on its way into a column.

use std::cmp::Ordering;
use std::fmt;

use crate::rule::{RuleTypes, matcher, problem_of_name};
use crate::{ColumnSchema, Value, ValueRef};

/// What refuses a value on its way into a column. Lengths are counted in characters of text and in bytes of bytes.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Validator {
    /// At least this long.
    MinLen(u32),
    /// At most this long.
    MaxLen(u32),
    /// At least as long as the first and at most as long as the second.
    LenRange(u32, u32),
    /// An address as `ada@example.com`: what a browser's input field takes, and letters beyond ASCII. No quoted names, no
    /// addresses of hosts in brackets.
    Email,
    /// An absolute URL, as RFC 3986 has it: `https://example.com/a?b#c`, `mailto:ada@example.com`. Letters beyond ASCII
    /// may stand for themselves.
    Url,
    /// A media type, with parameters or without: `text/plain; charset=utf-8`.
    MimeType,
    /// A number as `+49 30 1234567`: a calling code that is in use, 7 to 15 digits in all; single spaces, points,
    /// hyphens and parentheses may part them.
    PhoneNumber,
    /// Two large letters that ISO 3166-1 assigns to a country.
    CountryCode,
    /// `#rgb` or `#rrggbb`, in hexadecimal digits.
    RgbColor,
    /// `camelCase` or `CamelCase`: ASCII letters and digits, first a letter.
    CamelCase,
    /// `kebab-case`: words of small ASCII letters and digits, joined by single hyphens.
    KebabCase,
    /// `snake_case`: words of small ASCII letters and digits, joined by single underscores.
    SnakeCase,
    /// Text that contains a match of this regular expression; one for all of it starts with `^` and ends with `$`. The
    /// syntax is that of the crate `regex-lite`; the database runs it with its feature `regex`.
    Regex(String),
    /// At least the first and at most the second; NaN is above all.
    Range(Value, Value),
    /// One of the program's own, a [`Validate`](crate::Validate) of this name.
    Custom(String),
}

impl Validator {
    /// Which types of columns this is for.
    ///
    /// ```
    /// use wasm_dbms_api::{RuleTypes, Validator};
    ///
    /// assert_eq!(Validator::MaxLen(8).types(), RuleTypes::TextOrBytes);
    /// assert_eq!(Validator::Email.types(), RuleTypes::Text);
    /// ```
    pub fn types(&self) -> RuleTypes {
        match self {
            Self::MinLen(_) | Self::MaxLen(_) | Self::LenRange(..) => RuleTypes::TextOrBytes,
            Self::Range(..) => RuleTypes::NumberOrTime,
            Self::Custom(_) => RuleTypes::Any,
            _ => RuleTypes::Text,
        }
    }

    /// Whether the value passes. NULL and a value of a type that this is not for do; so does every value for
    /// [`Regex`](Self::Regex) and [`Custom`](Self::Custom), which only the database and the program can tell.
    ///
    /// ```
    /// use wasm_dbms_api::{Validator, ValueRef};
    ///
    /// assert!(Validator::Email.accepts(ValueRef::Text("ada@example.com")));
    /// assert!(!Validator::MaxLen(3).accepts(ValueRef::Text("four")));
    /// ```
    pub fn accepts(&self, value: ValueRef<'_>) -> bool {
        match (self, value) {
            (Self::Range(low, high), value) => {
                let is = |order, bound: &Value| value.compare(bound.as_ref()) == Some(order);
                !is(Ordering::Less, low) && !is(Ordering::Greater, high)
            }
            (_, ValueRef::Text(text)) => self.accepts_text(text),
            (_, ValueRef::Bytes(bytes)) => self.accepts_length(bytes.len()),
            _ => true,
        }
    }

    fn accepts_text(&self, text: &str) -> bool {
        match self {
            // As many bytes as characters are allowed are never more characters.
            Self::MaxLen(most) if text.len() <= *most as usize => true,
            Self::MinLen(_) | Self::MaxLen(_) | Self::LenRange(..) => self.accepts_length(text.chars().count()),
            Self::Email => matcher::is_email(text),
            Self::Url => matcher::is_url(text),
            Self::MimeType => matcher::is_mime_type(text),
            Self::PhoneNumber => matcher::is_phone_number(text),
            Self::CountryCode => matcher::is_country_code(text),
            Self::RgbColor => matcher::is_rgb_color(text),
            Self::CamelCase => matcher::is_camel_case(text),
            Self::KebabCase => matcher::is_words(text, b'-'),
            Self::SnakeCase => matcher::is_words(text, b'_'),
            _ => true,
        }
    }

    fn accepts_length(&self, length: usize) -> bool {
        match self {
            Self::MinLen(least) => length >= *least as usize,
            Self::MaxLen(most) => length <= *most as usize,
            Self::LenRange(least, most) => (*least as usize..=*most as usize).contains(&length),
            _ => true,
        }
    }

    /// What is wrong with the arguments, or with the column for this rule.
    pub(crate) fn problem(&self, column: &ColumnSchema) -> Option<String> {
        match self {
            Self::LenRange(least, most) if least > most => Some(format!("{least} is above {most}")),
            Self::Range(low, high) => column.problem_of_bounds(low, high),
            Self::Regex(pattern) if pattern.len() > ColumnSchema::MAX_PATTERN_BYTES => {
                Some(format!("the pattern is longer than {} bytes", ColumnSchema::MAX_PATTERN_BYTES))
            }
            Self::Custom(name) => problem_of_name(name),
            _ => None,
        }
    }
}

impl fmt::Display for Validator {
    /// As the attribute of the derive says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MinLen(least) => write!(f, "MinLen({least})"),
            Self::MaxLen(most) => write!(f, "MaxLen({most})"),
            Self::LenRange(least, most) => write!(f, "LenRange({least}, {most})"),
            Self::Email => f.write_str("Email"),
            Self::Url => f.write_str("Url"),
            Self::MimeType => f.write_str("MimeType"),
            Self::PhoneNumber => f.write_str("PhoneNumber"),
            Self::CountryCode => f.write_str("CountryCode"),
            Self::RgbColor => f.write_str("RgbColor"),
            Self::CamelCase => f.write_str("CamelCase"),
            Self::KebabCase => f.write_str("KebabCase"),
            Self::SnakeCase => f.write_str("SnakeCase"),
            Self::Regex(pattern) => write!(f, "Regex(\"{pattern}\")"),
            Self::Range(low, high) => write!(f, "Range({low}, {high})"),
            Self::Custom(name) => write!(f, "with({name})"),
        }
    }
}
