extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::CustomDataType;

#[derive(CustomDataType)]
union Union {
    number: u32,
}

#[derive(CustomDataType)]
enum Nothing {}

#[derive(CustomDataType)]
enum Shape {
    Point,
    Circle(f64),
}

#[derive(CustomDataType)]
struct Unit;

#[derive(CustomDataType)]
struct Pair(u32, u32);

#[derive(CustomDataType)]
struct Maybe(Option<u32>);

#[derive(CustomDataType)]
struct Of<T>(T);

fn main() {}
