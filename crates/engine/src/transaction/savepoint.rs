//! Savepoints: what a transaction can go back to. One stack of them in each transaction, for handles that survive across
//! calls and for closures alike.

use std::sync::Arc;

use crate::core::Core;
use crate::error::Fallible;
use crate::{Error, Result};

/// A place that a transaction can go back to, made by
/// [`OptimisticTransaction::open_savepoint`](crate::OptimisticTransaction::open_savepoint) and
/// [`Transaction::open_savepoint`](crate::Transaction::open_savepoint). It holds nothing: dropped, the savepoint stays
/// open until the transaction ends.
#[derive(Debug, Clone)]
pub struct Savepoint(Arc<Kind>);

/// Who opened a savepoint. The place of it in memory tells one savepoint from every other, of other transactions too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Handle,
    /// The closure that runs inside it closes it, nobody else.
    Closure,
}

/// A transaction that lets one at what it works on.
pub(crate) trait Holder {
    fn with<R>(&self, run: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R>;
}

/// Runs statements inside a savepoint: if the closure returns an error or panics, nothing of what it wrote stays.
pub(crate) fn run<T: Holder, R>(transaction: &mut T, run: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
    let savepoint = transaction.with(|core| core.open_savepoint_of(Kind::Closure))?;
    let mut open = OpenSavepoint { transaction, savepoint, is_closed: false };
    let result = run(open.transaction);
    open.is_closed = true;
    let savepoint = open.savepoint.clone();
    drop(open);
    transaction.with(|core| core.close_savepoint(&savepoint, result.is_ok()))?;
    result
}

/// A savepoint that a panic in its closure rolls back: the transaction may catch it and go on.
struct OpenSavepoint<'t, T: Holder> {
    transaction: &'t mut T,
    savepoint: Savepoint,
    is_closed: bool,
}

impl<T: Holder> Drop for OpenSavepoint<'_, T> {
    fn drop(&mut self) {
        if !self.is_closed {
            // Should it fail, the transaction remembers that it can only be rolled back.
            let _remembered = self.transaction.with(|core| core.close_savepoint(&self.savepoint, false));
        }
    }
}

impl Core {
    /// Opens a savepoint inside those that are open, for a handle.
    pub(crate) fn open_handle(&mut self) -> Fallible<Savepoint> {
        self.open_savepoint_of(Kind::Handle)
    }

    /// Undoes what was written since a savepoint, and closes those inside it.
    pub(crate) fn roll_back_to(&mut self, savepoint: &Savepoint) -> Fallible<()> {
        let place = self.place_of(savepoint)?;
        self.close_from(place, false)?;
        self.open_savepoint()?;
        self.savepoints.push(savepoint.clone());
        Ok(())
    }

    /// Closes a savepoint and those inside it, and keeps what was written since.
    pub(crate) fn release_handle(&mut self, savepoint: &Savepoint) -> Fallible<()> {
        let place = self.place_of(savepoint)?;
        self.close_from(place, true)
    }

    fn open_savepoint_of(&mut self, kind: Kind) -> Fallible<Savepoint> {
        self.open_savepoint()?;
        let savepoint = Savepoint(Arc::new(kind));
        self.savepoints.push(savepoint.clone());
        Ok(savepoint)
    }

    /// Closes the savepoint of a closure, and those that were opened in it and left open.
    fn close_savepoint(&mut self, savepoint: &Savepoint, keeps: bool) -> Fallible<()> {
        match self.savepoints.iter().rposition(|open| Arc::ptr_eq(&open.0, &savepoint.0)) {
            Some(place) => self.close_from(place, keeps),
            None => Ok(()),
        }
    }

    /// Closes the savepoints from this place on, the innermost first.
    fn close_from(&mut self, place: usize, keeps: bool) -> Fallible<()> {
        while self.savepoints.len() > place {
            self.savepoints.pop();
            self.end_savepoint(keeps)?;
        }
        Ok(())
    }

    /// Where the savepoint of a handle stands among those that are open. What is outside of a closure that is running
    /// is not for it to close.
    fn place_of(&self, savepoint: &Savepoint) -> Fallible<usize> {
        let inner = self.savepoints.iter().rev().take_while(|open| *open.0 == Kind::Handle).count();
        let first = self.savepoints.len() - inner;
        let place = self.savepoints.iter().skip(first).position(|open| Arc::ptr_eq(&open.0, &savepoint.0));
        place.map(|place| first + place).ok_or_else(|| Error::SavepointClosed.into())
    }
}
