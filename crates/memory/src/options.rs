//! How a store is opened, and when a commit returns: words of both the manager and the log.

use wasm_dbms_api::{MemoryError, MemoryResult};

/// The smallest page, in bytes.
pub const MIN_PAGE_SIZE: usize = 4 * 1024;

/// The largest page, in bytes.
pub const MAX_PAGE_SIZE: usize = 64 * 1024;

/// What each sort, hash join, grouping or set operation of a question may keep in memory if nothing is said, in bytes.
pub const QUERY_MEMORY_BYTES: usize = 16 << 20;

/// The smallest cache, in pages: less is raised to this.
pub const MIN_CACHE_PAGES: usize = 32;

/// How a store is opened.
///
/// ```
/// use wasm_dbms_memory::Options;
///
/// let options = Options::new().page_size(4096).database_id(7);
/// assert_eq!(options, options.clone());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub(crate) page_size: usize,
    pub(crate) database_id: Option<u64>,
    pub(crate) cache_bytes: usize,
    pub(crate) scrubs_on_close: bool,
    pub(crate) snapshot_memory_bytes: usize,
    pub(crate) snapshot_spill_max_bytes: u64,
    pub(crate) transaction_memory_bytes: usize,
    pub(crate) transaction_spill_max_bytes: u64,
    pub(crate) history_bytes: usize,
    pub(crate) query_memory_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            page_size: 8 * 1024,
            database_id: None,
            cache_bytes: 64 << 20,
            scrubs_on_close: false,
            snapshot_memory_bytes: 16 << 20,
            snapshot_spill_max_bytes: 1 << 30,
            transaction_memory_bytes: 16 << 20,
            transaction_spill_max_bytes: 1 << 30,
            history_bytes: 16 << 20,
            query_memory_bytes: QUERY_MEMORY_BYTES,
        }
    }
}

impl Options {
    /// Pages of 8 KiB, a cache of 64 MiB; a new database takes its id from the host.
    ///
    /// ```
    /// use wasm_dbms_memory::Options;
    ///
    /// assert_eq!(Options::new(), Options::default());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// The size of a page in bytes: a power of two from 4 KiB to 64 KiB. It is fixed when a database is made; an
    /// existing one keeps its own.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// assert!(MemoryManager::in_memory(Options::new().page_size(4096)).is_ok());
    /// assert!(MemoryManager::in_memory(Options::new().page_size(5000)).is_err());
    /// ```
    #[must_use]
    pub fn page_size(mut self, bytes: usize) -> Self {
        self.page_size = bytes;
        self
    }

    /// The id of a new database: it seeds every checksum, so that pages of another database are found out. The same id
    /// and operations give the same exported bytes.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options};
    ///
    /// assert_eq!(MemoryManager::in_memory(Options::new().database_id(7))?.database_id(), 7);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[must_use]
    pub fn database_id(mut self, id: u64) -> Self {
        self.database_id = Some(id);
        self
    }

    /// How much memory the pages of a database on a medium may take, with all that is kept about them: 64 MiB if
    /// nothing is said, at least [`MIN_CACHE_PAGES`]. `docs/LIMITS.md` says what may go beyond it: what a replay
    /// after a crash needs. A store in memory has no limit.
    ///
    /// ```
    /// use wasm_dbms_memory::Options;
    ///
    /// let small = Options::new().cache_bytes(1 << 20);
    /// assert_ne!(small, Options::new());
    /// ```
    #[must_use]
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Whether [`close`](crate::MemoryManager::close) leaves no byte of what was deleted on the medium, as
    /// [`scrub`](crate::MemoryManager::scrub) does.
    ///
    /// ```
    /// use wasm_dbms_memory::Options;
    ///
    /// let secret = Options::new().scrub_on_close(true);
    /// assert_ne!(secret, Options::new());
    /// ```
    #[must_use]
    pub fn scrub_on_close(mut self, scrubs: bool) -> Self {
        self.scrubs_on_close = scrubs;
        self
    }

    /// How much memory old versions of pages may take that snapshots need: 16 MiB if nothing is said. More of them go to
    /// [`MemoryProvider::scratch`](crate::MemoryProvider::scratch).
    ///
    /// ```
    /// use wasm_dbms_memory::Options;
    ///
    /// let small = Options::new().snapshot_memory_bytes(1 << 20);
    /// assert_ne!(small, Options::new());
    /// ```
    #[must_use]
    pub fn snapshot_memory_bytes(mut self, bytes: usize) -> Self {
        self.snapshot_memory_bytes = bytes;
        self
    }

