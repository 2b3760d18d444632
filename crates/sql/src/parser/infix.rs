//! What stands between operands, and how tightly it binds.

use wasm_dbms_api::{Arithmetic, Comparison, ScalarFunction};

use super::Parser;
use crate::keyword::Keyword;
use crate::lexer::Kind;

/// What an operator does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Infix {
    Or,
    And,
    /// NOT before IN, LIKE, BETWEEN.
    Not,
    Compare(Comparison),
    Is,
    IsNull,
    NotNull,
    Between,
    In,
    Like {
        ignores_case: bool,
    },
    Arithmetic(Arithmetic),
    Join,
    /// A function of both sides.
    Function(ScalarFunction),
    /// `<@`.
    ContainedIn,
    /// `->`, `->>`.
    JsonPart(ScalarFunction),
    Cast,
    NotSupported(&'static str),
}

/// An operator with its power.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tie {
    pub(super) infix: Infix,
    pub(super) power: u8,
}

pub(super) const POWER_OR: u8 = 1;
pub(super) const POWER_AND: u8 = 2;
pub(super) const POWER_NOT: u8 = 3;
const POWER_IS: u8 = 4;
const POWER_COMPARE: u8 = 5;
const POWER_IN: u8 = 6;
const POWER_OTHER: u8 = 7;
const POWER_ADD: u8 = 8;
const POWER_MULTIPLY: u8 = 9;
const POWER_POWER: u8 = 10;
const POWER_COLLATE: u8 = 11;
pub(super) const POWER_UNARY: u8 = 12;
const POWER_CAST: u8 = 13;

/// Signs: what they do, and their power in PostgreSQL and in SQLite; 0 where there is no such sign.
const SIGNS: &[(&str, Infix, u8, u8)] = &[
    ("=", Infix::Compare(Comparison::Equal), POWER_COMPARE, POWER_IS),
    ("==", Infix::Compare(Comparison::Equal), 0, POWER_IS),
    ("<>", Infix::Compare(Comparison::NotEqual), POWER_COMPARE, POWER_IS),
    ("!=", Infix::Compare(Comparison::NotEqual), POWER_COMPARE, POWER_IS),
    ("<", Infix::Compare(Comparison::Less), POWER_COMPARE, POWER_COMPARE),
    ("<=", Infix::Compare(Comparison::LessOrEqual), POWER_COMPARE, POWER_COMPARE),
    (">", Infix::Compare(Comparison::Greater), POWER_COMPARE, POWER_COMPARE),
    (">=", Infix::Compare(Comparison::GreaterOrEqual), POWER_COMPARE, POWER_COMPARE),
    ("||", Infix::Join, POWER_OTHER, POWER_POWER),
    ("->", Infix::JsonPart(ScalarFunction::JsonExtract), POWER_OTHER, POWER_POWER),
    ("->>", Infix::JsonPart(ScalarFunction::JsonText), POWER_OTHER, POWER_POWER),
    ("@>", Infix::Function(ScalarFunction::JsonContains), POWER_OTHER, POWER_OTHER),
    ("<@", Infix::ContainedIn, POWER_OTHER, POWER_OTHER),
    ("+", Infix::Arithmetic(Arithmetic::Add), POWER_ADD, POWER_ADD),
    ("-", Infix::Arithmetic(Arithmetic::Subtract), POWER_ADD, POWER_ADD),
    ("*", Infix::Arithmetic(Arithmetic::Multiply), POWER_MULTIPLY, POWER_MULTIPLY),
    ("/", Infix::Arithmetic(Arithmetic::Divide), POWER_MULTIPLY, POWER_MULTIPLY),
    ("%", Infix::Arithmetic(Arithmetic::Remainder), POWER_MULTIPLY, POWER_MULTIPLY),
    ("^", Infix::Function(ScalarFunction::Power), POWER_POWER, POWER_POWER),
    ("::", Infix::Cast, POWER_CAST, POWER_CAST),
    ("&", Infix::Function(ScalarFunction::BitAnd), POWER_OTHER, POWER_OTHER),
    ("|", Infix::Function(ScalarFunction::BitOr), POWER_OTHER, POWER_OTHER),
    ("#", Infix::Function(ScalarFunction::BitXor), POWER_OTHER, 0),
    ("<<", Infix::Function(ScalarFunction::ShiftLeft), POWER_OTHER, POWER_OTHER),
    (">>", Infix::Function(ScalarFunction::ShiftRight), POWER_OTHER, POWER_OTHER),
    ("~", Infix::NotSupported("regular expressions"), POWER_OTHER, POWER_OTHER),
    ("~*", Infix::NotSupported("regular expressions"), POWER_OTHER, POWER_OTHER),
    ("!~", Infix::NotSupported("regular expressions"), POWER_OTHER, POWER_OTHER),
    ("#>", Infix::NotSupported("paths of JSON in arrays; write json_extract"), POWER_OTHER, POWER_OTHER),
    ("#>>", Infix::NotSupported("paths of JSON in arrays; write json_extract_text"), POWER_OTHER, POWER_OTHER),
    ("[", Infix::NotSupported("arrays"), POWER_CAST, POWER_CAST),
];

