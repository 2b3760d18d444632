//! Names of hosts, in e-mail addresses and URLs.

use super::letter::is_letter_or_digit;
use crate::text_parts::parts;

/// The longest name of a host, and the longest part of one between two points, in bytes.
const MAX_NAME_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// Whether this is the name of a host: parts of letters, digits and, inside, hyphens, joined by points. URLs have
/// underscores in them too.
pub(super) fn is_host_name(name: &str, takes_underscores: bool) -> bool {
    let is_inner = |character: char| is_letter_or_digit(character) || character == '-';
    let is_label = |label: &str| {
        let mut ends = label.chars();
        let is_end = |character: Option<char>| {
            character.is_none_or(|character| is_letter_or_digit(character) || takes_underscores && character == '_')
        };
        !label.is_empty()
            && label.len() <= MAX_LABEL_BYTES
            && is_end(ends.next())
            && is_end(ends.next_back())
            && label.chars().all(|character| is_inner(character) || takes_underscores && character == '_')
    };
    name.len() <= MAX_NAME_BYTES && parts(name, b'.').all(is_label)
}

/// What stands before and behind the last of these ASCII characters.
pub(super) fn split_at_last(text: &str, character: u8) -> Option<(&str, &str)> {
    let at = text.bytes().rposition(|byte| byte == character)?;
    text.get(..at).zip(text.get(at + 1..))
}
