//! What can go wrong between a page and its medium.

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;

use crate::{Page, PageOffset};

/// Text of an error: static where it can be, so that a hot path fails without allocating.
type Text = Cow<'static, str>;

/// The result of every storage operation. The error is behind a pointer: what succeeds, which is nearly everything, then
/// carries one word for it, and a module is 20 KB (gzip) smaller.
pub type MemoryResult<T> = Result<T, Box<MemoryError>>;

/// Everything that storage can refuse or find. Each variant names the thing: the page, the offset, the length, the
/// host's own words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// The page was never allocated.
    #[error("page {page} is out of range: the store has {pages} pages")]
    PageOutOfRange {
        /// The page that was asked for.
        page: Page,
        /// How many pages there are.
        pages: Page,
    },
    /// The access starts at or runs past the end of the page.
    #[error("{length} bytes at offset {offset} do not fit in page {page} of {page_size} bytes")]
    OutOfBounds {
        /// The page that was asked for.
        page: Page,
        /// Where the access starts.
        offset: PageOffset,
        /// How many bytes it covers.
        length: u64,
        /// The size of a page.
        page_size: u64,
    },
    /// A typed access at an offset that its type does not allow.
    #[error("offset {offset} of page {page} is not a multiple of the alignment {alignment}")]
    Misaligned {
        /// The page that was asked for.
        page: Page,
        /// The offset that was asked for.
        offset: PageOffset,
        /// What it must be a multiple of.
        alignment: PageOffset,
    },
    /// Bytes that are no value of the asked type.
    #[error("cannot decode {expected}: {found}")]
    Decode {
        /// The type that was asked for.
        expected: &'static str,
        /// What was found instead.
        found: Text,
    },
    /// The page is one of the store's own and cannot be released.
    #[error("page {page} is reserved and cannot be released")]
    ReservedPage {
        /// The page that was to be released.
        page: Page,
    },
    /// The page was released before.
    #[error("page {page} was released already")]
    AlreadyUnclaimed {
        /// The page that was to be released again.
        page: Page,
    },
    /// A size or count went past a limit of this store (see `docs/LIMITS.md`).
    #[error("{what} exceeds the limit of {limit}")]
    LimitExceeded {
        /// What was too large.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The bytes of the store contradict themselves.
    #[error("corrupt: {what}")]
    Corrupt {
        /// The page, the structure and what was expected of it.
        what: Text,
    },
    /// The medium holds something that is no wasm-dbms database.
    #[error("not a wasm-dbms database: {found}")]
    NotADatabase {
        /// What was found instead.
        found: Text,
    },
    /// The database was written by a newer version.
    #[error("the database has format version {found}; this build reads up to {supported}")]
    NewerFormat {
        /// The version the file states.
        found: u32,
        /// The newest version this build reads.
        supported: u32,
    },
    /// A part of the database was written by a newer version.
    #[error("{what} was written by a newer version; this build cannot read it")]
    NewerPart {
        /// The part: the field of a schema snapshot, an expression.
        what: Text,
    },
    /// Another process or handle has the database open.
    #[error("{what} is open already: {holder}")]
    Locked {
        /// The file or resource.
        what: Text,
        /// Who holds it, as far as is known.
        holder: Text,
    },
    /// The host refused an operation.
    #[error("{operation} failed: {reason}")]
    Host {
        /// What was asked of the host: `read`, `write`, `sync`, `set_size`, `open`.
        operation: &'static str,
        /// The host's own words.
        reason: Text,
        /// Whether the medium is full.
        is_full: bool,
    },
    /// The store was opened for reading only.
    #[error("{operation} is refused: the database is open for reading only")]
    ReadOnly {
        /// What was asked for.
        operation: &'static str,
    },
    /// A commit without durability on a medium that keeps what is written.
    #[error("a commit with Durability::None is for memory and scratch media, and this medium is persistent")]
    PersistentMedium,
    /// The operation needs a store without uncommitted changes.
    #[error("{operation} needs a store without uncommitted changes")]
    Uncommitted {
        /// What was asked for.
        operation: &'static str,
    },
    /// The old versions of pages that this snapshot needs took more room than they may
    /// (`Options::snapshot_spill_max_bytes`), or could not be kept. A new snapshot reads the last commit.
    #[error("the snapshot has expired: the old versions of pages that it needs took too much room")]
    SnapshotExpired,
    /// An earlier write or sync failed. Writes are refused until the database is opened again; `cause` is the first
    /// failure.
    #[error("writes are refused since an earlier failure: {cause}")]
    Poisoned {
        /// The first failure.
        cause: Text,
    },
    /// A sync or log write failed: the commit that was on its way, and those before it with `Durability::Eventual` that
    /// no sync had followed, may or may not survive, the earlier ones rather than the later.
    #[error("{} in doubt: {cause}", in_doubt(*commits))]
    InDoubt {
        /// The failure.
        cause: Text,
        /// How many commits are in doubt.
        commits: u64,
    },
}

