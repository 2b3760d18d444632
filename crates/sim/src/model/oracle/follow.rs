//! What follows for other rows when rows have gone or become others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wasm_dbms::{ReferentialAction, Value};

use crate::model::oracle::table::RowKey;
use crate::model::oracle::write::{broken_checks, misfit, of_column};
use crate::model::oracle::{Refusal, Row, State, Table};

/// The most rounds of changes that follow from one another.
const ROUNDS_MAX: usize = 1000;

/// A row went, or became another.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) table: String,
    pub(super) before: Row,
    pub(super) after: Option<Row>,
}

/// Rows that change, by the place of their table and their key: what each reference makes of them, by its number.
type Changes = BTreeMap<(usize, RowKey), BTreeMap<usize, Vec<(usize, Value)>>>;

impl State {
    /// Changes the rows that refer to some that have become others or have gone, by other means than cascade; then those
    /// that refer to these. Each changes once in a round. Returns why not.
    pub(super) fn follow(&mut self, mut events: Vec<Event>, touched: &mut BTreeSet<String>) -> Vec<Refusal> {
        for _ in 0..ROUNDS_MAX {
            let changes = self.changes_by(&events);
            if changes.is_empty() {
                return Vec::new();
            }
            match self.changed_by(changes, touched) {
                Ok(next) => events = next,
                Err(refusals) => return refusals,
            }
        }
        match self.changes_by(&events).is_empty() {
            true => Vec::new(),
            false => vec![Refusal::OutOfRange],
        }
    }

    fn changes_by(&self, events: &[Event]) -> Changes {
        let mut changes = Changes::new();
        for Event { table, before, after } in events {
            for (place, child) in self.tables.iter().enumerate() {
                for (number, reference) in child.shape.references.iter().enumerate() {
                    if reference.table != *table {
                        continue;
                    }
                    let Some(old) = reference.offered(before) else { continue };
                    let action = if after.is_some() { reference.on_update } else { reference.on_delete };
                    let is_same = after.as_ref().is_some_and(|after| reference.offers(after, &old));
                    // What goes with a row that goes is gone already.
                    let goes = after.is_none() && action == ReferentialAction::Cascade;
                    if is_same || goes || action == ReferentialAction::Restrict {
                        continue;
                    }
                    let becomes = |(column, referred): (&usize, &usize)| {
                        let value = match (action, after) {
                            (ReferentialAction::Cascade, Some(after)) => after.get(*referred).cloned(),
                            (ReferentialAction::SetDefault, _) => {
                                child.schema().columns.get(*column).and_then(|column| column.default.clone())
                            }
                            _ => None,
                        };
                        (*column, of_column(child.schema(), *column, &value.unwrap_or_default()))
                    };
                    let values: Vec<(usize, Value)> =
                        reference.columns.iter().zip(&reference.referred).map(becomes).collect();
                    for (key, _) in child.entries().filter(|(_, row)| reference.gives(row, &old)) {
                        changes.entry((place, key.clone())).or_default().insert(number, values.clone());
                    }
                }
            }
        }
        changes
    }

    /// Changes rows, all at once. Returns what that is to others, or why not.
    fn changed_by(&mut self, changes: Changes, touched: &mut BTreeSet<String>) -> Result<Vec<Event>, Vec<Refusal>> {
        let before = self.clone();
        let mut changed: Vec<(usize, RowKey, Event, Row)> = Vec::new();
        for ((place, key), parts) in changes {
            let Some(table) = self.tables.get_mut(place).map(Arc::make_mut) else { continue };
            let Some(old) = table.remove(&key) else { continue };
            let new = merged(&old, parts);
            let event = Event { table: table.name().to_owned(), before: old, after: Some(Arc::clone(&new)) };
            changed.push((place, key, event, new));
        }
        let mut refusals = Vec::new();
        for (place, key, _, new) in &changed {
            let Some(table) = self.tables.get_mut(*place).map(Arc::make_mut) else { continue };
            refusals.extend(new.iter().enumerate().filter_map(|(column, value)| misfit(table, column, value)));
            refusals.extend(broken_checks(table, new));
            let collisions = table.collisions(new);
            // It may take what another one lets go of in the same round: then the order counts.
            let was_taken = before.tables.get(*place).is_some_and(|before| {
                let mut others = Table::clone(before);
                others.remove(key);
                !others.collisions(new).is_empty()
            });
            if collisions.is_empty() && was_taken {
                refusals.push(Refusal::OfSomeOrder);
            }
            refusals.extend(collisions);
            let new_key = if table.shape.is_clustered { table.key_of(new, 0) } else { key.clone() };
            table.put(new_key, Arc::clone(new));
            table.count_row(new);
            touched.insert(table.name().to_owned());
        }
        match refusals.is_empty() {
            true => Ok(changed.into_iter().map(|(_, _, event, _)| event).collect()),
            false => Err(refusals),
        }
    }
}

/// What a row becomes: of two references that share a column the first counts, and the row does not refer by the other
/// any more.
fn merged(row: &Row, parts: BTreeMap<usize, Vec<(usize, Value)>>) -> Row {
    let mut new = row.to_vec();
    let mut taken = BTreeSet::new();
    for (_, part) in parts {
        if part.iter().any(|(column, _)| taken.contains(column)) {
            continue;
        }
        for (column, value) in part {
            taken.insert(column);
            if let Some(place) = new.get_mut(column) {
                *place = value;
            }
        }
    }
    new.into()
}
