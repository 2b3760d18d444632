extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "words"]
struct Word {
    #[validate(Regex("("))]
    pattern: String,
}

fn main() {}
