//! What stands inside a document, found in its canonical text.

use super::{Json, JsonRef};
use crate::integer_text::{parse_digits, parse_integer};
use crate::text_parts::cut;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is named as JSON calls it")]
pub enum JsonKind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl JsonKind {
    /// The word for it.
    ///
    /// ```
    /// use wasm_dbms_api::JsonKind;
    ///
    /// assert_eq!(JsonKind::Array.name(), "array");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(i64),
}

/// A way into a document: `$.name[0]."other name"[-1]`; the `$` may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath(Vec<Step>);

impl JsonPath {
    /// The path that a text says; none if it says none.
    ///
    /// ```
    /// use wasm_dbms_api::{Json, JsonPath};
    ///
    /// let json: Json = r#"{"a":[1,{"b c":"x"}]}"#.parse()?;
    /// let path = JsonPath::new(r#"$.a[-1]."b c""#).unwrap();
    /// assert_eq!(json.as_ref().extract(&path).unwrap().as_str(), r#""x""#);
    /// # Ok::<(), wasm_dbms_api::JsonError>(())
    /// ```
    pub fn new(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = match text.strip_prefix('$') {
            Some(rest) => rest,
            // A name without a point before it.
            None if !text.is_empty() && !matches!(text.as_bytes(), [b'.' | b'[', ..]) => {
                let (name, rest) = member(text)?;
                steps.push(Step::Member(name));
                rest
            }
            None => text,
        };
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('.') {
                let (name, after) = member(after)?;
                steps.push(Step::Member(name));
                rest = after;
            } else {
                let (number, after) = cut(rest.strip_prefix('[')?, b']')?;
                steps.push(Step::Element(parse_integer(number)?));
                rest = after;
            }
        }
        Some(Self(steps))
    }
}

/// The name, plain or in double quotes, that a text begins with, and what comes after it.
fn member(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, rest) = cut(quoted, b'"')?;
        return Some((name.to_owned(), rest));
    }
    let end = text.bytes().position(|byte| matches!(byte, b'.' | b'[')).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    (!name.is_empty()).then(|| (name.to_owned(), rest))
}

/// The values of an array or an object, each with its name in quotes, which is empty in an array.
struct Inside<'a> {
    rest: &'a str,
    has_names: bool,
}

impl<'a> Iterator for Inside<'a> {
    type Item = (&'a str, JsonRef<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let mut name = "";
        if self.has_names {
            let (own, rest) = self.rest.split_at_checked(length(self.rest)?)?;
            name = own;
            self.rest = rest.strip_prefix(':')?;
        }
        let (value, rest) = self.rest.split_at_checked(length(self.rest)?)?;
        self.rest = rest.strip_prefix(',').unwrap_or_default();
        Some((name, JsonRef::from_stored(value)))
    }
}

