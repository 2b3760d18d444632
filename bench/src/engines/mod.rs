//! The engines side by side; this project's own is in the crate `workloads`.

mod btree;
#[cfg(feature = "peer")]
mod peer;
mod redb;
mod sqlite;

use std::path::Path;

use anyhow::Result;
#[cfg(not(all(feature = "ours", feature = "peer")))]
use anyhow::bail;
use clap::ValueEnum;
use workloads::Engine;

/// Page cache every engine that has one is given: more than the data, so that none pays for evictions.
const CACHE_BYTES: usize = 64 << 20;

/// The engines that can take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum)]
pub enum EngineKind {
    #[value(name = "wasm-dbms")]
    Ours,
    #[value(name = "wasm-dbms-sql")]
    OursSql,
    #[value(name = "wasm-dbms-file")]
    OursFile,
    #[value(name = "sqlite")]
    Sqlite,
    #[value(name = "sqlite-file")]
    SqliteFile,
    #[value(name = "redb")]
    Redb,
    #[value(name = "redb-file")]
    RedbFile,
    #[value(name = "btree")]
    Btree,
    #[value(name = "wasm-dbms-0.11")]
    Peer,
}

impl EngineKind {
    /// As the report prints it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Ours => "wasm-dbms",
            Self::OursSql => "wasm-dbms SQL",
            Self::OursFile => "wasm-dbms file",
            Self::Sqlite => "SQLite",
            Self::SqliteFile => "SQLite file",
            Self::Redb => "redb",
            Self::RedbFile => "redb file",
            Self::Btree => "BTreeMap",
            Self::Peer => "wasm-dbms 0.11",
        }
    }

    /// Whether commits reach a disk.
    pub fn is_on_file(self) -> bool {
        matches!(self, Self::OursFile | Self::SqliteFile | Self::RedbFile)
    }

    /// Whether this build contains the engine.
    pub fn is_compiled(self) -> bool {
        match self {
            Self::Ours | Self::OursSql | Self::OursFile => cfg!(feature = "ours"),
            Self::Peer => cfg!(feature = "peer"),
            _ => true,
        }
    }

    /// An empty database; files go into `directory`.
    pub fn create(self, directory: &Path) -> Result<Box<dyn Engine>> {
        Ok(match self {
            #[cfg(feature = "ours")]
            Self::Ours => Box::new(workloads::Ours::in_memory()?),
            #[cfg(feature = "ours")]
            Self::OursSql => Box::new(workloads::OursSql::in_memory()?),
            #[cfg(feature = "ours")]
            Self::OursFile => Box::new(workloads::Ours::on_file(directory.join("ours.db"))?),
            Self::Sqlite => Box::new(sqlite::Sqlite::in_memory()?),
            Self::SqliteFile => Box::new(sqlite::Sqlite::on_file(directory.join("sqlite.db"))?),
            Self::Redb => Box::new(redb::Redb::in_memory()?),
            Self::RedbFile => Box::new(redb::Redb::on_file(directory.join("redb.db"))?),
            Self::Btree => Box::new(btree::Btree::default()),
            #[cfg(feature = "peer")]
            Self::Peer => Box::new(peer::Peer::new()?),
            #[allow(unreachable_patterns, reason = "reached only when a feature is off")]
            absent => bail!("{} is not part of this build", absent.title()),
        })
    }
}
