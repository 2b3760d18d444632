//! The ways to begin a transaction that survives across calls, and to run one again after a conflict.

use std::sync::Arc;

use wasm_dbms_memory::{Durability, PrivateView};

use crate::core::Core;
use crate::error::Fallible;
use crate::history::{Patience, Recorder, Watch};
use crate::shared::{Shared, this_thread};
use crate::transaction::options::{BeginOptions, Clock, Isolation, PlantedBug};
use crate::{Database, Error, OptimisticTransaction, Result, Transaction};

impl Database {
    /// Begins an interactive transaction: serializable, for reading and writing. See [`OptimisticTransaction`].
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let tx = db.begin()?;
    /// tx.insert_values("t", &[("n", 1.into())])?;
    /// // Others go on meanwhile; what conflicts is told when it commits.
    /// db.insert_values("t", &[("n", 2.into())])?;
    /// tx.commit(Durability::Full)?;
    /// assert_eq!(db.count_values("t", None)?, 2);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`begin_with`](Self::begin_with).
    pub fn begin(&self) -> Result<OptimisticTransaction> {
        self.begin_with(BeginOptions::new())
    }

    /// Begins an interactive transaction.
    ///
    /// Only the first waits for the writer's turn, and only for a moment: from then on, as long as any is open, what is
    /// committed is kept for those that are ([`Options::history_bytes`](crate::Options::history_bytes)). One for reading
    /// only waits for nobody.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let tx = db.begin_with(BeginOptions::new().isolation(Isolation::Snapshot).age_max_commits(100))?;
    /// assert_eq!(tx.count_values("t", None)?, 0);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Busy`] inside the closure of a transaction of this thread; what storage says.
    pub fn begin_with(&self, options: BeginOptions) -> Result<OptimisticTransaction> {
        let shared = self.shared();
        let began_ms = shared.now_ms();
        if options.is_read_only {
            return Ok(shared.begun(options, None, began_ms)?);
        }
        let patience = shared.patience(&options, began_ms);
        let watch = shared.watch(patience)?;
        Ok(shared.begun(options, Some(watch), began_ms)?)
    }

    /// Begins a transaction that has the writer's turn until it ends: it conflicts with nobody, and every other writer
    /// waits. For those who lost too often.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let tx = db.begin_exclusive()?;
    /// tx.insert_values("t", &[("n", 1.into())])?;
    /// tx.commit(Durability::Full)?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Busy`] if this thread has the turn already.
    pub fn begin_exclusive(&self) -> Result<Transaction<'_>> {
        Ok(Transaction::new(self.shared().turn()?))
    }

    /// Runs an interactive transaction and commits it, and runs it again after a conflict: at most `attempts` times. The
    /// last time it has the writer's turn from the beginning, so that nobody can come before it; then it must ask the
    /// transaction, not the database.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let rows = db.retry(5, |tx| {
    ///     let rows = tx.query(&Query::from("t"))?.rows.len() as i64;
    ///     tx.insert_values("t", &[("n", Value::from(rows))])?;
    ///     Ok(rows)
    /// })?;
    /// assert_eq!(rows, 0);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The closure's own, if it is no conflict; what the commit says.
    pub fn retry<R>(&self, attempts: u32, run: impl FnMut(&mut OptimisticTransaction) -> Result<R>) -> Result<R> {
        self.retry_with(attempts, BeginOptions::new(), Durability::Full, run)
    }

    /// As [`retry`](Self::retry), with options.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// db.retry_with(5, BeginOptions::new().isolation(Isolation::Snapshot), Durability::Eventual, |tx| {
    ///     tx.insert_values("t", &[("n", 1.into())])
    /// })?;
    /// assert_eq!(db.count_values("t", None)?, 1);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`retry`](Self::retry).
    pub fn retry_with<R>(
        &self,
        attempts: u32,
        options: BeginOptions,
        durability: Durability,
        mut run: impl FnMut(&mut OptimisticTransaction) -> Result<R>,
    ) -> Result<R> {
        for _ in 1..attempts {
            let mut transaction = self.begin_with(options.clone())?;
            let result = run(&mut transaction).and_then(|result| transaction.commit(durability).map(|()| result));
            match result {
                Err(error) if error.is_conflict() || matches!(error, Error::TransactionExpired) => {}
                result => return result,
            }
        }
        let shared = self.shared();
        let mut turn = shared.turn()?;
        let began_ms = shared.now_ms();
        let watch = shared.history.join_in_turn(turn.last_commit(), shared.patience(&options, began_ms));
        turn.record();
        let mut transaction = shared.begun(options, Some(watch), began_ms)?;
        let result = run(&mut transaction)?;
        transaction.commit_in(&mut turn, durability)?;
        Ok(result)
    }

    /// Gives the database a clock, for the timeouts of transactions. It asks none by itself.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// use std::time::Instant;
    ///
    /// use wasm_dbms::Clock;
    ///
    /// #[derive(Debug)]
    /// struct SinceStart(Instant);
    ///
    /// impl Clock for SinceStart {
    ///     fn now_ms(&self) -> u64 {
    ///         self.0.elapsed().as_millis() as u64
    ///     }
    /// }
    ///
    /// let db = Database::in_memory().with_clock(SinceStart(Instant::now()));
    /// let tx = db.begin_with(BeginOptions::new().timeout_ms(60_000))?;
    /// tx.commit(Durability::Full)?;
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        self.set_clock(Box::new(clock));
        self
    }
}

impl Shared {
    /// A place among those who watch. Only the first waits for the writer's turn.
    pub(crate) fn watch(&self, patience: Patience) -> Fallible<Watch> {
        match self.history.join(patience) {
            Some(watch) => Ok(watch),
            None => Ok(self.history.join_in_turn(self.turn()?.last_commit(), patience)),
        }
    }

    fn patience(&self, options: &BeginOptions, began_ms: Option<u64>) -> Patience {
        let deadline_ms = began_ms.zip(options.timeout_ms).map(|(began, timeout)| began.saturating_add(timeout));
        Patience { age_max: options.age_max_commits, deadline_ms }
    }

    /// A transaction of the last commit. Whoever watches already does.
    fn begun(
        self: &Arc<Self>,
        options: BeginOptions,
        watch: Option<Watch>,
        began_ms: Option<u64>,
    ) -> Fallible<OptimisticTransaction> {
        let pages = self.readers.snapshots.take_private(&self.options);
        let commit = pages.commit();
        let (_, memory_bytes) = self.options.transaction_limits();
        let recorder = Recorder::strict(memory_bytes);
        let keeps_questions = watch.is_some() && options.isolation == Isolation::Serializable;
        let counters = Arc::clone(&self.history.counters);
        let catalog = self.catalog_of(&pages);
        let mut core = Core::over_private(pages, keeps_questions, catalog, recorder, counters, self.custom_rules())?;
        if let Some(private) = core.store.private() {
            private.skips_ranges = options.bug == Some(PlantedBug::SkipRanges);
        }
        Ok(OptimisticTransaction::new(core, Arc::downgrade(self), watch, options, commit, began_ms))
    }

    /// The catalog of a commit, if a reader has it.
    fn catalog_of(&self, pages: &PrivateView) -> Option<crate::catalog::Catalog> {
        let mut reader = self.readers.reader(this_thread(), &self.core).ok()?;
        let core = reader.core().ok()?;
        (core.catalog_commit() == pages.commit()).then(|| core.catalog.clone())
    }
}
