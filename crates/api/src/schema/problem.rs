//! What is wrong with a schema, as far as it can be told without the other tables.

use crate::{ColumnSchema, DataType, ForeignKeySchema, IndexSchema, ReferentialAction, TableSchema, Value};

impl TableSchema {
    /// The first problem, in words.
    pub(super) fn problem(&self) -> Option<String> {
        if self.name.is_empty() {
            return Some("the name is empty".into());
        }
        if self.columns.is_empty() {
            return Some("there are no columns".into());
        }
        if self.columns.len() > Self::MAX_COLUMNS {
            return Some(format!("more than {} columns", Self::MAX_COLUMNS));
        }
        let columns = self.columns.iter().enumerate();
        if let Some(problem) = columns.into_iter().find_map(|(index, column)| self.problem_of_column(index, column)) {
            return Some(problem);
        }
        if self.columns.iter().filter(|column| column.autoincrement).count() > 1 {
            return Some("more than one column counts up".into());
        }
        self.problem_of_keys()
            .or_else(|| {
                if self.foreign_keys.len() > Self::MAX_FOREIGN_KEYS {
                    return Some(format!("more than {} foreign keys", Self::MAX_FOREIGN_KEYS));
                }
                let problem = self.foreign_keys.iter().find_map(|key| self.problem_of_foreign_key(key));
                problem.or_else(|| {
                    let name = twice(&mut self.foreign_keys.iter().map(|key| key.name.as_str()));
                    name.map(|name| format!("the foreign key {name} is there twice"))
                })
            })
            .or_else(|| {
                if self.checks.len() > Self::MAX_CHECKS {
                    return Some(format!("more than {} checks", Self::MAX_CHECKS));
                }
                let mut names = self.checks.iter().map(|check| check.name.as_str()).filter(|name| !name.is_empty());
                twice(&mut names).map(|name| format!("the check {name} is there twice"))
            })
    }

    fn problem_of_foreign_key(&self, key: &ForeignKeySchema) -> Option<String> {
        let ForeignKeySchema { name, columns, references, .. } = key;
        if columns.is_empty() || name.is_empty() {
            return Some("a foreign key without columns, or without a name".into());
        }
        if columns.len() > Self::MAX_KEY_COLUMNS {
            return Some(format!("a foreign key of more than {} columns", Self::MAX_KEY_COLUMNS));
        }
        if columns.len() != references.len() {
            return Some(format!("the foreign key {name} has {} columns for {}", columns.len(), references.len()));
        }
        for list in [columns, references] {
            if let Some(column) = twice(&mut list.iter().map(String::as_str)) {
                return Some(format!("the foreign key {name} has {column} twice"));
            }
        }
        for name in columns {
            let Some(column) = self.columns.iter().find(|column| column.name == *name) else {
                return Some(format!("the foreign key column {name} does not exist"));
            };
            if key.table.is_empty() {
                return Some(format!("the foreign key column {name} refers to no table"));
            }
            for action in [key.on_delete, key.on_update] {
                let becomes_null = match action {
                    ReferentialAction::SetNull => true,
                    ReferentialAction::SetDefault => column.default.as_ref().is_none_or(Value::is_null),
                    _ => false,
                };
                if becomes_null && !column.nullable {
                    return Some(format!("the foreign key column {name} may not be null, so no action can make it so"));
                }
            }
        }
        None
    }

    fn problem_of_column(&self, index: usize, column: &ColumnSchema) -> Option<String> {
        let name = &column.name;
        if name.is_empty() {
            return Some(format!("column {index} has no name"));
        }
        if self.position(name) != Some(index) {
            return Some(format!("column {name} is there twice"));
        }
        if let Some(problem) = column.problem_of_variants().or_else(|| column.problem_of_rules()) {
            return Some(problem);
        }
        if column.autoincrement && (!column.data_type.is_integer() || column.nullable) {
            return Some(format!("column {name} counts up, so it must be an integer and not null"));
        }
        match &column.default {
            Some(default) if !column.holds(default.as_ref()) || (default.is_null() && !column.nullable) => {
                Some(format!("the default {default} is no {} of column {name}", column.data_type))
            }
            _ => None,
        }
    }

