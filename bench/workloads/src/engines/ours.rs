//! This project, through its typed API.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use wasm_dbms::prelude::*;

use crate::{Answer, Engine, Post, User, Workload};

/// Both tables of BENCH.md.
#[derive(DatabaseSchema)]
#[tables(User = "users", Post = "posts")]
struct Blog;

/// A database of this project.
pub struct Ours {
    /// None while closed.
    database: Option<Database>,
    /// None in memory.
    path: Option<PathBuf>,
}

impl Ours {
    pub fn in_memory() -> Result<Self> {
        let database = Database::in_memory().with_schema::<Blog>()?;
        Ok(Self { database: Some(database), path: None })
    }

    /// With all that a commit does for a medium, on one that takes no time.
    pub fn with_log() -> Result<Self> {
        let database = Database::open(HeapProvider::new())?.with_schema::<Blog>()?;
        Ok(Self { database: Some(database), path: None })
    }

    pub fn on_file(path: PathBuf) -> Result<Self> {
        Ok(Self { database: Some(open_file(&path)?), path: Some(path) })
    }

    fn database(&self) -> Result<&Database> {
        self.database.as_ref().context("the database is closed")
    }
}

fn open_file(path: &Path) -> Result<Database> {
    let options = Options::new();
    Ok(Database::open_with(FileProvider::open(path)?, options)?.with_schema::<Blog>()?)
}

impl Engine for Ours {
    fn supports(&self, workload: Workload) -> bool {
        match workload {
            Workload::W11 => self.path.is_some(),
            Workload::W12 => false,
            _ => true,
        }
    }

    fn insert_users(&mut self, users: &[User]) -> Result<()> {
        self.database()?.insert_many(users.iter())?;
        Ok(())
    }

    fn insert_users_singly(&mut self, users: &[User]) -> Result<()> {
        let database = self.database()?;
        for user in users {
            database.insert(user)?;
        }
        Ok(())
    }

    fn insert_posts(&mut self, posts: &[Post]) -> Result<()> {
        self.database()?.insert_many(posts.iter())?;
        Ok(())
    }

    // A batch of reads is one transaction here as it is for SQLite: the turn is taken once.
    fn users_by_id(&mut self, ids: &[u32], answer: &mut Answer) -> Result<()> {
        Ok(self.database()?.transaction(|transaction| {
            for id in ids {
                if let Some(user) = transaction.get::<User>(*id)? {
                    answer.add(&user);
                }
            }
            Ok(())
        })?)
    }

    fn users_by_email(&mut self, emails: &[String], answer: &mut Answer) -> Result<()> {
        Ok(self.database()?.transaction(|transaction| {
            for email in emails {
                let user: Option<User> = transaction.get_by(User::EMAIL, email.as_str())?;
                if let Some(user) = user {
                    answer.add(&user);
                }
            }
            Ok(())
        })?)
    }

    fn users_in_key_ranges(&mut self, ranges: &[RangeInclusive<u32>], answer: &mut Answer) -> Result<()> {
        let database = self.database()?;
        for range in ranges {
            database
                .select::<User>()
                .filter(User::ID.between(*range.start(), *range.end()))
                .order_by(User::ID.asc())
                .for_each(|user| {
                answer.add(&user);
                Ok(())
            })?;
        }
        Ok(())
    }

    fn users_of_ages(&mut self, ages: RangeInclusive<u32>, answer: &mut Answer) -> Result<()> {
        self.database()?.select::<User>().filter(User::AGE.between(*ages.start(), *ages.end())).for_each(|user| {
            answer.add(&user);
            Ok(())
        })?;
        Ok(())
    }

    fn totals_by_age(&mut self, answer: &mut Answer) -> Result<()> {
        let totals: Vec<(u32, u64, Option<i64>, Option<f64>)> = self
            .database()?
            .select::<User>()
            .group_by(User::AGE)
            .columns((User::AGE, count(), sum(User::BALANCE), avg(User::BALANCE)))
            .all()?;
        for (age, count, sum, average) in totals {
            answer.add_total(age, count, sum.unwrap_or(0), average.unwrap_or(0.0));
        }
        Ok(())
    }

    fn poorest_users(&mut self, limit: usize, answer: &mut Answer) -> Result<()> {
        let users: Vec<User> =
            self.database()?.select::<User>().order_by(User::BALANCE.asc()).limit(limit.try_into()?).all()?;
        for user in users {
            answer.add(&user);
        }
        Ok(())
    }

    fn posts_of_age(&mut self, age: u32, answer: &mut Answer) -> Result<()> {
        let pairs: Vec<(Post, User)> = self
            .database()?
            .select::<Post>()
            .join::<User>(Post::AUTHOR_ID, User::ID)
            .filter(User::AGE.eq(age))
            .all()?;
        for pair in pairs {
            answer.add(&pair);
        }
        Ok(())
    }

    fn update_balances(&mut self, changes: &[(u32, i64)]) -> Result<u64> {
        self.database()?.try_transaction(|transaction| {
            let mut found = 0;
            for (id, balance) in changes {
                let update = transaction.update_key::<User>(*id).set(User::BALANCE, *balance);
                found += u64::from(update.run()?);
            }
            Ok(found)
        })
    }

    fn delete_users(&mut self, ids: &[u32]) -> Result<u64> {
        self.database()?.try_transaction(|transaction| {
            let mut found = 0;
            for id in ids {
                found += u64::from(transaction.delete_key::<User>(*id)?);
            }
            Ok(found)
        })
    }

    fn compact(&mut self) -> Result<()> {
        self.database()?.vacuum()?;
        Ok(())
    }

    fn table_bytes(&mut self) -> Result<Option<u64>> {
        let database = self.database()?;
        let mut bytes = 0;
        for number in 0..database.page_count() {
            let page = database.page(number)?;
            if page.tree == "users" {
                bytes += page.bytes.len() as u64;
            }
        }
        Ok(Some(bytes))
    }

    fn stored_bytes(&mut self) -> Result<Option<u64>> {
        let mut exported = Vec::new();
        self.database()?.export(&mut exported)?;
        Ok(Some(exported.len() as u64))
    }

    fn close(&mut self) -> Result<()> {
        if let Some(database) = self.database.take() {
            database.close()?;
        }
        Ok(())
    }

    fn open(&mut self) -> Result<()> {
        let path = self.path.as_ref().context("not on file")?;
        self.database = Some(open_file(path)?);
        Ok(())
    }
}
