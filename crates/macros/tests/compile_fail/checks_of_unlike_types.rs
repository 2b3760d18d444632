extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

const LIMIT: &str = "5";

#[derive(Table)]
#[table = "a"]
#[check(id == name)]
#[check(id > "x")]
#[check(id > 1 && name)]
#[check(!id)]
#[check(name.in_list(["x", 5]))]
#[check(id < LIMIT)]
#[check(document < document)]
struct Unlike {
    id: u64,
    name: String,
    document: wasm_dbms::Json,
}

fn main() {}
