extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "users"]
#[renamed_from]
#[renamed_from("people", "")]
struct User {
    #[custom_type]
    color: u32,
    #[custom_type(json)]
    shape: String,
    #[renamed_from()]
    email: String,
    #[renamed_from = "title"]
    name: String,
    #[renamed_from(old)]
    age: u8,
}

fn main() {}
