//! Deleting a row, and those that go with it.

use wasm_dbms_api::{OnDelete, ValueRef};
use wasm_dbms_memory::Located;

use crate::catalog::RelationIndex;
use crate::codec::row::RowView;
use crate::core::Core;
use crate::write::{FEW_COLUMNS, has_value, keys_with};
use crate::{Error, Result};

impl Core {
    /// Deletes the row with this key. Returns whether there was one; none, and nothing is done, if a row refers to it. So
    /// all that can be refused is refused before the first write, and there need be no savepoint.
    pub(crate) fn delete_row(&mut self, index: RelationIndex, row_key: &[u8]) -> Result<Option<bool>> {
        self.meter.step()?;
        self.touch(index);
        self.check_writable(index)?;
        let mut row = std::mem::take(&mut self.scratch.found);
        let is_there = match self.read_row(index, row_key, &mut row)? {
            Some(located) => self.delete_found(index, row_key, &row, located)?.then_some(true),
            None => Some(false),
        };
        self.scratch.found = row;
        Ok(is_there)
    }

    /// Deletes a row that was found; false, and nothing is done, if a row refers to it.
    fn delete_found(&mut self, index: RelationIndex, row_key: &[u8], row: &[u8], located: Located) -> Result<bool> {
        let relation = self.catalog.relation(index)?;
        let layout = std::sync::Arc::clone(&relation.layout);
        let view = RowView { layout: &layout, key: row_key, row };
        let mut few = [ValueRef::Null; FEW_COLUMNS];
        let mut many = Vec::new();
        let count = relation.schema.columns.len();
        let values: &mut [ValueRef<'_>] = match few.get_mut(..count) {
            Some(few) => few,
            None => {
                many.resize(count, ValueRef::Null);
                &mut many
            }
        };
        // What no index and no other table knows need not be read.
        for column in relation.known_columns() {
            if let Some(value) = values.get_mut(*column) {
                *value = view.try_value(*column)?;
            }
        }
        if !relation.referrers.is_empty() && self.is_referred(index, values)? {
            return Ok(false);
        }
        self.remove_row_at(index, row_key, located, values)?;
        Ok(true)
    }

