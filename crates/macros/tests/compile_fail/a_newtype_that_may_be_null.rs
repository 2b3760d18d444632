extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::CustomDataType;

type Age = Option<u8>;

#[derive(CustomDataType)]
struct Maybe(Age);

fn main() {}
