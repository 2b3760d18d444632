extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "posts"]
#[foreign_key(columns(twice, none, twice), table = "t", references(a, b, c))]
#[foreign_key(columns(twice, empty), table = "t", references(a))]
#[foreign_key(columns(twice), column = "id")]
#[foreign_key(columns(twice), table = "t", references(id))]
#[foreign_key(columns(), table = "t", references(id))]
#[foreign_key(table = "t", references(id), on_update = "set nothing")]
struct Post {
    #[foreign_key(table = "users", column = "id", on_replace = "cascade")]
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
