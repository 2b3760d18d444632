//! [`Recorder`]: where the write path says which rows it changes.
//!
//! The row log of an interactive transaction and what subscribers hear of a commit are the same list. A writer's turn
//! records only if somebody watches; where nobody does, each row costs one look at a flag.

use std::sync::Arc;

use wasm_dbms_memory::{Located, TableId};

use crate::MemoryError;
use crate::catalog::Relation;
use crate::error::Fallible;
use crate::history::changes::{self, Changed, CommitChanges, RowChange, TableForm};
use crate::store::Store;

/// The rows changed since the last commit, in the order of the changes.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    is_on: bool,
    /// Whether too many rows are an error; else only their tables are kept.
    is_strict: bool,
    bytes_max: usize,
    bytes: usize,
    has_overflowed: bool,
    rows: Vec<RowChange>,
    tables: Vec<Arc<TableForm>>,
    /// How many rows there were when each savepoint was opened.
    savepoints: Vec<usize>,
    sealed: Option<CommitChanges>,
    /// How many rows were ever recorded.
    pub(crate) recorded: u64,
}

impl Recorder {
    /// One that keeps every row of an interactive transaction.
    pub(crate) fn strict(bytes_max: usize) -> Self {
        Self { is_on: true, is_strict: true, bytes_max, ..Self::default() }
    }

    /// A writer's turn begins.
    #[inline]
    pub(crate) fn begin(&mut self, is_on: bool, bytes_max: usize) {
        if self.is_on || is_on {
            self.clear();
            (self.is_on, self.bytes_max) = (is_on, bytes_max);
        }
    }

    /// Whether each row must be told.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.is_on && !self.has_overflowed
    }

    /// The rows, in the order of the changes, and their tables.
    pub(crate) fn rows(&self) -> (&[RowChange], &[Arc<TableForm>]) {
        (&self.rows, &self.tables)
    }

    /// A row was inserted.
    #[inline]
    pub(crate) fn inserted(&mut self, relation: &Relation, key: &[u8], row: &[u8]) -> Fallible<()> {
        if self.is_on() { self.push(relation, key, None, Some(row)) } else { Ok(()) }
    }

    /// The row at this place is about to be removed.
    #[inline]
    pub(crate) fn removing(
        &mut self,
        store: &mut Store,
        relation: &Relation,
        key: &[u8],
        located: &Located,
    ) -> Fallible<()> {
        if self.is_on() { self.push_found(store, relation, key, located, None) } else { Ok(()) }
    }

    /// The row at this place is about to be replaced.
    #[inline]
    pub(crate) fn replacing(
        &mut self,
        store: &mut Store,
        relation: &Relation,
        key: &[u8],
        located: &Located,
        row: &[u8],
    ) -> Fallible<()> {
        if self.is_on() { self.push_found(store, relation, key, located, Some(row)) } else { Ok(()) }
    }

    #[cold]
    fn push_found(
        &mut self,
        store: &mut Store,
        relation: &Relation,
        key: &[u8],
        located: &Located,
        new: Option<&[u8]>,
    ) -> Fallible<()> {
        let mut old = Vec::new();
        let tree = relation.table.tree;
        tree.look_at(store, located.page(), located.index(), &mut |bytes| bytes.clone_into(&mut old))?;
        relation.layout.bring_up_in(&mut old)?;
        self.push(relation, key, Some(old), new)
    }

    #[cold]
    fn push(&mut self, relation: &Relation, key: &[u8], old: Option<Vec<u8>>, new: Option<&[u8]>) -> Fallible<()> {
        let is_same = |form: &Arc<TableForm>| form.id == relation.id && Arc::ptr_eq(&form.schema, &relation.schema);
        let table = match self.tables.iter().position(is_same) {
            Some(table) => table,
            None => {
                self.tables.push(Arc::new(TableForm::new(relation)));
                self.tables.len() - 1
            }
        };
        let change = RowChange { table, key: key.to_vec(), old, new: new.map(<[u8]>::to_vec) };
        self.bytes += change.bytes();
        if self.bytes > self.bytes_max {
            if self.is_strict {
                self.bytes -= change.bytes();
                let what = "the rows changed by an interactive transaction, in bytes";
                return Err(MemoryError::LimitExceeded { what, limit: self.bytes_max as u64 }.into());
            }
            self.has_overflowed = true;
            self.rows = Vec::new();
            return Ok(());
        }
        self.recorded += 1;
        self.rows.push(change);
        Ok(())
    }

    /// A savepoint was opened.
    #[inline]
    pub(crate) fn open_savepoint(&mut self) {
        if self.is_on {
            self.savepoints.push(self.rows.len());
        }
    }

    /// The innermost savepoint was released.
    #[inline]
    pub(crate) fn release_savepoint(&mut self) {
        self.savepoints.pop();
    }

    /// The innermost savepoint was rolled back.
    #[inline]
    pub(crate) fn roll_back_savepoint(&mut self) {
        if let Some(count) = self.savepoints.pop() {
            while self.rows.len() > count
                && let Some(undone) = self.rows.pop()
            {
                self.bytes = self.bytes.saturating_sub(undone.bytes());
            }
        }
    }

    /// Everything since the last commit was discarded.
    #[inline]
    pub(crate) fn clear(&mut self) {
        if self.is_on {
            self.rows.clear();
            self.tables.clear();
            self.savepoints.clear();
            (self.bytes, self.has_overflowed, self.sealed) = (0, false, None);
        }
    }

    /// What was recorded has become this commit.
    #[inline]
    pub(crate) fn seal(&mut self, commit: u64, has_new_schema: bool, written: &mut dyn Iterator<Item = TableId>) {
        if self.is_on {
            self.seal_as(commit, has_new_schema, written);
        }
    }

    #[cold]
    fn seal_as(&mut self, commit: u64, has_new_schema: bool, written: &mut dyn Iterator<Item = TableId>) {
        let changed = if self.has_overflowed {
            let mut tables = Vec::new();
            for table in written {
                tables.push(table);
            }
            Changed::Tables(tables)
        } else {
            let rows = changes::net(std::mem::take(&mut self.rows));
            Changed::Rows { tables: std::mem::take(&mut self.tables), rows }
        };
        let bytes = match &changed {
            Changed::Rows { rows, .. } => rows.iter().map(RowChange::bytes).sum::<usize>(),
            Changed::Tables(tables) => size_of_val(tables.as_slice()),
        };
        let bytes = bytes + size_of::<CommitChanges>();
        self.clear();
        self.sealed = Some(CommitChanges { commit, changed, has_new_schema, bytes });
    }

    /// What the last commit changed, if that was recorded.
    #[inline]
    pub(crate) fn take_sealed(&mut self) -> Option<CommitChanges> {
        self.sealed.take()
    }
}
