extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::DatabaseSchema;

#[derive(DatabaseSchema)]
struct NoTables;

#[derive(DatabaseSchema)]
#[tables()]
struct EmptyTables;

#[derive(DatabaseSchema)]
#[tables(User)]
struct NoName;

#[derive(DatabaseSchema)]
#[tables(User = 5)]
struct NotText;

#[derive(DatabaseSchema)]
#[tables(User = "users", Person = "users")]
struct Twice;

#[derive(DatabaseSchema)]
#[tables(User = "users")]
struct WithFields {
    users: u8,
}

#[derive(DatabaseSchema)]
#[tables(User = "users")]
struct Generic<const N: usize>;

#[derive(DatabaseSchema)]
#[tables(User = "users")]
enum Enum {}

fn main() {}
