//! Texts in lower and in upper case, as the standard library has them, without its tables of what stands inside a word.

/// A text in lower case. A sigma at the end of a word gets the form that it has there.
///
/// ```
/// use wasm_dbms_api::lower_case;
///
/// assert_eq!(lower_case("Straße ΟΔΟΣ 7"), "straße οδος 7");
/// ```
pub fn lower_case(text: &str) -> String {
    let mut lower = String::with_capacity(text.len());
    let mut rest = text.chars();
    let mut is_in_word = false;
    while let Some(character) = rest.next() {
        if character == 'Σ' {
            let goes_on = rest.clone().find(|next| !is_passed_over(*next)).is_some_and(has_case);
            lower.push(if is_in_word && !goes_on { 'ς' } else { 'σ' });
        } else {
            lower.extend(character.to_lowercase());
        }
        is_in_word = if is_passed_over(character) { is_in_word } else { has_case(character) };
    }
    lower
}

/// A text in upper case.
///
/// ```
/// use wasm_dbms_api::upper_case;
///
/// assert_eq!(upper_case("Straße 7"), "STRASSE 7");
/// ```
pub fn upper_case(text: &str) -> String {
    let mut upper = String::with_capacity(text.len());
    text.chars().for_each(|character| upper.extend(character.to_uppercase()));
    upper
}

/// Whether the character is a letter that there is large and small.
fn has_case(character: char) -> bool {
    !character.to_lowercase().eq([character]) || !character.to_uppercase().eq([character])
}

/// What stands in words of such letters without being one: marks above and below, and the points and strokes that words are
/// written with.
fn is_passed_over(character: char) -> bool {
    matches!(
        character,
        '\'' | '.' | ':' | '^' | '`' | '¨' | '\u{ad}' | '¯' | '´' | '·' | '¸' | '\u{2b0}'
            ..='\u{36f}' | '‘' | '’' | '․' | '‧'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECES: [&str; 22] = [
        "Σ", "Σ", "σ", "ς", "Α", "a", "Z", "7", " ", "'", ".", ":", "’", "\u{301}", "日", "ß", "İ", "ǅ", "-", "Ω", "é",
        "Ж",
    ];

    #[test]
    fn texts_are_what_the_standard_library_makes_of_them() {
        let mut random = fastrand::Rng::with_seed(28);
        for _ in 0..50_000 {
            let text: String = (0..random.usize(0..9)).map(|_| *random.choice(&PIECES).unwrap()).collect();
            assert_eq!(lower_case(&text), text.to_lowercase(), "{text:?}");
            assert_eq!(upper_case(&text), text.to_uppercase(), "{text:?}");
        }
    }

    #[test]
    fn every_character_is() {
        for character in '\0'..=char::MAX {
            assert_eq!(lower_case(&character.to_string()), character.to_string().to_lowercase());
        }
    }

    #[test]
    fn a_sigma_behind_any_letter_of_two_forms_is_one_at_an_end() {
        // What has one form only and is called a letter all the same, for phonetics and formulas, begins no word here.
        for character in ('\0'..=char::MAX).filter(|character| has_case(*character)) {
            for text in [format!("{character}Σ"), format!("αΣ{character}")] {
                assert_eq!(lower_case(&text), text.to_lowercase(), "{text:?}");
            }
        }
    }
}
