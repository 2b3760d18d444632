//! Types that a cast does not bring about: functions of the program's own (`#[migrate]`), enums whose names change, newtypes,
//! structs kept as JSON whose fields change. Each at once and in steps.

#![cfg(feature = "serde")]

use serde::{Deserialize, Serialize};
use wasm_dbms::prelude::*;
use wasm_dbms::{Comparison, MigrationOperation, MigrationPlan, MigrationWork};

use crate::support::{assert_sound, exported};

/// The first release.
mod first {
    use super::*;

    #[derive(CustomDataType, Debug, Clone, Copy, PartialEq)]
    pub(super) enum State {
        Draft,
        Published,
        Gone,
    }

    #[derive(CustomDataType, Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub(super) struct Address {
        pub(super) street: String,
        pub(super) house: String,
    }

    #[derive(Table, Debug, Clone, PartialEq)]
    #[table = "people"]
    pub(super) struct Person {
        #[primary_key]
        pub(super) id: u32,
        pub(super) age: String,
        pub(super) price: Option<String>,
        #[index]
        #[default(State::Published)]
        pub(super) state: State,
        pub(super) address: Address,
    }

    #[derive(DatabaseSchema)]
    #[tables(Person = "people")]
    pub(super) struct Schema;
}

/// The last one.
mod last {
    use super::*;

    #[derive(CustomDataType, Debug, Clone, Copy, PartialEq)]
    pub(super) enum State {
        New,
        #[renamed_from("Edited", "Draft")]
        Sketch,
        #[renamed_from("Published")]
        Live,
    }

    #[derive(CustomDataType, Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub(super) struct Address {
        #[serde(alias = "street")]
        pub(super) road: String,
        #[serde(default)]
        pub(super) country: Option<String>,
    }

    #[derive(CustomDataType, Debug, Clone, Copy, PartialEq)]
    pub(super) struct Cents(pub(super) i64);

    fn years(text: String) -> std::result::Result<u8, String> {
        text.strip_suffix(" years").and_then(|text| text.parse().ok()).ok_or_else(|| "these are no years".into())
    }

    /// Of another release between.
    fn half_years(count: i16) -> std::result::Result<u8, std::num::TryFromIntError> {
        u8::try_from(count / 2)
    }

    fn cents(euros: Option<String>) -> std::result::Result<Cents, std::num::ParseIntError> {
        Ok(Cents(euros.map_or(Ok(0), |euros| euros.replace('.', "").parse())?))
    }

    #[derive(Table, Debug, Clone, PartialEq)]
    #[table = "people"]
    pub(super) struct Person {
        #[primary_key]
        pub(super) id: u32,
        #[migrate(years, half_years)]
        pub(super) age: u8,
        #[migrate(cents)]
        pub(super) price: Cents,
        #[index]
        #[default(State::Live)]
        pub(super) state: State,
        pub(super) address: Address,
    }

    #[derive(DatabaseSchema)]
    #[tables(Person = "people")]
    pub(super) struct Schema;
}

const COUNT: u32 = 200;

fn person(id: u32) -> first::Person {
    first::Person {
        id,
        age: format!("{} years", id % 90),
        price: (!id.is_multiple_of(3)).then(|| format!("{id}.05")),
        state: if id.is_multiple_of(2) { first::State::Draft } else { first::State::Published },
        address: first::Address { street: format!("road {id}"), house: "7".into() },
    }
}

fn expected(id: u32) -> last::Person {
    last::Person {
        id,
        age: (id % 90) as u8,
        price: last::Cents(if id.is_multiple_of(3) { 0 } else { i64::from(id) * 100 + 5 }),
        state: if id.is_multiple_of(2) { last::State::Sketch } else { last::State::Live },
        address: last::Address { road: format!("road {id}"), country: None },
    }
}

/// The bytes of a database of the first release, with this done to it.
fn filled(act: impl FnOnce(&Database)) -> Vec<u8> {
    let db = Database::in_memory().with_schema::<first::Schema>().unwrap();
    let people: Vec<_> = (0..COUNT).map(person).collect();
    db.insert_many(&people).unwrap();
    act(&db);
    exported(&db)
}

fn opened(bytes: &[u8]) -> Database {
    let db = Database::open(HeapProvider::from_bytes(bytes.to_vec())).unwrap();
    db.with_schema::<last::Schema>().unwrap()
}

fn in_steps(db: &Database) -> Result<()> {
    while !db.migrate_step(&MigrationPolicy::new(), 30)?.is_done {
        assert_sound(db);
    }
    Ok(())
}

