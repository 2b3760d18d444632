//! Rows come with those that belong to them, both ways, by one walk.

use wasm_dbms::HeapProvider;
use wasm_dbms::prelude::*;

use crate::support::Counting;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "users"]
struct User {
    #[primary_key]
    id: u64,
    #[unique]
    email: String,
    /// Without an index.
    city: String,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "posts"]
struct Post {
    #[primary_key]
    #[autoincrement]
    id: u64,
    #[foreign_key(table = "users", column = "id", on_delete = "cascade")]
    author: Option<u64>,
    #[foreign_key(table = "users", column = "email")]
    reviewer: Option<String>,
    city: String,
}

#[derive(DatabaseSchema)]
#[tables(User = "users", Post = "posts")]
struct Blog;

const EMAILS: [&str; 3] = ["ada@x.y", "bob@x.y", "eve@x.y"];

fn user(id: u64) -> User {
    User { id, email: EMAILS[id as usize - 1].into(), city: if id == 3 { "Oslo" } else { "Rome" }.into() }
}

fn post(id: u64, author: Option<u64>, reviewer: Option<&str>) -> Post {
    Post { id, author, reviewer: reviewer.map(str::to_owned), city: "Rome".into() }
}

fn blog() -> Database {
    let db = Database::in_memory().with_schema::<Blog>().unwrap();
    db.insert_many(&[user(1), user(2), user(3)]).unwrap();
    let posts = [
        post(10, Some(1), None),
        post(11, Some(2), Some("ada@x.y")),
        post(12, Some(1), Some("ada@x.y")),
        post(13, None, Some("eve@x.y")),
    ];
    db.insert_many(&posts).unwrap();
    db
}

#[test]
fn a_row_comes_with_the_one_it_refers_to() {
    let db = blog();
    let posts = db.select::<Post>().order_by(Post::ID.desc()).with(Post::AUTHOR, User::ID).all().unwrap();
    let authors: Vec<_> = posts.iter().map(|(post, author)| (post.id, author.as_ref().map(|user| user.id))).collect();
    assert_eq!(authors, [(13, None), (12, Some(1)), (11, Some(2)), (10, Some(1))]);
    // By a unique column that is not the key.
    let posts = db.select::<Post>().with(Post::REVIEWER, User::EMAIL).all().unwrap();
    let reviewers: Vec<_> = posts.into_iter().map(|(_, reviewer)| reviewer).collect();
    assert_eq!(reviewers, [None, Some(user(1)), Some(user(1)), Some(user(3))]);
}

#[test]
fn a_row_comes_with_those_that_refer_to_it() {
    let db = blog();
    let users = db.select::<User>().with_many(User::ID, Post::AUTHOR).all().unwrap();
    let posts: Vec<_> = users.iter().map(|(_, posts)| posts.iter().map(|post| post.id).collect::<Vec<_>>()).collect();
    assert_eq!(posts, [vec![10, 12], vec![11], vec![]]);
    // Along a column without an index, and only of the rows that are asked for.
    let users = db.select::<User>().filter(User::ID.ge(2)).with_many(User::CITY, Post::CITY).all().unwrap();
    assert_eq!(users.iter().map(|(user, posts)| (user.id, posts.len())).collect::<Vec<_>>(), [(2, 4), (3, 0)]);
    let none = db.select::<User>().filter(User::ID.gt(9)).with_many(User::ID, Post::AUTHOR).all().unwrap();
    assert!(none.is_empty());
}

#[test]
fn rows_at_hand_are_completed_too() {
    let db = blog();
    let posts = [post(1, Some(3), None), post(2, Some(77), None), post(3, None, None)];
    assert_eq!(db.load(&posts, Post::AUTHOR, User::ID).unwrap(), [Some(user(3)), None, None]);
    assert_eq!(db.load_many(&[user(2)], User::ID, Post::AUTHOR).unwrap()[0].len(), 1);
    db.transaction(|tx| {
        tx.delete_key::<User>(1u64).unwrap_err(); // `ada@x.y` reviews.
        tx.insert(&post(14, Some(3), None))?;
        assert_eq!(tx.load_many(&[user(3)], User::ID, Post::AUTHOR)?[0].len(), 1);
        assert_eq!(tx.select::<Post>().with(Post::AUTHOR, User::ID).all()?.len(), 5);
        Ok(())
    })
    .unwrap();
    let snapshot = db.snapshot().unwrap();
    db.delete::<Post>().run().unwrap();
    assert_eq!(snapshot.load_many(&[user(1)], User::ID, Post::AUTHOR).unwrap()[0].len(), 2);
    let tx = db.begin().unwrap();
    tx.insert(&post(15, Some(2), None)).unwrap();
    assert_eq!(tx.load_many(&[user(2)], User::ID, Post::AUTHOR).unwrap()[0].len(), 1);
}

#[test]
fn rows_are_found_by_name() {
    let db = blog();
    let ids = [Value::from(2), Value::Null, Value::from(9), Value::from(2)];
    let rows = db.load_values("posts", "author", &ids).unwrap();
    assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 0, 1]);
    assert_eq!(rows[0][0][0], Value::from(11));
    let error = db.load_values("posts", "author", &["x".into()]).unwrap_err();
    assert_eq!(error.to_string(), "column posts.author of type u64 is never equal to 'x'");
    assert!(matches!(db.load_values("posts", "nothing", &[]), Err(Error::Unknown { .. })));
}

#[test]
fn each_row_that_is_asked_for_by_many_is_looked_for_once() {
    let medium = Counting::over(HeapProvider::new());
    let options = Options::new().cache_bytes(256 * 1024);
    let db = Database::open_with(medium.clone(), options).unwrap().with_schema::<Blog>().unwrap();
    let users: Vec<User> =
        (0..20_000u64).map(|id| User { id, email: format!("{id}@x.y"), city: "x".repeat(100) }).collect();
    db.insert_many(&users).unwrap();
    let posts: Vec<Post> = (1..=10_000).map(|id| post(id, Some(id % 10 * 1999), None)).collect();
    let before = medium.read();
    let authors = db.load(&posts, Post::AUTHOR, User::ID).unwrap();
    assert_eq!(authors.iter().flatten().count(), 10_000);
    // Ten rows, each by a path of a few pages.
    assert!(medium.read() - before < 60 * 8192, "{} bytes read", medium.read() - before);
}
