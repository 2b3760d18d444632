//! SQL in colours.

use wasm_dbms_sql::{Dialect, TokenKind, tokens};

use crate::command::is_command;

/// The colour of a kind of piece, as a terminal is told; none for what stays as it is.
fn colour(kind: TokenKind) -> Option<&'static str> {
    match kind {
        TokenKind::Keyword => Some("\u{1b}[1;34m"),
        TokenKind::Number => Some("\u{1b}[36m"),
        TokenKind::Text => Some("\u{1b}[32m"),
        TokenKind::Parameter => Some("\u{1b}[35m"),
        TokenKind::Unfinished => Some("\u{1b}[33m"),
        TokenKind::Unknown => Some("\u{1b}[31m"),
        _ => None,
    }
}

const COMMENT: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// The text in colours: what it says is not changed.
pub(super) fn coloured(text: &str) -> String {
    if is_command(text) {
        return text.to_owned();
    }
    let mut coloured = String::with_capacity(text.len() * 2);
    let mut add = |piece: &str, colour: Option<&str>| match colour {
        Some(colour) if !piece.trim().is_empty() => coloured.extend([colour, piece, PLAIN]),
        _ => coloured.push_str(piece),
    };
    let mut end = 0;
    for (kind, range) in tokens(text, Dialect::PostgreSql) {
        // What is no blank between two pieces is a comment.
        add(text.get(end..range.start).unwrap_or_default(), Some(COMMENT));
        add(text.get(range.clone()).unwrap_or_default(), colour(kind));
        end = range.end;
    }
    add(text.get(end..).unwrap_or_default(), Some(COMMENT));
    coloured
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_change_nothing_of_the_text() {
        for text in ["SELECT 'a', 1 -- why\nFROM t WHERE x = $1;", "SELECT 'open", "é \\ ' \u{1}", ".tables", ""] {
            let mut plain = coloured(text);
            for code in
                ["\u{1b}[1;34m", "\u{1b}[36m", "\u{1b}[32m", "\u{1b}[35m", "\u{1b}[33m", "\u{1b}[31m", COMMENT, PLAIN]
            {
                plain = plain.replace(code, "");
            }
            assert_eq!(plain, text);
        }
        assert_eq!(coloured("SELECT a"), "\u{1b}[1;34mSELECT\u{1b}[0m a");
        assert_eq!(coloured("a -- b"), "a\u{1b}[2m -- b\u{1b}[0m");
    }
}
