//! Telephone numbers as they are dialled from anywhere (E.164).

use crate::text_parts::{cut, parts};

/// How many digits a number has, calling code and all.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// The calling codes in use that have two digits.
const TWO_DIGITS: &str = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 \
                          65 66 81 82 84 86 90 91 92 93 94 95 98";

/// Those that have three, without their last digit, and the last digits that are in use.
const THREE_DIGITS: &str = "21:12368 22:0123456789 23:0123456789 24:0123456789 25:012345678 26:0123456789 29:01789 \
                            35:0123456789 37:012345678 38:01235679 42:013 50:0123456789 59:0123456789 67:023456789 \
                            68:012356789 69:012 80:08 85:02356 87:08 88:012368 96:012345678 97:012345679 99:234568";

/// Whether this is a number: `+`, a calling code in use, more digits; between digits at most one space, point or
/// hyphen, and one pair of parentheses around some.
pub(in crate::rule) fn is_phone_number(text: &str) -> bool {
    let Some(number) = text.strip_prefix('+') else { return false };
    let mut digits = [0; 15];
    let mut count = 0;
    let mut before = '+';
    let (mut is_open, mut was_open) = (false, false);
    for character in number.chars() {
        let is_after_digit = before.is_ascii_digit();
        match character {
            '0'..='9' => {
                let Some(place) = digits.get_mut(count) else { return false };
                *place = character as u8;
                count += 1;
            }
            ' ' | '.' | '-' if is_after_digit || character == ' ' && before == ')' => {}
            '(' if !was_open && (is_after_digit || before == ' ') => (is_open, was_open) = (true, true),
            ')' if is_open && is_after_digit => is_open = false,
            _ => return false,
        }
        before = character;
    }
    !is_open
        && before.is_ascii_digit()
        && DIGITS.contains(&count)
        && digits.get(..count).and_then(|digits| std::str::from_utf8(digits).ok()).is_some_and(has_calling_code)
}

fn has_calling_code(digits: &str) -> bool {
    if matches!(digits.as_bytes(), [b'1' | b'7', ..]) {
        return true;
    }
    let (Some(two), Some(third)) = (digits.get(..2), digits.as_bytes().get(2)) else { return false };
    let is_three =
        |entry: &str| cut(entry, b':').is_some_and(|(start, last)| start == two && last.as_bytes().contains(third));
    parts(TWO_DIGITS, b' ').any(|code| code == two) || parts(THREE_DIGITS, b' ').any(is_three)
}