    /// How much scratch space old versions of pages may take: 1 GiB if nothing is said. With more, the oldest snapshot
    /// ends: reading from it gives [`MemoryError::SnapshotExpired`]. A store in memory has no scratch space; there this is
    /// so much more memory.
    ///
    /// ```
    /// use wasm_dbms_memory::Options;
    ///
    /// let none = Options::new().snapshot_spill_max_bytes(0);
    /// assert_ne!(none, Options::new());
    /// ```
    #[must_use]
    pub fn snapshot_spill_max_bytes(mut self, bytes: u64) -> Self {
        self.snapshot_spill_max_bytes = bytes;
        self
    }

    /// How much memory the changed pages of an interactive transaction may take, and how much the list of the rows it
    /// changed: 16 MiB each if nothing is said. More pages go to
    /// [`MemoryProvider::scratch`](crate::MemoryProvider::scratch); more rows are refused.
    ///
    /// ```
    /// use wasm_dbms_memory::Options;
    ///
    /// let small = Options::new().transaction_memory_bytes(1 << 20);
    /// assert_ne!(small, Options::new());
    /// ```
    #[must_use]
    pub fn transaction_memory_bytes(mut self, bytes: usize) -> Self {
        self.transaction_memory_bytes = bytes;
        self
    }

    /// How much scratch space the changed pages of an interactive transaction may take: 1 GiB if nothing is said. With
    /// more, its writes are refused. A store in memory has no scratch space; there this is so much more memory.
    ///
    /// ```
    /// use wasm_dbms_memory::Options;
    ///
    /// let none = Options::new().transaction_spill_max_bytes(0);
    /// assert_ne!(none, Options::new());
    /// ```
    #[must_use]
    pub fn transaction_spill_max_bytes(mut self, bytes: u64) -> Self {
        self.transaction_spill_max_bytes = bytes;
        self
    }

    /// How much memory the rows that commits changed may take, kept for interactive transactions and for subscribers:
    /// 16 MiB if nothing is said. With more, the oldest go, and with them the transactions and the place in the feed of
    /// the subscribers that needed them.
    ///
    /// ```
    /// use wasm_dbms_memory::Options;
    ///
    /// let long = Options::new().history_bytes(64 << 20);
    /// assert_ne!(long, Options::new());
    /// ```
    #[must_use]
    pub fn history_bytes(mut self, bytes: usize) -> Self {
        self.history_bytes = bytes;
        self
    }

    /// How much memory each sort, hash join, grouping, `DISTINCT` and set operation of a question may take, and each list of
    /// rows that is read more than once: [`QUERY_MEMORY_BYTES`] if nothing is said. What is more goes to
    /// [`MemoryProvider::scratch`](crate::MemoryProvider::scratch), and back when the question ends. A store in memory has
    /// no scratch space; there it is so much more memory.
    ///
    /// ```
    /// use wasm_dbms_memory::Options;
    ///
    /// let small = Options::new().query_memory_bytes(1 << 20);
    /// assert_ne!(small, Options::new());
    /// ```
    #[must_use]
    pub fn query_memory_bytes(mut self, bytes: usize) -> Self {
        self.query_memory_bytes = bytes;
        self
    }

    /// What [`history_bytes`](Self::history_bytes) and
    /// [`transaction_memory_bytes`](Self::transaction_memory_bytes) say.
    #[doc(hidden)]
    pub fn transaction_limits(&self) -> (usize, usize) {
        (self.history_bytes, self.transaction_memory_bytes)
    }

    pub(crate) fn check(&self) -> MemoryResult<()> {
        if !self.page_size.is_power_of_two() || !(MIN_PAGE_SIZE..=MAX_PAGE_SIZE).contains(&self.page_size) {
            return Err(Box::new(MemoryError::LimitExceeded {
                what: "the page size (a power of two from 4096 bytes)",
                limit: MAX_PAGE_SIZE as u64,
            }));
        }
        Ok(())
    }
}

/// When a commit returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// When it is durable: one sync.
    #[default]
    Full,
    /// At once; a later sync makes it durable. A crash may lose the last such commits, never one from between.
    Eventual,
    /// At once, and nothing is promised: for stores in memory and on scratch media. On a medium that is persistent
    /// ([`Guarantees`](crate::Guarantees)) such a commit is refused with
    /// [`PersistentMedium`](MemoryError::PersistentMedium): there [`Eventual`](Self::Eventual) costs no more.
    None,
}
