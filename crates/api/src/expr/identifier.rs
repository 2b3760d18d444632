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

/// Words that are no names in SQL unless they are quoted; sorted.
const RESERVED: [&str; 85] = [
    "all",
    "and",
    "any",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "cast",
    "check",
    "collate",
    "constraint",
    "create",
    "cross",
    "current_date",
    "current_time",
    "current_timestamp",
    "default",
    "delete",
    "desc",
    "distinct",
    "drop",
    "else",
    "end",
    "escape",
    "except",
    "exists",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "full",
    "glob",
    "group",
    "having",
    "ilike",
    "in",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "or",
    "order",
    "outer",
    "partition",
    "primary",
    "references",
    "regexp",
    "returning",
    "right",
    "row",
    "select",
    "set",
    "similar",
    "some",
    "table",
    "tablesample",
    "then",
    "to",
    "true",
    "union",
    "unique",
    "update",
    "using",
    "values",
    "when",
    "where",
    "window",
    "with",
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
        RESERVED.binary_search(&word).is_ok()
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
    fn reserved_words_are_sorted_so_that_each_is_found() {
        assert!(RESERVED.is_sorted());
        assert!(RESERVED.iter().all(|word| Identifier::is_reserved(word)));
    }
}
