//! [`Database`]: the face.

use std::io::Write;
use std::sync::{Arc, PoisonError};

use wasm_dbms_api::{CustomRules, DatabaseSchema, TableSchema};
use wasm_dbms_memory::{Durability, MemoryManager, MemoryProvider, Options};

use crate::connection::sealed::Sealed;
use crate::core::Core;
use crate::error::Fallible;
use crate::readers::{Readers, lock};
use crate::shared::Shared;
use crate::store::Store;
use crate::{Clock, Connection, Error, Result, Transaction};

/// A relational database on a medium, or in memory.
///
/// ```
/// use wasm_dbms::prelude::*;
///
/// #[derive(Table, Debug, Clone, PartialEq)]
/// #[table = "users"]
/// struct User {
///     #[primary_key]
///     #[autoincrement]
///     id: u64,
///     #[unique]
///     email: String,
///     #[index]
///     age: Option<u8>,
/// }
///
/// #[derive(DatabaseSchema)]
/// #[tables(User = "users")]
/// struct People;
///
/// let db = Database::in_memory().with_schema::<People>()?;
/// let id = db.insert(&NewUser { email: "ada@example.com".into(), age: Some(36), ..Default::default() })?;
/// let ada = db.get::<User>(id)?.ok_or("no such user")?;
/// assert_eq!(ada.email, "ada@example.com");
/// let adults = db.select::<User>().filter(User::AGE.ge(18)).all()?;
/// assert_eq!(adults, [ada]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Database {
    shared: Arc<Shared>,
}

impl Database {
    /// A database that lives in memory only.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// let db = Database::in_memory();
    /// assert!(db.tables()?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    #[expect(clippy::missing_panics_doc, clippy::expect_used, reason = "an empty store with the default options opens")]
    pub fn in_memory() -> Self {
        Self::in_memory_with(Options::new()).expect("the default options are right")
    }

    /// A database that lives in memory only, with options.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// let db = Database::in_memory_with(Options::new().page_size(16_384))?;
    /// assert!(Database::in_memory_with(Options::new().page_size(1_000)).is_err());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`MemoryError::LimitExceeded`](crate::MemoryError::LimitExceeded) for a page size that cannot be.
    pub fn in_memory_with(options: Options) -> Result<Self> {
        Ok(Self::new(MemoryManager::in_memory(options.clone())?, options)?)
    }

    /// Opens the database on a medium, or makes a new one where there is none.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// let medium = HeapProvider::new();
    /// let db = Database::open(medium.clone())?;
    /// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// db.close()?;
    /// assert_eq!(Database::open(medium)?.tables()?, ["t"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`] for a medium that is no database, a damaged or newer one, or what the host says.
    pub fn open(provider: impl MemoryProvider + 'static) -> Result<Self> {
        Self::open_with(provider, Options::new())
    }

