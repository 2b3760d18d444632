//! The database does what a newcomer tries first.

use wasm_dbms::prelude::*;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "users"]
struct User {
    #[primary_key]
    #[autoincrement]
    id: u64,
    #[unique]
    email: String,
    #[index]
    age: Option<u8>,
    #[default = true]
    active: bool,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "posts"]
struct Post {
    #[primary_key]
    id: u32,
    #[foreign_key(table = "users", column = "id", on_delete = "cascade")]
    author: u64,
    title: String,
    score: i32,
}

#[derive(DatabaseSchema)]
#[tables(User = "users", Post = "posts")]
struct Blog;

fn blog() -> Database {
    let db = Database::in_memory().with_schema::<Blog>().unwrap();
    for number in 0..100u64 {
        let user = NewUser {
            email: format!("user{number:03}@example.com"),
            age: (number % 10 > 0).then_some((number % 50) as u8),
            ..Default::default()
        };
        let id = db.insert(&user).unwrap();
        assert_eq!(id, number + 1);
        for post in 0..number as u32 % 5 {
            let post = Post { id: number as u32 * 10 + post, author: id, title: format!("post {post}"), score: -5 };
            assert_eq!(db.insert(&post).unwrap(), post.id);
        }
    }
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
    db
}

#[test]
fn a_row_comes_back_by_its_key_and_by_an_indexed_column() {
    let db = blog();
    let user = db.get::<User>(7).unwrap().unwrap();
    assert_eq!(user, User { id: 7, email: "user006@example.com".into(), age: Some(6), active: true });
    assert_eq!(db.get_by(User::EMAIL, "user006@example.com").unwrap(), Some(user.clone()));
    assert_eq!(db.get_by(User::AGE, 6).unwrap(), Some(user));
    assert_eq!(db.get::<User>(101).unwrap(), None);
}

#[test]
fn filters_orders_limits_and_offsets_work_together() {
    let db = blog();
    let users = db
        .select::<User>()
        .filter(User::AGE.ge(40).and(User::EMAIL.like("user0%")))
        .order_by(User::AGE.desc())
        .order_by(User::EMAIL.asc())
        .limit(3)
        .offset(1)
        .all()
        .unwrap();
    let ages: Vec<_> = users.iter().map(|user| user.age).collect();
    assert_eq!(ages, [Some(49), Some(48), Some(48)]);
    assert_eq!(db.select::<User>().filter(User::AGE.is_null()).count().unwrap(), 10);
    assert_eq!(db.select::<User>().count().unwrap(), 100);
    assert_eq!(db.select::<User>().filter(User::AGE.lt(3)).count().unwrap(), 4);
}

#[test]
fn a_join_brings_the_rows_of_both_tables() {
    let db = blog();
    let pairs = db.select::<Post>().join::<User>(Post::AUTHOR, User::ID).filter(User::AGE.eq(44)).all().unwrap();
    assert_eq!(pairs.len(), 8);
    assert!(pairs.iter().all(|(post, user)| post.author == user.id && user.age == Some(44)));
}

#[test]
fn grouping_counts_sums_and_averages() {
    let db = blog();
    let rows = db
        .select::<Post>()
        .join::<User>(Post::AUTHOR, User::ID)
        .group_by(User::AGE)
        .columns((User::AGE, count(), sum(Post::SCORE), avg(Post::SCORE), min(Post::ID), max(Post::TITLE)))
        .order_by(count().desc())
        .order_by(User::AGE.asc())
        .limit(2)
        .all()
        .unwrap();
    assert_eq!(rows[0], (Some(4), 8, Some(-40), Some(-5.0), Some(40), Some("post 3".into())));
    assert_eq!(rows[1].0, Some(9));
}

#[test]
fn an_update_and_a_delete_say_how_many_rows_they_changed() {
    let db = blog();
    assert_eq!(db.update::<User>().set(User::ACTIVE, false).filter(User::AGE.ge(40)).run().unwrap(), 18);
    assert_eq!(db.select::<User>().filter(User::ACTIVE.eq(false)).count().unwrap(), 18);
    assert!(db.update_key::<User>(1).set(User::AGE, Some(99)).run().unwrap());
    assert!(!db.update_key::<User>(1000).set(User::AGE, None).run().unwrap());
    assert_eq!(db.get_by(User::AGE, 99).unwrap().unwrap().id, 1);
    assert_eq!(db.delete::<User>().filter(User::AGE.ge(40)).run().unwrap(), 19);
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
    assert!(db.delete_key::<Post>(11).is_ok());
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
}

