//! The text of a document with each number in one form.

/// Bytes that are equal exactly for equal documents. Of text that is no document it makes some bytes.
pub(super) fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let length = match first {
            b'"' => string_length(after) + 1,
            b'-' | b'0'..=b'9' => {
                let is_number = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let length = rest.iter().position(|byte| !is_number(byte)).unwrap_or(rest.len());
                let (number, after) = rest.split_at_checked(length).unwrap_or_default();
                push_number(&mut bytes, number);
                rest = after;
                continue;
            }
            _ => 1,
        };
        let (taken, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        bytes.extend_from_slice(taken);
        rest = after;
    }
    bytes
}

/// How long the rest of a string is, its last quote included.
fn string_length(text: &[u8]) -> usize {
    let mut is_escaped = false;
    let end = text.iter().position(|byte| {
        let is_end = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 1)
}

/// Appends the digits that count and the power of ten of the last: `-15e-1` for `-1.50`. A number whose exponent is
/// beyond all measure stays as it is.
fn push_number(bytes: &mut Vec<u8>, number: &[u8]) {
    let (mantissa, exponent) = match number.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (number.get(..at).unwrap_or_default(), number.get(at + 1..).unwrap_or_default()),
        None => (number, &b"0"[..]),
    };
    let exponent = crate::float::exponent(exponent).filter(|size| i32::try_from(*size).is_ok());
    let Some(mut exponent) = exponent else {
        bytes.extend_from_slice(number);
        return;
    };
    if let Some(point) = mantissa.iter().position(|byte| *byte == b'.') {
        exponent -= (mantissa.len() - point - 1) as i64;
    }
    let start = bytes.len();
    let digits = mantissa.iter().filter(|byte| byte.is_ascii_digit()).skip_while(|byte| **byte == b'0');
    bytes.extend(digits);
    while bytes.len() > start && bytes.last() == Some(&b'0') {
        bytes.pop();
        exponent += 1;
    }
    if bytes.len() == start {
        bytes.push(b'0');
        return;
    }
    if mantissa.first() == Some(&b'-') {
        bytes.insert(start, b'-');
    }
    if exponent != 0 {
        bytes.extend_from_slice(format!("e{exponent}").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn numbers_that_are_equal_come_out_alike_and_others_do_not() {
        for numbers in [
            &["0", "-0", "0.00", "0e5", "-0.0E-7"][..],
            &["1", "1.0", "10e-1", "0.1e1", "1E+0"],
            &["-1500", "-1.5e3", "-15E2", "-1500.000"],
            &["0.1", "1e-1", "100e-3"],
            &["12345678901234567890123", "1.2345678901234567890123e22"],
        ] {
            for number in numbers {
                assert_eq!(bytes(number), bytes(numbers[0]), "{number}");
            }
        }
        let different = ["1", "-1", "10", "0.1", "1e400", "1e401", "12345678901234567890123", "1e99999999999", "true"];
        for (number, one) in different.iter().enumerate() {
            assert!(different[number + 1..].iter().all(|two| bytes(one) != bytes(two)), "{one}");
        }
    }

    #[test]
    fn what_stands_in_strings_is_left_alone() {
        for text in [r#""1.0""#, r#"{"1.0":"\"2.0"}"#, r#"["\\",true]"#, "\"", "\"\\", "é"] {
            assert_eq!(bytes(text), text.as_bytes());
        }
        assert_eq!(bytes(r#"["1.0",1.0,"\\",2.0]"#), br#"["1.0",1,"\\",2]"#);
    }
}
