//! Carrying a [`Draft`] out: descriptions first, then the rows that they ask something of. All of it stands in one
//! transaction, so what fails on its way was never done.
//!
//! 1. *Descriptions.* Rows whose form changes stay as they are: the form joins the earlier ones, and each row is brought up
//!    where it is read ([`crate::codec::row`]). An index whose entries would be others gets a new tree.
//! 2. *Rewrite*, where rows are kept under another key, or values become those of another type: every row goes into a new
//!    tree.
//! 3. *Build and check.* One walk along each table fills its new indexes and asks its new conditions.
//! 4. *References*, once every index is filled.
//! 5. Trees that nobody knows any more give their pages back.

use std::mem;

use wasm_dbms_api::{DataType, Value, ValueRef};
use wasm_dbms_memory::{MAX_KEY_BYTES, Registry, Run, TableId, TreeId};

use crate::Error;
use crate::catalog::{KeyShape, Relation, RelationIndex, is_clustered};
use crate::codec::key;
use crate::codec::snapshot::{MAX_EARLIER_ROW_FORMS, PartId, Snapshot, StoredIndex};
use crate::core::Core;
use crate::error::Fallible;
use crate::migrate::draft::{Draft, DraftTable, NO_TREE, converted, form_of};
use crate::migrate::rows::each_row;
use crate::write::{check_lengths, count_with, unique_violation};

/// What is to be done with the rows of one table.
#[derive(Debug)]
struct Task {
    id: TableId,
    old: Option<Snapshot>,
    converted: Vec<PartId>,
    /// Whether every row goes into a new tree.
    is_rewritten: bool,
    /// Trees of indexes that are to be filled.
    fills: Vec<TreeId>,
    asks_checks: bool,
    asks_keys: bool,
    /// A column that counts up from now on.
    counts: Option<usize>,
    /// Trees that nobody knows any more.
    gone: Vec<TreeId>,
}

/// Makes the tables what the draft says. `rewrites` says whether all rows whose form changes are written anew.
pub(super) fn carry_out(core: &mut Core, draft: Draft, rewrites: bool) -> Fallible<()> {
    draft.validate(core)?;
    core.touch_schema();
    core.flush()?;
    let mut tasks = Vec::new();
    let mut renamed = Vec::new();
    let (mut created, mut changed) = (Vec::new(), Vec::new());
    let converts: Vec<String> =
        draft.tables.iter().filter(|table| !table.converted.is_empty()).filter_map(name_of).collect();
    for table in draft.tables.into_iter() {
        let refers = |new: &Snapshot| new.schema.foreign_keys.iter().any(|key| converts.contains(&key.table));
        let asks_keys = table.new.as_ref().is_some_and(refers);
        if !table.is_changed() && !asks_keys {
            continue;
        }
        match (&table.old, &table.new) {
            (None, None) => {}
            (None, Some(_)) => created.extend(table.new),
            (Some(old), None) => {
                trees_of(old).into_iter().try_for_each(|tree| Registry::remove_tree(&mut core.store, tree))?;
                Registry::remove_table(&mut core.store, table.id, &old.schema.name)?;
            }
            (Some(old), Some(new)) => {
                if old.schema.name != new.schema.name {
                    renamed.push((table.id, old.schema.name.clone(), new.schema.name.clone()));
                }
                let (mut task, new) = Task::of(core, table, rewrites)?;
                task.asks_keys |= asks_keys;
                changed.push((task.id, new));
                tasks.push(task);
            }
        }
    }
    Registry::rename_tables(&mut core.store, &renamed)?;
    for (id, new) in &changed {
        Registry::set_snapshot(&mut core.store, *id, &bytes_of(new)?)?;
    }
    for mut new in created {
        new.table = Registry::add_tree(&mut core.store)?;
        for index in &mut new.indexes {
            index.tree = Registry::add_tree(&mut core.store)?;
        }
        if !has_own_key(&new) {
            new.primary_key = Registry::add_tree(&mut core.store)?;
        }
        Registry::add_table(&mut core.store, &new.schema.name, &bytes_of(&new)?)?;
    }
    core.load_catalog()?;
    for task in tasks.iter().filter(|task| task.is_rewritten) {
        task.rewrite(core)?;
    }
    for task in &tasks {
        task.build(core)?;
    }
    for task in tasks.iter().filter(|task| task.asks_keys) {
        let place = task.place(core)?;
        let relation = core.catalog.relation(place)?.clone();
        each_row(core, &relation, &mut |core, _, values| core.check_foreign_keys(place, values, None))?;
    }
    for tree in tasks.iter().flat_map(|task| &task.gone) {
        Registry::remove_tree(&mut core.store, *tree)?;
    }
    Ok(())
}

