//! What a text says, and what becomes of one that says nothing.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice, reason = "tests may")]

use wasm_dbms::{
    ColumnSchema, Comparison, DataType, Database, Expr, HeapProvider, IS_FULL, Sanitizer, ScalarFunction, TableSchema,
    Value,
};
use wasm_dbms_module::{Failure, FailureKind};
use wasm_dbms_tables::Session;

const USERS: &str = r#"create "users" column "id" u64 counts key "id" column "name" text column "age" i32 nullable
    column "state" enum choice "draft" choice "live" ? default unique "" over "name" "age" ? >= check "old""#;

fn prepared(database: &Database) -> Session<'_> {
    let session = Session::new(database);
    say(&session, &USERS.replace('\n', " "), &["draft".into(), 0.into()]);
    let rows = ["Ada".into(), 36.into(), "Alan".into(), 41.into(), "Grace".into(), Value::Null];
    say(&session, r#"insert "users" into "name" into "age""#, &rows);
    session
}

/// The rows that a text answers, a line each.
fn say(session: &Session<'_>, text: &str, parameters: &[Value]) -> Vec<String> {
    let changed = session.perform(text, parameters).unwrap_or_else(|failure| panic!("{text}: {}", failure.words));
    let line = |row: &Vec<Value>| row.iter().map(Value::to_string).collect::<Vec<_>>().join(" ");
    changed.returned.rows.iter().map(line).collect()
}

fn count(session: &Session<'_>, text: &str, parameters: &[Value]) -> u64 {
    session.perform(text, parameters).unwrap_or_else(|failure| panic!("{text}: {}", failure.words)).count
}

fn refusal(session: &Session<'_>, text: &str, parameters: &[Value]) -> Box<Failure> {
    match session.perform(text, parameters) {
        Ok(_) => panic!("{text} says something"),
        Err(failure) => failure,
    }
}

