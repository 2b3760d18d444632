//! [`Sanitizer`]: what changes a value on its way into a column.

use std::cmp::Ordering;
use std::fmt;

use crate::rule::{RuleTypes, problem_of_name, rewrite};
use crate::text_parts::without_blanks;
use crate::{ColumnSchema, DataType, DateTime, Decimal, Value, ValueRef, lower_case, upper_case};

/// What changes a value on its way into a column. Once applied, applying it again changes nothing, [`UrlEncode`] apart.
///
/// [`UrlEncode`]: Self::UrlEncode
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Sanitizer {
    /// White space at both ends goes.
    Trim,
    /// Every run of white space becomes one space; those at the ends too, which only [`Trim`](Self::Trim) takes.
    CollapseWhitespace,
    /// Every letter becomes small, as Unicode has it.
    LowerCase,
    /// Every letter becomes large, as Unicode has it.
    UpperCase,
    /// Empty text or bytes become NULL; for columns that may be NULL.
    NullIfEmpty,
    /// At most so many digits after the point; half a digit goes away from zero. A float counts as the shortest decimal
    /// that stands for it, so 0.15 becomes 0.2.
    RoundToScale(u8),
    /// Words of small ASCII letters and digits joined by hyphens. Latin letters lose their marks, everything else parts
    /// words; so of text in other scripts nothing stays.
    Slug,
    /// A value below the first becomes the first, one above the second the second; NaN is above.
    Clamp(Value, Value),
    /// The same moment as a clock in UTC tells it.
    Utc,
    /// The same moment as a clock so many seconds ahead of UTC tells it.
    Timezone(i32),
    /// Everything but ASCII letters, digits and `-._~` becomes `%` and two hexadecimal digits for each byte.
    UrlEncode,
    /// One of the program's own, a [`Sanitize`](crate::Sanitize) of this name.
    Custom(String),
}

impl Sanitizer {
    /// Which types of columns this is for.
    ///
    /// ```
    /// use wasm_dbms_api::{RuleTypes, Sanitizer};
    ///
    /// assert_eq!(Sanitizer::Trim.types(), RuleTypes::Text);
    /// assert_eq!(Sanitizer::Utc.types(), RuleTypes::DateTime);
    /// ```
    pub fn types(&self) -> RuleTypes {
        match self {
            Self::Trim | Self::CollapseWhitespace | Self::LowerCase | Self::UpperCase => RuleTypes::Text,
            Self::Slug | Self::UrlEncode => RuleTypes::Text,
            Self::NullIfEmpty => RuleTypes::TextOrBytes,
            Self::RoundToScale(_) => RuleTypes::Fraction,
            Self::Clamp(..) => RuleTypes::NumberOrTime,
            Self::Utc | Self::Timezone(_) => RuleTypes::DateTime,
            Self::Custom(_) => RuleTypes::Any,
        }
    }

    /// What a value of a column of this type becomes; none if it stays as it is, as NULL, a value of a type that this is
    /// not for, and every value for [`Custom`](Self::Custom), which only the program knows.
    ///
    /// ```
    /// use wasm_dbms_api::{DataType, Sanitizer, Value, ValueRef};
    ///
    /// let slug = Sanitizer::Slug.apply(ValueRef::Text("Crème brûlée!"), DataType::Text);
    /// assert_eq!(slug, Some(Value::from("creme-brulee")));
    /// assert_eq!(Sanitizer::Slug.apply(ValueRef::Text("creme-brulee"), DataType::Text), None);
    /// ```
    pub fn apply(&self, value: ValueRef<'_>, data_type: DataType) -> Option<Value> {
        match value {
            ValueRef::Text(text) => self.apply_to_text(text),
            ValueRef::Bytes([]) if *self == Self::NullIfEmpty => Some(Value::Null),
            ValueRef::DateTime(moment) => self.apply_to_moment(moment),
            ValueRef::Decimal(number) => self.apply_to_decimal(number),
            ValueRef::Float(number) => self.apply_to_float(number, data_type),
            ValueRef::Integer(_) | ValueRef::Unsigned(_) | ValueRef::Date(_) => self.clamped(value),
            _ => None,
        }
    }

