extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_api::{DateTime, Sanitize};
use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "written"]
#[sanitizer(Trim)]
struct Written {
    #[sanitizer]
    nothing: String,
    #[validate()]
    empty: String,
    #[sanitizer(Trimm)]
    unknown: String,
    #[sanitizer(Email)]
    other_kind: String,
    #[validate(Trim)]
    other_kind_too: String,
    #[validate(MaxLen)]
    no_argument: String,
    #[validate(MaxLen(1, 2))]
    two_arguments: String,
    #[sanitizer(Trim(1))]
    an_argument: String,
    #[validate(LenRange(5, 1))]
    lengths: String,
    #[validate(Range(1, -1))]
    values: i32,
    #[sanitizer(RoundToScale(29))]
    scale: f64,
    #[sanitizer(Timezone("Europe/Berlin"))]
    zone: DateTime,
    #[sanitizer(Timezone(2))]
    hours: DateTime,
    #[validate(Regex(1))]
    pattern: String,
    #[sanitizer(with)]
    no_type: String,
    #[autoincrement]
    #[sanitizer(Clamp(1, 5))]
    counted: u8,
}

#[derive(Table)]
#[table = "typed"]
struct Typed {
    #[sanitizer(Trim)]
    number: u8,
    #[validate(Email)]
    bytes: Option<Vec<u8>>,
    #[sanitizer(LowerCase, Utc)]
    text: String,
    #[sanitizer(NullIfEmpty)]
    never_null: String,
    #[validate(MaxLen("long"))]
    length: String,
    #[sanitizer(Clamp(0, 1.5))]
    clamped: u8,
    #[validate(Range(0, 256))]
    small: u8,
}

struct NoVowels;

impl Sanitize for NoVowels {
    const NAME: &'static str = "no_vowels";
    type Value = String;

    fn sanitize(text: String) -> String {
        text
    }
}

#[derive(Table)]
#[table = "own"]
struct Own {
    #[sanitizer(with(NoVowels))]
    number: u8,
    #[validate(with(NoVowels))]
    no_validator: String,
}

fn main() {}