#[test]
fn a_question_says_which_rows_which_columns_and_in_which_order() {
    let database = Database::in_memory();
    let session = prepared(&database);
    let old =
        r#"select "users" "age" ? >= "name" ? like and where "name" out "age" ? + outas "next" "name" desc ? limit"#;
    assert_eq!(say(&session, old, &[30.into(), "A%".into(), 1.into(), 9.into()]), ["'Alan' 42", "'Ada' 37"]);
    assert_eq!(say(&session, r#"select "users" "age" isnull where "id" out"#, &[]), ["3"]);
    assert_eq!(
        say(&session, r#"select "users" "age" asc nullsfirst ? limit ? offset "name" out"#, &[1.into(), 0.into()]),
        ["'Grace'"]
    );
    assert_eq!(
        say(&session, r#"select "users" "id" ? ? in 2 not where "name" out"#, &[1.into(), 3.into()]),
        ["'Alan'"]
    );
    assert_eq!(
        say(&session, r#"select "users" "state" different countof out "age" max out count out"#, &[]),
        ["1 41 3"]
    );
    assert_eq!(say(&session, r#"select "users" distinct "state" out"#, &[]), ["'draft'"]);
}

#[test]
fn tables_are_joined_and_groups_counted() {
    let database = Database::in_memory();
    let session = prepared(&database);
    let posts = r#"create "posts" column "id" u64 key "id" column "author" u64
        references "users" from "author" to "id" ondelete cascade index "" over "author" down "id""#;
    say(&session, &posts.replace('\n', " "), &[]);
    say(&session, r#"insert "posts" into "id" into "author""#, &[1, 1, 2, 1, 3, 2].map(Value::from));
    let counts = r#"select "users" as "u" left "posts" as "p" "p.author" "u.id" = on "u.name" group
        "u.name" out "p.id" countof outas "n" "p.id" countof ? >= having "n" desc"#;
    assert_eq!(say(&session, &counts.replace('\n', " "), &[1.into()]), ["'Ada' 2", "'Alan' 1"]);
    assert_eq!(count(&session, r#"delete "users" "id" ? = where"#, &[1.into()]), 1);
    assert_eq!(say(&session, r#"select "posts" everyof "posts""#, &[]), ["3 2"]);
}

#[test]
fn a_row_is_found_by_its_key_and_a_key_of_another_shape_refused() {
    let database = Database::in_memory();
    let session = prepared(&database);
    assert_eq!(say(&session, r#"select "users" bykey"#, &[2.into()]), ["2 'Alan' 41 'draft'"]);
    assert!(say(&session, r#"select "users" bykey"#, &[9.into()]).is_empty());
    assert!(refusal(&session, r#"select "users" bykey"#, &[]).words.contains("has 1 columns"));
    // The table is another one now, and so is its key.
    say(&session, r#"drop "users""#, &[]);
    say(&session, r#"create "users" column "a" i64 column "b" i64 key "a" key "b""#, &[]);
    say(&session, r#"insert "users" into "a" into "b""#, &[1.into(), 2.into()]);
    assert_eq!(say(&session, r#"select "users" bykey"#, &[1.into(), 2.into()]), ["1 2"]);
}

#[test]
fn rows_change_and_come_in_the_place_of_others() {
    let database = Database::in_memory();
    let session = prepared(&database);
    let older = r#"update "users" "age" ? + set "age" "age" isnull not where "age" out"#;
    assert_eq!(say(&session, older, &[1.into()]), ["37", "42"]);
    assert_eq!(count(&session, r#"update "users" ? set "state""#, &["live".into()]), 3);
    assert_eq!(
        say(&session, r#"update "users" reset "state" "id" ? = where every"#, &[1.into()]),
        ["1 'Ada' 37 'draft'"]
    );
    let merge = r#"insert "users" into "name" into "age" key "name" merge take "age" "name" out "age" out"#;
    assert_eq!(say(&session, merge, &["Ada".into(), 1.into(), "Edsger".into(), 2.into()]), ["'Ada' 1", "'Edsger' 2"]);
    let sum = r#"insert "users" into "name" into "age" key "name" merge "users.age" "excluded.age" + ? + set "age" "age" out"#;
    assert_eq!(say(&session, sum, &[100.into(), "Ada".into(), 10.into()]), ["111"]);
    assert_eq!(count(&session, r#"insert "users" into "name" skip"#, &["Ada".into()]), 0);
    assert_eq!(refusal(&session, r#"insert "users" into "name""#, &["Ada".into()]).kind, FailureKind::Constraint);
    assert_eq!(refusal(&session, r#"update "users" ? set "age""#, &[Value::from(-1)]).kind, FailureKind::Constraint);
}

#[test]
fn transactions_are_committed_or_undone_and_none_is_begun_in_another() {
    let database = Database::in_memory();
    let session = prepared(&database);
    for begin in ["BEGIN", "BEGIN IMMEDIATE"] {
        say(&session, begin, &[]);
        say(&session, r#"delete "users""#, &[]);
        assert!(refusal(&session, "BEGIN", &[]).words.contains("is open"));
        say(&session, "ROLLBACK", &[]);
        assert_eq!(say(&session, r#"select "users" count out"#, &[]), ["3"]);
    }
    say(&session, "BEGIN", &[]);
    say(&session, r#"delete "users" "id" ? = where"#, &[1.into()]);
    say(&session, "COMMIT", &[]);
    assert_eq!(say(&session, r#"select "users" count out"#, &[]), ["2"]);
    assert!(refusal(&session, "COMMIT", &[]).words.contains("no transaction"));
}

#[test]
fn the_first_of_two_transactions_that_meet_wins() {
    let database = Database::in_memory();
    let (first, second) = (prepared(&database), Session::new(&database));
    for session in [&first, &second] {
        say(session, "BEGIN", &[]);
        say(session, r#"update "users" "age" ? + set "age" "id" ? = where"#, &[1.into(), 1.into()]);
    }
    say(&first, "COMMIT", &[]);
    assert_eq!(refusal(&second, "COMMIT", &[]).kind, FailureKind::Conflict);
    assert_eq!(say(&second, r#"select "users" bykey"#, &[1.into()]), ["1 'Ada' 37 'draft'"]);
}

#[test]
fn tables_and_indexes_come_and_go_and_leniently_if_that_is_said() {
    let database = Database::in_memory();
    let session = prepared(&database);
    assert!(refusal(&session, r#"create "users" column "n" i64"#, &[]).words.contains("users"));
    say(&session, r#"create "users" unless column "n" i64"#, &[]);
    say(&session, r#"createindex "users" index "ages" down "age" include "name""#, &[]);
    say(&session, r#"createindex "users" unless index "ages" over "age""#, &[]);
    refusal(&session, r#"createindex "users" index "ages" over "age""#, &[]);
    say(&session, r#"dropindex "ages""#, &[]);
    say(&session, r#"dropindex "ages" ifthere"#, &[]);
    say(&session, r#"drop "users""#, &[]);
    say(&session, r#"drop "users" ifthere"#, &[]);
    refusal(&session, r#"create "posts" unless column "a" i64 references "users" from "a" to "id""#, &[]);
    refusal(&session, r#"createindex "users" unless index "ages" over "age""#, &[]);
    refusal(&session, r#"drop "users""#, &[]);
}

#[test]
fn a_day_may_be_the_default_of_a_column_and_a_name_may_have_quotes_and_spaces() {
    let database = Database::in_memory();
    let session = Session::new(&database);
    say(&session, r#"create "a ""b"" c" column "day" date ? default column "n o" i64"#, &["1815-12-10".into()]);
    say(&session, r#"insert "a ""b"" c" into "n o""#, &[1.into()]);
    assert_eq!(say(&session, r#"select "a ""b"" c" "day" ? = where"#, &["1815-12-10".into()]), ["'1815-12-10' 1"]);
}

#[test]
fn a_text_that_says_nothing_is_refused_as_one() {
    let database = Database::in_memory();
    let session = prepared(&database);
    let all = [
        "",
        "select",
        "select users",
        r#""users" select"#,
        r#"select "users"#,
        r#"select "users" "age""#,
        r#"select "users" ? ? where"#,
        r#"select "users" where"#,
        r#"select "users" "age" = where"#,
        r#"select "users" "age" nonsense where"#,
        r#"select "users" "age" in where"#,
        r#"select "users" "age" in 99999999999999999999 where"#,
        r#"select "users" "age" in 7 where"#,
        r#"select "users" "age" different out"#,
        r#"select "users" nullsfirst"#,
        r#"select "users" "age" on"#,
        r#"select "users" as"#,
        r#"select "users" ? set "age""#,
        r#"insert "users""#,
        r#"insert "users" into "age" take "age""#,
        r#"update "users""#,
        r#"update "users" set "age""#,
        r#"update "users" ? set "age" ? limit"#,
        r#"delete "users" ? set "age""#,
        r#"create "t" nullable"#,
        r#"create "t" column "a""#,
        r#"create "t" column "a" money"#,
        r#"create "t" column "a" i64 ? default"#,
        r#"create "t" column "a" i64 "a" default"#,
        r#"create "t" column "a" i64 references "u" ondelete explode"#,
        r#"createindex "users""#,
        r#"drop "users" now"#,
        r#"dropindex "i" ifthere ifthere"#,
        "BEGIN TWICE",
        "COMMIT ;",
    ];
    for text in all {
        let Failure { kind, words, .. } = *refusal(&session, text, &[]);
        assert_eq!(kind, FailureKind::Syntax, "{text}: {words}");
    }
    assert_eq!(say(&session, r#"select "users" count out"#, &[]), ["3"]);
}

#[test]
fn a_text_is_written_as_what_has_no_value_of_its_own_and_as_a_number_by_a_full_build_only() {
    let database = Database::in_memory();
    let session = Session::new(&database);
    for (data_type, text, expected) in [
        ("decimal", "12.50", "12.50"),
        ("date", "2026-11-30", "'2026-11-30'"),
        ("datetime", "2026-11-30T07:40:00Z", "'2026-11-30T07:40:00Z'"),
        ("uuid", "00000000-0000-0000-0000-000000000001", "'00000000-0000-0000-0000-000000000001'"),
        ("i64", "12", ""),
        ("f64", "1.5", ""),
        ("bool", "true", ""),
    ] {
        say(&session, &format!(r#"create "{data_type}" column "own" {data_type}"#), &[]);
        let inserted = session.perform(&format!(r#"insert "{data_type}" into "own""#), &[text.into()]);
        assert_eq!(inserted.is_ok(), IS_FULL || !expected.is_empty(), "{data_type}");
        if !expected.is_empty() {
            assert_eq!(say(&session, &format!(r#"select "{data_type}""#), &[]), [expected]);
        }
    }
}

#[test]
fn a_table_whose_rules_this_build_does_not_know_can_be_read_and_not_written() {
    let database = Database::in_memory();
    let name = ColumnSchema { sanitizers: vec![Sanitizer::Trim], ..ColumnSchema::new("name", DataType::Text) };
    let size = Expr::function(ScalarFunction::Length, [Expr::column("name")]).compare(Comparison::Less, 9);
    let ruled = TableSchema::new("ruled").column(name);
    let checked = TableSchema::new("checked").column(ColumnSchema::new("name", DataType::Text)).check(size);
    for schema in [ruled, checked] {
        let table = schema.name.clone();
        let session = Session::new(&database);
        // A check that it does not know it does not take either; a file may have it.
        if database.create_table(&schema).is_err() {
            continue;
        }
        let inserted = session.perform(&format!(r#"insert "{table}" into "name""#), &["x".into()]);
        assert_eq!(inserted.is_ok(), IS_FULL);
        assert_eq!(say(&session, &format!(r#"select "{table}""#), &[]).len(), usize::from(IS_FULL));
    }
}

#[test]
fn rules_of_a_file_stay_as_they_are_whether_this_build_knows_them_or_not() {
    let bytes = include_bytes!("../../engine/tests/golden/closed.db").to_vec();
    let database = Database::open(HeapProvider::from_bytes(bytes)).expect("a file that was kept");
    let session = Session::new(&database);
    let schemas = database.schemas().expect("tables");
    assert!(schemas.iter().flat_map(|schema| &schema.columns).any(ColumnSchema::has_rules));
    // The description of the table is written anew with each.
    say(&session, r#"createindex "visits" index "by_people" over "people""#, &[]);
    say(&session, r#"dropindex "by_people""#, &[]);
    let mut copy = Vec::new();
    database.export(&mut copy).expect("a copy");
    let again = Database::open(HeapProvider::from_bytes(copy)).expect("a copy");
    assert_eq!(again.schemas().expect("tables"), schemas);
    let session = Session::new(&again);
    assert_ne!(say(&session, r#"select "visits" count out"#, &[]), ["0"]);
    assert_eq!(session.perform(r#"update "visits" ? set "people""#, &[3.into()]).is_ok(), IS_FULL);
}

#[test]
fn too_few_or_too_many_parameters_are_refused() {
    let database = Database::in_memory();
    let session = prepared(&database);
    let question = r#"select "users" "age" ? = where"#;
    for parameters in [&[][..], &[1.into(), 2.into()]] {
        assert!(refusal(&session, question, parameters).words.contains("where 1 are asked for"));
    }
    let insert = r#"insert "users" into "name" into "age""#;
    assert!(refusal(&session, insert, &["x".into()]).words.contains("2 columns"));
    refusal(&session, r#"insert "users" into "name" key "name" merge ? set "age""#, &[]);
}

#[test]
fn an_expression_of_any_depth_is_read_and_one_too_deep_refused() {
    let database = Database::in_memory();
    let session = prepared(&database);
    let nested = |depth: usize| format!(r#"select "users" "age" isnull {}where "id" out"#, "not ".repeat(depth));
    assert_eq!(say(&session, &nested(100), &[]), ["3"]);
    refusal(&session, &nested(100_000), &[]);
    let sums = format!(r#"select "users" "age" {}out"#, "? + ".repeat(100_000));
    refusal(&session, &sums, &vec![Value::from(1); 100_000]);
}

#[test]
fn words_in_any_order_are_a_statement_or_an_error() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let words: Vec<&str> = "select insert update delete create createindex drop dropindex BEGIN COMMIT ROLLBACK \"users\" \"age\" \
        \"users.name\" \"\" \" \"\" ? ? ? = < + and or not isnull minus like in 0 1 2 count countof sum different where having \
        group out outas every everyof distinct asc desc nullsfirst limit offset as join left on bykey into key skip merge take \
        set reset column i64 text nullable counts choice default index unique over down include references from to ondelete \
        cascade check unless ifthere"
        .split_whitespace()
        .collect();
    let database = Database::in_memory();
    let session = prepared(&database);
    let values = [Value::from(1), Value::from("x"), Value::Null];
    for _ in 0..20_000 {
        let mut text = (if random.bool() { "select \"users\"" } else { "" }).to_owned();
        for _ in 0..random.usize(..12) {
            text.push(' ');
            text.push_str(random.choice(&words).unwrap_or(&""));
        }
        let _ = session.perform(&text, &values[..random.usize(..=values.len())]);
    }
    let bytes =
        |random: &mut fastrand::Rng| (0..random.usize(..40)).map(|_| random.char(' '..'\u{100}')).collect::<String>();
    for _ in 0..20_000 {
        let _ = session.perform(&bytes(&mut random), &[]);
    }
}
