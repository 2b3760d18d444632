//! SQL that is run, statement by statement.

use wasm_dbms::{Database, Value};
use wasm_dbms_sql::{Error, Named, Row, Session, Sql};

/// A database after a script.
fn database(script: &str) -> Database {
    let db = Database::in_memory();
    Session::new(&db).run(script).unwrap_or_else(|error| panic!("{error}"));
    db
}

/// The answer of a query, a row a line, columns with bars between.
fn shown<C: Sql>(db: &C, text: &str) -> String {
    let rows = db.query_rows::<Row>(text, ()).unwrap_or_else(|error| panic!("{text}\n{error}"));
    let line = |row: &Row| row.values().iter().map(show).collect::<Vec<_>>().join("|");
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn show(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

fn refused(db: &Database, text: &str) -> String {
    match db.execute(text, ()) {
        Ok(count) => panic!("{text}: {count} rows"),
        Err(error) => error.to_string(),
    }
}

fn people() -> Database {
    database(
        "CREATE TABLE people (id integer PRIMARY KEY, name text NOT NULL, age integer, city text DEFAULT 'Oslo');
         INSERT INTO people VALUES (1, 'Ada', 36, 'London'), (2, 'Grace', 85, 'Arlington'), (3, 'Alan', 41, 'London');
         INSERT INTO people (id, name) VALUES (4, 'Kurt')",
    )
}

#[test]
fn rows_are_inserted_with_defaults_and_answered() {
    let db = people();
    assert_eq!(shown(&db, "SELECT name, age, city FROM people WHERE id = 4"), "Kurt|NULL|Oslo");
    assert_eq!(
        shown(&db, "SELECT city, count(*) FROM people GROUP BY city ORDER BY 2 DESC, 1"),
        "London|2\nArlington|1\nOslo|1"
    );
}

#[test]
fn an_insert_takes_expressions_defaults_and_queries() {
    let db = people();
    db.execute("INSERT INTO people VALUES (5 + 5, upper('x'), ?, DEFAULT)", [7]).unwrap();
    assert_eq!(shown(&db, "SELECT * FROM people WHERE id = 10"), "10|X|7|Oslo");
    let count =
        db.execute("INSERT INTO people (id, name) SELECT id + 100, name FROM people WHERE age > 40", ()).unwrap();
    assert_eq!(count, 2);
    assert_eq!(shown(&db, "SELECT id FROM people WHERE id > 100"), "102\n103");
    db.execute("CREATE TABLE d (a integer DEFAULT 1, b text DEFAULT 'x')", ()).unwrap();
    db.execute("INSERT INTO d DEFAULT VALUES", ()).unwrap();
    assert_eq!(shown(&db, "SELECT * FROM d"), "1|x");
}

#[test]
fn an_insert_returns_what_it_has_written() {
    let db = database("CREATE TABLE t (id bigserial PRIMARY KEY, n integer)");
    let sql = "INSERT INTO t (n) VALUES (5), (6) RETURNING id, n * 2 AS twice, *";
    let rows = db.prepare(sql).unwrap().query(()).unwrap();
    assert_eq!(rows.columns(), ["id", "twice", "id", "n"]);
    assert_eq!(rows.all::<(i64, i64, i64, i64)>().unwrap(), [(1, 10, 1, 5), (2, 12, 2, 6)]);
}

#[test]
fn a_conflict_does_what_the_statement_says() {
    let db = people();
    let insert = "INSERT INTO people (id, name, age) VALUES (1, 'Ada King', 1)";
    assert!(refused(&db, insert).contains("people has a row with id = 1 already"));
    assert_eq!(db.execute(&format!("{insert} ON CONFLICT DO NOTHING"), ()).unwrap(), 0);
    assert_eq!(db.execute(&format!("{insert} ON CONFLICT (id) DO NOTHING"), ()).unwrap(), 0);
    let update = "ON CONFLICT (id) DO UPDATE SET name = excluded.name, age = people.age + excluded.age + ?";
    assert_eq!(db.execute(&format!("{insert} {update}"), [100]).unwrap(), 1);
    assert_eq!(shown(&db, "SELECT * FROM people WHERE id = 1"), "1|Ada King|137|London");
    let filtered = "ON CONFLICT (id) DO UPDATE SET age = 0 WHERE people.age > 1000 RETURNING id";
    assert_eq!(shown(&db, &format!("{insert} {filtered}")), "");
    assert_eq!(db.execute("REPLACE INTO people (id, name) VALUES (1, 'new')", ()).unwrap(), 1);
    assert_eq!(shown(&db, "SELECT * FROM people WHERE id = 1"), "1|new|NULL|Oslo");
}

#[test]
fn an_update_computes_from_the_row_as_it_was() {
    let db = people();
    let sql = "UPDATE people SET age = age + ?, city = upper(city) WHERE city = 'London' RETURNING name, age, city";
    let rows: Vec<(String, i64, String)> = db.query_rows(sql, [1]).unwrap();
    assert_eq!(rows, [("Ada".into(), 37, "LONDON".into()), ("Alan".into(), 42, "LONDON".into())]);
    assert_eq!(db.execute("UPDATE people SET city = DEFAULT", ()).unwrap(), 4);
    assert_eq!(shown(&db, "SELECT DISTINCT city FROM people"), "Oslo");
    assert_eq!(db.execute("UPDATE people p SET age = 1 WHERE p.id = 2 AND p.name LIKE 'G%'", ()).unwrap(), 1);
    assert_eq!(db.execute("UPDATE people SET id = id + 10 WHERE id > 2", ()).unwrap(), 2);
    assert_eq!(shown(&db, "SELECT id FROM people ORDER BY id"), "1\n2\n13\n14");
}

#[test]
fn an_update_takes_values_of_other_tables() {
    let db = people();
    db.execute("CREATE TABLE raises (person integer, years integer, note text)", ()).unwrap();
    db.execute("INSERT INTO raises VALUES (1, 5, 'a'), (3, 7, 'b'), (3, 9, 'c'), (99, 1, 'd')", ()).unwrap();
    let sql = "UPDATE people SET age = age + r.years FROM raises r WHERE r.person = people.id";
    assert_eq!(db.execute(sql, ()).unwrap(), 2);
    assert_eq!(shown(&db, "SELECT age FROM people WHERE id = 1"), "41");
    // No index on either side: rows are joined by a hash.
    let sql =
        "UPDATE people SET city = n.city FROM (SELECT 'Ada' AS who, 'Ockham' AS city) n WHERE n.who = people.name";
    assert_eq!(db.execute(sql, ()).unwrap(), 1);
    assert_eq!(shown(&db, "SELECT city FROM people WHERE name = 'Ada'"), "Ockham");
    let sql = "UPDATE people SET age = (SELECT max(years) FROM raises WHERE person = people.id)";
    assert_eq!(db.execute(sql, ()).unwrap(), 4);
    assert_eq!(shown(&db, "SELECT id, age FROM people"), "1|5\n2|NULL\n3|9\n4|NULL");
}

#[test]
fn rows_are_deleted_by_a_filter_or_by_other_tables() {
    let db = people();
    assert_eq!(shown(&db, "DELETE FROM people WHERE age = 85 RETURNING name"), "Grace");
    db.execute("CREATE TABLE gone (name text)", ()).unwrap();
    db.execute("INSERT INTO gone VALUES ('Ada'), ('Ada'), ('Alan')", ()).unwrap();
    assert_eq!(db.execute("DELETE FROM people USING gone g WHERE g.name = people.name", ()).unwrap(), 2);
    assert_eq!(
        db.execute("WITH k AS (SELECT 4 AS id) DELETE FROM people WHERE id IN (SELECT id FROM k)", ()).unwrap(),
        1
    );
    assert_eq!(db.execute("DELETE FROM gone", ()).unwrap(), 3);
    assert_eq!(shown(&db, "SELECT count(*) FROM people, gone"), "0");
}

#[test]
fn checks_references_and_keys_are_kept() {
    let db = database(
        "CREATE TABLE a (id integer PRIMARY KEY, n integer CHECK (n > 0), u text UNIQUE, CONSTRAINT low CHECK (n < 100));
         CREATE TABLE b (a integer REFERENCES a (id) ON DELETE CASCADE, PRIMARY KEY (a));
         INSERT INTO a VALUES (1, 5, 'x'), (2, NULL, NULL); INSERT INTO b VALUES (1)",
    );
    assert_eq!(refused(&db, "INSERT INTO a VALUES (3, 0, 'y')"), "a refuses a row with n = 0: n > 0");
    assert_eq!(refused(&db, "UPDATE a SET n = 100"), "a refuses a row with n = 100: low");
    assert!(refused(&db, "INSERT INTO a VALUES (3, 1, 'x')").contains("u = 'x' already"));
    assert!(refused(&db, "INSERT INTO b VALUES (9)").contains("refers to no row of a"));
    assert!(refused(&db, "INSERT INTO a (id, n) VALUES (NULL, 1)").contains("must not be null"));
    db.execute("DELETE FROM a WHERE id = 1", ()).unwrap();
    assert_eq!(shown(&db, "SELECT count(*) FROM b"), "0");
    assert_eq!(refused(&db, "DROP TABLE a"), "table a: table b refers to it");
    db.execute("DROP TABLE b, a", ()).unwrap();
    db.execute("DROP TABLE IF EXISTS a", ()).unwrap();
    assert!(refused(&db, "DROP TABLE a").contains("there is no table a"));
}

#[test]
fn text_stands_for_values_of_other_types() {
    let db = database("CREATE TABLE t (d date, m timestamp, u uuid, n numeric, j json, f double precision)");
    let values = "('2024-02-29', '2024-02-29 10:00:00', '00000000-0000-0000-0000-000000000001', '1.50', '[1]', 2)";
    db.execute(&format!("INSERT INTO t VALUES {values}"), ()).unwrap();
    assert_eq!(shown(&db, "SELECT count(*) FROM t WHERE d = '2024-02-29' AND d > '2024-01-01'"), "1");
    assert_eq!(shown(&db, "SELECT count(*) FROM t WHERE n = '1.5' AND f = 2"), "1");
    assert_eq!(shown(&db, "SELECT count(*) FROM t WHERE u IN ('00000000-0000-0000-0000-000000000001')"), "1");
    assert!(refused(&db, "SELECT * FROM t WHERE d = 'soon'").contains("soon"));
    assert!(refused(&db, "INSERT INTO t (d) VALUES ('soon')").contains("cannot hold 'soon'"));
}

#[test]
fn an_index_is_made_of_the_rows_that_are_there() {
    let db = people();
    let many = "INSERT INTO people SELECT a.id * 1000 + b.id * 100 + c.id * 10 + d.id, 'n' || a.id || b.id || c.id || d.id, 1, 'c' || \
                c.id || d.id FROM people a, people b, people c, people d";
    assert_eq!(db.execute(many, ()).unwrap(), 256);
    db.execute("CREATE INDEX by_city ON people (city, name DESC)", ()).unwrap();
    assert!(shown(&db, "EXPLAIN SELECT * FROM people WHERE city = 'London'").contains("by_city"));
    assert_eq!(shown(&db, "SELECT name FROM people WHERE city = 'London' ORDER BY city, name DESC"), "Alan\nAda");
    assert!(refused(&db, "CREATE UNIQUE INDEX u ON people (city)").contains("city = 'London' already"));
    db.execute("CREATE UNIQUE INDEX u ON people (name)", ()).unwrap();
    assert!(refused(&db, "INSERT INTO people (id, name) VALUES (9, 'Ada')").contains("name = 'Ada' already"));
    db.execute("CREATE INDEX IF NOT EXISTS u ON people (name)", ()).unwrap();
    db.execute("DELETE FROM people WHERE city = 'London'", ()).unwrap();
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
    db.execute("DROP INDEX u", ()).unwrap();
    db.execute("INSERT INTO people (id, name) VALUES (9, 'Kurt')", ()).unwrap();
    db.execute("DROP INDEX by_city", ()).unwrap();
    assert_eq!(shown(&db, "SELECT count(*) FROM information_schema.statistics"), "0");
    assert!(refused(&db, "DROP INDEX u").contains("there is no index u"));
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_view_is_a_query_by_name() {
    let db = people();
    db.execute("CREATE VIEW londoners (who, years) AS SELECT name, age FROM people WHERE city = 'London'", ()).unwrap();
    db.execute("CREATE VIEW old AS SELECT who FROM londoners WHERE years > 40", ()).unwrap();
    assert_eq!(shown(&db, "SELECT * FROM old"), "Alan");
    assert_eq!(shown(&db, "WITH people AS (SELECT 1) SELECT count(*) FROM londoners"), "2");
    assert!(refused(&db, "CREATE VIEW old AS SELECT 1").contains("exists already"));
    assert!(refused(&db, "CREATE TABLE old (n integer)").contains("exists already"));
    assert!(refused(&db, "CREATE VIEW wrong AS SELECT nothing FROM people").contains("line 1, column 29"));
    db.execute("CREATE OR REPLACE VIEW old AS SELECT 'x' AS who", ()).unwrap();
    assert_eq!(shown(&db, "SELECT who FROM old"), "x");
    assert_eq!(
        shown(&db, "SELECT table_name FROM information_schema.tables WHERE table_type = 'VIEW'"),
        "londoners\nold"
    );
    db.execute("DROP VIEW old", ()).unwrap();
    assert!(refused(&db, "SELECT * FROM old").contains("there is no table old"));
}

#[test]
fn the_tables_tell_of_themselves() {
    let db = people();
    let sql =
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns c WHERE c.table_name = 'people'";
    assert_eq!(shown(&db, sql), "id|i32|NO\nname|text|NO\nage|i32|YES\ncity|text|YES");
    assert_eq!(shown(&db, "SELECT constraint_type FROM information_schema.table_constraints"), "PRIMARY KEY");
    assert_eq!(shown(&database(""), "SELECT * FROM information_schema.tables"), "");
}

#[test]
fn a_session_has_transactions_and_savepoints() {
    let db = people();
    let session = Session::new(&db);
    session.run("BEGIN; DELETE FROM people; ROLLBACK").unwrap();
    assert_eq!(shown(&db, "SELECT count(*) FROM people"), "4");
    session.run("BEGIN; DELETE FROM people WHERE id = 1; SAVEPOINT a; DELETE FROM people; SAVEPOINT b").unwrap();
    assert_eq!(session.query_row::<(i64,)>("SELECT count(*) FROM people", ()).unwrap(), (0,));
    session.run("ROLLBACK TO a; INSERT INTO people (id, name) VALUES (7, 'x'); RELEASE a; COMMIT").unwrap();
    assert_eq!(shown(&db, "SELECT id FROM people"), "2\n3\n4\n7");
    assert!(matches!(session.execute("COMMIT", ()), Err(Error::NoTransaction)));
    session.run("BEGIN IMMEDIATE; CREATE TABLE made (n integer); INSERT INTO made VALUES (1); COMMIT").unwrap();
    assert_eq!(shown(&db, "SELECT n FROM made"), "1");
    session.run("BEGIN IMMEDIATE; DROP TABLE made; CREATE INDEX i ON people (age); ROLLBACK").unwrap();
    assert_eq!(shown(&db, "SELECT n FROM made"), "1");
    assert!(session.run("BEGIN; CREATE TABLE other (n integer)").unwrap_err().to_string().contains("BEGIN IMMEDIATE"));
    assert!(matches!(session.execute("BEGIN", ()), Err(Error::InTransaction)));
    session.execute("ROLLBACK TO nothing", ()).unwrap_err();
    session.execute("ROLLBACK", ()).unwrap();
    assert!(matches!(db.execute("BEGIN", ()), Err(Error::NeedsSession)));
}

#[test]
fn an_error_tells_the_place_of_the_name() {
    let db = people();
    let error = db.execute("SELECT name,\n  agee FROM people", ()).unwrap_err();
    assert_eq!(error.to_string(), "line 2, column 3: there is no column agee\n  agee FROM people\n  ^");
    assert_eq!(error.place().map(|place| place.offset), Some(15));
}

#[test]
fn parameters_are_counted_and_named() {
    let db = people();
    let sql = "SELECT name FROM people WHERE id = :id AND name = :name";
    let row: (String,) = db.query_row(sql, Named(&[("name", "Ada".into()), ("id", 1.into())])).unwrap();
    assert_eq!(row.0, "Ada");
    assert!(matches!(db.execute(sql, Named(&[("id", 1.into())])), Err(Error::ParameterName(name)) if name == "name"));
    assert!(matches!(db.execute(sql, [1]), Err(Error::ParameterCount { wanted: 2, given: 1 })));
    assert!(matches!(db.query_row::<(i64,)>("SELECT id FROM people WHERE id = 99", ()), Err(Error::NoRows)));
}

#[test]
fn a_plan_is_explained_and_measured() {
    let db = people();
    assert!(shown(&db, "EXPLAIN SELECT * FROM people WHERE id = 1").contains("people"));
    assert!(shown(&db, "EXPLAIN ANALYZE DELETE FROM people WHERE id = 1").ends_with("rows: 1"));
    assert_eq!(shown(&db, "SELECT count(*) FROM people"), "3");
}

#[test]
fn a_text_among_values_of_another_type_is_read_as_one_of_them() {
    let db = Database::in_memory();
    db.execute("CREATE TABLE t (id bigint PRIMARY KEY, day date, price numeric, word text)", ()).unwrap();
    db.execute("INSERT INTO t VALUES (1, '2024-02-29', NULL, 'x'), (2, NULL, 2.50, NULL)", ()).unwrap();
    for (sql, wanted) in [
        ("SELECT coalesce(price, '1.5') FROM t ORDER BY id", "1.5|2.50"),
        ("SELECT coalesce('1.5', price) FROM t ORDER BY id", "1.5|1.5"),
        ("SELECT CASE WHEN id = 1 THEN day ELSE '2030-01-01' END FROM t ORDER BY id", "2024-02-29|2030-01-01"),
        ("SELECT CASE id WHEN 1 THEN '2030-01-01' WHEN 2 THEN day END FROM t ORDER BY id", "2030-01-01|NULL"),
        ("SELECT greatest(day, '2024-01-01', '2024-12-31') FROM t ORDER BY id", "2024-12-31|2024-12-31"),
        ("SELECT coalesce(word, 'none') FROM t ORDER BY id", "x|none"),
        ("SELECT nullif(price, '2.5') FROM t ORDER BY id", "NULL|NULL"),
        ("SELECT day FROM t UNION SELECT '2023-01-01' ORDER BY 1 NULLS LAST", "2023-01-01|2024-02-29|NULL"),
        ("SELECT '7.5' UNION ALL SELECT price FROM t ORDER BY 1 NULLS LAST", "2.50|7.5|NULL"),
        ("SELECT day FROM t WHERE id = 1 INTERSECT SELECT '2024-02-29'", "2024-02-29"),
        ("SELECT id FROM t JOIN (VALUES ('2024-02-29'), (DATE '2020-01-01')) v (day) ON v.day = t.day", "1"),
        ("SELECT * FROM (VALUES (NULL), ('1.5'), (2.25), ('3')) v ORDER BY 1", "1.5|2.25|3|NULL"),
    ] {
        let rows: Vec<Row> = db.query_rows(sql, ()).unwrap_or_else(|error| panic!("{sql}\n{error}"));
        let shown: Vec<String> = rows.iter().map(|row| row.values()[0].to_string().replace('\'', "")).collect();
        assert_eq!(shown.join("|"), wanted, "{sql}");
    }
    let given = db.prepare("SELECT coalesce(price, ?) FROM t WHERE id = 1").unwrap();
    assert_eq!(given.query_row::<(wasm_dbms::Decimal,)>(("7.25",)).unwrap().0.to_string(), "7.25");
    for sql in [
        "SELECT coalesce(price, word) FROM t",
        "SELECT coalesce(day, 'tomorrow') FROM t",
        "SELECT coalesce(id, 'x') FROM t",
        "SELECT day FROM t UNION SELECT 'tomorrow'",
        "SELECT day FROM t UNION SELECT word FROM t",
        "SELECT id FROM t UNION SELECT '7'",
        "VALUES (DATE '2020-01-01'), ('tomorrow')",
    ] {
        assert!(db.query_rows::<Row>(sql, ()).is_err(), "{sql}");
    }
}

#[test]
fn every_statement_that_writes_many_rows_ends_when_it_is_interrupted() {
    let db = database("CREATE TABLE t (n integer PRIMARY KEY, m integer)");
    let session = Session::new(&db);
    (1..=1000).for_each(|n| assert_eq!(session.execute("INSERT INTO t VALUES (?, 0)", (n,)).unwrap(), 1));
    for begin in ["", "BEGIN", "BEGIN IMMEDIATE"] {
        session.run(begin).unwrap();
        session.interrupt().stop();
        for text in [
            "UPDATE t SET m = 1",
            "UPDATE t SET m = 1 WHERE n = 5",
            "UPDATE t SET n = n + 1000 RETURNING n",
            "DELETE FROM t WHERE n > 0",
            "DELETE FROM t WHERE n = 5",
            "INSERT INTO t SELECT n + 1000, m FROM t",
            "EXPLAIN ANALYZE UPDATE t SET m = 1",
        ] {
            let error = session.execute(text, ()).unwrap_err();
            assert!(error.database().is_some_and(wasm_dbms::Error::is_interrupted), "{begin} {text}: {error}");
        }
        session.interrupt().reset();
        let sums: (i64, i64, i64) = session.query_row("SELECT count(*), sum(n), sum(m) FROM t", ()).unwrap();
        assert_eq!(sums, (1000, 500_500, 0), "{begin}");
        if !begin.is_empty() {
            session.run("COMMIT").unwrap();
        }
    }
}
