extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::{CustomDataType, Table};

#[derive(Table)]
#[table = "users"]
#[migrate(years)]
struct User {
    #[migrate]
    age: u8,
    #[migrate()]
    name: String,
    #[migrate = "years"]
    email: String,
    #[migrate("years")]
    shoe: u8,
}

#[derive(CustomDataType, Debug, Clone)]
enum State {
    #[renamed_from()]
    New,
    Live,
}

#[derive(CustomDataType, Debug, Clone)]
enum Color {
    Red,
    #[renamed_from("Pink", "Red")]
    Blue,
}

fn main() {}
