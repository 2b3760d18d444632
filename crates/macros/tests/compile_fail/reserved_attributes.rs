extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "users"]
#[migrate]
struct User {
    #[sanitizer(Trim)]
    #[validate(MaxLen(100))]
    name: String,
    email: String,
}

fn main() {}
