//! Running the sanitizers and validators of columns.

use wasm_dbms_api::{ColumnSchema, CustomRules, Sanitizer, Validator, Value, ValueRef};

use crate::Error;
use crate::catalog::{Relation, RelationIndex, Rules};
use crate::core::Core;
use crate::error::Fallible;
use crate::full::needs_full;
use crate::write::Assignment;
use crate::write::insert::next_count;

impl Core {
    /// Refuses to write a table that has rules which this program lacks, or that a migration is at work on.
    #[inline]
    pub(crate) fn check_writable(&self, index: RelationIndex) -> Fallible<()> {
        let relation = self.catalog.relation(index)?;
        match &relation.rules {
            Some(rules) if rules.may_be_missing => check_known(relation, &self.custom_rules),
            _ => Ok(()),
        }
    }

    /// The values of a new row, with the number of a column that counts up if rules look at it.
    #[cold]
    pub(crate) fn drawn_row<'v>(
        &mut self,
        index: RelationIndex,
        rules: &Rules,
        given: &[Option<ValueRef<'v>>],
    ) -> Fallible<Vec<Option<ValueRef<'v>>>> {
        needs_full()?;
        let relation = self.catalog.relation(index)?;
        let mut values = given.to_vec();
        values.resize(relation.schema.columns.len(), None);
        if let Some(column) = relation.autoincrement.filter(|column| rules.columns.contains(column))
            && let Some(value @ None) = values.get_mut(column)
        {
            *value = Some(ValueRef::from_u64(next_count(relation, given, &mut self.numbers)?));
        }
        Ok(values)
    }

    /// What the rules of a table make of the values of a new row: those that change, by column.
    #[cold]
    pub(crate) fn ruled_row(
        &self,
        index: RelationIndex,
        rules: &Rules,
        given: &[Option<ValueRef<'_>>],
    ) -> Fallible<Vec<Assignment>> {
        needs_full()?;
        let relation = self.catalog.relation(index)?;
        let mut changed = Vec::new();
        for number in &rules.columns {
            let Some(column) = relation.schema.columns.get(*number) else { continue };
            let value = match given.get(*number).copied().flatten() {
                Some(value) => value,
                None => column.default.as_ref().map_or(ValueRef::Null, Value::as_ref),
            };
            if let Some(value) = self.ruled(relation, rules, *number, value)? {
                changed.push((*number, value));
            }
        }
        Ok(changed)
    }

    /// What the rules of a table make of new values of some columns.
    #[cold]
    pub(crate) fn ruled_assignments(
        &self,
        index: RelationIndex,
        rules: &Rules,
        assignments: &[Assignment],
    ) -> Fallible<Vec<Assignment>> {
        needs_full()?;
        let relation = self.catalog.relation(index)?;
        let mut ruled = assignments.to_vec();
        for (column, value) in &mut ruled {
            if let Some(changed) = self.ruled(relation, rules, *column, value.as_ref())? {
                *value = changed;
            }
        }
        Ok(ruled)
    }

    /// What the rules of a column make of a value; none if it stays as it is. A value that the column cannot hold passes:
    /// it is refused as such.
    fn ruled(&self, relation: &Relation, rules: &Rules, number: usize, value: ValueRef<'_>) -> Fallible<Option<Value>> {
        let changed = self.sanitized(relation, number, value)?;
        self.validate(relation, rules, number, changed.as_ref().map_or(value, Value::as_ref))?;
        Ok(changed)
    }

    /// What the sanitizers of a column make of a value; none if it stays as it is.
    pub(crate) fn sanitized(&self, relation: &Relation, number: usize, value: ValueRef<'_>) -> Fallible<Option<Value>> {
        let Some(column) = relation.schema.columns.get(number) else { return Ok(None) };
        if column.sanitizers.is_empty() {
            return Ok(None);
        }
        needs_full()?;
        let mut changed: Option<Value> = None;
        for sanitizer in &column.sanitizers {
            let current = changed.as_ref().map_or(value, Value::as_ref);
            if current.is_null() || !column.holds(current) {
                break;
            }
            let next = match sanitizer {
                Sanitizer::Custom(name) => {
                    let found = self.custom_rules.find_sanitizer(name);
                    let rule = found.ok_or_else(|| missing(relation, &column.name, sanitizer))?;
                    let next = rule.apply(current);
                    Some(next.map_err(|error| refusal(relation, column, current, name, Some(error.to_string())))?)
                }
                built_in => built_in.apply(current, column.data_type),
            };
            changed = next.or(changed);
        }
        Ok(changed)
    }

    /// Asks the validators of a column.
    fn validate(&self, relation: &Relation, rules: &Rules, number: usize, value: ValueRef<'_>) -> Fallible<()> {
        needs_full()?;
        let Some(column) = relation.schema.columns.get(number) else { return Ok(()) };
        if value.is_null() || !column.holds(value) {
            return Ok(());
        }
        for validator in &column.validators {
            let is_right = match (validator, value) {
                (Validator::Custom(name), _) => {
                    let found = self.custom_rules.find_validator(name);
                    let rule = found.ok_or_else(|| missing(relation, &column.name, validator))?;
                    let answer = rule.check(value).unwrap_or_else(|error| Err(error.to_string()));
                    answer.map_err(|reason| refusal(relation, column, value, name, Some(reason)))?;
                    true
                }
                (Validator::Regex(pattern), ValueRef::Text(text)) => {
                    rules.matches(pattern, text)?.ok_or_else(|| missing(relation, &column.name, validator))?
                }
                (built_in, value) => built_in.accepts(value),
            };
            if !is_right {
                return Err(refusal(relation, column, value, validator, None));
            }
        }
        Ok(())
    }
}

/// The error of a value that a rule refuses.
#[cold]
fn refusal(
    relation: &Relation,
    column: &ColumnSchema,
    value: ValueRef<'_>,
    rule: &dyn std::fmt::Display,
    reason: Option<String>,
) -> Box<Error> {
    Error::Validation {
        table: relation.schema.name.clone(),
        column: column.name.clone(),
        value: value.to_value(),
        rule: rule.to_string().into_boxed_str(),
        reason: reason.map(String::into_boxed_str),
    }
    .into()
}

/// Checks that the program has every rule that a table names, and that no migration keeps it from being written.
#[cold]
fn check_known(relation: &Relation, known: &CustomRules) -> Fallible<()> {
    relation.check_not_held()?;
    needs_full()?;
    for column in &relation.schema.columns {
        for sanitizer in &column.sanitizers {
            if matches!(sanitizer, Sanitizer::Custom(name) if known.find_sanitizer(name).is_none()) {
                return Err(missing(relation, &column.name, sanitizer));
            }
        }
        for validator in &column.validators {
            let is_missing = match validator {
                Validator::Custom(name) => known.find_validator(name).is_none(),
                Validator::Regex(_) => !Rules::HAS_PATTERNS,
                _ => false,
            };
            if is_missing {
                return Err(missing(relation, &column.name, validator));
            }
        }
    }
    Ok(())
}

#[cold]
fn missing(relation: &Relation, column: &str, rule: &dyn std::fmt::Display) -> Box<Error> {
    let (table, column, rule) = (relation.schema.name.clone(), column.to_owned(), rule.to_string());
    Error::MissingRule { table, column, rule }.into()
}
