//! The change feed: what commits changed, each row once, for whoever asked for it.

use wasm_dbms::prelude::*;
use wasm_dbms::{RowChanged, Subscription};

use crate::support::{assert_sound, seed};

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "users"]
struct User {
    #[primary_key]
    id: u64,
    #[unique]
    name: String,
    age: u8,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "posts"]
struct Post {
    #[primary_key]
    slug: String,
    #[foreign_key(table = "users", column = "id", on_delete = "cascade")]
    #[index]
    author: u64,
}

#[derive(DatabaseSchema)]
#[tables(User = "users", Post = "posts")]
struct Blog;

fn blog() -> Database {
    Database::in_memory().with_schema::<Blog>().unwrap()
}

fn user(id: u64, age: u8) -> User {
    User { id, name: format!("user {id}"), age }
}

fn post(slug: &str, author: u64) -> Post {
    Post { slug: slug.into(), author }
}

/// Everything there is to hear.
fn heard(subscription: &mut Subscription) -> Vec<RowChanged> {
    std::iter::from_fn(|| subscription.try_next().unwrap()).collect()
}

/// The same in short: `users 1 +-` for a row that was there and went.
fn in_short(changes: &[RowChanged]) -> Vec<String> {
    let sign = |row: &Option<Vec<Value>>| if row.is_some() { '+' } else { '-' };
    let line = |change: &RowChanged| {
        let key: Vec<_> = change.key.iter().map(ToString::to_string).collect();
        format!("{} {} {}{}", change.table, key.join(","), sign(&change.old), sign(&change.new))
    };
    changes.iter().map(line).collect()
}

#[test]
fn a_commit_tells_each_row_before_and_after() {
    let db = blog();
    let mut feed = db.subscribe_to::<User>(..).unwrap();
    db.insert(&user(1, 20)).unwrap();
    db.update_key::<User>(1u64).set(User::AGE, 21u8).run().unwrap();
    db.delete_key::<User>(1u64).unwrap();
    let rows: Vec<_> = std::iter::from_fn(|| feed.try_next().unwrap()).collect();
    let ages: Vec<_> = rows.iter().map(|change| (change.old.clone(), change.new.clone())).collect();
    let (young, old) = (Some(user(1, 20)), Some(user(1, 21)));
    assert_eq!(ages, [(None, young.clone()), (young, old.clone()), (old, None)]);
    assert!(rows.iter().all(|change| change.key == 1));
    assert!(rows.windows(2).all(|pair| pair[0].commit < pair[1].commit));
}

#[test]
fn a_row_changed_often_in_a_commit_is_told_once_and_one_that_came_and_went_not_at_all() {
    let db = blog();
    db.insert(&user(1, 1)).unwrap();
    let mut feed = db.subscribe([Topic::all()]).unwrap();
    db.transaction(|tx| {
        tx.insert(&user(2, 2))?;
        tx.update_key::<User>(1u64).set(User::AGE, 9u8).run()?;
        tx.insert(&user(3, 3))?;
        tx.update::<User>().set(User::AGE, 7u8).run()?;
        tx.delete_key::<User>(3u64)?;
        tx.update_key::<User>(1u64).set(User::AGE, 1u8).run()?;
        Ok(())
    })
    .unwrap();
    let changes = heard(&mut feed);
    assert_eq!(in_short(&changes), ["users 2 -+"]);
    assert_eq!(changes[0].new, Some(vec![Value::from(2), Value::from("user 2"), Value::from(7)]));
}

#[test]
fn cascades_and_changes_of_keys_are_told_row_by_row() {
    let db = blog();
    db.insert_many(&[user(1, 1), user(2, 2)]).unwrap();
    db.insert_many(&[post("a", 1), post("b", 1), post("c", 2)]).unwrap();
    let mut feed = db.subscribe([Topic::all()]).unwrap();
    db.delete_key::<User>(1u64).unwrap();
    let mut changes = in_short(&heard(&mut feed));
    changes.sort();
    assert_eq!(changes, ["posts 'a' +-", "posts 'b' +-", "users 1 +-"]);
    db.update_key::<Post>("c").set(Post::SLUG, "d").run().unwrap();
    assert_eq!(in_short(&heard(&mut feed)), ["posts 'c' +-", "posts 'd' -+"]);
    let mut left = db.subscribe([Topic::table("posts").key([Value::from("d")])]).unwrap();
    db.update_key::<Post>("d").set(Post::SLUG, "e").run().unwrap();
    assert_eq!(in_short(&heard(&mut left)), ["posts 'd' +-"]);
    db.update_key::<User>(2u64).set(User::AGE, 9u8).run().unwrap();
    db.delete::<Post>().run().unwrap();
    assert_eq!(in_short(&heard(&mut feed)), ["posts 'd' +-", "posts 'e' -+", "users 2 ++", "posts 'e' +-"]);
}