    /// Opens the database on a medium, with options.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// let db = Database::open_with(HeapProvider::new(), Options::new().cache_bytes(1 << 20))?;
    /// assert!(db.tables()?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(provider: impl MemoryProvider + 'static, options: Options) -> Result<Self> {
        Ok(Self::new(MemoryManager::open(Box::new(provider), options.clone())?, options)?)
    }

    /// Opens the database on a medium for reading only. Nothing is written: a medium that is read-only or full serves
    /// every commit that a crash left. Writes are refused with
    /// [`MemoryError::ReadOnly`](crate::MemoryError::ReadOnly).
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// let medium = HeapProvider::new();
    /// Database::open(medium.clone())?.close()?;
    /// let db = Database::open_read_only(medium)?;
    /// let refused = db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)));
    /// assert!(matches!(refused.unwrap_err().memory(), Some(MemoryError::ReadOnly { .. })));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`open`](Self::open), and for a medium that holds nothing yet.
    pub fn open_read_only(provider: impl MemoryProvider + 'static) -> Result<Self> {
        Self::open_read_only_with(provider, Options::new())
    }

    /// Opens the database on a medium for reading only, with options.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// let medium = HeapProvider::new();
    /// Database::open(medium.clone())?.close()?;
    /// let db = Database::open_read_only_with(medium, Options::new().cache_bytes(1 << 20))?;
    /// assert!(db.tables()?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`open_read_only`](Self::open_read_only).
    pub fn open_read_only_with(provider: impl MemoryProvider + 'static, options: Options) -> Result<Self> {
        Ok(Self::new(MemoryManager::open_read_only(Box::new(provider), options.clone())?, options)?)
    }

    fn new(manager: MemoryManager, options: Options) -> Fallible<Self> {
        Ok(Self { shared: Arc::new(Shared::new(manager, options)?) })
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.shared.readers
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn set_clock(&self, clock: Box<dyn Clock>) {
        // The first stays.
        let _is_first = self.shared.clock.set(clock);
    }

    /// How many rows were ever recorded for others, and how many bytes of them are kept just now: a measure for tests.
    #[doc(hidden)]
    pub fn history_measure(&self) -> Result<(u64, usize)> {
        let recorded = self.with_head(|core| Ok(core.recorder.recorded))?;
        Ok((recorded, self.shared.history.bytes()))
    }

    /// Does something with the head that is no statement, in the writer's turn.
    pub(crate) fn with_head<R>(&self, act: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        let mut turn = self.shared.turn()?;
        act(&mut turn.core)
    }

    /// Makes the rules of the program's own known, so that tables which name them can be written;
    /// [`with_schema`](Self::with_schema) does it for those of its structs.
    ///
    /// ```
    /// use wasm_dbms::prelude::*;
    /// use wasm_dbms::{CustomRules, Validate, Validator};
    ///
    /// struct Even;
    ///
    /// impl Validate for Even {
    ///     const NAME: &'static str = "even";
    ///     type Value = u32;
    ///
    ///     fn validate(number: &u32) -> std::result::Result<(), String> {
    ///         if number % 2 == 0 { Ok(()) } else { Err("it is odd".into()) }
    ///     }
    /// }
    ///
    /// let n = ColumnSchema::new("n", DataType::U32).validator(Validator::Custom("even".into()));
    /// let db = Database::in_memory();
    /// db.create_table(&TableSchema::new("t").column(n))?;
    /// let error = db.insert_values("t", &[("n", Value::from(2))]).unwrap_err();
    /// assert!(matches!(error, Error::MissingRule { .. }));
    ///
    /// let db = db.with_rules(&CustomRules::default().validator::<Even>())?;
    /// db.insert_values("t", &[("n", Value::from(2))])?;
    /// let error = db.insert_values("t", &[("n", Value::from(3))]).unwrap_err();
    /// assert_eq!(error.to_string(), "column t.n refuses 3: even: it is odd");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::RuleExists`] if two that are not the same have one name.
    pub fn with_rules(self, rules: &CustomRules) -> Result<Self> {
        self.with_head(|core| {
            let mut known = CustomRules::clone(&core.custom_rules);
            known.merge(rules).map_err(|rule| Error::RuleExists { rule })?;
            core.custom_rules = Arc::new(known);
            *lock(&self.shared.custom_rules) = Arc::clone(&core.custom_rules);
            Ok(())
        })?;
        Ok(self)
    }

    /// Creates the tables of a schema that are missing, if all others are stored as the program has them.
    ///
    /// If one is stored otherwise, or under an earlier name, that is *drift*, and nothing is created: the typed verbs
    /// refuse the tables that drifted ([`Error::SchemaDrift`]), those by name go on. [`drift`](Self::drift) lists every
    /// difference, [`plan_migration`](Self::plan_migration) what would be done about them, and
    /// [`migrate`](Self::migrate) does it.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// #[derive(Table)]
    /// #[table = "users"]
    /// struct User {
    ///     #[primary_key]
    ///     id: u32,
    /// }
    ///
    /// #[derive(DatabaseSchema)]
    /// #[tables(User = "users")]
    /// struct Schema;
    ///
    /// let db = Database::in_memory().with_schema::<Schema>()?;
    /// assert_eq!(db.tables()?, ["users"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Schema`] for a schema that contradicts itself; [`Error::RuleExists`].
    pub fn with_schema<S: DatabaseSchema>(self) -> Result<Self> {
        let database = self.with_rules(&S::rules())?;
        let tables = S::tables();
        database.write_many(|core| {
            let mut missing = Vec::new();
            let mut has_drifted = false;
            for schema in &tables {
                match core.catalog.find(&schema.name) {
                    Err(_) => {
                        has_drifted |= schema.renamed_from.iter().any(|name| core.catalog.find(name).is_ok());
                        missing.push(*schema);
                    }
                    Ok(index) => has_drifted |= core.catalog.check_same(index, schema).is_err(),
                }
            }
            if !missing.is_empty() && !has_drifted {
                core.create_tables(&missing)?;
            }
            Ok(())
        })?;
        lock(&database.shared.compiled).extend(tables);
        lock(&database.shared.migrations).extend(S::MIGRATIONS);
        Ok(database)
    }

    /// Creates a table.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// let db = Database::in_memory();
    /// let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// db.create_table(&numbers)?;
    /// assert!(matches!(db.create_table(&numbers), Err(Error::TableExists { .. })));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::TableExists`], [`Error::Schema`], or what storage says.
    pub fn create_table(&self, schema: &TableSchema) -> Result<()> {
        self.create_tables(&[schema])
    }

    /// Creates tables, which may refer to each other: all of them or none.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// let number = || ColumnSchema::new("n", DataType::I64);
    /// let one = TableSchema::new("one").column(number()).primary_key(["n"]);
    /// let two = TableSchema::new("two").column(number()).foreign_key("n", "one", "n", ReferentialAction::Cascade);
    /// let db = Database::in_memory();
    /// db.create_tables(&[&two, &one])?;
    /// assert_eq!(db.tables()?.len(), 2);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`create_table`](Self::create_table).
    pub fn create_tables(&self, schemas: &[&TableSchema]) -> Result<()> {
        Ok(self.write_many(|core| core.create_tables(schemas))?)
    }

    /// Drops a table with its rows and indexes.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// db.drop_table("t")?;
    /// assert!(db.tables()?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unknown`]; [`Error::Schema`] if another table refers to it.
    pub fn drop_table(&self, name: &str) -> Result<()> {
        Ok(self.write_many(|core| {
            core.touch_schema();
            core.catalog.drop(&mut core.store, name)
        })?)
    }

    /// The description of every table, in the order of their creation.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// assert_eq!(db.schemas()?[0].primary_key, ["n"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Busy`] from inside a transaction's closure.
    pub fn schemas(&self) -> Result<Vec<TableSchema>> {
        Ok(self.read(|core| Ok(core.catalog.schemas()))?)
    }

    /// The name of every table, in the order of their creation.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// assert_eq!(db.tables()?, ["t"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Busy`] from inside a transaction's closure.
    pub fn tables(&self) -> Result<Vec<String>> {
        Ok(self.read(|core| Ok(core.catalog.names()))?)
    }

    /// The last number that each table gave to a row or to its column that counts up, in the order of their creation: for
    /// tests, which tell by it states that have the same rows.
    #[doc(hidden)]
    pub fn counters(&self) -> Result<Vec<u64>> {
        Ok(self.read(|core| Ok(core.catalog.relations.iter().map(|relation| relation.table.counter).collect()))?)
    }

    /// Runs a transaction: what the closure writes stays if it returns `Ok`, and nothing of it if it returns an error
    /// or panics. It has the writer's turn for as long as it runs, so it conflicts with nobody.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let refused = db.transaction(|tx| {
    ///     tx.insert_values("t", &[("n", Value::from(1))])?;
    ///     Err::<(), _>(Error::other("changed my mind"))
    /// });
    /// assert!(refused.is_err());
    /// assert_eq!(db.query(&Query::from("t"))?.rows.len(), 0);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The closure's own; what the commit says ([`Error::is_in_doubt`] if it may survive all the same).
    pub fn transaction<R>(&self, run: impl FnOnce(&mut Transaction<'_>) -> Result<R>) -> Result<R> {
        self.transaction_with(Durability::Full, run)
    }

    /// Runs a transaction whose closure has an error type of its own.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// #[derive(Debug, PartialEq)]
    /// enum Refusal {
    ///     TooFew,
    ///     Database(String),
    /// }
    ///
    /// impl From<Error> for Refusal {
    ///     fn from(error: Error) -> Self {
    ///         Self::Database(error.to_string())
    ///     }
    /// }
    ///
    /// let refused = db.try_transaction(|tx| {
    ///     tx.insert_values("t", &[("n", 1.into())])?;
    ///     Err::<(), _>(Refusal::TooFew)
    /// });
    /// assert_eq!(refused, Err(Refusal::TooFew));
    /// assert_eq!(db.count_values("t", None)?, 0);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`transaction`](Self::transaction).
    pub fn try_transaction<R, E: From<Error>>(
        &self,
        run: impl FnOnce(&mut Transaction<'_>) -> std::result::Result<R, E>,
    ) -> std::result::Result<R, E> {
        let mut transaction = Transaction::new(self.shared.turn().map_err(|error| *error)?);
        let result = run(&mut transaction)?;
        transaction.commit(Durability::Full)?;
        Ok(result)
    }

    /// Runs a transaction with another durability than full.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// db.transaction_with(Durability::Eventual, |tx| tx.insert_values("t", &[("n", 1.into())]))?;
    /// db.sync()?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`transaction`](Self::transaction).
    pub fn transaction_with<R>(
        &self,
        durability: Durability,
        run: impl FnOnce(&mut Transaction<'_>) -> Result<R>,
    ) -> Result<R> {
        let turn = self.shared.turn()?;
        let mut transaction = Transaction::new(turn);
        let result = run(&mut transaction)?;
        transaction.commit(durability)?;
        Ok(result)
    }

    /// Writes the last commit in canonical form: the same operations and options give the same bytes on every host. The
    /// bytes are a database that can be opened. Writing goes on meanwhile: what is written is a [`Snapshot`](crate::Snapshot).
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let mut bytes = Vec::new();
    /// db.export(&mut bytes)?;
    /// assert_eq!(Database::open(HeapProvider::from_bytes(bytes))?.tables()?, ["t"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the writer or the host says; [`Error::is_snapshot_expired`].
    pub fn export(&self, writer: &mut dyn Write) -> Result<()> {
        Ok(self.shared.readers.snapshots.take().export(writer)?)
    }

    /// Whether, when the database was opened, its log went on after the last commit that was kept: a crash cut off a
    /// commit that nobody was told of, or the last commits were damaged, which looks the same. After a clean close it is
    /// never so.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// assert!(!Database::open(HeapProvider::new())?.is_log_cut());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn is_log_cut(&self) -> bool {
        self.shared.is_log_cut
    }

    /// Makes every commit durable that was not yet (those with [`Durability::Eventual`]).
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// for n in 0..100 {
    ///     db.transaction_with(Durability::Eventual, |tx| tx.insert_values("t", &[("n", n.into())]))?;
    /// }
    /// db.sync()?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the host says.
    pub fn sync(&self) -> Result<()> {
        Ok(self.with_head(|core| Ok(core.store.head()?.inner_mut().sync()?))?)
    }

    /// Brings everything in place and empties the log. A database that is dropped instead loses nothing that was
    /// committed; the next opening replays the log.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// let medium = HeapProvider::new();
    /// Database::open(medium.clone())?.close()?;
    /// assert!(!Database::open(medium)?.is_log_cut());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the host says.
    pub fn close(self) -> Result<()> {
        let mut shared = self.shared;
        // A transaction of another thread may be committing just now.
        let mut shared = loop {
            match Arc::try_unwrap(shared) {
                Ok(shared) => break shared,
                Err(still) => shared = still,
            }
            std::thread::yield_now();
        };
        shared.history.close();
        shared.readers.leave();
        // It is dropped behind that, as a whole.
        let core = shared.core.get_mut().unwrap_or_else(PoisonError::into_inner);
        match &mut core.store {
            Store::Head(head) => Ok(head.inner_mut().finish()?),
            Store::Snapshot(_) | Store::Private(_) => Ok(()),
        }
    }
}

impl Sealed for Database {}

impl Connection for Database {
    fn commits_each(&self) -> bool {
        true
    }

    #[inline]
    fn read<R>(&self, read: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        let mut reader = self.shared.reader()?;
        read(reader.core()?)
    }

    #[inline]
    fn write<R>(&self, statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        let mut turn = self.shared.turn()?;
        let result = statement(&mut turn.core);
        turn.end(result.is_ok())?;
        result
    }

    fn write_many<R>(&self, statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        // The statement is the whole transaction: discarding the one rolls back the other.
        self.write(statement)
    }
}
