//! This project through SQL: statements prepared once, in memory.

use std::ops::RangeInclusive;

use anyhow::Result;
use wasm_dbms::prelude::*;
use wasm_dbms_sql::{FromRow, IntoParameters, RowRef, Sql};

use crate::{Answer, Engine, Post, User, Workload};

const INSERT_USER: &str = "INSERT INTO users VALUES (?1, ?2, ?3, ?4, ?5)";

/// A database of this project that is only spoken to in SQL.
pub struct OursSql {
    database: Database,
}

impl OursSql {
    pub fn in_memory() -> Result<Self> {
        let database = Database::in_memory();
        for statement in [
            "CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL, email text NOT NULL, age integer NOT NULL,
                balance bigint NOT NULL)",
            "CREATE INDEX users_email ON users (email)",
            "CREATE TABLE posts (id integer PRIMARY KEY, author_id integer NOT NULL REFERENCES users (id),
                title text NOT NULL, body text NOT NULL, score integer NOT NULL)",
            "CREATE INDEX posts_author ON posts (author_id)",
        ] {
            database.execute(statement, ())?;
        }
        Ok(Self { database })
    }

    /// Runs one query for whole users and adds all its rows.
    fn read_users(&self, query: &str, parameters: impl IntoParameters, answer: &mut Answer) -> Result<()> {
        self.database.prepare(query)?.for_each(parameters, |row| {
            answer.add(&user_at(row, 0)?);
            Ok(())
        })?;
        Ok(())
    }
}

fn user_at(row: &RowRef<'_>, start: usize) -> wasm_dbms_sql::Result<User> {
    Ok(User {
        id: row.get(start)?,
        name: row.get(start + 1)?,
        email: row.get(start + 2)?,
        age: row.get(start + 3)?,
        balance: row.get(start + 4)?,
    })
}

fn post(row: &RowRef<'_>) -> wasm_dbms_sql::Result<Post> {
    Ok(Post { id: row.get(0)?, author_id: row.get(1)?, title: row.get(2)?, body: row.get(3)?, score: row.get(4)? })
}

fn user_values(user: &User) -> impl IntoParameters + use<'_> {
    (user.id, user.name.as_str(), user.email.as_str(), user.age, user.balance)
}

impl Engine for OursSql {
    fn supports(&self, workload: Workload) -> bool {
        workload != Workload::W11
    }

    fn insert_users(&mut self, users: &[User]) -> Result<()> {
        self.database.try_transaction(|transaction| {
            let statement = transaction.prepare(INSERT_USER)?;
            for user in users {
                statement.execute(user_values(user))?;
            }
            Ok(())
        })
    }

    fn insert_users_singly(&mut self, users: &[User]) -> Result<()> {
        let statement = self.database.prepare(INSERT_USER)?;
        for user in users {
            statement.execute(user_values(user))?;
        }
        Ok(())
    }

    fn insert_posts(&mut self, posts: &[Post]) -> Result<()> {
        self.database.try_transaction(|transaction| {
            let statement = transaction.prepare("INSERT INTO posts VALUES (?1, ?2, ?3, ?4, ?5)")?;
            for post in posts {
                statement.execute((post.id, post.author_id, post.title.as_str(), post.body.as_str(), post.score))?;
            }
            Ok(())
        })
    }

    fn users_by_id(&mut self, ids: &[u32], answer: &mut Answer) -> Result<()> {
        self.database.try_transaction(|transaction| {
            let statement = transaction.prepare("SELECT * FROM users WHERE id = ?1")?;
            for id in ids {
                statement.for_each([*id], |row| {
                    answer.add(&user_at(row, 0)?);
                    Ok(())
                })?;
            }
            Ok(())
        })
    }

    fn users_by_new_statements(&mut self, ids: &[u32], answer: &mut Answer) -> Result<()> {
        self.database.try_transaction(|transaction| {
            for id in ids {
                transaction.prepare("SELECT * FROM users WHERE id = ?1")?.for_each([*id], |row| {
                    answer.add(&user_at(row, 0)?);
                    Ok(())
                })?;
            }
            Ok(())
        })
    }

    fn users_by_email(&mut self, emails: &[String], answer: &mut Answer) -> Result<()> {
        self.database.try_transaction(|transaction| {
            let statement = transaction.prepare("SELECT * FROM users WHERE email = ?1")?;
            for email in emails {
                statement.for_each([email.as_str()], |row| {
                    answer.add(&user_at(row, 0)?);
                    Ok(())
                })?;
            }
            Ok(())
        })
    }

    fn users_in_key_ranges(&mut self, ranges: &[RangeInclusive<u32>], answer: &mut Answer) -> Result<()> {
        let statement = self.database.prepare("SELECT * FROM users WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
        for range in ranges {
            statement.for_each([*range.start(), *range.end()], |row| {
                answer.add(&user_at(row, 0)?);
                Ok(())
            })?;
        }
        Ok(())
    }

    fn users_of_ages(&mut self, ages: RangeInclusive<u32>, answer: &mut Answer) -> Result<()> {
        self.read_users("SELECT * FROM users WHERE age BETWEEN ?1 AND ?2", [*ages.start(), *ages.end()], answer)
    }

    fn totals_by_age(&mut self, answer: &mut Answer) -> Result<()> {
        let query =
            "SELECT age, count(*), sum(balance), CAST(avg(balance) AS double precision) FROM users GROUP BY age";
        self.database.prepare(query)?.for_each((), |row| {
            let (age, count, sum, average) = <(u32, u64, i64, f64)>::from_row(row)?;
            answer.add_total(age, count, sum, average);
            Ok(())
        })?;
        Ok(())
    }

    fn poorest_users(&mut self, limit: usize, answer: &mut Answer) -> Result<()> {
        self.read_users("SELECT * FROM users ORDER BY balance LIMIT ?1", [limit as i64], answer)
    }

    fn posts_of_age(&mut self, age: u32, answer: &mut Answer) -> Result<()> {
        let query = "SELECT posts.*, users.* FROM posts
            JOIN users ON posts.author_id = users.id WHERE users.age = ?1";
        self.database.prepare(query)?.for_each([age], |row| {
            answer.add(&(post(row)?, user_at(row, 5)?));
            Ok(())
        })?;
        Ok(())
    }

    fn update_balances(&mut self, changes: &[(u32, i64)]) -> Result<u64> {
        self.database.try_transaction(|transaction| {
            let statement = transaction.prepare("UPDATE users SET balance = ?2 WHERE id = ?1")?;
            let mut found = 0;
            for (id, balance) in changes {
                found += statement.execute((*id, *balance))?;
            }
            Ok(found)
        })
    }

    fn delete_users(&mut self, ids: &[u32]) -> Result<u64> {
        self.database.try_transaction(|transaction| {
            let statement = transaction.prepare("DELETE FROM users WHERE id = ?1")?;
            let mut found = 0;
            for id in ids {
                found += statement.execute([*id])?;
            }
            Ok(found)
        })
    }
}
