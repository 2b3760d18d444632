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

use std::sync::Arc;

use wasm_dbms_api::DataType;
use wasm_dbms_memory::{Registry, TableId, TreeId};

use crate::Error;
use crate::catalog::{OLD, Relation, RelationIndex, is_clustered};
use crate::codec::snapshot::{MAX_EARLIER_ROW_FORMS, PartId, Snapshot, StoredIndex};
use crate::core::Core;
use crate::error::Fallible;
use crate::migrate::draft::{Draft, DraftTable, NO_TREE, form_of, read_again};
use crate::migrate::fill::Filler;
use crate::migrate::rewrite::{Rewriter, not_null};
use crate::migrate::rows::each_row;
use crate::write::count_with;

/// What is to be done with the rows of one table.
#[derive(Debug)]
struct Task {
    /// What the table was and is to be.
    table: DraftTable,
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

/// The trees of a table in its new form, which steps have filled already and asked all that is to be asked.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) id: TableId,
    pub(super) table: TreeId,
    pub(super) primary_key: TreeId,
    /// In the order of its indexes.
    pub(super) indexes: Vec<TreeId>,
}

/// Makes the tables what the draft says. `rewrites` says whether all rows whose form changes are written anew. What was
/// prepared in steps takes the place of what it was made from, which then waits to be removed in steps.
pub(super) fn carry_out(core: &mut Core, draft: Draft, rewrites: bool, prepared: Option<&[Prepared]>) -> Fallible<()> {
    draft.validate(core)?;
    match prepared {
        Some(_) => core.touch_schema(),
        None => core.change_schema()?,
    }
    core.flush()?;
    let mut tasks = Vec::new();
    let mut renamed = Vec::new();
    let mut created = Vec::new();
    let mut converts = Vec::new();
    for table in &draft.tables {
        if let (false, Some(new)) = (table.converted.is_empty(), &table.new) {
            converts.push(new.schema.name.clone());
        }
    }
    for table in draft.tables {
        let refers = |new: &Snapshot| new.schema.foreign_keys.iter().any(|key| converts.contains(&key.table));
        let asks_keys = table.new.as_ref().is_some_and(refers);
        if !table.is_changed() && !asks_keys {
            continue;
        }
        match (&table.old, &table.new) {
            (None, None) => {}
            (None, Some(new)) => created.push(new.schema.clone()),
            (Some(old), None) if prepared.is_some() && table.rows > 0 => {
                Registry::remove_table(&mut core.store, table.id, &old.schema.name)?;
                put_aside(core, table.id, old)?;
            }
            (Some(old), None) => {
                for tree in trees_of(old) {
                    Registry::remove_tree(&mut core.store, tree)?;
                }
                Registry::remove_table(&mut core.store, table.id, &old.schema.name)?;
            }
            (Some(old), Some(new)) => {
                if old.schema.name != new.schema.name {
                    renamed.push((table.id, old.schema.name.clone(), new.schema.name.clone()));
                }
                let ready = prepared.unwrap_or_default().iter().find(|ready| ready.id == table.id);
                let mut task = match ready {
                    Some(ready) => Task::of_prepared(core, table, ready)?,
                    None => Task::of(core, table, rewrites)?,
                };
                task.asks_keys |= asks_keys && ready.is_none();
                tasks.push(task);
            }
        }
    }
    Registry::rename_tables(&mut core.store, &renamed)?;
    for DraftTable { id, new, .. } in tasks.iter().map(|task| &task.table) {
        if let Some(new) = new {
            Registry::set_snapshot(&mut core.store, *id, &bytes_of(new)?)?;
        }
    }
    for schema in &created {
        core.catalog.add(&mut core.store, schema)?;
    }
    core.load_catalog()?;
    for task in &tasks {
        if task.is_rewritten {
            task.rewrite(core)?;
        }
    }
    for task in &tasks {
        task.build(core)?;
    }
    for task in &tasks {
        if !task.asks_keys {
            continue;
        }
        let place = task.place(core)?;
        let relation = core.catalog.relation(place)?.clone();
        each_row(core, &relation, &mut |core, _, values| core.check_foreign_keys(place, values, None))?;
    }
    for tree in tasks.iter().flat_map(|task| &task.gone) {
        Registry::remove_tree(&mut core.store, *tree)?;
    }
    Ok(())
}

