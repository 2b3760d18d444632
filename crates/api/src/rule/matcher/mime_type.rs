//! Media types.

use crate::text_parts::{cut, is_among};

/// The longest type or subtype, in bytes (RFC 6838).
const MAX_NAME_BYTES: usize = 127;

/// Whether this is a media type: two names with a slash between, then parameters, each after a semicolon.
pub(in crate::rule) fn is_mime_type(text: &str) -> bool {
    let essence_end = text.bytes().position(|byte| byte == b';').unwrap_or(text.len());
    let (essence, mut rest) = text.split_at_checked(essence_end).unwrap_or((text, ""));
    let Some((kind, subtype)) = cut(essence, b'/') else { return false };
    if !is_name(kind) || !is_name(subtype) {
        return false;
    }
    while let Some(after) = rest.strip_prefix(';') {
        let blanks = after.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let Some(after) = after.get(blanks..).and_then(parameter) else { return false };
        rest = after;
    }
    rest.is_empty()
}

fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME_BYTES
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || is_among(character, "!#$&-^_.+"))
}

/// What stands after the parameter at the start of a text, if there is one: a name, `=`, and a word or a quoted text.
fn parameter(text: &str) -> Option<&str> {
    let (name, value) = cut(text, b'=')?;
    if name.is_empty() || !name.chars().all(is_token_character) {
        return None;
    }
    if let Some(mut quoted) = value.strip_prefix('"') {
        loop {
            let character = quoted.chars().next()?;
            quoted = quoted.get(character.len_utf8()..)?;
            match character {
                '"' => return Some(quoted),
                '\\' => {
                    let escaped = quoted.chars().next().filter(|escaped| (' '..='~').contains(escaped))?;
                    quoted = quoted.get(escaped.len_utf8()..)?;
                }
                ' '..='~' | '\t' => {}
                _ => return None,
            }
        }
    }
    let is_other = |byte| !is_token_character(char::from(byte));
    let end = value.bytes().position(is_other).unwrap_or(value.len());
    value.get(end..).filter(|_| end > 0)
}

fn is_token_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || is_among(character, "!#$%&'*+-.^_`|~")
}
