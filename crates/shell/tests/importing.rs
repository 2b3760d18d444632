//! Files of CSV, JSON lines and SQLite come in; what does not is reported.

use rusqlite::Connection;

use crate::support::{Folder, Run};

/// A folder with a file in it, and its path.
fn with_file(name: &str, text: &str) -> (Folder, String) {
    let folder = Folder::empty();
    let path = folder.path(name);
    std::fs::write(&path, text).unwrap();
    (folder, path.to_str().unwrap().to_owned())
}

#[test]
fn csv_makes_a_table_with_the_types_of_its_texts() {
    let text = "\u{feff}ID,Name,Price,day,Code,ok,\n1,\"Ada, \"\"A\"\"\",1.5,2024-02-29,007,true,x\n2,,,,,,\n";
    let (folder, path) = with_file("My Data.csv", text);
    let printed = folder.output(&[".import", &path]);
    let expected = "my_data: 2 rows imported, made with id i64, name text, price f64, day date, code text, ok bool, column7 text\n";
    assert_eq!(printed, expected);
    let rows = folder.output(&["SELECT * FROM my_data", "--format", "json"]);
    let expected = "[
{\"id\":1,\"name\":\"Ada, \\\"A\\\"\",\"price\":1.5,\"day\":\"2024-02-29\",\"code\":\"007\",\"ok\":true,\"column7\":\"x\"},
{\"id\":2,\"name\":\"\",\"price\":null,\"day\":null,\"code\":\"\",\"ok\":null,\"column7\":\"\"}
]
";
    assert_eq!(rows, expected);
}

#[test]
fn rows_that_the_table_refuses_are_left_out_and_reported() {
    let text = "name,age\nAda,36\nBob,old\nCleo\nAda,1\nDan,300\nEve,\n";
    let (folder, path) = with_file("users.csv", text);
    folder.output(&["CREATE TABLE users (id bigserial PRIMARY KEY, name text UNIQUE, age integer CHECK (age < 200))"]);
    let Run { code, stdout, stderr } = folder.run(&[".import", &path, ".count users", "--format", "csv"]);
    assert_eq!((code, stderr.as_str()), (Some(1), ""));
    let expected = "\
users: 2 rows imported
4 rows rejected:
  line 3: column age: \"old\" is no i32
  line 4: 1 fields, not 2
  line 5: users has a row with name = 'Ada' already
  line 6: users refuses a row with age = 300: age < 200
2
";
    assert_eq!(stdout, expected);
}

#[test]
fn a_column_that_the_table_does_not_have_is_refused_before_any_row() {
    let (folder, path) = with_file("t.csv", "n,m\n1,2\n");
    folder.output(&["CREATE TABLE t (n integer)"]);
    let refusal = folder.refusal(&[".import", &path]);
    assert!(refusal.ends_with("table t has no column m; it has n"), "{refusal}");
    let (folder, path) = with_file("t.csv", "n,N\n1,2\n");
    assert!(folder.refusal(&[".import", &path]).ends_with("column N stands there twice"));
    let (folder, path) = with_file("t.csv", "");
    assert!(folder.refusal(&[".import", &path]).contains("no line with the names"));
    assert!(folder.refusal(&[".import", "nowhere.csv"]).starts_with("cannot import nowhere.csv: "));
}

#[test]
fn rows_may_refer_to_rows_that_come_later() {
    let mut text = "id,boss\n".to_owned();
    for id in 1..=20_000 {
        text.push_str(&format!("{id},{}\n", if id < 20_000 { (id + 1).to_string() } else { String::new() }));
    }
    text.push_str("30000,40000\n");
    let (folder, path) = with_file("people.csv", &text);
    folder.output(&["CREATE TABLE people (id bigint PRIMARY KEY, boss bigint REFERENCES people (id))"]);
    let run = folder.run(&[".import", &path, ".check"]);
    assert_eq!(run.code, Some(1));
    let expected =
        "people: 20000 rows imported\n1 rows rejected:\n  line 20002: people.boss = 40000 refers to no row of people\n";
    assert!(run.stdout.starts_with(expected) && run.stdout.ends_with("nothing wrong\n"), "{}", run.stdout);
}

#[test]
fn what_is_exported_is_imported_again() {
    let folder = Folder::with_library(40);
    for name in ["books.csv", "books.jsonl", "books.json"] {
        let path = folder.path(name);
        let path = path.to_str().unwrap();
        assert_eq!(folder.output(&[".export", path, "books"]), format!("40 rows in {path}\n"));
        let before = folder.output(&["SELECT * FROM books", "--format", "json"]);
        let again = folder.output(&["DELETE FROM books", ".import", path, "books"]);
        assert_eq!(again, "books: 40 rows imported\n");
        assert_eq!(folder.output(&["SELECT * FROM books", "--format", "json"]), before, "{name}");
        assert!(folder.refusal(&[".export", path, "books"]).contains("exists"));
    }
    let path = folder.path("some.md");
    folder.output(&[".export", path.to_str().unwrap(), "SELECT id FROM authors WHERE id < 3"]);
    assert_eq!(std::fs::read_to_string(path).unwrap(), "| id |\n| --: |\n| 1 |\n| 2 |\n");
    assert!(folder.refusal(&[".export", "rows.xyz", "books"]).contains(".csv"));
}

#[test]
fn json_lines_make_a_table_with_the_types_of_their_values() {
    let text = r#"{"id": 1, "name": "Ada", "tags": ["a", 1.50], "day": "2024-02-29", "big": 1234567890123456789012, "mixed": 1}

{"name": "it's", "id": 2, "ok": true, "mixed": "x"}
{"id": 3, "name": null, "score": 2.5}
no json
[1]
"#;
    let (folder, path) = with_file("things.jsonl", text);
    let run = folder.run(&[".import", &path, "SELECT * FROM things", "--format", "json"]);
    assert_eq!(run.code, Some(1));
    let lines: Vec<&str> = run.stdout.lines().collect();
    let made = "things: 3 rows imported, made with id i64, name text, tags json, day date, big decimal, mixed json, ok bool, score f64";
    assert_eq!(lines[0], made);
    assert_eq!(lines[1], "2 rows rejected:");
    assert!(lines[2].starts_with("  line 5: ") && lines[3].starts_with("  line 6: "), "{}", run.stdout);
    let row = r#"{"id":1,"name":"Ada","tags":["a",1.50],"day":"2024-02-29","big":"1234567890123456789012","mixed":1,"ok":null,"score":null},"#;
    assert_eq!(lines[5], row);
}

#[test]
fn a_sqlite_file_comes_with_keys_indexes_references_checks_and_views() {
    let folder = Folder::empty();
    let path = folder.path("old.sqlite");
    let source = Connection::open(&path).unwrap();
    source
        .execute_batch(
            "CREATE TABLE Authors (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE, born DATE, active BOOLEAN DEFAULT 1);
             CREATE TABLE books (
                 isbn TEXT PRIMARY KEY, author INTEGER REFERENCES Authors ON DELETE CASCADE, price DECIMAL(10, 2),
                 seen DATETIME, meta JSON, cover BLOB, rank, CHECK (price >= 0));
             CREATE TABLE pairs (a INT, b INT, c REAL, PRIMARY KEY (b, a)) WITHOUT ROWID;
             CREATE INDEX by_author ON books (author, price DESC);
             CREATE INDEX odd ON books (lower(isbn));
             CREATE VIEW dear AS SELECT isbn FROM books WHERE price > 5;
             CREATE TRIGGER no AFTER INSERT ON pairs BEGIN SELECT 1; END;
             INSERT INTO Authors VALUES (1, 'Ada', '1815-12-10', 1), (2, 'Bob', NULL, 0);
             INSERT INTO books VALUES ('a', 1, 8.25, '2024-01-01 10:00:00', '{\"x\": 1}', x'00ff', 1), ('b', NULL, 5, NULL, NULL, NULL, 'x');
             INSERT INTO pairs VALUES (1, 2, 3), (4, 5, 6.5);",
        )
        .unwrap();
    drop(source);
    let run = folder.run(&[".import", path.to_str().unwrap()]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""));
    let expected = "\
authors: 2 rows imported, made with id i64, name text, born date, active bool
books: 2 rows imported, made with isbn text, author i64, price decimal, seen datetime, meta json, cover bytes, rank text
pairs: 2 rows imported, made with a i64, b i64, c f64
index odd of books left out: it is of expressions, or of a part of the table
trigger no left out
";
    assert_eq!(run.stdout, expected);
    let schema = folder.output(&[".schema"]);
    let expected = "\
CREATE TABLE authors (
    id i64 GENERATED BY DEFAULT AS IDENTITY,
    name text NOT NULL,
    born date,
    active bool DEFAULT true,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX name ON authors (name);
CREATE TABLE books (
    isbn text NOT NULL,
    author i64,
    price decimal,
    seen datetime,
    meta json,
    cover bytes,
    rank text,
    PRIMARY KEY (isbn),
    CHECK (price >= 0)
);
CREATE INDEX by_author ON books (author, price DESC);
ALTER TABLE books ADD CONSTRAINT author FOREIGN KEY (author) REFERENCES authors (id) ON DELETE CASCADE;
CREATE TABLE pairs (
    a i64 NOT NULL,
    b i64 NOT NULL,
    c f64,
    PRIMARY KEY (b, a)
);
CREATE VIEW dear AS SELECT isbn FROM books WHERE price > 5;
";
    assert_eq!(schema, expected);
    let rows = folder.output(&["SELECT * FROM books", "SELECT * FROM dear", "SELECT * FROM pairs", "--format", "csv"]);
    let expected = "\
isbn,author,price,seen,meta,cover,rank
a,1,8.25,2024-01-01T10:00:00Z,\"{\"\"x\"\":1}\",00ff,1
b,,5,,,,x
isbn
a
a,b,c
1,2,3.0
4,5,6.5
";
    assert_eq!(rows, expected);
    let next = folder.output(&["INSERT INTO authors (name) VALUES ('Cleo') RETURNING id", "--format", "csv"]);
    assert_eq!(next, "id\n3\n");
    // Once more: every row is there already.
    let again = folder.run(&[".import", path.to_str().unwrap(), "pairs"]);
    assert_eq!(again.code, Some(1));
    assert!(
        again.stdout.starts_with("pairs: 0 rows imported\n2 rows rejected:\n  row 1: pairs has a row"),
        "{}",
        again.stdout
    );
    assert!(folder.refusal(&[".import", path.to_str().unwrap(), "nothing"]).ends_with("there is no table nothing"));
}

#[test]
fn a_sqlite_file_whose_references_do_not_hold_comes_without_them() {
    let folder = Folder::empty();
    let path = folder.path("old.bin");
    let source = Connection::open(&path).unwrap();
    source
        .execute_batch(
            "PRAGMA foreign_keys = off;
             CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b (id));
             CREATE TABLE b (id INTEGER PRIMARY KEY, a INT REFERENCES a (id));
             INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 9);",
        )
        .unwrap();
    drop(source);
    let run = folder.run(&[".import", path.to_str().unwrap(), ".check"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stdout.contains(
            "reference b.a left out: the row of b with id = 1 stands in the way: b.a = 9 refers to no row of a\n"
        ),
        "{}",
        run.stdout
    );
    let schema = folder.output(&[".schema"]);
    assert!(schema.contains("ALTER TABLE a ADD CONSTRAINT b ") && !schema.contains("ALTER TABLE b"), "{schema}");
}
