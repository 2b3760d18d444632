//! The crate `wasm-dbms` 0.11 of crates.io, in memory. Every write commits by itself: its transactions keep an
//! overlay that each statement searches, and cost more per row than a commit does.

use std::ops::RangeInclusive;

use anyhow::Result;
use peer::{PostRow, Store, UserRow};

use workloads::{Answer, Engine, Post, User, Workload};

/// The other `wasm-dbms`.
pub struct Peer {
    store: Store,
}

impl Peer {
    pub fn new() -> Result<Self> {
        Ok(Self { store: Store::new()? })
    }
}

fn user((id, name, email, age, balance): UserRow) -> User {
    User { id, name, email, age, balance }
}

fn post((id, author_id, title, body, score): PostRow) -> Post {
    Post { id, author_id, title, body, score }
}

impl Engine for Peer {
    fn supports(&self, workload: Workload) -> bool {
        !matches!(workload, Workload::W11 | Workload::W12)
    }

    fn insert_users(&mut self, users: &[User]) -> Result<()> {
        self.store.insert_users(
            users.iter().map(|user| (user.id, user.name.clone(), user.email.clone(), user.age, user.balance)),
        )
    }

    fn insert_users_singly(&mut self, users: &[User]) -> Result<()> {
        self.insert_users(users)
    }

    fn insert_posts(&mut self, posts: &[Post]) -> Result<()> {
        self.store.insert_posts(
            posts.iter().map(|post| (post.id, post.author_id, post.title.clone(), post.body.clone(), post.score)),
        )
    }

    fn users_by_id(&mut self, ids: &[u32], answer: &mut Answer) -> Result<()> {
        for id in ids {
            if let Some(row) = self.store.user_by_id(*id)? {
                answer.add(&user(row));
            }
        }
        Ok(())
    }

    fn users_by_email(&mut self, emails: &[String], answer: &mut Answer) -> Result<()> {
        for email in emails {
            if let Some(row) = self.store.user_by_email(email)? {
                answer.add(&user(row));
            }
        }
        Ok(())
    }

    fn users_in_key_ranges(&mut self, ranges: &[RangeInclusive<u32>], answer: &mut Answer) -> Result<()> {
        for range in ranges {
            for row in self.store.users_between("id", *range.start(), *range.end())? {
                answer.add(&user(row));
            }
        }
        Ok(())
    }

    fn users_of_ages(&mut self, ages: RangeInclusive<u32>, answer: &mut Answer) -> Result<()> {
        for row in self.store.users_between("age", *ages.start(), *ages.end())? {
            answer.add(&user(row));
        }
        Ok(())
    }

    fn totals_by_age(&mut self, answer: &mut Answer) -> Result<()> {
        for (age, count, sum, average) in self.store.totals_by_age()? {
            answer.add_total(age, count, sum, average);
        }
        Ok(())
    }

    fn poorest_users(&mut self, limit: usize, answer: &mut Answer) -> Result<()> {
        for row in self.store.poorest_users(limit)? {
            answer.add(&user(row));
        }
        Ok(())
    }

    fn posts_of_age(&mut self, age: u32, answer: &mut Answer) -> Result<()> {
        for (post_row, user_row) in self.store.posts_of_age(age)? {
            answer.add(&(post(post_row), user(user_row)));
        }
        Ok(())
    }

    fn update_balances(&mut self, changes: &[(u32, i64)]) -> Result<u64> {
        changes.iter().map(|(id, balance)| self.store.update_balance(*id, *balance)).sum()
    }

    fn delete_users(&mut self, ids: &[u32]) -> Result<u64> {
        ids.iter().map(|id| self.store.delete_user(*id)).sum()
    }
}
