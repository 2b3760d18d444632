//! Sanitizers change values on their way in, validators refuse them: the same for every face, in the order written, never
//! for NULL.

use wasm_dbms::prelude::*;
use wasm_dbms::{CustomRules, HeapProvider};

use crate::support::{assert_sound, exported, rows};

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "people"]
struct Person {
    #[primary_key]
    #[autoincrement]
    #[validate(Range(1, 3))]
    id: u64,
    #[sanitizer(Trim, CollapseWhitespace)]
    #[validate(LenRange(1, 10))]
    name: String,
    #[unique]
    #[sanitizer(Trim)]
    #[sanitizer(LowerCase, NullIfEmpty)]
    #[validate(Email)]
    email: Option<String>,
    #[sanitizer(Clamp(0, 150))]
    age: Option<u8>,
    #[sanitizer(Utc)]
    seen: Option<DateTime>,
    #[default = "  new  "]
    #[sanitizer(Trim)]
    state: String,
    #[sanitizer(with(NoVowels), UpperCase)]
    #[validate(with(Short))]
    code: Option<String>,
}

struct NoVowels;

impl Sanitize for NoVowels {
    const NAME: &'static str = "no_vowels";
    type Value = String;

    fn sanitize(text: String) -> String {
        text.replace(['a', 'e', 'i', 'o', 'u'], "")
    }
}

struct Short;

impl Validate for Short {
    const NAME: &'static str = "short";
    type Value = String;

    fn validate(text: &String) -> std::result::Result<(), String> {
        if text.len() < 5 { Ok(()) } else { Err(format!("{} letters", text.len())) }
    }
}

#[derive(DatabaseSchema)]
#[tables(Person = "people")]
struct People;

fn people() -> Database {
    Database::in_memory().with_schema::<People>().unwrap()
}

fn ada() -> NewPerson {
    NewPerson { name: "Ada".into(), ..Default::default() }
}

/// The message of a refused write, which must leave no byte.
fn refused<T: std::fmt::Debug>(db: &Database, write: impl Fn(&Database) -> Result<T>) -> String {
    let before = exported(db);
    let error = write(db).unwrap_err();
    assert!(error.is_constraint(), "{error:?}");
    assert!(exported(db) == before, "{error}: something stayed");
    assert_sound(db);
    error.to_string()
}

#[test]
fn sanitizers_run_in_the_order_written_and_skip_null() {
    let db = people();
    let id = db
        .insert(&NewPerson {
            name: "  Ada \t King ".into(),
            email: Some(" ADA@Example.COM ".into()),
            age: Some(200),
            seen: Some("2024-05-06T12:00:00+02:00".parse().unwrap()),
            code: Some("database".into()),
            ..Default::default()
        })
        .unwrap();
    let person = db.get::<Person>(id).unwrap().unwrap();
    assert_eq!(person.name, "Ada King");
    assert_eq!(person.email.as_deref(), Some("ada@example.com"));
    assert_eq!(person.age, Some(150));
    assert_eq!(person.seen.unwrap().to_string(), "2024-05-06T10:00:00Z");
    assert_eq!(person.state, "new", "the default goes through them too");
    assert_eq!(person.code.as_deref(), Some("DTBS"));

    let id = db.insert(&NewPerson { email: Some("  ".into()), ..ada() }).unwrap();
    let person = db.get::<Person>(id).unwrap().unwrap();
    assert_eq!((person.email, person.age, person.code), (None, None, None));
    assert_sound(&db);
}

#[test]
fn validators_see_what_the_sanitizers_made() {
    let db = people();
    db.insert(&NewPerson { name: format!("{}Ada", " ".repeat(20)), ..ada() }).unwrap();
    let error = refused(&db, |db| db.insert(&NewPerson { name: " \t ".into(), ..ada() }));
    assert_eq!(error, "column people.name refuses '': LenRange(1, 10)");
    let error = refused(&db, |db| db.insert(&NewPerson { email: Some(" Ada ".into()), ..ada() }));
    assert_eq!(error, "column people.email refuses 'ada': Email");
    let error = refused(&db, |db| db.insert(&NewPerson { code: Some("a long code".into()), ..ada() }));
    assert_eq!(error, "column people.code refuses ' LNG CD': short: 7 letters");
}

