extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "users"]
struct User {
    #[default = 300]
    age: u8,
}

fn main() {}
