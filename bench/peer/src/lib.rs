//! The bench's two tables in `wasm-dbms` 0.11 of crates.io, and the calls the workloads need.
//!
//! Rows cross this border as plain tuples, so that the bench names none of this crate's types.

use anyhow::{Context as _, Result, anyhow};
use wasm_dbms::prelude::{DbmsContext, WasmDbmsDatabase};
use wasm_dbms_api::prelude::*;
use wasm_dbms_memory::prelude::HeapMemoryProvider;

/// `id, name, email, age, balance`
pub type UserRow = (u32, String, String, u32, i64);
/// `id, author_id, title, body, score`
pub type PostRow = (u32, u32, String, String, i32);
/// `age, count, sum, avg` (of the balance)
pub type TotalRow = (u32, u64, i64, f64);

/// The table of users; the derive writes `UserInsertRequest`, `UserUpdateRequest` and `UserRecord`.
#[derive(Debug, Table, Clone, PartialEq, Eq)]
#[table = "users"]
pub struct User {
    /// The key.
    #[primary_key]
    pub id: Uint32,
    /// About 12 bytes.
    pub name: Text,
    /// About 24 bytes.
    #[index]
    pub email: Text,
    /// 0..99.
    pub age: Uint32,
    /// Cents.
    pub balance: Int64,
}

/// The table of posts.
#[derive(Debug, Table, Clone, PartialEq, Eq)]
#[table = "posts"]
pub struct Post {
    /// The key.
    #[primary_key]
    pub id: Uint32,
    /// The user who wrote it.
    #[foreign_key(entity = "User", table = "users", column = "id")]
    #[index]
    pub author_id: Uint32,
    /// About 24 bytes.
    pub title: Text,
    /// About 200 bytes.
    pub body: Text,
    /// Any number.
    pub score: Int32,
}

/// Both tables.
#[derive(DatabaseSchema)]
#[tables(User = "users", Post = "posts")]
pub struct Blog;

/// A database in memory.
pub struct Store {
    context: DbmsContext<HeapMemoryProvider>,
}

impl Store {
    /// An empty database with both tables.
    pub fn new() -> Result<Self> {
        let context = DbmsContext::new(HeapMemoryProvider::default());
        Blog::register_tables(&context).map_err(told)?;
        Ok(Self { context })
    }

