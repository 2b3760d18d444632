extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[index(name)]
struct User<T> {
    #[primary_key]
    id: Option<u64>,
    #[validate(Email)]
    email: T,
    #[foreign_key(table = "users")]
    boss: u64,
}

fn main() {}
