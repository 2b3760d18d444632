//! A text cut into words.

/// What stands between two spaces.
pub(super) enum Word<'t> {
    Plain(&'t str),
    /// What stood in quotes.
    Name(String),
    /// A name whose quotes do not end.
    Endless,
}

/// The words that were not read yet.
pub(super) struct Words<'t> {
    rest: &'t str,
}

impl<'t> Words<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text }
    }

    pub(super) fn next(&mut self) -> Option<Word<'t>> {
        let rest = self.rest.trim_start_matches(' ');
        if rest.is_empty() {
            return None;
        }
        if let Some(quoted) = rest.strip_prefix('"') {
            return Some(self.quoted(quoted).map_or(Word::Endless, Word::Name));
        }
        let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        self.rest = rest;
        Some(Word::Plain(word))
    }

    fn quoted(&mut self, mut rest: &'t str) -> Option<String> {
        let mut name = String::new();
        loop {
            let (part, after) = rest.split_once('"')?;
            name.push_str(part);
            self.rest = after;
            rest = match after.strip_prefix('"') {
                Some(after) => after,
                None => return Some(name),
            };
            name.push('"');
        }
    }
}
