//! [`OptimisticTransaction`]: a transaction that survives across calls, beside any number of others.

use std::cell::RefCell;
use std::sync::Weak;

use wasm_dbms_memory::Durability;

use crate::connection::sealed::Sealed;
use crate::core::Core;
use crate::error::Fallible;
use crate::history::Watch;
use crate::shared::{Shared, Turn};
use crate::store::Purpose;
use crate::transaction::options::{BeginOptions, PlantedBug};
use crate::transaction::savepoint::{self, Holder, Savepoint};
use crate::transaction::{replay, validate};
use crate::{Connection, Error, MemoryError, Result};

/// An interactive transaction: it survives across calls, and any number may be open at a time. It reads one commit and
/// what it has written itself, through every verb and question; nobody else sees that before
/// [`commit`](Self::commit). Made by [`Database::begin`](crate::Database::begin).
///
/// Nobody waits for it. The price is that the commit may be a *conflict* ([`Error::is_conflict`]): somebody else changed
/// what it has changed or read, and committed first. Then nothing of it stays, and it may be run again;
/// [`Database::retry`](crate::Database::retry) does that. Dropped without a commit, nothing of it stays.
///
/// ```
/// # use wasm_dbms::prelude::*;
/// # let db = Database::in_memory();
/// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
/// let tx = db.begin()?;
/// tx.insert_values("t", &[("n", Value::from(1))])?;
/// assert_eq!(tx.query(&Query::from("t"))?.rows.len(), 1);
/// assert_eq!(db.query(&Query::from("t"))?.rows.len(), 0);
/// tx.commit(Durability::Full)?;
/// assert_eq!(db.query(&Query::from("t"))?.rows.len(), 1);
/// # Ok::<(), Error>(())
/// ```
pub struct OptimisticTransaction {
    core: RefCell<Box<Core>>,
    shared: Weak<Shared>,
    /// None for one that only reads.
    watch: Option<Watch>,
    options: BeginOptions,
    commit: u64,
    began_ms: Option<u64>,
}

impl std::fmt::Debug for OptimisticTransaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { options, commit, .. } = self;
        f.debug_struct("OptimisticTransaction")
            .field("options", options)
            .field("commit", commit)
            .finish_non_exhaustive()
    }
}

impl OptimisticTransaction {
    pub(crate) fn new(
        core: Core,
        shared: Weak<Shared>,
        watch: Option<Watch>,
        options: BeginOptions,
        commit: u64,
        began_ms: Option<u64>,
    ) -> Self {
        Self { core: RefCell::new(Box::new(core)), shared, watch, options, commit, began_ms }
    }

    /// Ends the transaction: what it wrote stays, and everybody sees it.
    ///
    /// If nothing was committed since it began that touches what it has read or written, its rows are written to the
    /// head, in the writer's turn, and every constraint is asked again. One that wrote nothing ends without looking at
    /// anything.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let tx = db.begin()?;
    /// tx.insert_values("t", &[("n", 1.into())])?;
    /// assert_eq!(db.count_values("t", None)?, 0);
    /// tx.commit(Durability::Full)?;
    /// assert_eq!(db.count_values("t", None)?, 1);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Conflict`]; [`Error::TransactionExpired`]; [`Error::Closed`]; [`Error::Busy`] inside the closure of a
    /// transaction of the same thread; what the host says ([`Error::is_in_doubt`] if it may survive all the same). In
    /// every case but the last nothing of it stays.
    pub fn commit(mut self, durability: Durability) -> Result<()> {
        let shared = self.shared.upgrade();
        self.check_usable()?;
        if self.is_unwritten() {
            return Ok(());
        }
        let shared = shared.ok_or_else(|| Box::new(Error::Closed))?;
        let mut turn = shared.turn()?;
        Ok(self.commit_in(&mut turn, durability)?)
    }

    /// Ends the transaction in a turn that the caller has.
    pub(crate) fn commit_in(&mut self, turn: &mut Turn<'_>, durability: Durability) -> Fallible<()> {
        self.check_usable()?;
        if self.is_unwritten() {
            return Ok(());
        }
        let Self { core, watch, commit, options, .. } = self;
        let core = core.get_mut();
        core.check_not_failed()?;
        let beside = watch.as_ref().and_then(|watch| watch.all_after(*commit)).ok_or_else(expired)?;
        let skips_rows = options.bug == Some(PlantedBug::SkipRowCheck);
        if !skips_rows && options.bug != Some(PlantedBug::SkipValidation) {
            validate::check_reads(core, &turn.core.catalog, &beside)?;
        }
        let (rows, forms) = core.recorder.rows();
        let replayed = replay::replay(&mut turn.core, rows, forms, !skips_rows);
        if let Err(error) = replayed {
            turn.core.discard();
            return Err(error);
        }
        turn.commit(durability)
    }

