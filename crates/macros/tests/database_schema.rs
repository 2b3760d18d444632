//! `derive(DatabaseSchema)` lists the tables.

use wasm_dbms::{DatabaseSchema as _, Table as _};
use wasm_dbms_macros::DatabaseSchema;

mod model {
    use wasm_dbms_macros::Table;

    #[derive(Table)]
    #[table = "users"]
    pub(crate) struct User {
        #[primary_key]
        pub(crate) id: u64,
    }

    #[derive(Table)]
    #[table = "posts"]
    pub(crate) struct Post {
        #[foreign_key(table = "users", column = "id")]
        pub(crate) author: u64,
        // Must not collide with anything that the derive writes.
        pub(crate) table_name: String,
    }
}

use model::User;

#[derive(DatabaseSchema)]
#[tables(User = "users", model::Post = "posts")]
struct Blog;

#[derive(DatabaseSchema)]
#[tables(model::Post = "posts")]
#[tables(User = "users")]
struct Reversed;

#[test]
fn the_tables_are_in_the_order_in_which_they_are_listed() {
    let names =
        |tables: Vec<&'static wasm_dbms::TableSchema>| tables.into_iter().map(|table| &table.name).collect::<Vec<_>>();
    assert_eq!(names(Blog::tables()), ["users", "posts"]);
    assert_eq!(names(Reversed::tables()), ["posts", "users"]);
}

#[test]
fn the_tables_are_those_of_the_structs() {
    assert!(std::ptr::eq(Blog::tables()[0], User::schema()));
    let row = model::Post { author: User { id: 1 }.id, table_name: model::Post::TABLE_NAME.name().into() };
    assert_eq!((row.author, row.table_name.as_str()), (1, "table_name"));
}