/// Keeps what a table was as one that only the steps know, which remove it.
fn put_aside(core: &mut Core, id: TableId, old: &Snapshot) -> Fallible<()> {
    let old = hidden(old, format!("{OLD}{id}"));
    Registry::add_table(&mut core.store, &old.schema.name, &bytes_of(&old)?)?;
    Ok(())
}

/// The same table under a hidden name: it refers to nothing, and nothing is asked of its rows.
pub(super) fn hidden(snapshot: &Snapshot, name: String) -> Snapshot {
    let mut hidden = snapshot.clone();
    hidden.schema.name = name;
    hidden.is_held = true;
    hidden.schema.foreign_keys.clear();
    hidden.schema.checks.clear();
    hidden
}

/// The bytes of a snapshot, if they can be read again.
pub(super) fn bytes_of(snapshot: &Snapshot) -> Fallible<Vec<u8>> {
    let bytes = snapshot.encode();
    Snapshot::decode(&bytes)?;
    Ok(bytes)
}

/// Every tree of a table.
fn trees_of(snapshot: &Snapshot) -> Vec<TreeId> {
    let mut trees = vec![snapshot.table, snapshot.primary_key];
    for index in &snapshot.indexes {
        trees.push(index.tree);
    }
    trees.retain(|tree| *tree != NO_TREE);
    trees
}

