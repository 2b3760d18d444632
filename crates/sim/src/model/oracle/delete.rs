//! Rows that go, and those that go with them.

use std::collections::BTreeSet;

use wasm_dbms::{Expr, ReferentialAction, Value};

use crate::model::oracle::table::{Reference, RowKey};
use crate::model::oracle::{Refusal, Row, State, Table, Verdict};

/// A row: where its table stands, and its key.
type Place = (usize, RowKey);

impl State {
    /// Rows go.
    pub fn delete(&self, name: &str, filter: Option<&Expr>) -> Verdict {
        let Some(index) = self.tables.iter().position(|table| table.name() == name) else {
            return Verdict::refused(Refusal::Unknown);
        };
        let keys = self.tables.get(index).and_then(|table| self.kept(table, filter));
        let Some(keys) = keys else { return Verdict::refused(Refusal::Unknown) };
        let going = self.closure(keys.into_iter().map(|key| (index, key)).collect());
        let count = going.iter().filter(|(table, _)| *table == index).count();
        let mut next = self.clone();
        for (table, key) in &going {
            next.tables.get_mut(*table).map(|table| std::sync::Arc::make_mut(table).remove(key));
        }
        // Who stays must not refer to who goes; one that goes too is not in the way.
        let mut refusals = Vec::new();
        for (child, reference, value) in going.iter().flat_map(|place| self.referring(place)) {
            if next.has(child.name(), reference.column, value) {
                refusals.push(Refusal::ForeignKey(child.full_name(&[reference.column])));
            }
        }
        Verdict { next: refusals.is_empty().then_some((next, count as u64)), refusals }
    }

    fn row_at(&self, (table, key): &Place) -> Option<(&Table, &Row)> {
        let table = self.tables.get(*table)?;
        Some((table, table.get(key)?))
    }

    /// The references to the table of a row, each with its table and the value that refers to this row.
    fn referring<'a>(&'a self, place: &Place) -> Vec<(&'a Table, &'a Reference, &'a Value)> {
        let Some((parent, row)) = self.row_at(place) else { return Vec::new() };
        let mut found = Vec::new();
        for child in &self.tables {
            for reference in child.shape.references.iter().filter(|reference| reference.table == parent.name()) {
                let value = row.get(reference.referred).filter(|value| !value.is_null());
                found.extend(value.map(|value| (&**child, reference, value)));
            }
        }
        found
    }

    /// These rows and every row that refers to one of them with cascade.
    fn closure(&self, mut pending: Vec<Place>) -> BTreeSet<Place> {
        let mut going = BTreeSet::new();
        while let Some(place) = pending.pop() {
            if !going.insert(place.clone()) {
                continue;
            }
            for (child, reference, value) in self.referring(&place) {
                let Some(index) = self.tables.iter().position(|table| table.name() == child.name()) else { continue };
                if reference.on_delete == ReferentialAction::Cascade {
                    let refers = child.entries().filter(|(_, row)| row.get(reference.column) == Some(value));
                    pending.extend(refers.map(|(key, _)| (index, key.clone())));
                }
            }
        }
        going
    }
}
