//! SQLite through rusqlite, its C code compiled in: statements prepared once per batch, reads of a batch in one
//! transaction (each statement of its own would take and release locks), WAL and `synchronous = FULL` on file.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rusqlite::{Connection, OptionalExtension as _, Params, Row, Transaction, params};

use workloads::{Answer, Engine, Post, User, Workload};

use super::CACHE_BYTES;

/// The tables of BENCH.md. `INTEGER PRIMARY KEY` makes the key the row id: SQLite's fastest form.
const SCHEMA: &str = "
    CREATE TABLE users(
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        email TEXT NOT NULL,
        age INTEGER NOT NULL,
        balance INTEGER NOT NULL
    );
    CREATE INDEX users_email ON users(email);
    CREATE TABLE posts(
        id INTEGER PRIMARY KEY,
        author_id INTEGER NOT NULL REFERENCES users(id),
        title TEXT NOT NULL,
        body TEXT NOT NULL,
        score INTEGER NOT NULL
    );
    CREATE INDEX posts_author_id ON posts(author_id);
";
const INSERT_USER: &str = "INSERT INTO users VALUES (?1, ?2, ?3, ?4, ?5)";

/// A SQLite database.
pub struct Sqlite {
    /// None while closed.
    connection: Option<Connection>,
    /// None in memory.
    path: Option<PathBuf>,
}

impl Sqlite {
    pub fn in_memory() -> Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection: Some(connection), path: None })
    }

    pub fn on_file(path: PathBuf) -> Result<Self> {
        let connection = open_file(&path)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection: Some(connection), path: Some(path) })
    }

    fn connection(&mut self) -> Result<&mut Connection> {
        self.connection.as_mut().context("the database is closed")
    }

    fn begin(&mut self) -> Result<Transaction<'_>> {
        Ok(self.connection()?.transaction()?)
    }

    /// Runs one query for whole users and adds all its rows.
    fn read_users(&mut self, query: &str, params: impl Params, answer: &mut Answer) -> Result<()> {
        let mut statement = self.connection()?.prepare(query)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            answer.add(&user(row)?);
        }
        Ok(())
    }
}

fn open_file(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Negative: in KiB, not in pages.
    connection.pragma_update(None, "cache_size", -(CACHE_BYTES as i64 >> 10))?;
    Ok(connection)
}

fn user_params(user: &User) -> impl Params + use<'_> {
    (user.id, user.name.as_str(), user.email.as_str(), user.age, user.balance)
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    user_at(row, 0)
}

fn user_at(row: &Row<'_>, start: usize) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get(start)?,
        name: row.get(start + 1)?,
        email: row.get(start + 2)?,
        age: row.get(start + 3)?,
        balance: row.get(start + 4)?,
    })
}

fn post(row: &Row<'_>) -> rusqlite::Result<Post> {
    Ok(Post { id: row.get(0)?, author_id: row.get(1)?, title: row.get(2)?, body: row.get(3)?, score: row.get(4)? })
}

impl Engine for Sqlite {
    fn supports(&self, workload: Workload) -> bool {
        workload != Workload::W11 || self.path.is_some()
    }

    fn insert_users(&mut self, users: &[User]) -> Result<()> {
        let transaction = self.begin()?;
        let mut statement = transaction.prepare(INSERT_USER)?;
        for user in users {
            statement.execute(user_params(user))?;
        }
        drop(statement);
        Ok(transaction.commit()?)
    }

    fn insert_users_singly(&mut self, users: &[User]) -> Result<()> {
        let mut statement = self.connection()?.prepare(INSERT_USER)?;
        for user in users {
            statement.execute(user_params(user))?;
        }
        Ok(())
    }

    fn insert_posts(&mut self, posts: &[Post]) -> Result<()> {
        let transaction = self.begin()?;
        let mut statement = transaction.prepare("INSERT INTO posts VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for post in posts {
            statement.execute(params![post.id, post.author_id, post.title, post.body, post.score])?;
        }
        drop(statement);
        Ok(transaction.commit()?)
    }

    fn users_by_id(&mut self, ids: &[u32], answer: &mut Answer) -> Result<()> {
        let transaction = self.begin()?;
        let mut statement = transaction.prepare("SELECT * FROM users WHERE id = ?1")?;
        for id in ids {
            if let Some(user) = statement.query_row([id], user).optional()? {
                answer.add(&user);
            }
        }
        Ok(())
    }

