//! No row may break a check of its table, however it is written; one that a NULL leaves open passes.

use wasm_dbms::prelude::*;
use wasm_dbms::{CheckSchema, ForeignKeySchema, HeapProvider, OnConflict};

use crate::support::{assert_sound, exported};

#[derive(CustomDataType, Debug, Clone, Copy, PartialEq)]
enum State {
    Draft,
    Live,
}

const PAGES_MAX: u32 = 5000;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "books"]
#[check(discount <= price, name = "no gifts")]
#[check(!(state == State::Live) || published.is_not_null())]
struct Book {
    #[primary_key]
    id: u64,
    #[sanitizer(Trim)]
    #[check(length(title) > 0)]
    title: String,
    #[check(price >= 0.5 && price < 1_000)]
    price: Decimal,
    discount: Option<u32>,
    #[check(pages.between(1, PAGES_MAX) && pages % 2 == 0)]
    pages: u32,
    #[check(state.in_list([State::Draft, State::Live]))]
    state: State,
    #[check(published >= FIRST_DAY)]
    published: Option<Date>,
    #[check(rating.is_null() || rating as f64 / 2.0 > -2.5, name = "rating")]
    rating: Option<i8>,
}

const FIRST_DAY: Date = Date::from_days(0);

fn book(id: u64) -> Book {
    Book {
        id,
        title: "Emma".into(),
        price: "9.99".parse().unwrap(),
        discount: None,
        pages: 474,
        state: State::Draft,
        published: None,
        rating: None,
    }
}

/// What is refused leaves no byte.
fn refused<R: std::fmt::Debug>(db: &Database, write: impl Fn(&Database) -> Result<R>) -> String {
    let before = exported(db);
    let error = write(db).unwrap_err();
    assert!(error.is_constraint(), "{error:?}");
    assert!(exported(db) == before, "{error}: something stayed");
    assert_sound(db);
    error.to_string()
}

#[test]
fn the_derive_makes_checks_of_the_signs_of_rust() {
    let db = Database::in_memory();
    db.create_table(Book::schema()).unwrap();
    db.insert(&book(1)).unwrap();
    type Change = fn(&mut Book);
    let cases: [(&str, Change); 9] = [
        ("title = '': length(title) > 0", |book| book.title = "  ".into()),
        ("price = 0.49: (price >= 0.5 AND price < 1000)", |book| book.price = "0.49".parse().unwrap()),
        ("price = 1000: (price >= ", |book| book.price = 1000.into()),
        ("price = 9.99, discount = 10: no gifts", |book| book.discount = Some(10)),
        ("pages = 5002: ", |book| book.pages = 5002),
        ("pages = 7: ", |book| book.pages = 7),
        ("state = 'Live', published = NULL: ", |book| book.state = State::Live),
        ("published = '1969-12-31': published >= DATE '1970-01-01'", |book| book.published = Some(Date::from_days(-1))),
        ("rating = -5: rating", |book| book.rating = Some(-5)),
    ];
    for (message, change) in cases {
        let mut book = book(2);
        change(&mut book);
        let error = refused(&db, |db| db.insert(&book));
        assert!(error.starts_with(&format!("books refuses a row with {message}")), "{error}\n{message}");
    }
    let mut passing = book(2);
    (passing.discount, passing.rating, passing.published) = (Some(9), Some(-4), Some(FIRST_DAY));
    passing.state = State::Live;
    db.insert(&passing).unwrap();
}

fn number(name: &str) -> ColumnSchema {
    ColumnSchema::new(name, DataType::I64).nullable()
}

/// Less than ten, and the two in order.
fn table(name: &str) -> TableSchema {
    let is_small = Expr::column("n").compare(Comparison::Less, 10);
    let is_ordered = Expr::column("n").compare(Comparison::LessOrEqual, Expr::column("m"));
    let id = ColumnSchema::new("id", DataType::I64);
    let schema = TableSchema::new(name).column(id).column(number("n")).column(number("m").default(5));
    schema.primary_key(["id"]).with_check(CheckSchema::new(is_small).named("small")).check(is_ordered)
}

fn database(schemas: &[TableSchema]) -> Database {
    let db = Database::in_memory();
    db.create_tables(&schemas.iter().collect::<Vec<_>>()).unwrap();
    db
}

