//! What the dialects make of the same text, and views that go with a session.

use wasm_dbms::Database;
use wasm_dbms_sql::{Dialect, Row, Session, Sql};

/// The answers of queries, one of which stands in each line, in a dialect.
fn check(dialect: Dialect, script: &str, expected: &[(&str, &str)]) {
    let db = Database::in_memory();
    let session = Session::with_dialect(&db, dialect);
    session.run(script).unwrap();
    for (query, answer) in expected {
        let shown = match session.query_rows::<Row>(query, ()) {
            Ok(rows) => rows.iter().map(line).collect::<Vec<_>>().join("\n"),
            Err(error) => error.to_string().lines().next().unwrap_or_default().to_owned(),
        };
        assert!(shown.contains(answer) && (!shown.is_empty() || answer.is_empty()), "{query}: {shown}");
    }
}

fn line(row: &Row) -> String {
    row.values().iter().map(ToString::to_string).collect::<Vec<_>>().join("|")
}

#[test]
fn bits_of_integers_are_joined_and_shifted() {
    let expected = [
        ("SELECT 6 & 3, 6 | 3, ~5, 1 << 4, -16 >> 2", "2|7|-6|16|-4"),
        ("SELECT 1 << 63, 1 << 64, -1 >> 64, 1 << -1, 4 >> -1", "-9223372036854775808|0|-1|0|8"),
        ("SELECT 1 << 9223372036854775807, -1 >> 9223372036854775807", "0|-1"),
        ("SELECT 1 + 1 << 2 * 1, 1 | 2 = 3, NULL & 1", "8|true|NULL"),
    ];
    check(Dialect::PostgreSql, "", &expected);
    check(Dialect::Sqlite, "", &expected);
    check(Dialect::PostgreSql, "", &[("SELECT 6 # 3", "5"), ("SELECT 1.5 & 1", "argument 1 is decimal")]);
    check(Dialect::Sqlite, "", &[("SELECT 6 # 3", "#")]);
}

#[test]
fn sqlite_adds_up_the_numbers_that_texts_begin_with() {
    let script = "CREATE TABLE t (a TEXT, n INTEGER);
        INSERT INTO t VALUES ('true', 1), (' 12abc', 2), ('-1.5e1x', 3), ('.5', 4), ('+', 5), (NULL, NULL)";
    let expected = [
        ("SELECT sum(n), avg(n), total(n), sum(n > 2) FROM t", "15|3.0|15.0|3"),
        ("SELECT sum(a), avg(a), total(a) FROM t", "-2.5|-0.5|-2.5"),
        ("SELECT CAST(a AS INTEGER) FROM t WHERE n = 3", "-15"),
        (
            "SELECT CAST(151.99 AS INTEGER), CAST(-1.5 AS INTEGER), CAST('9007199254740993' AS INTEGER)",
            "151|-1|9007199254740993",
        ),
        ("SELECT total(9223372036854775807) + total(9223372036854775807)", "1.8446744073709552e19"),
    ];
    check(Dialect::Sqlite, script, &expected);
    let refused = [
        ("SELECT sum(a) FROM t", "only numbers can be added up"),
        ("SELECT CAST('12abc' AS INTEGER)", "is no"),
        ("SELECT CAST(1.5 AS INTEGER)", "2"),
    ];
    check(Dialect::PostgreSql, script, &refused);
}

#[test]
fn sqlite_finds_no_text_among_numbers() {
    let script = "CREATE TABLE t (n INTEGER); CREATE TABLE e (n INTEGER); CREATE TABLE w (a TEXT);
        INSERT INTO t VALUES (1), (2); INSERT INTO w VALUES ('hello'); CREATE INDEX i ON t (n)";
    let expected = [
        ("SELECT 'hello' IN t, 'hello' NOT IN (SELECT n FROM t), x'31' IN t", "false|true|false"),
        ("SELECT 'hello' IN w, 'hello' IN e, x'31' NOT IN e", "true|false|true"),
        ("SELECT count(*) FROM t WHERE 'hello' IN (SELECT n FROM t)", "0"),
        ("SELECT count(*) FROM t WHERE 'hello' NOT IN (SELECT other.n FROM t other WHERE other.n = t.n)", "2"),
        ("SELECT 'hello' IN (SELECT NULL UNION ALL SELECT n FROM t)", "NULL"),
    ];
    check(Dialect::Sqlite, script, &expected);
    check(Dialect::PostgreSql, script, &[("SELECT 'hello' IN (SELECT n FROM t)", "text cannot be compared with i")]);
}

#[test]
fn sqlite_takes_no_separator_beside_distinct() {
    let script = "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('x'), ('x'), ('y')";
    check(Dialect::Sqlite, script, &[("SELECT group_concat(DISTINCT a, ':') FROM t", "DISTINCT takes one argument")]);
    check(Dialect::PostgreSql, script, &[("SELECT string_agg(DISTINCT a, ':') FROM t", "x:y")]);
}

#[test]
fn a_temporary_view_goes_with_its_session() {
    let db = Database::in_memory();
    let (session, other) = (Session::new(&db), Session::new(&db));
    session.run("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2); CREATE VIEW v AS SELECT 7 AS n").unwrap();
    session
        .run("CREATE TEMP VIEW w AS SELECT n FROM t WHERE n > 1; CREATE TEMPORARY VIEW v AS SELECT n FROM w")
        .unwrap();
    let one = |session: &Session<'_>, text: &str| session.query_row::<(i64,)>(text, ()).unwrap().0;
    assert_eq!(one(&session, "SELECT n FROM v"), 2, "it hides the stored one");
    assert_eq!(one(&session, "SELECT count(*) FROM information_schema.tables WHERE table_type = 'VIEW'"), 2);
    assert_eq!(one(&other, "SELECT n FROM v"), 7);
    assert!(other.query("SELECT n FROM w", ()).is_err());
    assert!(session.run("CREATE TEMP VIEW v AS SELECT 1 AS n").is_err(), "there is one");
    session
        .run("CREATE OR REPLACE TEMP VIEW v AS SELECT 3 AS n; CREATE TEMP VIEW IF NOT EXISTS v AS SELECT 4")
        .unwrap();
    assert_eq!(one(&session, "SELECT n FROM v"), 3);
    assert!(session.run("CREATE VIEW stored AS SELECT n FROM w").is_err(), "what is stored cannot name it");
    session.run("DROP VIEW v").unwrap();
    assert_eq!(one(&session, "SELECT n FROM v"), 7, "the stored one is left");
    session.run("DROP VIEW v").unwrap();
    assert!(session.run("DROP VIEW v").is_err());
    let refused = db.execute("CREATE TEMP VIEW v AS SELECT 1", ()).unwrap_err();
    assert!(refused.to_string().contains("session"), "{refused}");
}

#[test]
fn a_temporary_view_goes_back_with_its_transaction() {
    let db = Database::in_memory();
    let session = Session::new(&db);
    let sees = |name: &str| session.query(&format!("SELECT * FROM {name}"), ()).is_ok();
    session.run("CREATE TEMP VIEW a AS SELECT 1 AS n; BEGIN; CREATE TEMP VIEW b AS SELECT 2; SAVEPOINT s").unwrap();
    session.run("CREATE TEMP VIEW c AS SELECT 3; DROP VIEW a; ROLLBACK TO s").unwrap();
    assert!(sees("a") && sees("b") && !sees("c"));
    session.run("ROLLBACK").unwrap();
    assert!(sees("a") && !sees("b"));
    session.run("BEGIN; CREATE TEMP VIEW b AS SELECT 2; COMMIT").unwrap();
    assert!(sees("b"));
}
