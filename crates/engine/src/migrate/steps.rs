//! Migrations in steps, each a commit of its own that works on so many rows: for hosts that limit what one message may do.
//!
//! 1. *Begin.* Each table that something must be done with row by row gets a [hidden](crate::catalog::NEW) one in its new
//!    form. From then on it is read as ever and written by nobody, and so is whatever the migration changes or relies on.
//! 2. *Copy.* Rows go into the hidden tables in the order of their keys, with all entries of indexes; checks are asked.
//! 3. *Ask.* Once all rows are there, references are looked up among them.
//! 4. *Switch.* One commit without any work on rows: descriptions change, and each hidden table's trees become those of the
//!    table that it was made for. What that was before is a hidden table now.
//! 5. *Remove.* Rows of what was go, then its pages. So do those of what was made, if the migration is abandoned.
//!
//! Where it stands is kept in the [registry](super::under_way), so a step goes on where the last one was committed, whatever
//! was closed, crashed or opened meanwhile. Each plans anew: nothing could change but what the program asks for, and if that
//! is something else, the step refuses.

use std::sync::Arc;

use wasm_dbms_api::{MigrationPlan, TableSchema};
use wasm_dbms_memory::{Registry, TableId};

use crate::Error;
use crate::catalog::{ForeignKey, NEW, OLD, Relation, RelationIndex, is_hidden};
use crate::codec::snapshot::Snapshot;
use crate::core::Core;
use crate::error::Fallible;
use crate::migrate::carry_out::{
    Prepared, asks_rows, bytes_of, carry_out, has_own_key, hidden, made_of, unknown_table,
};
use crate::migrate::draft::{Draft, DraftTable, NO_TREE};
use crate::migrate::fill::Filler;
use crate::migrate::rewrite::{Rewriter, not_null};
use crate::migrate::rows::rows_from;
use crate::migrate::under_way::UnderWay;
use crate::migrate::{MigrationPolicy, compiled, functions, history, plan};
use crate::values::{listed, values_of};
use crate::write::{Checks, REFERS_TO_NONE, count_with};
use crate::{Connection, Database, Result};

/// How far a migration in steps has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MigrationProgress {
    /// How many rows this step worked on: copied, asked for what they refer to, removed from where they were.
    pub done: u64,
    /// How many are left, each as often as it is worked on.
    pub left: u64,
    /// Whether the tables are what they are to be: from here on they are written as ever. What is left is removed.
    pub is_switched: bool,
    /// Whether nothing is left to do.
    pub is_done: bool,
}

/// What is done with the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Copy(TableId),
    Ask(TableId),
}

/// What the steps do.
#[derive(Debug, Default)]
struct Work {
    stages: Vec<Stage>,
    /// Tables that are read only meanwhile.
    held: Vec<TableId>,
    /// How often a row is worked on, in all.
    rows: u64,
}

impl Database {
    /// One step of [`migrate`](Self::migrate), which works on so many rows and is one commit: call it until
    /// [`MigrationProgress::is_done`]. A migration that asks nothing of rows is done in the first.
    ///
    /// Until the switch, which is one step, the old schema is read as ever; writing the tables that the migration works on,
    /// changing them, and other migrations are refused ([`Error::MigrationUnderWay`]). How far it has come is kept in the
    /// database: a step goes on after closing, opening or a crash as if nothing had happened. If a row stands in the way the
    /// step is refused and what was done stays: [`abandon_migration`](Self::abandon_migration) undoes it.
    ///
    /// ```
    /// use wasm_dbms::prelude::*;
    ///
    /// let db = Database::in_memory();
    /// let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
    /// db.create_table(&table)?;
    /// db.insert_many_values("t", &["n"], (0..10).map(|n| [Value::from(n)]))?;
    /// let wanted = table.clone().index(["n"]);
    /// let progress = db.migrate_step_to(&[&wanted], false, &MigrationPolicy::new(), 4)?;
    /// assert_eq!((progress.done, progress.left), (4, 16));
    /// assert!(matches!(db.insert_values("t", &[("n", 5.into())]), Err(Error::MigrationUnderWay { .. })));
    /// assert_eq!(db.count_values("t", None)?, 10);
    /// while !db.migrate_step_to(&[&wanted], false, &MigrationPolicy::new(), 4)?.is_done {}
    /// assert_eq!(db.schemas()?[0].indexes.len(), 1);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`migrate`](Self::migrate); [`Error::MigrationUnderWay`] if another one is.
    pub fn migrate_step(&self, policy: &MigrationPolicy, rows: usize) -> Result<MigrationProgress> {
        let compiled = compiled(self.shared());
        self.migrate_step_to(&compiled, false, policy, rows)
    }

