//! The derives of wasm-dbms.
//!
//! [`Table`](macro@Table) makes a struct a table, [`DatabaseSchema`](macro@DatabaseSchema) makes a set of tables a
//! database, [`Encode`](macro@Encode) makes a struct storable in a page. What they write names everything through
//! the facade crate, as `::wasm_dbms::...`; so it is the facade that one depends on, and it re-exports the derives.

mod custom_data_type;
mod database_schema;
mod encode;
mod errors;
mod input;
mod table;
mod types;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct with named fields a table.
///
/// ```
/// # extern crate wasm_dbms_api as wasm_dbms;
/// use wasm_dbms::Table as _;
/// use wasm_dbms_macros::Table;
///
/// #[derive(Table)]
/// #[table = "users"]
/// pub struct User {
///     #[primary_key]
///     #[autoincrement]
///     pub id: u64,
///     #[unique]
///     pub email: String,
///     #[index]
///     pub age: Option<u8>,
///     #[default = true]
///     pub active: bool,
/// }
///
/// #[derive(Table)]
/// #[table = "posts"]
/// #[index(author, score)]
/// pub struct Post {
///     #[primary_key]
///     pub id: u32,
///     #[foreign_key(table = "users", column = "id", on_delete = "cascade")]
///     pub author: u64,
///     #[default(-1)]
///     pub score: i32,
/// }
///
/// let ada = NewUser { email: "ada@example.com".into(), ..Default::default() };
/// assert_eq!(ada.id, None); // the database counts
/// let adults = User::AGE.ge(18);
/// assert_eq!(Post::schema().primary_key, ["id"]);
/// # let _ = adults;
/// ```
///
/// # On the struct
///
/// | attribute | meaning |
/// |---|---|
/// | `#[table = "users"]` | the name of the table; required |
/// | `#[index(a, b desc)]` | an index of several columns, the largest first where `desc` stands; may be repeated |
/// | `#[unique(a, b)]` | the same, and no two rows are equal in all of them |
/// | `#[index(a, include(b), name = "c")]` | an index whose entries have another column too, and a name that is not its columns joined by `_` |
/// | `#[foreign_key(columns(a, b), table = "t", references(c, d))]` | refers to a row of another table by several columns; with `on_delete`, `on_update` and `name` as on a field |
/// | `#[check(a <= b, name = "order")]` | what no row may break: a condition over the fields; may be repeated. See below |
/// | `#[renamed_from("people")]` | what the table was called in earlier releases; for migrations |
///
/// # On a field
///
/// | attribute | meaning |
/// |---|---|
/// | `#[primary_key]` | the primary key; on several fields (four at most), one of several columns, in their order |
/// | `#[autoincrement]` | the database counts where an insert gives no value; integers only, once in a table |
/// | `#[unique]` | an index that holds each value once |
/// | `#[index]` | an index; both take `desc`, `include(..)` and `name = ".."` |
/// | `#[custom_type]` | the type derives `CustomDataType`: needs not be said, and does not compile where it is not so |
/// | `#[renamed_from("mail")]` | what the column was called in earlier releases; for migrations |
/// | `#[migrate(from_text, from_cents)]` | functions that make a value of an earlier type one of this: `fn(Old) -> Result<New, E>`; see below |
/// | `#[foreign_key(table = "users", column = "id", on_delete = "cascade")]` | refers to a row of another table; `on_delete` is `"restrict"` (the default), `"cascade"`, `"set null"` or `"set default"`, `on_update` too |
/// | `#[default = 5]`, `#[default(expr)]` | the value where an insert gives none |
/// | `#[sanitizer(Trim, Clamp(0, 9))]` | changes a value on its way in: the variants of `Sanitizer`, or `with(Own)` for a type that is `Sanitize` |
/// | `#[validate(MaxLen(100), Email)]` | then may refuse it: the variants of `Validator`, or `with(Own)` for a type that is `Validate` |
/// | `#[check(age >= 18)]` | as on the struct: any field may be named |
///
/// `#[default = ..]` takes a literal, because rustc allows nothing else after the `=`; anything else, a negative
/// number too, stands in parentheses: `#[default(-1)]`. A literal default of an `Option` column is the value
/// itself, so `#[default = 5]` fits `Option<u8>`; any other expression is of the field's type. Rust's own
/// `#[derive(Default)]` refuses a struct with `#[default]` fields: implement `Default` by hand there.
///
/// Arguments of rules are expressions of the type that the rule takes, for `Clamp` and `Range` of the column's type without
/// its `Option`. `Timezone("+02:00")` takes an offset; `Regex("^[a-z]+$")` takes the feature `regex`.
///
/// # Migrations
///
/// `#[migrate(function)]` says what becomes of the values of a column whose type has changed. The function takes what the
/// column held and returns what it holds, or why it cannot, in words; the one whose parameter is of the stored type is
/// asked, with every row, by `db.migrate(..)`. So functions for the types of several releases stand there together, and stay.
/// NULL stays NULL, unless the parameter is an `Option`. A `String` takes the names of an enum that the program no longer
/// has, `Json` a struct. Without such a function a value becomes what a CAST makes of it, a name of an enum the same name,
/// and a struct that is kept as JSON what serde reads.
///
/// # Checks
///
/// A condition is written in Rust's signs and runs in the database, for every face: fields by their names, literals,
/// `== != < <= > >=`, `&& || !`, `+ - * / %`, casts by `as`, the functions of SQL (`length(name) > 2`), and the methods
/// `is_null`, `is_not_null`, `is_true`, `is_false`, `is_distinct`, `like`, `ilike`, `between` and `in_list([..])`. A path or
/// a constant (`State::Draft`, `LIMIT`) is a value that Rust computes once. As in SQL a row breaks a check where the
/// condition is false; where a NULL leaves it open, the row passes. Without a `name` a check is called by what it says.
///
/// A foreign key whose columns are not the first of an index, a unique index or the primary key gets an index of
/// its own: without it, each delete in the other table would read this one from end to end.
///
/// Indexes stand in the schema in this order: those of fields, those of the struct, those of foreign keys. Where two
/// `#[index(..)]` share a column, clippy sees a repetition: `#[expect(clippy::duplicated_attributes)]` on the struct.
///
/// # What is written
///
/// - `impl Table`; its `Key` is the type of the primary key, a tuple if it has several columns, `RowId` if there is
///   none.
/// - A constant per column, `User::EMAIL: Column<User, String>`.
/// - The insert form `NewUser`: the same fields, but an `Option` where the database can choose (autoincrement and
///   default), and `None` lets it.
/// - `impl Insert` for both.
#[proc_macro_derive(
    Table,
    attributes(
        table,
        primary_key,
        autoincrement,
        unique,
        index,
        foreign_key,
        default,
        sanitizer,
        validate,
        check,
        custom_type,
        renamed_from,
        migrate
    )
)]
pub fn derive_table(input: TokenStream) -> TokenStream {
    expand(table::expand, parse_macro_input!(input))
}

