//! Regular expressions of validators, compiled when they are first asked.

use std::sync::OnceLock;

use regex_lite::{Regex, RegexBuilder};
use wasm_dbms_api::{MemoryError, TableSchema, Validator};

use crate::error::Fallible;

/// The most memory that a compiled pattern takes, in bytes.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// The pattern of a validator.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(super) text: String,
    /// A stored pattern may be a foreign one: it is not compiled before a row is written, and may not be.
    compiled: OnceLock<Result<Regex, String>>,
}

/// The patterns of a table.
pub(super) fn of(schema: &TableSchema) -> Vec<Pattern> {
    let validators = schema.columns.iter().flat_map(|column| &column.validators);
    let patterns = validators.filter_map(|validator| match validator {
        Validator::Regex(text) => Some(Pattern { text: text.clone(), compiled: OnceLock::new() }),
        _ => None,
    });
    patterns.collect()
}

/// The compiled pattern, or what is wrong with it.
pub(super) fn compile(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text).size_limit(MAX_COMPILED_BYTES).build().map_err(|error| error.to_string())
}

impl Pattern {
    pub(super) fn is_match(&self, text: &str) -> Fallible<bool> {
        match self.compiled.get_or_init(|| compile(&self.text)) {
            Ok(regex) => Ok(regex.is_match(text)),
            Err(problem) => {
                Err(MemoryError::corrupt_with(format_args!("the stored pattern '{}' is wrong: {problem}", self.text))
                    .into())
            }
        }
    }
}
