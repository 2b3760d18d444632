//! What happens to rows when the row they refer to goes or changes.
//!
//! Rows that must go or change wait in a list: chains of references may be as long as tables are, and cycles end because
//! a row that is gone refers to nothing and one that has changed no longer refers to what was.

use std::sync::Arc;

use wasm_dbms_api::{ReferentialAction, Value, ValueRef};

use crate::Error;
use crate::catalog::RelationIndex;
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;
use crate::write::Assignment;
use crate::write::foreign_key::{STILL_REFERS, are_equal, keys_with, value_of};

/// The most changes of rows that follow from one another. Deletes are not counted: they end with the rows.
const MAX_ACTION_DEPTH: usize = 1000;

/// A row that must go or change because of another one.
#[derive(Debug)]
pub(crate) struct Consequence {
    relation: RelationIndex,
    row_key: Vec<u8>,
    /// What becomes of it; none where it goes.
    assignments: Option<Arc<Vec<Assignment>>>,
    depth: usize,
}

/// What happened to a row that others may refer to.
#[derive(Clone, Copy)]
pub(crate) enum Event<'a> {
    /// It goes.
    Delete,
    /// It becomes one with these values; the columns change that are listed.
    Update { values: &'a [ValueRef<'a>], changed: &'a [usize] },
}

