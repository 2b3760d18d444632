//! The one error at the face.

use std::fmt;

use thiserror::Error;
use wasm_dbms_api::{ConversionError, MemoryError, SchemaError, Value};

/// The result of every call to the database.
pub type Result<T> = std::result::Result<T, Error>;

/// The result of what the engine asks of itself: the error is behind one pointer, so that each `?` on its way out hands
/// on a word and not a whole [`Error`]. A third of a module's code would be those copies.
pub(crate) type Fallible<T> = std::result::Result<T, Box<Error>>;

/// What can go wrong. The predicates ([`is_constraint`](Self::is_constraint), [`is_full`](Self::is_full), ..) answer
/// what a caller usually wants to know; the variants name table, column and value.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Storage refused or found something.
    #[error(transparent)]
    Memory(#[from] Box<MemoryError>),
    /// A schema contradicts itself, or the tables it refers to.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A stored value is not of the type it was asked for.
    #[error(transparent)]
    Conversion(#[from] ConversionError),
    /// There is no such table, column or index.
    #[error("there is no {what} {name}")]
    Unknown {
        /// `table`, `column`, ..
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// There is such a table already.
    #[error("table {table} exists already")]
    TableExists {
        /// Its name.
        table: String,
    },
    /// The stored schema of a table is not the one of the program.
    #[error("table {table} is stored with another schema: {}", differences.join("; "))]
    SchemaDrift {
        /// Its name.
        table: String,
        /// Every difference, in words.
        differences: Vec<String>,
    },
    /// A row that is there stands in the way of a migration; nothing of it was done.
    #[error("{row} stands in the way: {error}")]
    MigrationRow {
        /// `the row of users with id = 5`
        row: String,
        /// What it breaks.
        error: Box<Error>,
    },
    /// A migration in steps is under way: the table is read, but neither written nor changed, until it is done or abandoned
    /// ([`Database::abandon_migration`](crate::Database::abandon_migration)). So is every other table that it works on.
    #[error("table {table} is being migrated, and only read until that is done or abandoned")]
    MigrationUnderWay {
        /// A table that the migration works on.
        table: String,
    },
    /// A migration would lose what is stored, and its policy does not allow that.
    #[error("the migration would lose data, which its policy does not allow: {}", operations.join("; "))]
    MigrationRefused {
        /// Each operation that is not allowed, in the words that allow it.
        operations: Vec<String>,
    },
    /// A column that must not be NULL would be.
    #[error("column {table}.{column} must not be null")]
    NotNull {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A row with this key is there already.
    #[error("{table} has a row with {columns} = {value} already")]
    Unique {
        /// The table.
        table: String,
        /// The columns, joined by commas.
        columns: String,
        /// Their values, joined by commas.
        value: String,
    },
    /// A row refers to one that is not there, or is referred to by one that is.
    #[error("{table}.{columns} = {value} {problem} {other}")]
    ForeignKey {
        /// The table that refers.
        table: String,
        /// Its columns, joined by commas.
        columns: String,
        /// Their values, joined by commas.
        value: String,
        /// `refers to no row of` or `still refers to`.
        problem: &'static str,
        /// The table referred to.
        other: String,
    },
    /// A row that breaks a check of its table.
    #[error("{table} refuses a row with {values}: {check}")]
    Check {
        /// The table.
        table: String,
        /// The name of the check; without one what it says.
        check: Box<str>,
        /// The columns that it looks at with their values, as `age = 5, limit = 3`.
        values: Box<str>,
    },
    /// A value that a validator of its column refuses.
    #[error("column {table}.{column} refuses {value}: {rule}{}", because(reason.as_deref()))]
    Validation {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The value, after the sanitizers.
        value: Value,
        /// The rule, as its attribute has it; one of the program's own by its name.
        rule: Box<str>,
        /// What the program's own rule says to it.
        reason: Option<Box<str>>,
    },
    /// A table names a rule that this program does not have, so it can only be read.
    #[error("table {table} can only be read: column {column} has the rule {rule}, which this program lacks")]
    MissingRule {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The rule, as its attribute has it.
        rule: String,
    },
    /// Two rules of the program's own have the same name.
    #[error("two rules are called {rule}")]
    RuleExists {
        /// Their name.
        rule: &'static str,
    },
    /// A value that its column cannot hold.
    #[error("column {table}.{column} of type {expected} cannot hold {value}")]
    Type {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        expected: String,
        /// The value.
        value: Value,
    },
    /// A key or a row that is longer than it can be.
    #[error("{what} would take {bytes} bytes; the limit is {limit}")]
    TooLong {
        /// `the key of users on email`, `a row of users`.
        what: String,
        /// How many bytes it would take.
        bytes: u64,
        /// How many it can.
        limit: u64,
    },
    /// A question that makes no sense: unlike types compared, an aggregate where none can be.
    #[error("{0}")]
    Query(String),
    /// A number went past the range of its type.
    #[error("{0} is out of range")]
    OutOfRange(String),
    /// The database was asked from inside its own transaction's closure; ask the transaction.
    #[error("the database is busy with a transaction of this thread: use the transaction's own methods")]
    Busy,
    /// An earlier statement of the transaction failed half-way; it can only be rolled back.
    #[error("the transaction can only be rolled back: {0}")]
    MustRollBack(String),
    /// Another transaction changed what this one has read or written, and committed first. Nothing of this one stayed;
    /// run again it may succeed.
    #[error("conflict about {table} {key}: {problem}")]
    Conflict {
        /// The table.
        table: String,
        /// The key of the row, its values joined by commas; nothing if it is about many rows or the whole table.
        key: String,
        /// What happened, in words.
        problem: String,
    },
    /// The transaction was open for longer than it may be, or more was committed beside it than is kept
    /// ([`Options::history_bytes`](crate::Options::history_bytes)). Nothing of it stayed; run again it may succeed.
    #[error("the transaction has expired: it was open for too long, or too much was committed beside it")]
    TransactionExpired,
    /// The savepoint is not open in this transaction, or not one that may be closed where this was asked.
    #[error(
        "the savepoint is not open here: it was released, rolled back past, or is of another transaction or closure"
    )]
    SavepointClosed,
    /// A subscriber missed changes: it reads the tables anew, and goes on.
    #[error("changes were missed: too many were made, or tables were made or dropped")]
    Lagged,
    /// The database was closed.
    #[error("the database was closed")]
    Closed,
    /// The statement was told to stop; nothing of what it wrote stays.
    #[error("the statement was interrupted")]
    Interrupted,
    /// The statement would have looked at more rows than it may; nothing of what it wrote stays.
    #[error("the statement looked at more than {rows} rows")]
    OverBudget {
        /// How many it may.
        rows: u64,
    },
    /// An error of the caller's own, to roll a transaction back with.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// [`Error::Query`], as it is handed on inside. The words are put together here, once for all who say them.
    #[cold]
    #[inline(never)]
    pub(crate) fn query(words: fmt::Arguments<'_>) -> Box<Self> {
        Box::new(Self::Query(words.to_string()))
    }

    /// [`Error::Busy`], as it is handed on inside.
    #[cold]
    #[inline(never)]
    pub(crate) fn busy() -> Box<Self> {
        Box::new(Self::Busy)
    }

    /// [`Error::Interrupted`], as it is handed on inside.
    #[cold]
    #[inline(never)]
    pub(crate) fn interrupted() -> Box<Self> {
        Box::new(Self::Interrupted)
    }

    /// [`Error::OutOfRange`], as it is handed on inside.
    #[cold]
    #[inline(never)]
    pub(crate) fn out_of_range(what: fmt::Arguments<'_>) -> Box<Self> {
        Box::new(Self::OutOfRange(what.to_string()))
    }

    /// [`Error::Unknown`], as it is handed on inside.
    #[cold]
    #[inline(never)]
    pub(crate) fn unknown(what: &'static str, name: &dyn fmt::Display) -> Box<Self> {
        Box::new(Self::Unknown { what, name: name.to_string() })
    }

    /// Says that a column must not be null.
    #[cold]
    #[inline(never)]
    pub(crate) fn not_null(table: &str, column: &str) -> Box<Self> {
        Box::new(Self::NotNull { table: table.to_owned(), column: column.to_owned() })
    }
}

impl From<Box<Error>> for Error {
    #[cold]
    #[inline(never)]
    fn from(error: Box<Self>) -> Self {
        *error
    }
}

impl From<MemoryError> for Error {
    fn from(error: MemoryError) -> Self {
        Self::Memory(Box::new(error))
    }
}

impl From<MemoryError> for Box<Error> {
    #[cold]
    #[inline(never)]
    fn from(error: MemoryError) -> Self {
        Self::new(error.into())
    }
}

impl From<Box<MemoryError>> for Box<Error> {
    #[cold]
    #[inline(never)]
    fn from(error: Box<MemoryError>) -> Self {
        Self::new(Error::Memory(error))
    }
}

impl From<SchemaError> for Box<Error> {
    #[cold]
    #[inline(never)]
    fn from(error: SchemaError) -> Self {
        Self::new(Error::Schema(error))
    }
}

impl From<ConversionError> for Box<Error> {
    #[cold]
    #[inline(never)]
    fn from(error: ConversionError) -> Self {
        Self::new(Error::Conversion(error))
    }
}

/// What follows the name of a rule that says why it refuses.
fn because(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}

impl Error {
    /// What storage said, if it was storage that refused.
    ///
    /// ```
    /// use wasm_dbms::prelude::*;
    /// let refused = Database::open(HeapProvider::from_bytes(vec![7; 5000])).err().unwrap();
    /// assert!(matches!(refused.memory(), Some(MemoryError::NotADatabase { .. })));
    /// ```
    pub fn memory(&self) -> Option<&MemoryError> {
        if let Self::Memory(error) = self { Some(error) } else { None }
    }

    /// Wraps an error of the caller's own: returned from a transaction's closure it rolls the transaction back.
    ///
    /// ```
    /// let error = wasm_dbms::Error::other("the account is empty");
    /// assert_eq!(error.to_string(), "the account is empty");
    /// ```
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }

    /// Whether another transaction was first; trying again may succeed.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let (one, two) = (db.begin()?, db.begin()?);
    /// for tx in [&one, &two] {
    ///     tx.insert_values("t", &[("n", 1.into())])?;
    /// }
    /// one.commit(Durability::Full)?;
    /// assert!(two.commit(Durability::Full).unwrap_err().is_conflict());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Whether a subscriber missed changes and must read the tables anew.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// assert!(Error::Lagged.is_lagged());
    /// ```
    pub fn is_lagged(&self) -> bool {
        matches!(self, Self::Lagged)
    }

    /// Whether the medium, the quota or a limit is exhausted.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// assert!(!Error::Busy.is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        match self {
            Self::Memory(error) => error.is_full(),
            _ => matches!(self, Self::TooLong { .. }),
        }
    }

    /// Whether a snapshot could not be kept readable any longer; a new one reads the last commit.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::MemoryError;
    /// assert!(Error::from(MemoryError::SnapshotExpired).is_snapshot_expired());
    /// ```
    pub fn is_snapshot_expired(&self) -> bool {
        matches!(self, Self::Memory(error) if error.is_snapshot_expired())
    }

    /// Whether the statement ended because it was told to, or looked at more rows than it may.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table, Debug, Clone, PartialEq)]
    /// # #[table = "users"]
    /// # struct User {
    /// #     #[primary_key]
    /// #     id: u32,
    /// #     #[unique]
    /// #     name: String,
    /// #     age: u8,
    /// # }
    /// # let db = Database::in_memory();
    /// # db.create_table(User::schema())?;
    /// # for (id, name, age) in [(1, "Ada", 36), (2, "Alan", 41), (3, "Grace", 85)] {
    /// #     db.insert(&User { id, name: name.into(), age })?;
    /// # }
    /// assert!(db.budget(1).select::<User>().all().unwrap_err().is_interrupted());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn is_interrupted(&self) -> bool {
        matches!(self, Self::Interrupted | Self::OverBudget { .. })
    }

    /// Whether stored bytes are damaged.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// assert!(Error::from(wasm_dbms::MemoryError::corrupt("page 7 is no leaf")).is_corrupt());
    /// ```
    pub fn is_corrupt(&self) -> bool {
        match self {
            Self::Memory(error) => error.is_corrupt(),
            Self::Conversion(_) => true,
            _ => false,
        }
    }

    /// Whether the data would break a constraint of its schema.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// db.insert_values("t", &[("n", 1.into())])?;
    /// assert!(db.insert_values("t", &[("n", 1.into())]).unwrap_err().is_constraint());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn is_constraint(&self) -> bool {
        if let Self::MigrationRow { error, .. } = self {
            return error.is_constraint();
        }
        matches!(
            self,
            Self::NotNull { .. }
                | Self::Unique { .. }
                | Self::ForeignKey { .. }
                | Self::Check { .. }
                | Self::Type { .. }
                | Self::Validation { .. }
        )
    }

    /// Whether the last commit may or may not have survived.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// assert!(!Error::Busy.is_in_doubt());
    /// ```
    pub fn is_in_doubt(&self) -> bool {
        matches!(self, Self::Memory(error) if error.is_in_doubt())
    }
}