    /// As [`migrate_step`](Self::migrate_step), to tables given as data; `drops_others` says whether stored tables that are
    /// none of these go.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
    /// # db.create_table(&table)?;
    /// # db.insert_values("t", &[("n", 1.into())])?;
    /// let wanted = table.clone().index(["n"]);
    /// while !db.migrate_step_to(&[&wanted], false, &MigrationPolicy::new(), 100)?.is_done {}
    /// assert_eq!(db.schemas()?, [wanted]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`migrate_step`](Self::migrate_step).
    pub fn migrate_step_to(
        &self,
        wanted: &[&TableSchema],
        drops_others: bool,
        policy: &MigrationPolicy,
        rows: usize,
    ) -> Result<MigrationProgress> {
        let (now_ms, functions) = (self.shared().now_ms(), functions(self.shared()));
        Ok(self.write_many(|core| {
            if let Some(place) = core.catalog.relations.iter().position(is_old) {
                return core.remove_step(place, rows.max(1));
            }
            let (plan, draft) = plan::plan(core, wanted, drops_others, functions)?;
            core.migrate_step(&plan, draft, policy, rows.max(1), now_ms)
        })?)
    }

    /// Undoes what the steps of a migration did before its switch, gives back all their pages, and lets the tables be written
    /// again. After the switch it removes what is left to remove. Returns whether there was anything to do.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
    /// # db.create_table(&table)?;
    /// # db.insert_values("t", &[("n", 1.into())])?;
    /// # db.insert_values("t", &[("n", 2.into())])?;
    /// let wanted = table.clone().index(["n"]);
    /// db.migrate_step_to(&[&wanted], false, &MigrationPolicy::new(), 1)?;
    /// assert!(db.abandon_migration()?);
    /// assert_eq!(db.schemas()?, [table]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What storage says.
    pub fn abandon_migration(&self) -> Result<bool> {
        Ok(self.write_many(|core| {
            let has_begun = core.give_up()?;
            let old: Vec<_> = core.catalog.relations.iter().filter(|relation| is_old(relation)).cloned().collect();
            if old.is_empty() {
                return Ok(has_begun);
            }
            core.touch_schema();
            old.iter().try_for_each(|relation| core.remove_with_trees(relation))?;
            core.load_catalog()?;
            Ok(true)
        })?)
    }

    /// As [`abandon_migration`](Self::abandon_migration) in bounded commits, for hosts that limit what one message may do:
    /// call it until [`MigrationProgress::is_done`]. With the first the tables are written as ever; each removes so many
    /// rows of what was made. [`migrate_step`](Self::migrate_step) does the rest of that too, before anything else.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
    /// # db.create_table(&table)?;
    /// # db.insert_many_values("t", &["n"], (0..10).map(|n| [Value::from(n)]))?;
    /// let wanted = table.clone().index(["n"]);
    /// db.migrate_step_to(&[&wanted], false, &MigrationPolicy::new(), 8)?;
    /// assert_eq!(db.abandon_migration_step(5)?.left, 8);
    /// db.insert_values("t", &[("n", 10.into())])?;
    /// while !db.abandon_migration_step(5)?.is_done {}
    /// assert_eq!(db.schemas()?, [table]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What storage says.
    pub fn abandon_migration_step(&self, rows: usize) -> Result<MigrationProgress> {
        Ok(self.write_many(|core| match core.give_up()? {
            true => Ok(core.progress(0)),
            false => match core.catalog.relations.iter().position(is_old) {
                Some(place) => core.remove_step(place, rows.max(1)),
                None => Ok(core.progress(0)),
            },
        })?)
    }
}

