//! The derives work where every common name means something else, and inside functions and macros.

#[expect(dead_code, reason = "names that the derives must not use")]
#[no_implicit_prelude]
mod shadowed {
    pub(crate) trait Into {}
    pub(crate) trait From {}
    pub(crate) trait AsRef {}
    pub(crate) trait Default {}
    pub(crate) trait Encode {}
    pub(crate) trait Table {}
    pub(crate) struct Some;
    pub(crate) struct None;
    pub(crate) struct Ok;
    pub(crate) struct Err;
    pub(crate) struct Option;
    pub(crate) struct Result;
    pub(crate) struct Vec;
    pub(crate) struct Cow;
    pub(crate) struct Column;
    pub(crate) struct TableSchema;
    pub(crate) mod std {}
    pub(crate) mod core {}
    pub(crate) struct R;
    pub(crate) struct T;

    #[derive(::wasm_dbms_macros::Table)]
    #[table = "users"]
    pub(crate) struct User {
        #[primary_key]
        #[autoincrement]
        pub(crate) id: u64,
        #[default = "x"]
        pub(crate) row: ::std::string::String,
        pub(crate) schema: ::core::option::Option<u8>,
    }

    #[derive(::wasm_dbms_macros::DatabaseSchema)]
    #[tables(User = "users")]
    pub(crate) struct Users;

    #[derive(::wasm_dbms_macros::Encode)]
    pub(crate) struct Stored {
        pub(crate) bytes: ::std::vec::Vec<u8>,
        pub(crate) rest: u8,
    }
}

macro_rules! table {
    ($name:ident, $table:literal, $field:ident: $type:ty = $default:literal) => {
        #[derive(wasm_dbms_macros::Table)]
        #[table = $table]
        struct $name {
            #[primary_key]
            $field: $type,
            #[default = $default]
            text: Option<String>,
        }
    };
}

table!(Made, "made", id: u32 = "y");

#[test]
fn shadowed_names_do_not_matter() {
    use wasm_dbms::{DatabaseSchema as _, Encode as _, Insert as _};
    let user = shadowed::User { id: 1, row: String::new(), schema: Some(2) };
    assert_eq!(user.row(&wasm_dbms::ValueArena::default()).as_ref().len(), 3);
    assert_eq!(shadowed::NewUser { schema: user.schema, ..Default::default() }.id, None);
    assert_eq!(shadowed::Users::tables()[0].name, "users");
    assert_eq!((shadowed::Stored { bytes: vec![user.id as u8], rest: 1 }).size(), 10);
}

#[test]
fn a_struct_written_by_a_macro_can_be_a_table() {
    use wasm_dbms::Table as _;
    let row = Made { id: 1, text: None };
    assert_eq!((row.id, row.text), (1, None));
    assert_eq!(Made::schema().columns[1].default, Some(wasm_dbms::Value::from("y")));
    assert_eq!(Made::ID.name(), "id");
}

#[test]
fn a_struct_inside_a_function_can_be_a_table() {
    use wasm_dbms::Table as _;
    #[derive(wasm_dbms_macros::Table)]
    #[table = "inner"]
    struct Inner {
        x: i8,
    }
    assert_eq!(Inner { x: 1 }.x, 1);
    assert_eq!(Inner::schema().name, "inner");
}
