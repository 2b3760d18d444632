extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "users"]
#[index(name, nme)]
#[unique(name, name)]
#[index(age)]
#[index]
#[unique()]
#[index(name = "age")]
struct User {
    #[primary_key]
    #[unique]
    id: u64,
    name: String,
    #[index]
    age: u8,
    #[unique]
    #[index]
    email: String,
}

fn main() {}
