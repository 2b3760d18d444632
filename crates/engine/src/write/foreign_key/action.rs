//! What happens to rows when the row they refer to goes or changes.
//!
//! Rows that go take those along that refer to them with cascade, to the end: deleting comes before setting. What else
//! refers to them is an [event](Event), which waits until the statement has done what it does itself. Then the events
//! are followed in rounds: all that happened in one is found in the tables as they are, each row that is meant changes
//! once, and what follows from that is the next round. Chains may be as long as tables are where rows go; where they
//! change they end, because a row that has changed no longer refers to what was, or at a limit.
//!
//! What must hold is looked at [at the end](super::deferred), of the rows that are left.

use std::sync::Arc;

use wasm_dbms_api::{ReferentialAction, Value, ValueRef};

use crate::Error;
use crate::catalog::{ForeignKey, RelationIndex};
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;
use crate::numbering::Numbering;
use crate::values::{borrowed, owned, value_of, values_of};
use crate::write::Assignment;
use crate::write::foreign_key::{STILL_REFERS, are_equal, keys_with};

/// The most rounds of changes that follow from one another. Deletes are not counted: they end with the rows.
const MAX_ACTION_DEPTH: usize = 1000;

/// A row went, or its key changed, to which others refer that stay.
#[derive(Debug)]
pub(crate) struct Event {
    /// The table that refers, and the number of its foreign key.
    referrer: (RelationIndex, usize),
    /// By what the row was referred to.
    old: Vec<Value>,
    /// By what it is now; none where it went.
    new: Option<Vec<Value>>,
}

/// Rows that go because others do: their tables and keys.
type Going = Vec<(RelationIndex, Vec<u8>)>;

/// A row that changes because of others: what each foreign key that says so makes of it, by its number.
struct Change {
    relation: RelationIndex,
    row_key: Vec<u8>,
    parts: Vec<(usize, Arc<Vec<Assignment>>)>,
}

/// The values by which a row is referred to; none if there is a NULL among them: nothing refers to it.
fn offered<'v>(key: &ForeignKey, values: &[ValueRef<'v>]) -> Option<Vec<ValueRef<'v>>> {
    let offered = values_of(values, &key.referred);
    (!offered.iter().any(|value| value.is_null())).then_some(offered)
}