#[test]
fn the_error_names_table_column_value_and_rule() {
    let db = people();
    match db.insert(&NewPerson { name: "x".repeat(11), ..ada() }).unwrap_err() {
        Error::Validation { table, column, value, rule, reason } => {
            assert_eq!((table.as_str(), column.as_str(), &*rule), ("people", "name", "LenRange(1, 10)"));
            assert_eq!((value, reason), (Value::from("x".repeat(11)), None));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn counted_values_are_validated() {
    let db = people();
    for _ in 0..3 {
        db.insert(&ada()).unwrap();
    }
    assert_eq!(refused(&db, |db| db.insert(&ada())), "column people.id refuses 4: Range(1, 3)");
}

#[test]
fn every_face_runs_the_rules() {
    let db = people();
    let id = db.insert(&ada()).unwrap();
    db.update::<Person>().set(Person::NAME, "  Bob ").run().unwrap();
    assert_eq!(db.get::<Person>(id).unwrap().unwrap().name, "Bob");
    db.update_key::<Person>(id).set(Person::AGE, 255).set(Person::NAME, " Eve").run().unwrap();
    let person = db.get::<Person>(id).unwrap().unwrap();
    assert_eq!((person.name.as_str(), person.age), ("Eve", Some(150)));
    let error = refused(&db, |db| db.update::<Person>().set(Person::NAME, "").run());
    assert_eq!(error, "column people.name refuses '': LenRange(1, 10)");
    refused(&db, |db| db.update_key::<Person>(id).set(Person::EMAIL, Some("x".to_owned())).run());

    db.insert_values("people", &[("name", " Dyn ".into()), ("age", 151.into())]).unwrap();
    let dynamic = db.select::<Person>().filter(Person::NAME.eq("Dyn")).first().unwrap().unwrap();
    assert_eq!((dynamic.age, dynamic.state.as_str()), (Some(150), "new"));
    refused(&db, |db| db.insert_values("people", &[("name", "".into())]));

    db.transaction(|tx| {
        refused_inside(tx.insert(&NewPerson { name: String::new(), ..ada() }));
        tx.insert(&NewPerson { name: " Tx ".into(), ..ada() })?;
        Ok(())
    })
    .unwrap();
    assert_eq!(db.get_by(Person::NAME, "Tx").unwrap().unwrap().name, "Tx");
    assert_sound(&db);
}

fn refused_inside<T: std::fmt::Debug>(result: Result<T>) {
    assert!(result.unwrap_err().is_constraint());
}

#[test]
fn a_refusal_halfway_leaves_nothing() {
    let db = people();
    db.insert(&ada()).unwrap();
    let rows = [ada(), NewPerson { name: String::new(), ..ada() }];
    refused(&db, |db| db.insert_many(&rows));
    db.transaction(|tx| {
        let error = tx.insert_many(&rows).unwrap_err();
        assert!(matches!(error, Error::Validation { .. }));
        assert_eq!(tx.select::<Person>().count()?, 1);
        Ok(())
    })
    .unwrap();
}

#[test]
fn unique_keys_are_compared_after_the_sanitizers() {
    let db = people();
    db.insert(&NewPerson { email: Some("ada@example.com".into()), ..ada() }).unwrap();
    let error = refused(&db, |db| db.insert(&NewPerson { email: Some(" ADA@EXAMPLE.COM".into()), ..ada() }));
    assert_eq!(error, "people has a row with email = 'ada@example.com' already");
}

#[test]
fn a_value_of_the_wrong_type_is_refused_as_such() {
    let db = people();
    let error = refused(&db, |db| db.insert_values("people", &[("name", 5.into())]));
    assert_eq!(error, "column people.name of type text cannot hold 5");
    let error = refused(&db, |db| db.insert_values("people", &[("name", "x".into()), ("age", 256.into())]));
    assert_eq!(error, "column people.age of type u8 cannot hold 256");
}

#[test]
fn null_passes_the_rules_and_meets_the_column() {
    let db = people();
    let error = refused(&db, |db| db.insert_values("people", &[]));
    assert_eq!(error, "column people.name must not be null");
}

#[test]
fn a_program_that_lacks_a_rule_can_read_the_table_and_nothing_else() {
    let medium = HeapProvider::new();
    let db = Database::open(medium.clone()).unwrap().with_schema::<People>().unwrap();
    let id = db.insert(&NewPerson { code: Some("b".into()), ..ada() }).unwrap();
    db.create_table(&TableSchema::new("free").column(ColumnSchema::new("n", DataType::I64))).unwrap();
    db.close().unwrap();

    let db = Database::open(medium).unwrap();
    assert_eq!(rows(&db, "people").len(), 1);
    let before = exported(&db);
    let errors = [
        db.insert_values("people", &[("name", "Bob".into())]).unwrap_err(),
        db.update_key::<Person>(id).set(Person::AGE, 1).run().unwrap_err(),
        db.update::<Person>().set(Person::NAME, "x").run().unwrap_err(),
        db.delete_key::<Person>(id).unwrap_err(),
        db.delete::<Person>().run().unwrap_err(),
        db.delete::<Person>().filter(Person::ID.eq(id)).run().unwrap_err(),
    ];
    for error in errors {
        assert!(
            matches!(&error, Error::MissingRule { table, column, rule }
                if table == "people" && column == "code" && rule == "with(no_vowels)"),
            "{error:?}"
        );
        let words = "table people can only be read: column code has the rule with(no_vowels), which this program lacks";
        assert_eq!(error.to_string(), words);
    }
    assert!(exported(&db) == before);
    db.insert_values("free", &[("n", 1.into())]).unwrap();

    let half = db.with_rules(&CustomRules::default().sanitizer::<NoVowels>()).unwrap();
    let error = half.insert_values("people", &[("name", "Bob".into())]).unwrap_err();
    assert!(matches!(&error, Error::MissingRule { rule, .. } if rule == "with(short)"), "{error:?}");
    let whole = half.with_schema::<People>().unwrap();
    whole.insert_values("people", &[("name", "Bob".into()), ("code", "abe".into())]).unwrap();
    assert_eq!(whole.get_by(Person::NAME, "Bob").unwrap().unwrap().code.as_deref(), Some("B"));
    assert_sound(&whole);
}

#[test]
fn two_rules_of_one_name_are_refused() {
    struct Other;

    impl Validate for Other {
        const NAME: &'static str = "short";
        type Value = String;

        fn validate(_: &String) -> std::result::Result<(), String> {
            Ok(())
        }
    }

    let other = CustomRules::default().validator::<Other>();
    let error = people().with_rules(&other).unwrap_err();
    assert_eq!(error.to_string(), "two rules are called short");
    people().with_rules(&CustomRules::default().validator::<Short>()).unwrap();
}

#[test]
fn a_rule_of_the_programs_own_for_another_type_is_a_refusal_not_damage() {
    let n = ColumnSchema::new("n", DataType::U8).validator(Validator::Custom("short".into()));
    let db = people();
    db.create_table(&TableSchema::new("t").column(n)).unwrap();
    let error = refused(&db, |db| db.insert_values("t", &[("n", 5.into())]));
    assert_eq!(error, "column t.n refuses 5: short: expected text, found 5");
}

#[test]
fn a_rule_that_panics_leaves_nothing_and_the_database_works() {
    struct Panics;

    impl Validate for Panics {
        const NAME: &'static str = "panics";
        type Value = i64;

        fn validate(number: &i64) -> std::result::Result<(), String> {
            assert!(*number != 3, "three");
            Ok(())
        }
    }

    let n = ColumnSchema::new("n", DataType::I64).validator(Validator::Custom("panics".into()));
    let db = Database::in_memory().with_rules(&CustomRules::default().validator::<Panics>()).unwrap();
    db.create_table(&TableSchema::new("t").column(n)).unwrap();
    let before = exported(&db);
    let write = || {
        db.transaction(|tx| {
            tx.insert_values("t", &[("n", 1.into())])?;
            tx.insert_values("t", &[("n", 3.into())])
        })
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(write)).unwrap_err();
    assert!(exported(&db) == before);
    db.insert_values("t", &[("n", 4.into())]).unwrap();
    assert_sound(&db);
}

/// A column of text with every rule for text, and one for each other kind of value.
fn every_rule() -> TableSchema {
    let moment = |text: &str| Value::from(text.parse::<DateTime>().unwrap());
    let mut text = ColumnSchema::new("text", DataType::Text).nullable();
    use {Sanitizer as S, Validator as V};
    text.sanitizers =
        vec![S::Trim, S::CollapseWhitespace, S::LowerCase, S::UpperCase, S::NullIfEmpty, S::Slug, S::UrlEncode];
    text.sanitizers.push(S::Custom("no_vowels".into()));
    text.validators = vec![
        V::MinLen(1),
        V::MaxLen(u32::MAX),
        V::LenRange(0, 7),
        V::Email,
        V::Url,
        V::MimeType,
        V::PhoneNumber,
        V::CountryCode,
        V::RgbColor,
        V::CamelCase,
        V::KebabCase,
        V::SnakeCase,
        V::Custom("short".into()),
    ];
    if cfg!(feature = "regex") {
        text.validators.push(V::Regex("^a+$".into()));
    }
    let low = moment("2024-01-01T00:00:00+01:00");
    let moment = ColumnSchema::new("moment", DataType::DateTime)
        .sanitizer(S::Utc)
        .sanitizer(S::Timezone(-3600))
        .sanitizer(S::Clamp(low.clone(), moment("2025-01-01T00:00:00Z")))
        .validator(V::Range(low.clone(), low));
    let number = ColumnSchema::new("number", DataType::F64)
        .sanitizer(S::RoundToScale(3))
        .sanitizer(S::Clamp(Value::from(-1.5), Value::from(f64::NAN)));
    let id = ColumnSchema::new("id", DataType::U64).autoincrement().validator(V::Range(1.into(), u64::MAX.into()));
    TableSchema::new("t").column(id).column(text).column(moment).column(number).primary_key(["id"])
}

#[test]
fn every_rule_comes_back_from_the_file() {
    let medium = HeapProvider::new();
    let db = Database::open(medium.clone()).unwrap();
    db.create_table(&every_rule()).unwrap();
    db.close().unwrap();
    let db = Database::open(medium).unwrap();
    assert_eq!(db.schemas().unwrap(), [every_rule()]);
}

#[cfg(feature = "serde")]
#[test]
fn every_rule_comes_back_from_json() {
    let mut schema = every_rule();
    schema.columns.retain(|column| column.name != "number"); // JSON has no NaN.
    let text = serde_json::to_string(&schema).unwrap();
    assert_eq!(serde_json::from_str::<TableSchema>(&text).unwrap(), schema);
}

#[test]
fn a_rule_that_does_not_fit_its_column_is_a_schema_error() {
    use {DataType as D, Sanitizer as S, Validator as V};
    let column = |data_type| ColumnSchema::new("c", data_type);
    let long = "x".repeat(ColumnSchema::MAX_PATTERN_BYTES + 1);
    let many = (0..=ColumnSchema::MAX_RULES).fold(column(D::Text), |column, _| column.sanitizer(S::Trim));
    for (column, problem) in [
        (column(D::U8).sanitizer(S::Trim), "Trim of column c is for text, not for u8"),
        (column(D::Bytes).validator(V::Email), "Email of column c is for text, not for bytes"),
        (column(D::I64).sanitizer(S::RoundToScale(2)), "is for decimals and floats, not for i64"),
        (
            column(D::Text).validator(V::Range("a".into(), "b".into())),
            "is for numbers, dates and moments, not for text",
        ),
        (column(D::Date).sanitizer(S::Utc), "Utc of column c is for moments, not for date"),
        (column(D::Json).validator(V::MinLen(1)), "MinLen(1) of column c is for text and bytes, not for json"),
        (column(D::Text).sanitizer(S::NullIfEmpty), "NullIfEmpty of column c: the column must not be null"),
        (column(D::U8).sanitizer(S::Clamp(0.into(), 256.into())), "Clamp(0, 256) of column c: 256 is no u8"),
        (column(D::U8).validator(V::Range(Value::Null, 1.into())), "Range(NULL, 1) of column c: NULL is no u8"),
        (column(D::U8).validator(V::Range(2.into(), 1.into())), "Range(2, 1) of column c: 2 is above 1"),
        (column(D::Text).validator(V::LenRange(2, 1)), "LenRange(2, 1) of column c: 2 is above 1"),
        (column(D::F64).sanitizer(S::RoundToScale(29)), "more than 28 digits after the point"),
        (
            column(D::DateTime).sanitizer(S::Timezone(86_400)),
            "Timezone(+24:00) of column c: an offset of a day or more",
        ),
        (column(D::U8).validator(V::Custom(String::new())), "with() of column c: the name is empty"),
        (column(D::U8).validator(V::Custom("x".repeat(256))), "the name is longer than 255 bytes"),
        (column(D::Text).validator(V::Regex(long)), "the pattern is longer than 4096 bytes"),
        (many, "column c has more than 64 sanitizers or validators"),
        (column(D::U8).autoincrement().sanitizer(S::Clamp(0.into(), 9.into())), "no sanitizer may change its values"),
    ] {
        let error = Database::in_memory().create_table(&TableSchema::new("t").column(column)).unwrap_err();
        assert!(matches!(error, Error::Schema(_)) && error.to_string().contains(problem), "{error}");
    }
}

#[cfg(feature = "regex")]
#[test]
fn a_pattern_is_searched_for_and_a_wrong_one_is_a_schema_error() {
    let table = |pattern: &str| {
        TableSchema::new("t").column(ColumnSchema::new("c", DataType::Text).validator(Validator::Regex(pattern.into())))
    };
    let db = Database::in_memory();
    db.create_table(&table("^[a-z]+[0-9]")).unwrap();
    db.insert_values("t", &[("c", "abc1 and more".into())]).unwrap();
    let error = refused(&db, |db| db.insert_values("t", &[("c", "1abc1".into())]));
    assert_eq!(error, "column t.c refuses '1abc1': Regex(\"^[a-z]+[0-9]\")");
    for wrong in ["(", "a{1000}{1000}{1000}"] {
        let error = Database::in_memory().create_table(&table(wrong)).unwrap_err();
        assert!(matches!(error, Error::Schema(_)), "{error:?}");
    }
}

#[cfg(not(feature = "regex"))]
#[test]
fn without_the_feature_a_table_with_a_pattern_cannot_be_made() {
    let c = ColumnSchema::new("c", DataType::Text).validator(Validator::Regex("a".into()));
    let error = Database::in_memory().create_table(&TableSchema::new("t").column(c)).unwrap_err();
    assert!(error.to_string().ends_with("built without the feature `regex`"), "{error}");
}

#[test]
fn an_interactive_transaction_runs_the_rules_once_and_its_replay_does_not() {
    #[derive(Table, Debug, Clone, PartialEq)]
    #[table = "links"]
    struct Link {
        #[primary_key]
        #[autoincrement]
        #[validate(Range(1, 9))]
        id: u64,
        #[sanitizer(UrlEncode)]
        path: String,
        #[sanitizer(with(NoVowels))]
        code: String,
    }

    #[derive(DatabaseSchema)]
    #[tables(Link = "links")]
    struct Links;

    let db = Database::in_memory().with_schema::<Links>().unwrap();
    let new = |path: &str| NewLink { id: None, path: path.into(), code: "abc".into() };
    let first = db.insert(&new("a b")).unwrap();
    let tx = db.begin().unwrap();
    let second = tx.insert(&new("c d")).unwrap();
    tx.update_key::<Link>(first).set(Link::PATH, "e f").run().unwrap();
    assert!(tx.update_key::<Link>(first).set(Link::ID, 10u64).run().unwrap_err().is_constraint());
    // The head has moved on, so the rows are written again.
    let third = db.insert(&new("g h")).unwrap();
    tx.commit(Durability::Full).unwrap();
    let paths: Vec<_> = [first, second, third].map(|id| db.get::<Link>(id).unwrap().unwrap().path).into();
    assert_eq!(paths, ["e%20f", "c%20d", "g%20h"]);
    assert_sound(&db);
}
