//! E-mail addresses.

use super::address::{is_host_name, split_at_last};
use super::letter::is_letter_or_digit;
use crate::text_parts::{is_among, parts};

/// The longest address, and the longest name before the `@`, in bytes (RFC 5321).
const MAX_ADDRESS_BYTES: usize = 254;
const MAX_LOCAL_BYTES: usize = 64;

/// Whether this is an address: words joined by points, an `@`, the name of a host.
pub(in crate::rule) fn is_email(text: &str) -> bool {
    let Some((local, host)) = split_at_last(text, b'@') else { return false };
    let is_word = |word: &str| !word.is_empty() && word.chars().all(is_word_character);
    text.len() <= MAX_ADDRESS_BYTES
        && local.len() <= MAX_LOCAL_BYTES
        && parts(local, b'.').all(is_word)
        && is_host_name(host, false)
}

fn is_word_character(character: char) -> bool {
    is_letter_or_digit(character) || is_among(character, "!#$%&'*+/=?^_`{|}~-")
}
