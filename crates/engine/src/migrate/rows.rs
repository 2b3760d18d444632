//! The rows of a table, one by one, as a migration looks at them: along the table itself, by no index.

use std::sync::Arc;

use wasm_dbms_api::ValueRef;
use wasm_dbms_memory::Tree;

use crate::Error;
use crate::catalog::Relation;
use crate::check::row_name;
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;

/// What is done with a row: with its key in the table's tree and its values.
type Visit<'v> = &'v mut dyn FnMut(&mut Core, &[u8], &[ValueRef<'_>]) -> Fallible<()>;

/// The same, of whether to go on.
type VisitSome<'v> = &'v mut dyn FnMut(&mut Core, &[u8], &[ValueRef<'_>]) -> Fallible<bool>;

/// Calls `visit` with each row of a table. What it refuses is refused with the name of the row.
pub(super) fn each_row(core: &mut Core, relation: &Relation, visit: Visit<'_>) -> Fallible<()> {
    rows_from(core, relation, &[], &mut |core, key, values| visit(core, key, values).map(|()| true))?;
    Ok(())
}

/// Calls `visit` with the rows of a table from a key on, until it returns false. Returns whether the end was reached.
pub(crate) fn rows_from(core: &mut Core, relation: &Relation, from: &[u8], visit: VisitSome<'_>) -> Fallible<bool> {
    let tree: Tree = relation.table.tree;
    let layout = Arc::clone(&relation.layout);
    let columns = relation.schema.columns.len();
    let mut cursor = tree.cursor();
    let (mut key, mut present) = (Vec::new(), Vec::new());
    let mut is_on_entry =
        if from.is_empty() { cursor.first(&mut core.store)? } else { cursor.seek(&mut core.store, from)? };
    while is_on_entry {
        core.meter.step()?;
        cursor.read_key(&mut core.store, &mut key)?;
        let stored = cursor.value(&mut core.store)?;
        let row = layout.brought_up(&stored, &mut present)?;
        let view = RowView { layout: &layout, key: &key, row };
        let values = view.values(columns)?;
        match visit(core, &key, &values) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(error) => {
                return Err(match *error {
                    error @ (Error::Memory(_) | Error::Interrupted | Error::OverBudget { .. }) => error.into(),
                    error => Error::MigrationRow { row: row_name(relation, &key, &values), error: error.into() }.into(),
                });
            }
        }
        is_on_entry = cursor.next(&mut core.store)?;
    }
    Ok(true)
}
