extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "two"]
struct Two {
    #[autoincrement]
    a: u64,
    #[autoincrement]
    b: u64,
}

#[derive(Table)]
#[table = "text"]
struct Text {
    #[autoincrement]
    id: String,
}

#[derive(Table)]
#[table = "bytes"]
struct Bytes {
    #[autoincrement]
    id: Vec<u8>,
}

#[derive(Table)]
#[table = "nullable"]
struct Nullable {
    #[autoincrement]
    id: Option<u64>,
}

#[derive(Table)]
#[table = "both"]
struct Both {
    #[autoincrement]
    #[default = 1]
    id: u64,
}

fn main() {}
