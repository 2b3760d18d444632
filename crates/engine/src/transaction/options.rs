//! [`BeginOptions`]: how an interactive transaction begins; [`Clock`]: what tells the time.

/// What a transaction is promised of those beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// All transactions that commit are as if they had run one after the other, in the order of their commits: what one
    /// has read is looked at again when it commits, and if a commit beside it changed that, it is a conflict.
    #[default]
    Serializable,
    /// Each reads one commit, and of two that write the same row, or break a constraint together, the first to commit
    /// wins. What questions answered is not looked at again, so two may each change what the other has read (write skew).
    Snapshot,
}

/// How an interactive transaction begins; see [`Database::begin_with`](crate::Database::begin_with).
///
/// ```
/// use wasm_dbms::{BeginOptions, Isolation};
///
/// let options = BeginOptions::new().isolation(Isolation::Snapshot).age_max_commits(1000);
/// assert_eq!(options, options.clone());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BeginOptions {
    pub(crate) isolation: Isolation,
    pub(crate) is_read_only: bool,
    pub(crate) age_max_commits: Option<u64>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) bug: Option<PlantedBug>,
}

/// A bug that the battery of isolation must find out.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedBug {
    /// What was read is not looked at again.
    SkipValidation,
    /// Whether a row is as it was is not looked at again.
    SkipRowCheck,
    /// Of what was read only single keys are kept.
    SkipRanges,
}

impl BeginOptions {
    /// Serializable, for reading and writing, without a timeout.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let tx = db.begin_with(BeginOptions::new())?;
    /// tx.insert_values("t", &[("n", 1.into())])?;
    /// tx.commit(Durability::Full)?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// What the transaction is promised of those beside it.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let tx = db.begin_with(BeginOptions::new().isolation(Isolation::Snapshot))?;
    /// tx.commit(Durability::Full)?;
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = isolation;
        self
    }

    /// Whether the transaction only reads: then it waits for nobody, nothing is kept for it but the pages of its commit,
    /// it never conflicts, and its writes are refused.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let tx = db.begin_with(BeginOptions::new().read_only(true))?;
    /// assert!(tx.insert_values("t", &[("n", 1.into())]).is_err());
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn read_only(mut self, is_read_only: bool) -> Self {
        self.is_read_only = is_read_only;
        self
    }

    /// Plants a bug: for the battery that must find it.
    #[doc(hidden)]
    #[must_use]
    pub fn planted(mut self, bug: Option<PlantedBug>) -> Self {
        self.bug = bug;
        self
    }

    /// The transaction ends once so many commits were made beside it: it gives
    /// [`Error::TransactionExpired`](crate::Error::TransactionExpired).
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let tx = db.begin_with(BeginOptions::new().age_max_commits(1))?;
    /// for n in 0..3 {
    ///     db.insert_values("t", &[("n", n.into())])?;
    /// }
    /// assert!(matches!(tx.count_values("t", None), Err(Error::TransactionExpired)));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn age_max_commits(mut self, commits: u64) -> Self {
        self.age_max_commits = Some(commits);
        self
    }

    /// The transaction ends so long after it began, by the clock that the database was given
    /// ([`Database::with_clock`](crate::Database::with_clock)); without one this does nothing.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let tx = db.begin_with(BeginOptions::new().timeout_ms(5_000))?;
    /// tx.commit(Durability::Full)?;
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn timeout_ms(mut self, milliseconds: u64) -> Self {
        self.timeout_ms = Some(milliseconds);
        self
    }
}

/// What tells the time: the host's, as the database asks no clock by itself.
///
/// ```
/// use std::time::Instant;
/// use wasm_dbms::Clock;
///
/// #[derive(Debug)]
/// struct Monotonic(Instant);
///
/// impl Clock for Monotonic {
///     fn now_ms(&self) -> u64 {
///         self.0.elapsed().as_millis() as u64
///     }
/// }
/// # assert!(Monotonic(Instant::now()).now_ms() < 1000);
/// ```
pub trait Clock: std::fmt::Debug + Send + Sync {
    /// Milliseconds since some moment; never less than before.
    fn now_ms(&self) -> u64;
}