impl Parser<'_> {
    /// The operator that stands here, if one does.
    pub(super) fn infix(&self) -> Option<Tie> {
        if let Kind::Sign(here) = self.token.kind {
            let (_, infix, postgresql, sqlite) =
                SIGNS.iter().find(|(sign, ..)| sign.as_bytes().first() == here.as_bytes().first() && *sign == here)?;
            let power = if self.is_sqlite() { *sqlite } else { *postgresql };
            return (power > 0).then_some(Tie { infix: *infix, power });
        }
        // In SQLite all of these bind as `=` does.
        let own = |infix, power: u8| Some(Tie { infix, power: if self.is_sqlite() { POWER_IS } else { power } });
        match self.keyword()? {
            Keyword::And => Some(Tie { infix: Infix::And, power: POWER_AND }),
            Keyword::Or => Some(Tie { infix: Infix::Or, power: POWER_OR }),
            Keyword::Is => own(Infix::Is, POWER_IS),
            Keyword::IsNull => own(Infix::IsNull, POWER_IS),
            Keyword::NotNull => own(Infix::NotNull, POWER_IS),
            Keyword::Not => match self.next_keyword()? {
                Keyword::In | Keyword::Between | Keyword::Like | Keyword::Ilike => own(Infix::Not, POWER_IN),
                Keyword::Null if self.is_sqlite() => own(Infix::Not, POWER_IN),
                Keyword::Similar | Keyword::Glob | Keyword::Regexp | Keyword::Match => own(Infix::Not, POWER_IN),
                _ => None,
            },
            Keyword::Collate => Some(Tie {
                infix: Infix::NotSupported("COLLATE: texts are ordered by their bytes"),
                power: POWER_COLLATE,
            }),
            Keyword::At if self.next_keyword() == Some(Keyword::Time) => {
                Some(Tie { infix: Infix::NotSupported("AT TIME ZONE; write at_offset"), power: POWER_COLLATE })
            }
            Keyword::Null => None,
            _ => own(self.infix_word()?, POWER_IN),
        }
    }

    /// What may stand behind NOT too.
    pub(super) fn infix_word(&self) -> Option<Infix> {
        Some(match self.keyword()? {
            Keyword::In => Infix::In,
            // SQLite's `a NOT NULL`; there is no `a NULL`.
            Keyword::Null if self.is_sqlite() => Infix::IsNull,
            Keyword::Between => Infix::Between,
            Keyword::Like => Infix::Like { ignores_case: false },
            Keyword::Ilike => Infix::Like { ignores_case: true },
            Keyword::Similar => Infix::NotSupported("SIMILAR TO"),
            Keyword::Glob => Infix::NotSupported("GLOB"),
            Keyword::Regexp => Infix::NotSupported("REGEXP"),
            Keyword::Match if self.is_sqlite() => Infix::NotSupported("MATCH"),
            _ => return None,
        })
    }
}
