//! A dump restores to equal content, whatever the content.

use wasm_dbms::prelude::*;
use wasm_dbms::{CheckSchema, ForeignKeySchema, Sanitizer, Validator};
use wasm_dbms_sql::Session;

use crate::support::{Folder, output_on, run_script};

/// Restores a dump into another file and says what is dumped there.
fn restored(folder: &Folder, dump: &str) -> String {
    let copy = folder.path("copy.db");
    let run = run_script(&copy, &[], dump);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", ""), "{dump}");
    let checked = output_on(&copy, &[".check"]);
    assert!(checked.ends_with("nothing wrong\n"), "{checked}");
    output_on(&copy, &[".dump"])
}

/// Makes a database of the folder, runs this on it, and writes it.
fn made(folder: &Folder, make: impl FnOnce(&Database)) -> Vec<(TableSchema, Vec<Vec<Value>>)> {
    let medium = HeapProvider::new();
    let db = Database::open(medium.clone()).unwrap();
    make(&db);
    let content = content(&db);
    db.close().unwrap();
    std::fs::write(folder.database(), medium.to_bytes()).unwrap();
    content
}

/// Every table with its rows.
fn content(db: &Database) -> Vec<(TableSchema, Vec<Vec<Value>>)> {
    let schemas = db.schemas().unwrap().into_iter();
    schemas.map(|schema| (schema.clone(), db.query(&Query::from(schema.name.as_str())).unwrap().rows)).collect()
}

/// What stands in the file of the copy.
fn content_of_copy(folder: &Folder) -> Vec<(TableSchema, Vec<Vec<Value>>)> {
    let medium = HeapProvider::from_bytes(std::fs::read(folder.path("copy.db")).unwrap());
    content(&Database::open(medium).unwrap())
}

/// A table with a column of every type, each with a default.
fn every_type() -> TableSchema {
    let mut schema = TableSchema::new("Every \"type\"").primary_key(["id"]);
    schema = schema.column(ColumnSchema::new("id", DataType::U32).autoincrement());
    let moment: DateTime = "2024-02-29T12:34:56.789+05:30".parse().unwrap();
    let columns: [(DataType, Value); 17] = [
        (DataType::Bool, true.into()),
        (DataType::I8, (-8).into()),
        (DataType::I16, (-16).into()),
        (DataType::I32, i32::MIN.into()),
        (DataType::I64, i64::MIN.into()),
        (DataType::U8, 8.into()),
        (DataType::U16, 16.into()),
        (DataType::U32, 32.into()),
        (DataType::U64, u64::MAX.into()),
        (DataType::F32, Value::Float(0.5)),
        (DataType::F64, Value::Float(-1.5e300)),
        (DataType::Decimal, "-1.50".parse::<Decimal>().unwrap().into()),
        (DataType::Text, "it's; -- \"x\"\n".into()),
        (DataType::Bytes, Value::Bytes(vec![0, 255])),
        (DataType::Date, "2024-02-29".parse::<Date>().unwrap().into()),
        (DataType::DateTime, moment.into()),
        (DataType::Uuid, "67e55044-10b1-426f-9247-bb680e5fe0c8".parse::<Uuid>().unwrap().into()),
    ];
    for (number, (data_type, default)) in columns.into_iter().enumerate() {
        // One that may be NULL and one that may not.
        schema = schema.column(ColumnSchema::new(format!("select {number}"), data_type).default(default.clone()));
        schema = schema.column(ColumnSchema::new(format!("n{number}"), data_type).nullable());
    }
    let json: Json = r#"{"a": ["it's", 1.50, null]}"#.parse().unwrap();
    schema = schema.column(ColumnSchema::new("json", DataType::Json).default(json));
    schema.column(ColumnSchema::one_of("state", ["draft", "it's"]).default("it's"))
}

