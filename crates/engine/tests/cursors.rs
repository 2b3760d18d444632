//! Cursors give rows one by one, of one commit, while writes go on.

use wasm_dbms::HeapProvider;
use wasm_dbms::prelude::*;

use crate::support::{Counting, assert_sound};

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "items"]
struct Item {
    #[primary_key]
    id: u64,
    #[index]
    group: u32,
    text: String,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "groups"]
struct Group {
    #[primary_key]
    id: u32,
}

#[derive(DatabaseSchema)]
#[tables(Item = "items", Group = "groups")]
struct Stock;

fn item(id: u64) -> Item {
    Item { id, group: id as u32 % 10, text: format!("{id}").repeat(50) }
}

fn stock(count: u64) -> Database {
    let db = Database::in_memory().with_schema::<Stock>().unwrap();
    db.insert_many(&(0..count).map(item).collect::<Vec<_>>()).unwrap();
    db.insert_many(&(0..10).map(|id| Group { id }).collect::<Vec<_>>()).unwrap();
    db
}

type Question = fn(&Database) -> wasm_dbms::Select<'_, Database, wasm_dbms::One<Item>>;

#[test]
fn a_cursor_gives_what_the_question_answers() {
    let db = stock(500);
    let questions: [Question; 7] = [
        |db| db.select::<Item>(),
        |db| db.select::<Item>().filter(Item::GROUP.eq(3)),
        |db| db.select::<Item>().filter(Item::ID.between(100, 200)).limit(30).offset(20),
        |db| db.select::<Item>().order_by(Item::TEXT.desc()).limit(40).offset(5),
        |db| db.select::<Item>().limit(0),
        |db| db.select::<Item>().offset(1000),
        |db| db.select::<Item>().filter(Item::GROUP.gt(100)),
    ];
    for question in questions {
        let rows = question(&db).iter().unwrap().collect::<Result<Vec<_>>>().unwrap();
        assert_eq!(rows, question(&db).all().unwrap());
    }
    let joined = || db.select::<Item>().join(Item::GROUP, Group::ID).filter(Group::ID.ge(8));
    let pairs = joined().iter().unwrap().collect::<Result<Vec<_>>>().unwrap();
    assert_eq!(pairs, joined().all().unwrap());
    let queries = [
        Query::from("items"),
        Query::from("items").column(Expr::column("id")).filter(Expr::column("group").compare(Comparison::Equal, 4)),
        Query::from("items").join("groups", "items.group", "groups.id").limit(17).offset(3),
        Query::from("items").group_by("group").column(Expr::count()),
        Query::from("items").order_by(Expr::column("text"), true).limit(9),
    ];
    for query in queries {
        let cursor = db.query_iter(&query).unwrap();
        let columns = cursor.columns().to_vec();
        let rows = cursor.collect::<Result<Vec<_>>>().unwrap();
        let answer = db.query(&query).unwrap();
        assert_eq!((columns, rows), (answer.columns.to_vec(), answer.rows));
    }
}

#[test]
fn a_cursor_is_of_one_commit_whatever_is_written_between_its_rows() {
    let db = stock(300);
    let mut seen = Vec::new();
    for item in db.select::<Item>().iter().unwrap() {
        let item = item.unwrap();
        // The row itself, rows before it and rows after it; in statements and in transactions.
        db.delete_key::<Item>(item.id).unwrap();
        db.transaction(|tx| {
            tx.insert(&Item { id: 10_000 + item.id, ..item.clone() })?;
            tx.update::<Item>().set(Item::TEXT, "changed").filter(Item::ID.eq((item.id + 7) % 300)).run()
        })
        .unwrap();
        seen.push(item);
    }
    assert_eq!(seen, (0..300).map(item).collect::<Vec<_>>());
    assert_eq!(db.count::<Item>().unwrap(), 300);
    assert_sound(&db);
}

#[test]
fn many_cursors_rest_beside_each_other_and_outlive_what_they_came_from() {
    let db = stock(100);
    let mut first = db.select::<Item>().iter().unwrap();
    assert_eq!(first.next().unwrap().unwrap(), item(0));
    db.delete::<Item>().run().unwrap();
    let mut second = db.select::<Item>().iter().unwrap();
    assert!(second.next().is_none() && second.next().is_none());
    db.drop_table("items").unwrap();
    db.close().unwrap();
    assert_eq!(first.map(|item| item.unwrap().id).collect::<Vec<_>>(), (1..100).collect::<Vec<_>>());
}

#[test]
fn a_cursor_that_is_left_early_has_read_little() {
    let medium = Counting::over(HeapProvider::new());
    let options = Options::new().cache_bytes(256 * 1024);
    let db = Database::open_with(medium.clone(), options).unwrap().with_schema::<Stock>().unwrap();
    db.insert_many(&(0..20_000).map(item).collect::<Vec<_>>()).unwrap();
    let before = medium.read();
    let some: Vec<_> = db.select::<Item>().iter().unwrap().take(10).map(|item| item.unwrap().id).collect();
    assert_eq!(some, (0..10).collect::<Vec<_>>());
    assert!(medium.read() - before < 200_000, "{} bytes read", medium.read() - before);
}

#[test]
fn a_question_that_makes_no_sense_has_no_cursor() {
    let db = stock(1);
    assert!(matches!(db.query_iter(&Query::from("nothing")), Err(Error::Unknown { .. })));
    assert!(db.select::<Item>().filter(Expr::column("nothing").is_null()).iter().is_err());
}
