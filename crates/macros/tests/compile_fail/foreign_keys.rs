extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "posts"]
struct Post {
    #[foreign_key(table = "users", column = "id", on_update = "cascade")]
    unknown_key: u64,
    #[foreign_key(table = "users", column = "id", on_delete = "explode")]
    unknown_word: u64,
    #[foreign_key(column = "id")]
    no_table: u64,
    #[foreign_key(table = "users")]
    no_column: u64,
    #[foreign_key]
    nothing: u64,
    #[foreign_key(table = 5, column = "id")]
    not_text: u64,
    #[foreign_key(table = "", column = "id")]
    empty: u64,
    #[foreign_key(table = "users", table = "people", column = "id")]
    twice: u64,
}

fn main() {}