#[test]
fn deleting_a_user_takes_the_posts_along() {
    let db = blog();
    assert_eq!(db.select::<Post>().filter(Post::AUTHOR.eq(5)).count().unwrap(), 4);
    assert!(db.delete_key::<User>(5).unwrap());
    assert_eq!(db.select::<Post>().filter(Post::AUTHOR.eq(5)).count().unwrap(), 0);
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_transaction_that_returns_an_error_leaves_no_byte() {
    let db = blog();
    let mut before = Vec::new();
    db.export(&mut before).unwrap();
    let refused = db.transaction(|tx| {
        tx.insert(&NewUser { email: "new@example.com".into(), ..Default::default() })?;
        tx.delete::<User>().filter(User::ID.le(50)).run()?;
        assert_eq!(tx.select::<User>().count()?, 51);
        Err::<(), _>(Error::other("no"))
    });
    assert_eq!(refused.unwrap_err().to_string(), "no");
    let mut after = Vec::new();
    db.export(&mut after).unwrap();
    assert!(before == after);
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_refused_statement_leaves_the_transaction_usable() {
    let db = blog();
    db.transaction(|tx| {
        let rows = [
            NewUser { email: "fresh@example.com".into(), ..Default::default() },
            NewUser { email: "user001@example.com".into(), ..Default::default() },
        ];
        let refused = tx.insert_many(&rows).unwrap_err();
        assert!(refused.is_constraint(), "{refused}");
        assert_eq!(refused.to_string(), "users has a row with email = 'user001@example.com' already");
        tx.insert(&NewUser { email: "other@example.com".into(), ..Default::default() })?;
        Ok(())
    })
    .unwrap();
    assert_eq!(db.get_by(User::EMAIL, "fresh@example.com").unwrap(), None);
    assert!(db.get_by(User::EMAIL, "other@example.com").unwrap().is_some());
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
}

#[test]
fn closing_and_opening_gives_back_every_row() {
    let medium = HeapProvider::new();
    let db = Database::open(medium.clone()).unwrap().with_schema::<Blog>().unwrap();
    for number in 0..2000u32 {
        let email = format!("{number}@example.com");
        db.insert(&NewUser { email, age: Some((number % 100) as u8), ..Default::default() }).unwrap();
    }
    let before = db.select::<User>().all().unwrap();
    db.close().unwrap();
    let db = Database::open(medium.clone()).unwrap().with_schema::<Blog>().unwrap();
    assert!(db.select::<User>().all().unwrap() == before);
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
    db.insert(&NewUser { email: "last".into(), ..Default::default() }).unwrap();
    drop(db);
    let db = Database::open(medium).unwrap().with_schema::<Blog>().unwrap();
    assert_eq!(db.select::<User>().count().unwrap(), 2001);
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
}

#[test]
fn the_plan_uses_the_index() {
    let db = blog();
    let plan = db.select::<User>().filter(User::EMAIL.like("user00%")).explain().unwrap();
    assert_eq!(
        plan,
        "search index users.email with email begins with 'user00' (about 1 rows)\n  filter users.email LIKE 'user00%'\n"
    );
    let plan = db.select::<User>().filter(User::ID.between(3u64, 9u64)).order_by(User::ID.asc()).explain().unwrap();
    assert_eq!(plan, "search primary key of users with id >= 3 and id <= 9 (about 9 rows)\n");
}

#[test]
fn an_empty_database_with_one_table_and_one_index_fits_in_64_kib() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.db");
    let db = Database::open(FileProvider::open(&path).unwrap()).unwrap().with_schema::<Blog>().unwrap();
    assert_eq!(db.page_count(), 2, "a declared but empty table has no page of its own");
    db.close().unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() <= 64 * 1024);
}
