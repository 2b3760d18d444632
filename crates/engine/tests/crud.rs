//! Writing and counting rows: what comes back is what is stored, conflicts are met as told, and a statement that is refused
//! halfway leaves nothing; typed and by name, in the database and in every kind of transaction.

use wasm_dbms::prelude::*;
use wasm_dbms::{OnConflict, UpsertReport};

use crate::support::{assert_sound, exported, rows};

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "users"]
#[unique(city, street)]
struct User {
    #[primary_key]
    #[autoincrement]
    id: u64,
    #[unique]
    #[sanitizer(Trim, LowerCase)]
    email: Option<String>,
    #[validate(MinLen(1))]
    name: String,
    city: Option<String>,
    street: Option<String>,
    #[default = 1]
    visits: u32,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "places"]
struct Place {
    #[primary_key]
    x: i32,
    #[primary_key]
    y: i32,
    text: String,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "words"]
struct Word {
    #[primary_key]
    text: String,
    count: u32,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "log"]
struct Log {
    line: String,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "nodes"]
struct Node {
    #[primary_key]
    id: u32,
    #[foreign_key(table = "nodes", column = "id", on_delete = "cascade")]
    parent: Option<u32>,
}

#[derive(DatabaseSchema)]
#[tables(User = "users", Place = "places", Word = "words", Log = "log", Node = "nodes")]
struct World;

fn world() -> Database {
    Database::in_memory().with_schema::<World>().unwrap()
}

fn user(email: Option<&str>, name: &str) -> NewUser {
    NewUser { email: email.map(str::to_owned), name: name.into(), ..Default::default() }
}

fn report(inserted: u64, updated: u64, unchanged: u64) -> UpsertReport {
    UpsertReport { inserted, updated, unchanged }
}

/// The message of a refused statement, which must leave no byte.
fn refused<T: std::fmt::Debug>(db: &Database, write: impl Fn(&Database) -> Result<T>) -> String {
    let before = exported(db);
    let error = write(db).unwrap_err();
    assert!(exported(db) == before, "{error}: something stayed");
    assert_sound(db);
    error.to_string()
}

#[test]
fn an_inserted_row_comes_back_as_it_is_stored() {
    let db = world();
    let ada = db.insert_returning(&user(Some(" ADA@x.y "), "Ada")).unwrap();
    assert_eq!((ada.id, ada.email.as_deref(), ada.visits), (1, Some("ada@x.y"), 1));
    assert_eq!(db.get::<User>(1).unwrap(), Some(ada));
    let log = db.insert_returning(&Log { line: "a table without a key".into() }).unwrap();
    assert_eq!(log.line, "a table without a key");
    let word = db.insert_returning(&Word { text: "long key".repeat(50), count: 1 }).unwrap();
    assert_eq!(word.text.len(), 400);
    let place = Place { x: 1, y: 2, text: "x".repeat(100_000) };
    assert_eq!(db.insert_returning(&place).unwrap(), place);

    let both = db.insert_many_returning(&[user(None, "Bob"), user(None, "Eve")]).unwrap();
    assert_eq!(both.iter().map(|user| (user.id, user.name.as_str())).collect::<Vec<_>>(), [(2, "Bob"), (3, "Eve")]);
    refused(&db, |db| db.insert_many_returning(&[user(None, "Joe"), user(None, "")]));
    let by_name = db.insert_values_returning("users", &["name"], [["Ann".into()], ["Sue".into()]]).unwrap();
    assert_eq!(*by_name.columns, ["id", "email", "name", "city", "street", "visits"]);
    assert_eq!(by_name.rows.len(), 2);
    assert_eq!(by_name.rows, rows(&db, "users")[3..]);
    refused(&db, |db| db.insert_values_returning("users", &["name"], [["Ann".into()], ["".into()]]));
    assert_sound(&db);
}

