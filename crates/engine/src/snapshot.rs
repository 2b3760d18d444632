//! [`Snapshot`]: the database as one commit left it.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, TryLockError};

use wasm_dbms_api::{Page, TableSchema};
use wasm_dbms_memory::MemoryAccess;

use crate::connection::sealed::Sealed;
use crate::core::Core;
use crate::error::Fallible;
use crate::readers::lock;
use crate::shared::this_thread;
use crate::{Connection, Database, Error, MemoryError, Result};

/// The database as one commit left it, for reading: it stays so whatever is committed later, to tables too, and no
/// writer waits for it. Made by [`Database::snapshot`].
///
/// It may outlive the database; until it is dropped it holds the medium open, and so its lock. One thread reads at a
/// time; threads that should not wait for each other take a snapshot each.
///
/// ```
/// # use wasm_dbms::prelude::*;
/// let db = Database::in_memory();
/// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
/// db.insert_values("t", &[("n", Value::from(1))])?;
/// let before = db.snapshot()?;
/// db.drop_table("t")?;
/// assert_eq!(before.query(&Query::from("t"))?.rows.len(), 1);
/// assert!(db.query(&Query::from("t")).is_err());
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Snapshot {
    core: Mutex<Core>,
    /// The thread that reads, 0 if none.
    holder: AtomicU64,
}

impl Database {
    /// The database as the last commit left it, for reading. Old versions of pages are kept for it
    /// ([`Options::snapshot_memory_bytes`](crate::Options::snapshot_memory_bytes),
    /// [`Options::snapshot_spill_max_bytes`](crate::Options::snapshot_spill_max_bytes)) until it is dropped.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let before = db.snapshot()?;
    /// db.insert_values("t", &[("n", 1.into())])?;
    /// assert_eq!(before.count_values("t", None)?, 0);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What storage says.
    pub fn snapshot(&self) -> Result<Snapshot> {
        Ok(Snapshot { core: Mutex::new(self.last_commit()?), holder: AtomicU64::new(0) })
    }

    /// What reads the last commit, and that one only.
    pub(crate) fn last_commit(&self) -> Fallible<Core> {
        let readers = self.readers();
        Core::over_snapshot(readers.snapshots.take(), Arc::clone(&readers.heads))
    }
}

impl Snapshot {
    /// The description of every table, in the order of their creation.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// assert_eq!(db.snapshot()?.schemas()?[0].name, "t");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Busy`] from inside a visitor of its own rows.
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
    /// let before = db.snapshot()?;
    /// db.drop_table("t")?;
    /// assert_eq!(before.tables()?, ["t"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Busy`] from inside a visitor of its own rows.
    pub fn tables(&self) -> Result<Vec<String>> {
        Ok(self.read(|core| Ok(core.catalog.names()))?)
    }

    /// How many pages the database had.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let before = db.snapshot()?;
    /// assert_eq!(before.page_count()?, db.page_count());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Busy`] from inside a visitor of its own rows.
    pub fn page_count(&self) -> Result<Page> {
        Ok(self.read(|core| Ok(core.store.page_count()))?)
    }

    /// Walks everything, as [`Database::check`] does.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// assert!(db.snapshot()?.check()?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Busy`] from inside a visitor of its own rows.
    pub fn check(&self) -> Result<Vec<String>> {
        Ok(self.read(|core| Ok(crate::check::check(core)))?)
    }

    /// Writes the commit in canonical form, as [`Database::export`] does.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let mut bytes = Vec::new();
    /// db.snapshot()?.export(&mut bytes)?;
    /// assert_eq!(Database::open(HeapProvider::from_bytes(bytes))?.tables()?, ["t"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the writer or the host says; [`Error::is_snapshot_expired`].
    pub fn export(&self, writer: &mut dyn Write) -> Result<()> {
        Ok(self.read(|core| match core.store.snapshot() {
            Some(snapshot) => Ok(snapshot.export(writer)?),
            None => Err(refused()),
        })?)
    }
}

/// Says that nobody reads any more.
struct Held<'a>(&'a AtomicU64);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

fn refused() -> Box<Error> {
    MemoryError::ReadOnly { operation: "write" }.into()
}

impl Sealed for Snapshot {}

impl Connection for Snapshot {
    fn commits_each(&self) -> bool {
        false
    }

    fn read<R>(&self, read: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        let thread = this_thread();
        let mut core = match self.core.try_lock() {
            Ok(core) => core,
            Err(TryLockError::WouldBlock) if self.holder.load(Ordering::Relaxed) == thread => {
                return Err(Error::busy());
            }
            // A reader that panicked has changed nothing.
            Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => lock(&self.core),
        };
        self.holder.store(thread, Ordering::Relaxed);
        let _held = Held(&self.holder);
        read(&mut core)
    }

    fn write<R>(&self, _statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        Err(refused())
    }

    fn write_many<R>(&self, _statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        Err(refused())
    }
}
