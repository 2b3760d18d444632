//! The plain model every engine is checked against: std collections, the obvious loop for every question, no
//! index but one hash map. Never timed.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use anyhow::Result;

use crate::{Answer, Engine, Post, User, Workload};

/// The truth.
#[derive(Default)]
pub struct Model {
    users: BTreeMap<u32, User>,
    ids_by_email: HashMap<String, u32>,
    posts: Vec<Post>,
}

impl Engine for Model {
    fn supports(&self, _: Workload) -> bool {
        true
    }

    fn insert_users(&mut self, users: &[User]) -> Result<()> {
        for user in users {
            self.users.insert(user.id, user.clone());
            self.ids_by_email.insert(user.email.clone(), user.id);
        }
        Ok(())
    }

    fn insert_users_singly(&mut self, users: &[User]) -> Result<()> {
        self.insert_users(users)
    }

    fn insert_posts(&mut self, posts: &[Post]) -> Result<()> {
        self.posts.extend_from_slice(posts);
        Ok(())
    }

    fn users_by_id(&mut self, ids: &[u32], answer: &mut Answer) -> Result<()> {
        ids.iter().filter_map(|id| self.users.get(id)).for_each(|user| answer.add(user));
        Ok(())
    }

    fn users_by_new_statements(&mut self, ids: &[u32], answer: &mut Answer) -> Result<()> {
        self.users_by_id(ids, answer)
    }

    fn users_by_email(&mut self, emails: &[String], answer: &mut Answer) -> Result<()> {
        let ids = emails.iter().filter_map(|email| self.ids_by_email.get(email));
        ids.filter_map(|id| self.users.get(id)).for_each(|user| answer.add(user));
        Ok(())
    }

    fn users_in_key_ranges(&mut self, ranges: &[RangeInclusive<u32>], answer: &mut Answer) -> Result<()> {
        for range in ranges {
            self.users.values().filter(|user| range.contains(&user.id)).for_each(|user| answer.add(user));
        }
        Ok(())
    }

    fn users_of_ages(&mut self, ages: RangeInclusive<u32>, answer: &mut Answer) -> Result<()> {
        self.users.values().filter(|user| ages.contains(&user.age)).for_each(|user| answer.add(user));
        Ok(())
    }

    fn totals_by_age(&mut self, answer: &mut Answer) -> Result<()> {
        let mut balances_by_age: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
        for user in self.users.values() {
            balances_by_age.entry(user.age).or_default().push(user.balance);
        }
        for (age, balances) in balances_by_age {
            let sum: i64 = balances.iter().sum();
            answer.add_total(age, balances.len() as u64, sum, sum as f64 / balances.len() as f64);
        }
        Ok(())
    }

    fn poorest_users(&mut self, limit: usize, answer: &mut Answer) -> Result<()> {
        let mut users: Vec<&User> = self.users.values().collect();
        users.sort_by_key(|user| user.balance);
        users.into_iter().take(limit).for_each(|user| answer.add(user));
        Ok(())
    }

    fn posts_of_age(&mut self, age: u32, answer: &mut Answer) -> Result<()> {
        for post in &self.posts {
            if let Some(user) = self.users.get(&post.author_id).filter(|user| user.age == age) {
                answer.add(&(post, user));
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
        let deleted: Vec<User> = ids.iter().filter_map(|id| self.users.remove(id)).collect();
        for user in &deleted {
            self.ids_by_email.remove(&user.email);
        }
        Ok(deleted.len() as u64)
    }

    fn close(&mut self) -> Result<()> {
        Ok(())
    }

    fn open(&mut self) -> Result<()> {
        Ok(())
    }
}
