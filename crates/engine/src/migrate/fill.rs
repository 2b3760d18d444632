//! [`Filler`]: new indexes of a table, filled row by row.

use std::mem;

use wasm_dbms_api::ValueRef;
use wasm_dbms_memory::{MAX_KEY_BYTES, Run, TreeId};

use crate::Error;
use crate::catalog::{Index, Relation};
use crate::core::Core;
use crate::error::Fallible;
use crate::store::Store;
use crate::write::unique_violation;

/// Indexes that are being filled, with entries that wait to be put in together.
#[derive(Debug, Default)]
pub(crate) struct Filler {
    indexes: Vec<(Index, Run)>,
    entry: Vec<u8>,
    row: Vec<u8>,
    buffer: Vec<u8>,
}

impl Filler {
    /// Of those indexes of a table whose trees are named.
    pub(crate) fn new(relation: &Relation, is_filled: &dyn Fn(TreeId) -> bool) -> Self {
        let mut filler = Self::default();
        for index in &relation.indexes {
            if is_filled(index.head.tree.id()) {
                filler.indexes.push((index.clone(), Run::default()));
            }
        }
        filler
    }

    /// Adds the entries of a row. `shown` is the table as people call it.
    pub(crate) fn add(
        &mut self,
        core: &mut Core,
        shown: &Relation,
        row_key: &[u8],
        values: &[ValueRef<'_>],
    ) -> Fallible<()> {
        let count = self.indexes.len();
        let Self { indexes, entry, row, buffer } = self;
        for (index, run) in indexes {
            let holds_row_key = index.entry_key(values, row_key, entry);
            if entry.len() > MAX_KEY_BYTES {
                let what = format!("the key of index {} of {}", index.name, shown.schema.name);
                let (bytes, limit) = (entry.len() as u64, MAX_KEY_BYTES as u64);
                return Err(Error::TooLong { what, bytes, limit }.into());
            }
            let value = index.entry_value(values, row_key, holds_row_key, row, buffer);
            if !index.is_unique {
                run.push(entry, value);
                if run.is_full(count) {
                    index.head.change(|tree| tree.put_run(&mut core.store, run))?;
                }
                continue;
            }
            if !holds_row_key && index.head.tree.contains(&mut core.store, entry)? {
                return Err(unique_violation(shown, &index.columns, values));
            }
            index.head.change(|tree| tree.put(&mut core.store, entry, value))?;
        }
        Ok(())
    }

    /// Puts in what waits, and gives the trees to the table.
    pub(crate) fn finish(mut self, store: &mut Store, relation: &mut Relation) -> Fallible<()> {
        for (filled, run) in &mut self.indexes {
            if !run.is_empty() {
                filled.head.change(|tree| tree.put_run(store, run))?;
            }
            let tree = filled.head.tree.id();
            if let Some(index) = relation.indexes.iter_mut().find(|index| index.head.tree.id() == tree) {
                mem::swap(index, filled);
            }
        }
        Ok(())
    }
}
