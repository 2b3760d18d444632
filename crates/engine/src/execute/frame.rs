//! The rows that stand side by side while a plan is walked: one for each source.

use std::ops::Range;
use std::sync::Arc;

use wasm_dbms_api::ValueRef;
use wasm_dbms_memory::{LeafBatch, PageRef, PageValues, ValueBytes};

use crate::codec::row::{RowLayout, RowView};
use crate::error::Fallible;
use crate::execute::spool::{broken, push_record, record_at, record_bytes};
use crate::plan::{BoundExpr, Scope};
use crate::store::Store;

/// How many bytes of a row's memory wait for the next run of its plan.
const MAX_RESTING_BYTES: usize = 64 << 10;

/// A row in its page, or with bytes of its own.
#[derive(Debug)]
pub(crate) struct SourceRow {
    /// How rows of the source are read.
    own: Arc<RowLayout>,
    /// How a row is read that is missing, once one was.
    missing: Option<Arc<RowLayout>>,
    is_missing: bool,
    pub(crate) key: Vec<u8>,
    /// Whether `key` is one of the leaf that `page` is.
    has_key_of_page: bool,
    page: Option<PageRef>,
    range: Range<usize>,
    /// Which entry of a batch the row is.
    entry: usize,
    owned: Vec<u8>,
}

impl SourceRow {
    pub(crate) fn new(layout: Arc<RowLayout>) -> Self {
        let (key, owned) = (Vec::new(), Vec::new());
        let (missing, is_missing) = (None, false);
        Self { own: layout, missing, is_missing, key, has_key_of_page: false, page: None, range: 0..0, entry: 0, owned }
    }

    pub(crate) fn layout(&self) -> &RowLayout {
        match &self.missing {
            Some(missing) if self.is_missing => missing,
            _ => &self.own,
        }
    }

    /// How long every row of the table is at least.
    pub(crate) fn fixed_length(&self) -> usize {
        self.layout().fixed_length()
    }

    /// The rows to come stand in this page.
    pub(crate) fn set_page(&mut self, page: &PageRef) {
        if !self.page.as_ref().is_some_and(|own| own.is_same(page)) {
            self.page = Some(page.clone());
            self.has_key_of_page = false;
        }
        self.range = 0..0;
    }

    /// The row is these bytes of the page, and this entry of a batch.
    #[inline]
    pub(crate) fn set_range(&mut self, range: Range<usize>, entry: usize) {
        self.range = range;
        self.entry = entry;
    }

    /// Reads the key of the row, which is one of this batch.
    #[inline(always)]
    pub(crate) fn read_key(&mut self, store: &mut Store, batch: &LeafBatch) -> Fallible<()> {
        let has_page = self.page.is_some();
        batch.read_key(store, self.entry, &mut self.key, self.has_key_of_page && has_page)?;
        self.has_key_of_page = has_page;
        Ok(())
    }

    /// The row is this value, and this entry of a batch if it is one of a batch.
    pub(crate) fn set_value(&mut self, value: ValueBytes, entry: usize) {
        self.entry = entry;
        self.has_key_of_page = false;
        match value {
            ValueBytes::InPage(page, start, end) => {
                self.page = Some(page);
                self.range = start..end;
            }
            ValueBytes::Owned(bytes) => {
                self.page = None;
                self.owned = bytes;
            }
        }
    }

    /// The row is a copy of these bytes.
    pub(crate) fn set_copy(&mut self, key: &[u8], row: &[u8]) {
        self.key.clear();
        self.key.extend_from_slice(key);
        self.set_own(row);
    }

    /// The row is a copy of these bytes, and its key stays.
    pub(crate) fn set_own(&mut self, row: &[u8]) {
        self.has_key_of_page = false;
        self.page = None;
        self.owned.clear();
        self.owned.extend_from_slice(row);
    }

    /// Brings a row that was set into the present form of its table.
    #[inline]
    pub(crate) fn bring_up(&mut self) -> Fallible<()> {
        if self.own.is_current(self.bytes()) { Ok(()) } else { self.bring_up_earlier() }
    }

    #[cold]
    fn bring_up_earlier(&mut self) -> Fallible<()> {
        let mut present = Vec::new();
        self.own.bring_up(self.bytes(), &mut present)?;
        self.page = None;
        self.has_key_of_page = false;
        self.owned = present;
        Ok(())
    }

