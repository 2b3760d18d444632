//! The two types of Candid that the methods of this example take and give: `text` and `blob`.

/// The one text that a message brings; none if it is anything else.
#[cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "only a canister has messages"))]
pub(crate) fn text_of(message: &[u8]) -> Option<&str> {
    let mut rest = message.strip_prefix(b"DIDL\x00\x01\x71")?;
    let mut length = 0u64;
    for shift in (0..35).step_by(7) {
        let (byte, after) = rest.split_first()?;
        rest = after;
        length |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return std::str::from_utf8(rest).ok().filter(|text| text.len() as u64 == length);
        }
    }
    None
}

/// The answer that is one text.
#[cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "only a canister has messages"))]
pub(crate) fn of_text(text: &str) -> Vec<u8> {
    with_length(b"DIDL\x00\x01\x71", text.as_bytes())
}

/// The answer that is one blob.
#[cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "only a canister has messages"))]
pub(crate) fn of_blob(bytes: &[u8]) -> Vec<u8> {
    with_length(b"DIDL\x01\x6d\x7b\x01\x00", bytes)
}

fn with_length(head: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut message = head.to_vec();
    let mut length = bytes.len();
    while length >= 0x80 {
        message.push(length as u8 | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend_from_slice(bytes);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_it_was_written_and_nothing_else_is() {
        for text in ["", "SELECT 1", &"é".repeat(200), &"x".repeat(20_000)] {
            assert_eq!(text_of(&of_text(text)), Some(text));
            assert_eq!(text_of(&of_text(text)[..6]), None);
            assert_eq!(text_of(&of_blob(text.as_bytes())), None);
        }
        assert_eq!(text_of(b"DIDL\x00\x01\x71\xff\xff\xff\xff\xff\xff"), None);
    }
}
