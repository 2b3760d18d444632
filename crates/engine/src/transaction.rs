//! [`Transaction`]: statements that stay together.

use std::cell::RefCell;

use wasm_dbms_memory::Durability;

use crate::connection::sealed::Sealed;
use crate::core::Core;
use crate::database::Turn;
use crate::{Connection, Error, Result};

/// A transaction that has the writer's turn. It has every verb of [`Database`](crate::Database) for rows; each
/// statement is atomic by itself, and an error of one leaves the transaction usable.
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

    pub(crate) fn commit(mut self, durability: Durability) -> Result<()> {
        self.is_committed = true;
        self.turn.get_mut().commit(durability)
    }

    /// Runs statements that stay together inside the transaction: if the closure returns an error, nothing of what it
    /// wrote stays, and the transaction goes on.
    ///
    /// # Errors
    /// The closure's own.
    pub fn savepoint<R>(&mut self, run: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        self.with(|core| core.open_savepoint())?;
        let mut open = OpenSavepoint { transaction: self, is_closed: false };
        let result = run(open.transaction);
        open.is_closed = true;
        drop(open);
        match result {
            Ok(result) => {
                self.with(|core| {
                    core.release_savepoint();
                    Ok(())
                })?;
                Ok(result)
            }
            Err(error) => {
                self.with(|core| core.roll_back_savepoint())?;
                Err(error)
            }
        }
    }

    fn with<R>(&self, run: impl FnOnce(&mut Core) -> Result<R>) -> Result<R> {
        match self.turn.try_borrow_mut() {
            Ok(mut turn) => run(&mut turn.core),
            // A row visitor asks the transaction that is reading its rows.
            Err(_) => Err(Error::Busy),
        }
    }
}

/// A savepoint that a panic in its closure rolls back: the transaction may catch it and go on.
struct OpenSavepoint<'t, 'a> {
    transaction: &'t mut Transaction<'a>,
    is_closed: bool,
}

impl Drop for OpenSavepoint<'_, '_> {
    fn drop(&mut self) {
        if !self.is_closed {
            // Should it fail, the transaction remembers that it can only be rolled back.
            let _remembered = self.transaction.with(|core| core.roll_back_savepoint());
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
    #[inline]
    fn read<R>(&self, read: impl FnOnce(&mut Core) -> Result<R>) -> Result<R> {
        self.with(read)
    }

    #[inline]
    fn write<R>(&self, statement: impl FnOnce(&mut Core) -> Result<R>) -> Result<R> {
        self.with(|core| core.checked(statement))
    }

    fn write_many<R>(&self, statement: impl FnOnce(&mut Core) -> Result<R>) -> Result<R> {
        self.with(|core| core.atomic(statement))
    }
}