    fn users_by_new_statements(&mut self, ids: &[u32], answer: &mut Answer) -> Result<()> {
        let transaction = self.begin()?;
        for id in ids {
            let mut statement = transaction.prepare("SELECT * FROM users WHERE id = ?1")?;
            if let Some(user) = statement.query_row([id], user).optional()? {
                answer.add(&user);
            }
        }
        Ok(())
    }

    fn users_by_email(&mut self, emails: &[String], answer: &mut Answer) -> Result<()> {
        let transaction = self.begin()?;
        let mut statement = transaction.prepare("SELECT * FROM users WHERE email = ?1")?;
        for email in emails {
            if let Some(user) = statement.query_row([email], user).optional()? {
                answer.add(&user);
            }
        }
        Ok(())
    }

    fn users_in_key_ranges(&mut self, ranges: &[RangeInclusive<u32>], answer: &mut Answer) -> Result<()> {
        let transaction = self.begin()?;
        let mut statement = transaction.prepare("SELECT * FROM users WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
        for range in ranges {
            let mut rows = statement.query([range.start(), range.end()])?;
            while let Some(row) = rows.next()? {
                answer.add(&user(row)?);
            }
        }
        Ok(())
    }

    fn users_of_ages(&mut self, ages: RangeInclusive<u32>, answer: &mut Answer) -> Result<()> {
        let query = "SELECT * FROM users WHERE age BETWEEN ?1 AND ?2";
        self.read_users(query, [ages.start(), ages.end()], answer)
    }

    fn totals_by_age(&mut self, answer: &mut Answer) -> Result<()> {
        let query = "SELECT age, count(*), sum(balance), avg(balance) FROM users GROUP BY age";
        let mut statement = self.connection()?.prepare(query)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let count: i64 = row.get(1)?;
            answer.add_total(row.get(0)?, u64::try_from(count)?, row.get(2)?, row.get(3)?);
        }
        Ok(())
    }

    fn poorest_users(&mut self, limit: usize, answer: &mut Answer) -> Result<()> {
        self.read_users("SELECT * FROM users ORDER BY balance LIMIT ?1", [limit as i64], answer)
    }

    fn posts_of_age(&mut self, age: u32, answer: &mut Answer) -> Result<()> {
        let query = "SELECT posts.*, users.* FROM posts
            JOIN users ON posts.author_id = users.id WHERE users.age = ?1";
        let mut statement = self.connection()?.prepare(query)?;
        let mut rows = statement.query([age])?;
        while let Some(row) = rows.next()? {
            answer.add(&(post(row)?, user_at(row, 5)?));
        }
        Ok(())
    }

    fn update_balances(&mut self, changes: &[(u32, i64)]) -> Result<u64> {
        let transaction = self.begin()?;
        let mut statement = transaction.prepare("UPDATE users SET balance = ?2 WHERE id = ?1")?;
        let mut found = 0;
        for (id, balance) in changes {
            found += statement.execute((id, balance))? as u64;
        }
        drop(statement);
        transaction.commit()?;
        Ok(found)
    }

    fn delete_users(&mut self, ids: &[u32]) -> Result<u64> {
        let transaction = self.begin()?;
        let mut statement = transaction.prepare("DELETE FROM users WHERE id = ?1")?;
        let mut found = 0;
        for id in ids {
            found += statement.execute([id])? as u64;
        }
        drop(statement);
        transaction.commit()?;
        Ok(found)
    }

    fn compact(&mut self) -> Result<()> {
        Ok(self.connection()?.execute_batch("VACUUM")?)
    }

    fn stored_bytes(&mut self) -> Result<Option<u64>> {
        let connection = self.connection()?;
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        let page_bytes: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        Ok(Some(u64::try_from(pages * page_bytes)?))
    }

    fn close(&mut self) -> Result<()> {
        self.connection = None;
        Ok(())
    }

    fn open(&mut self) -> Result<()> {
        let path = self.path.as_ref().context("not on file")?;
        self.connection = Some(open_file(path)?);
        Ok(())
    }
}
