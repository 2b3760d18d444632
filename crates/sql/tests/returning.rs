//! RETURNING after UPDATE .. FROM and DELETE .. USING: of the row that is written, and of those beside it.

use wasm_dbms::Database;
use wasm_dbms_sql::{Session, Sql};

fn database() -> Database {
    let db = Database::in_memory();
    Session::new(&db)
        .run(
            "CREATE TABLE authors (id integer PRIMARY KEY, name text, born date);
             CREATE TABLE books (id integer PRIMARY KEY, author integer, title text, price integer);
             INSERT INTO authors VALUES (1, 'Ada', '1815-12-10'), (2, 'Emmy', NULL);
             INSERT INTO books VALUES (1, 1, 'Notes', 10), (2, 1, 'Letters', 20), (3, 2, 'Rings', 30)",
        )
        .unwrap();
    db
}

fn answer(db: &Database, text: &str) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    db.prepare(text)
        .unwrap()
        .for_each((), |row| {
            rows.push(row.to_values()?.iter().map(ToString::to_string).collect::<Vec<_>>().join("|"));
            Ok(())
        })
        .unwrap();
    rows.sort();
    rows
}

#[test]
fn an_update_answers_its_new_values_beside_those_of_the_other_tables() {
    let found = answer(
        &database(),
        "UPDATE books SET price = price * 2 FROM authors a WHERE a.id = books.author AND price < 30
         RETURNING title, price, a.name, name || ': ' || price, a.born + 1, a.name = title",
    );
    assert_eq!(
        found,
        ["'Letters'|40|'Ada'|'Ada: 40'|'1815-12-11'|false", "'Notes'|20|'Ada'|'Ada: 20'|'1815-12-11'|false"]
    );
}

#[test]
fn a_star_is_the_row_that_is_written_and_then_those_beside_it() {
    let db = database();
    let text = "UPDATE books b SET price = 0 FROM authors WHERE authors.id = b.author AND b.id = 3 RETURNING ";
    assert_eq!(answer(&db, &format!("{text} *")), ["3|2|'Rings'|0|2|'Emmy'|NULL"]);
    assert_eq!(answer(&db, &format!("{text} b.*")), ["3|2|'Rings'|0"]);
    assert_eq!(answer(&db, &format!("{text} authors.*, b.id, 1 AS one")), ["2|'Emmy'|NULL|3|1"]);
    let rows = db.prepare(&format!("{text} *")).unwrap().query(()).unwrap();
    assert_eq!(rows.columns(), ["id", "author", "title", "price", "id", "name", "born"]);
}

#[test]
fn of_several_partners_the_first_is_answered() {
    let found = answer(
        &database(),
        "UPDATE authors SET born = NULL FROM books WHERE books.author = authors.id RETURNING authors.id, books.id",
    );
    assert_eq!(found, ["1|1", "2|3"]);
}

#[test]
fn a_delete_answers_what_was_beside_the_rows_that_went() {
    let db = database();
    let found = answer(
        &db,
        "DELETE FROM books USING authors a, (VALUES (10, 'cheap'), (30, 'dear')) AS words (price, word)
         WHERE a.id = books.author AND words.price = books.price RETURNING books.id, a.name, word, words.price + 1",
    );
    assert_eq!(found, ["1|'Ada'|'cheap'|11", "3|'Emmy'|'dear'|31"]);
    assert_eq!(db.query_row::<(i64,)>("SELECT count(*) FROM books", ()).unwrap().0, 1);
}

#[test]
fn common_tables_and_queries_are_beside_too() {
    let found = answer(
        &database(),
        "WITH sums AS (SELECT author, sum(price) AS total FROM books GROUP BY author)
         UPDATE authors SET name = upper(name) FROM sums JOIN (SELECT 1 AS one) o ON one < total
         WHERE sums.author = authors.id RETURNING authors.name, total, one",
    );
    assert_eq!(found, ["'ADA'|30|1", "'EMMY'|30|1"]);
}

#[test]
fn a_name_that_two_of_them_have_must_say_which() {
    let db = database();
    for (text, problem) in [
        ("UPDATE books SET price = 1 FROM authors a WHERE a.id = author RETURNING id", "id"),
        ("UPDATE books SET price = 1 FROM authors a WHERE a.id = author RETURNING authors.name", "authors"),
        ("UPDATE books SET price = 1 FROM authors a WHERE a.id = author RETURNING nobody.*", "nobody"),
        ("DELETE FROM books USING authors a WHERE a.id = author RETURNING a.title", "title"),
    ] {
        let error = db.execute(text, ()).unwrap_err().to_string();
        assert!(error.contains(problem), "{text}: {error}");
    }
    assert_eq!(db.query_row::<(i64,)>("SELECT sum(price) FROM books", ()).unwrap().0, 60);
}

#[test]
fn a_name_that_a_query_beside_has_twice_is_refused_as_in_a_select() {
    let db = database();
    let beside = "(SELECT id, name AS same, born AS same FROM authors) a";
    let asked = db.prepare(&format!("SELECT same FROM {beside}")).and_then(|statement| statement.query(()));
    let written = db
        .prepare(&format!("UPDATE books SET price = 0 FROM {beside} WHERE a.id = books.author RETURNING same"))
        .and_then(|statement| statement.query(()));
    for refused in [asked.unwrap_err(), written.unwrap_err()] {
        assert!(refused.to_string().contains("same"), "{refused}");
    }
    assert_eq!(answer(&db, "SELECT count(*) FROM books WHERE price = 0"), ["0"]);
}

#[test]
fn parameters_stand_among_what_is_answered() {
    let db = database();
    let update = db
        .prepare("UPDATE books SET price = ?1 FROM authors a WHERE a.id = author AND a.name = ?2 RETURNING a.name || ?3, price + ?1")
        .unwrap();
    for (name, count) in [("Emmy", 1), ("Ada", 2), ("Nobody", 0)] {
        let rows: Vec<(String, i64)> = update.query_rows((7, name, "!")).unwrap();
        assert_eq!(rows, vec![(format!("{name}!"), 14); count]);
    }
}
