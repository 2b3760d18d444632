//! Pages that were used are free afterwards: whatever is made and unmade, as many pages are in use as before.

use wasm_dbms::prelude::*;

use crate::support::{assert_sound, seed};

#[derive(Table, Debug, Clone)]
#[table = "items"]
struct Item {
    #[primary_key]
    id: u32,
    #[unique]
    name: String,
    #[index]
    group: Option<i16>,
    body: Vec<u8>,
}

#[derive(Table, Debug, Clone)]
#[table = "keys"]
struct Key {
    #[primary_key]
    key: String,
    number: i64,
}

#[derive(DatabaseSchema)]
#[tables(Item = "items", Key = "keys")]
struct All;

fn item(id: u32, body: usize) -> Item {
    let group = (!id.is_multiple_of(3)).then_some(id as i16 % 50);
    Item { id, name: format!("{}-{id}", id.wrapping_mul(2_654_435_761)), group, body: vec![7; body] }
}

fn key(number: u32) -> Key {
    Key { key: format!("{:08x}{}", number.wrapping_mul(2_654_435_761), "k".repeat(number as usize % 2500)), number: 1 }
}

fn pages_in_use(db: &Database) -> usize {
    db.page_count() as usize - db.page(0).unwrap().entries
}

/// Runs a cycle a few times; afterwards as many pages are in use as before, and the store does not grow with each.
fn assert_no_leak(what: &str, mut cycle: impl FnMut(&Database, u32)) {
    let db = Database::in_memory_with(Options::new().page_size(4096)).unwrap().with_schema::<All>().unwrap();
    db.insert_many(&(0..20).map(|id| item(1_000_000 + id, 100)).collect::<Vec<_>>()).unwrap();
    let before = pages_in_use(&db);
    let mut grown = 0;
    for round in 0..6 {
        cycle(&db, round);
        assert_sound(&db);
        assert_eq!(pages_in_use(&db), before, "{what}, round {round}");
        if round == 2 {
            grown = db.page_count();
        }
    }
    assert_eq!(db.page_count(), grown, "{what}: it grows with each round");
}

#[test]
fn inserting_rows_and_deleting_all_of_them_leaks_nothing() {
    assert_no_leak("insert and delete", |db, _| {
        db.insert_many(&(0..3000).map(|id| item(id, id as usize % 90)).collect::<Vec<_>>()).unwrap();
        db.delete::<Item>().filter(Item::ID.le(999_999)).run().unwrap();
    });
}

#[test]
fn deleting_random_halves_leaks_nothing() {
    let mut random = fastrand::Rng::with_seed(seed(20_261_122));
    assert_no_leak("random halves", |db, _| {
        let mut left: Vec<u32> = (0..2500).collect();
        db.insert_many(&left.iter().map(|id| item(*id, *id as usize % 900)).collect::<Vec<_>>()).unwrap();
        while !left.is_empty() {
            random.shuffle(&mut left);
            let gone = left.split_off(left.len() / 2);
            db.transaction(|tx| gone.iter().try_for_each(|id| tx.delete_key::<Item>(*id).map(drop))).unwrap();
        }
    });
}

#[test]
fn creating_tables_and_dropping_them_leaks_nothing() {
    assert_no_leak("create and drop", |db, round| {
        for number in 0..8 {
            let name = format!("t{round}x{number}");
            let columns = TableSchema::new(name.clone()).column(ColumnSchema::new("text", DataType::Text));
            db.create_table(&columns).unwrap();
            for length in 0..40 {
                db.insert_values(&name, &[("text", "t".repeat(length * 300).into())]).unwrap();
            }
            db.drop_table(&name).unwrap();
        }
    });
}

#[test]
fn transactions_and_savepoints_rolled_back_leak_nothing() {
    assert_no_leak("rolled back", |db, _| {
        let undone: Result<()> = db.transaction(|tx| {
            tx.insert_many(&(0..800).map(|id| item(id, 700)).collect::<Vec<_>>())?;
            tx.delete::<Item>().run()?;
            Err(Error::other("no"))
        });
        undone.unwrap_err();
        db.transaction(|tx| {
            for _ in 0..3 {
                let undone: Result<()> = tx.savepoint(|tx| {
                    tx.insert_many(&(0..500).map(|id| item(id, 9000)).collect::<Vec<_>>())?;
                    Err(Error::other("no"))
                });
                undone.unwrap_err();
            }
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn long_values_and_long_keys_leak_nothing() {
    assert_no_leak("chains", |db, _| {
        db.insert_many(&(0..60).map(|id| item(id, id as usize * 900)).collect::<Vec<_>>()).unwrap();
        db.insert_many(&(0..400).map(key).collect::<Vec<_>>()).unwrap();
        for length in [0, 50, 5000, 40_000, 100] {
            db.update::<Item>().set(Item::BODY, vec![1; length]).filter(Item::ID.le(20)).run().unwrap();
        }
        assert_eq!(db.delete::<Key>().run().unwrap(), 400);
        db.delete::<Item>().filter(Item::ID.le(999_999)).run().unwrap();
    });
}

#[test]
fn a_vacuum_leaks_nothing() {
    assert_no_leak("vacuum", |db, _| {
        db.insert_many(&(0..300).map(|id| item(id, id as usize * 30)).collect::<Vec<_>>()).unwrap();
        db.insert_many(&(0..300).map(key).collect::<Vec<_>>()).unwrap();
        db.delete::<Item>().filter(Item::ID.le(200)).run().unwrap();
        db.vacuum().unwrap();
        assert_sound(db);
        db.delete::<Key>().run().unwrap();
        db.delete::<Item>().filter(Item::ID.le(999_999)).run().unwrap();
    });
}
