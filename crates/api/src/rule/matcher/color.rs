//! Colors.

/// Whether this is `#rgb` or `#rrggbb`.
pub(in crate::rule) fn is_rgb_color(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