    /// Ends the transaction: nothing of what it wrote stays. Dropping it does the same.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let tx = db.begin()?;
    /// tx.insert_values("t", &[("n", 1.into())])?;
    /// tx.rollback();
    /// assert_eq!(db.count_values("t", None)?, 0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn rollback(self) {
        drop(self);
    }

    /// Runs statements that stay together inside the transaction: if the closure returns an error, nothing of what it
    /// wrote stays, and the transaction goes on.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let mut tx = db.begin()?;
    /// let failed: Result<()> = tx.savepoint(|tx| {
    ///     tx.insert_values("t", &[("n", 1.into())])?;
    ///     Err(Error::other("not after all"))
    /// });
    /// assert!(failed.is_err());
    /// assert_eq!(tx.count_values("t", None)?, 0);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The closure's own.
    pub fn savepoint<R>(&mut self, run: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        savepoint::run(self, run)
    }

    /// Opens a savepoint inside those that are open: a place to go back to, across calls.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let tx = db.begin()?;
    /// tx.insert_values("t", &[("n", Value::from(1))])?;
    /// let before = tx.open_savepoint()?;
    /// tx.insert_values("t", &[("n", Value::from(2))])?;
    /// tx.rollback_to(&before)?;
    /// tx.insert_values("t", &[("n", Value::from(3))])?;
    /// tx.release(&before)?;
    /// assert!(matches!(tx.rollback_to(&before), Err(Error::SavepointClosed)));
    /// tx.commit(Durability::Full)?;
    /// assert_eq!(db.query(&Query::from("t"))?.rows, [[Value::from(1)], [Value::from(3)]]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::TransactionExpired`]; What storage says.
    pub fn open_savepoint(&self) -> Result<Savepoint> {
        self.check_usable()?;
        Ok(self.with(Core::open_handle)?)
    }

    /// Undoes what was written since a savepoint was opened. It stays open; those opened inside it are closed. What was
    /// read stays read, and so do rows that an undone statement was about: it may still conflict. Numbers that were drawn
    /// are not given back.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let tx = db.begin()?;
    /// let before = tx.open_savepoint()?;
    /// tx.insert_values("t", &[("n", 1.into())])?;
    /// tx.rollback_to(&before)?;
    /// assert_eq!(tx.count_values("t", None)?, 0);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::SavepointClosed`] if it is not open in this transaction, or was opened outside of the closure of
    /// [`savepoint`](Self::savepoint) that is running; what storage says, and then the transaction can only be rolled
    /// back.
    pub fn rollback_to(&self, savepoint: &Savepoint) -> Result<()> {
        self.check_usable()?;
        Ok(self.with(|core| core.roll_back_to(savepoint))?)
    }

    /// Closes a savepoint, and those opened inside it: what was written since belongs to what is around it.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let tx = db.begin()?;
    /// let before = tx.open_savepoint()?;
    /// tx.release(&before)?;
    /// assert!(matches!(tx.release(&before), Err(Error::SavepointClosed)));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::SavepointClosed`] as [`rollback_to`](Self::rollback_to).
    pub fn release(&self, savepoint: &Savepoint) -> Result<()> {
        self.check_usable()?;
        Ok(self.with(|core| core.release_handle(savepoint))?)
    }

    fn is_unwritten(&self) -> bool {
        self.core.try_borrow().is_ok_and(|core| core.recorder.rows().0.is_empty())
    }

    /// Whether the transaction has ended by its age, or by what was dropped that its commit would need.
    fn check_usable(&self) -> Fallible<()> {
        let Some(watch) = &self.watch else { return Ok(()) };
        let is_late = || {
            let (timeout, began) = self.options.timeout_ms.zip(self.began_ms)?;
            let now = self.shared.upgrade()?.now_ms()?;
            Some(now.saturating_sub(began) >= timeout)
        };
        if watch.is_lost() || is_late() == Some(true) {
            return Err(expired());
        }
        Ok(())
    }

    /// Does something for which a part of the database is read.
    fn read_for<R>(&self, purpose: Purpose, run: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        self.check_usable()?;
        self.with(|core| {
            core.store.read_for(purpose);
            let result = run(core);
            core.store.read_for(Purpose::Nothing);
            result
        })
    }

    fn check_writable(&self) -> Fallible<()> {
        if self.options.is_read_only { Err(MemoryError::ReadOnly { operation: "write" }.into()) } else { Ok(()) }
    }
}

#[cold]
#[inline(never)]
fn expired() -> Box<Error> {
    Error::TransactionExpired.into()
}

impl Holder for OptimisticTransaction {
    fn with<R>(&self, run: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        match self.core.try_borrow_mut() {
            Ok(mut core) => run(&mut core),
            // A row visitor asks the transaction that is reading its rows.
            Err(_) => Err(Error::busy()),
        }
    }
}

impl Sealed for OptimisticTransaction {}

impl Connection for OptimisticTransaction {
    fn commits_each(&self) -> bool {
        false
    }

    fn read<R>(&self, read: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        self.read_for(Purpose::Question, read)
    }

    fn write<R>(&self, statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        self.check_writable()?;
        self.read_for(Purpose::Constraint, |core| core.checked(statement))
    }

    fn write_many<R>(&self, statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        self.check_writable()?;
        self.read_for(Purpose::Constraint, |core| core.atomic(statement))
    }
}