fn is_old(relation: &Relation) -> bool {
    relation.schema.name.starts_with(OLD)
}

impl Work {
    fn of(draft: &Draft, rewrites: bool) -> Self {
        let name = |table: &DraftTable| table.new.as_ref().map(|new| new.schema.name.clone());
        let converts: Vec<String> =
            draft.tables.iter().filter(|table| !table.converted.is_empty()).filter_map(name).collect();
        let refers_to = |table: &DraftTable, names: &[String]| {
            table.new.as_ref().is_some_and(|new| new.schema.foreign_keys.iter().any(|key| names.contains(&key.table)))
        };
        let stored = || draft.tables.iter().filter(|table| table.old.is_some());
        let asks = |table: &&DraftTable| {
            table.rows > 0 && (table.has_new_keys || !table.converted.is_empty() || refers_to(table, &converts))
        };
        let asked: Vec<TableId> = stored().filter(asks).map(|table| table.id).collect();
        let keys =
            stored().filter(asks).filter_map(|table| table.new.as_ref()).flat_map(|new| &new.schema.foreign_keys);
        let referred: Vec<String> = keys.map(|key| key.table.clone()).collect();
        let mut work = Self::default();
        for table in stored() {
            let is_referred = name(table).is_some_and(|name| referred.contains(&name));
            let is_copied = table.rows > 0
                && table.new.is_some()
                && (asks_rows(table, rewrites)
                    || loses_index(table)
                    || asked.contains(&table.id)
                    || is_referred && table.is_changed());
            if is_copied {
                work.stages.push(Stage::Copy(table.id));
            } else if is_referred || table.is_changed() {
                work.held.push(table.id);
            }
            let is_asked = u64::from(asked.contains(&table.id));
            let times = if is_copied { 2 + is_asked } else { u64::from(table.new.is_none()) };
            work.rows = work.rows.saturating_add(table.rows.saturating_mul(times));
        }
        work.stages.extend(asked.into_iter().map(Stage::Ask));
        work
    }
}

impl Core {
    fn migrate_step(
        &mut self,
        plan: &MigrationPlan,
        draft: Draft,
        policy: &MigrationPolicy,
        budget: usize,
        now_ms: Option<u64>,
    ) -> Fallible<MigrationProgress> {
        let under_way = UnderWay::read(self)?;
        if plan.is_empty() && under_way.is_none() {
            return Ok(MigrationProgress { is_switched: true, is_done: true, ..MigrationProgress::default() });
        }
        policy.check(plan)?;
        let work = Work::of(&draft, policy.rewrites);
        let mut state = match under_way {
            Some(state) if state.operations == UnderWay::of(plan).operations => state,
            Some(_) => return self.refuse_other(),
            None => {
                self.change_schema()?;
                if !work.stages.iter().any(|stage| matches!(stage, Stage::Copy(_))) {
                    // Tables that go are removed in steps all the same.
                    carry_out(self, draft, policy.rewrites, Some(&[]))?;
                    history::add(self, &mut plan.operations.iter().map(|planned| &planned.operation), now_ms)?;
                    return Ok(self.progress(0));
                }
                draft.validate(self)?;
                self.begin_steps(&draft, &work)?;
                UnderWay::of(plan)
            }
        };
        let mut left = budget;
        while left > 0 {
            let Some(stage) = usize::try_from(state.stage).ok().and_then(|stage| work.stages.get(stage)) else { break };
            let before = left;
            let is_at_end = match *stage {
                Stage::Copy(id) => self.copy_rows(&draft, id, &mut state.key, &mut left)?,
                Stage::Ask(id) => self.ask_rows(&draft, id, &mut state.key, &mut left)?,
            };
            state.rows = state.rows.saturating_add((before - left) as u64);
            if is_at_end {
                state.stage += 1;
                state.key.clear();
            }
        }
        let done = (budget - left) as u64;
        if left > 0 {
            self.switch(&work, draft, policy.rewrites)?;
            history::add(self, &mut plan.operations.iter().map(|planned| &planned.operation), now_ms)?;
            return Ok(self.progress(done));
        }
        state.write(self)?;
        let left = work.rows.saturating_sub(state.rows);
        Ok(MigrationProgress { done, left, is_switched: false, is_done: false })
    }

