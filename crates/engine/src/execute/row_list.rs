//! Rows as bytes, one after the other.

/// A list of rows.
#[derive(Debug, Default)]
pub(crate) struct RowList {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl RowList {
    /// Adds a row.
    pub(crate) fn push(&mut self, row: &[u8]) {
        self.bytes.extend_from_slice(row);
        self.ends.push(self.bytes.len());
    }

    /// The row of a number.
    pub(crate) fn get(&self, number: usize) -> Option<&[u8]> {
        let end = *self.ends.get(number)?;
        let start = match number.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.bytes.get(start..end)
    }
}
