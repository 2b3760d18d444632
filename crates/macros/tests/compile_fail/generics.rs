extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "generic"]
struct Generic<T> {
    id: T,
}

#[derive(Table)]
#[table = "borrowed"]
struct Borrowed<'a> {
    name: &'a str,
}

#[derive(Table)]
#[table = "bound"]
struct Bound
where
    u8: Copy,
{
    id: u8,
}

fn main() {}