    /// Refuses what is not what is under way.
    fn refuse_other<R>(&self) -> Fallible<R> {
        self.catalog.check_no_migration()?;
        Err(unknown_table())
    }

    /// How far it is once only removing is left.
    fn progress(&self, done: u64) -> MigrationProgress {
        let old = || self.catalog.relations.iter().filter(|relation| is_old(relation));
        let left = old().fold(0, |rows: u64, relation| rows.saturating_add(relation.table.rows));
        MigrationProgress { done, left, is_switched: true, is_done: old().next().is_none() }
    }

    /// Where the hidden table in the new form of a table stands.
    fn place_in_work(&self, id: TableId) -> Fallible<RelationIndex> {
        self.catalog.find(&format!("{NEW}{id}"))
    }

    /// Makes the hidden tables of a migration before its switch wait to be removed, and lets the tables be written again.
    /// Returns whether there were any.
    fn give_up(&mut self) -> Fallible<bool> {
        let mut renamed = Vec::new();
        for place in 0..self.catalog.relations.len() {
            let relation = self.catalog.relation(place)?;
            let (id, name) = (relation.id, relation.schema.name.clone());
            if let Some(number) = name.strip_prefix(NEW) {
                let mut stored = self.stored(place)?;
                stored.schema.name = format!("{OLD}{number}");
                renamed.push((id, name, stored.schema.name.clone()));
                Registry::set_snapshot(&mut self.store, id, &bytes_of(&stored)?)?;
            } else if !is_hidden(&name) && relation.check_not_held().is_err() {
                self.hold_one(false, id)?;
            }
        }
        if renamed.is_empty() {
            return Ok(false);
        }
        self.touch_schema();
        Registry::rename_tables(&mut self.store, &renamed)?;
        UnderWay::clear(self)?;
        self.load_catalog()?;
        Ok(true)
    }

    fn remove_with_trees(&mut self, relation: &Relation) -> Fallible<()> {
        relation.trees().into_iter().try_for_each(|tree| Registry::remove_tree(&mut self.store, tree))?;
        Ok(Registry::remove_table(&mut self.store, relation.id, &relation.schema.name)?)
    }

    /// Makes the hidden tables.
    fn begin_steps(&mut self, draft: &Draft, work: &Work) -> Fallible<()> {
        for stage in &work.stages {
            let Stage::Copy(id) = *stage else { continue };
            let mut new = made_of(table_of(draft, id)?)?.ok_or_else(unknown_table)?;
            new.table = Registry::add_tree(&mut self.store)?;
            new.primary_key = if has_own_key(&new) { NO_TREE } else { Registry::add_tree(&mut self.store)? };
            for index in &mut new.indexes {
                index.tree = Registry::add_tree(&mut self.store)?;
            }
            self.add_hidden(&hidden(&new, format!("{NEW}{id}")))?;
        }
        self.hold(true, work)?;
        self.load_catalog()
    }

    fn add_hidden(&mut self, snapshot: &Snapshot) -> Fallible<()> {
        Registry::add_table(&mut self.store, &snapshot.schema.name, &bytes_of(snapshot)?)?;
        Ok(())
    }