fn name_of(table: &DraftTable) -> Option<String> {
    Some(table.new.as_ref()?.schema.name.clone())
}

/// The bytes of a snapshot, if they can be read again.
fn bytes_of(snapshot: &Snapshot) -> Fallible<Vec<u8>> {
    let bytes = snapshot.encode();
    Snapshot::decode(&bytes)?;
    Ok(bytes)
}

/// Every tree of a table.
fn trees_of(snapshot: &Snapshot) -> Vec<TreeId> {
    let indexes = snapshot.indexes.iter().map(|index| index.tree);
    let trees = [snapshot.table, snapshot.primary_key].into_iter().chain(indexes);
    trees.filter(|tree| *tree != NO_TREE).collect()
}

/// Whether the rows of a table are kept under its primary key, or it has none.
fn has_own_key(snapshot: &Snapshot) -> bool {
    snapshot.schema.primary_key.is_empty() || is_clustered(&snapshot.schema)
}

/// The column of this id.
fn place_of(snapshot: &Snapshot, id: PartId) -> Option<usize> {
    snapshot.columns.iter().position(|column| column.id == id)
}

/// Types with one key code count as one.
fn code_of(data_type: DataType) -> DataType {
    match data_type {
        DataType::F32 => DataType::F64,
        data_type if data_type.is_integer() => DataType::I64,
        data_type => data_type,
    }
}

/// What the code of a key depends on, of a column of this name.
fn key_part(snapshot: &Snapshot, name: &str) -> Option<(PartId, DataType)> {
    let place = snapshot.schema.position(name)?;
    Some((snapshot.columns.get(place)?.id, code_of(snapshot.schema.columns.get(place)?.data_type)))
}

/// What the keys of the rows depend on.
fn row_key(snapshot: &Snapshot) -> (bool, Vec<Option<(PartId, DataType)>>) {
    let columns = snapshot.schema.primary_key.iter();
    (has_own_key(snapshot), columns.map(|name| key_part(snapshot, name)).collect())
}

/// Whether an index has the same entries under both descriptions.
fn has_same_entries(old: &Snapshot, new: &Snapshot, stored: &StoredIndex) -> bool {
    let of = |snapshot: &Snapshot| {
        let place = snapshot.indexes.iter().position(|index| index.id == stored.id)?;
        let index = snapshot.schema.indexes.get(place)?;
        let columns = index.columns.iter().map(|column| (key_part(snapshot, &column.name), column.descending));
        let is_carried = |place: &usize| {
            let name = snapshot.schema.columns.get(*place).map(|column| &column.name);
            let is_own = index.columns.iter().any(|column| Some(&column.name) == name);
            !index.include.is_empty() && (is_own || index.include.iter().any(|other| Some(other) == name))
        };
        let form = form_of(snapshot).columns;
        let carried = (0..form.len()).filter(is_carried).filter_map(|place| form.get(place).copied());
        Some((index.unique, columns.collect::<Vec<_>>(), carried.collect::<Vec<_>>()))
    };
    of(old) == of(new)
}

