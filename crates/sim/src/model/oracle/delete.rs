//! Rows that go, those that go with them, and those that change.

use std::collections::BTreeSet;
use std::sync::Arc;

use wasm_dbms::{Expr, ReferentialAction};

use crate::model::oracle::follow::Event;
use crate::model::oracle::table::RowKey;
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
        let mut touched = BTreeSet::from([name.to_owned()]);
        let mut events = Vec::new();
        for (table, row) in going.iter().filter_map(|place| self.row_at(place)) {
            touched.insert(table.name().to_owned());
            events.push(Event { table: table.name().to_owned(), before: Arc::clone(row), after: None });
        }
        for (table, key) in &going {
            if let Some(table) = next.tables.get_mut(*table).map(Arc::make_mut) {
                table.remove(key);
            }
        }
        let mut refusals = next.follow(events, &mut touched);
        if refusals.contains(&Refusal::OfSomeOrder) {
            return Verdict::undecided();
        }
        refusals.extend(next.broken(&touched));
        let next = refusals.is_empty().then_some((next, count as u64));
        Verdict { next, refusals, is_decided: true, is_loose: true }
    }

    fn row_at(&self, (table, key): &Place) -> Option<(&Table, &Row)> {
        let table = self.tables.get(*table)?;
        Some((table, table.get(key)?))
    }

    /// These rows and every row that refers to one of them with cascade.
    fn closure(&self, mut pending: Vec<Place>) -> BTreeSet<Place> {
        let mut going = BTreeSet::new();
        while let Some(place) = pending.pop() {
            if !going.insert(place.clone()) {
                continue;
            }
            let Some((parent, row)) = self.row_at(&place) else { continue };
            for (index, child) in self.tables.iter().enumerate() {
                for reference in child.shape.references.iter().filter(|reference| {
                    reference.table == parent.name() && reference.on_delete == ReferentialAction::Cascade
                }) {
                    let Some(offered) = reference.offered(row) else { continue };
                    let refers = child.entries().filter(|(_, row)| reference.gives(row, &offered));
                    pending.extend(refers.map(|(key, _)| (index, key.clone())));
                }
            }
        }
        going
    }
}
