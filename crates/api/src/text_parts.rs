//! Texts cut where an ASCII character or another text stands, without the searchers of the standard library: they are made
//! for each kind of pattern, and weigh more than all that is asked of them here.

/// What stands before and behind the first of these ASCII characters.
///
/// ```
/// use wasm_dbms_api::text_parts::cut;
///
/// assert_eq!(cut("a.b.c", b'.'), Some(("a", "b.c")));
/// assert_eq!(cut("a", b'.'), None);
/// ```
#[inline(never)]
pub fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let place = text.bytes().position(|byte| byte == at)?;
    text.get(..place).zip(text.get(place + 1..))
}

/// The parts of a text with this ASCII character between them: one more than there are such characters.
///
/// ```
/// use wasm_dbms_api::text_parts::parts;
///
/// assert!(parts("a,,b", b',').eq(["a", "", "b"]));
/// ```
pub fn parts(text: &str, between: u8) -> Parts<'_> {
    Parts { rest: Some(text), between }
}

/// Whether a text is one of these words, which have blanks between them.
///
/// ```
/// use wasm_dbms_api::text_parts::is_word_of;
///
/// assert!(is_word_of("b", "a b") && !is_word_of("a b", "a b"));
/// ```
#[inline(never)]
pub fn is_word_of(text: &str, words: &str) -> bool {
    parts(words, b' ').any(|word| word == text)
}

/// A text with another in the place of each of these ASCII characters.
///
/// ```
/// use wasm_dbms_api::text_parts::replaced;
///
/// assert_eq!(replaced("it's", b'\'', "''"), "it''s");
/// ```
pub fn replaced(text: &str, from: u8, to: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for (number, part) in parts(text, from).enumerate() {
        made.push_str(if number > 0 { to } else { "" });
        made.push_str(part);
    }
    made
}

/// Whether a character is one of these ASCII characters.
///
/// ```
/// use wasm_dbms_api::text_parts::is_among;
///
/// assert!(is_among('-', "+-.") && !is_among('x', "+-."));
/// ```
#[inline(never)]
pub fn is_among(character: char, all: &str) -> bool {
    all.bytes().any(|byte| char::from(byte) == character)
}

/// A text without the characters at its ends of which this is said.
///
/// ```
/// use wasm_dbms_api::text_parts::trimmed;
///
/// assert_eq!(trimmed("..a..", true, false, &|character| character == '.'), "a..");
/// ```
#[inline(never)]
pub fn trimmed<'t>(text: &'t str, at_start: bool, at_end: bool, is_cut: &dyn Fn(char) -> bool) -> &'t str {
    let mut rest = text.chars();
    while at_start && rest.clone().next().is_some_and(is_cut) {
        rest.next();
    }
    while at_end && rest.clone().next_back().is_some_and(is_cut) {
        rest.next_back();
    }
    rest.as_str()
}

/// A text without blanks at its ends.
///
/// ```
/// use wasm_dbms_api::text_parts::without_blanks;
///
/// assert_eq!(without_blanks(" a b "), "a b");
/// ```
pub fn without_blanks(text: &str) -> &str {
    trimmed(text, true, true, &char::is_whitespace)
}

/// A text without blanks at its end.
///
/// ```
/// use wasm_dbms_api::text_parts::without_blanks_behind;
///
/// assert_eq!(without_blanks_behind(" a b "), " a b");
/// ```
pub fn without_blanks_behind(text: &str) -> &str {
    trimmed(text, false, true, &char::is_whitespace)
}

/// See [`parts`].
#[derive(Debug, Clone)]
pub struct Parts<'t> {
    rest: Option<&'t str>,
    between: u8,
}

impl<'t> Iterator for Parts<'t> {
    type Item = &'t str;

    #[inline(never)]
    fn next(&mut self) -> Option<&'t str> {
        let rest = self.rest?;
        let (part, rest) = cut(rest, self.between).map_or((rest, None), |(part, rest)| (part, Some(rest)));
        self.rest = rest;
        Some(part)
    }
}