impl Task {
    /// What is to be done with the rows of a table that stays, and what is stored of it then.
    fn of(core: &mut Core, table: DraftTable, rewrites: bool) -> Fallible<(Self, Snapshot)> {
        let DraftTable { id, rows, old, new, converted, has_new_checks, has_new_keys } = table;
        let mut new = new.ok_or_else(unknown_table)?;
        let old = old.ok_or_else(unknown_table)?;
        let form = form_of(&old);
        let has_new_form = form.columns != form_of(&new).columns;
        let is_rewritten = !converted.is_empty()
            || row_key(&old) != row_key(&new)
            || (has_new_form && rows > 0 && (rewrites || new.earlier.len() == MAX_EARLIER_ROW_FORMS));
        if is_rewritten {
            new.table = Registry::add_tree(&mut core.store)?;
            new.primary_key = if has_own_key(&new) { NO_TREE } else { Registry::add_tree(&mut core.store)? };
        }
        if is_rewritten || rows == 0 {
            new.earlier.clear();
        }
        if has_new_form {
            new.version = old.version.checked_add(1).ok_or_else(|| Error::OutOfRange("the schema version".into()))?;
            if !is_rewritten && rows > 0 {
                new.earlier.push(form);
            }
        }
        let mut fills: Vec<TreeId> =
            Some(new.primary_key).filter(|tree| is_rewritten && *tree != NO_TREE).into_iter().collect();
        let is_kept = |new: &Snapshot, index: &StoredIndex| {
            !is_rewritten && index.tree != NO_TREE && has_same_entries(&old, new, index)
        };
        let kept: Vec<bool> = new.indexes.iter().map(|index| is_kept(&new, index)).collect();
        for (index, is_kept) in new.indexes.iter_mut().zip(kept) {
            if !is_kept {
                index.tree = Registry::add_tree(&mut core.store)?;
                fills.push(index.tree);
            }
        }
        let known = trees_of(&new);
        let gone = trees_of(&old).into_iter().filter(|tree| !known.contains(tree)).collect();
        let before = |place: usize| {
            let id = new.columns.get(place)?.id;
            old.schema.columns.get(place_of(&old, id)?)
        };
        let columns = new.schema.columns.iter().enumerate();
        refuse_nulls(core, id, &old, &new)?;
        let counts = columns.clone().find(|(_, column)| column.autoincrement);
        let counts = counts.filter(|(place, _)| before(*place).is_some_and(|before| !before.autoincrement));
        let task = Self {
            id,
            is_rewritten,
            fills,
            asks_checks: has_new_checks || !converted.is_empty(),
            asks_keys: has_new_keys || !converted.is_empty(),
            counts: counts.map(|(place, _)| place),
            gone,
            converted,
            old: Some(old),
        };
        Ok((task, new))
    }

    fn place(&self, core: &Core) -> Fallible<RelationIndex> {
        let place = core.catalog.relations.iter().position(|relation| relation.id == self.id);
        place.ok_or_else(unknown_table)
    }

    /// Puts every row into the new tree, with values of their new types, under its new key.
    fn rewrite(&self, core: &mut Core) -> Fallible<()> {
        let place = self.place(core)?;
        let old = self.old.clone().ok_or_else(unknown_table)?;
        let new = core.catalog.relation(place)?.clone();
        let stored = core.stored(place)?;
        let mut old_relation = Relation::new(self.id, old.clone())?;
        old_relation.reload(&mut core.store)?;
        let (mut rows, mut counter) = (0u64, old_relation.table.counter);
        let keeps_row_ids = !old_relation.is_clustered() && !new.is_clustered();
        let origins: Vec<Option<usize>> = stored.columns.iter().map(|column| place_of(&old, column.id)).collect();
        each_row(core, &old_relation, &mut |core, old_key, old_values| {
            let mut made: Vec<(usize, Value)> = Vec::new();
            for (column, stored) in
                stored.columns.iter().enumerate().filter(|(_, stored)| self.converted.contains(&stored.id))
            {
                let value = place_of(&old, stored.id).and_then(|place| old_values.get(place));
                if let (Some(value), Some(schema)) =
                    (value.filter(|value| !value.is_null()), new.schema.columns.get(column))
                {
                    made.push((column, converted(&value.to_value(), schema)?));
                }
            }
            let mut values: Vec<ValueRef<'_>> = Vec::with_capacity(origins.len());
            for ((origin, stored), column) in origins.iter().zip(&stored.columns).zip(&new.schema.columns) {
                let value = origin.map_or(Some(stored.initial.as_ref()), |origin| old_values.get(origin).copied());
                values.push(crate::codec::row::widened(value.unwrap_or(ValueRef::Null), column.data_type));
            }
            for (column, value) in &made {
                if let Some(place) = values.get_mut(*column) {
                    *place = value.as_ref();
                }
            }
            let Core { store, catalog, scratch, .. } = core;
            let relation = catalog.relation_mut(place)?;
            rows += 1;
            scratch.key.clear();
            match &relation.shape {
                KeyShape::Columns(columns) => {
                    for column in columns {
                        let value = values.get(*column).copied().unwrap_or(ValueRef::Null);
                        if value.is_null() {
                            return Err(not_null(relation, *column));
                        }
                        key::push(&mut scratch.key, value);
                    }
                }
                KeyShape::RowId if keeps_row_ids => scratch.key.extend_from_slice(old_key),
                KeyShape::RowId => {
                    counter = counter.max(rows);
                    key::push(&mut scratch.key, ValueRef::from_u64(rows));
                }
            }
            check_lengths(relation, &values, scratch)?;
            let located = relation.table.locate(store, &scratch.key)?;
            if located.is_found() {
                return Err(unique_violation(relation, relation.primary_key(), &values));
            }
            relation.layout.encode(&values, &mut scratch.row);
            Ok(relation.table.insert(store, located, &scratch.key, &scratch.row)?)
        })?;
        let Core { store, catalog, .. } = core;
        let relation = catalog.relation_mut(place)?;
        relation.table.count(rows, counter);
        relation.flush(store)
    }

