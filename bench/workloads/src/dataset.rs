//! The rows and the operations of one run.
//!
//! Everything random is drawn here, before any clock starts, from one seed; every engine gets the same slices.

use std::ops::RangeInclusive;

use fastrand::Rng;

/// One row of `users`. For this project's engine the struct is the table itself, so that its typed API neither
/// copies nor converts a row on the way in; every other engine reads the same struct.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "ours", derive(wasm_dbms::prelude::Table), table = "users")]
pub struct User {
    #[cfg_attr(feature = "ours", primary_key)]
    pub id: u32,
    pub name: String,
    #[cfg_attr(feature = "ours", index)]
    pub email: String,
    pub age: u32,
    pub balance: i64,
}

/// One row of `posts`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "ours", derive(wasm_dbms::prelude::Table), table = "posts")]
pub struct Post {
    #[cfg_attr(feature = "ours", primary_key)]
    pub id: u32,
    #[cfg_attr(feature = "ours", foreign_key(table = "users", column = "id"), index)]
    pub author_id: u32,
    pub title: String,
    pub body: String,
    pub score: i32,
}

/// Rows of one key range (W4).
const RANGE_ROWS: u32 = 1_000;
/// Key ranges read (W4).
const RANGE_COUNT: u32 = 100;
/// Single-row commits (W1b).
const SINGLE_INSERT_COUNT: u32 = 2_000;
/// Addresses looked up after a write, untimed, to see that the index followed it.
const PROBE_COUNT: u32 = 1_000;

/// All rows and operations of a run.
pub struct Dataset {
    pub seed: u64,
    /// Rows of each table.
    pub rows: u32,
    /// In the order of their keys, `1..=rows`.
    pub users: Vec<User>,
    pub posts: Vec<Post>,
    /// For single commits: keys above all of `users`.
    pub late_users: Vec<User>,
    /// Keys to get, with repetition.
    pub keys: Vec<u32>,
    /// Addresses to get, with repetition.
    pub emails: Vec<String>,
    pub key_ranges: Vec<RangeInclusive<u32>>,
    /// New balances by key, with repetition.
    pub balance_changes: Vec<(u32, i64)>,
    /// Half of the keys, each once, in random order.
    pub deleted_keys: Vec<u32>,
    /// The rows of `deleted_keys`, to put back.
    pub deleted_users: Vec<User>,
    /// Addresses of deleted and of remaining users.
    pub email_probes: Vec<String>,
}

impl Dataset {
    /// Draws a run of `rows` rows per table.
    pub fn generate(seed: u64, rows: u32) -> Self {
        let mut random = Rng::with_seed(seed);
        let users: Vec<User> = (1..=rows).map(|id| user(&mut random, id)).collect();
        let posts = (1..=rows).map(|id| post(&mut random, id, rows)).collect();
        let last_late = rows + SINGLE_INSERT_COUNT;
        let late_users = (rows + 1..=last_late).map(|id| user(&mut random, id)).collect();
        let keys = (0..rows).map(|_| random.u32(1..=rows)).collect();
        let mut some_emails = |count: u32| -> Vec<String> {
            (0..count).map(|_| users[random.usize(0..users.len())].email.clone()).collect()
        };
        let emails = some_emails(rows);
        let email_probes = some_emails(PROBE_COUNT.min(rows));
        let range_rows = RANGE_ROWS.min(rows);
        let mut key_range = || {
            let first = random.u32(1..=rows - range_rows + 1);
            first..=first + range_rows - 1
        };
        let key_ranges = (0..RANGE_COUNT).map(|_| key_range()).collect();
        let balance_changes = (0..rows).map(|_| (random.u32(1..=rows), balance(&mut random))).collect();
        let mut deleted_keys: Vec<u32> = (1..=rows).collect();
        random.shuffle(&mut deleted_keys);
        deleted_keys.truncate(rows as usize / 2);
        let deleted_users = deleted_keys.iter().map(|id| users[*id as usize - 1].clone()).collect();
        Self {
            seed,
            rows,
            users,
            posts,
            late_users,
            keys,
            emails,
            key_ranges,
            balance_changes,
            deleted_keys,
            deleted_users,
            email_probes,
        }
    }
}

fn user(random: &mut Rng, id: u32) -> User {
    User {
        id,
        name: text(random, 8..=16),
        email: format!("{}@example.com", text(random, 12..=12)),
        age: random.u32(0..100),
        balance: balance(random),
    }
}

fn post(random: &mut Rng, id: u32, users: u32) -> Post {
    Post {
        id,
        author_id: random.u32(1..=users),
        title: text(random, 20..=28),
        body: text(random, 180..=220),
        score: random.i32(-1_000..=10_000),
    }
}

/// Cents. Wide enough that the ten smallest of a run are distinct (W10 has one right answer).
fn balance(random: &mut Rng) -> i64 {
    random.i64(-1_000_000_000..=1_000_000_000)
}

fn text(random: &mut Rng, length: RangeInclusive<usize>) -> String {
    let length = random.usize(length);
    (0..length).map(|_| random.lowercase()).collect()
}
