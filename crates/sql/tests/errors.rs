//! Errors point at their place.

use wasm_dbms::Database;
use wasm_dbms_sql::{Dialect, Sql, parse, parse_all};

fn message(text: &str) -> String {
    parse(text, Dialect::PostgreSql).expect_err(text).to_string()
}

#[test]
fn an_error_shows_the_line_and_points_into_it() {
    assert_eq!(
        message("SELECT a,\n       b c d\nFROM t"),
        "line 2, column 12: expected the end of the statement, found d\n       b c d\n           ^"
    );
    assert_eq!(message("SELECT"), "line 1, column 7: expected an expression, found the end\nSELECT\n      ^");
}

#[test]
fn columns_are_counted_in_characters() {
    let error = parse("SELECT '\u{e4}\u{f6}\u{1F600}' FROM", Dialect::PostgreSql).unwrap_err();
    assert_eq!((error.offset, error.line, error.column), (22, 1, 18));
}

#[test]
fn a_long_line_is_shown_around_the_place() {
    let text = format!("SELECT '{}' FROM WHERE{}", "x".repeat(1 << 20), " ".repeat(1 << 20));
    let message = message(&text);
    assert!(message.len() < 300, "{}", message.len());
    assert!(message.ends_with(&format!("{}^", " ".repeat(60))), "{message}");
}

#[test]
fn each_mistake_is_told_where_it_is() {
    for (text, offset, said) in [
        ("SELECT 'abc", 7, "the text in quotes does not end"),
        ("SELECT \"abc", 7, "the name in quotes does not end"),
        ("SELECT /* a /* b */", 7, "the comment does not end"),
        ("SELECT $a$ b $", 7, "the text between dollars does not end"),
        ("SELECT \"\"", 7, "a name that is empty"),
        ("SELECT 1a", 7, "a number with letters behind it"),
        ("SELECT x'abc'", 7, "bytes need two hexadecimal digits each"),
        ("SELECT E'\\ud800'", 7, "an escape that stands for nothing"),
        ("SELECT DATE 'today'", 12, "this is no date"),
        ("SELECT a FROM t WHERE", 21, "expected an expression, found the end"),
        ("SELECT a FROM t GROUP a", 22, "expected BY, found a"),
        ("SELECT a FROM t JOIN u", 22, "expected ON or USING, found the end"),
        ("SELECT (1", 9, "expected ), found the end"),
        ("SELECT CASE 1 END", 14, "expected WHEN, found END"),
        ("SELECT a NOT 1", 9, "expected the end of the statement, found NOT"),
        ("SELECT * ", 0, "* without a FROM"),
        ("VALUES (1), (1, 2)", 12, "rows of different length"),
        ("INSERT t VALUES (1)", 7, "expected INTO, found t"),
        ("CREATE TABLE t ()", 16, "expected the name of a column, found )"),
        ("CREATE TABLE t (a int, a int)", 13, "table t: column a is there twice"),
        ("CREATE TABLE t (a int DEFAULT 'x')", 22, "the default 'x' is no i32"),
        ("UPDATE t SET (a, b) = (1)", 22, "as many values as columns are wanted"),
        ("SELECT frob(1)", 7, "there is no function frob"),
        ("SELECT CAST(a AS frob)", 17, "there is no type frob"),
        ("SELECT row_number()", 7, "row_number wants OVER"),
        ("SELECT sum(*)", 7, "only count takes *"),
        ("SELECT lower(DISTINCT a)", 7, "lower is no function of a group"),
        ("SELECT substr(a)", 7, "substr takes 2 to 3 arguments, not 1"),
        ("SELECT a FROM t LIMIT 1 LIMIT 2", 24, "LIMIT stands here twice"),
        ("FROB", 0, "expected a statement, found FROB"),
        ("SELECT ?0", 7, "the number of a parameter: more than 65535"),
        ("SELECT !", 7, "expected SQL, found '!'"),
        ("", 0, "expected a statement, found the end"),
    ] {
        let error = parse(text, Dialect::PostgreSql).expect_err(text);
        assert_eq!((error.offset, error.kind.to_string().as_str()), (offset, said), "{text}");
    }
}

#[test]
fn a_script_points_into_the_whole_text() {
    let error = parse_all("SELECT 1;\nSELECT 2 FROM;\n", Dialect::PostgreSql).unwrap_err();
    assert_eq!((error.line, error.column), (2, 14));
}

#[test]
fn errors_of_type_point_at_the_expression() {
    let db = Database::in_memory();
    db.execute("CREATE TABLE t (id bigint PRIMARY KEY, name text, day date, price numeric)", ()).unwrap();
    for (text, part) in [
        ("SELECT id FROM t WHERE id > 0 AND Name + 1 = 2", "Name + 1"),
        ("SELECT upper(id) FROM t", "upper(id)"),
        ("SELECT id, sum( name ) FROM t GROUP BY id", "sum( name )"),
        ("SELECT id FROM t WHERE (day) = 5", "day) = 5"),
        ("SELECT id FROM t\nWHERE day = 'tomorrow'", "day = 'tomorrow'"),
        ("SELECT id FROM t WHERE id", "id FROM"),
        ("SELECT id FROM t ORDER BY coalesce(price, day)", "coalesce(price, day)"),
        ("UPDATE t SET price = -name", "-name"),
        ("SELECT rank() OVER (ORDER BY id), sum(name) OVER (PARTITION BY \"id\") FROM t", "sum(name) OVER"),
    ] {
        let error = db.prepare(text).and_then(|prepared| prepared.execute(())).unwrap_err();
        let place = error.place().unwrap_or_else(|| panic!("{text}: {error} is nowhere"));
        assert_eq!(place.offset, text.find(part).unwrap(), "{text}: {error}");
    }
    // What is shown otherwise than it was written is told without a place.
    let error = db.execute("SELECT name::date + name FROM t", ()).unwrap_err();
    assert!(error.to_string().contains("there is none of"), "{error}");
}
