//! The engines side by side, behind one trait.
//!
//! Every method takes a whole batch, so that one virtual call is paid per workload and an engine may prepare
//! statements or open tables once, as its expert user would.

use std::ops::RangeInclusive;

use anyhow::{Result, bail};

use crate::{Answer, Post, User, Workload};

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
    /// Gets by primary key, each by a statement that is prepared for it and dropped.
    fn users_by_new_statements(&mut self, _: &[u32], _: &mut Answer) -> Result<()> {
        bail!("no statements")
    }
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
