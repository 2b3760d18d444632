extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "users"]
#[migrate]
struct User {
    #[custom_type]
    color: u32,
    #[renamed_from("mail")]
    email: String,
}

fn main() {}
