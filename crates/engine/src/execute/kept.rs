//! Rows of one source that are read once and kept, to be found by the values of some columns.

use crate::codec::key;
use crate::error::Fallible;
use crate::execute::RowList;
use crate::execute::frame::SourceRow;
use crate::numbering::Numbering;

/// Rows that are kept.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// A key and a row in turn.
    rows: RowList,
    /// The codes of their columns.
    codes: Numbering,
    /// Of the rows with one code the last, counted from 1.
    last: Vec<usize>,
    /// Of each row the one before it with the same code, counted from 1.
    before: Vec<usize>,
    code: Vec<u8>,
}

impl Kept {
    /// Adds a row. One with NULL in one of the columns is left out: NULL equals nothing.
    pub(crate) fn add(&mut self, row: &SourceRow, columns: &[usize]) -> Fallible<()> {
        if !columns.is_empty() {
            self.code.clear();
            for column in columns {
                let value = row.view().try_value(*column)?;
                if value.is_null() {
                    return Ok(());
                }
                key::push(&mut self.code, value);
            }
            let number = self.before.len() + 1;
            let (place, is_new) = self.codes.number(&self.code);
            if is_new {
                self.last.push(0);
            }
            if let Some(last) = self.last.get_mut(place) {
                self.before.push(std::mem::replace(last, number));
            }
        }
        self.rows.push(&row.key);
        self.rows.push(row.bytes());
        Ok(())
    }

    /// Where the rows with these values begin, for [`next`](Self::next).
    pub(crate) fn find(&self, code: &[u8]) -> usize {
        self.codes.get(code).and_then(|place| self.last.get(place)).copied().unwrap_or(0)
    }

    /// Sets `row` to the row at a place and the place to the next. Returns whether there is one.
    pub(crate) fn next(&self, place: &mut usize, is_found: bool, row: &mut SourceRow) -> bool {
        // A place is counted from 1 where it was found, so that 0 is none.
        let number = if is_found { place.wrapping_sub(1) } else { *place };
        let pair = number.checked_mul(2).and_then(|at| self.rows.get(at).zip(self.rows.get(at + 1)));
        let Some((row_key, bytes)) = pair else { return false };
        row.set_copy(row_key, bytes);
        *place = if is_found { self.before.get(number).copied().unwrap_or(0) } else { number + 1 };
        true
    }
}
