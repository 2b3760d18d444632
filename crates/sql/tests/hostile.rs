//! No text hurts: none panics, overflows the stack, or takes more than its length in time and memory.

use std::time::{Duration, Instant};

use wasm_dbms_sql::limits::{
    MAX_CHAIN, MAX_LIST_ITEMS, MAX_NAME_BYTES, MAX_NESTING, MAX_PARAMETERS, MAX_TEXT_BYTES, MAX_TOKENS, QUERY_LEVELS,
};
use wasm_dbms_sql::{Dialect, SqlErrorKind, parse, parse_all, parse_expr};

/// What the parser may need of a stack: a wasm module has 1 MiB for all.
const STACK_BYTES: usize = 512 << 10;

fn on_a_small_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, run).unwrap();
        thread.join().unwrap()
    })
}

fn kind(text: &str) -> Option<SqlErrorKind> {
    on_a_small_stack(|| parse(text, Dialect::PostgreSql).err().map(|error| error.kind))
}

fn is_limit(text: &str) -> bool {
    matches!(kind(text), Some(SqlErrorKind::Limit { .. }))
}

#[test]
fn depth_without_end_is_refused() {
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("- ", "a", ""),
        ("NOT ", "a", ""),
        ("(SELECT ", "1", ")"),
        ("lower(", "a", ")"),
        ("CASE WHEN ", "a", " THEN 1 END"),
        ("CAST(", "a", " AS text)"),
        ("1 + (2 * (", "a", "))"),
        ("a IN (", "1", ")"),
        ("a IN (SELECT ", "1", ")"),
        ("EXISTS (SELECT ", "1", ")"),
        ("EXISTS (", "SELECT 1", ")"),
        ("sum(a) FILTER (WHERE ", "a", ")"),
        ("sum(a) OVER (ORDER BY ", "a", ")"),
        ("a = ANY (SELECT ", "1", ")"),
        ("a BETWEEN (", "1", ") AND 2"),
        ("a OR b AND c = d LIKE e || f + g * (", "1", ")"),
    ] {
        for times in [1000, 100_000] {
            let text = format!("SELECT {}{inner}{}", open.repeat(times), close.repeat(times));
            assert!(is_limit(&text), "{open}");
            assert!(is_limit(&format!("SELECT {}", open.repeat(times))), "{open}");
        }
    }
    for (open, inner, close) in [
        ("SELECT * FROM (", "SELECT 1", ") s"),
        ("(", "SELECT 1", ")"),
        ("WITH a AS (", "SELECT 1", ") SELECT 1"),
        ("SELECT 1 UNION (", "SELECT 1", ")"),
        ("SELECT * FROM a JOIN (", "SELECT 1", ") s ON true"),
    ] {
        for times in [1000, 100_000] {
            let text = format!("{}{inner}{}", open.repeat(times), close.repeat(times));
            assert!(is_limit(&text), "{open}");
        }
    }
    let text = format!("SELECT * FROM {}a{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(is_limit(&text));
}

#[test]
fn depth_up_to_the_bound_is_read() {
    let parentheses = |times: usize| format!("SELECT {}1{}", "(".repeat(times), ")".repeat(times));
    // The query, the expression and what stands in it are levels too.
    let room = MAX_NESTING - QUERY_LEVELS - 2;
    assert_eq!(kind(&parentheses(room)), None);
    assert!(is_limit(&parentheses(room + 1)));
    let queries = MAX_NESTING / QUERY_LEVELS;
    let nested = |times: usize| format!("{}SELECT 1{}", "SELECT * FROM (".repeat(times), ") s".repeat(times));
    assert_eq!(kind(&nested(queries / 2)), None);
    assert!(is_limit(&nested(queries)));
}

#[test]
fn what_is_deep_can_be_shown_compared_and_dropped() {
    on_a_small_stack(|| {
        let text = format!("{}a{}", "lower(".repeat(MAX_NESTING / 2 - 1), ")".repeat(MAX_NESTING / 2 - 1));
        let expr = parse_expr(&text, Dialect::Shown).unwrap();
        assert_eq!(parse_expr(&expr.to_string(), Dialect::Shown).unwrap(), expr);
    });
}

#[test]
fn rows_of_operators_are_bounded_but_those_of_and_and_or() {
    let row = |operator: &str, times: usize| format!("SELECT a{}", format!(" {operator} a").repeat(times));
    assert_eq!(kind(&row("+", MAX_CHAIN)), None);
    assert!(is_limit(&row("+", MAX_CHAIN + 1)));
    assert_eq!(kind(&row("AND", 50_000)), None);
    assert_eq!(kind(&row("OR", 50_000)), None);
    let union = |times: usize| format!("SELECT 1{}", " UNION SELECT 1".repeat(times));
    assert_eq!(kind(&union(MAX_CHAIN)), None);
    assert!(is_limit(&union(MAX_CHAIN + 1)));
}

#[test]
fn a_row_of_ands_is_a_tree_of_few_levels() {
    let text = vec!["a = 1"; 10_000].join(" AND ");
    let expr = parse_expr(&text, Dialect::PostgreSql).unwrap();
    // All of it can be shown: nothing is too deep.
    assert!(!expr.to_string().contains(".."));
    assert_eq!(expr.to_string().matches("a = 1").count(), 10_000);
}

