//! Tables that come and go.

use std::sync::Arc;

use wasm_dbms::{IndexSchema, TableSchema};

use crate::model::oracle::table::{Reference, Shape, is_clustered};
use crate::model::oracle::{Refusal, State, Table, Verdict};

impl State {
    /// A table comes.
    pub fn create(&self, schema: &TableSchema) -> Verdict {
        if schema.validate().is_err() {
            return Verdict::refused(Refusal::Schema);
        }
        if self.table(&schema.name).is_some() {
            return Verdict::refused(Refusal::TableExists);
        }
        let references: Option<Vec<Reference>> =
            schema.foreign_keys.iter().map(|key| self.reference(schema, key)).collect();
        let Some(references) = references else { return Verdict::refused(Refusal::Schema) };
        let places = |names: &[String]| names.iter().filter_map(|name| schema.position(name)).collect::<Vec<usize>>();
        let places_of = |index: &IndexSchema| {
            index.columns.iter().filter_map(|column| schema.position(&column.name)).collect::<Vec<usize>>()
        };
        let key = places(&schema.primary_key);
        let types: Vec<_> =
            key.iter().filter_map(|column| schema.columns.get(*column)).map(|column| column.data_type).collect();
        let shape = Shape {
            uniques: schema.indexes.iter().filter(|index| index.unique).map(places_of).collect(),
            references,
            autoincrement: schema.columns.iter().position(|column| column.autoincrement),
            is_clustered: is_clustered(&types),
            key,
            schema: schema.clone(),
        };
        let mut next = self.clone();
        next.tables.push(Arc::new(Table::new(shape)));
        Verdict::of(next, 0)
    }

    /// What a foreign key refers to; none if it refers to nothing that it can.
    fn reference(&self, schema: &TableSchema, key: &wasm_dbms::ForeignKeySchema) -> Option<Reference> {
        let other = if key.table == schema.name { schema } else { self.table(&key.table)?.schema() };
        let names: Vec<&str> = key.references.iter().map(String::as_str).collect();
        let is_same = |columns: &[&str]| {
            columns.len() == names.len() && !names.is_empty() && names.iter().all(|name| columns.contains(name))
        };
        let primary: Vec<&str> = other.primary_key.iter().map(String::as_str).collect();
        let on_index = |index: &IndexSchema| {
            index.unique && is_same(&index.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>())
        };
        let is_unique = is_same(&primary) || other.indexes.iter().any(on_index);
        let places = |schema: &TableSchema, names: &[String]| {
            names.iter().map(|name| schema.position(name)).collect::<Option<Vec<usize>>>()
        };
        let (columns, referred) = (places(schema, &key.columns)?, places(other, &key.references)?);
        let is_alike = columns.len() == referred.len()
            && columns.iter().zip(&referred).all(|(own, other_column)| {
                let (own, other) = (schema.columns.get(*own), other.columns.get(*other_column));
                own.zip(other)
                    .is_some_and(|(own, other)| own.data_type == other.data_type && own.variants == other.variants)
            });
        let (on_delete, on_update) = (key.on_delete, key.on_update);
        let reference = Reference { columns, table: key.table.clone(), referred, on_delete, on_update };
        (is_unique && is_alike).then_some(reference)
    }

    /// A table goes.
    pub fn drop_table(&self, name: &str) -> Verdict {
        let Some(place) = self.tables.iter().position(|table| table.name() == name) else {
            return Verdict::refused(Refusal::Unknown);
        };
        let refers = |table: &Arc<Table>| {
            table.name() != name && table.shape.references.iter().any(|reference| reference.table == name)
        };
        if self.tables.iter().any(refers) {
            return Verdict::refused(Refusal::Schema);
        }
        let mut next = self.clone();
        next.tables.remove(place);
        Verdict::of(next, 0)
    }
}
