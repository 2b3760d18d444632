//! Deleting a row, and those that go with it.

use wasm_dbms_api::ValueRef;
use wasm_dbms_memory::Located;

use crate::catalog::RelationIndex;
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;
use crate::write::slots;

impl Core {
    /// Deletes the row with this key. Returns whether there was one; none, and nothing is done, if a row refers to it. So
    /// all that can be refused is refused before the first write, and there need be no savepoint.
    pub(crate) fn delete_row(&mut self, index: RelationIndex, row_key: &[u8]) -> Fallible<Option<bool>> {
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
    fn delete_found(&mut self, index: RelationIndex, row_key: &[u8], row: &[u8], located: Located) -> Fallible<bool> {
        let relation = self.catalog.relation(index)?;
        let layout = std::sync::Arc::clone(&relation.layout);
        let view = RowView { layout: &layout, key: row_key, row };
        slots!(values, relation.schema.columns.len(), ValueRef::Null);
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

    /// Deletes every row of a table page by page, if no other table refers to it. Returns how many there were; none, and
    /// nothing is done, if one refers to it.
    pub(crate) fn delete_all(&mut self, index: RelationIndex) -> Fallible<Option<u64>> {
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

    /// Sets `row` to the bytes of a row, in the present form of its table, and says where it stands, if there is one.
    pub(crate) fn read_row(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        row: &mut Vec<u8>,
    ) -> Fallible<Option<Located>> {
        let relation = self.catalog.relation(index)?;
        let tree = relation.table.tree;
        let located = tree.locate(&mut self.store, row_key)?;
        if !located.is_found() {
            return Ok(None);
        }
        tree.look_at(&mut self.store, located.page(), located.index(), &mut |bytes| bytes.clone_into(row))?;
        relation.layout.bring_up_in(row)?;
        Ok(Some(located))
    }

    /// Removes a row that is there, and its entries in the indexes.
    pub(crate) fn remove_row_at(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        located: Located,
        values: &[ValueRef<'_>],
    ) -> Fallible<()> {
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
