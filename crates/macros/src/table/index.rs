//! The secondary indexes of a table, wherever they were asked for.

use quote::ToTokens;
use syn::ext::IdentExt;

use super::attributes::StructIndex;
use super::column::ColumnInput;
use crate::errors::Errors;

/// A secondary index.
pub(super) struct Index {
    pub(super) columns: Vec<String>,
    pub(super) unique: bool,
}

/// The indexes of fields, then those of the struct, then those that foreign keys need.
pub(super) fn resolve(columns: &[ColumnInput<'_>], listed: &[StructIndex], errors: &mut Errors) -> Vec<Index> {
    let key = columns.iter().filter(|column| column.primary_key.is_some()).map(|column| column.name.clone()).collect();
    let mut indexes = Indexes { primary_key: key, list: Vec::new() };
    for column in columns {
        for (attribute, unique) in [(column.unique, true), (column.index, false)] {
            if let Some(attribute) = attribute {
                indexes.add(attribute, vec![column.name.clone()], unique, errors);
            }
        }
    }
    for index in listed {
        let names = known_columns(columns, index, errors);
        indexes.add(&index.attribute, names, index.unique, errors);
    }
    for column in columns.iter().filter(|column| column.foreign_key.is_some()) {
        if !indexes.starts_with(&column.name) {
            indexes.list.push(Index { columns: vec![column.name.clone()], unique: false });
        }
    }
    indexes.list
}

struct Indexes {
    primary_key: Vec<String>,
    list: Vec<Index>,
}

impl Indexes {
    fn add(&mut self, tokens: impl ToTokens, columns: Vec<String>, unique: bool, errors: &mut Errors) {
        if columns == self.primary_key {
            errors.add(tokens, "this index is the primary key already");
        } else if self.list.iter().any(|index| index.columns == columns) {
            errors.add(tokens, "these columns have an index already");
        } else {
            self.list.push(Index { columns, unique });
        }
    }

    /// Whether some key can find the rows with a value of this column.
    fn starts_with(&self, column: &str) -> bool {
        let mut keys = self.list.iter().map(|index| &index.columns).chain([&self.primary_key]);
        keys.any(|columns| columns.first().is_some_and(|first| first == column))
    }
}

/// The columns that the index names; one that does not exist or is there twice is an error.
fn known_columns(columns: &[ColumnInput<'_>], index: &StructIndex, errors: &mut Errors) -> Vec<String> {
    let mut names = Vec::new();
    for ident in &index.columns {
        let name = ident.unraw().to_string();
        if !columns.iter().any(|column| column.name == name) {
            errors.add(ident, format!("there is no field `{name}`"));
        } else if names.contains(&name) {
            errors.add(ident, format!("the index names `{name}` twice"));
        }
        names.push(name);
    }
    names
}
