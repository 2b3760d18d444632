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
        let ([column], [referred]) = (key.columns.as_slice(), key.references.as_slice()) else { return None };
        let is_unique = other.primary_key == key.references
            || other.indexes.iter().any(|index| index.unique && index.is_on([referred.as_str()]));
        let (column, referred) = (schema.position(column)?, other.position(referred)?);
        let (own, others) = (schema.columns.get(column)?, other.columns.get(referred)?);
        let is_alike = own.data_type == others.data_type && own.variants == others.variants;
        let reference = Reference { column, table: key.table.clone(), referred, on_delete: key.on_delete };
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
