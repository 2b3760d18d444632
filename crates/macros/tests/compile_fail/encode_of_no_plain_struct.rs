extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Encode;

#[derive(Encode)]
enum Enum {
    A,
}

#[derive(Encode)]
union Union {
    a: u8,
}

#[derive(Encode)]
struct Generic<T>(T);

fn main() {}
