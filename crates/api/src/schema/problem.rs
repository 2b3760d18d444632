//! What is wrong with a schema, as far as it can be told without the other tables.
//!
//! The first problem is kept, and the walk goes on to its end: no step looks at what another one found.

use std::fmt;

use crate::{ColumnSchema, DataType, ForeignKeySchema, IndexSchema, ReferentialAction, TableSchema, Value};

/// The first problem, in words.
#[derive(Default)]
pub(crate) struct Problem(Option<String>);

impl Problem {
    /// Keeps these words if that is wrong, and nothing was before.
    #[inline(never)]
    pub(crate) fn is(&mut self, is_wrong: bool, words: fmt::Arguments<'_>) {
        if is_wrong && self.0.is_none() {
            self.0 = Some(words.to_string());
        }
    }

    /// There may be so many at most.
    fn is_more(&mut self, count: usize, most: usize, what: &str) {
        self.is(count > most, format_args!("more than {most} {what}"));
    }

    /// No name may be there twice, but the empty one. The words of the problem stand before it and behind it.
    #[inline(never)]
    fn is_twice<'a>(&mut self, names: &dyn Fn(usize) -> Option<&'a str>, before: fmt::Arguments<'_>, behind: &str) {
        let mut sorted: Vec<&str> = Vec::new();
        // A longer list was refused for its length.
        for place in 0..TableSchema::MAX_COLUMNS {
            let Some(name) = names(place) else { return };
            match sorted.binary_search(&name) {
                Ok(_) => self.is(!name.is_empty(), format_args!("{before} {name} {behind}")),
                Err(place) => sorted.insert(place, name),
            }
        }
    }
}

impl TableSchema {
    /// The first problem, in words.
    pub(super) fn problem(&self) -> Option<String> {
        let mut problem = Problem::default();
        problem.is(self.name.is_empty(), format_args!("the name is empty"));
        problem.is(self.columns.is_empty(), format_args!("there are no columns"));
        problem.is_more(self.columns.len(), Self::MAX_COLUMNS, "columns");
        let mut counting = 0;
        for (index, column) in self.columns.iter().enumerate().take(Self::MAX_COLUMNS) {
            self.look_at_column(&mut problem, index, column);
            counting += u32::from(column.autoincrement);
        }
        problem.is(counting > 1, format_args!("more than one column counts up"));
        self.look_at_key(&mut problem, &|place| Some(self.primary_key.get(place)?.as_str()));
        problem.is_more(self.indexes.len(), Self::MAX_INDEXES, "indexes");
        for index in self.indexes.iter().take(Self::MAX_INDEXES) {
            self.look_at_index(&mut problem, index);
        }
        let names = |place: usize| Some(self.indexes.get(place)?.name.as_str());
        problem.is_twice(&names, format_args!("the index"), "is there twice");
        for name in self.primary_key.iter().take(Self::MAX_KEY_COLUMNS) {
            let is_nullable = self.columns.iter().any(|column| column.nullable && column.name == *name);
            problem.is(is_nullable, format_args!("the primary key column {name} may be null"));
        }
        problem.is_more(self.foreign_keys.len(), Self::MAX_FOREIGN_KEYS, "foreign keys");
        for key in self.foreign_keys.iter().take(Self::MAX_FOREIGN_KEYS) {
            self.look_at_foreign_key(&mut problem, key);
        }
        let names = |place: usize| Some(self.foreign_keys.get(place)?.name.as_str());
        problem.is_twice(&names, format_args!("the foreign key"), "is there twice");
        problem.is_more(self.checks.len(), Self::MAX_CHECKS, "checks");
        let names = |place: usize| Some(self.checks.get(place)?.name.as_str());
        problem.is_twice(&names, format_args!("the check"), "is there twice");
        problem.0
    }