#[test]
fn changed_rows_come_back_as_they_are_then_and_deleted_ones_as_they_were() {
    let db = world();
    for name in ["Ada", "Bob", "Eve"] {
        db.insert(&user(None, name)).unwrap();
    }
    let changed = db.update::<User>().set(User::VISITS, 5u32).filter(User::ID.ge(2)).returning().unwrap();
    assert_eq!(changed.iter().map(|user| (user.id, user.visits)).collect::<Vec<_>>(), [(2, 5), (3, 5)]);
    let bob = db.update_key::<User>(2).set(User::EMAIL, Some(" B@x.y".to_owned())).returning().unwrap().unwrap();
    assert_eq!(bob.email.as_deref(), Some("b@x.y"));
    assert_eq!(db.update_key::<User>(9).set(User::VISITS, 5u32).returning().unwrap(), None);
    // The key itself changes, where rows are keyed by it and where they are not.
    let moved = db.update_key::<User>(2).set(User::ID, 20u64).returning().unwrap().unwrap();
    assert_eq!((moved.id, moved.name.as_str()), (20, "Bob"));
    db.insert(&Word { text: "tree".into(), count: 1 }).unwrap();
    let renamed = db.update::<Word>().set(Word::TEXT, "leaf").returning().unwrap();
    assert_eq!(renamed, [Word { text: "leaf".into(), count: 1 }]);
    let same = db.update::<User>().set(User::ID, 20u64).filter(User::ID.eq(20)).returning().unwrap();
    assert_eq!(same.len(), 1);

    let deleted = db.delete::<User>().filter(User::NAME.ne("Eve")).returning().unwrap();
    assert_eq!(deleted.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["Ada", "Bob"]);
    assert_eq!(db.select::<User>().all().unwrap().len(), 1);

    let by_name = db.update_values_returning("users", &[("visits", 9.into())], None).unwrap();
    assert_eq!(by_name.rows, rows(&db, "users"));
    let by_name = db.delete_values_returning("users", Expr::column("visits").compare(Comparison::Equal, 9)).unwrap();
    assert_eq!(by_name.rows.len(), 1);
    assert_eq!(db.count::<User>().unwrap(), 0);
    assert_sound(&db);
}

