//! How words are put together in identifiers.

use crate::text_parts::parts;

/// Whether this is `camelCase` or `CamelCase`.
pub(in crate::rule) fn is_camel_case(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether these are words of small letters and digits with one separator between each two.
pub(in crate::rule) fn is_words(text: &str, separator: u8) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    parts(text, separator).all(is_word)
}
