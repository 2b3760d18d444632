extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table("users")]
struct InParentheses {
    id: u64,
}

#[derive(Table)]
#[table = 5]
struct NotText {
    id: u64,
}

#[derive(Table)]
#[table = ""]
struct Empty {
    id: u64,
}

#[derive(Table)]
#[table = "users"]
#[table = "people"]
struct Twice {
    id: u64,
}

fn main() {}
