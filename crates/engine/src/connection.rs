//! What a question or a statement is asked of: the database, or a transaction of it.

use crate::core::Core;
use crate::error::Fallible;

/// The database or a transaction: anything that the builders ([`Select`](crate::Select), [`Update`](crate::Update),
/// [`Delete`](crate::Delete)) can run on. Only this crate implements it.
pub trait Connection: sealed::Sealed {
    /// Whether each statement is a transaction of its own: nothing of one that fails stays then.
    #[doc(hidden)]
    const COMMITS_EACH: bool;

    /// Reads.
    #[doc(hidden)]
    fn read<R>(&self, read: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R>;

    /// Runs a statement that checks everything before it writes.
    #[doc(hidden)]
    fn write<R>(&self, statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R>;

    /// Runs a statement that takes back itself what it wrote, if it fails half-way and is [no transaction of its
    /// own](Self::COMMITS_EACH). Compiled once for all statements.
    #[doc(hidden)]
    #[inline(never)]
    fn write_undoing(&self, statement: &mut dyn FnMut(&mut Core) -> Fallible<()>) -> Fallible<()> {
        self.write(|core| statement(core))
    }

    /// Runs a statement that may fail half-way.
    #[doc(hidden)]
    fn write_many<R>(&self, statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R>;
}

pub(crate) mod sealed {
    /// Keeps [`Connection`](super::Connection) to this crate.
    #[doc(hidden)]
    pub trait Sealed {}
}
