//! redb: a key-value store. Rows are packed by hand, as its users do; it has no secondary index, so the workloads
//! that need one, or a query, are left out.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use redb::backends::InMemoryBackend;
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use workloads::{Answer, Engine, Post, User, Workload};

use super::CACHE_BYTES;

const USERS: TableDefinition<u32, &[u8]> = TableDefinition::new("users");
const POSTS: TableDefinition<u32, &[u8]> = TableDefinition::new("posts");

/// Where the balance starts in a packed user: after the age.
const BALANCE_START: usize = 4;
/// Where the texts start: after the balance.
const TEXT_START: usize = BALANCE_START + 8;

/// A redb database.
pub struct Redb {
    /// None while closed.
    database: Option<Database>,
    /// None in memory.
    path: Option<PathBuf>,
}

impl Redb {
    pub fn in_memory() -> Result<Self> {
        let database = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(InMemoryBackend::new())?;
        let engine = Self { database: Some(database), path: None };
        engine.create_tables()?;
        Ok(engine)
    }

    pub fn on_file(path: PathBuf) -> Result<Self> {
        let engine = Self { database: Some(open_file(&path)?), path: Some(path) };
        engine.create_tables()?;
        Ok(engine)
    }

    fn create_tables(&self) -> Result<()> {
        let transaction = self.database()?.begin_write()?;
        transaction.open_table(USERS)?;
        transaction.open_table(POSTS)?;
        Ok(transaction.commit()?)
    }

    fn database(&self) -> Result<&Database> {
        self.database.as_ref().context("the database is closed")
    }
}

fn open_file(path: &Path) -> Result<Database> {
    Ok(Database::builder().set_cache_size(CACHE_BYTES).create(path)?)
}

impl Engine for Redb {
    fn supports(&self, workload: Workload) -> bool {
        use Workload::{W1, W1b, W2, W4, W5, W6, W7, W11};
        match workload {
            W1 | W1b | W2 | W4 | W5 | W6 | W7 => true,
            W11 => self.path.is_some(),
            _ => false,
        }
    }

    fn insert_users(&mut self, users: &[User]) -> Result<()> {
        let transaction = self.database()?.begin_write()?;
        let mut table = transaction.open_table(USERS)?;
        let mut packed = Vec::new();
        for user in users {
            pack(user, &mut packed);
            table.insert(user.id, packed.as_slice())?;
        }
        drop(table);
        Ok(transaction.commit()?)
    }

    fn insert_users_singly(&mut self, users: &[User]) -> Result<()> {
        users.chunks(1).try_for_each(|one| self.insert_users(one))
    }

    fn insert_posts(&mut self, posts: &[Post]) -> Result<()> {
        let transaction = self.database()?.begin_write()?;
        let mut table = transaction.open_table(POSTS)?;
        for post in posts {
            let packed = [
                &post.author_id.to_le_bytes()[..],
                &post.score.to_le_bytes(),
                &[post.title.len() as u8],
                post.title.as_bytes(),
                post.body.as_bytes(),
            ]
            .concat();
            table.insert(post.id, packed.as_slice())?;
        }
        drop(table);
        Ok(transaction.commit()?)
    }

    fn users_by_id(&mut self, ids: &[u32], answer: &mut Answer) -> Result<()> {
        let table = self.database()?.begin_read()?.open_table(USERS)?;
        for id in ids {
            if let Some(packed) = table.get(id)? {
                answer.add(&unpack(*id, packed.value())?);
            }
        }
        Ok(())
    }

    fn users_by_email(&mut self, _: &[String], _: &mut Answer) -> Result<()> {
        bail!("redb has no secondary index")
    }

    fn users_in_key_ranges(&mut self, ranges: &[RangeInclusive<u32>], answer: &mut Answer) -> Result<()> {
        let table = self.database()?.begin_read()?.open_table(USERS)?;
        for range in ranges {
            for entry in table.range(range.clone())? {
                let (id, packed) = entry?;
                answer.add(&unpack(id.value(), packed.value())?);
            }
        }
        Ok(())
    }

