//! Letters and digits of all scripts, without tables of each: they would be a hundredth of a module.

/// Blocks beyond ASCII that hold no letters: spaces, punctuation, symbols, what is written full width for ASCII's
/// punctuation, pictures, what everybody may use as they like, and what is no character. First and last of each, in order.
const NO_LETTERS: [(char, char); 15] = [
    ('\u{80}', '\u{a9}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{206f}'),
    ('\u{2190}', '\u{2bff}'),
    ('\u{2e00}', '\u{2e7f}'),
    ('\u{3000}', '\u{3004}'),
    ('\u{3008}', '\u{3020}'),
    ('\u{e000}', '\u{f8ff}'),
    ('\u{fdd0}', '\u{fdef}'),
    ('\u{fe00}', '\u{fe6f}'),
    ('\u{feff}', '\u{ff0f}'),
    ('\u{ff1a}', '\u{ff20}'),
    ('\u{ffe0}', '\u{ffff}'),
    ('\u{1f000}', '\u{1fbff}'),
    ('\u{e0000}', char::MAX),
];

/// Whether this is a letter or a digit: of ASCII, those; beyond it, whatever does not stand in a block without them.
pub(super) fn is_letter_or_digit(character: char) -> bool {
    let holds = |(first, last): &(char, char)| (*first..=*last).contains(&character);
    character.is_ascii_alphanumeric() || !character.is_ascii() && !NO_LETTERS.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_space_and_nothing_that_controls_is_a_letter() {
        for character in ('\0'..=char::MAX).filter(|character| character.is_whitespace() || character.is_control()) {
            assert!(!is_letter_or_digit(character), "{character:?}");
        }
    }

    #[test]
    fn letters_and_digits_of_every_script_are_if_they_stand_in_no_circle_or_square() {
        let is_framed = |character: &char| matches!(character, '\u{2460}'..='\u{24ff}' | '\u{2776}'..='\u{2793}' | '\u{1f100}'..='\u{1fbff}');
        for character in ('\0'..=char::MAX).filter(|character| character.is_alphanumeric() && !is_framed(character)) {
            // A sign of Old Church Slavonic that stands among the punctuation.
            assert!(is_letter_or_digit(character) || character == '\u{2e2f}', "{character:?}");
        }
    }
}
