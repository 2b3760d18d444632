//! What is done to a damaged file: all that a program does. Every answer and every typed error is right; what must not
//! happen is a panic, a hang, or memory without bound.

use fastrand::Rng;
use wasm_dbms::prelude::*;

use super::images::{Line, Post, User, Word, user, word};

/// Opens a file, reads all of it, checks it, changes it and opens it again. Returns whether it could be opened and how
/// many changes went through.
pub(crate) fn exercise(bytes: Vec<u8>, random: &mut Rng) -> (bool, u64) {
    let provider = HeapProvider::from_bytes(bytes);
    let Ok(db) = Database::open(provider.clone()) else { return (false, 0) };
    let mut changes = 0;
    if random.u8(..8) > 0 {
        read(&db);
        looked_at(db.check());
    }
    for _ in 0..random.usize(1..6) {
        changes += u64::from(change(&db, random));
    }
    if random.u8(..4) == 0 {
        looked_at(db.check());
    }
    if random.bool() {
        looked_at(db.close());
    } else {
        drop(db);
    }
    if let Ok(db) = Database::open(provider) {
        read(&db);
        looked_at(db.export(&mut std::io::sink()));
    }
    (true, changes)
}

/// Whatever it says is right. Returns whether it was an answer.
fn looked_at<T>(answer: Result<T>) -> bool {
    answer.is_ok()
}

fn read(db: &Database) {
    for table in db.tables().unwrap_or_default() {
        looked_at(db.query(&Query::from(table)));
    }
    looked_at(db.select::<User>().filter(User::AGE.ge(20)).order_by(User::EMAIL.desc()).limit(5).all());
    looked_at(db.query(&Query::from("posts").join("users", "posts.author", "users.id").limit(50)));
    looked_at(db.get::<User>(7));
    looked_at(db.get_by(User::EMAIL, "23757@example.com"));
}

/// A value of this type.
fn value(data_type: DataType, random: &mut Rng) -> Value {
    match data_type {
        DataType::Bool => random.bool().into(),
        DataType::Text => "t".repeat(random.usize(..40) * if random.u8(..8) == 0 { 200 } else { 1 }).into(),
        DataType::Bytes => Value::Bytes(vec![random.u8(..); random.usize(..40)]),
        DataType::F32 | DataType::F64 => random.f64().into(),
        _ => i64::from(random.i8(0..)).into(),
    }
}

/// One statement, or a few in a transaction. Returns whether it went through.
fn change(db: &Database, random: &mut Rng) -> bool {
    let tables = db.tables().unwrap_or_default();
    match random.u8(..18) {
        0 | 1 => {
            let users: Vec<_> = (0..random.u64(1..20)).map(|number| user(1000 + number, random.usize(..300))).collect();
            looked_at(db.insert_many(&users))
        }
        2 => looked_at(db.insert(&Post {
            id: random.i32(..),
            author: random.u64(..40),
            body: vec![1; random.usize(..9000)],
        })),
        3 => looked_at(db.insert(&word(random.u32(..), random.usize(..1500)))),
        4 => looked_at(db.insert(&Line { text: Some("l".repeat(random.usize(..6000))), flag: true })),
        5 => looked_at(
            db.update::<User>()
                .set(User::NOTE, "m".repeat(random.usize(..900)))
                .filter(User::ID.ge(random.u64(..40)))
                .run(),
        ),
        6 => looked_at(db.update::<User>().set(User::BALANCE, 77).filter(User::AGE.ge(random.u8(..40))).run()),
        7 => looked_at(
            db.update::<User>()
                .set(User::EMAIL, format!("{}@x", random.u32(..)))
                .filter(User::ID.eq(random.u64(..40)))
                .run(),
        ),
        8 => looked_at(db.delete::<User>().filter(User::ID.ge(random.u64(..40))).run()),
        9 => looked_at(db.delete::<Word>().filter(Word::WEIGHT.ge(random.f64() * 4.0)).run()),
        10 => looked_at(db.delete::<Line>().run()),
        11 => looked_at(db.delete_key::<User>(random.u64(..40))),
        12 => {
            let table = random.choice(tables).unwrap_or_default();
            looked_at(db.drop_table(&table))
        }
        13 => {
            let table = random.choice(tables).unwrap_or_default();
            let schema = db.schemas().unwrap_or_default().into_iter().find(|schema| schema.name == table);
            let columns = schema.map(|schema| schema.columns).unwrap_or_default();
            (0..random.usize(1..9)).all(|_| {
                let values: Vec<_> =
                    columns.iter().map(|column| (column.name.as_str(), value(column.data_type, random))).collect();
                looked_at(db.insert_values(&table, &values))
            })
        }
        14 => looked_at(db.vacuum_step(random.usize(1..40))),
        15 => looked_at(db.vacuum()),
        16 => {
            let schema =
                TableSchema::new(format!("new{}", random.u8(..))).column(ColumnSchema::new("n", DataType::I64));
            looked_at(db.create_table(&schema))
        }
        _ => {
            let is_kept = random.bool();
            looked_at(db.transaction(|tx| {
                looked_at(tx.delete::<Post>().filter(Post::ID.ge(random.i32(..20))).run());
                looked_at(tx.insert_many(&[user(3, 2000), user(5, 3)]));
                looked_at(tx.savepoint(|tx| {
                    tx.delete::<Word>().run()?;
                    Err::<(), _>(Error::other("no"))
                }));
                if is_kept { Ok(()) } else { Err(Error::other("no")) }
            }))
        }
    }
}
