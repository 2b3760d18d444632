//! What lies under the lock: the store, the catalog, and the turns of a transaction.

use std::sync::Arc;

use wasm_dbms_api::CustomRules;
use wasm_dbms_memory::{Durability, MemoryManager, PrivateView, Snapshot, TableId};

use crate::Error;
use crate::catalog::{Catalog, RelationIndex};
use crate::error::Fallible;
use crate::heads::Heads;
use crate::history::{Counters, History, Numbers, Recorder};
use crate::meter::Meter;
use crate::observed::Observed;
use crate::store::{JournaledWriter, Private, Store};
use crate::transaction::Savepoint;
use crate::vacuum::VacuumPosition;
use crate::write::{Checks, Scratch};

/// The database itself.
#[derive(Debug)]
pub struct Core {
    pub(crate) store: Store,
    pub(crate) catalog: Catalog,
    pub(crate) scratch: Scratch,
    /// What the statement may still cost.
    pub(crate) meter: Meter,
    /// What plans come to, if anybody wants to know.
    pub(crate) observed: Option<Box<Observed>>,
    /// The rules of the program's own.
    pub(crate) custom_rules: Arc<CustomRules>,
    /// The checks of tables that were written.
    pub(crate) checks: Vec<Arc<Checks>>,
    /// Tables written since the last commit; not their places in the catalog, which change as tables come and go.
    touched: Vec<TableId>,
    /// Whether tables were created or dropped since the last commit.
    has_new_schema: bool,
    /// Why the transaction can only be rolled back.
    failure: Option<String>,
    /// Where the next step of a vacuum goes on.
    pub(crate) vacuum: VacuumPosition,
    /// Whether a transaction was discarded and the catalog still has its counts: the registry could not be read.
    is_stale: bool,
    /// The commit that the catalog is of, where it is a reader's.
    catalog_commit: u64,
    /// What a commit tells readers about trees.
    pub(crate) heads: Arc<Heads>,
    /// Which rows were changed since the last commit, if anybody wants to know.
    pub(crate) recorder: Recorder,
    /// Where numbers of rows come from.
    pub(crate) numbers: Numbers,
    /// The savepoints that the transaction's user has open, the innermost last.
    pub(crate) savepoints: Vec<Savepoint>,
}

impl Core {
    /// The head of a database.
    pub(crate) fn open(manager: MemoryManager, counters: Arc<Counters>) -> Fallible<Self> {
        let mut core = Self::over(Store::Head(JournaledWriter::new(manager)), Arc::default())?;
        core.numbers.counters = counters;
        Ok(core)
    }

    /// A reader of a commit.
    pub(crate) fn over_snapshot(snapshot: Snapshot, heads: Arc<Heads>) -> Fallible<Self> {
        Self::over(Store::Snapshot(snapshot), heads)
    }

    /// What an interactive transaction works on. `catalog` is of the same commit, if it is given.
    pub(crate) fn over_private(
        pages: PrivateView,
        keeps_questions: bool,
        catalog: Option<Catalog>,
        recorder: Recorder,
        counters: Arc<Counters>,
        custom_rules: Arc<CustomRules>,
    ) -> Fallible<Self> {
        let mut store = Store::Private(Box::new(Private::new(pages, keeps_questions)));
        let mut catalog = match catalog {
            Some(catalog) => catalog,
            None => Catalog::load(&mut store)?,
        };
        if keeps_questions {
            catalog.keep_named();
        }
        let mut core = Self::with(store, Arc::default(), catalog);
        core.recorder = recorder;
        core.custom_rules = custom_rules;
        core.numbers = Numbers::shared(counters);
        Ok(core)
    }

    fn over(mut store: Store, heads: Arc<Heads>) -> Fallible<Self> {
        let catalog = Catalog::load(&mut store)?;
        Ok(Self::with(store, heads, catalog))
    }

    fn with(mut store: Store, heads: Arc<Heads>, catalog: Catalog) -> Self {
        let catalog_commit = store.snapshot().map_or(0, |snapshot| snapshot.commit());
        Self {
            store,
            catalog,
            scratch: Scratch::default(),
            meter: Meter::default(),
            observed: None,
            custom_rules: Arc::default(),
            checks: Vec::new(),
            touched: Vec::new(),
            has_new_schema: false,
            failure: None,
            vacuum: VacuumPosition::Start,
            is_stale: false,
            catalog_commit,
            heads,
            recorder: Recorder::default(),
            numbers: Numbers::default(),
            savepoints: Vec::new(),
        }
    }

    /// A writer's turn begins: it records if anybody watches, and then shares its numbers.
    #[inline]
    pub(crate) fn begin_turn(&mut self, history: &History) {
        let is_watched = history.is_watched();
        self.recorder.begin(is_watched, history.bytes_max());
        if history.counters.is_used() && !is_watched {
            self.settle_counters();
        }
        self.numbers.is_shared = is_watched || history.counters.is_used();
    }

