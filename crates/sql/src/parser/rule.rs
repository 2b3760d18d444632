//! `SANITIZE (Trim, LowerCase)`, `VALIDATE (Email, MaxLen(100))` and `SHAPE ('x: f64, y: f64')` of a column: words of our
//! own, for which SQL has none.

use wasm_dbms_api::text_parts::replaced;
use wasm_dbms_api::{ColumnSchema, DataType, Sanitizer, Validator, Value};

use super::Parser;
use crate::lexer::Kind;

/// A rule as it is written: its name without marks, what stands in its parentheses, its place.
struct Written {
    name: String,
    arguments: Vec<Value>,
    offset: usize,
}

impl Parser<'_> {
    /// Takes `SANITIZE (..)`, `VALIDATE (..)` or `SHAPE (..)`, if it stands here.
    pub(super) fn column_rules(&mut self, column: &mut ColumnSchema) -> bool {
        if !matches!(self.token.kind, Kind::Word(None)) || !self.next_is_sign(b'(') {
            return false;
        }
        if self.token.text.eq_ignore_ascii_case("shape") {
            self.shape(column);
            return true;
        }
        let sanitizes = self.token.text.eq_ignore_ascii_case("sanitize");
        if !sanitizes && !self.token.text.eq_ignore_ascii_case("validate") {
            return false;
        }
        self.advance();
        for Written { name, mut arguments, offset } in self.list_in_parentheses(Self::written_rule) {
            if matches!(name.as_str(), "clamp" | "range") {
                for bound in &mut arguments {
                    *bound = self.fitting(bound, column, offset);
                }
            }
            if sanitizes && let Some(rule) = sanitizer(&name, &arguments) {
                column.sanitizers.push(rule);
            } else if !sanitizes && let Some(rule) = validator(&name, &arguments) {
                column.validators.push(rule);
            } else {
                self.contradiction(format_args!("there is no rule {name} of this form"), offset)
            }
        }
        true
    }

    /// What a program's derive says of the struct that is stored as JSON; to all others it is words.
    fn shape(&mut self, column: &mut ColumnSchema) {
        self.advance();
        let offset = self.token.offset;
        match (self.list_in_parentheses(Self::constant).as_slice(), column.data_type) {
            ([Value::Text(shape)], DataType::Json) => shape.clone_into(&mut column.shape),
            _ => self.contradiction(format_args!("SHAPE takes the fields of a column of json, as one text"), offset),
        }
    }

    fn written_rule(&mut self) -> Written {
        let offset = self.token.offset;
        if !matches!(self.token.kind, Kind::Word(_)) {
            self.fail("the name of a rule")
        }
        let name = replaced(&self.any_word(), b'_', "");
        let arguments = if self.is_sign(b'(') { self.list_in_parentheses(Self::constant) } else { Vec::new() };
        Written { name, arguments, offset }
    }
}

fn number<T: TryFrom<i128>>(value: &Value) -> Option<T> {
    T::try_from(value.as_ref().as_i128()?).ok()
}

fn sanitizer(name: &str, arguments: &[Value]) -> Option<Sanitizer> {
    Some(match (name, arguments) {
        ("trim", []) => Sanitizer::Trim,
        ("collapsewhitespace", []) => Sanitizer::CollapseWhitespace,
        ("lowercase", []) => Sanitizer::LowerCase,
        ("uppercase", []) => Sanitizer::UpperCase,
        ("nullifempty", []) => Sanitizer::NullIfEmpty,
        ("roundtoscale", [scale]) => Sanitizer::RoundToScale(number(scale)?),
        ("slug", []) => Sanitizer::Slug,
        ("clamp", [low, high]) => Sanitizer::Clamp(low.clone(), high.clone()),
        ("utc", []) => Sanitizer::Utc,
        ("timezone", [seconds]) => Sanitizer::Timezone(number(seconds)?),
        ("urlencode", []) => Sanitizer::UrlEncode,
        ("with", [Value::Text(name)]) => Sanitizer::Custom(name.clone()),
        _ => return None,
    })
}

fn validator(name: &str, arguments: &[Value]) -> Option<Validator> {
    Some(match (name, arguments) {
        ("minlen", [least]) => Validator::MinLen(number(least)?),
        ("maxlen", [most]) => Validator::MaxLen(number(most)?),
        ("lenrange", [least, most]) => Validator::LenRange(number(least)?, number(most)?),
        ("email", []) => Validator::Email,
        ("url", []) => Validator::Url,
        ("mimetype", []) => Validator::MimeType,
        ("phonenumber", []) => Validator::PhoneNumber,
        ("countrycode", []) => Validator::CountryCode,
        ("rgbcolor", []) => Validator::RgbColor,
        ("camelcase", []) => Validator::CamelCase,
        ("kebabcase", []) => Validator::KebabCase,
        ("snakecase", []) => Validator::SnakeCase,
        ("regex", [Value::Text(pattern)]) => Validator::Regex(pattern.clone()),
        ("range", [low, high]) => Validator::Range(low.clone(), high.clone()),
        ("with", [Value::Text(name)]) => Validator::Custom(name.clone()),
        _ => return None,
    })
}
