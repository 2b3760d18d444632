//! New values that are computed from the row as it was, by every face, through every rule of the table.

use wasm_dbms::prelude::*;
use wasm_dbms::{OnConflict, ScalarFunction};

use crate::support::{assert_sound, exported};

#[derive(CustomDataType, Debug, Clone, Copy, PartialEq)]
enum State {
    New,
    Old,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "items"]
struct Item {
    #[primary_key]
    id: u64,
    #[check(small < 250)]
    small: u8,
    #[validate(Range(-100, 100))]
    large: Option<i64>,
    #[sanitizer(Trim)]
    name: String,
    price: Decimal,
    share: f64,
    state: State,
    #[foreign_key(table = "items", column = "id")]
    other: Option<u64>,
}

fn item(id: u64) -> Item {
    Item {
        id,
        small: id as u8,
        large: Some(-(id as i64)),
        name: format!("n{id}"),
        price: "1.50".parse().unwrap(),
        share: 0.5,
        state: State::New,
        other: None,
    }
}

fn database(count: u64) -> Database {
    let db = Database::in_memory();
    db.create_table(Item::schema()).unwrap();
    db.insert_many(&(1..=count).map(item).collect::<Vec<_>>()).unwrap();
    db
}

fn first(db: &Database) -> Item {
    db.get::<Item>(1).unwrap().unwrap()
}

#[test]
fn every_value_is_computed_of_the_row_as_it_was() {
    let db = database(3);
    let changed = db
        .update::<Item>()
        .set(Item::SMALL, Item::SMALL * 10)
        .set(Item::LARGE, Item::SMALL.expr().cast(DataType::I64) + Item::LARGE)
        .set(Item::NAME, Item::NAME.expr().join("! "))
        .set(Item::PRICE, Item::PRICE * Item::SMALL)
        .set(Item::SHARE, Item::SHARE + 1)
        .filter(Item::ID.le(2))
        .run();
    assert_eq!(changed.unwrap(), 2);
    let second = db.get::<Item>(2).unwrap().unwrap();
    let expected = Item { small: 20, large: Some(0), name: "n2!".into(), price: 3.into(), share: 1.5, ..item(2) };
    assert_eq!(second, expected);
    assert_eq!(db.get::<Item>(3).unwrap().unwrap(), item(3));
    assert_sound(&db);
}

#[test]
fn what_is_said_last_of_a_column_holds() {
    let db = database(1);
    db.update::<Item>().set(Item::SMALL, Item::SMALL + 1).set(Item::SMALL, 9).run().unwrap();
    assert_eq!(first(&db).small, 9);
    db.update::<Item>().set(Item::SMALL, 5).set(Item::SMALL, Item::SMALL + 1).run().unwrap();
    assert_eq!(first(&db).small, 10);
}

#[test]
fn the_row_of_a_key_can_be_computed_too_and_returned() {
    let db = database(2);
    assert!(db.update_key::<Item>(1).set(Item::SMALL, Item::SMALL + 1).set(Item::NAME, "x").run().unwrap());
    let returned = db.update_key::<Item>(1).set(Item::ID, Item::ID + 40).set(Item::LARGE, None).returning().unwrap();
    assert_eq!(returned, Some(Item { id: 41, small: 2, large: None, name: "x".into(), ..item(1) }));
    assert!(!db.update_key::<Item>(1).set(Item::SMALL, Item::SMALL + 1).run().unwrap());
    let returned = db.update::<Item>().set(Item::ID, Item::ID + 100).set(Item::SMALL, Item::SMALL * 2).returning();
    assert_eq!(returned.unwrap().iter().map(|item| (item.id, item.small)).collect::<Vec<_>>(), [(102, 4), (141, 4)]);
}

#[test]
fn what_is_computed_goes_through_every_rule() {
    let db = database(3);
    let before = exported(&db);
    let update = || db.update::<Item>();
    let refused = [
        (update().set(Item::SMALL, Item::SMALL * 84).run(), "items refuses a row with small = 252"),
        (update().set(Item::SMALL, Item::SMALL + 255).run(), "column items.small of type u8 cannot hold 256"),
        (update().set(Item::SMALL, Item::SMALL - 2).run(), "column items.small of type u8 cannot hold -1"),
        (update().set(Item::SMALL, Item::PRICE.expr()).run(), "column items.small of type u8 cannot hold 1.50"),
        (update().set(Item::LARGE, Item::LARGE * 50).run(), "column items.large refuses -150"),
        (update().set(Item::OTHER, Item::ID + 1).run(), "items.other = 4 refers to no row of items"),
        (update().set(Item::ID, Item::ID - Item::ID).run(), "items has a row with id = 0 already"),
        (update().set(Item::NAME, Expr::from(Value::Null)).run(), "column items.name must not be null"),
        (update().set(Item::SMALL, Item::SMALL / 0).run(), "zero"),
        (update().set(Item::SMALL, Expr::count()).run(), "aggregate"),
    ];
    for (number, (result, message)) in refused.into_iter().enumerate() {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(message), "{number}: {error}");
        assert!(exported(&db) == before, "{number}: {error}: something stayed");
    }
}