    #[cold]
    fn settle_counters(&self) {
        let relations = &self.catalog.relations;
        self.numbers.counters.settle(&|table| {
            relations.iter().find(|relation| relation.id == table).map(|relation| relation.table.counter)
        });
    }

    /// Why the transaction can only be rolled back, if so.
    pub(crate) fn check_not_failed(&self) -> Fallible<()> {
        self.failure.as_ref().map_or(Ok(()), |failure| Err(Error::MustRollBack(failure.clone()).into()))
    }

    /// The commit that the catalog is of, where this is a reader.
    pub(crate) fn catalog_commit(&self) -> u64 {
        self.catalog_commit
    }

    /// Notes that a table is about to be written.
    #[inline]
    pub(crate) fn touch(&mut self, relation: RelationIndex) {
        let Some(relation) = self.catalog.relations.get(relation) else { return };
        // Most often it is the one that was written last.
        if self.touched.last() != Some(&relation.id) && !self.touched.contains(&relation.id) {
            self.touched.push(relation.id);
        }
    }

    /// Notes that tables are about to be created or dropped.
    pub(crate) fn touch_schema(&mut self) {
        self.has_new_schema = true;
    }

    /// Notes that a user changes tables, which nobody may while a migration in steps is under way.
    pub(crate) fn change_schema(&mut self) -> Fallible<()> {
        self.catalog.check_no_migration()?;
        self.touch_schema();
        Ok(())
    }

    /// Ends the transaction: everything written since the last commit stays.
    pub(crate) fn commit(&mut self, durability: Durability) -> Fallible<()> {
        if let Some(failure) = self.failure.take() {
            self.discard();
            return Err(Error::MustRollBack(failure).into());
        }
        self.keep_savepoints();
        let committed = match self.flush() {
            Ok(()) => self.commit_store(durability),
            Err(error) => Err(error),
        };
        match committed {
            Ok(commit) => {
                self.tell(commit);
                self.touched.clear();
                self.has_new_schema = false;
                #[cfg(debug_assertions)]
                crate::check::verify_if_asked(self);
                Ok(())
            }
            Err(error) => {
                self.discard();
                Err(error)
            }
        }
    }

    /// Closes the savepoints that are open: what they could go back to is no more.
    #[inline]
    fn keep_savepoints(&mut self) {
        if !self.savepoints.is_empty() {
            self.savepoints.clear();
            if let Ok(head) = self.store.head() {
                head.forget_savepoints();
            }
        }
    }

    /// Tells those who watch what has been committed.
    #[inline]
    fn tell(&mut self, commit: u64) {
        let Self { recorder, catalog, touched, numbers, has_new_schema, .. } = self;
        recorder.seal(commit, *has_new_schema, &mut touched.iter().copied());
        if numbers.is_shared {
            let written = touched.iter().filter_map(|table| catalog.with_id(*table));
            written.for_each(|relation| numbers.counters.raise(relation.id, relation.table.counter));
        }
    }

    /// Returns the number of the commit. What it changes is noted before anybody can see it: a reader that asks at once
    /// would not find it otherwise, and would read the registry.
    fn commit_store(&mut self, durability: Durability) -> Fallible<u64> {
        let manager = self.store.head()?.inner_mut();
        if !manager.is_clean() {
            self.heads.note(manager.last_commit() + 1, &self.catalog, &self.touched, self.has_new_schema);
        }
        manager.commit(durability)?;
        let commit = manager.last_commit();
        self.heads.note(commit, &self.catalog, &self.touched, self.has_new_schema);
        Ok(commit)
    }

    /// Whether this is a reader of the last commit.
    #[inline]
    pub(crate) fn is_last(&self) -> bool {
        matches!(&self.store, Store::Snapshot(snapshot) if snapshot.is_last())
    }

    /// Goes on to the last commit, where this is a reader.
    #[inline]
    pub(crate) fn follow(&mut self) -> Fallible<()> {
        match self.store.snapshot() {
            Some(snapshot) if !snapshot.is_last() => self.follow_on(),
            _ => Ok(()),
        }
    }

    #[cold]
    fn follow_on(&mut self) -> Fallible<()> {
        let Some(snapshot) = self.store.snapshot() else { return Ok(()) };
        snapshot.follow();
        let commit = snapshot.commit();
        if !self.heads.take(commit, self.catalog_commit, &mut self.catalog) {
            self.catalog = Catalog::load(&mut self.store)?;
        }
        self.catalog_commit = commit;
        Ok(())
    }

    /// Ends the transaction: nothing written since the last commit stays. Should reading the registry fail, whoever has
    /// the next turn reads it.
    pub(crate) fn discard(&mut self) {
        self.failure = None;
        self.scratch.forget_statement();
        self.recorder.clear();
        self.savepoints.clear();
        if let Ok(head) = self.store.head() {
            head.forget_savepoints();
            head.inner_mut().discard();
            self.heads.withdraw(head.inner_mut().last_commit());
        }
        self.is_stale = true;
        let _met_by_the_next_turn = self.refresh();
    }

