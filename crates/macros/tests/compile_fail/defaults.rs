extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "users"]
struct Written {
    #[default = -1]
    negative: i32,
    #[default]
    nothing: u8,
    #[default()]
    empty: u8,
}

#[derive(Table)]
#[table = "typed"]
struct Typed {
    #[default = "x"]
    number: u8,
    #[default = 5]
    truth: bool,
    #[default(None)]
    never_null: u8,
    #[default = "x"]
    bytes: Vec<u8>,
    #[default(5)]
    optional: Option<u8>,
}

fn main() {}
