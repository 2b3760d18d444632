extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "users"]
struct User {
    #[primary_key]
    #[primary_key]
    id: u64,
    #[default = 5]
    #[default = 6]
    age: u8,
}

fn main() {}
