extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "users"]
#[index(name, nme)]
#[unique(name, name)]
#[index(age)]
#[index]
#[unique()]
#[index(name = "age")]
#[index(name down)]
#[index(name desc, include(nme, name))]
#[index(name, age, include())]
#[index(name, age, name = "")]
#[index(name, age, name = "one", name = "two")]
#[index(name, id, name = "age")]
#[index(age desc)]
struct User {
    #[primary_key]
    #[unique]
    id: u64,
    name: String,
    #[index]
    age: u8,
    #[unique]
    #[index]
    email: String,
    #[index(email)]
    title: String,
    #[unique(desc, include(title, age))]
    number: u32,
}

fn main() {}
