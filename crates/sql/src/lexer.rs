//! Text to words, numbers, texts and signs, one at a time.

use crate::Dialect;
use crate::error::{Result, SqlErrorKind, fault, not_supported};
use crate::keyword::Keyword;

/// What a token is. The text of it stands in [`Token::text`], quotes and all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word without quotes, with what it means.
    Word(Option<Keyword>),
    /// A name in quotes.
    Quoted,
    /// A number.
    Number,
    /// A text in single quotes.
    Text,
    /// A text with escapes, `E'..'`.
    Escaped,
    /// A text between dollars; how long each of the two marks is.
    Dollar(usize),
    /// Bytes, `x'..'`.
    Bytes,
    /// `?`, `?1`, `$1`, `:name`.
    Parameter,
    /// A sign.
    Sign(&'static str),
    /// The end of the text.
    End,
}

/// A piece of the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) offset: usize,
}

impl Token<'_> {
    /// What a word means here.
    pub(crate) fn keyword(&self) -> Option<Keyword> {
        match self.kind {
            Kind::Word(keyword) => keyword,
            _ => None,
        }
    }
}

/// Signs of several characters before those they begin with.
const SIGNS: [&str; 37] = [
    "->>", "#>>", "::", "<=", ">=", "<>", "!=", "==", "||", "->", "@>", "<@", "<<", ">>", "#>", "~*", "!~", "(", ")",
    ",", ";", ".", "+", "-", "*", "/", "%", "<", ">", "=", "^", "&", "|", "~", "[", "]", "#",
];

/// Reads a text from its start to its end.
#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    dialect: Dialect,
}

/// What a byte can be, a bit for each.
type Class = u8;

const BLANK: Class = 1;
const DIGIT: Class = 2;
const HEXADECIMAL: Class = 4;
const WORD_START: Class = 8;
const DOLLAR: Class = 16;
const UNDERSCORE: Class = 32;
const WORD: Class = WORD_START | DIGIT | DOLLAR;

/// What each byte is.
const CLASSES: [Class; 256] = classes();

#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which would refuse it")]
const fn classes() -> [Class; 256] {
    let mut classes = [0; 256];
    let mut place = 0;
    while place < classes.len() {
        let byte = place as u8;
        classes[place] = match byte {
            b' ' | b'\t'..=b'\r' => BLANK,
            b'0'..=b'9' => DIGIT | HEXADECIMAL,
            b'$' => DOLLAR,
            b'_' => WORD_START | UNDERSCORE,
            b'a'..=b'f' | b'A'..=b'F' => WORD_START | HEXADECIMAL,
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => WORD_START,
            _ => 0,
        };
        place += 1;
    }
    classes
}

