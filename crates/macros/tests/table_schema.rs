//! What `derive(Table)` makes of a struct: its schema and its column constants.

use wasm_dbms::{ColumnSchema, DataType, IndexSchema, ReferentialAction, Table as _, TableSchema, Value};
use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "users"]
struct User {
    #[primary_key]
    #[autoincrement]
    id: u64,
    #[unique]
    email: String,
    #[index]
    age: Option<u8>,
    #[default = true]
    active: bool,
}

#[derive(Table)]
#[table = "reviews"]
#[index(author, score)]
#[unique(editor, day)]
struct Review {
    #[primary_key]
    #[foreign_key(table = "books", column = "id")]
    book: u32,
    #[primary_key]
    #[foreign_key(table = "users", column = "id", on_delete = "cascade")]
    author: u64,
    #[foreign_key(table = "users", column = "id", on_delete = "restrict")]
    editor: u64,
    #[foreign_key(table = "users", column = "id")]
    #[unique]
    sponsor: u64,
    #[foreign_key(table = "days", column = "number")]
    day: u16,
    score: i32,
}

const GREETING: &str = "hello";

#[derive(Table)]
#[table = "defaults"]
struct Defaults {
    #[default = "x"]
    text: String,
    #[default(GREETING)]
    text_of_an_expression: String,
    #[default = "x"]
    optional_text: Option<String>,
    #[default = true]
    truth: bool,
    #[default = 5]
    small: u8,
    #[default = 18_446_744_073_709_551_615]
    large: u64,
    #[default(-1)]
    negative: i64,
    #[default = 0.5]
    float: f32,
    #[default = 5]
    optional: Option<u8>,
    #[default(None)]
    null: Option<i16>,
    #[default(Some(7))]
    some: Option<i16>,
    #[default = b"ab"]
    bytes: Vec<u8>,
    #[default([1, 2].to_vec())]
    bytes_of_an_expression: Vec<u8>,
    #[default(u16::MAX - 1)]
    computed: u16,
}

#[derive(Table)]
#[table = "raw"]
#[expect(clippy::duplicated_attributes, reason = "two indexes share their columns")]
#[index(r#type, r#match)]
#[index(match, type)]
struct Raw {
    r#type: u8,
    r#match: u8,
}

fn index(columns: &[&str], unique: bool) -> IndexSchema {
    IndexSchema { unique, ..IndexSchema::new(columns.iter().copied()) }
}

#[test]
fn the_schema_says_what_the_struct_says() {
    let expected = TableSchema::new("users")
        .column(ColumnSchema::new("id", DataType::U64).autoincrement())
        .column(ColumnSchema::new("email", DataType::Text))
        .column(ColumnSchema::new("age", DataType::U8).nullable())
        .column(ColumnSchema::new("active", DataType::Bool).default(true))
        .primary_key(["id"])
        .unique(["email"])
        .index(["age"]);
    assert_eq!(*User::schema(), expected);
    assert_eq!(User::schema().validate(), Ok(()));
}

#[test]
fn every_call_gives_the_same_schema() {
    assert!(std::ptr::eq(User::schema(), User::schema()));
}

#[test]
fn a_primary_key_of_several_columns_is_in_field_order() {
    assert_eq!(Review::schema().primary_key, ["book", "author"]);
}

#[test]
fn a_foreign_key_column_gets_an_index_unless_some_key_starts_with_it() {
    let expected = [
        index(&["sponsor"], true),
        index(&["author", "score"], false),
        index(&["editor", "day"], true),
        index(&["day"], false), // second in the unique index, so it needs its own
    ];
    assert_eq!(Review::schema().indexes, expected);
}

#[test]
fn a_foreign_key_restricts_deletes_unless_it_says_cascade() {
    let of = |column: &str| Review::schema().foreign_keys.iter().find(|key| key.columns == [column]).cloned();
    let author = of("author").unwrap();
    assert_eq!((author.table.as_str(), author.references), ("users", vec!["id".to_owned()]));
    assert_eq!(author.on_delete, ReferentialAction::Cascade);
    assert_eq!(of("editor").unwrap().on_delete, ReferentialAction::Restrict);
    assert_eq!(of("book").unwrap().on_delete, ReferentialAction::Restrict);
}

#[test]
fn defaults_are_of_the_type_of_their_column() {
    let schema = Defaults::schema();
    assert_eq!(schema.validate(), Ok(()));
    let defaults: Vec<Value> = schema.columns.iter().map(|column| column.default.clone().unwrap()).collect();
    let expected = [
        Value::from("x"),
        Value::from("hello"),
        Value::from("x"),
        Value::from(true),
        Value::from(5u8),
        Value::from(u64::MAX),
        Value::from(-1i64),
        Value::from(0.5f32),
        Value::from(5u8),
        Value::Null,
        Value::from(7i16),
        Value::from(b"ab".to_vec()),
        Value::from(vec![1u8, 2]),
        Value::from(65_534u16),
    ];
    assert_eq!(defaults, expected);
}

#[test]
fn raw_identifiers_lose_their_prefix() {
    let schema = Raw::schema();
    assert_eq!(schema.columns[0].name, "type");
    assert_eq!(schema.indexes, [index(&["type", "match"], false), index(&["match", "type"], false)]);
    assert_eq!(Raw::TYPE.name(), "type");
}

#[test]
fn a_constant_names_its_column_and_its_table() {
    let email: wasm_dbms::Column<User, String> = User::EMAIL;
    let age: wasm_dbms::Column<User, Option<u8>> = User::AGE;
    assert_eq!((email.table(), email.name()), ("users", "email"));
    assert_eq!((age.table(), age.name()), ("users", "age"));
    assert_eq!(Defaults::TEXT_OF_AN_EXPRESSION.name(), "text_of_an_expression");
}
