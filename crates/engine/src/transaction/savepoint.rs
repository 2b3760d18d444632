//! Savepoints: statements that stay together inside a transaction.

use crate::Result;
use crate::core::Core;
use crate::error::Fallible;

/// A transaction that lets one at what it works on.
pub(crate) trait Holder {
    fn with<R>(&self, run: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R>;
}

/// Runs statements inside a savepoint: if the closure returns an error or panics, nothing of what it wrote stays.
pub(crate) fn run<T: Holder, R>(transaction: &mut T, run: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
    transaction.with(Core::open_savepoint)?;
    let mut open = OpenSavepoint { transaction, is_closed: false };
    let result = run(open.transaction);
    open.is_closed = true;
    drop(open);
    match result {
        Ok(result) => {
            transaction.with(|core| {
                core.release_savepoint();
                Ok(())
            })?;
            Ok(result)
        }
        Err(error) => {
            transaction.with(Core::roll_back_savepoint)?;
            Err(error)
        }
    }
}

/// A savepoint that a panic in its closure rolls back: the transaction may catch it and go on.
struct OpenSavepoint<'t, T: Holder> {
    transaction: &'t mut T,
    is_closed: bool,
}

impl<T: Holder> Drop for OpenSavepoint<'_, T> {
    fn drop(&mut self) {
        if !self.is_closed {
            // Should it fail, the transaction remembers that it can only be rolled back.
            let _remembered = self.transaction.with(Core::roll_back_savepoint);
        }
    }
}
