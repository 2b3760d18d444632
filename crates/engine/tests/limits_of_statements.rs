//! A statement that looks at too many rows, or is interrupted, ends with an error and leaves nothing.

use std::time::Duration;

use wasm_dbms::prelude::*;
use wasm_dbms::{DeleteRows, Interrupt, UpdateRows};

use crate::support::{assert_sound, exported};

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "items"]
struct Item {
    #[primary_key]
    id: u64,
    number: u64,
}

#[derive(DatabaseSchema)]
#[tables(Item = "items")]
struct Stock;

fn item(id: u64) -> Item {
    Item { id, number: id % 7 }
}

fn stock(count: u64) -> Database {
    let db = Database::in_memory().with_schema::<Stock>().unwrap();
    db.insert_many(&(0..count).map(item).collect::<Vec<_>>()).unwrap();
    db
}

fn over<T: std::fmt::Debug>(result: Result<T>) {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::OverBudget { .. }) && error.is_interrupted(), "{error:?}");
}

#[test]
fn a_budget_is_spent_to_the_last_row_and_no_further() {
    let db = stock(100);
    // One look more says that there are no more rows.
    assert_eq!(db.budget(101).select::<Item>().all().unwrap().len(), 100);
    over(db.budget(100).select::<Item>().all());
    assert_eq!(db.budget(10).select::<Item>().limit(10).all().unwrap().len(), 10);
    over(db.budget(9).select::<Item>().limit(10).all());
    over(db.budget(0).select::<Item>().all());
    assert_eq!(db.budget(0).count::<Item>().unwrap(), 100, "a number that is kept");
    assert_eq!(db.budget(0).get::<Item>(5u64).unwrap(), Some(item(5)));
    over(db.budget(50).count_values("items", Expr::column("number").compare(Comparison::Equal, 1)));
    over(db.budget(50).load_values("items", "number", &[1.into()]));
    let snapshot = db.snapshot().unwrap();
    over(snapshot.budget(50).query(&Query::from("items")));
    // The next statement has a budget of its own, and one without has none.
    let limited = db.budget(101);
    for _ in 0..3 {
        assert_eq!(limited.select::<Item>().all().unwrap().len(), 100);
    }
    assert_eq!(db.select::<Item>().all().unwrap().len(), 100);
}

#[test]
fn what_a_stopped_statement_wrote_is_taken_back() {
    let db = stock(100);
    let before = exported(&db);
    over(db.budget(150).update::<Item>().set(Item::NUMBER, 9u64).run());
    over(db.budget(150).delete::<Item>().filter(Item::ID.ge(0)).run());
    let number = UpdateRows::new("items").set("number", Some(9.into())).prepare().unwrap();
    let all = DeleteRows::new("items").filter(Expr::column("id").is_null().not()).prepare().unwrap();
    over(number.run(&db.budget(150), &[]));
    over(all.run(&db.budget(150), &[]));
    over(db.budget(5).insert_many(&(200..300).map(item).collect::<Vec<_>>()));
    over(db.budget(5).upsert(&(90..110).map(item).collect::<Vec<_>>()).run());
    assert!(exported(&db) == before);
    db.transaction(|tx| {
        tx.insert(&item(1000))?;
        over(tx.budget(150).update::<Item>().set(Item::NUMBER, 9u64).run());
        over(number.run(&tx.budget(150), &[]));
        over(all.run(&tx.budget(150), &[]));
        over(tx.budget(150).delete_values("items", Expr::column("id").is_null().not()));
        assert_eq!(tx.count::<Item>()?, 101);
        assert_eq!(tx.budget(1000).update::<Item>().set(Item::NUMBER, 9u64).run()?, 101);
        Ok(())
    })
    .unwrap();
    let tx = db.begin().unwrap();
    over(tx.budget(150).update::<Item>().set(Item::NUMBER, 8u64).run());
    assert_eq!(tx.update::<Item>().set(Item::NUMBER, 7u64).filter(Item::ID.eq(1)).run().unwrap(), 1);
    tx.commit(Durability::Full).unwrap();
    assert_eq!(db.select::<Item>().filter(Item::NUMBER.eq(9)).count().unwrap(), 100);
    assert_sound(&db);
}

#[test]
fn another_thread_stops_a_statement_that_would_take_for_ever() {
    let db = stock(3000);
    let interrupt = Interrupt::new();
    std::thread::scope(|scope| {
        let handle = interrupt.clone();
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            handle.stop();
        });
        // Every row is changed, again and again.
        let error = loop {
            if let Err(error) = db.interrupt(&interrupt).update::<Item>().set(Item::NUMBER, 1u64).run() {
                break error;
            }
        };
        assert!(matches!(error, Error::Interrupted), "{error:?}");
    });
    assert!(interrupt.is_stopped());
    assert!(db.interrupt(&interrupt).select::<Item>().all().unwrap_err().is_interrupted());
    interrupt.reset();
    assert_eq!(db.interrupt(&interrupt).budget(5000).select::<Item>().all().unwrap().len(), 3000);
    assert_sound(&db);
}

#[test]
fn a_limit_ends_with_its_statement_even_if_that_panics() {
    let db = stock(10);
    db.transaction(|tx| {
        let rows = (20..30).map(|id| if id == 25 { panic!("no more") } else { [Value::from(id), Value::from(0)] });
        let insert = || tx.budget(7).insert_many_values("items", &["id", "number"], rows);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(insert)).unwrap_err();
        assert_eq!(tx.select::<Item>().all()?.len(), 10);
        Ok(())
    })
    .unwrap();
}
