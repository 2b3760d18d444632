//! How many bytes a row takes in a file that was vacuumed: a promise.

#![cfg(test)]

mod support;

use wasm_dbms::prelude::*;

use support::{assert_sound, seed};

#[derive(Table, Debug, Clone)]
#[table = "users"]
struct User {
    #[primary_key]
    id: u32,
    name: String,
    #[index]
    email: String,
    age: u32,
    balance: i64,
}

#[derive(DatabaseSchema)]
#[tables(User = "users")]
struct Blog;

const ROWS: u32 = 100_000;

/// A row of some 12 bytes of name and 24 of address.
fn user(id: u32, random: &mut fastrand::Rng) -> User {
    let mut text = |length: usize| -> String { (0..length).map(|_| random.lowercase()).collect() };
    let (email, name) = (format!("{}@example.com", text(12)), text(8 + id as usize % 9));
    User { id, name, email, age: random.u32(0..100), balance: random.i64(-1_000_000_000..=1_000_000_000) }
}

#[test]
fn after_a_vacuum_a_row_takes_62_bytes_in_its_table_and_92_with_its_index() {
    let mut random = fastrand::Rng::with_seed(seed(20_261_122));
    let mut users: Vec<User> = (1..=ROWS).map(|id| user(id, &mut random)).collect();
    for order in ["in order", "in random order"] {
        let db = Database::in_memory().with_schema::<Blog>().unwrap();
        for some in users.chunks(1000) {
            db.insert_many(some).unwrap();
        }
        db.vacuum().unwrap();
        assert_sound(&db);
        let pages: Vec<_> = (0..db.page_count()).map(|page| db.page(page).unwrap()).collect();
        let bytes_of = |trees: &[&str]| {
            let of_trees = pages.iter().filter(|page| trees.contains(&page.tree.as_str()));
            of_trees.map(|page| page.bytes.len()).sum::<usize>() as f64 / f64::from(ROWS)
        };
        let (in_table, with_index) = (bytes_of(&["users"]), bytes_of(&["users", "users.email"]));
        println!("{order}: {in_table:.1} bytes a row in the table, {with_index:.1} with the index");
        assert!(in_table <= 62.0, "{order}: {in_table}");
        assert!(with_index <= 92.0, "{order}: {with_index}");
        random.shuffle(&mut users);
    }
}