    /// Fills new indexes and asks new conditions: one walk.
    fn build(&self, core: &mut Core) -> Fallible<()> {
        let place = self.place(core)?;
        if self.fills.is_empty() && !self.asks_checks && self.counts.is_none() {
            return Ok(());
        }
        let relation = core.catalog.relation(place)?.clone();
        let is_filled = |tree: TreeId| self.fills.contains(&tree);
        let mut fills: Vec<_> =
            relation.indexes.iter().filter(|index| is_filled(index.head.tree.id())).cloned().collect();
        let mut runs: Vec<Run> = fills.iter().map(|_| Run::default()).collect();
        let mut counter = relation.table.counter;
        let (mut entry, mut row_bytes, mut buffer) = (Vec::new(), Vec::new(), Vec::new());
        let count = runs.len();
        each_row(core, &relation, &mut |core, row_key, values| {
            if self.asks_checks {
                core.check_row(place, values, None)?;
            }
            if let Some(value) = self.counts.and_then(|column| values.get(column)) {
                counter = count_with(counter, *value);
            }
            for (index, run) in fills.iter_mut().zip(&mut runs) {
                let holds_row_key = index.entry_key(values, row_key, &mut entry);
                if entry.len() > MAX_KEY_BYTES {
                    let what = format!("the key of index {} of {}", index.name, relation.schema.name);
                    let (bytes, limit) = (entry.len() as u64, MAX_KEY_BYTES as u64);
                    return Err(Error::TooLong { what, bytes, limit }.into());
                }
                let value = index.entry_value(values, row_key, holds_row_key, &mut row_bytes, &mut buffer);
                if !index.is_unique {
                    run.push(&entry, value);
                    if run.is_full(count) {
                        index.head.change(|tree| tree.put_run(&mut core.store, run))?;
                    }
                    continue;
                }
                if !holds_row_key && index.head.tree.contains(&mut core.store, &entry)? {
                    return Err(unique_violation(&relation, &index.columns, values));
                }
                index.head.change(|tree| tree.put(&mut core.store, &entry, value))?;
            }
            Ok(())
        })?;
        let Core { store, catalog, .. } = core;
        let relation = catalog.relation_mut(place)?;
        for (mut filled, mut run) in fills.into_iter().zip(runs) {
            if !run.is_empty() {
                filled.head.change(|tree| tree.put_run(store, &mut run))?;
            }
            if let Some(index) = relation.indexes.iter_mut().find(|index| index.head.tree.id() == filled.head.tree.id())
            {
                mem::swap(index, &mut filled);
            }
        }
        if counter != relation.table.counter {
            relation.table.count(relation.table.rows, counter);
        }
        relation.flush(store)
    }
}

/// Refuses rows that are NULL in a column which may be so no more: they are read as they were, as their new form has no
/// NULL there.
fn refuse_nulls(core: &mut Core, id: TableId, old: &Snapshot, new: &Snapshot) -> Fallible<()> {
    let found = core.catalog.with_id(id);
    let relation = found.ok_or_else(unknown_table)?.clone();
    let mut asked = Vec::new();
    for (column, stored) in new.schema.columns.iter().zip(&new.columns).filter(|(column, _)| !column.nullable) {
        match place_of(old, stored.id) {
            Some(place) if old.schema.columns.get(place).is_some_and(|before| before.nullable) => asked.push(place),
            None if stored.initial.is_null() && relation.table.rows > 0 => {
                return Err(Error::NotNull { table: new.schema.name.clone(), column: column.name.clone() }.into());
            }
            _ => {}
        }
    }
    if asked.is_empty() {
        return Ok(());
    }
    each_row(core, &relation, &mut |_, _, values| {
        let null = asked.iter().find(|column| values.get(**column).is_none_or(|value| value.is_null()));
        null.map_or(Ok(()), |column| Err(not_null(&relation, *column)))
    })
}

fn not_null(relation: &Relation, column: usize) -> Box<Error> {
    let (table, column) = (relation.schema.name.clone(), relation.column_name(column).to_owned());
    Error::NotNull { table, column }.into()
}

fn unknown_table() -> Box<Error> {
    Error::Unknown { what: "table", name: "of a migration".into() }.into()
}
