//! [`tokens`]: the pieces of a text, for those who show it in colours or look for the end of a statement.

use std::ops::Range;

use crate::Dialect;
use crate::keyword::Keyword;
use crate::lexer::{Kind, Lexer};

/// What a piece of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenKind {
    /// A word that means something somewhere.
    Keyword,
    /// Another word, or a name in quotes.
    Name,
    /// A number.
    Number,
    /// A text or bytes, in any kind of quotes.
    Text,
    /// `?`, `?1`, `$1`, `:name`.
    Parameter,
    /// A sign; a semicolon ends a statement.
    Sign,
    /// A text, a name or a comment that does not end.
    Unfinished,
    /// No SQL.
    Unknown,
}

/// The pieces of a text with their places, in bytes. Blanks and comments stand between them.
///
/// ```
/// use wasm_dbms_sql::{Dialect, TokenKind, tokens};
///
/// let text = "SELECT 'a;b'; -- that is all";
/// let found: Vec<_> = tokens(text, Dialect::PostgreSql).collect();
/// assert_eq!(found, [(TokenKind::Keyword, 0..6), (TokenKind::Text, 7..12), (TokenKind::Sign, 12..13)]);
/// assert!(tokens("SELECT 'a", Dialect::PostgreSql).any(|(kind, _)| kind == TokenKind::Unfinished));
/// ```
pub fn tokens(text: &str, dialect: Dialect) -> impl Iterator<Item = (TokenKind, Range<usize>)> {
    let mut lexer = Lexer::new(text, dialect);
    std::iter::from_fn(move || {
        let token = match lexer.next() {
            Ok(token) => token,
            Err(fault) => {
                let is_whole = lexer.skip_unreadable(fault.offset);
                let kind = if is_whole { TokenKind::Unknown } else { TokenKind::Unfinished };
                return Some((kind, fault.offset..lexer.at()));
            }
        };
        let kind = match token.kind {
            Kind::End => return None,
            Kind::Word(Some(_)) => TokenKind::Keyword,
            Kind::Word(None) | Kind::Quoted => TokenKind::Name,
            Kind::Number => TokenKind::Number,
            Kind::Text | Kind::Escaped | Kind::Dollar(_) | Kind::Bytes => TokenKind::Text,
            Kind::Parameter => TokenKind::Parameter,
            Kind::Sign(_) => TokenKind::Sign,
        };
        Some((kind, token.offset..token.offset + token.text.len()))
    })
}

/// The words that mean something somewhere, in the order of the alphabet.
///
/// ```
/// assert!(wasm_dbms_sql::keywords().any(|word| word.eq_ignore_ascii_case("select")));
/// ```
pub fn keywords() -> impl Iterator<Item = &'static str> {
    Keyword::all()
}
