//! What a question or a statement is asked of: the database, or a transaction of it.

use std::fmt;

use crate::Error;
use crate::core::Core;
use crate::error::Fallible;

/// The database or a transaction: anything that the builders ([`Select`](crate::Select), [`Update`](crate::Update),
/// [`Delete`](crate::Delete)) can run on. Only this crate implements it.
pub trait Connection: sealed::Sealed {
    /// Whether each statement is a transaction of its own: nothing of one that fails stays then.
    #[doc(hidden)]
    fn commits_each(&self) -> bool;

    /// Reads.
    #[doc(hidden)]
    fn read<R>(&self, read: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R>;

    /// Runs a statement that checks everything before it writes.
    #[doc(hidden)]
    fn write<R>(&self, statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R>;

    /// Runs a statement that takes back itself what it wrote, if it fails half-way and is [no transaction of its
    /// own](Self::commits_each). Compiled once for all statements.
    #[doc(hidden)]
    #[inline(never)]
    fn write_undoing(&self, statement: &mut dyn FnMut(&mut Core) -> Fallible<()>) -> Fallible<()> {
        self.write(|core| statement(core))
    }

    /// Runs a statement that may fail half-way.
    #[doc(hidden)]
    fn write_many<R>(&self, statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R>;
}

/// A connection of any kind behind a pointer: what is asked of it is compiled once, and not for the database and for each
/// kind of transaction, for the price of a call through a table.
///
/// ```
/// use wasm_dbms::prelude::*;
/// use wasm_dbms::{AnyConnection, schemas_of};
///
/// # #[derive(Table)]
/// # #[table = "users"]
/// # struct User {
/// #     #[primary_key]
/// #     id: u32,
/// # }
/// fn table_count(connection: AnyConnection<'_>) -> Result<usize> {
///     Ok(schemas_of(&connection)?.len())
/// }
///
/// let db = Database::in_memory();
/// db.create_table(User::schema())?;
/// assert_eq!(table_count(AnyConnection::new(&db))?, 1);
/// assert_eq!(table_count(AnyConnection::new(&db.begin()?))?, 1);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct AnyConnection<'c>(&'c dyn Erased);

impl<'c> AnyConnection<'c> {
    /// This connection.
    ///
    /// ```
    /// use wasm_dbms::{AnyConnection, Database};
    ///
    /// let db = Database::in_memory();
    /// let connection = AnyConnection::new(&db);
    /// ```
    pub fn new<C: Connection>(connection: &'c C) -> Self {
        Self(connection)
    }
}

impl fmt::Debug for AnyConnection<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AnyConnection")
    }
}

/// What is done with a core.
type Act<'a> = dyn FnMut(&mut Core) -> Fallible<()> + 'a;

/// A [`Connection`] whose acts answer nothing, so that a table of functions can name them.
trait Erased {
    fn commits_each(&self) -> bool;
    fn read(&self, act: &mut Act<'_>) -> Fallible<()>;
    fn write(&self, act: &mut Act<'_>) -> Fallible<()>;
    fn write_undoing(&self, act: &mut Act<'_>) -> Fallible<()>;
    fn write_many(&self, act: &mut Act<'_>) -> Fallible<()>;
}

impl<C: Connection> Erased for C {
    fn commits_each(&self) -> bool {
        Connection::commits_each(self)
    }

    fn read(&self, act: &mut Act<'_>) -> Fallible<()> {
        Connection::read(self, act)
    }

    fn write(&self, act: &mut Act<'_>) -> Fallible<()> {
        Connection::write(self, act)
    }

    fn write_undoing(&self, act: &mut Act<'_>) -> Fallible<()> {
        Connection::write_undoing(self, act)
    }

    fn write_many(&self, act: &mut Act<'_>) -> Fallible<()> {
        Connection::write_many(self, act)
    }
}

/// Has an act done by what calls it once, or not at all and says why, and returns what the act answered.
fn answered<R>(
    act: impl FnOnce(&mut Core) -> Fallible<R>,
    call: impl FnOnce(&mut Act<'_>) -> Fallible<()>,
) -> Fallible<R> {
    let (mut act, mut answer) = (Some(act), None);
    call(&mut |core| {
        if let Some(act) = act.take() {
            answer = Some(act(core)?);
        }
        Ok(())
    })?;
    answer.ok_or_else(Error::busy)
}

impl sealed::Sealed for AnyConnection<'_> {}

impl Connection for AnyConnection<'_> {
    fn commits_each(&self) -> bool {
        self.0.commits_each()
    }

    fn read<R>(&self, read: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        answered(read, |act| self.0.read(act))
    }

    fn write<R>(&self, statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        answered(statement, |act| self.0.write(act))
    }

    fn write_undoing(&self, statement: &mut dyn FnMut(&mut Core) -> Fallible<()>) -> Fallible<()> {
        self.0.write_undoing(statement)
    }

    fn write_many<R>(&self, statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        answered(statement, |act| self.0.write_many(act))
    }
}

pub(crate) mod sealed {
    /// Keeps [`Connection`](super::Connection) to this crate.
    #[doc(hidden)]
    pub trait Sealed {}
}
