extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "users"]
struct User {
    #[custom_type]
    color: Option<u32>,
}

fn main() {}
