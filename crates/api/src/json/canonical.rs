//! Reading JSON, strictly as RFC 8259 has it, and writing the canonical text.

use super::{Json, JsonError};

/// The canonical text of a document.
pub(super) fn canonical(text: &str) -> Result<String, JsonError> {
    if text.len() > Json::MAX_BYTES {
        return Err(JsonError { at: Json::MAX_BYTES, problem: "longer than 16 MiB" });
    }
    let mut parser = Parser { text, at: 0, written: String::new() };
    parser.value(0)?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.error("expected the end"));
    }
    Ok(parser.written)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Never longer than what was read: no escape that is written is longer than the one that was read.
    written: String,
}

/// Where a member of an object stands in the text written: its name begins, its name ends, it ends.
type Member = (usize, usize, usize);

impl Parser<'_> {
    fn error(&self, problem: &'static str) -> JsonError {
        JsonError { at: self.at, problem }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes a byte, if it is the next.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Writes what was read since `start`.
    fn copy_from(&mut self, start: usize) {
        self.written.push_str(self.text.get(start..self.at).unwrap_or_default());
    }

    fn value(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth > Json::MAX_DEPTH {
            return Err(self.error("nested deeper than 128"));
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                let word = ["null", "true", "false"].into_iter().find(|word| rest.starts_with(word));
                let word = word.ok_or_else(|| self.error("expected a value"))?;
                self.at += word.len();
                self.written.push_str(word);
                Ok(())
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonError> {
        self.at += 1;
        self.written.push('[');
        self.skip_space();
        if !self.take(b']') {
            loop {
                self.value(depth + 1)?;
                self.skip_space();
                if self.take(b']') {
                    break;
                }
                if !self.take(b',') {
                    return Err(self.error("expected `,` or `]`"));
                }
                self.written.push(',');
            }
        }
        self.written.push(']');
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), JsonError> {
        self.at += 1;
        self.written.push('{');
        let start = self.written.len();
        let mut members: Vec<Member> = Vec::new();
        let mut is_sorted = true;
        self.skip_space();
        if !self.take(b'}') {
            loop {
                self.skip_space();
                if self.peek() != Some(b'"') {
                    return Err(self.error("expected a name in quotes"));
                }
                let name_at = self.written.len();
                self.string()?;
                let name_end = self.written.len();
                self.skip_space();
                if !self.take(b':') {
                    return Err(self.error("expected `:`"));
                }
                self.written.push(':');
                self.value(depth + 1)?;
                if let Some((last_at, last_end, _)) = members.last() {
                    is_sorted &= name(&self.written, *last_at, *last_end) < name(&self.written, name_at, name_end);
                }
                members.push((name_at, name_end, self.written.len()));
                self.skip_space();
                if self.take(b'}') {
                    break;
                }
                if !self.take(b',') {
                    return Err(self.error("expected `,` or `}`"));
                }
                self.written.push(',');
            }
        }
        if !is_sorted {
            self.sort(start, members);
        }
        self.written.push('}');
        Ok(())
    }

    /// Puts the members written since `start` in order, and of those of one name only the last.
    fn sort(&mut self, start: usize, mut members: Vec<Member>) {
        let written = &self.written;
        members.sort_unstable_by(|one, two| {
            name(written, one.0, one.1).cmp(name(written, two.0, two.1)).then(one.0.cmp(&two.0))
        });
        let mut sorted = String::with_capacity(written.len() - start);
        for (number, (name_at, name_end, end)) in members.iter().enumerate() {
            let next = members.get(number + 1).map(|(at, end, _)| name(written, *at, *end));
            if next == Some(name(written, *name_at, *name_end)) {
                continue;
            }
            if !sorted.is_empty() {
                sorted.push(',');
            }
            sorted.push_str(written.get(*name_at..*end).unwrap_or_default());
        }
        self.written.truncate(start);
        self.written.push_str(&sorted);
    }

    fn string(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        self.written.push('"');
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            self.copy_from(start);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    self.written.push('"');
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.error("a control character in a string")),
                None => return Err(self.error("expected `\"`")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        self.at += 2;
        match self.text.as_bytes().get(start + 1) {
            Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't') => self.copy_from(start),
            Some(b'/') => self.written.push('/'),
            Some(b'u') => {
                let character = self.unicode().ok_or(JsonError { at: start, problem: "no character" })?;
                match character {
                    '"' | '\\' => self.written.extend(['\\', character]),
                    '\u{8}' => self.written.push_str("\\b"),
                    '\u{c}' => self.written.push_str("\\f"),
                    '\n' => self.written.push_str("\\n"),
                    '\r' => self.written.push_str("\\r"),
                    '\t' => self.written.push_str("\\t"),
                    '\0'..' ' => {
                        let digit = |number: u32| char::from_digit(number, 16).unwrap_or('0');
                        let code = u32::from(character);
                        self.written.push_str("\\u00");
                        self.written.extend([digit(code >> 4), digit(code & 15)]);
                    }
                    character => self.written.push(character),
                }
            }
            _ => return Err(JsonError { at: start, problem: "no escape" }),
        }
        Ok(())
    }

    /// The character of `\uXXXX`, or of two of them that are its halves, after the first `\u`.
    fn unicode(&mut self) -> Option<char> {
        let first = self.four_digits()?;
        if !(0xD800..0xDC00).contains(&first) {
            return char::from_u32(first);
        }
        let second = (self.take(b'\\') && self.take(b'u')).then(|| self.four_digits()).flatten()?;
        let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
        char::from_u32(0x10000 + ((first - 0xD800) << 10) + low)
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        self.copy_from(start);
        Ok(())
    }

    /// One digit at least.
    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.error("expected a digit")) } else { Ok(()) }
    }
}

