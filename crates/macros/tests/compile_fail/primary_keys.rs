extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "nullable"]
struct Nullable {
    #[primary_key]
    id: Option<u64>,
}

#[derive(Table)]
#[table = "long"]
struct Long {
    #[primary_key]
    a: u8,
    #[primary_key]
    b: u8,
    #[primary_key]
    c: u8,
    #[primary_key]
    d: u8,
    #[primary_key]
    e: u8,
}

fn main() {}