#[test]
fn lists_are_bounded() {
    let list = |items: usize| format!("SELECT a IN ({})", vec!["1"; items].join(","));
    assert_eq!(kind(&list(10_000)), None);
    assert_eq!(kind(&list(MAX_LIST_ITEMS)), None);
    assert!(is_limit(&list(MAX_LIST_ITEMS + 1)));
    let joins = format!("SELECT 1 FROM a{}", ", a".repeat(MAX_LIST_ITEMS + 1));
    assert!(is_limit(&joins));
}

#[test]
fn texts_tokens_names_and_parameters_are_bounded() {
    let text = |bytes: usize| format!("SELECT '{}'", "x".repeat(bytes - 9));
    assert_eq!(kind(&text(MAX_TEXT_BYTES)), None);
    assert!(is_limit(&text(MAX_TEXT_BYTES + 1)));
    let row = format!("({})", vec!["1"; 99].join(","));
    let rows = |count: usize| format!("VALUES {}", vec![row.as_str(); count].join(","));
    assert_eq!(kind(&rows(MAX_TOKENS / 200 - 1)), None);
    assert!(is_limit(&rows(MAX_TOKENS / 200 + 1)));
    let name = |bytes: usize| format!("SELECT {}", "x".repeat(bytes));
    assert_eq!(kind(&name(MAX_NAME_BYTES)), None);
    assert!(is_limit(&name(MAX_NAME_BYTES + 1)));
    assert_eq!(kind(&format!("SELECT ?{MAX_PARAMETERS}")), None);
    assert!(is_limit(&format!("SELECT ?{}", MAX_PARAMETERS + 1)));
    assert!(is_limit(&format!("SELECT ?{MAX_PARAMETERS}, ?")));
}

#[test]
fn time_grows_with_the_length() {
    for part in [
        "(",
        ")",
        "'",
        "\"",
        "$a$",
        "$$",
        "/*",
        "--\n",
        "a",
        "1",
        ".",
        ",",
        ";",
        "::",
        "?",
        ":a ",
        "SELECT ",
        "NOT ",
        "E'\\",
        "x'",
        "[",
        "a.",
        "a,",
        "(a,",
        "IN (",
        "CASE ",
        "1e",
        "0x",
        "\u{1F600}",
        "\0",
        "\\",
        "IS ",
        "WITH ",
        "JOIN ",
        "SELECT 1;",
        "a AND ",
        "a OR b AND ",
        "''",
        "VALUES (1),",
        ":a1 + :a2 + ",
    ] {
        for start in ["", "SELECT ", "SELECT * FROM ", "VALUES ", "INSERT INTO t VALUES ", "CREATE TABLE t ("] {
            let text = format!("{start}{}", part.repeat((4 << 20) / part.len()));
            let begun = Instant::now();
            for dialect in [Dialect::PostgreSql, Dialect::Sqlite] {
                let _ = on_a_small_stack(|| parse_all(&text, dialect).map(drop));
            }
            // Quadratic time would be hours.
            assert!(begun.elapsed() < Duration::from_secs(20), "{start}{part}");
        }
    }
}

#[test]
fn garbage_is_refused_without_a_panic() {
    let seed = 6;
    let mut rng = fastrand::Rng::with_seed(seed);
    let words = [
        "SELECT",
        "FROM",
        "WHERE",
        "(",
        ")",
        ",",
        "*",
        "a",
        "1",
        "'x'",
        "JOIN",
        "ON",
        "IN",
        "NOT",
        "AND",
        "CASE",
        "WHEN",
        "END",
        "UNION",
        "WITH",
        "AS",
        "ORDER",
        "BY",
        "LIMIT",
        "INSERT",
        "INTO",
        "VALUES",
        "UPDATE",
        "SET",
        "=",
        "CREATE",
        "TABLE",
        "INDEX",
        "int",
        "PRIMARY",
        "KEY",
        "DEFAULT",
        "NULL",
        "OVER",
        "PARTITION",
        "ROWS",
        "BETWEEN",
        "||",
        "::",
        "->",
        "?",
        ".",
        ";",
        "LIKE",
        "ESCAPE",
        "EXISTS",
        "count",
        "CAST",
        "\"q\"",
        "x'00'",
        "E'\\n'",
        "$$",
        "-",
        "IS",
        "ALTER",
        "ADD",
        "DROP",
        "RENAME",
        "TO",
        "CONFLICT",
        "DO",
        "RETURNING",
        "EXPLAIN",
        "BEGIN",
        "FETCH",
        "trim",
        "substring",
        "extract",
        "position",
        "LEADING",
        "FILTER",
        "USING",
        "NATURAL",
        "VIEW",
        "REFERENCES",
        "ENUM",
    ];
    for _ in 0..100_000 {
        let count = rng.usize(1..30);
        let text = (0..count).map(|_| words[rng.usize(..words.len())]).collect::<Vec<_>>().join(" ");
        let dialect = [Dialect::PostgreSql, Dialect::Sqlite, Dialect::Shown][rng.usize(..3)];
        if let Err(error) = parse(&text, dialect) {
            assert!(error.offset <= text.len(), "seed {seed}: {text}");
            let _ = error.to_string();
        }
    }
    for _ in 0..100_000 {
        let bytes: Vec<u8> = (0..rng.usize(..60)).map(|_| rng.u8(..)).collect();
        let text = String::from_utf8_lossy(&bytes);
        if let Err(error) = parse(&text, Dialect::Sqlite) {
            let _ = error.to_string();
        }
    }
}
