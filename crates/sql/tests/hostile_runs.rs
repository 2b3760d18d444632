//! Hostile statements, run and not only read: never a panic, a full stack or a hang.

use fastrand::Rng;
use wasm_dbms::Database;
use wasm_dbms_sql::{Dialect, Session};

/// As much as a thread of a wasm host may have.
const STACK_BYTES: usize = 1 << 20;

/// Runs on a small stack.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap();
    thread.join().unwrap();
}

fn database() -> Database {
    let db = Database::in_memory();
    let script = "CREATE TABLE t (id integer PRIMARY KEY, n integer, s text); CREATE INDEX x ON t (n);
                  INSERT INTO t VALUES (1, 1, 'a'), (2, 2, 'b'), (3, NULL, NULL)";
    Session::new(&db).run(script).unwrap();
    db
}

fn repeated(times: usize, before: &str, middle: &str, after: &str) -> String {
    format!("{}{middle}{}", before.repeat(times), after.repeat(times))
}

#[test]
fn what_is_nested_deeply_is_answered_or_refused() {
    on_a_small_stack(|| {
        let db = database();
        let session = Session::new(&db);
        for times in [10, 60, 150, 1_000, 20_000] {
            for text in [
                format!("SELECT {}", repeated(times, "(", "1", ")")),
                format!("SELECT {}1", "- ".repeat(times)),
                format!("SELECT {} 1 = 1", "NOT ".repeat(times)),
                format!("SELECT {}", repeated(times, "(SELECT ", "1", ")")),
                format!("SELECT * FROM {} x", repeated(times, "(SELECT * FROM ", "t", " AS y)")),
                format!("SELECT * FROM t WHERE {}", repeated(times, "EXISTS (SELECT 1 FROM t WHERE ", "1 = 1", ")")),
                format!("SELECT {}", repeated(times, "CASE WHEN 1 = 1 THEN ", "1", " END")),
                format!("SELECT {}", repeated(times, "coalesce(", "1", ", 2)")),
                format!("SELECT 1{}", " + 1".repeat(times)),
                format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(times)),
                format!("SELECT 1{}", " EXCEPT SELECT 2".repeat(times)),
                format!("SELECT 1{}", " UNION SELECT 2 UNION ALL SELECT 1".repeat(times)),
                format!("SELECT * FROM t WHERE n = 1{}", " OR n = 1 AND id = 2".repeat(times)),
                format!("INSERT INTO t VALUES {}", repeated(times, "(", "9", ")")),
                format!("UPDATE t SET n = {}", repeated(times, "(", "n", ")")),
                format!("CREATE TABLE u (n integer CHECK ({}))", repeated(times, "(", "n > 0", ")")),
            ] {
                if session.execute(&text, ()).is_ok() {
                    let _there_or_not = session.execute("DROP TABLE IF EXISTS u", ());
                }
            }
        }
        assert_eq!(db.check().unwrap(), Vec::<String>::new());
    });
}

#[test]
fn what_is_long_is_answered_or_refused() {
    on_a_small_stack(|| {
        let db = database();
        let session = Session::new(&db);
        let list = (0..10_000).map(|number| number.to_string()).collect::<Vec<_>>().join(", ");
        let count: (i64,) = session.query_row(&format!("SELECT count(*) FROM t WHERE id IN ({list})"), ()).unwrap();
        assert_eq!(count, (3,));
        let count: (i64,) = session.query_row(&format!("SELECT count(*) FROM t WHERE n + 0 IN ({list})"), ()).unwrap();
        assert_eq!(count, (2,));
        let long = "x".repeat(1 << 20);
        session.execute(&format!("INSERT INTO t VALUES (10, 1, '{long}')"), ()).unwrap();
        let length: (i64,) = session.query_row(&format!("SELECT length(s) FROM t WHERE s = '{long}'"), ()).unwrap();
        assert_eq!(length, (1 << 20,));
        let rows = (100..10_100).map(|number| format!("({number}, 1, 'r')")).collect::<Vec<_>>().join(", ");
        assert_eq!(session.execute(&format!("INSERT INTO t VALUES {rows}"), ()).unwrap(), 10_000);
        let columns = (0..3_000).map(|number| format!("c{number} integer")).collect::<Vec<_>>().join(", ");
        session.execute(&format!("CREATE TABLE wide ({columns})"), ()).unwrap_err();
        let sources = (0..500).map(|number| format!("t a{number}")).collect::<Vec<_>>().join(", ");
        session.execute(&format!("SELECT 1 FROM {sources}"), ()).unwrap_err();
        session.execute(&format!("SELECT repeat('{long}', 1000000000)"), ()).unwrap_err();
        session
            .execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT count(*) FROM n", ())
            .unwrap_err();
        assert_eq!(db.check().unwrap(), Vec::<String>::new());
    });
}

#[test]
fn statements_of_garbage_are_refused_or_do_what_they_say() {
    let words = [
        "SELECT",
        "FROM",
        "WHERE",
        "t",
        "id",
        "n",
        "s",
        "(",
        ")",
        ",",
        "*",
        "+",
        "-",
        "/",
        "%",
        "=",
        "<",
        ">",
        "||",
        "1",
        "0",
        "NULL",
        "'x'",
        "?",
        ":p",
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "BETWEEN",
        "CASE",
        "WHEN",
        "THEN",
        "END",
        "GROUP",
        "BY",
        "ORDER",
        "LIMIT",
        "UNION",
        "JOIN",
        "LEFT",
        "ON",
        "USING",
        "WITH",
        "AS",
        "x",
        "INSERT",
        "INTO",
        "VALUES",
        "UPDATE",
        "SET",
        "DELETE",
        "RETURNING",
        "count",
        "sum",
        "max",
        "coalesce",
        "DISTINCT",
        "EXISTS",
        "CAST",
        "integer",
        "text",
        "date",
        "IS",
        "HAVING",
        "OFFSET",
        "OVER",
        "FILTER",
        "9223372036854775807",
        "1e308",
        "\u{e9}",
        "\"",
        ";",
        "information_schema",
        ".",
        "tables",
        "CREATE",
        "DROP",
        "TABLE",
        "INDEX",
        "VIEW",
        "BEGIN",
        "ROLLBACK",
        "SAVEPOINT",
    ];
    let whole = [
        "SELECT * FROM t WHERE ",
        "SELECT n, count(*) FROM t GROUP BY ",
        "UPDATE t SET n = ",
        "INSERT INTO t VALUES (",
        "DELETE FROM t WHERE ",
        "SELECT ",
        "WITH RECURSIVE x AS (SELECT ",
        "",
    ];
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(3);
    let mut rng = Rng::with_seed(seed);
    let mut ran = 0;
    for dialect in [Dialect::PostgreSql, Dialect::Sqlite] {
        let db = database();
        let session = Session::with_dialect(&db, dialect);
        for _ in 0..30_000 {
            let start = rng.choice(whole).unwrap();
            let rest: Vec<&str> = (0..rng.usize(1..9)).filter_map(|_| rng.choice(words)).collect();
            let text = format!("{start}{}", rest.join(" "));
            ran += u32::from(session.execute(&text, ()).is_ok());
        }
        drop(session);
        assert_eq!(db.check().unwrap(), Vec::<String>::new(), "seed {seed}");
    }
    assert!(ran > 100, "seed {seed}: {ran} ran");
}