/// How long the value is that a text begins with; none if it begins with none.
fn length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0usize, 0);
    loop {
        let first = *bytes.get(at)?;
        match first {
            b'"' => {
                at += 1;
                loop {
                    match bytes.get(at)? {
                        b'"' => break,
                        b'\\' => at += 2,
                        _ => at += 1,
                    }
                }
                at += 1;
            }
            b'[' | b'{' => {
                depth += 1;
                at += 1;
            }
            b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            b',' | b':' if depth > 0 => at += 1,
            b',' | b':' => return None,
            _ => {
                let is_end = |byte: &u8| matches!(byte, b',' | b':' | b']' | b'}' | b'[' | b'{' | b'"');
                at += bytes.get(at..)?.iter().position(is_end).unwrap_or(bytes.len() - at);
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

impl<'a> JsonRef<'a> {
    /// What the document is.
    ///
    /// ```
    /// use wasm_dbms_api::{Json, JsonKind};
    ///
    /// let json: Json = "[1]".parse().unwrap();
    /// assert_eq!(json.as_ref().kind(), JsonKind::Array);
    /// ```
    pub fn kind(self) -> JsonKind {
        match self.as_str().as_bytes().first() {
            Some(b'{') => JsonKind::Object,
            Some(b'[') => JsonKind::Array,
            Some(b'"') => JsonKind::String,
            Some(b't' | b'f') => JsonKind::Boolean,
            Some(b'n') | None => JsonKind::Null,
            Some(_) => JsonKind::Number,
        }
    }

    fn inside(self) -> Inside<'a> {
        let text = self.as_str();
        let has_names = self.kind() == JsonKind::Object;
        let is_nested = has_names || self.kind() == JsonKind::Array;
        let rest = if is_nested { text.get(1..text.len().saturating_sub(1)).unwrap_or_default() } else { "" };
        Inside { rest, has_names }
    }

    /// The string, if the document is one.
    ///
    /// ```
    /// use wasm_dbms_api::Json;
    ///
    /// let json: Json = r#""a\nb""#.parse().unwrap();
    /// assert_eq!(json.as_ref().string().as_deref(), Some("a\nb"));
    /// ```
    pub fn string(self) -> Option<String> {
        (self.kind() == JsonKind::String).then(|| unquoted(self.as_str()))
    }

    /// How many elements the array has, if the document is one.
    ///
    /// ```
    /// use wasm_dbms_api::Json;
    ///
    /// let json: Json = "[1, [2, 3]]".parse().unwrap();
    /// assert_eq!(json.as_ref().array_length(), Some(2));
    /// ```
    pub fn array_length(self) -> Option<usize> {
        (self.kind() == JsonKind::Array).then(|| self.inside().count())
    }

    /// The member of this name, if the document is an object that has one.
    ///
    /// ```
    /// use wasm_dbms_api::Json;
    ///
    /// let json: Json = r#"{"a": [1]}"#.parse().unwrap();
    /// assert_eq!(json.as_ref().member("a").unwrap().as_str(), "[1]");
    /// ```
    pub fn member(self, name: &str) -> Option<JsonRef<'a>> {
        let is_object = self.kind() == JsonKind::Object;
        self.inside().filter(|_| is_object).find(|(own, _)| is_name(own, name)).map(|(_, value)| value)
    }

    /// Whether the object has a member of this name, or the array a string equal to it.
    ///
    /// ```
    /// use wasm_dbms_api::Json;
    ///
    /// let object: Json = r#"{"a": 1}"#.parse().unwrap();
    /// let array: Json = r#"["a"]"#.parse().unwrap();
    /// assert!(object.as_ref().has_key("a") && array.as_ref().has_key("a"));
    /// ```
    pub fn has_key(self, name: &str) -> bool {
        match self.kind() {
            JsonKind::Array => {
                self.inside().any(|(_, value)| value.kind() == JsonKind::String && is_name(value.as_str(), name))
            }
            _ => self.member(name).is_some(),
        }
    }

    /// What stands at a path.
    ///
    /// ```
    /// use wasm_dbms_api::{Json, JsonPath};
    ///
    /// let json: Json = r#"{"a": [1, {"b": true}]}"#.parse().unwrap();
    /// let path = JsonPath::new("$.a[1].b").unwrap();
    /// assert_eq!(json.as_ref().extract(&path).unwrap().as_str(), "true");
    /// ```
    pub fn extract(self, path: &JsonPath) -> Option<JsonRef<'a>> {
        path.0.iter().try_fold(self, |document, step| match step {
            Step::Member(name) => document.member(name),
            Step::Element(number) => {
                let length = document.array_length()?;
                let number =
                    if *number < 0 { length.checked_sub(number.unsigned_abs() as usize)? } else { *number as usize };
                document.inside().nth(number).map(|(_, value)| value)
            }
        })
    }

    /// Whether everything in the other document is in this one: an object's members each in the member of the same name,
    /// an array's elements each in some element. An array contains a single value too that one of its elements equals.
    ///
    /// ```
    /// use wasm_dbms_api::Json;
    ///
    /// let json: Json = r#"{"tags": ["new", "hot"], "n": 1}"#.parse().unwrap();
    /// let wanted: Json = r#"{"tags": ["hot"]}"#.parse().unwrap();
    /// assert!(json.as_ref().contains(wanted.as_ref()));
    /// assert!(!wanted.as_ref().contains(json.as_ref()));
    /// ```
    pub fn contains(self, other: JsonRef<'_>) -> bool {
        if self.kind() == JsonKind::Array && !matches!(other.kind(), JsonKind::Array | JsonKind::Object) {
            return self.inside().any(|(_, value)| value == other);
        }
        self.contains_at(other)
    }

    fn contains_at(self, other: JsonRef<'_>) -> bool {
        match (self.kind(), other.kind()) {
            (JsonKind::Object, JsonKind::Object) => other.inside().all(|(name, value)| {
                // Both are canonical: a name is written in one way only.
                self.inside().find(|(own, _)| *own == name).is_some_and(|(_, own)| own.contains_at(value))
            }),
            (JsonKind::Array, JsonKind::Array) => {
                other.inside().all(|(_, value)| self.inside().any(|(_, own)| own.contains_at(value)))
            }
            (own, other_kind) => own == other_kind && self == other,
        }
    }
}

impl Json {
    /// The document that is this string.
    ///
    /// ```
    /// use wasm_dbms_api::Json;
    ///
    /// assert_eq!(Json::from_text("say \"a\"").as_str(), r#""say \"a\"""#);
    /// ```
    pub fn from_text(text: &str) -> Self {
        let mut quoted = String::with_capacity(text.len() + 2);
        quoted.push('"');
        for char in text.chars() {
            match char {
                '"' => quoted.push_str("\\\""),
                '\\' => quoted.push_str("\\\\"),
                control if u32::from(control) < 0x20 => quoted.push_str(&format!("\\u{:04x}", u32::from(control))),
                plain => quoted.push(plain),
            }
        }
        quoted.push('"');
        // Parsed once more, so that it has the one form that strings have.
        quoted.parse().unwrap_or_default()
    }
}

fn is_name(quoted: &str, name: &str) -> bool {
    let plain = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    if plain.as_bytes().contains(&b'\\') { unquoted(quoted) == name } else { plain == name }
}