#[test]
fn what_is_taken_back_is_not_told() {
    let db = blog();
    let mut feed = db.subscribe([Topic::all()]).unwrap();
    db.insert(&user(1, 1)).unwrap();
    assert!(db.insert(&user(1, 2)).is_err());
    let _refused = db.transaction(|tx| {
        tx.insert(&user(2, 2))?;
        Err::<(), _>(Error::other("no"))
    });
    db.transaction(|tx| {
        let _refused = tx.savepoint(|tx| {
            tx.insert(&user(3, 2))?;
            Err::<(), _>(Error::other("no"))
        });
        assert!(tx.insert_many(&[user(5, 1), user(1, 1)]).is_err());
        tx.insert(&user(4, 4))?;
        Ok(())
    })
    .unwrap();
    db.begin().unwrap().insert(&user(6, 6)).unwrap();
    let tx = db.begin().unwrap();
    tx.insert(&user(7, 7)).unwrap();
    tx.commit(Durability::Full).unwrap();
    assert_eq!(in_short(&heard(&mut feed)), ["users 1 -+", "users 4 -+", "users 7 -+"]);
}

#[test]
fn a_topic_is_a_table_or_a_range_of_its_keys() {
    let db = blog();
    let value = |number: i64| [Value::from(number)];
    let mut range = db.subscribe([Topic::table("users").from(value(10)).below(value(20))]).unwrap();
    let mut one =
        db.subscribe([Topic::table("posts").key([Value::from("x")]), Topic::table("users").key(value(9))]).unwrap();
    let mut table = db.subscribe([Topic::table("posts")]).unwrap();
    let mut nothing = db.subscribe([]).unwrap();
    let mut typed = db.subscribe_to::<User>((std::ops::Bound::Excluded(9), std::ops::Bound::Included(10))).unwrap();
    for id in [9, 10, 19, 20] {
        db.insert(&user(id, 1)).unwrap();
    }
    db.insert_many(&[post("x", 9), post("xy", 10), post("w", 10)]).unwrap();
    assert_eq!(in_short(&heard(&mut range)), ["users 10 -+", "users 19 -+"]);
    assert_eq!(in_short(&heard(&mut one)), ["users 9 -+", "posts 'x' -+"]);
    assert_eq!(in_short(&heard(&mut table)), ["posts 'x' -+", "posts 'xy' -+", "posts 'w' -+"]);
    assert_eq!(heard(&mut nothing), []);
    assert_eq!(typed.try_next().unwrap().unwrap().key, 10);
    assert!(typed.try_next().unwrap().is_none());
    assert!(matches!(db.subscribe([Topic::table("nobody")]), Err(Error::Unknown { .. })));
    assert!(matches!(db.subscribe([Topic::table("users").key([Value::from("text")])]), Err(Error::Query(_))));
    assert!(matches!(db.subscribe([Topic::table("users").key([1, 2].map(Value::from))]), Err(Error::Query(_))));
}

#[test]
fn rows_without_a_key_are_told_by_their_number() {
    let db = Database::in_memory();
    db.create_table(&TableSchema::new("notes").column(ColumnSchema::new("text", DataType::Text))).unwrap();
    let mut feed = db.subscribe([Topic::table("notes").from([Value::from(2)])]).unwrap();
    for text in ["a", "b", "c"] {
        db.insert_values("notes", &[("text", Value::from(text))]).unwrap();
    }
    assert_eq!(in_short(&heard(&mut feed)), ["notes 2 -+", "notes 3 -+"]);
}

#[test]
fn who_reads_too_slowly_hears_that_something_was_missed_and_goes_on() {
    let options = Options::new().history_bytes(10_000);
    let db = Database::in_memory_with(options).unwrap().with_schema::<Blog>().unwrap();
    let mut slow = db.subscribe([Topic::all()]).unwrap();
    let mut quick = db.subscribe([Topic::table("users")]).unwrap();
    for id in 0..500 {
        db.insert(&user(id, 1)).unwrap();
        assert_eq!(heard(&mut quick).len(), 1);
        assert!(db.history_measure().unwrap().1 <= 10_000);
    }
    assert!(slow.try_next().unwrap_err().is_lagged());
    assert_eq!(slow.try_next().unwrap(), None);
    db.insert(&user(1000, 1)).unwrap();
    assert_eq!(in_short(&heard(&mut slow)), ["users 1000 -+"]);
    assert_eq!(in_short(&heard(&mut quick)), ["users 1000 -+"]);
    // One commit that is larger than all that may be kept.
    let mut posts = db.subscribe([Topic::table("posts")]).unwrap();
    db.insert_many(&(2000..3000).map(|id| user(id, 1)).collect::<Vec<_>>()).unwrap();
    assert!(quick.try_next().unwrap_err().is_lagged());
    assert_eq!(posts.try_next().unwrap(), None);
    db.insert(&post("p", 2000)).unwrap();
    assert_eq!(in_short(&heard(&mut posts)), ["posts 'p' -+"]);
    assert_eq!(heard(&mut quick), []);
}

