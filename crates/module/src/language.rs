//! [`Language`]: what is said in a session, and how it is understood.

use wasm_dbms::{Changed, Database, Value, ValueRef};

use crate::failure::Result;

/// Puts the values of the next row into an empty list, and says whether there was one.
pub type NextRow<'a, 'v> = dyn FnMut(&mut Vec<ValueRef<'v>>) -> wasm_dbms::Result<bool> + 'a;

/// A language in which a database is spoken to, text by text. All that is done with sessions stands here, as functions over
/// any lifetime: so no session can keep its database for longer than it was lent.
pub trait Language {
    /// A database to which texts are said, with the transaction that they begin and end.
    type Session<'db>;

    /// A session without a transaction.
    fn begin(database: &Database) -> Self::Session<'_>;

    /// Does what a text says; `BEGIN`, `COMMIT` and `ROLLBACK` too.
    ///
    /// # Errors
    /// What is not understood; what the database says.
    fn perform(session: &Self::Session<'_>, text: &str, parameters: Vec<Value>) -> Result<Changed>;

    /// Does what a text says that may hold several statements; what they answer is dropped.
    ///
    /// # Errors
    /// As [`perform`](Self::perform), of the first that is refused.
    fn script(session: &Self::Session<'_>, text: &str) -> Result<()>;

    /// Puts rows in, all or none; how many.
    ///
    /// # Errors
    /// What the database and `next` say.
    fn insert(session: &Self::Session<'_>, table: &str, columns: &[&str], next: &mut NextRow<'_, '_>) -> Result<u64>;
}
