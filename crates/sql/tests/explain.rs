//! EXPLAIN and EXPLAIN ANALYZE: the plan in words, and what it came to.

use wasm_dbms::Database;
use wasm_dbms_sql::{Session, Sql};

fn database() -> Database {
    let db = Database::in_memory();
    Session::new(&db)
        .run(
            "CREATE TABLE users (id integer PRIMARY KEY, age integer NOT NULL);
             CREATE TABLE posts (id integer PRIMARY KEY, author integer NOT NULL, score integer NOT NULL);
             CREATE INDEX posts_author ON posts (author)",
        )
        .unwrap();
    let user = db.prepare("INSERT INTO users VALUES (?, ?)").unwrap();
    (0..100).for_each(|id| assert_eq!(user.execute((id, id % 10)).unwrap(), 1));
    let post = db.prepare("INSERT INTO posts VALUES (?, ?, ?)").unwrap();
    (0..300).for_each(|id| assert_eq!(post.execute((id, id / 3, id % 7)).unwrap(), 1));
    db
}

fn lines(db: &Database, text: &str) -> String {
    let rows: Vec<(String,)> = db.query_rows(text, ()).unwrap();
    rows.into_iter().map(|(line,)| line).collect::<Vec<_>>().join("\n")
}

#[test]
fn explain_alone_asks_nothing() {
    let db = database();
    let told = lines(&db, "EXPLAIN SELECT * FROM users WHERE age = 3");
    assert!(told.contains("scan users (about") && !told.contains("found"), "{told}");
    lines(&db, "EXPLAIN DELETE FROM users");
    assert_eq!(db.query_row::<(i64,)>("SELECT count(*) FROM users", ()).unwrap().0, 100);
}

#[test]
fn a_scan_tells_how_many_rows_passed_its_filters() {
    let told = lines(&database(), "EXPLAIN ANALYZE SELECT * FROM users WHERE age = 3");
    assert!(told.contains("10 found)") && told.ends_with("rows: 10"), "{told}");
}

#[test]
fn the_inner_side_of_a_join_tells_how_often_it_was_walked() {
    let told = lines(
        &database(),
        "EXPLAIN ANALYZE SELECT * FROM users JOIN posts ON posts.author = users.id WHERE users.age = 3",
    );
    assert!(told.contains("10 found)"), "{told}");
    assert!(told.contains("30 found in 10 walks)") && told.ends_with("rows: 30"), "{told}");
}

#[test]
fn a_limit_shows_in_what_was_walked() {
    let told = lines(&database(), "EXPLAIN ANALYZE SELECT * FROM users LIMIT 5");
    assert!(told.contains("5 found)") && told.ends_with("rows: 5"), "{told}");
}

#[test]
fn groups_tell_of_the_rows_that_they_are_made_of() {
    let told =
        lines(&database(), "EXPLAIN ANALYZE SELECT age, count(*), sum(id) FROM users WHERE id >= 50 GROUP BY age");
    assert!(told.contains("50 found)") && told.ends_with("rows: 10"), "{told}");
}

#[test]
fn a_query_inside_tells_how_often_it_was_asked() {
    let told = lines(
        &database(),
        "EXPLAIN ANALYZE SELECT id, (SELECT sum(score) FROM posts WHERE author = users.id) FROM users WHERE id < 4",
    );
    assert!(told.contains("query 0 (asked 4 times, 4 rows):") && told.contains("12 found in 4 walks)"), "{told}");
    let told = lines(&database(), "EXPLAIN ANALYZE SELECT (SELECT max(score) FROM posts) FROM users WHERE id > 1000");
    assert!(told.contains("query 0 (never asked):") && told.contains(", never walked)"), "{told}");
}

#[test]
fn a_query_in_from_is_part_of_the_one_around() {
    let db = database();
    db.execute("CREATE VIEW grown AS SELECT id, age + 1 AS next, age FROM users WHERE age > 3", ()).unwrap();
    let told = lines(
        &db,
        "EXPLAIN WITH scored AS (SELECT author, score FROM posts WHERE score > 2) \
         SELECT grown.id, grown.next, scored.score FROM grown JOIN scored ON scored.author = grown.id WHERE next = 7",
    );
    assert!(told.contains("users") && told.contains("posts_author") && !told.contains("scan query"), "{told}");
    let told = lines(
        &db,
        "EXPLAIN SELECT users.id, p.score FROM users LEFT JOIN (SELECT author, score FROM posts WHERE score > 2) AS p \
         ON p.author = users.id WHERE users.id = 5",
    );
    assert!(told.contains("posts_author") && !told.contains("query"), "{told}");
}

#[test]
fn a_query_in_from_that_makes_rows_of_its_own_is_asked_first() {
    let db = database();
    for own in [
        "SELECT DISTINCT age FROM users",
        "SELECT max(age) AS age FROM users",
        "SELECT age FROM users GROUP BY age",
        "SELECT age FROM users ORDER BY id",
        "SELECT age FROM users LIMIT 3",
        "SELECT age FROM users OFFSET 3",
        "SELECT (SELECT sum(score) FROM posts WHERE author = users.id) AS age FROM users",
        "SELECT age + age + age + age + age AS age FROM users",
    ] {
        let told = lines(&db, &format!("EXPLAIN SELECT age FROM ({own}) AS own WHERE age > 3"));
        assert!(told.contains("scan query"), "{own}: {told}");
    }
}

#[test]
fn a_recursive_query_tells_how_many_rows_each_part_gave() {
    let told = lines(
        &database(),
        "EXPLAIN ANALYZE WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) SELECT * FROM n",
    );
    assert!(
        told.contains("20 found)") && told.contains("19 found in 20 walks)") && told.ends_with("rows: 20"),
        "{told}"
    );
}

#[test]
fn a_statement_that_writes_is_done_and_tells_how_its_rows_were_found() {
    let db = database();
    let told = lines(&db, "EXPLAIN ANALYZE UPDATE users SET age = 99 WHERE age = 3");
    assert!(told.contains("10 found)") && told.ends_with("rows: 10"), "{told}");
    let told = lines(&db, "EXPLAIN ANALYZE DELETE FROM users WHERE id = 3");
    assert!(told.contains("1 found)") && told.ends_with("rows: 1"), "{told}");
    let told = lines(&db, "EXPLAIN ANALYZE INSERT INTO users SELECT id + 1000, age FROM users WHERE age = 99");
    assert!(told.contains("9 found)") && told.ends_with("rows: 9"), "{told}");
    assert_eq!(db.query_row::<(i64,)>("SELECT count(*) FROM users WHERE age = 99", ()).unwrap().0, 18);
}

#[test]
fn what_one_run_came_to_does_not_show_in_the_next() {
    let db = database();
    let analyze = db.prepare("EXPLAIN ANALYZE SELECT * FROM users WHERE id < ?").unwrap();
    for limit in [50, 3, 70] {
        let rows: Vec<(String,)> = analyze.query_rows((limit,)).unwrap();
        assert!(rows[0].0.contains(&format!(" {limit} found)")), "{rows:?}");
    }
}