#[test]
fn a_number_becomes_one_of_the_columns_type_where_it_is_the_same() {
    let db = database(1);
    let set = |column: &str, value: Expr| db.update_table("items").set(column, value).run();
    set("price", Expr::column("small") + 1).unwrap();
    set("small", Expr::column("price") * 3).unwrap();
    set("share", Expr::column("price") / 4).unwrap();
    set("state", Expr::function(ScalarFunction::Concat, ["O", "ld"].map(Expr::from))).unwrap();
    set("name", Expr::column("state").cast(DataType::Text)).unwrap();
    let item = first(&db);
    assert_eq!((item.price, item.small, item.share, item.state), (2.into(), 6, 0.5, State::Old));
    assert_eq!(item.name, "Old");
    assert!(set("small", Expr::column("share") + 0).unwrap_err().is_constraint());
    assert!(set("name", Expr::column("small") + 0).unwrap_err().is_constraint());
    assert!(set("state", Expr::column("name").join("er")).unwrap_err().is_constraint());
}

#[test]
fn other_rows_are_asked_as_they_were_before_the_statement() {
    let db = database(3);
    let largest = Expr::scalar(
        Query::from("items").column(Expr::aggregate(AggregateFunction::Maximum, Some(Expr::column("small")))),
    );
    db.update_table("items").set("small", largest + Expr::column("items.small")).run().unwrap();
    let next = Query::from(wasm_dbms::Source::from("items").alias("i"))
        .filter(Expr::column("i.id").compare(Comparison::Equal, Expr::column("items.id") + 1))
        .column(Expr::column("i.small"));
    let answer = db.update_table("items").set("large", Expr::scalar(next)).returning().unwrap();
    let values: Vec<_> = answer.rows.iter().map(|row| (row[1].clone(), row[2].clone())).collect();
    assert_eq!(values, [(4.into(), 5.into()), (5.into(), 6.into()), (6.into(), Value::Null)]);
}

#[test]
fn parameters_are_given_and_missing_ones_refused() {
    let db = database(2);
    let change = || {
        let is_meant = Expr::column("id").compare(Comparison::Equal, Expr::Parameter(2));
        db.update_table("items").set("small", Expr::column("small") + Expr::Parameter(1)).filter(is_meant)
    };
    assert_eq!(change().parameters([7.into(), 2.into()]).run().unwrap(), 1);
    assert_eq!(db.get::<Item>(2).unwrap().unwrap().small, 9);
    assert!(change().parameters([7.into()]).run().unwrap_err().to_string().contains("?2"));
    assert!(db.update_table("items").set("smal", 1).run().unwrap_err().to_string().contains("items.smal"));
    assert!(db.update_table("item").set("small", 1).run().unwrap_err().to_string().contains("item"));
    assert!(db.update_table("items").set("small", 1).set("small", 2).run().unwrap_err().to_string().contains("twice"));
}

#[test]
fn an_upsert_computes_of_the_row_that_is_there_and_of_the_new_one() {
    let db = database(1);
    let new = |small| Item { small, name: "new".into(), large: None, ..item(1) };
    let report = db.upsert(&[new(5)]).set(Item::SMALL, Item::SMALL.excluded() + Item::SMALL).run().unwrap();
    assert_eq!((report.updated, first(&db)), (1, Item { small: 6, ..item(1) }));
    let both = |rows: &[Item]| {
        let larger = Item::SMALL.excluded().compare(Comparison::Greater, Item::SMALL);
        db.upsert(rows).update(Item::NAME).set(Item::SMALL, Item::SMALL.excluded()).filter(larger).run().unwrap()
    };
    let report = both(&[new(6), new(8), new(7), item(2)]);
    assert_eq!((report.inserted, report.updated, report.unchanged), (1, 1, 2));
    assert_eq!(first(&db), Item { small: 8, name: "new".into(), ..item(1) });
    // By name; a column alone is that of the row that is there.
    let counted = OnConflict::key().set("small", Expr::column("small") + Expr::column("excluded.small"));
    let columns = ["id", "small", "name", "price", "share", "state"];
    let row = [1.into(), 3.into(), "?".into(), Decimal::ZERO.into(), 0.5.into(), "Old".into()];
    db.upsert_values("items", &columns, [&row], &counted).unwrap();
    assert_eq!(first(&db).small, 11);
    let refused = db.upsert_values("items", &columns, [&row], &counted.clone().filter(Expr::column("small")));
    assert!(refused.unwrap_err().to_string().contains("neither true nor false"));
    let refused = db.upsert_values("items", &columns, [&row], &counted.set("large", Expr::column("excluded.x")));
    assert!(refused.unwrap_err().to_string().contains("excluded.x"));
}

