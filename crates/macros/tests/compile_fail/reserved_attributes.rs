extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "users"]
#[migrate]
struct User {
    email: String,
}

fn main() {}