/// A name without its quotes.
fn name(written: &str, at: usize, end: usize) -> &str {
    written.get(at + 1..end - 1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_text_is_its_own() {
        for (text, expected) in [
            (" null ", "null"),
            ("[ ]", "[]"),
            ("{ }", "{}"),
            ("[1 , -0.0,\t1E+5]", "[1,-0.0,1E+5]"),
            (r#"{"b":1,"a":{"d":[],"c":2},"":0}"#, r#"{"":0,"a":{"c":2,"d":[]},"b":1}"#),
            (r#"{"a":1,"b":2,"a":3,"b":{"a":1,"a":2}}"#, r#"{"a":3,"b":{"a":2}}"#),
            (r#"{"\u0061":1,"a":2}"#, r#"{"a":2}"#),
            (r#""\u00e9\/\"\\\u0001\u001F\ud83d\ude00\u000a\u0022\u005c""#, r#""é/\"\\\u0001\u001f😀\n\"\\""#),
            (r#"{"a!":1,"a":2," ":3}"#, r#"{" ":3,"a":2,"a!":1}"#),
        ] {
            let written = canonical(text).unwrap();
            assert_eq!(written, expected);
            assert_eq!(canonical(&written).unwrap(), written);
        }
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for (text, at) in [
            ("", 0),
            ("  ", 2),
            ("nul", 0),
            ("True", 0),
            ("01", 1),
            ("1.", 2),
            (".5", 0),
            ("-", 1),
            ("1e", 2),
            ("+1", 0),
            ("[1,]", 3),
            ("[1 2]", 3),
            ("{a:1}", 1),
            (r#"{"a" 1}"#, 5),
            (r#"{"a":1,}"#, 7),
            ("'a'", 0),
            ("\"a", 2),
            ("\"\n\"", 1),
            (r#""\x""#, 1),
            (r#""\ud800""#, 1),
            (r#""\ud800\u0041""#, 1),
            (r#""\udc00""#, 1),
            (r#""\u12""#, 1),
            ("[1] 2", 4),
            ("NaN", 0),
        ] {
            assert_eq!(canonical(text).unwrap_err().at, at, "{text}");
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(canonical(&nested(Json::MAX_DEPTH + 1)).is_ok());
        assert!(canonical(&nested(Json::MAX_DEPTH + 2)).is_err());
        assert!(canonical(&"[".repeat(1_000_000)).is_err());
        assert!(canonical(&" ".repeat(Json::MAX_BYTES + 1)).is_err());
    }
}