    /// Whether the rows of a page are all in the present form of the table.
    #[inline]
    pub(crate) fn are_current(&self, rows: PageValues<'_>) -> bool {
        self.own.are_current(rows)
    }

    /// Says whether the row is missing: then all of it is NULL.
    pub(crate) fn set_missing(&mut self, is_missing: bool) {
        self.is_missing = is_missing;
        if is_missing {
            self.missing.get_or_insert_with(|| Arc::new(self.own.missing()));
            self.set_copy(&[], RowLayout::NULL_ROW);
        } else {
            self.set_copy(&[], &[]);
        }
    }

    /// Adds all that is known of the row to bytes.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) -> Fallible<()> {
        bytes.push(self.is_missing.into());
        push_record(bytes, (&self.key, self.bytes()))
    }

    /// Sets the row to what these bytes begin with. Returns the others.
    pub(crate) fn read<'a>(&mut self, bytes: &'a [u8]) -> Fallible<&'a [u8]> {
        let (is_missing, rest) = bytes.split_first().ok_or_else(broken)?;
        let (key, row) = record_at(rest, 0).ok_or_else(broken)?;
        if *is_missing != 0 || self.is_missing {
            self.set_missing(*is_missing != 0);
        }
        self.set_copy(key, row);
        rest.get(record_bytes((key, row))..).ok_or_else(broken)
    }

    /// Lets go of its page, and of memory that only a long row needs.
    pub(crate) fn rest(&mut self) {
        self.page = None;
        self.has_key_of_page = false;
        self.is_missing = false;
        self.owned.clear();
        self.owned.shrink_to(MAX_RESTING_BYTES);
    }

    /// The bytes of the row.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.page {
            Some(page) => page.get(self.range.clone()).unwrap_or_default(),
            None => &self.owned,
        }
    }

    #[inline]
    pub(crate) fn view(&self) -> RowView<'_> {
        RowView { layout: self.layout(), key: &self.key, row: self.bytes() }
    }
}

/// One row for each source.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    pub(crate) sources: Vec<SourceRow>,
    /// What is the same for all rows.
    pub(crate) scope: Scope,
}

impl Frame {
    /// The value of a column of a source; none if the bytes are no row of its table.
    #[inline]
    pub(crate) fn value(&self, source: usize, column: usize) -> Option<ValueRef<'_>> {
        self.sources.get(source)?.view().value(column)
    }

    /// The integer of an expression that is a column, where it holds one: the short cut of [`RowView::integer`].
    #[inline]
    pub(crate) fn integer(&self, expr: &BoundExpr) -> Option<i64> {
        match expr {
            BoundExpr::Column { source, column } => self.sources.get(*source)?.view().integer(*column),
            _ => None,
        }
    }

    /// The row of a source.
    #[inline]
    pub(crate) fn view(&self, source: usize) -> Option<RowView<'_>> {
        self.sources.get(source).map(SourceRow::view)
    }

    /// Adds all rows to bytes.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) -> Fallible<()> {
        self.sources.iter().try_for_each(|source| source.write(bytes))
    }

    /// Sets the rows to what was written.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) -> Fallible<()> {
        for source in &mut self.sources {
            bytes = source.read(bytes)?;
        }
        self.scope.arena.clear();
        Ok(())
    }

    /// Lets go of all pages, and of what was the same for all rows.
    pub(crate) fn rest(&mut self) {
        self.sources.iter_mut().for_each(SourceRow::rest);
        self.scope.clear();
    }

    pub(crate) fn source_mut(&mut self, source: usize) -> Option<&mut SourceRow> {
        self.sources.get_mut(source)
    }
}

#[cfg(test)]
mod tests {
    use wasm_dbms_api::{ColumnSchema, DataType, TableSchema};

    use super::*;

    #[test]
    fn a_resting_row_keeps_no_more_memory_than_its_limit() {
        let schema = TableSchema::new("t").column(ColumnSchema::new("n", DataType::Text));
        let mut row = SourceRow::new(Arc::new(RowLayout::new(&schema, &[], 0)));
        for bytes in [MAX_RESTING_BYTES, MAX_RESTING_BYTES + 1, 10 << 20] {
            row.set_own(&vec![0; bytes]);
            row.rest();
            assert!(row.bytes().is_empty());
            assert!(row.owned.capacity() <= MAX_RESTING_BYTES, "{bytes}");
        }
    }
}
