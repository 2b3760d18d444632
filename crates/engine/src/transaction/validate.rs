//! Whether what a transaction has read is still so: no commit beside it may have changed a row that falls into a range
//! that it read, in the table or in an index, before the change or after. A serializable one relies on the tables too:
//! on a name, a column, or that no other table refers to one, without having read a row for it.

use std::sync::Arc;

use wasm_dbms_api::ValueRef;

use crate::Error;
use crate::catalog::{Catalog, Index, Named, Relation};
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;
use crate::history::{Changed, CommitChanges, RowChange, TableForm};
use crate::store::Ranges;

/// What was read of one table.
struct TableReads<'a> {
    relation: &'a Relation,
    rows: Option<&'a Ranges>,
    indexes: Vec<(&'a Index, &'a Ranges)>,
}

/// Checks what a transaction has read against what was committed beside it.
///
/// # Errors
/// [`Error::Conflict`].
pub(crate) fn check_reads(core: &mut Core, head: &Catalog, beside: &[Arc<CommitChanges>]) -> Fallible<()> {
    let Core { store, catalog, .. } = core;
    let Some(private) = store.private().filter(|_| !beside.is_empty()) else { return Ok(()) };
    let mut tables: Vec<TableReads<'_>> = Vec::new();
    for (tree, ranges) in private.reads.trees() {
        let Some((relation, index)) = find_tree(catalog, tree) else { continue };
        let place = match tables.iter().position(|table| table.relation.id == relation.id) {
            Some(place) => place,
            None => {
                tables.push(TableReads { relation, rows: None, indexes: Vec::new() });
                tables.len() - 1
            }
        };
        let Some(table) = tables.get_mut(place) else { continue };
        match index {
            None => table.rows = Some(ranges),
            Some(index) => table.indexes.push((index, ranges)),
        }
    }
    // What went has no rows that could tell of it.
    let is_there = |table: &&TableReads<'_>| head.relations.iter().any(|relation| relation.id == table.relation.id);
    if let Some(table) = tables.iter().find(|table| !is_there(table)) {
        return Err(conflict(&table.relation.schema.name, String::new(), GONE));
    }
    if let Some(named) = catalog.named().filter(|_| beside.iter().any(|commit| commit.has_new_schema)) {
        check_named(catalog, head, &named, &tables)?;
    }
    let mut entry = Vec::new();
    for commit in beside {
        match &commit.changed {
            Changed::Tables(written) => {
                if let Some(table) = tables.iter().find(|table| written.contains(&table.relation.id)) {
                    return Err(conflict(&table.relation.schema.name, String::new(), MANY));
                }
            }
            Changed::Rows { tables: forms, rows } => {
                for change in rows {
                    let Some(form) = forms.get(change.table) else { continue };
                    let Some(table) = tables.iter().find(|table| table.relation.id == form.id) else { continue };
                    if table.is_hit(form, change, &mut entry)? {
                        return Err(conflict_at(form, change, READ));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Checks that the tables that a serializable transaction asked for are as it knew them, and that none came that it would
/// have had to know.
fn check_named(known: &Catalog, head: &Catalog, named: &Named, read: &[TableReads<'_>]) -> Fallible<()> {
    let is_there = |relation: &Relation| known.relations.iter().any(|other| other.id == relation.id);
    let came = head.relations.iter().filter(|relation| !is_there(relation));
    if let Some(relation) = came.clone().next().filter(|_| named.in_vain) {
        return Err(conflict(&relation.schema.name, String::new(), MADE));
    }
    for (index, relation) in known.relations.iter().enumerate() {
        let is_read = || read.iter().any(|table| table.relation.id == relation.id);
        if !named.tables.contains(&index) && !is_read() {
            continue;
        }
        let name = &relation.schema.name;
        let now = head.relations.iter().find(|now| now.id == relation.id);
        let problem = match now {
            None => Some(GONE),
            Some(now) if now.described != relation.described => Some(ALTERED),
            Some(_) => {
                let mut references = came.clone().flat_map(|relation| &relation.schema.foreign_keys);
                references.any(|reference| reference.table == *name).then_some(REFERRED)
            }
        };
        if let Some(problem) = problem {
            return Err(conflict(name, String::new(), problem));
        }
    }
    Ok(())
}

const READ: &str = "a row that the transaction has read was changed by another that committed first";
const GONE: &str = "another transaction dropped the table and committed first";
const ALTERED: &str = "another transaction changed the table and committed first";
const MADE: &str = "another transaction created the table and committed first";
const REFERRED: &str = "another transaction created a table that refers to it and committed first";
const MANY: &str = "another transaction changed many rows of it and committed first";

/// The table that a tree belongs to, and the index if it is one's.
fn find_tree(catalog: &Catalog, tree: u32) -> Option<(&Relation, Option<&Index>)> {
    catalog.relations.iter().find_map(|relation| {
        if relation.table.tree.id() == tree {
            return Some((relation, None));
        }
        let index = relation.indexes.iter().find(|index| index.head.tree.id() == tree)?;
        Some((relation, Some(index)))
    })
}

impl TableReads<'_> {
    fn is_hit(&self, form: &TableForm, change: &RowChange, entry: &mut Vec<u8>) -> Fallible<bool> {
        if self.rows.is_some_and(|ranges| ranges.contains(&change.key)) {
            return Ok(true);
        }
        if self.indexes.is_empty() {
            return Ok(false);
        }
        // Columns that came or went with a migration: nothing can be said of the indexes.
        if form.described != self.relation.described {
            return Ok(true);
        }
        for row in [&change.old, &change.new].into_iter().flatten() {
            let view = RowView { layout: &form.layout, key: &change.key, row };
            let mut values = vec![ValueRef::Null; form.schema.columns.len()];
            for (index, ranges) in &self.indexes {
                for column in &index.columns {
                    if let Some(value) = values.get_mut(*column) {
                        *value = view.try_value(*column)?;
                    }
                }
                index.entry_key(&values, &change.key, entry);
                if ranges.contains(entry) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// The error of a conflict about a row.
pub(crate) fn conflict_at(form: &TableForm, change: &RowChange, problem: &str) -> Box<Error> {
    conflict(&form.schema.name, form.shown_key(&change.key, change.any_row()), problem)
}

/// The error of a conflict.
pub(crate) fn conflict(table: &str, key: String, problem: &str) -> Box<Error> {
    Error::Conflict { table: table.to_owned(), key, problem: problem.to_owned() }.into()
}
