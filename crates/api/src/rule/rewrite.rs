//! How the built-in sanitizers change text and numbers.

use crate::decimal::power_of_ten;
use crate::float_text::{fixed_text, short_float_text};
use crate::{DataType, Decimal, FloatForm, float_text, parse_float};

/// Every run of white space as one space.
pub(super) fn collapse_whitespace(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    let mut is_in_run = false;
    for character in text.chars() {
        let is_space = character.is_whitespace();
        if !is_space {
            collapsed.push(character);
        } else if !is_in_run {
            collapsed.push(' ');
        }
        is_in_run = is_space;
    }
    collapsed
}

/// Words of small ASCII letters and digits joined by hyphens.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for character in text.chars().flat_map(char::to_lowercase) {
        match character {
            'a'..='z' | '0'..='9' => slug.push(character),
            // Marks that stand on their own, after the letter they belong to.
            '\u{300}'..='\u{36f}' => {}
            _ => match without_marks(character) {
                Some(letters) => slug.push_str(letters),
                None if slug.is_empty() || slug.ends_with('-') => {}
                None => slug.push('-'),
            },
        }
    }
    if slug.ends_with('-') {
        slug.pop();
    }
    slug
}

/// The ASCII letter of each small Latin one from [`FIRST_MARKED`] on; a capital stands for two, `-` for none. Large ones,
/// which nobody asks for, have the letter of the small one that stands behind them.
const LETTERS: &str = "SaaaaaaAceeeeiiiidnooooo-ouuuuyTy\
                       aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiii-iIIjjkkklllllll\
                       lllnnnnnn-NNooooooOOrrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

const FIRST_MARKED: char = 'ß';

/// The ASCII letters of a small Latin one of the blocks Latin-1 and Latin Extended-A.
fn without_marks(character: char) -> Option<&'static str> {
    if character == 'µ' {
        return Some("u");
    }
    let place = (u32::from(character)).checked_sub(u32::from(FIRST_MARKED))? as usize;
    Some(match LETTERS.get(place..=place)? {
        "A" => "ae",
        "I" => "ij",
        "N" => "ng",
        "O" => "oe",
        "S" => "ss",
        "T" => "th",
        "-" => return None,
        letter => letter,
    })
}

/// Everything but what RFC 3986 calls unreserved as `%` and two hexadecimal digits for each byte.
pub(super) fn url_encode(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |number: u8| char::from(DIGITS.get(usize::from(number)).copied().unwrap_or_default());
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    encoded
}

/// The nearest decimal with at most so many digits after the point; half a digit goes away from zero.
pub(super) fn round_decimal(number: Decimal, scale: u8) -> Decimal {
    let Some(excess) = number.scale().checked_sub(scale) else { return number };
    let divisor = power_of_ten(excess);
    let (whole, rest) = (number.magnitude() / divisor, number.magnitude() % divisor);
    let is_up = rest >= divisor - rest && rest != 0;
    Decimal::from_parts(number.is_negative(), whole + u128::from(is_up), scale).unwrap_or(number)
}

/// The same of a float, which counts as the shortest decimal that stands for it.
pub(super) fn round_float(number: f64, scale: u8, data_type: DataType) -> f64 {
    let is_short = data_type == DataType::F32;
    let text = if is_short { short_float_text(number as f32) } else { float_text(number, FloatForm::Plain) };
    let rounded = match text.parse::<Decimal>() {
        Ok(decimal) => round_decimal(decimal, scale).to_f64(),
        // Past 28 digits there is no fraction before the point and nothing but one after it.
        Err(_) if number.abs() > 1.0 => number,
        Err(_) => parse_float(&fixed_text(number, scale)).unwrap_or(number),
    };
    // -0.04 becomes -0.0, as of a float.
    let rounded = rounded.copysign(number);
    if is_short { f64::from(rounded as f32) } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_lose_their_marks() {
        assert_eq!(slug("Fuß Ærø þing ĳs ŋa œuf ſ µ"), "fuss-aero-thing-ijs-nga-oeuf-s-u");
        assert_eq!(slug("àáâãäåāăą çćĉċč ðďđ èéêëēĕėęě ĝğġģ ĥħ"), "aaaaaaaaa-ccccc-ddd-eeeeeeeee-gggg-hh");
        assert_eq!(slug("ìíîïĩīĭįı ĵ ķĸ ĺļľŀł ñńņň òóôõöøōŏő ŕŗř"), "iiiiiiiii-j-kk-lllll-nnnn-ooooooooo-rrr");
        assert_eq!(slug("śŝş ţťŧ ùúûüũūŭůűų ŵ ýÿŷ źżž ÷ŉƀ"), "sss-ttt-uuuuuuuuuu-w-yyy-zzz");
    }

    #[test]
    fn half_a_digit_is_rounded_away_from_zero() {
        for (number, scale, rounded) in
            [("2.5", 0, "3"), ("-2.5", 0, "-3"), ("0.125", 2, "0.13"), ("0.1249", 2, "0.12"), ("7", 2, "7")]
        {
            assert_eq!(round_decimal(number.parse().unwrap(), scale).to_string(), rounded, "{number}");
        }
        assert_eq!(round_decimal("7.9228162514264337593543950335".parse().unwrap(), 0).to_string(), "8");
    }

    #[test]
    fn a_float_is_rounded_as_it_is_written() {
        for (number, scale, rounded) in [
            (0.15, 1, 0.2),
            (-2.5, 0, -3.0),
            (1e300, 2, 1e300),
            (1e-300, 2, 0.0),
            (1.234_567_890_123_456_7e-15, 15, 1e-15),
            (9_007_199_254_740_993.0, 0, 9_007_199_254_740_992.0),
        ] {
            assert_eq!(round_float(number, scale, DataType::F64), rounded, "{number}");
        }
        assert!(round_float(-0.01, 1, DataType::F64).is_sign_negative());
        assert_eq!(round_float(f64::from(0.15f32), 1, DataType::F32), f64::from(0.2f32));
    }
}
