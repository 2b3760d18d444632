extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "enums"]
enum Enum {
    A,
}

#[derive(Table)]
#[table = "unions"]
union Union {
    a: u8,
}

#[derive(Table)]
#[table = "tuples"]
struct Tuple(u8, u16);

#[derive(Table)]
#[table = "units"]
struct Unit;

#[derive(Table)]
#[table = "empty"]
struct Empty {}

fn main() {}
