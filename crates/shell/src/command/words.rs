//! A line in words: blanks part them, quotes of either kind keep them together.

use crate::error::{Error, Result};

/// A word, and where it begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) start: usize,
}

/// The words of a line.
pub(super) fn split(line: &str) -> Result<Vec<Word>> {
    let mut words: Vec<Word> = Vec::new();
    let mut quote = None;
    let mut is_inside = false;
    for (start, character) in line.char_indices() {
        if quote.is_none() && character.is_whitespace() {
            is_inside = false;
            continue;
        }
        if !is_inside {
            words.push(Word { text: String::new(), start });
            is_inside = true;
        }
        match quote {
            Some(open) if open == character => quote = None,
            None if matches!(character, '\'' | '"') => quote = Some(character),
            _ => words.last_mut().into_iter().for_each(|word| word.text.push(character)),
        }
    }
    match quote {
        // A query may hold anything; the word of a query is not looked at.
        Some(_) if !line.trim_start().starts_with(".export") => Err(Error::Usage("a quote does not end".into())),
        _ => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_part_words_and_quotes_keep_them_together() {
        let texts = |line| split(line).unwrap().into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(texts("  .import  'my file.csv' t"), [".import", "my file.csv", "t"]);
        assert_eq!(texts(r#".count "it's""#), [".count", "it's"]);
        assert_eq!(texts(".count ''"), [".count", ""]);
        assert!(split(".count 'a").is_err());
    }
}
