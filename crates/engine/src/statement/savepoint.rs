//! [`Savepoints`]: savepoints that survive across calls.

use crate::core::Core;
use crate::transaction::Holder;
use crate::{OptimisticTransaction, Result, Transaction};

/// A transaction with savepoints that are opened by one call and closed by another, as SQL does it. In Rust the closure of
/// `savepoint` closes what it opens.
pub trait Savepoints {
    /// Opens a savepoint inside those that are open.
    ///
    /// # Errors
    /// What storage says.
    fn open_savepoint(&self) -> Result<()>;

    /// Closes the innermost savepoint and keeps what was written since. There must be one.
    ///
    /// # Errors
    /// [`Error::Busy`](crate::Error::Busy) from inside a visitor of rows.
    fn release_savepoint(&self) -> Result<()>;

    /// Closes the innermost savepoint and undoes what was written since. There must be one.
    ///
    /// # Errors
    /// What storage says; then the transaction can only be rolled back.
    fn roll_back_savepoint(&self) -> Result<()>;
}

macro_rules! savepoints {
    ($transaction:ty) => {
        impl Savepoints for $transaction {
            fn open_savepoint(&self) -> Result<()> {
                Ok(self.with(Core::open_savepoint)?)
            }

            fn release_savepoint(&self) -> Result<()> {
                Ok(self.with(|core| {
                    core.release_savepoint();
                    Ok(())
                })?)
            }

            fn roll_back_savepoint(&self) -> Result<()> {
                Ok(self.with(Core::roll_back_savepoint)?)
            }
        }
    };
}

savepoints!(Transaction<'_>);
savepoints!(OptimisticTransaction);