    fn look_at_foreign_key(&self, problem: &mut Problem, key: &ForeignKeySchema) {
        let ForeignKeySchema { name, columns, references, .. } = key;
        let (count, wanted) = (columns.len(), references.len());
        let is_nameless = count == 0 || name.is_empty();
        problem.is(is_nameless, format_args!("a foreign key without columns, or without a name"));
        let most = Self::MAX_KEY_COLUMNS;
        problem.is(count > most, format_args!("a foreign key of more than {most} columns"));
        problem.is(count != wanted, format_args!("the foreign key {name} has {count} columns for {wanted}"));
        for list in [columns, references] {
            let names = |place: usize| Some(list.get(place)?.as_str());
            problem.is_twice(&names, format_args!("the foreign key {name} has"), "twice");
        }
        for name in columns.iter().take(most) {
            let column = self.columns.iter().find(|column| column.name == *name);
            problem.is(column.is_none(), format_args!("the foreign key column {name} does not exist"));
            problem.is(key.table.is_empty(), format_args!("the foreign key column {name} refers to no table"));
            for action in [key.on_delete, key.on_update] {
                let is_refused = column.is_some_and(|column| match action {
                    ReferentialAction::SetNull => !column.nullable,
                    ReferentialAction::SetDefault => {
                        !column.nullable && column.default.as_ref().is_none_or(Value::is_null)
                    }
                    _ => false,
                });
                let words = format_args!("the foreign key column {name} may not be null, so no action can make it so");
                problem.is(is_refused, words);
            }
        }
    }

    fn look_at_column(&self, problem: &mut Problem, index: usize, column: &ColumnSchema) {
        let name = &column.name;
        problem.is(name.is_empty(), format_args!("column {index} has no name"));
        problem.is(self.position(name) != Some(index), format_args!("column {name} is there twice"));
        column.look_at_variants(problem);
        column.look_at_rules(problem);
        let is_uncounted = column.autoincrement && (!column.data_type.is_integer() || column.nullable);
        problem.is(is_uncounted, format_args!("column {name} counts up, so it must be an integer and not null"));
        if let Some(default) = &column.default {
            let is_unfit = !column.holds(default.as_ref()) || (default.is_null() && !column.nullable);
            problem.is(is_unfit, format_args!("the default {default} is no {} of column {name}", column.data_type));
        }
    }

    fn look_at_index(&self, problem: &mut Problem, index: &IndexSchema) {
        let IndexSchema { name, columns, include, .. } = index;
        problem.is(columns.is_empty(), format_args!("an index without columns"));
        self.look_at_key(problem, &|place| Some(columns.get(place)?.name.as_str()));
        if name.is_empty() {
            let names = IndexSchema::names(columns).join(", ");
            problem.is(true, format_args!("the index on {names} has no name"));
        }
        let most = Self::MAX_INCLUDED_COLUMNS;
        problem.is(include.len() > most, format_args!("the index {name} includes more than {most} columns"));
        for column in include.iter().take(most) {
            let is_unknown = self.position(column).is_none();
            let words = format_args!("the column {column} that the index {name} includes does not exist");
            problem.is(is_unknown, words);
        }
        let names = |place: usize| match columns.get(place) {
            Some(column) => Some(column.name.as_str()),
            None => Some(include.get(place - columns.len())?.as_str()),
        };
        problem.is_twice(&names, format_args!("the index {name} has"), "twice");
    }

    /// Looks at the columns of a key or of an index.
    #[inline(never)]
    fn look_at_key<'a>(&self, problem: &mut Problem, names: &dyn Fn(usize) -> Option<&'a str>) {
        let most = Self::MAX_KEY_COLUMNS;
        problem.is(names(most).is_some(), format_args!("a key of more than {most} columns"));
        for name in (0..most).map_while(names) {
            let column = self.columns.iter().find(|column| column.name == *name);
            problem.is(column.is_none(), format_args!("the key column {name} does not exist"));
            let data_type = column.map_or(DataType::I64, |column| column.data_type);
            let is_unordered = !data_type.is_ordered();
            problem.is(is_unordered, format_args!("the key column {name} holds {data_type}, which has no order"));
        }
        problem.is_twice(names, format_args!("the key column"), "is there twice");
    }
}

impl ColumnSchema {
    fn look_at_variants(&self, problem: &mut Problem) {
        let Self { name, variants, .. } = self;
        let (is_enum, has_none, most) =
            (self.data_type == DataType::Enum, variants.is_empty(), TableSchema::MAX_VARIANTS);
        problem.is(is_enum && has_none, format_args!("the enum {name} has no names"));
        problem.is(!is_enum && !has_none, format_args!("column {name} has the names of an enum, but is none"));
        problem.is(variants.len() > most, format_args!("the enum {name} has more than {most} names"));
        let is_nameless = variants.iter().any(String::is_empty);
        problem.is(is_nameless, format_args!("a name of the enum {name} is empty"));
        let names = |place: usize| Some(variants.get(place)?.as_str());
        problem.is_twice(&names, format_args!("the enum {name} has"), "twice");
    }
}