/// Makes a unit struct the schema of a database: a set of tables, each with its name.
///
/// The tables stand in any order. A name that is not the `#[table]` of its type does not compile;
/// so each type is one that derives `Table`.
///
/// ```
/// # extern crate wasm_dbms_api as wasm_dbms;
/// use wasm_dbms::DatabaseSchema as _;
/// use wasm_dbms_macros::{DatabaseSchema, Table};
///
/// #[derive(Table)]
/// #[table = "users"]
/// pub struct User {
///     #[primary_key]
///     pub id: u64,
/// }
///
/// #[derive(DatabaseSchema)]
/// #[tables(User = "users")]
/// pub struct Blog;
///
/// assert_eq!(Blog::tables()[0].name, "users");
/// ```
#[proc_macro_derive(DatabaseSchema, attributes(tables))]
pub fn derive_database_schema(input: TokenStream) -> TokenStream {
    expand(database_schema::expand, parse_macro_input!(input))
}

/// Makes a type of your own the type of a column.
///
/// | item | stored as |
/// |---|---|
/// | an enum without fields | a number; the names stand in the schema, in the order in which values are ordered |
/// | a struct of one unnamed field | as its field is: in keys and indexes, ordered and compared like it |
/// | a struct of named fields | JSON, through serde: it derives `Serialize` and `Deserialize`, and `wasm-dbms` has its feature `serde` |
///
/// `#[renamed_from("Draft")]` on a variant is what it was called in earlier releases; for migrations. The fields of a struct,
/// with their types as they are written, stand in the schema: where they differ from those that are stored, a migration lets
/// serde read every row and writes it anew, so `#[serde(default)]` and `#[serde(alias = "..")]` say what becomes of it.
///
/// A table's insert form derives `Debug` and `Clone`, so the type does too; `Default` only if you want the form to have
/// it.
///
/// ```
/// # extern crate wasm_dbms_api as wasm_dbms;
/// use wasm_dbms::Field as _;
/// use wasm_dbms_macros::{CustomDataType, Table};
///
/// #[derive(CustomDataType, Debug, Clone, Copy, PartialEq)]
/// pub enum State {
///     Draft,
///     Live,
/// }
///
/// #[derive(CustomDataType, Debug, Clone, PartialEq)]
/// pub struct PostId(pub u64);
///
/// #[derive(Table)]
/// #[table = "posts"]
/// pub struct Post {
///     #[primary_key]
///     #[autoincrement]
///     pub id: PostId,
///     #[index]
///     pub state: State,
/// }
///
/// let live = Post::STATE.eq(State::Live);
/// assert_eq!(State::VARIANTS, ["Draft", "Live"]);
/// # let _ = live;
/// ```
#[proc_macro_derive(CustomDataType, attributes(renamed_from))]
pub fn derive_custom_data_type(input: TokenStream) -> TokenStream {
    expand(custom_data_type::expand, parse_macro_input!(input))
}

/// Makes a struct whose fields are all `Encode` storable in a page.
///
/// Fields stand in their order, without padding. If all have a fixed size, so has the struct: the sum. Else the
/// struct is dynamic, and each dynamic field follows its length in bytes, a little-endian `u32`. The alignment is
/// the largest of the fields'.
///
/// ```
/// # extern crate wasm_dbms_api as wasm_dbms;
/// use wasm_dbms::{DataSize, Encode as _};
/// use wasm_dbms_macros::Encode;
///
/// #[derive(Encode)]
/// struct Point {
///     x: u16,
///     y: u8,
/// }
///
/// assert_eq!(Point::SIZE, DataSize::Fixed(3));
/// assert_eq!(*Point { x: 258, y: 3 }.encode(), [2, 1, 3]);
/// ```
#[proc_macro_derive(Encode)]
pub fn derive_encode(input: TokenStream) -> TokenStream {
    expand(encode::expand, parse_macro_input!(input))
}

/// What `derive` writes for `input`, or the errors of it.
fn expand(derive: fn(&DeriveInput) -> syn::Result<proc_macro2::TokenStream>, input: DeriveInput) -> TokenStream {
    derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
