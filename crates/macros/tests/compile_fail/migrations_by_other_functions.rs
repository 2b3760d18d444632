extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

fn years(text: String) -> Result<u8, std::num::ParseIntError> {
    text.parse()
}

fn borrowed(text: &str) -> Result<u8, std::num::ParseIntError> {
    text.parse()
}

fn of_two(one: u8, other: u8) -> Result<u8, String> {
    Ok(one + other)
}

#[derive(Table)]
#[table = "users"]
struct User {
    #[migrate(years)]
    age: u16,
    #[migrate(borrowed)]
    shoe: u8,
    #[migrate(of_two)]
    sum: u8,
    #[migrate(nobody)]
    rank: u8,
}

fn main() {}
