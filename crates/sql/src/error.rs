//! What is wrong with a text, and where.

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;
use wasm_dbms_api::text_parts::without_blanks_behind;

use crate::limits::EXCERPT_CHARACTERS;

/// What is wrong with a text of SQL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SqlErrorKind {
    /// Something else must stand here.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What must stand here.
        expected: Cow<'static, str>,
        /// What stands here.
        found: String,
    },
    /// SQL, but not what this database does.
    #[error("not supported: {0}")]
    NotSupported(Cow<'static, str>),
    /// No function has this name.
    #[error("there is no function {0}")]
    UnknownFunction(String),
    /// No type has this name.
    #[error("there is no type {0}")]
    UnknownType(String),
    /// A literal, a name or a comment that does not end, or is no value of its type.
    #[error("{0}")]
    Literal(Cow<'static, str>),
    /// The database refuses it.
    #[error("{0}")]
    Refused(String),
    /// The text contradicts itself.
    #[error("{0}")]
    Contradiction(Cow<'static, str>),
    /// More than there is room for.
    #[error("{what}: more than {most}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The most there may be.
        most: usize,
    },
}

/// What is wrong with a text of SQL, with the place.
///
/// ```
/// use wasm_dbms_sql::{Dialect, parse};
///
/// let error = parse("SELECT name\nFROM WHERE age > 3", Dialect::PostgreSql).unwrap_err();
/// assert_eq!((error.offset, error.line, error.column), (17, 2, 6));
/// assert_eq!(
///     error.to_string(),
///     "line 2, column 6: expected a table or a query in parentheses, found WHERE\n\
///      FROM WHERE age > 3\n\
///      \x20    ^"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError {
    /// What is wrong.
    pub kind: SqlErrorKind,
    /// Where, in bytes from the start.
    pub offset: usize,
    /// The line, from 1 on.
    pub line: usize,
    /// The character of the line, from 1 on.
    pub column: usize,
    /// The line, or what is near the place.
    excerpt: String,
    /// How many characters stand before the place in the excerpt.
    caret: usize,
}

/// What is wrong, before the line is known.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: SqlErrorKind,
    pub(crate) offset: usize,
}

pub(crate) type Result<T> = std::result::Result<T, Box<Fault>>;

/// A fault at a place.
pub(crate) fn fault<T>(kind: SqlErrorKind, offset: usize) -> Result<T> {
    Err(Box::new(Fault { kind, offset }))
}

/// Something that this database does not do.
pub(crate) fn not_supported<T>(what: impl Into<Cow<'static, str>>, offset: usize) -> Result<T> {
    fault(SqlErrorKind::NotSupported(what.into()), offset)
}

impl Fault {
    /// Finds line and column in the text.
    pub(crate) fn locate(self, text: &str) -> SqlError {
        let Self { kind, offset } = self;
        let before = text.get(..offset).unwrap_or(text);
        let after = text.get(before.len()..).unwrap_or_default();
        let start = before.bytes().rposition(|byte| byte == b'\n').map_or(0, |newline| newline + 1);
        let line_before = before.get(start..).unwrap_or_default();
        let column = line_before.chars().count();
        let skipped = column.saturating_sub(EXCERPT_CHARACTERS);
        let mut excerpt = String::new();
        let mut show = |character: char| excerpt.push(if character.is_control() { ' ' } else { character });
        for (place, character) in line_before.chars().enumerate() {
            if place >= skipped {
                show(character);
            }
        }
        for character in after.chars().take(EXCERPT_CHARACTERS) {
            if character == '\n' {
                break;
            }
            show(character);
        }
        excerpt.truncate(without_blanks_behind(&excerpt).len());
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        SqlError { kind, offset, line, column: column + 1, caret: column - skipped, excerpt }
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.kind)?;
        write!(f, "\n{}\n{:caret$}^", self.excerpt, "", caret = self.caret)
    }
}

impl std::error::Error for SqlError {}
