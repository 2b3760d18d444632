extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "posts"]
struct Post {
    #[validate(MinLen(1))]
    length: u32,
    #[sanitizer(RoundToScale(1))]
    digits: i32,
    #[validate(Range(false, true))]
    bounds: bool,
    #[sanitizer(Utc)]
    moment: String,
    #[sanitizer(Trim)]
    text: Vec<u8>,
}

fn main() {}
