//! The rows of a table, or of what stands for one, by the values of one column: the inner side of a hash join.

use std::collections::HashMap;
use std::sync::Arc;

use crate::codec::key;
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::RowList;
use crate::execute::filter::Filters;
use crate::execute::frame::SourceRow;
use crate::execute::scan::TableScan;
use crate::plan::Plan;

/// A whole table by the values of one column. Rows with NULL there are left out: NULL equals nothing.
#[derive(Debug, Default)]
pub(crate) struct HashedTable {
    rows: Vec<(Vec<u8>, Vec<u8>)>,
    by_key: HashMap<Vec<u8>, Vec<usize>>,
}

impl HashedTable {
    /// Reads all of a source of a plan: the rows that were made for it, or else its table.
    pub(crate) fn of(
        core: &mut Core,
        plan: &Plan,
        source: usize,
        derived: Option<&RowList>,
        column: usize,
    ) -> Fallible<Self> {
        let Core { store, catalog, meter, .. } = core;
        let relation = plan.relation(catalog, source)?;
        let mut table = Self::default();
        let mut row = SourceRow::new(Arc::clone(&relation.layout));
        let mut key = Vec::new();
        if let Some(rows) = derived {
            for bytes in (0..rows.len()).filter_map(|number| rows.get(number)) {
                meter.step()?;
                row.set_copy(&[], bytes);
                table.add(&row, column, &mut key)?;
            }
            return Ok(table);
        }
        let mut scan = TableScan::new(relation.table.tree.cursor(), Vec::new());
        let filters = Filters::default();
        while scan.next(store, meter, &filters, &mut row)? {
            meter.step()?;
            scan.read_key(store, &mut row)?;
            table.add(&row, column, &mut key)?;
        }
        Ok(table)
    }

    fn add(&mut self, row: &SourceRow, column: usize, key: &mut Vec<u8>) -> Fallible<()> {
        let value = row.view().try_value(column)?;
        if !value.is_null() {
            key.clear();
            key::push(key, value);
            self.by_key.entry(key.clone()).or_default().push(self.rows.len());
            self.rows.push((row.key.clone(), row.bytes().to_vec()));
        }
        Ok(())
    }

    /// Of the rows with this value the one at `position`: its key and its bytes.
    pub(crate) fn row(&self, value: &[u8], position: usize) -> Option<(&[u8], &[u8])> {
        let number = self.by_key.get(value)?.get(position)?;
        self.rows.get(*number).map(|(key, bytes)| (key.as_slice(), bytes.as_slice()))
    }
}
