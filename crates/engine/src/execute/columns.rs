//! Rows of one table that stand together in a page, looked at column by column.

use wasm_dbms_api::Value;
use wasm_dbms_memory::PageValues;

use crate::codec::FixedColumn;
use crate::codec::row::{RowLayout, RowView};
use crate::error::Fallible;

/// Rows of one table that stand together in a page. Their keys are not at hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns<'a> {
    pub(crate) layout: &'a RowLayout,
    pub(crate) values: PageValues<'a>,
    /// Which of the values are meant.
    pub(crate) chosen: &'a [u16],
}

impl<'a> Columns<'a> {
    /// How many rows there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.chosen.len()
    }

    /// The bytes of a row.
    #[inline]
    fn row(&self, number: u16) -> &'a [u8] {
        let span = self.values.spans.get(usize::from(number));
        span.and_then(|span| self.values.page.get(span.range())).unwrap_or_default()
    }

    /// The value of a column outside the key, in the row at `position`.
    pub(crate) fn value(&self, position: usize, column: usize) -> Fallible<Value> {
        let number = self.chosen.get(position).copied().unwrap_or(u16::MAX);
        let view = RowView { layout: self.layout, key: &[], row: self.row(number) };
        Ok(view.try_value(column)?.to_value())
    }

    /// Calls `visit` with the order code of each row, `None` where the column is NULL.
    #[inline]
    pub(crate) fn for_each(&self, column: FixedColumn, codes: &mut Vec<i64>, mut visit: impl FnMut(Option<i64>)) {
        if column.is_nullable() {
            for number in self.chosen {
                // Rows are as long as their fixed columns need.
                visit(column.code_in(self.row(*number)).flatten());
            }
        } else {
            column.codes(self.values, self.chosen, codes);
            for code in codes {
                visit(Some(*code));
            }
        }
    }
}
