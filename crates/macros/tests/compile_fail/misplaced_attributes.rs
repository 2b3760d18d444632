extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "users"]
#[primary_key]
#[foreign_key(table = "users", column = "id")]
struct User {
    #[table = "users"]
    id: u64,
    #[index(id, name)]
    name: String,
    #[primary_key(id)]
    key: u8,
}

fn main() {}
