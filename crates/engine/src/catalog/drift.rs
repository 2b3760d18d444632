//! How a stored table differs from the one that a program was compiled with, in words.
//!
//! Both are taken apart into named parts, each with what is said of it: two tables are the same if their parts are. Earlier
//! names are no part of what is stored, and indexes, references and checks have no order.

use std::fmt::Display;

use wasm_dbms_api::TableSchema;

/// A part of a table and what is said of it.
type Part = (String, String);

/// Every difference between two descriptions of a table, in words.
pub(crate) fn differences(stored: &TableSchema, compiled: &TableSchema) -> Vec<String> {
    let (old, new) = (parts(stored, compiled), parts(compiled, compiled));
    let find = |parts: &[Part], name: &str| parts.iter().position(|(other, _)| other == name);
    let mut differences = Vec::new();
    for (name, text) in &new {
        match find(&old, name).and_then(|place| old.get(place)) {
            None => differences.push(format!("{name} ({text}) is not stored")),
            Some((_, other)) if other != text => differences.push(format!("{name} is ({text}), stored as ({other})")),
            Some(_) => {}
        }
    }
    for (name, text) in &old {
        if find(&new, name).is_none() {
            differences.push(format!("{name} ({text}) is stored, but not in the program"));
        }
    }
    let order = |schema: &TableSchema| schema.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    if differences.is_empty() && order(stored) != order(compiled) {
        differences.push(format!("the columns stand in the order {}", order(stored).join(", ")));
    }
    differences
}

/// `compiled` says of which structs kept as JSON the fields matter: who says nothing of them wants none changed.
fn parts(schema: &TableSchema, compiled: &TableSchema) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut add = |what: &str, name: &str, text: &dyn Display| parts.push((format!("{what} {name}"), text.to_string()));
    schema.columns.iter().for_each(|column| add("column", &column.name, column));
    let says_shape = |name: &str| compiled.columns.iter().any(|column| column.name == name && !column.shape.is_empty());
    let shaped = schema.columns.iter().filter(|column| !column.shape.is_empty() && says_shape(&column.name));
    shaped.for_each(|column| add("the struct in", &column.name, &column.shape));
    if !schema.primary_key.is_empty() {
        add("the primary", "key", &schema.primary_key.join(", "));
    }
    schema.indexes.iter().for_each(|index| add("index", &index.name, index));
    schema.foreign_keys.iter().for_each(|key| add("foreign key", &key.name, key));
    // Those without a name are told apart by what they say.
    schema.checks.iter().for_each(|check| add("check", &check.label(), &check.condition));
    parts
}
