//! The rules of a column in the schema snapshot: sanitizers and validators.
//!
//! A rule is a `u8` code and what the rule takes; a text is all that is left. A code never changes its meaning. Without the
//! feature `full` nobody asks what a rule is: its bytes are kept as the name of one of the program's own.
//!
//! | sanitizer | takes | validator | takes |
//! |---|---|---|---|
//! | 0 own | text name | 0 own | text name |
//! | 1 `Trim` | | 1 `MinLen` | number |
//! | 2 `CollapseWhitespace` | | 2 `MaxLen` | number |
//! | 3 `LowerCase` | | 3 `LenRange` | `u32`, number |
//! | 4 `UpperCase` | | 4 `Email` | |
//! | 5 `NullIfEmpty` | | 5 `Url` | |
//! | 6 `RoundToScale` | `u8` digits | 6 `MimeType` | |
//! | 7 `Slug` | | 7 `PhoneNumber` | |
//! | 8 `Clamp` | value, value | 8 `CountryCode` | |
//! | 9 `Utc` | | 9 `RgbColor` | |
//! | 10 `Timezone` | `i32` seconds | 10 `CamelCase` | |
//! | 11 `UrlEncode` | | 11 `KebabCase` | |
//! | | | 12 `SnakeCase` | |
//! | | | 13 `Regex` | text pattern |
//! | | | 14 `Range` | value, value |

use wasm_dbms_api::{Sanitizer, Validator};

use crate::codec::record::{Reader, Writer};
use crate::full::IS_FULL;

impl Writer {
    pub(super) fn sanitizer(&mut self, sanitizer: &Sanitizer) {
        match sanitizer {
            Sanitizer::Custom(name) if !IS_FULL => self.unread(name),
            _ if !IS_FULL => {}
            Sanitizer::Trim => self.0.push(1),
            Sanitizer::CollapseWhitespace => self.0.push(2),
            Sanitizer::LowerCase => self.0.push(3),
            Sanitizer::UpperCase => self.0.push(4),
            Sanitizer::NullIfEmpty => self.0.push(5),
            Sanitizer::RoundToScale(scale) => self.0.extend_from_slice(&[6, *scale]),
            Sanitizer::Slug => self.0.push(7),
            Sanitizer::Clamp(low, high) => {
                self.0.push(8);
                self.value(low.as_ref());
                self.value(high.as_ref());
            }
            Sanitizer::Utc => self.0.push(9),
            Sanitizer::Timezone(seconds) => {
                self.0.push(10);
                self.0.extend_from_slice(&seconds.to_le_bytes());
            }
            Sanitizer::UrlEncode => self.0.push(11),
            Sanitizer::Custom(name) => self.named(0, name),
            // The words are those of this release; what is written is read again before a table is made.
            _ => self.0.push(u8::MAX),
        }
    }

    pub(super) fn validator(&mut self, validator: &Validator) {
        match validator {
            Validator::Custom(name) if !IS_FULL => self.unread(name),
            _ if !IS_FULL => {}
            Validator::MinLen(least) => self.length(1, *least),
            Validator::MaxLen(most) => self.length(2, *most),
            Validator::LenRange(least, most) => {
                self.length(3, *least);
                self.number((*most).into());
            }
            Validator::Email => self.0.push(4),
            Validator::Url => self.0.push(5),
            Validator::MimeType => self.0.push(6),
            Validator::PhoneNumber => self.0.push(7),
            Validator::CountryCode => self.0.push(8),
            Validator::RgbColor => self.0.push(9),
            Validator::CamelCase => self.0.push(10),
            Validator::KebabCase => self.0.push(11),
            Validator::SnakeCase => self.0.push(12),
            Validator::Regex(pattern) => self.named(13, pattern),
            Validator::Range(low, high) => {
                self.0.push(14);
                self.value(low.as_ref());
                self.value(high.as_ref());
            }
            Validator::Custom(name) => self.named(0, name),
            _ => self.0.push(u8::MAX),
        }
    }

    /// What [`Reader::unread`] made of bytes.
    fn unread(&mut self, name: &str) {
        self.0.extend(name.chars().map(|byte| byte as u8));
    }

    fn named(&mut self, code: u8, name: &str) {
        self.0.push(code);
        self.0.extend_from_slice(name.as_bytes());
    }

    fn length(&mut self, code: u8, length: u32) {
        self.0.push(code);
        self.number(length.into());
    }
}

impl Reader<'_> {
    /// What is left, as a name: a rule that is neither carried out nor made, and stays what it is.
    fn unread(&mut self) -> String {
        self.rest().iter().map(|byte| char::from(*byte)).collect()
    }

    pub(super) fn sanitizer(&mut self) -> Sanitizer {
        if !IS_FULL {
            return Sanitizer::Custom(self.unread());
        }
        match self.u8() {
            0 => Sanitizer::Custom(self.text()),
            1 => Sanitizer::Trim,
            2 => Sanitizer::CollapseWhitespace,
            3 => Sanitizer::LowerCase,
            4 => Sanitizer::UpperCase,
            5 => Sanitizer::NullIfEmpty,
            6 => Sanitizer::RoundToScale(self.u8()),
            7 => Sanitizer::Slug,
            8 => Sanitizer::Clamp(self.value(), self.value()),
            9 => Sanitizer::Utc,
            10 => Sanitizer::Timezone(i32::from_le_bytes(self.chunk())),
            11 => Sanitizer::UrlEncode,
            code => {
                self.newer(format_args!("the sanitizer {code}"));
                Sanitizer::Trim
            }
        }
    }

    pub(super) fn validator(&mut self) -> Validator {
        if !IS_FULL {
            return Validator::Custom(self.unread());
        }
        match self.u8() {
            0 => Validator::Custom(self.text()),
            1 => Validator::MinLen(self.u32()),
            2 => Validator::MaxLen(self.u32()),
            3 => Validator::LenRange(self.u32(), self.u32()),
            4 => Validator::Email,
            5 => Validator::Url,
            6 => Validator::MimeType,
            7 => Validator::PhoneNumber,
            8 => Validator::CountryCode,
            9 => Validator::RgbColor,
            10 => Validator::CamelCase,
            11 => Validator::KebabCase,
            12 => Validator::SnakeCase,
            13 => Validator::Regex(self.text()),
            14 => Validator::Range(self.value(), self.value()),
            code => {
                self.newer(format_args!("the validator {code}"));
                Validator::Email
            }
        }
    }
}
