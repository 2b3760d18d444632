//! [`Rules`]: what a table's sanitizers and validators need that the schema does not hold.
//!
//! Which rules a table has is stored, in its description: a code and what the rule takes, a pattern as its text, a rule of
//! the program's own by its name ([`crate::codec::snapshot`]). So what a rule means is part of the format: another meaning
//! is another rule with another code. A program that lacks one, the crate's feature or the name, reads the table and is
//! refused writing. The same refusal stops writers while a migration in steps copies a table ([`Rules::frozen`]): what was
//! copied must stay as it was, and the description, which says that the table is held, outlives closing and crashes.

use std::sync::Arc;

use wasm_dbms_api::{Sanitizer, SchemaError, TableSchema, Validator};

use crate::error::Fallible;

#[cfg(feature = "regex")]
mod pattern;

/// The columns of a table that have sanitizers or validators. A table without any has none of this.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) columns: Vec<usize>,
    /// Whether a rule is one that a program may lack.
    pub(crate) may_be_missing: bool,
    #[cfg(feature = "regex")]
    patterns: Vec<pattern::Pattern>,
}

impl Rules {
    /// Whether this program runs patterns.
    pub(crate) const HAS_PATTERNS: bool = cfg!(feature = "regex");

    /// The rules of a table, if it has some.
    pub(crate) fn of(schema: &TableSchema) -> Option<Self> {
        let mut columns = Vec::new();
        for (number, column) in schema.columns.iter().enumerate() {
            if column.has_rules() {
                columns.push(number);
            }
        }
        if columns.is_empty() {
            return None;
        }
        let may_be_missing = schema.columns.iter().any(|column| {
            column.sanitizers.iter().any(|rule| matches!(rule, Sanitizer::Custom(_)))
                || column.validators.iter().any(|rule| match rule {
                    Validator::Regex(_) => !Self::HAS_PATTERNS,
                    rule => matches!(rule, Validator::Custom(_)),
                })
        });
        Some(Self {
            columns,
            may_be_missing,
            #[cfg(feature = "regex")]
            patterns: pattern::of(schema),
        })
    }

    /// The rules of a table that a migration in steps holds, so that nobody may write it: of no column, and yet one may be
    /// missing. Whoever writes a table with rules asks that first, and is refused there with the right words; the path to a
    /// table without rules, which is the hot one, has no question more to ask.
    pub(crate) fn frozen() -> Arc<Self> {
        Arc::new(Self {
            columns: Vec::new(),
            may_be_missing: true,
            #[cfg(feature = "regex")]
            patterns: Vec::new(),
        })
    }

    /// Checks that this program can run every pattern of a new table.
    pub(crate) fn check_patterns(schema: &TableSchema) -> Fallible<()> {
        for column in &schema.columns {
            for validator in &column.validators {
                if let Validator::Regex(pattern) = validator
                    && let Some(problem) = problem_of(pattern)
                {
                    let problem = format!("{validator} of column {}: {problem}", column.name);
                    return Err(SchemaError { table: schema.name.clone(), problem }.into());
                }
            }
        }
        Ok(())
    }

    /// Whether a text has a match of a pattern; none if this program cannot tell.
    #[cfg(feature = "regex")]
    pub(crate) fn matches(&self, pattern: &str, text: &str) -> Fallible<Option<bool>> {
        match self.patterns.iter().find(|candidate| candidate.text == pattern) {
            Some(found) => found.is_match(text).map(Some),
            None => Ok(None),
        }
    }

    /// Whether a text has a match of a pattern; none if this program cannot tell.
    #[cfg(not(feature = "regex"))]
    pub(crate) fn matches(&self, _pattern: &str, _text: &str) -> Fallible<Option<bool>> {
        Ok(None)
    }
}

#[cfg(feature = "regex")]
fn problem_of(pattern: &str) -> Option<String> {
    pattern::compile(pattern).err()
}

#[cfg(not(feature = "regex"))]
fn problem_of(_pattern: &str) -> Option<String> {
    Some("the program was built without the feature `regex`".into())
}