    fn session(&self) -> WasmDbmsDatabase<'_, HeapMemoryProvider> {
        WasmDbmsDatabase::oneshot(&self.context, Blog)
    }

    /// Inserts rows, one commit each: a transaction of this crate costs more per row than its autocommit.
    pub fn insert_users(&self, rows: impl Iterator<Item = UserRow>) -> Result<()> {
        let session = self.session();
        for (id, name, email, age, balance) in rows {
            let request = UserInsertRequest {
                id: id.into(),
                name: Text(name),
                email: Text(email),
                age: age.into(),
                balance: balance.into(),
            };
            session.insert::<User>(request).map_err(told)?;
        }
        Ok(())
    }

    /// Inserts rows, one commit each.
    pub fn insert_posts(&self, rows: impl Iterator<Item = PostRow>) -> Result<()> {
        let session = self.session();
        for (id, author_id, title, body, score) in rows {
            let request = PostInsertRequest {
                id: id.into(),
                author_id: author_id.into(),
                title: Text(title),
                body: Text(body),
                score: score.into(),
            };
            session.insert::<Post>(request).map_err(told)?;
        }
        Ok(())
    }

    /// The user with this key.
    pub fn user_by_id(&self, id: u32) -> Result<Option<UserRow>> {
        let filter = Filter::eq("id", Value::Uint32(id.into()));
        Ok(self.users(Query::builder().all().and_where(filter))?.next())
    }

    /// The user with this address.
    pub fn user_by_email(&self, email: &str) -> Result<Option<UserRow>> {
        let filter = Filter::eq("email", Value::Text(Text(email.to_owned())));
        Ok(self.users(Query::builder().all().and_where(filter))?.next())
    }

    /// The users whose `column` (`id` or `age`) is in `first..=last`; by key if `column` is the key.
    pub fn users_between(&self, column: &str, first: u32, last: u32) -> Result<impl Iterator<Item = UserRow> + use<>> {
        let filter =
            Filter::ge(column, Value::Uint32(first.into())).and(Filter::le(column, Value::Uint32(last.into())));
        let query = Query::builder().all().and_where(filter);
        self.users(if column == "id" { query.order_by_asc("id") } else { query })
    }

    /// The users with the smallest balances.
    pub fn poorest_users(&self, limit: usize) -> Result<impl Iterator<Item = UserRow> + use<>> {
        self.users(Query::builder().all().order_by_asc("balance").limit(limit))
    }

    fn users(&self, query: QueryBuilder) -> Result<std::vec::IntoIter<UserRow>> {
        let records = self.session().select::<User>(query.build()).map_err(told)?;
        let rows: Option<Vec<UserRow>> = records.into_iter().map(user_row).collect();
        Ok(rows.context("a selected column is missing")?.into_iter())
    }

    /// Count, sum and average of the balance for every age.
    pub fn totals_by_age(&self) -> Result<Vec<TotalRow>> {
        let balance = || "balance".to_owned();
        let functions =
            [AggregateFunction::Count(None), AggregateFunction::Sum(balance()), AggregateFunction::Avg(balance())];
        let query = Query::builder().group_by(&["age"]).build();
        let groups = self.session().aggregate::<User>(query, &functions).map_err(told)?;
        groups.iter().map(|group| total_row(group).with_context(|| format!("{group:?}"))).collect()
    }

    /// Sets one balance.
    pub fn update_balance(&self, id: u32, balance: i64) -> Result<u64> {
        let request = UserUpdateRequest {
            balance: Some(balance.into()),
            where_clause: Some(Filter::eq("id", Value::Uint32(id.into()))),
            ..Default::default()
        };
        self.session().update::<User>(request).map_err(told)
    }

    /// Deletes one user.
    pub fn delete_user(&self, id: u32) -> Result<u64> {
        let filter = Filter::eq("id", Value::Uint32(id.into()));
        self.session().delete::<User>(DeleteBehavior::Restrict, Some(filter)).map_err(told)
    }

    /// Every post of a user of this age, with its author.
    pub fn posts_of_age(&self, age: u32) -> Result<Vec<(PostRow, UserRow)>> {
        let query = Query::builder()
            .all()
            .inner_join("users", "author_id", "id")
            .and_where(Filter::eq("users.age", Value::Uint32(age.into())))
            .build();
        let joined = self.session().select_join("posts", query).map_err(told)?;
        joined.rows.into_iter().map(|row| pair(row).context("a joined row has another shape")).collect()
    }
}

fn told(error: DbmsError) -> anyhow::Error {
    anyhow!("wasm-dbms 0.11: {error}")
}

fn user_row(record: UserRecord) -> Option<UserRow> {
    Some((record.id?.0, record.name?.0, record.email?.0, record.age?.0, record.balance?.0))
}

fn total_row(group: &AggregatedRow) -> Option<TotalRow> {
    match (group.group_keys.as_slice(), group.values.as_slice()) {
        (
            [Value::Uint32(age)],
            [AggregatedValue::Count(count), AggregatedValue::Sum(sum), AggregatedValue::Avg(average)],
        ) => Some((age.0, *count, number(sum)? as i64, number(average)?)),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int64(number) => Some(number.0 as f64),
        Value::Decimal(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

fn pair(row: Vec<Value>) -> Option<(PostRow, UserRow)> {
    let row: [Value; 10] = row.try_into().ok()?;
    match row {
        [
            Value::Uint32(post_id),
            Value::Uint32(author_id),
            Value::Text(title),
            Value::Text(body),
            Value::Int32(score),
            Value::Uint32(id),
            Value::Text(name),
            Value::Text(email),
            Value::Uint32(age),
            Value::Int64(balance),
        ] => Some(((post_id.0, author_id.0, title.0, body.0, score.0), (id.0, name.0, email.0, age.0, balance.0))),
        _ => None,
    }
}