#[test]
fn no_increment_is_lost_between_interactive_transactions() {
    let db = database(1);
    let increment = |tx: &OptimisticTransaction| {
        tx.update_key::<Item>(1).set(Item::SMALL, Item::SMALL + 1).run().map(|is_there| assert!(is_there))
    };
    let (one, other) = (db.begin().unwrap(), db.begin().unwrap());
    increment(&one).unwrap();
    increment(&other).unwrap();
    one.commit(Durability::Full).unwrap();
    assert!(other.commit(Durability::Full).unwrap_err().is_conflict());
    assert_eq!(first(&db).small, 2);
}

/// An update makes of each row what a question says of it.
#[test]
fn updates_make_what_questions_say() {
    let seed = 9;
    let mut random = fastrand::Rng::with_seed(seed);
    let number = |name: &str| ColumnSchema::new(name, DataType::I64).nullable();
    for round in 0..200 {
        let db = Database::in_memory();
        let schema = ["a", "b", "c"].iter().fold(TableSchema::new("t"), |schema, name| schema.column(number(name)));
        db.create_table(&schema.index(["b"])).unwrap();
        for _ in 0..8 {
            let row = [0; 3].map(|_| if random.u8(..5) == 0 { Value::Null } else { random.i64(-3..4).into() });
            db.insert_many_values("t", &["a", "b", "c"], [row]).unwrap();
        }
        let (a, b) = (value(&mut random, 3), value(&mut random, 3));
        let keep = value(&mut random, 2).compare(Comparison::Less, value(&mut random, 1));
        let kept = Query::from("t").filter(keep.clone());
        let asked = kept.column(a.clone()).column(b.clone()).column(Expr::column("c"));
        let (Ok(asked), others) = (db.query(&asked), keep.clone().is_true().not()) else { continue };
        let others = db.query(&Query::from("t").filter(others)).unwrap().rows;
        let changed = db.update_table("t").set("a", a.clone()).set("b", b.clone()).filter(keep.clone()).run();
        let words = format!("seed {seed}, round {round}: SET a = {a}, b = {b} WHERE {keep}");
        assert_eq!(changed.unwrap(), asked.rows.len() as u64, "{words}");
        let mut expected: Vec<String> = asked.rows.iter().chain(&others).map(|row| format!("{row:?}")).collect();
        let mut found: Vec<String> =
            db.query(&Query::from("t")).unwrap().rows.iter().map(|row| format!("{row:?}")).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{words}");
        assert_sound(&db);
    }
}

fn value(random: &mut fastrand::Rng, depth: u32) -> Expr {
    if depth == 0 || random.u8(..4) == 0 {
        return match random.u8(..4) {
            0 => Expr::from(random.i64(-2..3)),
            _ => Expr::column(["a", "b", "c"][random.usize(..3)]),
        };
    }
    let (left, right) = (value(random, depth - 1), value(random, depth - 1));
    match random.u8(..4) {
        0 => left + right,
        1 => left - right,
        2 => Expr::function(ScalarFunction::Coalesce, [left, right]),
        _ => left * right,
    }
}

#[test]
fn a_text_stands_for_a_value_of_another_type_in_statements_only() {
    let db = Database::in_memory();
    let columns = ["day", "bytes", "flag", "number"];
    let types = [DataType::Date, DataType::Bytes, DataType::Bool, DataType::I64];
    let schema =
        columns.iter().zip(types).fold(
            TableSchema::new("t").column(ColumnSchema::new("text", DataType::Text)),
            |schema, (name, data_type)| schema.column(ColumnSchema::new(*name, data_type).nullable()),
        );
    db.create_table(&schema).unwrap();
    let texts = ["2024-02-29", "\\x0a", "true", "12"];
    for (column, text) in columns.into_iter().zip(texts) {
        db.delete_values("t", None).unwrap();
        db.insert_values("t", &[("text", Value::from(text))]).unwrap();
        db.update_values("t", &[(column, Value::from(text))], None).unwrap_err();
        db.update_table("t").set(column, Expr::column("text")).run().unwrap_err();
        let statement = wasm_dbms::UpdateRows::new("t").set(column, Some(Expr::column("text")));
        let count = statement.prepare().unwrap().run(&db, &[]).unwrap().count;
        assert_eq!(count, 1, "{column}");
        assert_sound(&db);
    }
}
