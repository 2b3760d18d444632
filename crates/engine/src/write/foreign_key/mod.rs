//! References between tables: what a row refers to, who refers to it, what then happens.
//!
//! I1: at the end of every statement each row refers to a row that is there, or has a NULL among the columns that refer.
//! A statement of one row is refused before it writes. One of many rows may break a reference on its way, where one of
//! its own rows may still mend it, and so may what follows for other rows: what is broken is [noted](deferred) and
//! looked at again at its end.

mod action;
mod deferred;
mod lookup;

use std::cmp::Ordering;
use std::sync::Arc;

use wasm_dbms_api::ValueRef;

use crate::Error;
use crate::catalog::{ForeignKey, RelationIndex};
use crate::core::Core;
use crate::error::Fallible;
use crate::values::{listed, value_of, values_of};

pub(crate) use action::Event;
pub(crate) use deferred::Deferred;
pub(crate) use lookup::keys_with;

/// What a row does that refers to one that is not there.
pub(crate) const REFERS_TO_NONE: &str = "refers to no row of";

/// What a row does that refers to one that would go.
const STILL_REFERS: &str = "still refers to";

/// Whether two rows are equal in these columns, each of its own; NULL equals nothing.
fn are_equal(left: (&[ValueRef<'_>], &[usize]), right: (&[ValueRef<'_>], &[usize])) -> bool {
    left.1.iter().zip(right.1).all(|(left_column, right_column)| {
        value_of(left.0, *left_column).compare(value_of(right.0, *right_column)) == Some(Ordering::Equal)
    })
}

impl Core {
    /// A foreign key of a table by its number.
    fn foreign_key(&self, relation: RelationIndex, number: usize) -> Fallible<Option<Arc<ForeignKey>>> {
        Ok(self.catalog.relation(relation)?.foreign_keys.get(number).cloned())
    }

    /// Checks that the rows that a row refers to are there. Of a row that changes, `change` has the columns that do and
    /// the values it had.
    pub(crate) fn check_foreign_keys(
        &mut self,
        relation: RelationIndex,
        values: &[ValueRef<'_>],
        change: Option<(&[usize], &[ValueRef<'_>])>,
    ) -> Fallible<()> {
        for number in 0.. {
            let Some(key) = self.foreign_key(relation, number)? else { break };
            let is_asked = change.is_none_or(|(columns, _)| key.columns.iter().any(|column| columns.contains(column)));
            if !is_asked || key.columns.iter().any(|column| value_of(values, *column).is_null()) {
                continue;
            }
            // A row may refer to itself before it is there, but not to what it will no longer be.
            let is_own = |own: &[ValueRef<'_>]| {
                key.relation == relation && are_equal((own, &key.referred), (values, &key.columns))
            };
            let was_own = change.is_some_and(|(_, old_values)| is_own(old_values));
            if is_own(values) || !was_own && self.is_referred_row_there(&key, values)? {
                continue;
            }
            let given = values_of(values, &key.columns);
            if self.scratch.deferred.takes(relation, key.relation) {
                self.scratch.deferred.note(relation, number, &given, REFERS_TO_NONE);
            } else {
                return Err(self.broken_reference(relation, &key, &given, REFERS_TO_NONE)?.into());
            }
        }
        Ok(())
    }

    /// The error of a reference that does not hold.
    #[cold]
    fn broken_reference(
        &self,
        relation: RelationIndex,
        key: &ForeignKey,
        values: &[ValueRef<'_>],
        problem: &'static str,
    ) -> Fallible<Error> {
        let child = self.catalog.relation(relation)?;
        Ok(Error::ForeignKey {
            table: child.schema.name.clone(),
            columns: child.column_names(&key.columns),
            value: listed(values),
            problem,
            other: self.catalog.relation(key.relation)?.schema.name.clone(),
        })
    }
}
