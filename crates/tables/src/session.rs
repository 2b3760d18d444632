//! [`Session`]: a database with the transaction that is open, and the texts that were read.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use wasm_dbms::{
    AnyConnection, Changed, Database, Durability, Error, OptimisticTransaction, Transaction, Value, insert_each_row,
};
use wasm_dbms_module::{NextRow, Result};

use crate::notation;
use crate::statement::{Statement, Turn};

/// How many texts are kept with what they say.
const MAX_KNOWN: usize = 128;

/// The longest text that is kept, in bytes.
const MAX_KNOWN_BYTES: usize = 16 << 10;

/// A database to which texts are said, one by one.
///
/// ```
/// use wasm_dbms::{Database, Value};
/// use wasm_dbms_tables::Session;
///
/// let database = Database::in_memory();
/// let session = Session::new(&database);
/// session.perform(r#"create "t" column "n" i64 key "n""#, &[])?;
/// session.perform(r#"insert "t" into "n""#, &[1.into(), 2.into()])?;
/// let row = session.perform(r#"select "t" bykey"#, &[2.into()])?.returned;
/// assert_eq!(row.rows, [[Value::from(2)]]);
/// # Ok::<(), Box<wasm_dbms_module::Failure>>(())
/// ```
pub struct Session<'db> {
    database: &'db Database,
    open: RefCell<Option<Open<'db>>>,
    known: RefCell<Vec<(Box<str>, Rc<Statement>)>>,
}

/// The transaction that is open.
enum Open<'db> {
    Interactive(Box<OptimisticTransaction>),
    /// It has the writer's turn.
    Exclusive(Box<Transaction<'db>>),
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("database", self.database).finish_non_exhaustive()
    }
}

impl<'db> Session<'db> {
    /// A session without a transaction.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_tables::Session;
    ///
    /// let database = Database::in_memory();
    /// assert!(Session::new(&database).perform("COMMIT", &[]).is_err());
    /// ```
    pub fn new(database: &'db Database) -> Self {
        Self { database, open: RefCell::new(None), known: RefCell::default() }
    }

    /// Does what a text says, with these values for its parameters.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_tables::Session;
    ///
    /// let database = Database::in_memory();
    /// let session = Session::new(&database);
    /// session.perform(r#"create "t" column "n" i64"#, &[])?;
    /// assert_eq!(session.perform(r#"insert "t" into "n""#, &[1.into(), 2.into()])?.count, 2);
    /// assert_eq!(session.perform(r#"delete "t" "n" ? = where"#, &[2.into()])?.count, 1);
    /// # Ok::<(), Box<wasm_dbms_module::Failure>>(())
    /// ```
    ///
    /// # Errors
    /// A text that says nothing; what the database says.
    pub fn perform(&self, text: &str, parameters: &[Value]) -> Result<Changed> {
        let statement = self.known(text, parameters)?;
        if let Statement::Turn(turn) = *statement {
            return self.turn(turn);
        }
        Ok(self.on_open(|connection| statement.run(connection, parameters))?)
    }

    /// Runs it in the transaction that is open, or in one of its own.
    fn on_open<R>(&self, run: impl FnOnce(&AnyConnection<'_>) -> wasm_dbms::Result<R>) -> wasm_dbms::Result<R> {
        let open = self.open.borrow();
        run(&match &*open {
            None => AnyConnection::new(self.database),
            Some(Open::Interactive(transaction)) => AnyConnection::new(&**transaction),
            Some(Open::Exclusive(transaction)) => AnyConnection::new(&**transaction),
        })
    }

    /// Puts rows in that come one by one: all or none. How many.
    ///
    /// ```
    /// use wasm_dbms::{Database, ValueRef};
    /// use wasm_dbms_tables::Session;
    ///
    /// let database = Database::in_memory();
    /// let session = Session::new(&database);
    /// session.perform(r#"create "t" column "n" i64"#, &[])?;
    /// let mut numbers = 0..3;
    /// let count = session.insert("t", &["n"], &mut |row| {
    ///     row.extend(numbers.next().map(ValueRef::from));
    ///     Ok(!row.is_empty())
    /// })?;
    /// assert_eq!(count, 3);
    /// # Ok::<(), Box<wasm_dbms_module::Failure>>(())
    /// ```
    ///
    /// # Errors
    /// What the database and `next` say.
    pub fn insert(&self, table: &str, columns: &[&str], next: &mut NextRow<'_, '_>) -> Result<u64> {
        Ok(self.on_open(|connection| insert_each_row(connection, table, columns, next))?)
    }

    /// What a text says; read anew if it is not known.
    fn known(&self, text: &str, parameters: &[Value]) -> Result<Rc<Statement>> {
        let mut known = self.known.borrow_mut();
        if let Some((_, statement)) = known.iter().find(|(other, _)| **other == *text) {
            return Ok(Rc::clone(statement));
        }
        let statement = Rc::new(notation::read(text, parameters)?);
        if statement.is_lasting() && text.len() <= MAX_KNOWN_BYTES {
            if known.len() >= MAX_KNOWN {
                known.remove(0);
            }
            known.push((text.into(), Rc::clone(&statement)));
        }
        Ok(statement)
    }

    fn turn(&self, turn: Turn) -> Result<Changed> {
        let mut open = self.open.borrow_mut();
        let is_open = open.is_some();
        match turn {
            Turn::Begin | Turn::BeginImmediate if is_open => {
                return Err(Error::Query("a transaction is open".into()).into());
            }
            Turn::Commit | Turn::RollBack if !is_open => {
                return Err(Error::Query("no transaction is open".into()).into());
            }
            Turn::Begin => *open = Some(Open::Interactive(self.database.begin()?.into())),
            Turn::BeginImmediate => *open = Some(Open::Exclusive(self.database.begin_exclusive()?.into())),
            Turn::Commit => match open.take() {
                None => {}
                Some(Open::Interactive(transaction)) => transaction.commit(Durability::Full).map(drop)?,
                Some(Open::Exclusive(transaction)) => transaction.commit(Durability::Full).map(drop)?,
            },
            Turn::RollBack => *open = None,
        }
        Ok(Changed::default())
    }
}
