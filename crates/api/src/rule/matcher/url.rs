//! Absolute URLs.

use super::address::{is_host_name, split_at_last};
use super::ip_address::{is_ipv4, is_ipv6};
use super::letter::is_letter_or_digit;
use crate::integer_text::parse_digits;
use crate::text_parts::{cut, is_among};

/// Schemes whose URLs always name a host.
const WITH_HOST: [&str; 5] = ["http", "https", "ws", "wss", "ftp"];

/// Whether this is an absolute URL.
pub(in crate::rule) fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = cut(text, b':') else { return false };
    let mut characters = scheme.chars();
    let is_scheme = characters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && characters.all(|character| character.is_ascii_alphanumeric() || is_among(character, "+-."));
    if !is_scheme || !has_only_url_characters(rest) {
        return false;
    }
    let needs_host = WITH_HOST.iter().any(|other| scheme.eq_ignore_ascii_case(other));
    match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
            // A file has a host at most.
            let is_right = match authority {
                "" => !needs_host,
                _ if scheme.eq_ignore_ascii_case("file") => is_host(authority),
                _ => is_authority(authority),
            };
            is_right && has_no_brackets(path)
        }
        None => !needs_host && !rest.is_empty() && has_no_brackets(rest),
    }
}

/// Whether each character may stand in a URL, each `%` before two hexadecimal digits and one `#` at most.
fn has_only_url_characters(text: &str) -> bool {
    let mut rest = text;
    let mut has_fragment = false;
    while let Some(character) = rest.chars().next() {
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
        let is_right = match character {
            '%' => rest.as_bytes().first_chunk::<2>().is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
            '#' => !std::mem::replace(&mut has_fragment, true),
            _ => is_letter_or_digit(character) || is_among(character, "-._~:/?[]@!$&'()*+,;="),
        };
        if !is_right {
            return false;
        }
    }
    true
}

fn has_no_brackets(text: &str) -> bool {
    !text.bytes().any(|byte| matches!(byte, b'[' | b']'))
}

/// Whether this names a host, with a user before it and a port after it if they are there.
fn is_authority(authority: &str) -> bool {
    let (user, host) = split_at_last(authority, b'@').unwrap_or(("", authority));
    if !has_no_brackets(user) || user.as_bytes().contains(&b'@') {
        return false;
    }
    let port = match host.strip_prefix('[') {
        Some(rest) => {
            let Some((address, after)) = cut(rest, b']') else { return false };
            if !is_ipv6(address) || !after.is_empty() && !after.starts_with(':') {
                return false;
            }
            after.strip_prefix(':')
        }
        None => {
            let (name, port) = cut(host, b':').map_or((host, None), |(name, port)| (name, Some(port)));
            if !is_host(name) {
                return false;
            }
            port
        }
    };
    port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit())
            && (port.is_empty() || parse_digits(port, 10).is_some_and(|port| port <= u16::MAX.into()))
    })
}

/// Whether this is a name, or an address where its last part is a number.
fn is_host(name: &str) -> bool {
    let last = split_at_last(name, b'.').map_or(name, |(_, last)| last);
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_hex = |text: &str| {
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    if !last.is_empty() && (is_number(last) || is_hex(last)) {
        return is_ipv4(name);
    }
    is_host_name(name, true)
}