    fn apply_to_text(&self, text: &str) -> Option<Value> {
        let changed = match self {
            Self::Trim => without_blanks(text).to_owned(),
            Self::CollapseWhitespace => rewrite::collapse_whitespace(text),
            Self::LowerCase => lower_case(text),
            Self::UpperCase => upper_case(text),
            Self::Slug => rewrite::slug(text),
            Self::UrlEncode => rewrite::url_encode(text),
            Self::NullIfEmpty if text.is_empty() => return Some(Value::Null),
            _ => return None,
        };
        (changed != text).then_some(Value::Text(changed))
    }

    fn apply_to_moment(&self, moment: DateTime) -> Option<Value> {
        let offset_seconds = match self {
            Self::Utc => 0,
            Self::Timezone(offset_seconds) => *offset_seconds,
            _ => return self.clamped(ValueRef::DateTime(moment)),
        };
        moment.with_offset(offset_seconds).map(Value::DateTime)
    }

    fn apply_to_decimal(&self, number: Decimal) -> Option<Value> {
        match self {
            Self::RoundToScale(scale) => {
                (number.scale() > *scale).then(|| Value::Decimal(rewrite::round_decimal(number, *scale)))
            }
            _ => self.clamped(ValueRef::Decimal(number)),
        }
    }

    fn apply_to_float(&self, number: f64, data_type: DataType) -> Option<Value> {
        match self {
            Self::RoundToScale(scale) if number.is_finite() => {
                Some(Value::Float(rewrite::round_float(number, *scale, data_type)))
            }
            _ => self.clamped(ValueRef::Float(number)),
        }
    }

    fn clamped(&self, value: ValueRef<'_>) -> Option<Value> {
        let Self::Clamp(low, high) = self else { return None };
        match (value.compare(low.as_ref()), value.compare(high.as_ref())) {
            (Some(Ordering::Less), _) => Some(low.clone()),
            (_, Some(Ordering::Greater)) => Some(high.clone()),
            _ => None,
        }
    }

    /// What is wrong with the arguments, or with the column for this rule.
    pub(crate) fn problem(&self, column: &ColumnSchema) -> Option<String> {
        match self {
            Self::NullIfEmpty if !column.nullable => Some("the column must not be null".into()),
            Self::RoundToScale(scale) if *scale > Decimal::MAX_SCALE => {
                Some(format!("more than {} digits after the point", Decimal::MAX_SCALE))
            }
            Self::Clamp(low, high) => column.problem_of_bounds(low, high),
            Self::Timezone(offset_seconds) if DateTime::default().with_offset(*offset_seconds).is_none() => {
                Some("an offset of a day or more".into())
            }
            Self::Custom(name) => problem_of_name(name),
            _ => None,
        }
    }
}

impl fmt::Display for Sanitizer {
    /// As the attribute of the derive says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trim => f.write_str("Trim"),
            Self::CollapseWhitespace => f.write_str("CollapseWhitespace"),
            Self::LowerCase => f.write_str("LowerCase"),
            Self::UpperCase => f.write_str("UpperCase"),
            Self::NullIfEmpty => f.write_str("NullIfEmpty"),
            Self::RoundToScale(scale) => write!(f, "RoundToScale({scale})"),
            Self::Slug => f.write_str("Slug"),
            Self::Clamp(low, high) => write!(f, "Clamp({low}, {high})"),
            Self::Utc => f.write_str("Utc"),
            Self::Timezone(seconds) => {
                let (sign, amount) = (if *seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
                write!(f, "Timezone({sign}{:02}:{:02}", amount / 3600, amount / 60 % 60)?;
                if !amount.is_multiple_of(60) {
                    write!(f, ":{:02}", amount % 60)?;
                }
                f.write_str(")")
            }
            Self::UrlEncode => f.write_str("UrlEncode"),
            Self::Custom(name) => write!(f, "with({name})"),
        }
    }
}