/// Where a text stands in another, from its start on, each place behind the end of the one before: found in a time that
/// grows with the length of both, whatever stands in them (Knuth, Morris and Pratt).
#[derive(Debug, Clone)]
pub struct Occurrences<'t> {
    text: &'t [u8],
    wanted: &'t [u8],
    /// For each number of bytes that agree, how many do still where the next one does not.
    shorter: Vec<usize>,
    at: usize,
}

impl<'t> Occurrences<'t> {
    /// The places of `wanted` in `text`; an empty one has none.
    ///
    /// ```
    /// use wasm_dbms_api::text_parts::Occurrences;
    ///
    /// assert!(Occurrences::new("a--b----", "--").eq([1, 4, 6]));
    /// ```
    #[inline(never)]
    pub fn new(text: &'t str, wanted: &'t str) -> Self {
        let mut found = Self { text: text.as_bytes(), wanted: wanted.as_bytes(), shorter: vec![0, 0], at: 0 };
        if wanted.is_empty() {
            found.at = text.len();
        }
        let mut agreeing = 0;
        for byte in found.wanted.iter().skip(1) {
            agreeing = found.agreeing(agreeing, *byte);
            found.shorter.push(agreeing);
        }
        found
    }

    /// How many bytes agree behind this one, if so many did before it.
    fn agreeing(&self, mut before: usize, byte: u8) -> usize {
        while before > 0 && self.wanted.get(before) != Some(&byte) {
            before = self.shorter.get(before).copied().unwrap_or(0);
        }
        before + usize::from(self.wanted.get(before) == Some(&byte))
    }
}

impl Iterator for Occurrences<'_> {
    type Item = usize;

    #[inline(never)]
    fn next(&mut self) -> Option<usize> {
        let mut agreeing = 0;
        while let Some(byte) = self.text.get(self.at) {
            self.at += 1;
            agreeing = self.agreeing(agreeing, *byte);
            if agreeing == self.wanted.len() {
                return Some(self.at - agreeing);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECES: [&str; 9] = ["a", "b", "ab", "aab", "é", "日", ",", ",,", ""];

    fn drawn(random: &mut fastrand::Rng, most: usize) -> String {
        (0..random.usize(0..=most)).map(|_| *random.choice(&PIECES).unwrap()).collect()
    }

    #[test]
    fn texts_are_cut_as_the_standard_library_cuts_them() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut found = 0;
        for _ in 0..100_000 {
            let text = drawn(&mut random, 12);
            assert_eq!(cut(&text, b','), text.split_once(','), "{text}");
            assert!(parts(&text, b',').eq(text.split(',')), "{text}");
            assert_eq!(replaced(&text, b',', "é"), text.replace(',', "é"));
            assert_eq!(Occurrences::new(&text, "").next(), None);
            let wanted = drawn(&mut random, 4);
            if !wanted.is_empty() {
                let places: Vec<usize> = text.match_indices(&wanted).map(|(place, _)| place).collect();
                found += places.len();
                assert_eq!(Occurrences::new(&text, &wanted).collect::<Vec<_>>(), places, "{wanted} in {text}");
            }
        }
        assert!(found > 10_000, "{found}");
    }

    #[test]
    fn blanks_at_the_ends_are_those_of_the_standard_library() {
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..10_000 {
            let text: String =
                (0..random.usize(0..7)).map(|_| *random.choice(&[' ', '\t', '\u{3000}', 'é', 'a']).unwrap()).collect();
            assert_eq!(
                (without_blanks(&text), without_blanks_behind(&text)),
                (text.trim(), text.trim_end()),
                "{text:?}"
            );
            assert_eq!(trimmed(&text, true, false, &|char| char == 'a'), text.trim_start_matches('a'));
        }
    }

    #[test]
    fn a_text_that_is_there_nearly_everywhere_is_looked_for_in_linear_time() {
        let (text, wanted) = ("a".repeat(2_000_000), format!("{}b", "a".repeat(1_000_000)));
        assert_eq!(Occurrences::new(&text, &wanted).next(), None);
    }

    #[test]
    fn a_character_is_among_ascii_characters_only() {
        assert!(is_among('+', "-+") && !is_among('é', "-+") && !is_among('*', "-+"));
    }
}
