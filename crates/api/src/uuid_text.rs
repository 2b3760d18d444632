//! Texts as UUIDs, and UUIDs as texts.
//!
//! The library answers the same, with unrolled loops that weigh ten times as much in a module.

use crate::Uuid;

/// Where the hyphens of a text of 36 characters stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// The UUID that a text says: 32 hexadecimal digits, alone or with the four hyphens; with these in braces or behind `urn:uuid:`
/// too. Nothing of another text.
///
/// ```
/// use wasm_dbms_api::parse_uuid;
///
/// let uuid = parse_uuid("67e55044-10b1-426f-9247-bb680e5fe0c8");
/// assert_eq!(uuid, parse_uuid("67E5504410B1426F9247BB680E5FE0C8"));
/// assert_eq!(parse_uuid("67e55044"), None);
/// ```
pub fn parse_uuid(text: &str) -> Option<Uuid> {
    let bytes = text.as_bytes();
    let hyphenated = match (bytes.len(), bytes) {
        (32 | 36, own) | (38, [b'{', own @ .., b'}']) => own,
        (45, own) => own.split_at_checked(9).filter(|(start, _)| start.eq_ignore_ascii_case(b"urn:uuid:"))?.1,
        _ => return None,
    };
    let mut number = 0u128;
    for (place, byte) in hyphenated.iter().enumerate() {
        if hyphenated.len() == 36 && HYPHENS.contains(&place) {
            if *byte != b'-' {
                return None;
            }
            continue;
        }
        number = number << 4 | u128::from(char::from(*byte).to_digit(16)?);
    }
    Some(Uuid::from_u128(number))
}

/// The text of a UUID: 32 small hexadecimal digits with four hyphens.
///
/// ```
/// use wasm_dbms_api::{Uuid, uuid_text};
///
/// assert_eq!(uuid_text(Uuid::from_u128(0x67e55044_10b1_426f_9247_bb680e5fe0c8)), "67e55044-10b1-426f-9247-bb680e5fe0c8");
/// ```
pub fn uuid_text(uuid: Uuid) -> String {
    let mut text = String::with_capacity(36);
    for byte in uuid.as_bytes() {
        if HYPHENS.contains(&text.len()) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(digit.into(), 16));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_the_library_reads_them() {
        let plain = "67e55044-10b1-426f-9247-bb680e5fe0c8";
        let forms = [plain.to_owned(), plain.replace('-', ""), format!("{{{plain}}}"), format!("urn:uuid:{plain}")];
        let mut texts = forms.to_vec();
        // Each character in turn is another, or missing, or there twice.
        for form in forms {
            for place in 0..form.len() {
                let (start, end) = form.split_at(place);
                for other in ["-", "g", "A", "{", "é", " ", "+", ""] {
                    texts.push(format!("{start}{other}{end}"));
                    texts.push(format!("{start}{other}{}", end.get(1..).unwrap_or_default()));
                }
            }
        }
        for text in texts {
            assert_eq!(parse_uuid(&text), text.parse().ok(), "{text}");
            if let Some(uuid) = parse_uuid(&text) {
                assert_eq!(uuid_text(uuid), uuid.to_string());
            }
        }
    }
}
