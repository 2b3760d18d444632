//! Bytes as text. The one place of this crate with `unsafe`: stored text is short and mostly ASCII, and the standard
//! check, made for long text, costs more than the rest of reading a row.

#![expect(unsafe_code, reason = "one use, proved below, run under Miri by the test beside it")]

const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// The text that these bytes are, if they are UTF-8.
#[inline]
pub(crate) fn from_utf8(bytes: &[u8]) -> Option<&str> {
    if is_ascii(bytes) {
        // SAFETY: `is_ascii` looked at every byte and found none above 0x7F, and such bytes are UTF-8, each by itself.
        return Some(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    std::str::from_utf8(bytes).ok()
}

/// Whether every byte is below 0x80, eight at a time; the last eight are looked at together, some of them twice. Fewer
/// than eight are two halves of four, or looked at one by one.
#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    let seen = if let Some(last) = bytes.last_chunk::<8>() {
        let (words, _) = bytes.as_chunks::<8>();
        words.iter().fold(u64::from_le_bytes(*last), |seen, word| seen | u64::from_le_bytes(*word))
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        (u32::from_le_bytes(*first) | u32::from_le_bytes(*last)).into()
    } else {
        bytes.iter().fold(0, |seen, byte| seen | u64::from(*byte))
    };
    seen & HIGH_BITS == 0
}

#[cfg(test)]
mod tests {
    use super::from_utf8;

    #[test]
    fn the_answer_is_that_of_the_standard_check() {
        let texts =
            ["", "a", "é", "éabcd", "abcédef", "abcdefgh", "abcdefgé", "abcdefghé", "0123456789abcdef", "\u{10FFFF}"];
        for text in texts {
            for cut in 0..=text.len() {
                for bytes in [&text.as_bytes()[..cut], &text.as_bytes()[cut..]] {
                    assert_eq!(from_utf8(bytes), std::str::from_utf8(bytes).ok(), "{bytes:?}");
                }
            }
        }
        for position in 0..24 {
            let mut bytes = [b'a'; 24];
            bytes[position] = 0xFF;
            assert_eq!(from_utf8(&bytes), None);
        }
    }
}