    fn users_of_ages(&mut self, ages: RangeInclusive<u32>, answer: &mut Answer) -> Result<()> {
        let table = self.database()?.begin_read()?.open_table(USERS)?;
        for entry in table.range::<u32>(..)? {
            let (id, packed) = entry?;
            // The age comes first in a packed row, so that rows outside the range are not unpacked.
            let (age, _) = packed.value().split_first_chunk().context("a short row")?;
            if ages.contains(&u32::from_le_bytes(*age)) {
                answer.add(&unpack(id.value(), packed.value())?);
            }
        }
        Ok(())
    }

    fn totals_by_age(&mut self, _: &mut Answer) -> Result<()> {
        bail!("redb has no queries")
    }

    fn poorest_users(&mut self, _: usize, _: &mut Answer) -> Result<()> {
        bail!("redb has no queries")
    }

    fn posts_of_age(&mut self, _: u32, _: &mut Answer) -> Result<()> {
        bail!("redb has no queries")
    }

    fn update_balances(&mut self, changes: &[(u32, i64)]) -> Result<u64> {
        let transaction = self.database()?.begin_write()?;
        let mut table = transaction.open_table(USERS)?;
        let mut found = 0;
        let mut changed = Vec::new();
        for (id, balance) in changes {
            let Some(packed) = table.get(id)? else { continue };
            changed.clear();
            changed.extend_from_slice(packed.value());
            drop(packed);
            changed[BALANCE_START..TEXT_START].copy_from_slice(&balance.to_le_bytes());
            table.insert(id, changed.as_slice())?;
            found += 1;
        }
        drop(table);
        transaction.commit()?;
        Ok(found)
    }

    fn delete_users(&mut self, ids: &[u32]) -> Result<u64> {
        let transaction = self.database()?.begin_write()?;
        let mut table = transaction.open_table(USERS)?;
        let mut found = 0;
        for id in ids {
            found += u64::from(table.remove(id)?.is_some());
        }
        drop(table);
        transaction.commit()?;
        Ok(found)
    }

    fn stored_bytes(&mut self) -> Result<Option<u64>> {
        let transaction = self.database()?.begin_write()?;
        let statistics = transaction.stats()?;
        // The file itself is larger: redb grows it ahead of its needs.
        let bytes = statistics.stored_bytes() + statistics.metadata_bytes() + statistics.fragmented_bytes();
        transaction.abort()?;
        Ok(Some(bytes))
    }

    fn close(&mut self) -> Result<()> {
        self.database = None;
        Ok(())
    }

    fn open(&mut self) -> Result<()> {
        let path = self.path.as_ref().context("not on file")?;
        self.database = Some(open_file(path)?);
        Ok(())
    }
}

/// `age u32, balance i64, name length u8, name, email`, little-endian.
fn pack(user: &User, packed: &mut Vec<u8>) {
    packed.clear();
    packed.extend_from_slice(&user.age.to_le_bytes());
    packed.extend_from_slice(&user.balance.to_le_bytes());
    packed.push(user.name.len() as u8);
    packed.extend_from_slice(user.name.as_bytes());
    packed.extend_from_slice(user.email.as_bytes());
}

fn unpack(id: u32, packed: &[u8]) -> Result<User> {
    let (age, rest) = packed.split_first_chunk().context("a short row")?;
    let (balance, rest) = rest.split_first_chunk().context("a short row")?;
    let (name_length, texts) = rest.split_first().context("a short row")?;
    let (name, email) = texts.split_at_checked(usize::from(*name_length)).context("a short row")?;
    Ok(User {
        id,
        name: str::from_utf8(name)?.to_owned(),
        email: str::from_utf8(email)?.to_owned(),
        age: u32::from_le_bytes(*age),
        balance: i64::from_le_bytes(*balance),
    })
}