    /// Whether some row refers to the one with these values, be it the row itself.
    fn is_referred(&mut self, index: RelationIndex, values: &[ValueRef<'_>]) -> Result<bool> {
        for number in 0.. {
            let Some(referrer) = self.catalog.relation(index)?.referrers.get(number).copied() else { break };
            let child = self.catalog.relation(referrer.relation)?;
            let Some(foreign_key) = child.foreign_keys.get(referrer.foreign_key).copied() else { continue };
            let value = values.get(foreign_key.referred).copied().unwrap_or(ValueRef::Null);
            if !value.is_null() && has_value(self, referrer.relation, foreign_key.column, value)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Deletes the row with this key and every row that refers to it with cascade, whatever the depth. Returns how many
    /// rows of its own table went.
    ///
    /// # Errors
    /// [`Error::ForeignKey`] if a row refers to one of them with restrict; then some rows are gone already, and the
    /// caller rolls back.
    pub(crate) fn delete_cascading(&mut self, index: RelationIndex, row_key: &[u8]) -> Result<u64> {
        let mut count = 0;
        // A list of its own instead of recursion: chains of references may be as long as tables are.
        let mut pending: Vec<(RelationIndex, Vec<u8>)> = vec![(index, row_key.to_vec())];
        let mut row = Vec::new();
        while let Some((current, row_key)) = pending.pop() {
            self.meter.step()?;
            self.touch(current);
            self.check_writable(current)?;
            let Some(located) = self.read_row(current, &row_key, &mut row)? else { continue };
            let relation = self.catalog.relation(current)?;
            let layout = std::sync::Arc::clone(&relation.layout);
            let values =
                values_of(&RowView { layout: &layout, key: &row_key, row: &row }, relation.schema.columns.len())?;
            self.remove_row_at(current, &row_key, located, &values)?;
            count += u64::from(current == index);
            self.follow_references(current, &values, &mut pending)?;
        }
        Ok(count)
    }

    /// Deletes every row of a table page by page, if no other table refers to it. Returns how many there were; none, and
    /// nothing is done, if one refers to it.
    pub(crate) fn delete_all(&mut self, index: RelationIndex) -> Result<Option<u64>> {
        self.touch(index);
        self.check_writable(index)?;
        let Self { store, catalog, .. } = self;
        let relation = catalog.relation_mut(index)?;
        let is_referred = relation.referrers.iter().any(|referrer| referrer.relation != index);
        // Where somebody wants to hear of each row, each goes by itself.
        if is_referred || self.recorder.is_on() {
            return Ok(None);
        }
        let (rows, counter) = (relation.table.rows, relation.table.counter);
        relation.table.change(|tree| tree.clear(store))?;
        for other in &mut relation.indexes {
            other.head.change(|tree| tree.clear(store))?;
        }
        relation.table.count(0, counter);
        Ok(Some(rows))
    }

    /// Adds the rows that must go with a deleted one, or refuses.
    fn follow_references(
        &mut self,
        index: RelationIndex,
        values: &[ValueRef<'_>],
        pending: &mut Vec<(RelationIndex, Vec<u8>)>,
    ) -> Result<()> {
        for number in 0.. {
            let Some(referrer) = self.catalog.relation(index)?.referrers.get(number).copied() else { break };
            let child = self.catalog.relation(referrer.relation)?;
            let Some(foreign_key) = child.foreign_keys.get(referrer.foreign_key).copied() else { continue };
            let value = values.get(foreign_key.referred).copied().unwrap_or(ValueRef::Null);
            if value.is_null() {
                continue;
            }
            let cascades = foreign_key.on_delete == OnDelete::Cascade;
            let mut is_referred = false;
            keys_with(self, referrer.relation, foreign_key.column, value, &mut |row_key| {
                is_referred = true;
                if cascades {
                    pending.push((referrer.relation, row_key.to_vec()));
                }
                cascades
            })?;
            if is_referred && !cascades {
                let child = self.catalog.relation(referrer.relation)?;
                return Err(Error::ForeignKey {
                    table: child.schema.name.clone(),
                    column: child.column_name(foreign_key.column).to_owned(),
                    value: value.to_value(),
                    problem: "still refers to",
                    other: self.catalog.relation(index)?.schema.name.clone(),
                });
            }
        }
        Ok(())
    }

    /// Sets `row` to the bytes of a row and says where it stands, if there is one.
    pub(crate) fn read_row(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        row: &mut Vec<u8>,
    ) -> Result<Option<Located>> {
        let tree = self.catalog.relation(index)?.table.tree;
        let located = tree.locate(&mut self.store, row_key)?;
        if !located.is_found() {
            return Ok(None);
        }
        tree.look_at(&mut self.store, located.page(), located.index(), &mut |bytes| bytes.clone_into(row))?;
        Ok(Some(located))
    }

    /// Removes a row that is there, and its entries in the indexes.
    pub(crate) fn remove_row_at(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        located: Located,
        values: &[ValueRef<'_>],
    ) -> Result<()> {
        let Self { store, catalog, scratch, recorder, .. } = self;
        let relation = catalog.relation_mut(index)?;
        recorder.removing(store, relation, row_key, &located)?;
        for other in &mut relation.indexes {
            other.entry_key(values, row_key, &mut scratch.entry);
            other.head.change(|tree| tree.remove(store, &scratch.entry))?;
        }
        relation.table.change(|tree| tree.remove_at(store, located))?;
        relation.table.count(relation.table.rows.saturating_sub(1), relation.table.counter);
        Ok(())
    }
}

/// Every value of a row.
fn values_of<'a>(view: &RowView<'a>, count: usize) -> Result<Vec<ValueRef<'a>>> {
    (0..count).map(|column| view.try_value(column).map_err(Error::from)).collect()
}
