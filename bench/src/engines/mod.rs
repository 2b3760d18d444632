//! The engines side by side, behind one trait.
//!
//! Every method takes a whole batch, so that one virtual call is paid per workload and an engine may prepare
//! statements or open tables once, as its expert user would.

mod btree;
#[cfg(feature = "ours")]
mod ours;
#[cfg(feature = "peer")]
mod peer;
mod redb;
mod sqlite;

use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::answer::Answer;
use crate::dataset::{Post, User};
use crate::workload::Workload;

/// Page cache every engine that has one is given: more than the data, so that none pays for evictions.
const CACHE_BYTES: usize = 64 << 20;

/// The operations of the workloads. Reads add what they found to an [`Answer`].
pub trait Engine {
    /// Whether the engine can do this at all; the report shows `-` where it cannot.
    fn supports(&self, workload: Workload) -> bool;
    /// One transaction.
    fn insert_users(&mut self, users: &[User]) -> Result<()>;
    /// One commit per row.
    fn insert_users_singly(&mut self, users: &[User]) -> Result<()>;
    /// One transaction.
    fn insert_posts(&mut self, posts: &[Post]) -> Result<()>;
    /// Gets by primary key.
    fn users_by_id(&mut self, ids: &[u32], answer: &mut Answer) -> Result<()>;
    /// Gets by the secondary index; addresses of nobody add nothing.
    fn users_by_email(&mut self, emails: &[String], answer: &mut Answer) -> Result<()>;
    /// Reads key ranges, each in key order.
    fn users_in_key_ranges(&mut self, ranges: &[RangeInclusive<u32>], answer: &mut Answer) -> Result<()>;
    /// Scans for a range of ages.
    fn users_of_ages(&mut self, ages: RangeInclusive<u32>, answer: &mut Answer) -> Result<()>;
    /// Count, sum and average of balances grouped by age.
    fn totals_by_age(&mut self, answer: &mut Answer) -> Result<()>;
    /// Users by balance, smallest first.
    fn poorest_users(&mut self, limit: usize, answer: &mut Answer) -> Result<()>;
    /// Posts with their authors, for authors of this age.
    fn posts_of_age(&mut self, age: u32, answer: &mut Answer) -> Result<()>;
    /// One transaction; returns the rows found.
    fn update_balances(&mut self, changes: &[(u32, i64)]) -> Result<u64>;
    /// One transaction; returns the rows found.
    fn delete_users(&mut self, ids: &[u32]) -> Result<u64>;
    /// Makes what is stored as small as the engine can.
    fn compact(&mut self) -> Result<()> {
        Ok(())
    }
    /// Pages in use by tables and indexes, in bytes.
    fn stored_bytes(&mut self) -> Result<Option<u64>> {
        Ok(None)
    }
    /// Pages in use by the table of users alone, in bytes, where the engine can tell.
    fn table_bytes(&mut self) -> Result<Option<u64>> {
        Ok(None)
    }
    /// Closes the file.
    fn close(&mut self) -> Result<()> {
        bail!("not on file")
    }
    /// Opens the file again, ready for its first read.
    fn open(&mut self) -> Result<()> {
        bail!("not on file")
    }
}

/// The engines that can take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum)]
pub enum EngineKind {
    #[value(name = "wasm-dbms")]
    Ours,
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
            Self::Ours | Self::OursFile => cfg!(feature = "ours"),
            Self::Peer => cfg!(feature = "peer"),
            _ => true,
        }
    }

    /// An empty database; files go into `directory`.
    pub fn create(self, directory: &Path) -> Result<Box<dyn Engine>> {
        Ok(match self {
            #[cfg(feature = "ours")]
            Self::Ours => Box::new(ours::Ours::in_memory()?),
            #[cfg(feature = "ours")]
            Self::OursFile => Box::new(ours::Ours::on_file(directory.join("ours.db"))?),
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
