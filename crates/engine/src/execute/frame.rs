//! The rows that stand side by side while a plan is walked: one for each source.

use std::ops::Range;
use std::sync::Arc;

use wasm_dbms_api::ValueRef;
use wasm_dbms_memory::{LeafBatch, PageRef, ValueBytes};

use crate::codec::row::{RowLayout, RowView};
use crate::error::Fallible;
use crate::plan::{BoundExpr, Scope};
use crate::store::Store;

/// A row in its page, or with bytes of its own.
#[derive(Debug)]
pub(crate) struct SourceRow {
    layout: Arc<RowLayout>,
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
        Self { layout, key: Vec::new(), has_key_of_page: false, page: None, range: 0..0, entry: 0, owned: Vec::new() }
    }

    pub(crate) fn layout(&self) -> &RowLayout {
        &self.layout
    }

    /// How long every row of the table is at least.
    pub(crate) fn fixed_length(&self) -> usize {
        self.layout.fixed_length()
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

    /// Sets how the row is read, and its bytes: of a row that is missing, or not any more.
    pub(crate) fn set_layout(&mut self, layout: &Arc<RowLayout>, row: &[u8]) {
        self.layout = Arc::clone(layout);
        self.set_copy(&[], row);
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
        RowView { layout: &self.layout, key: &self.key, row: self.bytes() }
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

    pub(crate) fn source_mut(&mut self, source: usize) -> Option<&mut SourceRow> {
        self.sources.get_mut(source)
    }
}