#[test]
fn inserts_updates_and_upserts_are_asked_by_every_way_to_a_row() {
    let db = database(&[table("t")]);
    let by_id = |id: i64| Expr::column("id").compare(Comparison::Equal, id);
    db.insert_values("t", &[("id", 1.into()), ("n", 3.into())]).unwrap();
    type Way<'w> = dyn Fn(&Database) -> Result<u64> + 'w;
    let ways: [&Way<'_>; 6] = [
        &|db| db.insert_values("t", &[("id", 2.into()), ("n", 6.into())]).map(|()| 1),
        &|db| Ok(db.insert_many_values("t", &["id", "n"], [[2, 1].map(Value::from), [3, 6].map(Value::from)])? as u64),
        // In place, without the row being read; and with it, as the key changes.
        &|db| db.update_values("t", &[("n", 6.into())], by_id(1)),
        &|db| db.update_values("t", &[("n", 6.into()), ("id", 9.into())], by_id(1)),
        &|db| db.update_values("t", &[("m", 2.into())], None),
        &|db| Ok(db.upsert_values("t", &["id", "n"], [[1, 6].map(Value::from)], &OnConflict::key())?.updated),
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let error = refused(&db, |db| way(db));
        assert!(error.ends_with(": n <= m"), "{number}: {error}");
        db.transaction(|tx| {
            tx.insert_values("t", &[("id", 50.into())])?;
            Ok(())
        })
        .unwrap();
        db.delete_values("t", by_id(50)).unwrap();
    }
    assert_eq!(
        refused(&db, |db| db.update_values("t", &[("n", 12.into()), ("m", 12.into())], None)),
        "t refuses a row with n = 12: small"
    );
    assert_eq!(db.update_values("t", &[("n", 4.into()), ("m", 4.into())], None).unwrap(), 1);
}

#[test]
fn a_null_passes() {
    let db = database(&[table("t")]);
    db.insert_values("t", &[("id", 1.into()), ("n", 9.into()), ("m", Value::Null)]).unwrap();
    db.insert_values("t", &[("id", 2.into())]).unwrap();
    assert_eq!(db.update_values("t", &[("n", Value::Null)], None).unwrap(), 2);
    assert_sound(&db);
}

#[test]
fn what_follows_from_another_row_is_asked_too() {
    for (action, value) in [
        (ReferentialAction::Cascade, "n = 11"),
        (ReferentialAction::SetNull, "n = NULL"),
        (ReferentialAction::SetDefault, "n = 0"),
    ] {
        let parent = TableSchema::new("parents").column(ColumnSchema::new("id", DataType::I64)).primary_key(["id"]);
        let is_right = Expr::column("n").between(1, 10).and(Expr::column("n").is_null().not());
        let child = TableSchema::new("children")
            .column(number("n").default(0))
            .index(["n"])
            .with_foreign_key(ForeignKeySchema::new(["n"], "parents", ["id"]).on_update(action).on_delete(action));
        let db = database(&[parent, child.check(is_right)]);
        db.insert_many_values("parents", &["id"], [[0], [1], [2]].map(|row| row.map(Value::from))).unwrap();
        db.insert_values("children", &[("n", 1.into())]).unwrap();
        let is_first = || Expr::column("id").compare(Comparison::Equal, 1);
        let error = refused(&db, |db| db.update_values("parents", &[("id", 11.into())], is_first()));
        assert!(error.starts_with(&format!("children refuses a row with {value}: ")), "{error}");
        if action != ReferentialAction::Cascade {
            let error = refused(&db, |db| db.delete_values("parents", is_first()));
            assert!(error.starts_with(&format!("children refuses a row with {value}: ")), "{error}");
        }
    }
}

#[test]
fn interactive_transactions_are_asked_when_they_write() {
    let db = database(&[table("t")]);
    let tx = db.begin().unwrap();
    tx.insert_values("t", &[("id", 1.into()), ("n", 3.into())]).unwrap();
    let error = tx.update_values("t", &[("n", 6.into())], None).unwrap_err();
    assert!(
        matches!(&error, Error::Check { table, check, values } if &**table == "t" && &**check == "n <= m" && &**values == "n = 6, m = 5"),
        "{error:?}"
    );
    tx.commit(Durability::Full).unwrap();
    assert_eq!(db.query(&Query::from("t").column(Expr::column("n"))).unwrap().rows, [[Value::from(3)]]);
}

#[test]
fn checks_are_stored_with_their_table() {
    let medium = HeapProvider::new();
    let db = Database::open(medium.clone()).unwrap();
    db.create_tables(&[&table("t"), Book::schema()]).unwrap();
    db.close().unwrap();
    let db = Database::open(medium).unwrap();
    assert!(db.schemas().unwrap().contains(&table("t")));
    db.insert(&book(1)).unwrap();
    let error = refused(&db, |db| db.insert_values("t", &[("id", 1.into()), ("n", 10.into()), ("m", 11.into())]));
    assert_eq!(error, "t refuses a row with n = 10: small");
}

#[test]
fn another_check_is_another_schema() {
    #[derive(Table, Debug)]
    #[table = "books"]
    struct Other {
        #[primary_key]
        #[check(id < 5)]
        id: u64,
    }
    let db = database(&[Other::schema().clone().check(Expr::column("id").compare(Comparison::Less, 7))]);
    let error = db.get::<Other>(1).unwrap_err().to_string();
    assert_eq!(
        error,
        "table books is stored with another schema: check id < 7 (id < 7) is stored, but not in the program"
    );
}

