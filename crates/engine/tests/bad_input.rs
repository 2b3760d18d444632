//! Bad input of every kind is refused with an error that names the thing, and nothing is lost by it.

use wasm_dbms::prelude::*;
use wasm_dbms::{JoinKind, Source};

use crate::support::assert_sound;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "users"]
struct User {
    #[primary_key]
    #[autoincrement]
    id: u64,
    #[unique]
    email: String,
    age: Option<u8>,
    photo: Vec<u8>,
}

#[derive(DatabaseSchema)]
#[tables(User = "users")]
struct People;

fn ada() -> NewUser {
    NewUser { email: "ada@example.com".into(), age: Some(36), ..Default::default() }
}

fn people() -> Database {
    let db = Database::in_memory().with_schema::<People>().unwrap();
    db.insert(&ada()).unwrap();
    db
}

/// The error of a question about users.
fn refused(query: Query) -> String {
    let error = people().query(&query).unwrap_err();
    assert!(matches!(error, Error::Query(_) | Error::Unknown { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn a_table_that_is_not_there_is_named() {
    assert_eq!(refused(Query::from("ghosts")), "there is no table ghosts");
    assert_eq!(refused(Query::from("users").join("ghosts", "users.id", "ghosts.id")), "there is no table ghosts");
    let error = people().insert_values("ghosts", &[]).unwrap_err();
    assert_eq!(error.to_string(), "there is no table ghosts");
    assert_eq!(people().drop_table("ghosts").unwrap_err().to_string(), "there is no table ghosts");
}

#[test]
fn a_table_that_the_program_has_and_the_database_not_is_named() {
    let db = Database::in_memory();
    assert_eq!(db.insert(&ada()).unwrap_err().to_string(), "there is no table users");
    assert_eq!(db.get::<User>(1).unwrap_err().to_string(), "there is no table users");
    assert_eq!(db.select::<User>().all().unwrap_err().to_string(), "there is no table users");
}

#[test]
fn a_column_that_is_not_there_is_named() {
    assert_eq!(refused(Query::from("users").column(Expr::column("size"))), "there is no column size");
    assert_eq!(
        refused(Query::from("users").order_by(Expr::column("users.size"), true)),
        "there is no column users.size"
    );
    assert_eq!(refused(Query::from("users").group_by("size")), "there is no column size");
    let error = people().insert_values("users", &[("size", Value::from(1))]).unwrap_err();
    assert_eq!(error.to_string(), "there is no column users.size");
}

#[test]
fn a_column_given_twice_is_refused() {
    let db = people();
    let email = ("email", Value::from("x"));
    let error = db.insert_values("users", &[email.clone(), email]).unwrap_err();
    assert_eq!(error.to_string(), "column users.email is given twice");
}

#[test]
fn unlike_types_are_not_compared() {
    let compare = |left: &str, right: Expr| {
        refused(Query::from("users").filter(Expr::column(left).compare(Comparison::Less, right)))
    };
    assert_eq!(compare("age", "x".into()), "age < 'x': u8 cannot be compared with text");
    assert_eq!(compare("email", Expr::column("id")), "email < id: text cannot be compared with u64");
    assert_eq!(compare("photo", true.into()), "photo < true: bytes cannot be compared with bool");
    let list = Query::from("users").filter(Expr::column("age").in_list([Value::from(1), Value::from("x")]));
    assert_eq!(refused(list), "age IN (1, 'x'): u8 cannot be compared with 'x'");
    let like = Query::from("users").filter(Expr::column("age").like("1%"));
    assert_eq!(refused(like), "age LIKE '1%': only text can be matched with a pattern");
}

#[test]
fn a_filter_must_be_true_or_false_and_so_must_its_parts() {
    assert_eq!(refused(Query::from("users").filter(Expr::column("age"))), "age: u8 is neither true nor false");
    let both = Expr::column("email").is_null().and(Expr::column("age"));
    assert_eq!(refused(Query::from("users").filter(both)), "(email IS NULL AND age): u8 is neither true nor false");
    let not = Expr::column("email").not();
    assert_eq!(refused(Query::from("users").filter(not)), "NOT (email): text is neither true nor false");
}

#[test]
fn an_aggregate_in_a_filter_or_in_an_aggregate_is_refused() {
    let count = || Expr::count();
    let filter = Query::from("users").filter(count().compare(Comparison::Greater, 1));
    assert_eq!(refused(filter), "count(*) cannot stand here: aggregates are columns or orders");
    let nested = Expr::aggregate(AggregateFunction::Sum, Some(count()));
    assert_eq!(
        refused(Query::from("users").column(nested)),
        "count(*) cannot stand here: aggregates are columns or orders"
    );
    let sum = Expr::aggregate(AggregateFunction::Sum, Some(Expr::column("email")));
    assert_eq!(refused(Query::from("users").column(sum)), "sum(email): only numbers can be added up");
    let sum = Expr::aggregate(AggregateFunction::Sum, None);
    assert_eq!(refused(Query::from("users").column(sum)), "sum(*) needs an argument");
}

#[test]
fn a_column_that_is_not_grouped_is_named() {
    let count = Expr::count();
    let query = Query::from("users").group_by("age").column(Expr::column("email")).column(count);
    assert_eq!(refused(query), "column users.email is neither grouped by nor inside an aggregate");
    let error = people().select::<User>().group_by(User::AGE).all().unwrap_err();
    let expected = "a grouped question has no rows of its tables: say what is asked with columns";
    assert_eq!(error.to_string(), expected);
    assert_eq!(people().select::<User>().group_by(User::AGE).count().unwrap_err().to_string(), expected);
}

#[test]
fn a_table_joined_to_itself_or_too_many_tables_are_refused() {
    let query = Query::from("users").join("users", "users.id", "users.id");
    assert_eq!(refused(query), "table users is there twice: give one another name");
    let alias = |number: usize| Source::from("users").alias(format!("u{number}"));
    let many = (0..100).fold(Query::from("users"), |query, number| query.cross_join(alias(number)));
    assert_eq!(refused(many), "a question joins at most 64 tables");
}

#[test]
fn an_expression_nested_too_deep_is_refused_and_overflows_no_stack() {
    let depth = 100_000;
    let is_null = || Expr::column("age").is_null();
    let shapes: [fn(Expr) -> Expr; 7] = [
        |deep| deep.not(),
        |deep| Expr::column("age").is_null().and(deep),
        |deep| Expr::column("age").is_null().or(deep),
        |deep| deep.compare(Comparison::Equal, true),
        |deep| deep.is_null(),
        |deep| deep.in_list([true]),
        |deep| Expr::aggregate(AggregateFunction::Count, Some(deep)),
    ];
    for shape in shapes {
        let deep = || (0..depth).fold(is_null(), |deep, _| shape(deep));
        assert!(deep().to_string().contains(".."));
        let query = || Query::from("users");
        for query in [query().filter(deep()), query().column(deep()), query().order_by(deep(), false)] {
            let message = refused(query.clone());
            assert!(message.contains("nested deeper than 500") || message.contains("cannot stand here"), "{message}");
            assert_eq!(format!("{query:?}").len(), format!("{:?}", query.clone()).len());
        }
        let refused = people().delete::<User>().filter(deep()).run().unwrap_err();
        assert!(matches!(refused, Error::Query(_)), "{refused}");
    }
}

#[test]
fn a_chain_of_conditions_to_the_left_may_have_any_length() {
    for join in [Expr::and, Expr::or] {
        let chain = (0..100_000).fold(User::AGE.eq(36), |chain, _| join(chain, User::AGE.eq(36)));
        assert_eq!(people().select::<User>().filter(chain).count().unwrap(), 1);
    }
}

#[test]
fn a_page_that_is_out_of_range_is_named() {
    let db = people();
    let pages = db.page_count();
    for number in [pages, pages + 1, u32::MAX] {
        let error = db.page(number).unwrap_err();
        assert_eq!(error.to_string(), format!("page {number} is out of range: the store has {pages} pages"));
    }
}

#[test]
fn a_key_that_is_too_long_is_refused_and_the_transaction_goes_on() {
    let db = people();
    let long = "x".repeat((1 << 20) + 1);
    db.transaction(|tx| {
        tx.insert(&NewUser { email: "first".into(), ..ada() })?;
        let error = tx.insert(&NewUser { email: long.clone(), ..ada() }).unwrap_err();
        assert_eq!(error.to_string(), "the key of users on email would take 1048580 bytes; the limit is 1048576");
        assert!(error.is_full());
        let error = tx.update_key::<User>(1).set(User::EMAIL, long.clone()).run().unwrap_err();
        assert!(matches!(error, Error::TooLong { .. }), "{error}");
        assert_eq!(tx.get_by(User::EMAIL, long.as_str())?, None);
        assert_eq!(tx.select::<User>().filter(User::EMAIL.ge(long.as_str())).count()?, 0);
        tx.insert(&NewUser { email: "second".into(), ..ada() })?;
        Ok(())
    })
    .unwrap();
    assert_eq!(db.select::<User>().count().unwrap(), 3);
    assert_sound(&db);
}

#[test]
fn the_longest_key_that_can_be_is_found_again() {
    let db = people();
    let longest = "x".repeat((1 << 20) - 3);
    let id = db.insert(&NewUser { email: longest.clone(), ..ada() }).unwrap();
    assert_eq!(db.get_by(User::EMAIL, longest.as_str()).unwrap().unwrap().id, id);
    assert_sound(&db);
    assert!(db.delete_key::<User>(id).unwrap());
    assert_sound(&db);
}

#[test]
fn a_value_of_five_mebibytes_comes_back() {
    let medium = HeapProvider::new();
    let db = Database::open(medium.clone()).unwrap().with_schema::<People>().unwrap();
    let photo: Vec<u8> = (0..5u32 << 20).map(|index| (index % 251) as u8).collect();
    let id = db.insert(&NewUser { photo: photo.clone(), ..ada() }).unwrap();
    drop(db);
    let db = Database::open(medium).unwrap();
    assert!(db.get::<User>(id).unwrap().unwrap().photo == photo);
    assert_sound(&db);
    assert!(db.delete_key::<User>(id).unwrap());
    assert_sound(&db);
}

#[test]
fn the_database_is_busy_inside_its_own_transaction() {
    let db = people();
    db.transaction(|tx| {
        tx.insert(&NewUser { email: "new".into(), ..ada() })?;
        assert!(matches!(db.insert(&ada()), Err(Error::Busy)));
        assert!(matches!(db.transaction(|_| Ok(())), Err(Error::Busy)));
        assert!(matches!(db.select::<User>().all(), Err(Error::Busy)));
        assert!(matches!(db.check(), Err(Error::Busy)));
        tx.select::<User>().for_each(|user| {
            assert!(matches!(tx.get::<User>(user.id), Err(Error::Busy)));
            Ok(())
        })
    })
    .unwrap();
    let mut names = Vec::new();
    db.select::<User>()
        .for_each(|user| {
            // Reading, a visitor may ask the database, and write to it too: the rows that it visits stay as they were.
            names.extend(db.get::<User>(user.id)?.map(|user| user.email));
            db.insert(&NewUser { email: format!("copy of {}", user.id), ..ada() }).map(|_| ())
        })
        .unwrap();
    assert_eq!(names.len(), 2);
    let snapshot = db.snapshot().unwrap();
    let visited = snapshot.select::<User>().for_each(|_| snapshot.tables().map(|_| ()));
    assert!(matches!(visited, Err(Error::Busy)), "{visited:?}");
    db.delete::<User>().filter(User::EMAIL.like("copy%")).run().unwrap();
    assert_eq!(db.select::<User>().count().unwrap(), 2);
    assert_sound(&db);
}

#[test]
fn rows_that_are_read_in_place_have_no_windows_beside() {
    use wasm_dbms::{Order, WindowCall, WindowFunction, enable_window_functions};

    #[derive(Table, Debug, Clone, PartialEq)]
    #[table = "windowed"]
    struct Windowed {
        #[primary_key]
        id: u32,
        number: i64,
    }

    enable_window_functions();
    let db = Database::in_memory();
    db.create_table(Windowed::schema()).unwrap();
    db.insert(&Windowed { id: 1, number: 2 }).unwrap();
    let number =
        WindowCall { function: WindowFunction::RowNumber, partition_by: Vec::new(), order_by: Vec::new(), frame: None };
    let error = db.select::<Windowed>().order_by(Order::ascending(number.clone().into())).all().unwrap_err();
    assert!(error.to_string().contains("windows stand beside columns"), "{error}");
    let query = Query::from("windowed").column(Expr::column("number")).order_by(number.into(), true);
    assert_eq!(db.query(&query).unwrap().rows, [[Value::from(2)]]);
}

#[test]
fn of_what_is_wrong_the_first_is_told_and_the_rest_is_over_soon() {
    let is_one = |column: &'static str| Expr::column(column).compare(Comparison::Equal, Expr::from(1));
    let query = Query::from("users").filter(is_one("nope")).order_by(Expr::column("neither"), false);
    assert_eq!(refused(query), "there is no column nope");
    let query = Query::from("users").filter(is_one("email").and(is_one("nope")));
    assert_eq!(refused(query), "email = 1: text cannot be compared with i64");
    // Neither a stack nor memory is spent on what follows.
    let mut query = Query::from("nobody");
    for _ in 0..100_000 {
        query = query.join_on(JoinKind::Right, "users", Expr::from(true));
    }
    assert_eq!(refused(query), "there is no table nobody");
    let wide = (0..10_000).map(Expr::from).collect();
    let narrow = (0..100_000).map(|number| vec![Expr::from(number)]);
    let query = Query::values(std::iter::once(wide).chain(narrow));
    assert_eq!(refused(query), "a row has 1 values and the first 10000");
    let mut query = Query::from("twice30").with("twice0", Query::from("users"));
    for number in 1..=30 {
        let one = Source::from(format!("twice{}", number - 1));
        query = query.with(format!("twice{number}"), Query::from(one.clone()).cross_join(one.alias("other")));
    }
    assert_eq!(refused(query), "a question names at most 1024 sources");
}
