//! The rows of a transaction, written to the head by the ordinary path: every constraint is asked again.

use std::sync::Arc;

use wasm_dbms_api::DataType;

use crate::Error;
use crate::catalog::{KeyShape, RelationIndex};
use crate::codec::key;
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;
use crate::history::{RowChange, TableForm};
use crate::numbering::Numbering;
use crate::transaction::validate::{conflict, conflict_at};
use crate::write::Assignment;

const CHANGED: &str = "the row was changed by another transaction that committed first";
const SCHEMA: &str = "the table was changed or dropped meanwhile";

/// Writes what a transaction wrote to the head. After an error the caller discards what was written.
///
/// # Errors
/// [`Error::Conflict`]; what storage says.
pub(crate) fn replay(head: &mut Core, rows: &[RowChange], forms: &[Arc<TableForm>], checks_rows: bool) -> Fallible<()> {
    let mut relations = Vec::new();
    for form in forms {
        relations.push(relation_of(head, form)?);
    }
    let mut found = Vec::new();
    // First of all: every row that the transaction changed is as it was.
    let (mut seen, mut code) = (Numbering::default(), Vec::new());
    for change in rows.iter().filter(|_| checks_rows) {
        let (Some(form), Some(index)) = (forms.get(change.table), relations.get(change.table)) else { continue };
        change.put_code(&mut code);
        if seen.is_new(&code) && head.row_bytes(*index, &change.key, &mut found)? != change.old.as_deref() {
            return Err(conflict_at(form, change, CHANGED));
        }
    }
    // A reference that one row breaks another one mends; what follows for other rows stands in the list too.
    let mut last = None;
    let written = head.deferring_all(|head| {
        for change in rows {
            let (Some(form), Some(index)) = (forms.get(change.table), relations.get(change.table)) else { continue };
            last = Some((form, change));
            write_again(head, *index, form, change, &mut found, checks_rows)?;
        }
        Ok(())
    });
    written.map_err(|error| match (&*error, last) {
        (Error::ForeignKey { .. }, Some((form, change))) => conflict_at(form, change, &error.to_string()),
        _ => error,
    })
}

fn write_again(
    head: &mut Core,
    index: RelationIndex,
    form: &TableForm,
    change: &RowChange,
    found: &mut Vec<u8>,
    checks_rows: bool,
) -> Fallible<()> {
    let now = head.row_bytes(index, &change.key, found)?;
    if now == change.new.as_deref() {
        return Ok(());
    }
    if checks_rows && now != change.old.as_deref() {
        return Err(conflict_at(form, change, CHANGED));
    }
    let written = match (&change.old, &change.new) {
        (_, None) => head.remove_again(index, &change.key),
        (None, Some(new)) => head.insert_again(index, &change.key, new),
        (Some(old), Some(new)) => head.update_again(index, &change.key, old, new),
    };
    written.map_err(|error| match *error {
        Error::Memory(_) | Error::Conversion(_) => error,
        ref refused => conflict_at(form, change, &refused.to_string()),
    })
}

/// Where the table stands in the head, if it is still the same and may be written.
fn relation_of(head: &Core, form: &TableForm) -> Fallible<RelationIndex> {
    let index = head.catalog.relations.iter().position(|relation| relation.id == form.id);
    let same = index.filter(|index| {
        head.catalog.relations.get(*index).is_some_and(|relation| relation.described == form.described)
    });
    let same = same.ok_or_else(|| conflict(&form.schema.name, String::new(), SCHEMA))?;
    head.check_writable(same)?;
    Ok(same)
}

impl Core {
    /// The bytes of a row, in `found`, if it is there.
    fn row_bytes<'f>(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        found: &'f mut Vec<u8>,
    ) -> Fallible<Option<&'f [u8]>> {
        Ok(self.read_row(index, row_key, found)?.map(|_| found.as_slice()))
    }

    fn remove_again(&mut self, index: RelationIndex, row_key: &[u8]) -> Fallible<()> {
        if self.delete_row(index, row_key)?.is_none() {
            self.delete_cascading(index, row_key)?;
        }
        Ok(())
    }

    fn insert_again(&mut self, index: RelationIndex, row_key: &[u8], row: &[u8]) -> Fallible<()> {
        self.touch(index);
        let relation = self.catalog.relation(index)?;
        let layout = Arc::clone(&relation.layout);
        let view = RowView { layout: &layout, key: row_key, row };
        let values = view.values(relation.schema.columns.len())?;
        if relation.shape == KeyShape::RowId {
            let id = key::decode(row_key, DataType::U64).and_then(|id| id.as_i128());
            self.numbers.given_row_id = id.and_then(|id| u64::try_from(id).ok());
        }
        let counter = self.counter_with(index, &values)?;
        let inserted = self.insert_values(index, &values, counter);
        self.numbers.given_row_id = None;
        inserted
    }

    fn update_again(&mut self, index: RelationIndex, row_key: &[u8], old: &[u8], new: &[u8]) -> Fallible<()> {
        let relation = self.catalog.relation(index)?;
        let layout = Arc::clone(&relation.layout);
        let (old, new) =
            (RowView { layout: &layout, key: row_key, row: old }, RowView { layout: &layout, key: row_key, row: new });
        let mut assignments: Vec<Assignment> = Vec::new();
        for column in 0..relation.schema.columns.len() {
            let (before, after) = (old.try_value(column)?, new.try_value(column)?);
            if !before.is_identical(after) {
                assignments.push((column, after.to_value()));
            }
        }
        self.change_row(index, row_key, &assignments)?;
        Ok(())
    }
}