#[test]
fn conditions_that_make_no_sense_are_refused_with_the_table() {
    let deep = |levels: usize| (0..levels).fold(Expr::column("n").is_null(), |expr, _| !expr);
    let long = Expr::column("n").in_list((0..2000_i64).map(|number| number + (1 << 40)));
    let cases = [
        (Expr::column("x").is_null(), "there is no column x"),
        (Expr::column("u.n").is_null(), "there is no column u.n"),
        (Expr::column("n") + 1, "n + 1): i64 is neither true nor false"),
        (Expr::column("n").compare(Comparison::Less, "x"), "i64 cannot be compared with text"),
        (Expr::count().compare(Comparison::Less, 5), "aggregates"),
        (Expr::Parameter(1).is_null(), "the parameter ?1 is not given"),
        (Expr::exists(Query::from("t")), ""),
        (deep(101), "nested too deeply"),
        (deep(100_000), "nested"),
        (long, "it is too long"),
    ];
    for (number, (condition, problem)) in cases.into_iter().enumerate() {
        let schema = TableSchema::new("t").column(number_column()).check(condition);
        let db = Database::in_memory();
        let error = db.create_table(&schema).unwrap_err();
        assert!(matches!(error, Error::Schema(_)), "{number}: {error:?}");
        assert!(error.to_string().contains(problem), "{number}: {error}");
        assert!(db.tables().unwrap().is_empty());
    }
    let db = Database::in_memory();
    db.create_table(&TableSchema::new("t").column(number_column()).check(deep(98))).unwrap();
    let named = |name: &str| CheckSchema::new(Expr::column("n").is_null()).named(name);
    let twice = TableSchema::new("u").column(number_column()).with_check(named("a")).with_check(named("a"));
    assert_eq!(db.create_table(&twice).unwrap_err().to_string(), "table u: the check a is there twice");
    let many = (0..TableSchema::MAX_CHECKS)
        .fold(TableSchema::new("u").column(number_column()), |schema, _| schema.check(Expr::column("n").is_null()));
    db.create_table(&many).unwrap();
    let more = TableSchema { name: "v".into(), ..many.check(Expr::column("n").is_null()) };
    assert_eq!(db.create_table(&more).unwrap_err().to_string(), "table v: more than 256 checks");
}

fn number_column() -> ColumnSchema {
    number("n")
}

#[test]
fn what_a_condition_cannot_compute_refuses_the_row() {
    let quotient = (Expr::from(100) / Expr::column("n")).compare(Comparison::Less, 50);
    let db = database(&[TableSchema::new("t").column(number("n")).check(quotient)]);
    let before = exported(&db);
    let error = db.insert_values("t", &[("n", 0.into())]).unwrap_err().to_string();
    assert!(error.contains("zero"), "{error}");
    assert!(exported(&db) == before);
    db.insert_values("t", &[("n", 3.into())]).unwrap();
}

/// A row passes exactly where a question does not find the condition false.
#[test]
fn checks_say_what_filters_say() {
    let seed = 5;
    let mut random = fastrand::Rng::with_seed(seed);
    let names = ["a", "b", "c"];
    let plain = |name: &str| names.iter().fold(TableSchema::new(name), |schema, name| schema.column(number(name)));
    for round in 0..300 {
        let condition = condition(&mut random, 4);
        let db = database(&[plain("all"), plain("some").check(condition.clone())]);
        let mut passed = 0;
        for _ in 0..12 {
            let row: Vec<Value> =
                names.iter().map(|_| random.i64(-1..4)).map(|n| if n < 0 { Value::Null } else { n.into() }).collect();
            db.insert_many_values("all", &names, [&row]).unwrap();
            match db.insert_many_values("some", &names, [&row]) {
                Ok(_) => passed += 1,
                Err(Error::Check { .. }) => {}
                Err(error) => panic!("seed {seed}, round {round}: {error}"),
            }
        }
        let kept = Query::from("all").filter(condition.clone().is_false().not());
        let expected = db.query(&kept).unwrap().rows.len();
        assert_eq!(passed, expected, "seed {seed}, round {round}: {condition}");
        assert_sound(&db);
    }
}

fn condition(random: &mut fastrand::Rng, depth: u32) -> Expr {
    let operand = |random: &mut fastrand::Rng| match random.u8(..4) {
        0 => Expr::from(random.i64(0..4)),
        _ => Expr::column(["a", "b", "c"][random.usize(..3)]),
    };
    if depth == 0 || random.u8(..4) == 0 {
        let (left, right) = (operand(random), operand(random));
        return match random.u8(..4) {
            0 => left.is_null(),
            1 => left.in_list([right, Expr::from(1)]),
            2 => (left + right).compare(Comparison::Greater, 3),
            _ => left.compare(Comparison::Less, right),
        };
    }
    let (left, right) = (condition(random, depth - 1), condition(random, depth - 1));
    match random.u8(..3) {
        0 => left.and(right),
        1 => left.or(right),
        _ => left.not(),
    }
}
