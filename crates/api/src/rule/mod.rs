//! What happens to a value on its way into a column: sanitizers change it, validators refuse it.
//!
//! A rule is data: it stands in the [`ColumnSchema`](crate::ColumnSchema), is stored with the table, and holds for every
//! face. A column's sanitizers run first, in the order written, then its validators in theirs; so what is stored is what
//! the validators have seen. NULL passes every rule: whether it may stand there is the column's own question.
//!
//! The matchers are small ones of our own, because libraries weigh tens of kilobytes in a module; `tests/rule_oracles.rs`
//! holds them against those libraries and says where they differ.

mod custom;
mod matcher;
mod rewrite;
mod sanitizer;
mod types;
mod validator;

pub use custom::{CustomRules, CustomSanitizer, CustomValidator, Sanitize, Validate};
pub use sanitizer::Sanitizer;
pub use types::RuleTypes;
pub use validator::Validator;

use std::cmp::Ordering;
use std::fmt;

use crate::expr::display::IS_FULL;
use crate::schema::problem::Problem;
use crate::{ColumnSchema, Value};

impl ColumnSchema {
    /// The most sanitizers, and the most validators, a column can have.
    pub const MAX_RULES: usize = 64;

    /// The longest name of a rule, in bytes.
    pub const MAX_RULE_NAME_BYTES: usize = 255;

    /// The longest pattern of [`Validator::Regex`], in bytes.
    pub const MAX_PATTERN_BYTES: usize = 4096;

    /// Adds a sanitizer, which runs after those before it.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType, Sanitizer};
    ///
    /// let name = ColumnSchema::new("name", DataType::Text).sanitizer(Sanitizer::Trim).sanitizer(Sanitizer::LowerCase);
    /// assert_eq!(name.sanitizers.len(), 2);
    /// ```
    #[must_use]
    pub fn sanitizer(mut self, sanitizer: Sanitizer) -> Self {
        self.sanitizers.push(sanitizer);
        self
    }

    /// Adds a validator, which runs after the sanitizers and the validators before it.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType, Validator};
    ///
    /// let name = ColumnSchema::new("name", DataType::Text).validator(Validator::MaxLen(80));
    /// assert_eq!(name.validators, [Validator::MaxLen(80)]);
    /// ```
    #[must_use]
    pub fn validator(mut self, validator: Validator) -> Self {
        self.validators.push(validator);
        self
    }

    /// Whether values of this column go through rules.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType, Sanitizer};
    ///
    /// let name = ColumnSchema::new("name", DataType::Text);
    /// assert!(!name.has_rules());
    /// assert!(name.sanitizer(Sanitizer::Trim).has_rules());
    /// ```
    pub fn has_rules(&self) -> bool {
        !self.sanitizers.is_empty() || !self.validators.is_empty()
    }

    /// What is wrong with the rules of this column. Where rules are not carried out, nobody makes them either: those of a file
    /// were right.
    pub(crate) fn look_at_rules(&self, problem: &mut Problem) {
        if !IS_FULL {
            return;
        }
        let (name, most) = (&self.name, Self::MAX_RULES);
        let is_more = self.sanitizers.len().max(self.validators.len()) > most;
        problem.is(is_more, format_args!("column {name} has more than {most} sanitizers or validators"));
        let is_counted = self.autoincrement && !self.sanitizers.is_empty();
        problem.is(is_counted, format_args!("column {name} counts up, so no sanitizer may change its values"));
        let mut look = |rule: &dyn fmt::Display, types: RuleTypes, own: Option<String>| {
            let is_other = !types.contain(self.data_type);
            problem.is(is_other, format_args!("{rule} of column {name} is for {types}, not for {}", self.data_type));
            problem.is(own.is_some(), format_args!("{rule} of column {name}: {}", own.as_deref().unwrap_or_default()));
        };
        for rule in self.sanitizers.iter().take(most) {
            look(rule, rule.types(), rule.problem(self));
        }
        for rule in self.validators.iter().take(most) {
            look(rule, rule.types(), rule.problem(self));
        }
    }

    /// What is wrong with the smallest and largest value of a rule of this column.
    fn problem_of_bounds(&self, low: &Value, high: &Value) -> Option<String> {
        for bound in [low, high] {
            if bound.is_null() || !self.holds(bound.as_ref()) {
                return Some(format!("{bound} is no {}", self.data_type));
            }
        }
        (low.as_ref().compare(high.as_ref()) == Some(Ordering::Greater)).then(|| format!("{low} is above {high}"))
    }
}

/// What is wrong with the name of a rule.
fn problem_of_name(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("the name is empty".into());
    }
    let is_long = name.len() > ColumnSchema::MAX_RULE_NAME_BYTES;
    is_long.then(|| format!("the name is longer than {} bytes", ColumnSchema::MAX_RULE_NAME_BYTES))
}