/// Whether a byte is of one of these classes.
fn is_of(byte: u8, class: Class) -> bool {
    CLASSES.get(usize::from(byte)).is_some_and(|own| own & class != 0)
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str, dialect: Dialect) -> Self {
        Self { text, at: 0, dialect }
    }

    /// Goes to the end.
    pub(crate) fn end(&mut self) {
        self.at = self.text.len();
    }

    /// Where it stands.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Goes behind what cannot be read from here on; whether that has an end.
    pub(crate) fn skip_unreadable(&mut self, start: usize) -> bool {
        let is_whole = self.at < self.text.len();
        let first = self.text.get(start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        self.at = self.at.max(start + first).min(self.text.len());
        is_whole || self.at == start + first
    }

    /// The text between two places.
    pub(crate) fn between(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.rest().get(ahead).copied().unwrap_or(0)
    }

    /// Goes on while the bytes are of these classes.
    #[inline(never)]
    fn skip(&mut self, class: Class) {
        let rest = self.rest();
        self.at += rest.iter().position(|byte| !is_of(*byte, class)).unwrap_or(rest.len());
    }

    /// Goes on to one of two bytes.
    #[inline(never)]
    fn skip_to(&mut self, one: u8, other: u8) {
        let rest = self.rest();
        self.at += rest.iter().position(|byte| *byte == one || *byte == other).unwrap_or(rest.len());
    }

    /// Goes behind blanks and comments.
    fn skip_blanks(&mut self) -> Result<()> {
        loop {
            self.skip(BLANK);
            match (self.byte(0), self.byte(1)) {
                (b'-', b'-') => self.skip_to(b'\n', b'\n'),
                (b'/', b'*') => self.skip_comment()?,
                _ => return Ok(()),
            }
        }
    }

    /// Comments stand in comments.
    fn skip_comment(&mut self) -> Result<()> {
        let start = self.at;
        let mut depth = 0usize;
        loop {
            match (self.byte(0), self.byte(1)) {
                (b'/', b'*') => (depth, self.at) = (depth + 1, self.at + 2),
                (b'*', b'/') => (depth, self.at) = (depth - 1, self.at + 2),
                _ if self.rest().is_empty() => {
                    return fault(SqlErrorKind::Literal("the comment does not end".into()), start);
                }
                _ => self.at += 1,
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// The next token.
    pub(crate) fn next(&mut self) -> Result<Token<'a>> {
        self.skip_blanks()?;
        let start = self.at;
        let kind = self.kind()?;
        let text = self.text.get(start..self.at).unwrap_or_default();
        let kind = if kind == Kind::Word(None) { Kind::Word(Keyword::find(text)) } else { kind };
        Ok(Token { kind, text, offset: start })
    }

    fn kind(&mut self) -> Result<Kind> {
        let start = self.at;
        match (self.byte(0), self.byte(1)) {
            _ if self.rest().is_empty() => Ok(Kind::End),
            (b'e' | b'E', b'\'') => self.quoted(1, b'\'', true, Kind::Escaped),
            (b'x' | b'X', b'\'') => self.quoted(1, b'\'', false, Kind::Bytes),
            (b'b' | b'B' | b'n' | b'N', b'\'') => not_supported("texts of bits and of national characters", start),
            (b'u' | b'U', b'&') if matches!(self.byte(2), b'\'' | b'"') => {
                not_supported("U&'..'; write E'\\u....'", start)
            }
            (b'\'', _) => self.quoted(0, b'\'', false, Kind::Text),
            (b'"', _) => self.quoted(0, b'"', false, Kind::Quoted),
            (b'`', _) if self.dialect == Dialect::Sqlite => self.quoted(0, b'`', false, Kind::Quoted),
            (b'[', _) if self.dialect == Dialect::Sqlite => self.quoted(0, b']', false, Kind::Quoted),
            (b'0'..=b'9', _) | (b'.', b'0'..=b'9') => self.number(),
            (b'?', _) | (b'$', b'0'..=b'9') => self.parameter(DIGIT),
            (b'$', next) if is_of(next, DOLLAR | WORD_START) => self.dollar(),
            (b':', next) if is_of(next, WORD_START) => self.parameter(WORD),
            (b'@', next) if is_of(next, WORD_START) && self.dialect == Dialect::Sqlite => self.parameter(WORD),
            (first, _) if is_of(first, WORD_START) => {
                self.skip(WORD);
                Ok(Kind::Word(None))
            }
            (first, _) => match SIGNS
                .iter()
                .find(|sign| sign.as_bytes().first() == Some(&first) && self.rest().starts_with(sign.as_bytes()))
            {
                Some(sign) => {
                    self.at += sign.len();
                    Ok(Kind::Sign(sign))
                }
                None => {
                    let found = self.text.get(start..).and_then(|rest| rest.chars().next()).unwrap_or_default();
                    fault(SqlErrorKind::Expected { expected: "SQL".into(), found: format!("{found:?}") }, start)
                }
            },
        }
    }

    /// A sign and what belongs to it.
    fn parameter(&mut self, class: Class) -> Result<Kind> {
        self.at += 1;
        self.skip(class);
        Ok(Kind::Parameter)
    }

    /// What stands between quotes, which stand for themselves where there are two.
    fn quoted(&mut self, prefix: usize, quote: u8, has_escapes: bool, kind: Kind) -> Result<Kind> {
        let start = self.at;
        self.at += prefix + 1;
        loop {
            self.skip_to(quote, if has_escapes { b'\\' } else { quote });
            match (self.byte(0), self.byte(1)) {
                _ if self.rest().is_empty() => {
                    let what = if kind == Kind::Quoted { "the name in quotes" } else { "the text in quotes" };
                    return fault(SqlErrorKind::Literal(format!("{what} does not end").into()), start);
                }
                // Skipping the first byte of a character skips it all: the others are no quotes.
                (b'\\', _) if has_escapes => self.at = (self.at + 2).min(self.text.len()),
                (first, second) if first == second => self.at += 2,
                _ => {
                    self.at += 1;
                    return Ok(kind);
                }
            }
        }
    }

    fn number(&mut self) -> Result<Kind> {
        let start = self.at;
        if self.byte(0) == b'0' && matches!(self.byte(1), b'x' | b'X') {
            self.at += 2;
            self.skip(HEXADECIMAL | UNDERSCORE);
        } else {
            self.skip(DIGIT | UNDERSCORE);
            if self.byte(0) == b'.' {
                self.at += 1;
                self.skip(DIGIT | UNDERSCORE);
            }
            let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
            if matches!(self.byte(0), b'e' | b'E') && self.byte(1 + sign).is_ascii_digit() {
                self.at += 1 + sign;
                self.skip(DIGIT | UNDERSCORE);
            }
        }
        if is_of(self.byte(0), WORD) {
            return fault(SqlErrorKind::Literal("a number with letters behind it".into()), start);
        }
        Ok(Kind::Number)
    }

    /// `$$..$$` or `$mark$..$mark$`.
    fn dollar(&mut self) -> Result<Kind> {
        let start = self.at;
        self.at += 1;
        self.skip(WORD_START | DIGIT);
        if self.byte(0) != b'$' {
            if self.dialect == Dialect::Sqlite {
                return Ok(Kind::Parameter);
            }
            return fault(SqlErrorKind::Literal("a mark of a text that has no second dollar".into()), start);
        }
        self.at += 1;
        let mark = self.text.get(start..self.at).unwrap_or_default();
        loop {
            self.skip_to(b'$', b'$');
            // A mark has dollars at its ends only: of what is compared nothing is compared again.
            if self.rest().starts_with(mark.as_bytes()) {
                self.at += mark.len();
                return Ok(Kind::Dollar(mark.len()));
            }
            if self.rest().is_empty() {
                return fault(SqlErrorKind::Literal("the text between dollars does not end".into()), start);
            }
            self.at += 1;
        }
    }
}
