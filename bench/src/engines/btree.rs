//! `std::collections::BTreeMap` and index maps: no transactions, no durability; the floor a tree in memory sets.

use std::collections::{BTreeMap, BinaryHeap};
use std::hint::black_box;
use std::ops::RangeInclusive;

use anyhow::{Context as _, Result};

use workloads::{Answer, Engine, Post, User, Workload};

/// Tables and indexes as maps.
#[derive(Default)]
pub struct Btree {
    users: BTreeMap<u32, User>,
    ids_by_email: BTreeMap<String, u32>,
    posts: BTreeMap<u32, Post>,
    post_ids_by_author: BTreeMap<u32, Vec<u32>>,
}

/// A copy the compiler may not leave out: a database hands out rows that outlive it.
fn owned<T: Clone>(row: &T) -> T {
    black_box(row.clone())
}

impl Engine for Btree {
    fn supports(&self, workload: Workload) -> bool {
        !matches!(workload, Workload::W11 | Workload::W12)
    }

    fn insert_users(&mut self, users: &[User]) -> Result<()> {
        for user in users {
            self.ids_by_email.insert(user.email.clone(), user.id);
            self.users.insert(user.id, user.clone());
        }
        Ok(())
    }

    fn insert_users_singly(&mut self, users: &[User]) -> Result<()> {
        self.insert_users(users)
    }

    fn insert_posts(&mut self, posts: &[Post]) -> Result<()> {
        for post in posts {
            self.post_ids_by_author.entry(post.author_id).or_default().push(post.id);
            self.posts.insert(post.id, post.clone());
        }
        Ok(())
    }

    fn users_by_id(&mut self, ids: &[u32], answer: &mut Answer) -> Result<()> {
        for user in ids.iter().filter_map(|id| self.users.get(id)) {
            answer.add(&owned(user));
        }
        Ok(())
    }

    fn users_by_email(&mut self, emails: &[String], answer: &mut Answer) -> Result<()> {
        for email in emails {
            let id = self.ids_by_email.get(email);
            if let Some(user) = id.and_then(|id| self.users.get(id)) {
                answer.add(&owned(user));
            }
        }
        Ok(())
    }

    fn users_in_key_ranges(&mut self, ranges: &[RangeInclusive<u32>], answer: &mut Answer) -> Result<()> {
        for range in ranges {
            for (_, user) in self.users.range(range.clone()) {
                answer.add(&owned(user));
            }
        }
        Ok(())
    }

    fn users_of_ages(&mut self, ages: RangeInclusive<u32>, answer: &mut Answer) -> Result<()> {
        for user in self.users.values().filter(|user| ages.contains(&user.age)) {
            answer.add(&owned(user));
        }
        Ok(())
    }

    fn totals_by_age(&mut self, answer: &mut Answer) -> Result<()> {
        let mut totals: BTreeMap<u32, (u64, i64)> = BTreeMap::new();
        for user in self.users.values() {
            let (count, sum) = totals.entry(user.age).or_default();
            *count += 1;
            *sum += user.balance;
        }
        for (age, (count, sum)) in totals {
            answer.add_total(age, count, sum, sum as f64 / count as f64);
        }
        Ok(())
    }

    fn poorest_users(&mut self, limit: usize, answer: &mut Answer) -> Result<()> {
        let mut poorest: BinaryHeap<(i64, u32)> = BinaryHeap::with_capacity(limit + 1);
        for user in self.users.values() {
            if poorest.len() < limit {
                poorest.push((user.balance, user.id));
            } else if poorest.peek().is_some_and(|(balance, _)| user.balance < *balance) {
                poorest.pop();
                poorest.push((user.balance, user.id));
            }
        }
        for (_, id) in poorest.into_sorted_vec() {
            answer.add(&owned(self.users.get(&id).context("a user vanished")?));
        }
        Ok(())
    }

    fn posts_of_age(&mut self, age: u32, answer: &mut Answer) -> Result<()> {
        for user in self.users.values().filter(|user| user.age == age) {
            for id in self.post_ids_by_author.get(&user.id).into_iter().flatten() {
                let post = self.posts.get(id).context("a post vanished")?;
                answer.add(&(owned(post), owned(user)));
            }
        }
        Ok(())
    }

    fn update_balances(&mut self, changes: &[(u32, i64)]) -> Result<u64> {
        let mut found = 0;
        for (id, balance) in changes {
            if let Some(user) = self.users.get_mut(id) {
                user.balance = *balance;
                found += 1;
            }
        }
        Ok(found)
    }

    fn delete_users(&mut self, ids: &[u32]) -> Result<u64> {
        let mut found = 0;
        for id in ids {
            if let Some(user) = self.users.remove(id) {
                self.ids_by_email.remove(&user.email);
                found += 1;
            }
        }
        Ok(found)
    }
}