impl Event<'_> {
    fn action(&self, on_delete: ReferentialAction, on_update: ReferentialAction) -> ReferentialAction {
        match self {
            Self::Delete => on_delete,
            Self::Update { .. } => on_update,
        }
    }
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

    /// Whether a change of a row makes other rows change. Where it must not because a row refers to it with restrict, it
    /// is refused, or noted in a statement of many rows.
    pub(crate) fn has_consequences(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        old_values: &[ValueRef<'_>],
        values: &[ValueRef<'_>],
        changed: &[usize],
    ) -> Fallible<bool> {
        let mut has_any = false;
        for number in 0.. {
            let Some(referrer) = self.catalog.relation(index)?.referrers.get(number).copied() else { break };
            let Some(key) = self.foreign_key(referrer.relation, referrer.foreign_key)? else { continue };
            let is_asked = key.referred.iter().any(|column| changed.contains(column));
            // Another form of the same value: the reference holds.
            if !is_asked || are_equal((old_values, &key.referred), (values, &key.referred)) {
                continue;
            }
            let old = |place: usize| value_of(old_values, key.referred.get(place).copied().unwrap_or(usize::MAX));
            if (0..key.referred.len()).any(|place| old(place).is_null()) {
                continue;
            }
            // A row that refers to itself may change both sides at once.
            let lets_go = referrer.relation == index && key.columns.iter().any(|column| changed.contains(column));
            let mut is_referred = false;
            keys_with(self, referrer.relation, &key.to_referring, &key.columns, &old, &mut |key| {
                is_referred = !(lets_go && key == row_key);
                !is_referred
            })?;
            if !is_referred {
                continue;
            }
            if key.on_update != ReferentialAction::Restrict && !self.scratch.deferred.is_of_transaction() {
                has_any = true;
                continue;
            }
            let values: Vec<ValueRef<'_>> = (0..key.referred.len()).map(old).collect();
            if self.scratch.deferred.is_open() {
                self.scratch.deferred.note(referrer.relation, referrer.foreign_key, &values, STILL_REFERS);
            } else {
                return Err(self.broken_reference(referrer.relation, &key, &values, STILL_REFERS)?.into());
            }
        }
        Ok(has_any)
    }

    /// Adds what follows for other rows from what happened to one, which had these values.
    pub(crate) fn add_consequences(
        &mut self,
        index: RelationIndex,
        old_values: &[ValueRef<'_>],
        event: Event<'_>,
        depth: usize,
        pending: &mut Vec<Consequence>,
    ) -> Fallible<()> {
        for number in 0.. {
            let Some(referrer) = self.catalog.relation(index)?.referrers.get(number).copied() else { break };
            let Some(key) = self.foreign_key(referrer.relation, referrer.foreign_key)? else { continue };
            let old = |place: usize| value_of(old_values, key.referred.get(place).copied().unwrap_or(usize::MAX));
            if (0..key.referred.len()).any(|place| old(place).is_null()) {
                continue;
            }
            if let Event::Update { values, changed } = event
                && (!key.referred.iter().any(|column| changed.contains(column))
                    || are_equal((old_values, &key.referred), (values, &key.referred)))
            {
                continue;
            }
            let action = match self.scratch.deferred.is_of_transaction() {
                true => ReferentialAction::Restrict,
                false => event.action(key.on_delete, key.on_update),
            };
            if action == ReferentialAction::Restrict {
                if self.is_referred_with(referrer.relation, &key, &old)? {
                    let values: Vec<ValueRef<'_>> = (0..key.referred.len()).map(old).collect();
                    self.scratch.deferred.note(referrer.relation, referrer.foreign_key, &values, STILL_REFERS);
                }
                continue;
            }
            let child = Arc::clone(&self.catalog.relation(referrer.relation)?.schema);
            let becomes = |(place, column): (usize, &usize)| {
                let value = match (action, event) {
                    (ReferentialAction::Cascade, Event::Update { values, .. }) => {
                        value_of(values, key.referred.get(place).copied().unwrap_or(usize::MAX)).to_value()
                    }
                    (ReferentialAction::SetDefault, _) => {
                        let default = child.columns.get(*column).and_then(|column| column.default.clone());
                        default.unwrap_or(Value::Null)
                    }
                    _ => Value::Null,
                };
                (*column, value)
            };
            let goes = matches!((action, event), (ReferentialAction::Cascade, Event::Delete));
            if !goes {
                // A default may be the very value that is gone.
                let values: Vec<ValueRef<'_>> = (0..key.referred.len()).map(old).collect();
                self.scratch.deferred.note(referrer.relation, referrer.foreign_key, &values, STILL_REFERS);
            }
            let assignments = (!goes).then(|| Arc::new(key.columns.iter().enumerate().map(becomes).collect()));
            keys_with(self, referrer.relation, &key.to_referring, &key.columns, &old, &mut |row_key| {
                pending.push(Consequence {
                    relation: referrer.relation,
                    row_key: row_key.to_vec(),
                    assignments: assignments.clone(),
                    depth: depth + 1,
                });
                true
            })?;
        }
        Ok(())
    }

    /// Deletes and changes what waits, and what follows from that. Returns how many rows of a table went.
    pub(crate) fn follow_consequences(
        &mut self,
        index: RelationIndex,
        pending: &mut Vec<Consequence>,
    ) -> Fallible<u64> {
        let mut count = 0;
        let mut row = Vec::new();
        while let Some(Consequence { relation: current, row_key, assignments, depth }) = pending.pop() {
            self.meter.step()?;
            self.touch(current);
            self.check_writable(current)?;
            if let Some(assignments) = assignments {
                if depth > MAX_ACTION_DEPTH {
                    let table = &self.catalog.relation(current)?.schema.name;
                    return Err(Error::OutOfRange(format!("the chain of changes that reaches {table}")).into());
                }
                self.change_row_once(current, &row_key, &assignments, depth, pending)?;
                continue;
            }
            let Some(located) = self.read_row(current, &row_key, &mut row)? else { continue };
            let relation = self.catalog.relation(current)?;
            let layout = Arc::clone(&relation.layout);
            let view = RowView { layout: &layout, key: &row_key, row: &row };
            let columns = 0..relation.schema.columns.len();
            let values = columns.map(|column| Ok(view.try_value(column)?)).collect::<Fallible<Vec<ValueRef<'_>>>>()?;
            self.remove_row_at(current, &row_key, located, &values)?;
            count += u64::from(current == index);
            self.add_consequences(current, &values, Event::Delete, depth, pending)?;
        }
        Ok(count)
    }

    /// Deletes the row with this key, and does what follows for the rows that refer to it, whatever the depth. Returns
    /// how many rows of its own table went.
    ///
    /// # Errors
    /// [`Error::ForeignKey`] if a row refers to one of them with restrict; then some rows are gone already, and the
    /// caller rolls back.
    pub(crate) fn delete_cascading(&mut self, index: RelationIndex, row_key: &[u8]) -> Fallible<u64> {
        self.deferring(|core| {
            let row_key = row_key.to_vec();
            let mut pending = vec![Consequence { relation: index, row_key, assignments: None, depth: 0 }];
            core.follow_consequences(index, &mut pending)
        })
    }
}