    /// Makes the catalog what the last commit left, if a transaction that was discarded still shows in it.
    #[inline]
    pub(crate) fn refresh(&mut self) -> Fallible<()> {
        if self.is_stale {
            self.reload()?;
            self.touched.clear();
            self.has_new_schema = false;
            self.is_stale = false;
        }
        Ok(())
    }

    /// Runs a statement that may fail half-way; if it does, nothing of it stays.
    pub(crate) fn atomic<R>(&mut self, statement: impl FnOnce(&mut Self) -> Fallible<R>) -> Fallible<R> {
        self.open_savepoint()?;
        let mut open = OpenSavepoint { core: self, is_closed: false };
        let result = statement(open.core);
        open.is_closed = true;
        drop(open);
        self.end_savepoint(result.is_ok())?;
        result
    }

    /// Closes the innermost savepoint; what was written since stays or is undone.
    #[inline(never)]
    pub(crate) fn end_savepoint(&mut self, stays: bool) -> Fallible<()> {
        if stays {
            self.release_savepoint();
            return Ok(());
        }
        self.roll_back_savepoint()
    }

    /// Runs a statement and says what the plans that it asked came to.
    pub(crate) fn observing<R>(
        &mut self,
        statement: impl FnOnce(&mut Self) -> Fallible<R>,
    ) -> Fallible<(R, Box<Observed>)> {
        self.observed = Some(Box::default());
        let observing = Observing(self);
        let result = statement(observing.0)?;
        Ok((result, observing.0.observed.take().unwrap_or_default()))
    }

    /// Opens a savepoint inside those that are open.
    pub(crate) fn open_savepoint(&mut self) -> Fallible<()> {
        self.flush()?;
        self.store.savepoint()?;
        self.recorder.open_savepoint();
        Ok(())
    }

    /// Closes the innermost savepoint and keeps what was written since.
    pub(crate) fn release_savepoint(&mut self) {
        if self.store.release().is_ok() {
            self.recorder.release_savepoint();
        }
    }

    /// Closes the innermost savepoint and undoes what was written since.
    pub(crate) fn roll_back_savepoint(&mut self) -> Fallible<()> {
        self.scratch.forget_statement();
        self.recorder.roll_back_savepoint();
        let undone = self.store.roll_back().map_err(Box::from).and_then(|()| self.reload());
        if let Err(error) = &undone {
            self.failure.get_or_insert_with(|| error.to_string());
        }
        undone
    }

    /// Runs a statement that checks everything before it writes; should it fail all the same, the transaction can only
    /// be rolled back.
    #[inline]
    pub(crate) fn checked<R>(&mut self, statement: impl FnOnce(&mut Self) -> Fallible<R>) -> Fallible<R> {
        let result = statement(self);
        if let Err(error) = &result {
            self.note_failure(error);
        }
        result
    }

    /// Remembers that a statement may have failed half-way.
    #[cold]
    #[inline(never)]
    fn note_failure(&mut self, error: &Error) {
        if matches!(error, Error::Memory(_) | Error::Conversion(_)) {
            self.failure.get_or_insert_with(|| error.to_string());
        }
    }

    /// Reads every table anew from the registry, after that has what was written so far.
    pub(crate) fn load_catalog(&mut self) -> Fallible<()> {
        self.flush()?;
        self.catalog = Catalog::load(&mut self.store)?;
        Ok(())
    }

    /// Gives the state of the touched trees to the registry.
    pub(crate) fn flush(&mut self) -> Fallible<()> {
        for table in &self.touched {
            if let Some(relation) = self.catalog.with_id_mut(*table) {
                relation.flush(&mut self.store)?;
            }
        }
        Ok(())
    }

    /// Takes the state of the touched trees from the registry.
    fn reload(&mut self) -> Fallible<()> {
        if self.has_new_schema {
            self.catalog = Catalog::load(&mut self.store)?;
            return Ok(());
        }
        for table in &self.touched {
            if let Some(relation) = self.catalog.with_id_mut(*table) {
                relation.reload(&mut self.store)?;
            }
        }
        Ok(())
    }
}

/// Stops observing at the end, after an error and a panic too: nobody would, and what is observed is kept.
struct Observing<'a>(&'a mut Core);

impl Drop for Observing<'_> {
    fn drop(&mut self) {
        self.0.observed = None;
    }
}

/// A savepoint that a panic of the caller's (an iterator of rows) rolls back: the transaction may catch it and go on.
struct OpenSavepoint<'a> {
    core: &'a mut Core,
    is_closed: bool,
}

impl Drop for OpenSavepoint<'_> {
    fn drop(&mut self) {
        if !self.is_closed {
            // Should it fail, the transaction remembers that it can only be rolled back.
            let _remembered = self.core.roll_back_savepoint();
        }
    }
}