#[test]
fn every_type_comes_back_as_it_was() {
    let folder = Folder::empty();
    let before = made(&folder, |db| {
        let schema = every_type();
        db.create_table(&schema).unwrap();
        let name = schema.name.as_str();
        db.insert_values(name, &[("id", 7.into())]).unwrap();
        let texts =
            ["", "\0", "\u{1b}[2J", "é\u{10FFFF}", "\\", "''", "-- no comment", "/*", ";", "$$", "\r\n", "x'00'"];
        for text in texts {
            db.insert_values(name, &[("n12", text.into()), ("n13", Value::Bytes(text.as_bytes().to_vec()))]).unwrap();
        }
        for number in
            [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE, 0.1, 1e21, 1.0, f64::MAX]
        {
            db.insert_values(name, &[("n10", Value::Float(number))]).unwrap();
        }
        for number in ["0", "0.00", "9999999999999999999999999999", "-0.000000000000000001", "18446744073709551616"] {
            db.insert_values(name, &[("n11", number.parse::<Decimal>().unwrap().into())]).unwrap();
        }
        for number in [f32::MAX, f32::MIN_POSITIVE, 0.1, -3.25] {
            db.insert_values(name, &[("n9", Value::Float(f64::from(number)))]).unwrap();
        }
        for moment in ["-0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999-11:30"] {
            if let Ok(moment) = moment.parse::<DateTime>() {
                db.insert_values(name, &[("n15", moment.into())]).unwrap();
            }
        }
    });
    let dump = folder.output(&[".dump"]);
    assert_eq!(restored(&folder, &dump), dump);
    let after = content_of_copy(&folder);
    assert_eq!(after, before);
    // Equal values may be written otherwise: -0.0 and 0.0, 1.5 and 1.50.
    assert_eq!(format!("{after:?}"), format!("{before:?}"));
}

#[test]
fn constraints_rules_indexes_views_and_circles_of_references_come_back() {
    let folder = Folder::empty();
    let before = made(&folder, |db| {
        let people = TableSchema::new("people")
            .column(ColumnSchema::new("id", DataType::I64))
            .column(
                ColumnSchema::new("email", DataType::Text)
                    .sanitizer(Sanitizer::Trim)
                    .sanitizer(Sanitizer::LowerCase)
                    .validator(Validator::Email)
                    .validator(Validator::Regex("^it's.*$".into())),
            )
            .column(
                ColumnSchema::new("age", DataType::I32)
                    .nullable()
                    .sanitizer(Sanitizer::Clamp((-1).into(), 200.into()))
                    .validator(Validator::Range((-1).into(), 150.into())),
            )
            .column(ColumnSchema::new("born", DataType::DateTime).nullable().sanitizer(Sanitizer::Timezone(-5400)))
            .column(ColumnSchema::new("boss", DataType::I64).nullable())
            .column(ColumnSchema::new("team", DataType::I64).nullable())
            .primary_key(["id"])
            .with_index(IndexSchema::new(["email"]).unique().named("one person"))
            .with_index(
                IndexSchema::new([IndexColumn::new("age").descending(), IndexColumn::new("id")]).include(["team"]),
            )
            .with_foreign_key(
                ForeignKeySchema::new(["boss"], "people", ["id"])
                    .named("led by")
                    .on_delete(ReferentialAction::SetNull)
                    .on_update(ReferentialAction::Cascade),
            )
            .foreign_key("team", "teams", "id", ReferentialAction::SetDefault)
            .with_check(CheckSchema::new(Expr::column("age").compare(Comparison::NotEqual, 13)).named("no 13"))
            .check(Expr::column("id").compare(Comparison::Greater, 0));
        let teams = TableSchema::new("teams")
            .column(ColumnSchema::new("id", DataType::I64))
            .column(ColumnSchema::new("leader", DataType::I64).nullable())
            .primary_key(["id"])
            .foreign_key("leader", "people", "id", ReferentialAction::Cascade);
        let loose = TableSchema::new("loose").column(ColumnSchema::new("n", DataType::I64));
        db.create_tables(&[&people, &teams, &loose]).unwrap();
        let script = "
            INSERT INTO teams VALUES (1, NULL), (2, NULL);
            INSERT INTO people VALUES (1, 'it''s@x.com', 20, '2024-01-01T00:00:00Z', 2, 1), (2, 'it''s.b@x.com', NULL, NULL, 1, 2);
            UPDATE teams SET leader = 3 - id;
            INSERT INTO loose VALUES (3), (1), (3);
            CREATE VIEW zz AS SELECT id FROM people WHERE email LIKE '%;%';
            CREATE VIEW aa (x) AS SELECT id FROM zz;
            CREATE TABLE gone (n integer);
            CREATE VIEW broken AS SELECT n FROM gone;
            DROP TABLE gone;";
        Session::new(db).run(script).unwrap();
    });
    let dump = folder.output(&[".dump"]);
    assert_eq!(restored(&folder, &dump), dump);
    assert_eq!(content_of_copy(&folder), before);
    assert!(dump.find("CREATE VIEW zz").unwrap() < dump.find("CREATE VIEW aa").unwrap());
    let schema = output_on(&folder.path("copy.db"), &[".schema"]);
    assert_eq!(schema, folder.output(&[".schema"]));
}

