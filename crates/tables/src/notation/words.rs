//! A text cut into words.

use wasm_dbms_module::Result;

use crate::nonsense;

/// What stands between two spaces.
pub(super) enum Word<'t> {
    Plain(&'t str),
    /// What stood in quotes.
    Name(String),
}

/// The words that were not read yet.
pub(super) struct Words<'t> {
    rest: &'t str,
}

impl<'t> Words<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text }
    }

    pub(super) fn next(&mut self) -> Result<Option<Word<'t>>> {
        let rest = self.rest.trim_start_matches(' ');
        if rest.is_empty() {
            return Ok(None);
        }
        if let Some(quoted) = rest.strip_prefix('"') {
            return self.quoted(quoted).map(|name| Some(Word::Name(name)));
        }
        let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        self.rest = rest;
        Ok(Some(Word::Plain(word)))
    }

    fn quoted(&mut self, mut rest: &'t str) -> Result<String> {
        let mut name = String::new();
        loop {
            let (part, after) = rest.split_once('"').ok_or_else(|| nonsense("a name without an end"))?;
            name.push_str(part);
            match after.strip_prefix('"') {
                Some(after) => {
                    name.push('"');
                    rest = after;
                }
                None => {
                    self.rest = after;
                    return Ok(name);
                }
            }
        }
    }

    /// The next word, which is no name.
    pub(super) fn word(&mut self) -> Result<&'t str> {
        match self.next()? {
            Some(Word::Plain(word)) => Ok(word),
            _ => Err(nonsense("a word is missing")),
        }
    }

    /// The next word, which is a name.
    pub(super) fn name(&mut self) -> Result<String> {
        match self.next()? {
            Some(Word::Name(name)) => Ok(name),
            _ => Err(nonsense("a name is missing")),
        }
    }

    /// The next word, which is a number.
    pub(super) fn count(&mut self) -> Result<usize> {
        self.word()?.parse().map_err(|_| nonsense("a number is missing"))
    }

    /// There are no more words.
    pub(super) fn end(&mut self) -> Result<()> {
        match self.next()? {
            None => Ok(()),
            Some(_) => Err(nonsense("there are words behind the end")),
        }
    }
}