fn at_once(db: &Database) -> Result<()> {
    db.migrate(&MigrationPolicy::new()).map(drop)
}

#[test]
fn every_row_goes_through_the_functions_of_the_program() {
    let bytes = filled(|_| {});
    for migrate in [at_once, in_steps] {
        let db = opened(&bytes);
        assert!(matches!(db.get::<last::Person>(1), Err(Error::SchemaDrift { .. })));
        migrate(&db).unwrap();
        assert!(db.drift().unwrap().is_empty());
        assert!(db.plan_migration().unwrap().is_empty());
        assert_sound(&db);
        for id in 0..COUNT {
            assert_eq!(db.get::<last::Person>(id).unwrap(), Some(expected(id)));
        }
        // The index has the names of today.
        let live = db.select::<last::Person>().filter(last::Person::STATE.eq(last::State::Live)).all().unwrap();
        assert_eq!(live.len() as u32, COUNT / 2);
        let again = opened(&exported(&db));
        assert_eq!(again.get::<last::Person>(7).unwrap(), Some(expected(7)));
    }
}

#[test]
fn a_plan_names_the_functions_and_loses_nothing() {
    let plan = opened(&filled(|_| {})).plan_migration().unwrap();
    assert_eq!(
        plan.to_string(),
        "change the type of people.age to u8 by years: writes 200 rows anew\n\
         change the type of people.price to i64 by cents: writes 200 rows anew\n\
         let people.price not be null: reads 200 rows\n\
         rename Draft of people.state to Sketch: at once\n\
         rename Published of people.state to Live: at once\n\
         drop the default of people.state: at once\n\
         change the type of people.state to enum of New, Sketch, Live: writes 200 rows anew\n\
         set the default of people.state to 'Live': at once\n\
         change the type of people.address to json of {road: String, country: Option<String>} by serde: writes 200 rows \
         anew\n"
    );
    let kept: MigrationPlan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    assert_eq!(kept, plan);
    // It can be made as it was kept, by a program that has the functions.
    let operations: Vec<MigrationOperation> = kept.operations.into_iter().map(|planned| planned.operation).collect();
    let db = opened(&filled(|_| {}));
    db.apply_migration(&operations, &MigrationPolicy::new()).unwrap();
    assert_eq!(db.get::<last::Person>(7).unwrap(), Some(expected(7)));
    let other = Database::open(HeapProvider::from_bytes(filled(|_| {}))).unwrap();
    let error = other.apply_migration(&operations, &MigrationPolicy::new()).unwrap_err();
    assert_eq!(error.to_string(), "there is no function years for people.age");
}

#[test]
fn a_function_that_fails_names_the_row_and_leaves_all_as_it_was() {
    type Change = fn(&mut first::Person);
    let changes: [(Change, &str); 4] = [
        (|person| person.age = "old".into(), "column people.age refuses 'old': years: these are no years"),
        (
            |person| person.price = Some("free".into()),
            "column people.price refuses 'free': cents: invalid digit found in string",
        ),
        (|person| person.state = first::State::Gone, "'Gone' is no enum of column state"),
        (|person| person.address.street.clear(), ""),
    ];
    for (number, (change, words)) in changes.into_iter().enumerate() {
        let bytes = filled(|db| {
            let mut other = person(150);
            change(&mut other);
            db.delete_key::<first::Person>(150).unwrap();
            db.insert(&other).unwrap();
            if number == 3 {
                let json: Json = "{\"house\": \"7\"}".parse().unwrap();
                let found = Expr::column("id").compare(Comparison::Equal, 150);
                db.update_values("people", &[("address", json.into())], found).unwrap();
            }
        });
        for migrate in [at_once, in_steps] {
            let db = opened(&bytes);
            let error = migrate(&db).unwrap_err();
            assert!(matches!(error, Error::MigrationRow { .. }), "{error}");
            let words_of_row = format!("the row of people with id = 150 stands in the way: {words}");
            assert!(error.to_string().starts_with(&words_of_row), "{error}");
            db.abandon_migration().unwrap();
            assert_eq!(db.count_values("people", None).unwrap(), u64::from(COUNT));
            assert_sound(&db);
            assert!(db.drift().unwrap().to_string().contains("age"));
        }
        // At once not even a page is other than before.
        let db = opened(&bytes);
        let before = exported(&db);
        at_once(&db).unwrap_err();
        assert!(exported(&db) == before);
    }
}