    fn problem_of_keys(&self) -> Option<String> {
        let primary_key: Vec<&str> = self.primary_key.iter().map(String::as_str).collect();
        if let Some(problem) = self.problem_of_key(&primary_key) {
            return Some(problem);
        }
        if self.indexes.len() > Self::MAX_INDEXES {
            return Some(format!("more than {} indexes", Self::MAX_INDEXES));
        }
        if let Some(problem) = self.indexes.iter().find_map(|index| self.problem_of_index(index)) {
            return Some(problem);
        }
        if let Some(name) = twice(&mut self.indexes.iter().map(|index| index.name.as_str())) {
            return Some(format!("the index {name} is there twice"));
        }
        let nullable = self.columns.iter().find(|column| column.nullable && self.primary_key.contains(&column.name));
        nullable.map(|column| format!("the primary key column {} may be null", column.name))
    }

    fn problem_of_index(&self, index: &IndexSchema) -> Option<String> {
        let columns: Vec<&str> = index.columns.iter().map(|column| column.name.as_str()).collect();
        if columns.is_empty() {
            return Some("an index without columns".into());
        }
        if let Some(problem) = self.problem_of_key(&columns) {
            return Some(problem);
        }
        let name = &index.name;
        if name.is_empty() {
            return Some(format!("the index on {} has no name", IndexSchema::names(&index.columns).join(", ")));
        }
        if index.include.len() > Self::MAX_INCLUDED_COLUMNS {
            return Some(format!("the index {name} includes more than {} columns", Self::MAX_INCLUDED_COLUMNS));
        }
        if let Some(unknown) = index.include.iter().find(|column| self.position(column).is_none()) {
            return Some(format!("the column {unknown} that the index {name} includes does not exist"));
        }
        let twice = twice(&mut columns.into_iter().chain(index.include.iter().map(String::as_str)));
        twice.map(|column| format!("the index {name} has {column} twice"))
    }

    /// What is wrong with the columns of a key or of an index.
    fn problem_of_key(&self, names: &[&str]) -> Option<String> {
        if names.len() > Self::MAX_KEY_COLUMNS {
            return Some(format!("a key of more than {} columns", Self::MAX_KEY_COLUMNS));
        }
        for name in names {
            match self.columns.iter().find(|column| column.name == *name) {
                None => return Some(format!("the key column {name} does not exist")),
                Some(column) if !column.data_type.is_ordered() => {
                    return Some(format!("the key column {name} holds {}, which has no order", column.data_type));
                }
                Some(_) => {}
            }
        }
        twice(&mut names.iter().copied()).map(|name| format!("the key column {name} is there twice"))
    }
}

impl ColumnSchema {
    fn problem_of_variants(&self) -> Option<String> {
        let Self { name, variants, .. } = self;
        if (self.data_type == DataType::Enum) == variants.is_empty() {
            return Some(match variants.as_slice() {
                [] => format!("the enum {name} has no names"),
                _ => format!("column {name} has the names of an enum, but is none"),
            });
        }
        if variants.len() > TableSchema::MAX_VARIANTS {
            return Some(format!("the enum {name} has more than {} names", TableSchema::MAX_VARIANTS));
        }
        if variants.iter().any(String::is_empty) {
            return Some(format!("a name of the enum {name} is empty"));
        }
        twice(&mut variants.iter().map(String::as_str)).map(|twice| format!("the enum {name} has {twice} twice"))
    }
}

/// A name that is there twice.
fn twice<'a>(names: &mut dyn Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut sorted: Vec<&str> = Vec::new();
    for name in names {
        match sorted.binary_search(&name) {
            Ok(_) => return Some(name),
            Err(place) => sorted.insert(place, name),
        }
    }
    None
}
