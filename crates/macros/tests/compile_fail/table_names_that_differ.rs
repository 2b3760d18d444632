extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::{DatabaseSchema, Table};

#[derive(Table)]
#[table = "users"]
struct User {
    id: u64,
}

#[derive(DatabaseSchema)]
#[tables(User = "user")]
struct Shorter;

#[derive(DatabaseSchema)]
#[tables(User = "userz")]
struct Other;

fn main() {}
