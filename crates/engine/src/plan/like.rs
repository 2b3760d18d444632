//! Patterns: `%` stands for any text, `_` for one character, `\` makes the next one plain.

/// One part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Plain(char),
}

/// A pattern, taken apart once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern {
    text: String,
    parts: Vec<Part>,
    ignores_case: bool,
}

impl Pattern {
    #[cfg(test)]
    pub(crate) fn new(text: &str) -> Self {
        Self::with(text, Some('\\'), false)
    }

    /// A pattern with its own escape, or none.
    pub(crate) fn with(text: &str, escape: Option<char>, ignores_case: bool) -> Self {
        let mut parts = Vec::new();
        let folded = if ignores_case { folded(text) } else { String::new() };
        let mut chars = if ignores_case { folded.chars() } else { text.chars() };
        while let Some(char) = chars.next() {
            let part = match char {
                escaping if Some(escaping) == escape => Part::Plain(chars.next().unwrap_or(escaping)),
                '%' => Part::Any,
                '_' => Part::One,
                plain => Part::Plain(plain),
            };
            if part != Part::Any || parts.last() != Some(&Part::Any) {
                parts.push(part);
            }
        }
        Self { text: text.to_owned(), parts, ignores_case }
    }

    /// The pattern as it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What every match begins with.
    pub(crate) fn prefix(&self) -> String {
        if self.ignores_case {
            return String::new();
        }
        let plain = self.parts.iter().map_while(|part| match part {
            Part::Plain(char) => Some(*char),
            _ => None,
        });
        plain.collect()
    }

    /// Whether a text matches. Linear in the product of both lengths at worst: it remembers only the last `%`.
    pub(crate) fn matches(&self, text: &str) -> bool {
        if self.ignores_case { self.matches_exactly(&folded(text)) } else { self.matches_exactly(text) }
    }

    fn matches_exactly(&self, text: &str) -> bool {
        let mut parts = self.parts.as_slice();
        let mut rest = text.chars();
        let mut retry: Option<(&[Part], std::str::Chars<'_>)> = None;
        loop {
            match parts.split_first() {
                Some((Part::Any, after)) => {
                    retry = Some((after, rest.clone()));
                    parts = after;
                    continue;
                }
                Some((part, after)) => {
                    let mut ahead = rest.clone();
                    let is_match = match (part, ahead.next()) {
                        (Part::One, Some(_)) => true,
                        (Part::Plain(plain), Some(char)) => *plain == char,
                        _ => false,
                    };
                    if is_match {
                        rest = ahead;
                        parts = after;
                        continue;
                    }
                }
                None if rest.as_str().is_empty() => return true,
                None => {}
            }
            // Let the last `%` stand for one character more.
            let Some((after, from)) = &mut retry else { return false };
            if from.next().is_none() {
                return false;
            }
            parts = after;
            rest = from.clone();
        }
    }
}

/// A text without the difference of upper and lower case, character by character: what a sigma becomes at the end of a word
/// depends on what stands around it, which a part of a pattern does not know. The standard library's rule for it would also be
/// most of what this costs in a module.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::new();
    for char in text.chars() {
        for char in char.to_lowercase() {
            folded.push(if char == 'ς' { 'σ' } else { char });
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn patterns_match_as_sql_says() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("%", "", true),
            ("a%", "abc", true),
            ("a%", "ba", false),
            ("%c", "abc", true),
            ("%b%", "abc", true),
            ("a_c", "abc", true),
            ("a_c", "ac", false),
            ("_", "é", true),
            ("%a%b", "xaxbxb", true),
            ("%ab%ab", "abab", true),
            ("%ab%ab", "abxa", false),
            (r"100\%", "100%", true),
            (r"100\%", "1000", false),
            ("A%", "abc", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{text:?} LIKE {pattern:?}");
        }
    }

    #[test]
    fn case_is_ignored_wherever_a_sigma_stands() {
        let matches = |pattern, text| Pattern::with(pattern, Some('\\'), true).matches(text);
        for (pattern, text) in [("ΟΔΟΣ%", "ΟΔΟΣΗΜΑ"), ("%σ", "οδος"), ("οδος", "ΟΔΟΣ"), ("É_", "éÀ"), ("İ", "i\u{307}")]
        {
            assert!(matches(pattern, text), "{text:?} ILIKE {pattern:?}");
        }
        assert!(!matches("οδ_", "ΟΔΟΣ"));
    }

    #[test]
    fn many_wildcards_do_not_explode() {
        let text = "a".repeat(2000);
        assert!(!Pattern::new(&format!("{}b", "a%".repeat(100))).matches(&text));
    }

    #[test]
    fn the_prefix_ends_at_the_first_wildcard() {
        assert_eq!(Pattern::new(r"a\%b_c%").prefix(), "a%b");
    }
}