fn in_doubt(commits: u64) -> Text {
    if commits == 1 { "the commit is".into() } else { format!("the last {commits} commits are").into() }
}

impl From<Box<MemoryError>> for MemoryError {
    fn from(error: Box<Self>) -> Self {
        *error
    }
}

impl MemoryError {
    /// The bytes contradict themselves: `what` names the page and what was expected.
    ///
    /// ```
    /// use wasm_dbms_api::MemoryError;
    ///
    /// let error = MemoryError::corrupt("page 7 is no leaf");
    /// assert!(error.is_corrupt());
    /// assert!(error.to_string().contains("page 7"));
    /// ```
    pub fn corrupt(what: impl Into<Text>) -> Box<Self> {
        #[cold]
        #[inline(never)]
        fn corrupt(what: Text) -> Box<MemoryError> {
            Box::new(MemoryError::Corrupt { what })
        }
        corrupt(what.into())
    }

    /// As [`corrupt`](Self::corrupt), of words that are put together here: a module has no such code wherever bytes may be wrong.
    ///
    /// ```
    /// use wasm_dbms_api::MemoryError;
    ///
    /// let page = 7;
    /// let error = MemoryError::corrupt_with(format_args!("page {page} is no leaf"));
    /// assert_eq!(error, MemoryError::corrupt("page 7 is no leaf"));
    /// ```
    #[cold]
    #[inline(never)]
    pub fn corrupt_with(what: fmt::Arguments<'_>) -> Box<Self> {
        Box::new(Self::Corrupt { what: what.to_string().into() })
    }

    /// Whether the medium, the quota or a limit of the format is exhausted.
    ///
    /// ```
    /// use wasm_dbms_api::MemoryError;
    ///
    /// assert!(!MemoryError::SnapshotExpired.is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Host { is_full: true, .. } | Self::LimitExceeded { .. })
    }

    /// Whether stored bytes are damaged.
    ///
    /// ```
    /// use wasm_dbms_api::MemoryError;
    ///
    /// assert!(MemoryError::corrupt("page 7 is no leaf").is_corrupt());
    /// ```
    pub fn is_corrupt(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::Decode { .. } | Self::NotADatabase { .. })
    }

    /// Whether a snapshot could not be kept readable any longer.
    ///
    /// ```
    /// use wasm_dbms_api::MemoryError;
    ///
    /// assert!(MemoryError::SnapshotExpired.is_snapshot_expired());
    /// ```
    pub fn is_snapshot_expired(&self) -> bool {
        matches!(self, Self::SnapshotExpired)
    }

    /// Whether the last commit may or may not have survived.
    ///
    /// ```
    /// use wasm_dbms_api::MemoryError;
    ///
    /// assert!(!MemoryError::SnapshotExpired.is_in_doubt());
    /// ```
    pub fn is_in_doubt(&self) -> bool {
        matches!(self, Self::InDoubt { .. })
    }
}