    /// Says of the tables that are worked on or relied on whether nobody may write them.
    fn hold(&mut self, is_held: bool, work: &Work) -> Fallible<()> {
        let copied = work.stages.iter().filter_map(|stage| match stage {
            Stage::Copy(id) => Some(id),
            Stage::Ask(_) => None,
        });
        for id in work.held.iter().chain(copied) {
            self.hold_one(is_held, *id)?;
        }
        Ok(())
    }

    fn hold_one(&mut self, is_held: bool, id: TableId) -> Fallible<()> {
        let place = self.catalog.relations.iter().position(|relation| relation.id == id).ok_or_else(unknown_table)?;
        let stored = Snapshot { is_held, ..self.stored(place)? };
        Ok(Registry::set_snapshot(&mut self.store, id, &bytes_of(&stored)?)?)
    }

    /// The new form of a table under its own name, over the trees of the hidden one, and what is stored of it.
    fn shown(&mut self, draft: &Draft, id: TableId) -> Fallible<(RelationIndex, Relation, Snapshot)> {
        let place = self.place_in_work(id)?;
        let mut stored = self.stored(place)?;
        let made = made_of(table_of(draft, id)?)?.ok_or_else(unknown_table)?;
        // What is wanted may have changed without its words changing.
        if stored.schema != hidden(&made, stored.schema.name.clone()).schema || stored.version != made.version {
            return self.refuse_other();
        }
        stored.schema = made.schema;
        let mut shown = Relation::new(id, stored.clone(), Arc::default())?;
        shown.reload(&mut self.store)?;
        Ok((place, shown, stored))
    }

    /// Copies rows from behind a key on. Returns whether the end was reached.
    fn copy_rows(&mut self, draft: &Draft, id: TableId, key: &mut Vec<u8>, left: &mut usize) -> Fallible<bool> {
        let table = table_of(draft, id)?;
        let old = table.old.as_ref().ok_or_else(unknown_table)?;
        let from = self.catalog.with_id(id).ok_or_else(unknown_table)?.clone();
        let (place, shown, stored) = self.shown(draft, id)?;
        self.touch(place);
        let checks = Checks::of(&self.catalog, &shown.schema)?;
        let mut filler = Filler::new(self.catalog.relation(place)?, &|_| true);
        let asked = (&*table.converted, table.numbered);
        let mut rewriter = Rewriter::new(place, shown, (&from, old), &stored, asked);
        let is_at_end = rows_from(self, &from, &behind(key), &mut |core, old_key, old_values| {
            let made = rewriter.made(old_values)?;
            let values = rewriter.values(old_values, &made);
            let shown = &rewriter.shown;
            let mut columns = shown.schema.columns.iter().zip(&values);
            if let Some(null) = columns.position(|(column, value)| value.is_null() && !column.nullable) {
                return Err(not_null(shown, null));
            }
            checks.ask(shown, &values, None)?;
            let mut counter = rewriter.insert(core, old_key, &values, rewriter.counter)?;
            if let Some(value) = shown.autoincrement.and_then(|column| values.get(column)) {
                counter = count_with(counter, *value);
            }
            let row_key = std::mem::take(&mut core.scratch.key);
            filler.add(core, shown, &row_key, &values)?;
            core.scratch.key = row_key;
            rewriter.counter = counter;
            old_key.clone_into(key);
            *left -= 1;
            Ok(*left > 0)
        })?;
        filler.finish(&mut self.store, self.catalog.relation_mut(place)?)?;
        rewriter.finish(self)?;
        Ok(is_at_end)
    }