/// Whether the rows of a table are kept under its primary key, or it has none.
pub(super) fn has_own_key(snapshot: &Snapshot) -> bool {
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

/// Puts down what the code of a key depends on, of a column of this name: its id, which is not 0, and its type.
fn put_key_part(form: &mut Vec<u32>, snapshot: &Snapshot, name: &str) {
    let place = snapshot.schema.position(name);
    let part = place.and_then(|place| Some((snapshot.columns.get(place)?, snapshot.schema.columns.get(place)?)));
    form.extend(part.map_or([0, 0], |(stored, column)| [stored.id, code_of(column.data_type).code().into()]));
}

/// What the keys of the rows depend on.
fn row_key(snapshot: &Snapshot) -> Vec<u32> {
    let mut form = vec![u32::from(has_own_key(snapshot))];
    for name in &snapshot.schema.primary_key {
        put_key_part(&mut form, snapshot, name);
    }
    form
}

/// What the entries of an index depend on.
fn entries_of(snapshot: &Snapshot, id: PartId) -> Option<Vec<u32>> {
    let place = snapshot.indexes.iter().position(|index| index.id == id)?;
    let index = snapshot.schema.indexes.get(place)?;
    let mut form = vec![u32::from(index.unique), index.columns.len() as u32];
    for column in &index.columns {
        put_key_part(&mut form, snapshot, &column.name);
        form.push(column.descending.into());
    }
    for (column, stored) in snapshot.schema.columns.iter().zip(&snapshot.columns) {
        let is_own = index.columns.iter().any(|other| other.name == column.name);
        if !index.include.is_empty() && (is_own || index.include.contains(&column.name)) {
            form.extend([stored.id, column.data_type.code().into(), column.nullable.into()]);
        }
    }
    Some(form)
}

/// Whether an index has the same entries under both descriptions.
fn has_same_entries(old: &Snapshot, new: &Snapshot, stored: &StoredIndex) -> bool {
    entries_of(old, stored.id) == entries_of(new, stored.id)
}

/// What is stored of a table once all of its rows are in the new form, but for its trees.
pub(super) fn made_of(table: &DraftTable) -> Fallible<Option<Snapshot>> {
    let (Some(old), Some(new)) = (&table.old, &table.new) else { return Ok(None) };
    let mut new = new.clone();
    new.earlier.clear();
    if form_of(old).columns != form_of(&new).columns {
        new.version = version_after(old)?;
    }
    Ok(Some(new))
}

/// The version of rows whose form comes after that of a table.
fn version_after(old: &Snapshot) -> Fallible<u32> {
    old.version.checked_add(1).ok_or_else(|| Error::out_of_range(format_args!("the schema version")))
}

/// Whether something must be done with each row of a table so that it becomes what it is to be.
pub(super) fn asks_rows(table: &DraftTable, rewrites: bool) -> bool {
    let (Some(old), Some(new)) = (&table.old, &table.new) else { return false };
    let has_new_form = form_of(old).columns != form_of(new).columns;
    let columns = || new.schema.columns.iter().zip(&new.columns);
    let before = |id: PartId| place_of(old, id).and_then(|place| old.schema.columns.get(place));
    let has_new_index = |index: &StoredIndex| index.tree == NO_TREE || !has_same_entries(old, new, index);
    !table.converted.is_empty()
        || table.numbered.is_some()
        || table.has_new_checks
        || table.has_new_keys
        || row_key(old) != row_key(new)
        || (has_new_form && (rewrites || new.earlier.len() == MAX_EARLIER_ROW_FORMS))
        || new.indexes.iter().any(has_new_index)
        || columns().any(|(column, stored)| match before(stored.id) {
            Some(before) => before.nullable && !column.nullable || !before.autoincrement && column.autoincrement,
            None => !column.nullable && stored.initial.is_null(),
        })
}

impl Task {
    /// What is to be done with the rows of a table that stays. What is stored of it then has its trees.
    fn of(core: &mut Core, mut table: DraftTable, rewrites: bool) -> Fallible<Self> {
        refuse_nulls(core, &table)?;
        let (Some(old), Some(new)) = (&table.old, &mut table.new) else { return Err(unknown_table()) };
        let has_rows = table.rows > 0;
        let is_converted = !table.converted.is_empty();
        let form = form_of(old);
        let has_new_form = form.columns != form_of(new).columns;
        let is_rewritten = (is_converted || table.numbered.is_some())
            || row_key(old) != row_key(new)
            || (has_new_form && has_rows && (rewrites || new.earlier.len() == MAX_EARLIER_ROW_FORMS));
        let mut fills: Vec<TreeId> = Vec::new();
        if is_rewritten {
            new.table = Registry::add_tree(&mut core.store)?;
            new.primary_key = NO_TREE;
            if !has_own_key(new) {
                new.primary_key = Registry::add_tree(&mut core.store)?;
                fills.push(new.primary_key);
            }
        }
        if is_rewritten || !has_rows {
            new.earlier.clear();
        }
        if has_new_form {
            new.version = version_after(old)?;
            if !is_rewritten && has_rows {
                new.earlier.push(form);
            }
        }
        for place in 0..new.indexes.len() {
            let is_kept = |index: &StoredIndex| index.tree != NO_TREE && has_same_entries(old, new, index);
            if !is_rewritten && new.indexes.get(place).is_some_and(is_kept) {
                continue;
            }
            let tree = Registry::add_tree(&mut core.store)?;
            fills.push(tree);
            if let Some(index) = new.indexes.get_mut(place) {
                index.tree = tree;
            }
        }
        let known = trees_of(new);
        let mut gone = trees_of(old);
        gone.retain(|tree| !known.contains(tree));
        let counted_before = |id: PartId| {
            let before = place_of(old, id).and_then(|place| old.schema.columns.get(place));
            before.is_none_or(|before| before.autoincrement)
        };
        let mut columns = new.schema.columns.iter().zip(&new.columns);
        let counts = columns.position(|(column, stored)| column.autoincrement && !counted_before(stored.id));
        Ok(Self {
            is_rewritten,
            fills,
            asks_checks: (table.has_new_checks || is_converted) && !new.schema.checks.is_empty(),
            asks_keys: (table.has_new_keys || is_converted) && !new.schema.foreign_keys.is_empty(),
            counts,
            gone,
            table,
        })
    }

    /// The same of a table whose rows are ready: nothing is left to do.
    fn of_prepared(core: &mut Core, mut table: DraftTable, ready: &Prepared) -> Fallible<Self> {
        let new = made_of(&table)?;
        let (Some(mut new), Some(old)) = (new, &table.old) else { return Err(unknown_table()) };
        put_aside(core, table.id, old)?;
        (new.table, new.primary_key) = (ready.table, ready.primary_key);
        for (index, tree) in new.indexes.iter_mut().zip(&ready.indexes) {
            index.tree = *tree;
        }
        table.new = Some(new);
        Ok(Self {
            table,
            is_rewritten: false,
            fills: Vec::new(),
            asks_checks: false,
            asks_keys: false,
            counts: None,
            gone: Vec::new(),
        })
    }

    fn place(&self, core: &Core) -> Fallible<RelationIndex> {
        let place = core.catalog.relations.iter().position(|relation| relation.id == self.table.id);
        place.ok_or_else(unknown_table)
    }

    /// Puts every row into the new tree, with values of their new types, under its new key.
    fn rewrite(&self, core: &mut Core) -> Fallible<()> {
        let place = self.place(core)?;
        let table = &self.table;
        let (Some(old), Some(new)) = (&table.old, &table.new) else { return Err(unknown_table()) };
        let mut old_relation = Relation::new(table.id, read_again(old, None)?, Arc::default())?;
        old_relation.reload(&mut core.store)?;
        let asked = (&*table.converted, table.numbered);
        let shown = core.catalog.relation(place)?.clone();
        let mut rewriter = Rewriter::new(place, shown, (&old_relation, old), new, asked);
        each_row(core, &old_relation, &mut |core, old_key, old_values| {
            let made = rewriter.made(old_values)?;
            let values = rewriter.values(old_values, &made);
            rewriter.counter = rewriter.insert(core, old_key, &values, rewriter.counter)?;
            Ok(())
        })?;
        rewriter.finish(core)
    }

    /// Fills new indexes and asks new conditions: one walk.
    fn build(&self, core: &mut Core) -> Fallible<()> {
        let place = self.place(core)?;
        if self.fills.is_empty() && !self.asks_checks && self.counts.is_none() {
            return Ok(());
        }
        let relation = core.catalog.relation(place)?.clone();
        let mut filler = Filler::new(&relation, &|tree| self.fills.contains(&tree));
        let mut counter = relation.table.counter;
        each_row(core, &relation, &mut |core, row_key, values| {
            if self.asks_checks {
                core.check_row(place, values, None)?;
            }
            if let Some(value) = self.counts.and_then(|column| values.get(column)) {
                counter = count_with(counter, *value);
            }
            filler.add(core, &relation, row_key, values)
        })?;
        let Core { store, catalog, .. } = core;
        let relation = catalog.relation_mut(place)?;
        filler.finish(store, relation)?;
        if counter != relation.table.counter {
            relation.table.count(relation.table.rows, counter);
        }
        relation.flush(store)
    }
}

/// Refuses rows that are NULL in a column which may be so no more: they are read as they were, as their new form has no
/// NULL there.
fn refuse_nulls(core: &mut Core, table: &DraftTable) -> Fallible<()> {
    let (Some(old), Some(new)) = (&table.old, &table.new) else { return Err(unknown_table()) };
    // A function may make something of NULL.
    let is_transformed = |id| table.converted.iter().any(|other| other.column == id && other.function.is_some());
    let relation = core.catalog.with_id(table.id).ok_or_else(unknown_table)?.clone();
    let mut asked = Vec::new();
    for (column, stored) in new.schema.columns.iter().zip(&new.columns).filter(|(column, _)| !column.nullable) {
        match place_of(old, stored.id) {
            Some(_) if is_transformed(stored.id) => {}
            Some(place) if old.schema.columns.get(place).is_some_and(|before| before.nullable) => asked.push(place),
            None if stored.initial.is_null() && relation.table.rows > 0 && Some(stored.id) != table.numbered => {
                return Err(Error::not_null(&new.schema.name, &column.name));
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

pub(super) fn unknown_table() -> Box<Error> {
    Error::Unknown { what: "table", name: "of a migration".into() }.into()
}