#[test]
fn a_new_schema_means_that_something_was_missed() {
    let db = blog();
    let mut feed = db.subscribe([Topic::table("users")]).unwrap();
    db.drop_table("posts").unwrap();
    assert!(feed.try_next().unwrap_err().is_lagged());
    db.insert(&user(1, 1)).unwrap();
    assert_eq!(in_short(&heard(&mut feed)), ["users 1 -+"]);
}

#[test]
fn with_nobody_left_nothing_is_kept() {
    let db = blog();
    let mut feed = db.subscribe([Topic::all()]).unwrap();
    db.insert(&user(1, 1)).unwrap();
    assert!(db.history_measure().unwrap().1 > 0);
    heard(&mut feed);
    assert_eq!(feed.try_next().unwrap(), None);
    assert_eq!(db.history_measure().unwrap().1, 0);
    drop(feed);
    db.insert(&user(2, 1)).unwrap();
    assert_eq!(db.history_measure().unwrap(), (1, 0));
}

#[test]
fn waiting_ends_with_a_change_or_with_the_database() {
    let db = blog();
    let mut feed = db.subscribe_to::<User>(..).unwrap();
    let waiting = std::thread::spawn(move || {
        let mut ids = Vec::new();
        while let Some(change) = feed.next().unwrap() {
            ids.push(change.key);
        }
        ids
    });
    for id in 0..50 {
        db.insert(&user(id, 1)).unwrap();
    }
    db.close().unwrap();
    assert_eq!(waiting.join().unwrap(), (0..50).collect::<Vec<_>>());
}

#[test]
fn a_commit_that_fails_is_not_told_and_one_that_is_not_durable_yet_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = || FileProvider::open(folder.path().join("blog.db")).unwrap();
    let db = Database::open(file()).unwrap().with_schema::<Blog>().unwrap();
    let mut feed = db.subscribe([Topic::all()]).unwrap();
    // Refused by the commit itself: a file keeps what it is given.
    assert!(db.transaction_with(Durability::None, |tx| tx.insert(&user(1, 1)).map(|_| ())).is_err());
    assert_eq!(heard(&mut feed), []);
    db.transaction_with(Durability::Eventual, |tx| tx.insert(&user(2, 2)).map(|_| ())).unwrap();
    // Told when it is committed, not when it is durable.
    assert_eq!(in_short(&heard(&mut feed)), ["users 2 -+"]);
    drop(feed);
    db.close().unwrap();
    // Opened again, a database tells nothing of what was before.
    let db = Database::open(file()).unwrap();
    let mut feed = db.subscribe([Topic::all()]).unwrap();
    assert_eq!(heard(&mut feed), []);
    assert_eq!(db.select::<User>().count().unwrap(), 1);
}

/// Who applies every change to a copy has the table, whatever threads do.
#[test]
fn a_copy_that_follows_the_feed_is_the_table() {
    let seed = seed(11);
    let db = blog();
    let mut feed = db.subscribe_to::<User>(..).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let db = &db;
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed + thread);
                for _ in 0..300 {
                    let id = random.u64(..30);
                    let outcome = match random.u8(..4) {
                        0 => db.insert(&user(id, random.u8(..))).map(|_| ()),
                        1 => db.update_key::<User>(id).set(User::AGE, random.u8(..)).run().map(|_| ()),
                        2 => db.delete::<User>().filter(User::AGE.lt(random.u8(..40))).run().map(|_| ()),
                        _ => db.retry(5, |tx| {
                            tx.update::<User>().set(User::AGE, random.u8(..)).filter(User::ID.ge(id)).run()?;
                            tx.delete_key::<User>(random.u64(..30)).map(|_| ())
                        }),
                    };
                    assert!(outcome.is_ok() || outcome.is_err_and(|error| error.is_constraint()));
                }
            });
        }
    });
    let mut copy = std::collections::BTreeMap::new();
    while let Some(change) = feed.try_next().unwrap() {
        assert_eq!(copy.get(&change.key), change.old.as_ref());
        match change.new {
            Some(row) => copy.insert(change.key, row),
            None => copy.remove(&change.key),
        };
    }
    assert_eq!(copy.into_values().collect::<Vec<_>>(), db.select::<User>().all().unwrap());
    assert_sound(&db);
}
