//! What the tests share: seeds, and the check that nothing is wrong with a database.

#![allow(dead_code, reason = "each test binary uses a part of this")]

use wasm_dbms::prelude::*;

/// The seed of a random test: the variable `SEED` of the environment, else the given one. It is printed, so that a
/// failure can be had again.
pub(crate) fn seed(default: u64) -> u64 {
    let seed = std::env::var("SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    println!("seed {seed}");
    seed
}

/// Checks that nothing is wrong with a database.
pub(crate) fn assert_sound(db: &Database) {
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
}

/// The canonical bytes of a database.
pub(crate) fn exported(db: &Database) -> Vec<u8> {
    let mut bytes = Vec::new();
    db.export(&mut bytes).unwrap();
    bytes
}

/// Every row of a table, by the names of its columns.
pub(crate) fn rows(db: &Database, table: &str) -> Vec<Vec<Value>> {
    db.query(&Query::from(table.to_owned())).unwrap().rows
}