/// The text that a string in quotes says.
fn unquoted(quoted: &str) -> String {
    let plain = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    let mut text = String::with_capacity(plain.len());
    // The first half of a character that takes two.
    let mut half = None;
    let mut chars = plain.chars();
    while let Some(char) = chars.next() {
        let unescaped = match char {
            '\\' => match chars.next() {
                Some('u') => {
                    let digits: String = chars.by_ref().take(4).collect();
                    let unit = parse_digits(&digits, 16).map_or(0xFFFD, |unit| unit as u32);
                    let both = half.filter(|_| (0xDC00..0xE000).contains(&unit));
                    let code = both.map_or(unit, |first: u32| 0x10000 + ((first - 0xD800) << 10) + (unit - 0xDC00));
                    if both.is_some() {
                        text.pop();
                    }
                    text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    half = Some(unit).filter(|unit| (0xD800..0xDC00).contains(unit));
                    continue;
                }
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('b') => '\u{8}',
                Some('f') => '\u{C}',
                other => other.unwrap_or('\\'),
            },
            plain => plain,
        };
        text.push(unescaped);
        half = None;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_say_the_characters_that_they_say_in_utf_16() {
        let mut random = fastrand::Rng::with_seed(16);
        for _ in 0..20_000 {
            let unit =
                |random: &mut fastrand::Rng| *random.choice(&[0x41, 0xD83D, 0xDE00, 0xDC00, 0xD800, 0xE9]).unwrap();
            let units: Vec<u16> = (0..random.usize(0..7)).map(|_| unit(&mut random)).collect();
            let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            assert_eq!(unquoted(&format!("\"{escaped}\"")), String::from_utf16_lossy(&units), "{escaped}");
        }
    }

    fn json(text: &str) -> Json {
        text.parse().unwrap()
    }

    #[test]
    fn paths_lead_to_what_stands_there() {
        let document = json(r#"{"a":{"b":[10,[20,30],{"c":null}]},"d.e":"x","\"":1,"é":"\n\u0001"}"#);
        for (path, expected) in [
            ("$", Some(document.as_str())),
            ("$.a.b[0]", Some("10")),
            ("a.b[1][1]", Some("30")),
            ("$.a.b[-1].c", Some("null")),
            ("$.\"d.e\"", Some("\"x\"")),
            ("$.é", Some(r#""\n\u0001""#)),
            ("$.a.b[3]", None),
            ("$.a.b[-4]", None),
            ("$.a.x", None),
            ("$.a[0]", None),
        ] {
            let found = document.as_ref().extract(&JsonPath::new(path).unwrap());
            assert_eq!(found.map(JsonRef::as_str), expected, "{path}");
        }
        for path in [".", "$.", "$[", "$[x]", "$.a[0", "$x", "[0]x"] {
            assert!(JsonPath::new(path).is_none(), "{path}");
        }
        assert!(document.as_ref().has_key("\"") && document.as_ref().has_key("é") && !document.as_ref().has_key("b"));
        assert_eq!(document.as_ref().member("é").unwrap().string().unwrap(), "\n\u{1}");
    }

    #[test]
    fn documents_contain_their_parts() {
        for (whole, part, expected) in [
            (r#"{"a":1,"b":[1,2,{"c":3}]}"#, r#"{"b":[2]}"#, true),
            (r#"{"a":1,"b":[1,2,{"c":3}]}"#, r#"{"b":[{"c":3.0}]}"#, true),
            (r#"{"a":1}"#, r#"{"a":2}"#, false),
            (r#"{"a":1}"#, "{}", true),
            ("[1,2]", "[2,2,1]", true),
            ("[1,2]", "2", true),
            ("[[1,2]]", "[1]", false),
            ("[1,\"a,b\"]", "[\"a,b\"]", true),
            ("\"a\"", "\"a\"", true),
            ("\"a\"", "[\"a\"]", false),
            ("null", "null", true),
        ] {
            assert_eq!(json(whole).as_ref().contains(json(part).as_ref()), expected, "{whole} contains {part}");
        }
    }

    #[test]
    fn strings_become_documents_and_come_back() {
        for text in ["", "plain", "\"\\/\u{8}\u{c}\n\r\t\0\u{1f}", "é😀\u{7f}"] {
            assert_eq!(Json::from_text(text).as_ref().string().unwrap(), text);
        }
        assert_eq!(json(r#""\ud83d\ude00""#).as_ref().string().unwrap(), "😀");
    }

    #[test]
    fn text_that_is_no_document_is_walked_without_a_panic() {
        let mut random = fastrand::Rng::with_seed(9);
        let path = JsonPath::new("$.a[0].b").unwrap();
        for _ in 0..20_000 {
            let parts = ["{", "}", "[", "]", ",", ":", "\"", "a", "1", "\\", "é", "\"a\""];
            let text: String = (0..random.usize(..12)).map(|_| parts[random.usize(..parts.len())]).collect();
            let document = JsonRef::from_stored(&text);
            let _ = (document.extract(&path), document.has_key("a"), document.array_length(), document.string());
            let _ = document.contains(JsonRef::from_stored("{\"a\":[1]}"));
        }
    }
}
