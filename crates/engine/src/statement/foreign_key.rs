//! References that a table gets when its rows are there.

use wasm_dbms_api::{ForeignKeySchema, Query, ValueRef};

use crate::core::Core;
use crate::error::Fallible;
use crate::execute::RowStream;
use crate::plan;

impl Core {
    /// Adds references to a table: the rows that are there must keep them.
    pub(super) fn add_foreign_keys(&mut self, table: &str, keys: &[ForeignKeySchema]) -> Fallible<()> {
        let place = self.catalog.find(table)?;
        self.touch_schema();
        self.flush()?;
        let mut snapshot = self.stored(place)?;
        snapshot.schema.foreign_keys.extend_from_slice(keys);
        snapshot.schema.validate()?;
        self.catalog.check_references(&snapshot.schema, &[&snapshot.schema])?;
        self.restore(place, &snapshot)?;
        let place = self.catalog.find(table)?;
        let columns = snapshot.schema.columns.len();
        let plan = plan::plan(self, &Query::from(table))?;
        let mut rows = RowStream::new(&self.catalog, &plan)?;
        while rows.next(self)? {
            let Some(row) = rows.frame.sources.first() else { continue };
            let view = row.view();
            let mut values = vec![ValueRef::Null; columns];
            for (column, value) in values.iter_mut().enumerate() {
                *value = view.try_value(column)?;
            }
            self.check_foreign_keys(place, &values, None)?;
        }
        Ok(())
    }
}
