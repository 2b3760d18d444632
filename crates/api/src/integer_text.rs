//! Texts as integers, as the standard library reads them: one reader for all types, where that has one for each.

/// The number that these digits say, of which there is one at least, and nothing else.
///
/// ```
/// use wasm_dbms_api::parse_digits;
///
/// assert_eq!((parse_digits("fF", 16), parse_digits("12", 10)), (Some(255), Some(12)));
/// assert_eq!((parse_digits("", 10), parse_digits("+1", 10)), (None, None));
/// ```
#[inline(never)]
pub fn parse_digits(text: &str, radix: u32) -> Option<u64> {
    let mut number = 0u64;
    for byte in text.bytes() {
        let digit = char::from(byte).to_digit(radix)?;
        number = number.checked_mul(radix.into())?.checked_add(digit.into())?;
    }
    Some(number).filter(|_| !text.is_empty())
}

/// The number that digits say, behind a plus or without it.
///
/// ```
/// use wasm_dbms_api::parse_unsigned;
///
/// assert_eq!((parse_unsigned("+12"), parse_unsigned("-1")), (Some(12), None));
/// ```
pub fn parse_unsigned(text: &str) -> Option<u64> {
    parse_digits(text.strip_prefix('+').unwrap_or(text), 10)
}

/// The number that digits say, behind a sign or without it.
///
/// ```
/// use wasm_dbms_api::parse_integer;
///
/// assert_eq!(parse_integer("-9223372036854775808"), Some(i64::MIN));
/// assert_eq!(parse_integer("9223372036854775808"), None);
/// ```
#[inline(never)]
pub fn parse_integer(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(digits) => 0i64.checked_sub_unsigned(parse_digits(digits, 10)?),
        None => i64::try_from(parse_unsigned(text)?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECES: [&str; 14] = [
        "+",
        "-",
        "0",
        "1",
        "9",
        "12",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "a",
        "F",
        "é",
        "_",
        "",
    ];

    #[test]
    fn texts_are_the_integers_that_the_standard_library_reads() {
        let mut random = fastrand::Rng::with_seed(64);
        let mut read = 0;
        for _ in 0..100_000 {
            let text: String = (0..random.usize(0..5)).map(|_| *random.choice(&PIECES).unwrap()).collect();
            assert_eq!(parse_integer(&text), text.parse().ok(), "{text}");
            assert_eq!(parse_unsigned(&text), text.parse().ok(), "{text}");
            let digits = u64::from_str_radix(&text, 16).ok().filter(|_| !text.starts_with('+'));
            assert_eq!(parse_digits(&text, 16), digits, "{text}");
            read += usize::from(parse_integer(&text).is_some());
        }
        assert!(read > 1000, "{read}");
    }
}