impl Core {
    /// Whether some row refers to the one with these values, be it the row itself.
    pub(crate) fn is_referred(&mut self, index: RelationIndex, values: &[ValueRef<'_>]) -> Fallible<bool> {
        for number in 0.. {
            let Some(referrer) = self.catalog.relation(index)?.referrers.get(number).copied() else { break };
            let Some(key) = self.foreign_key(referrer.relation, referrer.foreign_key)? else { continue };
            let value = |place: usize| value_of(values, key.referred.get(place).copied().unwrap_or(usize::MAX));
            let has_null = (0..key.referred.len()).any(|place| value(place).is_null());
            if !has_null && self.is_referred_with(referrer.relation, &key, &value)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a change of a row is to those that refer to it. Where that is nothing but restrict, the change is refused
    /// here, or noted in a statement of many rows.
    pub(crate) fn events_of_change(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        old_values: &[ValueRef<'_>],
        values: &[ValueRef<'_>],
        changed: &[usize],
    ) -> Fallible<Vec<Event>> {
        let mut events = Vec::new();
        let mut refusal = None;
        let mut acts = false;
        for number in 0.. {
            let Some(referrer) = self.catalog.relation(index)?.referrers.get(number).copied() else { break };
            let Some(key) = self.foreign_key(referrer.relation, referrer.foreign_key)? else { continue };
            let is_asked = key.referred.iter().any(|column| changed.contains(column));
            // Another form of the same value: the reference holds.
            if !is_asked || are_equal((old_values, &key.referred), (values, &key.referred)) {
                continue;
            }
            let Some(old) = offered(&key, old_values) else { continue };
            // A row that refers to itself may change both sides at once.
            let lets_go = referrer.relation == index && key.columns.iter().any(|column| changed.contains(column));
            let old_value = |place: usize| value_of(&old, place);
            // Rows that change in the same round may come to refer to it: the next one looks.
            let mut is_referred = self.scratch.deferred.is_following;
            if !is_referred {
                keys_with(self, referrer.relation, &key.to_referring, &key.columns, &old_value, &mut |key| {
                    is_referred = !(lets_go && key == row_key);
                    !is_referred
                })?;
            }
            if !is_referred {
                continue;
            }
            let is_of_transaction = self.scratch.deferred.is_of_transaction();
            if key.on_update != ReferentialAction::Restrict && !is_of_transaction {
                acts = true;
            } else if self.scratch.deferred.is_open() {
                self.scratch.deferred.note(referrer.relation, referrer.foreign_key, &old, STILL_REFERS);
                continue;
            } else if refusal.is_none() {
                refusal = Some(self.broken_reference(referrer.relation, &key, &old, STILL_REFERS)?);
            }
            let new = owned(&values_of(values, &key.referred));
            let referrer = (referrer.relation, referrer.foreign_key);
            events.push(Event { referrer, old: owned(&old), new: Some(new) });
        }
        match refusal {
            // What else follows may take the reference along.
            Some(refusal) if !acts => Err(refusal.into()),
            _ => Ok(events),
        }
    }

    /// What follows for other rows now that one is gone that had these values: some go too, to the others it is an event.
    fn follow_removal(&mut self, index: RelationIndex, values: &[ValueRef<'_>], going: &mut Going) -> Fallible<()> {
        for number in 0.. {
            let Some(referrer) = self.catalog.relation(index)?.referrers.get(number).copied() else { break };
            let Some(key) = self.foreign_key(referrer.relation, referrer.foreign_key)? else { continue };
            let Some(old) = offered(&key, values) else { continue };
            let old_value = |place: usize| value_of(&old, place);
            let is_of_transaction = self.scratch.deferred.is_of_transaction();
            if key.on_delete == ReferentialAction::Cascade && !is_of_transaction {
                keys_with(self, referrer.relation, &key.to_referring, &key.columns, &old_value, &mut |row_key| {
                    going.push((referrer.relation, row_key.to_vec()));
                    true
                })?;
            } else if self.is_referred_with(referrer.relation, &key, &old_value)? {
                // A default may be the very value that is gone.
                self.scratch.deferred.note(referrer.relation, referrer.foreign_key, &old, STILL_REFERS);
                if key.on_delete != ReferentialAction::Restrict && !is_of_transaction {
                    let referrer = (referrer.relation, referrer.foreign_key);
                    self.scratch.deferred.events.push(Event { referrer, old: owned(&old), new: None });
                }
            }
        }
        Ok(())
    }

    /// Deletes the row with this key, and all that go with it. Returns how many rows of its own table went. What stays and
    /// refers to one of them changes at the end of the statement.
    ///
    /// # Errors
    /// [`Error::ForeignKey`] if a row that stays refers to one of them in vain; then some rows are gone already, and the
    /// caller rolls back.
    pub(crate) fn delete_cascading(&mut self, index: RelationIndex, row_key: &[u8]) -> Fallible<u64> {
        self.deferring(|core| core.delete_closure(index, row_key))
    }

    fn delete_closure(&mut self, index: RelationIndex, row_key: &[u8]) -> Fallible<u64> {
        let mut count = 0;
        let mut row = Vec::new();
        let mut going: Going = vec![(index, row_key.to_vec())];
        while let Some((current, row_key)) = going.pop() {
            self.meter.step()?;
            self.touch(current);
            self.check_writable(current)?;
            let Some(located) = self.read_row(current, &row_key, &mut row)? else { continue };
            let relation = self.catalog.relation(current)?;
            let layout = Arc::clone(&relation.layout);
            let view = RowView { layout: &layout, key: &row_key, row: &row };
            let values = view.values(relation.schema.columns.len())?;
            self.remove_row_at(current, &row_key, located, &values)?;
            count += u64::from(current == index);
            self.follow_removal(current, &values, &mut going)?;
        }
        Ok(count)
    }

    /// Changes the rows that the events so far change, and those that follow from that.
    pub(crate) fn follow_events(&mut self) -> Fallible<()> {
        if self.scratch.deferred.events.is_empty() {
            return Ok(());
        }
        self.scratch.deferred.is_following = true;
        for round in 0.. {
            let events = std::mem::take(&mut self.scratch.deferred.events);
            // Before any row changes: which of them a value stands for is then sure.
            let changes = self.changes_by(&events)?;
            let Some(first) = changes.first() else { break };
            if round == MAX_ACTION_DEPTH {
                let table = &self.catalog.relation(first.relation)?.schema.name;
                return Err(Error::out_of_range(format_args!("the chain of changes that reaches {table}")));
            }
            for change in changes {
                self.meter.step()?;
                self.touch(change.relation);
                self.check_writable(change.relation)?;
                let assignments = merged(change.parts);
                self.change_row(change.relation, &change.row_key, &assignments)?;
            }
        }
        self.scratch.deferred.is_following = false;
        Ok(())
    }

    /// The rows that events change, each once.
    fn changes_by(&mut self, events: &[Event]) -> Fallible<Vec<Change>> {
        let mut changes: Vec<Change> = Vec::new();
        let mut known = Numbering::default();
        for Event { referrer: (relation, number), old, new } in events {
            let Some(key) = self.foreign_key(*relation, *number)? else { continue };
            let old_value = |place: usize| old.get(place).map_or(ValueRef::Null, Value::as_ref);
            let action = if new.is_some() { key.on_update } else { key.on_delete };
            if new.is_some() {
                self.scratch.deferred.note(*relation, *number, &borrowed(old), STILL_REFERS);
            }
            if action == ReferentialAction::Restrict {
                continue;
            }
            let schema = Arc::clone(&self.catalog.relation(*relation)?.schema);
            let mut assignments = Vec::with_capacity(key.columns.len());
            for (place, column) in key.columns.iter().enumerate() {
                let value = match action {
                    ReferentialAction::Cascade => new.as_ref().and_then(|new| new.get(place)),
                    ReferentialAction::SetDefault => {
                        schema.columns.get(*column).and_then(|column| column.default.as_ref())
                    }
                    _ => None,
                };
                assignments.push((*column, value.cloned().unwrap_or(Value::Null)));
            }
            let assignments = Arc::new(assignments);
            let mut code = Vec::new();
            keys_with(self, *relation, &key.to_referring, &key.columns, &old_value, &mut |row_key| {
                code.clear();
                code.extend((*relation as u64).to_be_bytes());
                code.extend_from_slice(row_key);
                let (place, is_new) = known.number(&code);
                if is_new {
                    let row_key = row_key.to_vec();
                    changes.push(Change { relation: *relation, row_key, parts: Vec::new() });
                }
                if let Some(change) = changes.get_mut(place) {
                    change.parts.push((*number, Arc::clone(&assignments)));
                }
                true
            })?;
        }
        Ok(changes)
    }
}

/// What a row becomes: of two foreign keys that share a column the one that was declared first counts, and the row does
/// not refer by the other any more.
fn merged(mut parts: Vec<(usize, Arc<Vec<Assignment>>)>) -> Arc<Vec<Assignment>> {
    if let [(_, only)] = parts.as_slice() {
        return Arc::clone(only);
    }
    let mut all: Vec<Assignment> = Vec::new();
    while let Some(first) = (0..parts.len()).min_by_key(|place| parts.get(*place).map(|(number, _)| *number)) {
        let (_, part) = parts.swap_remove(first);
        if !part.iter().any(|(column, _)| all.iter().any(|(taken, _)| taken == column)) {
            all.extend(part.iter().cloned());
        }
    }
    Arc::new(all)
}