    /// Looks up what rows refer to, from behind a key on. Returns whether the end was reached.
    fn ask_rows(&mut self, draft: &Draft, id: TableId, key: &mut Vec<u8>, left: &mut usize) -> Fallible<bool> {
        let (_, shown, _) = self.shown(draft, id)?;
        let shown = Arc::new(shown);
        let mut keys = Vec::new();
        for schema in &shown.schema.foreign_keys {
            let other = draft.table(&schema.table).ok_or_else(unknown_table)?;
            // One that is not there yet has no rows.
            let place = match self.place_in_work(other.id) {
                Ok(place) if self.catalog.relation(place)?.table.rows > 0 => Some(place),
                _ => self.catalog.relations.iter().position(|relation| other.rows > 0 && relation.id == other.id),
            };
            let key = match place {
                Some(place) => Some(ForeignKey::new(schema, &shown, place, self.catalog.relation(place)?)?),
                None => None,
            };
            let columns = schema.columns.iter().filter_map(|name| shown.schema.position(name));
            keys.push((columns.collect::<Vec<_>>(), key, &schema.table));
        }
        rows_from(self, &shown, &behind(key), &mut |core, row_key, values| {
            for (columns, foreign_key, other) in &keys {
                let given = values_of(values, columns);
                if given.iter().any(|value| value.is_null()) {
                    continue;
                }
                let is_there = match foreign_key {
                    Some(foreign_key) => core.is_referred_row_there(foreign_key, values)?,
                    None => false,
                };
                if !is_there {
                    return Err(Error::ForeignKey {
                        table: shown.schema.name.clone(),
                        columns: shown.column_names(columns),
                        value: listed(&given),
                        problem: REFERS_TO_NONE,
                        other: (*other).clone(),
                    }
                    .into());
                }
            }
            row_key.clone_into(key);
            *left -= 1;
            Ok(*left > 0)
        })
    }

    /// The tables become what they are to be.
    fn switch(&mut self, work: &Work, draft: Draft, rewrites: bool) -> Fallible<()> {
        self.flush()?;
        let mut prepared = Vec::new();
        for stage in &work.stages {
            let Stage::Copy(id) = *stage else { continue };
            let place = self.place_in_work(id)?;
            let stored = self.stored(place)?;
            Registry::remove_table(&mut self.store, self.catalog.relation(place)?.id, &stored.schema.name)?;
            let indexes = stored.indexes.iter().map(|index| index.tree).collect();
            prepared.push(Prepared { id, table: stored.table, primary_key: stored.primary_key, indexes });
        }
        self.hold(false, work)?;
        UnderWay::clear(self)?;
        carry_out(self, draft, rewrites, Some(&prepared))
    }

    /// Removes rows of what a table was, then its pages.
    fn remove_step(&mut self, place: RelationIndex, budget: usize) -> Fallible<MigrationProgress> {
        let relation = self.catalog.relation(place)?.clone();
        let mut keys = Vec::new();
        let is_at_end = rows_from(self, &relation, &[], &mut |_, key, _| {
            keys.push(key.to_vec());
            Ok(keys.len() < budget)
        })?;
        let done = keys.len() as u64;
        if is_at_end {
            // The last rows go with their pages.
            self.touch_schema();
            self.remove_with_trees(&relation)?;
            self.load_catalog()?;
            return Ok(self.progress(done));
        }
        self.touch(place);
        let mut row = Vec::new();
        for key in keys {
            let Some(located) = self.read_row(place, &key, &mut row)? else { continue };
            let view = crate::codec::row::RowView { layout: &relation.layout, key: &key, row: &row };
            let values = view.values(relation.schema.columns.len())?;
            self.remove_row_at(place, &key, located, &values)?;
        }
        Ok(self.progress(done))
    }
}

/// Whether an index goes: all of its entries at once would be too much for a step, so they go with what the table was.
fn loses_index(table: &DraftTable) -> bool {
    let (Some(old), Some(new)) = (&table.old, &table.new) else { return false };
    old.indexes.iter().any(|index| new.indexes.iter().all(|other| other.id != index.id))
}

fn table_of(draft: &Draft, id: TableId) -> Fallible<&DraftTable> {
    draft.tables.iter().find(|table| table.id == id && table.old.is_some()).ok_or_else(unknown_table)
}

/// The least key above one; the least of all where it is empty.
fn behind(key: &[u8]) -> Vec<u8> {
    if key.is_empty() { Vec::new() } else { [key, &[0]].concat() }
}