/// A release between: other types, other functions' business.
#[test]
fn the_function_is_asked_that_takes_what_is_stored() {
    let between = TableSchema::new("people")
        .column(ColumnSchema::new("id", DataType::U32))
        .column(ColumnSchema::new("age", DataType::I16))
        .column(ColumnSchema::new("price", DataType::I32))
        .column(ColumnSchema::one_of("state", ["New", "Edited", "Live"]).default("Live"))
        .column(ColumnSchema::new("address", DataType::Json))
        .primary_key(["id"])
        .index(["state"]);
    let db = Database::in_memory();
    db.create_table(&between).unwrap();
    let json: Json = "{\"road\": \"r\", \"country\": \"c\"}".parse().unwrap();
    let values = [
        ("id", 1.into()),
        ("age", 84.into()),
        ("price", 5.into()),
        ("state", "Edited".into()),
        ("address", json.into()),
    ];
    db.insert_values("people", &values).unwrap();
    let db = opened(&exported(&db));
    let words = db.plan_migration().unwrap().to_string();
    assert!(words.contains("people.age to u8 by half_years"), "{words}");
    // No function takes an i32: it is only wider now.
    assert!(words.contains("people.price to i64: at once"), "{words}");
    assert!(words.contains("rename Edited of people.state to Sketch: at once"), "{words}");
    assert!(!words.contains("people.state to enum"), "{words}");
    db.migrate(&MigrationPolicy::new()).unwrap();
    let address = last::Address { road: "r".into(), country: Some("c".into()) };
    let (age, price, state) = (42, last::Cents(5), last::State::Sketch);
    assert_eq!(db.get(1).unwrap(), Some(last::Person { id: 1, age, price, state, address }));
    assert_sound(&db);
}

#[test]
fn names_of_an_enum_change_at_once_where_their_numbers_stay() {
    let table = |names: [&'static str; 2]| {
        TableSchema::new("t")
            .column(ColumnSchema::new("n", DataType::U8))
            .column(ColumnSchema::one_of("state", names).default(names[1]))
            .index(["state"])
    };
    let db = Database::in_memory();
    db.create_table(&table(["a", "b"])).unwrap();
    db.insert_many_values("t", &["n", "state"], (0..9u8).map(|n| [Value::from(n), ["a", "b"][n as usize % 2].into()]))
        .unwrap();
    let mut wanted = table(["a", "c"]);
    wanted.columns[1] = wanted.columns[1].clone().variant_renamed_from("c", ["older", "b"]);
    // A column that came later has rows that are older than it.
    let late = ColumnSchema::one_of("late", ["x", "y"]).default("y");
    db.migrate_to(&[&table(["a", "b"]).column(late)], false, &MigrationPolicy::new()).unwrap();
    let mut renamed = ColumnSchema::one_of("late", ["x", "z"]).default("z");
    renamed = renamed.variant_renamed_from("z", ["y"]);
    let wanted = wanted.column(renamed);
    let plan = db.plan_migration_to(&[&wanted], false).unwrap();
    assert!(plan.operations.iter().all(|planned| planned.work == MigrationWork::Instant), "{plan}");
    db.migrate_to(&[&wanted], false, &MigrationPolicy::new()).unwrap();
    assert!(db.plan_migration_to(&[&wanted], false).unwrap().is_empty());
    let is_c = Expr::column("state").compare(Comparison::Equal, "c");
    assert_eq!(db.count_values("t", is_c).unwrap(), 4);
    db.insert_values("t", &[("n", 9.into())]).unwrap();
    let rows = db.query(&Query::from("t")).unwrap().rows;
    assert!(rows.iter().all(|row| row[2].to_string() == "'z'"), "{rows:?}");
    assert_eq!(rows[9][1].to_string(), "'c'");
    assert_sound(&db);
    db.vacuum().unwrap();
    assert_eq!(db.query(&Query::from("t")).unwrap().rows, rows);
}

#[test]
fn who_says_nothing_of_the_fields_of_a_struct_changes_none() {
    let db = Database::open(HeapProvider::from_bytes(filled(|_| {}))).unwrap();
    let mut schema = db.schemas().unwrap()[0].clone();
    let shape = std::mem::take(&mut schema.columns[4].shape);
    assert_eq!(shape, "{street: String, house: String}");
    assert!(db.plan_migration_to(&[&schema], false).unwrap().is_empty());
    // Without a program that has the struct its fields are only said.
    schema.columns[4].shape = "{road: String}".into();
    let plan = db.plan_migration_to(&[&schema], false).unwrap();
    assert_eq!(plan.to_string(), "say that people.address is of {road: String}: at once\n");
}