#[test]
fn rows_that_go_with_others_of_the_statement_come_back_once() {
    let db = world();
    for (id, parent) in [(1, None), (2, Some(1)), (3, Some(2)), (4, Some(1)), (5, None)] {
        db.insert(&Node { id, parent }).unwrap();
    }
    let deleted = db.delete::<Node>().filter(Node::ID.in_list([1u32, 3])).returning().unwrap();
    assert_eq!(deleted.iter().map(|node| node.id).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(db.select::<Node>().all().unwrap(), [Node { id: 5, parent: None }]);
    assert_sound(&db);
}

#[test]
fn a_change_that_is_refused_halfway_returns_nothing_and_leaves_nothing() {
    let db = world();
    db.insert(&user(Some("a@x.y"), "Ada")).unwrap();
    db.insert(&user(None, "Bob")).unwrap();
    let same = Some("b@x.y".to_owned());
    let error = refused(&db, |db| db.update::<User>().set(User::EMAIL, same.clone()).returning());
    assert_eq!(error, "users has a row with email = 'b@x.y' already");
    refused(&db, |db| db.update_values_returning("users", &[("email", "b@x.y".into())], None));
    db.transaction(|tx| {
        tx.update::<User>().set(User::EMAIL, same.clone()).returning().unwrap_err();
        assert_eq!(tx.get::<User>(1)?.unwrap().email.as_deref(), Some("a@x.y"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_upsert_meets_the_primary_key_if_nothing_else_is_said() {
    let db = world();
    let words = |count| [Word { text: "a".into(), count }, Word { text: "b".into(), count }];
    assert_eq!(db.upsert(&words(1)).run().unwrap(), report(2, 0, 0));
    assert_eq!(db.upsert(&words(2)).run().unwrap(), report(0, 2, 0));
    assert_eq!(db.upsert(&words(3)).do_nothing().run().unwrap(), report(0, 0, 2));
    assert_eq!(db.select::<Word>().all().unwrap(), words(2));
    let place = |text: &str| Place { x: 1, y: 2, text: text.into() };
    let both = [place("one"), place("two")];
    assert_eq!(db.upsert(&both).run().unwrap(), report(1, 1, 0), "the second meets the first");
    assert_eq!(db.upsert(&[place("three")]).on(Place::Y).on(Place::X).returning().unwrap(), [place("three")]);
    assert_eq!(db.count::<Place>().unwrap(), 1);
    assert_sound(&db);
}

#[test]
fn an_upsert_meets_a_unique_index_and_takes_the_chosen_columns() {
    let db = world();
    db.insert(&user(Some("ada@x.y"), "Ada")).unwrap();
    let new = NewUser { visits: Some(7), ..user(Some(" ADA@x.y"), "Ada King") };
    let updated = db.upsert(std::slice::from_ref(&new)).on(User::EMAIL).update(User::VISITS).returning().unwrap();
    assert_eq!((updated[0].id, updated[0].name.as_str(), updated[0].visits), (1, "Ada", 7));
    assert_eq!(db.upsert(&[new]).on(User::EMAIL).run().unwrap(), report(0, 1, 0));
    let ada = db.get::<User>(1).unwrap().unwrap();
    assert_eq!((ada.name.as_str(), ada.email.as_deref()), ("Ada King", Some("ada@x.y")));
    // What the new row leaves to the database stays, unless it is asked for.
    let new = user(Some("ada@x.y"), "Ada");
    db.upsert(std::slice::from_ref(&new)).on(User::EMAIL).run().unwrap();
    assert_eq!(db.get::<User>(1).unwrap().unwrap().visits, 7);
    db.upsert(&[new]).on(User::EMAIL).update(User::VISITS).run().unwrap();
    assert_eq!(db.get::<User>(1).unwrap().unwrap().visits, 1);
    assert_sound(&db);
}

#[test]
fn rows_with_null_or_a_number_to_come_meet_nothing() {
    let db = world();
    let both = [user(None, "Ada"), user(None, "Bob")];
    assert_eq!(db.upsert(&both).on(User::EMAIL).run().unwrap(), report(2, 0, 0));
    assert_eq!(db.upsert(&both).run().unwrap(), report(2, 0, 0));
    let home = |street: Option<&str>| NewUser {
        city: Some("Rome".into()),
        street: street.map(str::to_owned),
        ..user(None, "Eve")
    };
    let report_of = |street| db.upsert(&[home(street)]).on(User::STREET).on(User::CITY).do_nothing().run().unwrap();
    assert_eq!([report_of(None), report_of(None)], [report(1, 0, 0); 2]);
    assert_eq!([report_of(Some("Via")), report_of(Some("Via"))], [report(1, 0, 0), report(0, 0, 1)]);
    assert_sound(&db);
}

#[test]
fn an_upsert_meets_a_unique_index_that_carries_other_columns() {
    let db = Database::in_memory();
    let column = |name| ColumnSchema::new(name, DataType::I64);
    let index = IndexSchema::new([IndexColumn::new("code")]).include(["n"]).unique();
    let schema = TableSchema::new("t").column(column("id")).column(column("code")).column(column("n"));
    db.create_table(&schema.primary_key(["id"]).with_index(index)).unwrap();
    let by_code = OnConflict::on(["code"]).update(["n"]);
    for n in [5, 6] {
        db.upsert_values("t", &["id", "code", "n"], [[1.into(), 7.into(), n.into()]], &by_code).unwrap();
    }
    assert_eq!(db.query(&Query::from("t")).unwrap().rows, [[Value::from(1), 7.into(), 6.into()]]);
    assert_sound(&db);
}

#[test]
fn an_upsert_that_breaks_another_constraint_leaves_nothing() {
    let db = world();
    db.insert(&user(Some("ada@x.y"), "Ada")).unwrap();
    db.insert(&user(Some("bob@x.y"), "Bob")).unwrap();
    let given = |id, email: &str, name: &str| NewUser { id: Some(id), ..user(Some(email), name) };
    let error = refused(&db, |db| db.upsert(&[given(3, "eve@x.y", "Eve"), given(1, "bob@x.y", "Ada")]).run());
    assert_eq!(error, "users has a row with email = 'bob@x.y' already");
    refused(&db, |db| db.upsert(&[given(3, "eve@x.y", "Eve"), given(1, "ada@x.y", "")]).run());
    let error = refused(&db, |db| db.upsert(&[given(1, "x", "y")]).on(User::NAME).run());
    assert_eq!(error, "table users has no unique key on name");
    let error = refused(&db, |db| db.upsert(&[Log { line: "x".into() }]).run());
    assert_eq!(error, "table log has no primary key");
    let error = refused(&db, |db| {
        db.upsert_values("words", &["text"], [["x".into()], [Value::Null]], &OnConflict::key().do_nothing())
    });
    assert_eq!(error, "column words.count must not be null");
}

#[test]
fn an_upsert_by_name_does_what_the_typed_one_does() {
    let db = world();
    let columns = ["text", "count"];
    let row = |count: u32| [Value::from("a"), Value::from(count)];
    let key = OnConflict::key();
    assert_eq!(db.upsert_values("words", &columns, [row(1), row(2)], &key).unwrap(), report(1, 1, 0));
    assert_eq!(db.upsert_values("words", &columns, [row(3)], &key.clone().do_nothing()).unwrap(), report(0, 0, 1));
    assert_eq!(rows(&db, "words"), [row(2)]);
    for wrong in [OnConflict::on(["nothing"]), key.update(["nothing"])] {
        let error = db.upsert_values("words", &columns, [row(3)], &wrong).unwrap_err();
        assert_eq!(error.to_string(), "there is no column words.nothing");
    }
}

#[test]
fn rows_are_counted_and_found_without_being_made() {
    let db = world();
    for x in 0..100 {
        db.insert(&Place { x, y: -x, text: "x".repeat(1000) }).unwrap();
        db.insert(&Log { line: x.to_string() }).unwrap();
    }
    assert_eq!((db.count::<Place>().unwrap(), db.count::<Log>().unwrap(), db.count::<Word>().unwrap()), (100, 100, 0));
    assert!(db.exists::<Place>((7, -7)).unwrap());
    assert!(!db.exists::<Place>((7, 7)).unwrap());
    assert!(db.select::<Place>().filter(Place::X.gt(98)).exists().unwrap());
    assert!(!db.select::<Place>().filter(Place::X.gt(99)).exists().unwrap());
    assert!(!db.select::<Word>().exists().unwrap());
    assert_eq!(db.count_values("places", Expr::column("x").compare(Comparison::Less, 10)).unwrap(), 10);
    assert!(db.exists_values("log", None).unwrap());
    assert!(!db.exists_values("words", None).unwrap());
    let place = db.get_values("places", &[7.into(), (-7).into()]).unwrap().unwrap();
    assert_eq!(place[..2], [Value::from(7), Value::from(-7)]);
    assert_eq!(db.get_values("places", &[7.into(), 7.into()]).unwrap(), None);
    assert_eq!(db.get_values("words", &["none".into()]).unwrap(), None);
    for (table, key) in
        [("places", vec![Value::from(7)]), ("words", vec![7.into()]), ("log", vec![]), ("words", vec![Value::Null])]
    {
        let error = db.get_values(table, &key).unwrap_err();
        assert!(error.to_string().starts_with("these values are no key of"), "{error}");
    }
    let snapshot = db.snapshot().unwrap();
    db.delete::<Log>().run().unwrap();
    assert_eq!((snapshot.count::<Log>().unwrap(), db.count::<Log>().unwrap()), (100, 0));
}

#[test]
fn every_kind_of_transaction_has_the_same_verbs() {
    let db = world();
    db.insert(&Word { text: "a".into(), count: 1 }).unwrap();
    db.transaction(|tx| {
        let eve = tx.insert_returning(&user(Some("EVE@x.y"), "Eve"))?;
        assert_eq!(eve.email.as_deref(), Some("eve@x.y"));
        let undone = tx.savepoint(|tx| {
            assert_eq!(tx.upsert(&[Word { text: "a".into(), count: 2 }]).run()?, report(0, 1, 0));
            assert_eq!(tx.delete::<User>().returning()?, vec![eve]);
            assert_eq!(tx.count::<User>()?, 0);
            Err::<(), _>(Error::other("no"))
        });
        assert!(undone.is_err());
        assert_eq!((tx.count::<User>()?, tx.get::<Word>("a")?.unwrap().count), (1, 1));
        Ok(())
    })
    .unwrap();

    let tx = db.begin().unwrap();
    assert_eq!(tx.upsert(&[Word { text: "a".into(), count: 3 }]).run().unwrap(), report(0, 1, 0));
    assert_eq!(tx.upsert(&[user(Some("Eve@x.y"), "Eva")]).on(User::EMAIL).run().unwrap(), report(0, 1, 0));
    tx.insert_many_values("log", &["line"], [["one".into()]]).unwrap();
    assert_eq!((tx.count::<Log>().unwrap(), db.count::<Log>().unwrap()), (1, 0));
    // The head moves on meanwhile, so that the rows are written again.
    db.insert(&Word { text: "b".into(), count: 1 }).unwrap();
    tx.commit(Durability::Full).unwrap();
    assert_eq!((db.get::<Word>("a").unwrap().unwrap().count, db.count::<Log>().unwrap()), (3, 1));
    assert_eq!(db.get_by(User::EMAIL, "eve@x.y").unwrap().unwrap().name, "Eva");
    assert_sound(&db);
}