#[test]
fn many_rows_are_dumped_in_statements_of_bounded_size() {
    let folder = Folder::with_library(5000);
    let dump = folder.output(&[".dump"]);
    assert_eq!(dump.matches("INSERT INTO books VALUES").count(), 10);
    assert_eq!(restored(&folder, &dump), dump);
    let only = folder.output(&[".dump", "books"]);
    assert!(only.contains("INSERT INTO books") && !only.contains("INSERT INTO authors"));
    assert_eq!(folder.refusal(&[".dump", "boks"]), "there is no table boks");
}

#[test]
fn a_dump_that_does_not_restore_leaves_nothing_behind() {
    let folder = Folder::with_library(3);
    let dump = folder.output(&[".dump"]).replace("'author2@", "'author1@");
    let copy = folder.path("copy.db");
    let run = run_script(&copy, &[], &dump);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("author1@example.com"), "{}", run.stderr);
    assert_eq!(output_on(&copy, &[".tables"]), "no tables\n");
}

/// What a program of today stores.
mod program {
    use serde::{Deserialize, Serialize};
    use wasm_dbms::prelude::*;

    #[derive(CustomDataType, Debug, Clone, Copy, PartialEq)]
    pub(super) enum State {
        Draft,
        Published,
    }

    #[derive(CustomDataType, Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub(super) struct Address {
        pub(super) street: String,
        pub(super) houses: Vec<(u16, Option<char>)>,
    }

    #[derive(CustomDataType, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub(super) struct PersonId(pub(super) u32);

    #[derive(Table, Debug, Clone, PartialEq)]
    #[table = "people"]
    #[unique(name, born desc)]
    pub(super) struct Person {
        #[primary_key]
        pub(super) id: PersonId,
        #[validate(MaxLen(20))]
        pub(super) name: String,
        pub(super) born: Option<Date>,
        #[index]
        #[default(State::Published)]
        pub(super) state: State,
        pub(super) address: Address,
        pub(super) second: Option<Address>,
        #[foreign_key(table = "people", column = "id", on_delete = "set null")]
        pub(super) friend: Option<PersonId>,
    }

    #[derive(DatabaseSchema)]
    #[tables(Person = "people")]
    pub(super) struct People;
}

#[test]
fn a_program_with_types_of_its_own_finds_no_drift_in_what_a_dump_restored() {
    use program::{Address, People, Person, PersonId, State};
    let folder = Folder::empty();
    let person = |id, friend| Person {
        id: PersonId(id),
        name: format!("it's {id}"),
        born: None,
        state: State::Draft,
        address: Address { street: "'main'".into(), houses: vec![(3, None), (4, Some('b'))] },
        second: None,
        friend,
    };
    let people = [person(1, None), person(2, Some(PersonId(1)))];
    let medium = HeapProvider::new();
    let db = Database::open(medium.clone()).unwrap().with_schema::<People>().unwrap();
    db.insert_many(&people).unwrap();
    db.close().unwrap();
    std::fs::write(folder.database(), medium.to_bytes()).unwrap();

    let dump = folder.output(&[".dump"]);
    assert!(dump.contains("SHAPE ("), "{dump}");
    assert_eq!(restored(&folder, &dump), dump);
    let copy = HeapProvider::from_bytes(std::fs::read(folder.path("copy.db")).unwrap());
    let db = Database::open(copy).unwrap().with_schema::<People>().unwrap();
    assert_eq!(db.drift().unwrap().to_string(), "");
    assert_eq!(db.select::<Person>().order_by(Person::ID.asc()).all().unwrap(), people);
}
