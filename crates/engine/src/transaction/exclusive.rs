//! [`Transaction`]: statements that stay together, in the writer's turn.

use std::cell::RefCell;

use wasm_dbms_memory::Durability;

use crate::connection::sealed::Sealed;
use crate::core::Core;
use crate::error::Fallible;
use crate::shared::Turn;
use crate::transaction::savepoint::{self, Holder, Savepoint};
use crate::{Connection, Error, Result};

/// A transaction that has the writer's turn. It has every verb of [`Database`](crate::Database) for rows; each
/// statement is atomic by itself, and an error of one leaves the transaction usable. Dropped without
/// [`commit`](Self::commit), nothing of it stays.
///
/// [`Database::transaction`](crate::Database::transaction) lends one to a closure,
/// [`Database::begin_exclusive`](crate::Database::begin_exclusive) hands one out.
pub struct Transaction<'a> {
    turn: RefCell<Turn<'a>>,
    is_committed: bool,
}

impl std::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction").finish_non_exhaustive()
    }
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(turn: Turn<'a>) -> Self {
        Self { turn: RefCell::new(turn), is_committed: false }
    }

    /// Ends the transaction: what it wrote stays.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let tx = db.begin_exclusive()?;
    /// tx.insert_values("t", &[("n", 1.into())])?;
    /// tx.commit(Durability::Full)?;
    /// assert_eq!(db.count_values("t", None)?, 1);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the host says ([`Error::is_in_doubt`] if it may survive all the same); then nothing of it stays.
    pub fn commit(mut self, durability: Durability) -> Result<()> {
        self.is_committed = true;
        Ok(self.turn.get_mut().commit(durability)?)
    }

    /// Ends the transaction: nothing of what it wrote stays. Dropping it does the same.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let tx = db.begin_exclusive()?;
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
    /// let mut tx = db.begin_exclusive()?;
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
    /// let tx = db.begin_exclusive()?;
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
    /// What storage says.
    pub fn open_savepoint(&self) -> Result<Savepoint> {
        Ok(self.with(Core::open_handle)?)
    }

    /// Undoes what was written since a savepoint was opened. It stays open; those opened inside it are closed. Numbers
    /// that were drawn are not given back.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let tx = db.begin_exclusive()?;
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
        Ok(self.with(|core| core.roll_back_to(savepoint))?)
    }

    /// Closes a savepoint, and those opened inside it: what was written since belongs to what is around it.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let tx = db.begin_exclusive()?;
    /// let before = tx.open_savepoint()?;
    /// tx.release(&before)?;
    /// assert!(matches!(tx.release(&before), Err(Error::SavepointClosed)));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::SavepointClosed`] as [`rollback_to`](Self::rollback_to).
    pub fn release(&self, savepoint: &Savepoint) -> Result<()> {
        Ok(self.with(|core| core.release_handle(savepoint))?)
    }
}

impl Holder for Transaction<'_> {
    fn with<R>(&self, run: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        match self.turn.try_borrow_mut() {
            Ok(mut turn) => run(&mut turn.core),
            // A row visitor asks the transaction that is reading its rows.
            Err(_) => Err(Error::busy()),
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.is_committed {
            self.turn.get_mut().core.discard();
        }
    }
}

impl Sealed for Transaction<'_> {}

impl Connection for Transaction<'_> {
    fn commits_each(&self) -> bool {
        false
    }

    #[inline]
    fn read<R>(&self, read: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        self.with(read)
    }

    #[inline]
    fn write<R>(&self, statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        self.with(|core| core.checked(statement))
    }

    fn write_many<R>(&self, statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        self.with(|core| core.atomic(statement))
    }
}
