//! Names as SQL writes them.

use crate::text_parts::replaced;
use std::fmt;

/// A name as SQL writes it: in double quotes where it would be read as something else without them.
///
/// ```
/// use wasm_dbms_api::Identifier;
///
/// assert_eq!(Identifier("users").to_string(), "users");
/// assert_eq!(Identifier("order").to_string(), "\"order\"");
/// assert_eq!(Identifier("Big \"Table\"").to_string(), "\"Big \"\"Table\"\"\"");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identifier<'a>(pub &'a str);

/// Words that are no names in SQL unless they are quoted: at 2 those of two letters, and so on.
const RESERVED: [&str; 18] = [
    "",
    "",
    "as by in is on or to",
    "all and any asc end for not row set",
    "case cast desc drop else from full glob into join left like null some then true when with",
    "check cross false fetch group ilike inner limit order outer right table union using where",
    "create delete escape except exists having insert isnull offset regexp select unique update values window",
    "between collate default foreign lateral natural notnull primary similar",
    "distinct",
    "intersect localtime partition returning",
    "constraint references",
    "tablesample",
    "current_date current_time",
    "",
    "localtimestamp",
    "",
    "",
    "current_timestamp",
];

impl Identifier<'_> {
    /// Whether a word, in lower case, is no name in SQL unless it is quoted.
    ///
    /// ```
    /// use wasm_dbms_api::Identifier;
    ///
    /// assert!(Identifier::is_reserved("select"));
    /// assert!(!Identifier::is_reserved("users"));
    /// ```
    pub fn is_reserved(word: &str) -> bool {
        let length = word.len();
        let mut all = RESERVED.get(length).unwrap_or(&"").as_bytes().chunks(length + 1);
        all.any(|other| other.get(..length) == Some(word.as_bytes()))
    }

    fn is_plain(self) -> bool {
        let mut bytes = self.0.bytes();
        bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
            && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && !Self::is_reserved(self.0)
    }
}

impl fmt::Display for Identifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_plain() {
            return f.write_str(self.0);
        }
        write!(f, "\"{}\"", replaced(self.0, b'"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reserved_word_stands_where_it_is_looked_for() {
        for (length, words) in RESERVED.iter().enumerate() {
            assert!(
                words.split_whitespace().all(|word| word.len() == length && Identifier::is_reserved(word)),
                "{words}"
            );
        }
        assert!(
            ["", "a", "sel", "selects", "as by", "currenttimestamps"].iter().all(|word| !Identifier::is_reserved(word))
        );
    }
}
