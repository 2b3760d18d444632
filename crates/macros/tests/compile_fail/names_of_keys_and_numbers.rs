extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "posts"]
#[index(first 5)]
#[index(first "desc")]
#[foreign_key(columns(first, second), table = "t", references(a, b))]
#[foreign_key(columns(first, second), table = "u", references(a, b))]
#[foreign_key(columns(second), table = "u", references(a), name = "third")]
#[check(ratio < 1e400)]
struct Post {
    first: u64,
    second: u64,
    #[foreign_key(table = "users", column = "id", name = "third")]
    third: u64,
    #[validate(LenRange(1))]
    #[sanitizer(Clamp(1))]
    ratio: f64,
}

fn main() {}
