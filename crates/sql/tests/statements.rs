//! What SQL says, statement by statement.

use wasm_dbms::{MigrationOperation as Operation, NewRows, OnConflict, OnRowConflict};
use wasm_dbms_api::{
    ColumnSchema, Comparison, DataType, Expr, IndexColumn, IndexSchema, JoinKind, Query, ReferentialAction,
    TableSchema, Validator, Value,
};
use wasm_dbms_sql::{
    AlterAction, Dialect, SqlErrorKind, Statement, TransactionStatement, parse, parse_all, parse_expr,
};

fn statement(text: &str) -> Statement {
    parse(text, Dialect::PostgreSql).unwrap_or_else(|error| panic!("{text}\n{error}")).statement
}

fn shown(text: &str) -> String {
    match parse(text, Dialect::Shown).unwrap_or_else(|error| panic!("{text}\n{error}")).statement {
        Statement::Query(query) => query.to_string(),
        other => panic!("{other:?}"),
    }
}

fn expr(text: &str) -> String {
    parse_expr(text, Dialect::PostgreSql).unwrap_or_else(|error| panic!("{text}\n{error}")).to_string()
}

fn sqlite(text: &str) -> String {
    parse_expr(text, Dialect::Sqlite).unwrap_or_else(|error| panic!("{text}\n{error}")).to_string()
}

fn refused(text: &str) -> SqlErrorKind {
    parse(text, Dialect::PostgreSql).expect_err(text).kind
}

#[test]
fn operators_bind_as_in_postgresql() {
    for (text, expected) in [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("(1 + 2) * 3", "((1 + 2) * 3)"),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("a OR b AND NOT c = d", "(a OR (b AND NOT (c = d)))"),
        ("a = b IS NULL", "(a = b) IS NULL"),
        ("a + 1 BETWEEN 2 AND 3 AND b", "(((a + 1) >= 2 AND (a + 1) <= 3) AND b)"),
        ("a || b || 'c' = d", "(a || b || 'c') = d"),
        ("a || b + 1", "(a || (b + 1))"),
        ("-a::text", "-(CAST(a AS text))"),
        ("- 5", "-5"),
        ("-(5)", "-(5)"),
        ("-5::text", "-(CAST(5 AS text))"),
        ("2 ^ 3", "power(2, 3)"),
        ("NOT a IN (1, 2)", "NOT (a IN (1, 2))"),
        ("a NOT IN (1, 2) OR b", "(NOT (a IN (1, 2)) OR b)"),
        ("a IS NOT DISTINCT FROM b", "NOT (a IS DISTINCT FROM b)"),
        ("a IS NOT TRUE AND b IS UNKNOWN", "(NOT (a IS TRUE) AND b IS NULL)"),
        ("a LIKE 'x!%' ESCAPE '!'", "a LIKE 'x!%' ESCAPE '!'"),
        ("a NOT ILIKE 'x'", "NOT (a ILIKE 'x')"),
        ("a BETWEEN SYMMETRIC 3 AND 1", "((a >= 3 AND a <= 1) OR (a >= 1 AND a <= 3))"),
        ("j -> 'a' ->> 0", "json_extract_text(json_extract(j, '$.\"a\"'), '$[0]')"),
        ("j @> '{}'::json", "json_contains(j, CAST('{}' AS json))"),
        ("((1)) + ((2))", "(1 + 2)"),
        ("((SELECT 1)) + 1", "((SELECT 1) + 1)"),
        ("((SELECT 1) UNION SELECT 2)", "(SELECT * FROM (SELECT 1 UNION SELECT 2))"),
    ] {
        assert_eq!(expr(text), expected, "{text}");
    }
}

#[test]
fn operators_bind_as_in_sqlite_where_that_is_asked() {
    for (text, expected) in [
        ("a || b + 1", "((a || b) + 1)"),
        ("a == b", "a = b"),
        ("a IS b", "NOT (a IS DISTINCT FROM b)"),
        ("a IS NOT b", "NOT (NOT (a IS DISTINCT FROM b))"),
        ("a / b", "(a / nullif(b, 0))"),
        ("a / 2", "(a / 2)"),
        ("1.5", "1.5e0"),
        ("a LIKE 'x'", "a ILIKE 'x' ESCAPE ''"),
        ("a IN ()", "a IN ()"),
        ("a IN t", "a IN (SELECT * FROM t)"),
        ("[a b] + `c`", "(\"a b\" + c)"),
        ("max(a, b)", "CASE WHEN (a IS NULL OR b IS NULL) THEN NULL ELSE greatest(a, b) END"),
        ("total(a)", "coalesce(sum(CAST(as_number(a) AS f64)), 0e0)"),
        ("CAST(a AS INTEGER)", "CAST(trunc(as_number(a)) AS i64)"),
        ("sum(a)", "sum(as_number(a))"),
        ("'x' IN t", "untyped('x') IN (SELECT * FROM t)"),
        ("'1' IN t", "'1' IN (SELECT * FROM t)"),
        ("a | b << 1", "shift_left(bit_or(a, b), 1)"),
    ] {
        assert_eq!(sqlite(text), expected, "{text}");
    }
}

#[test]
fn literals_have_every_form() {
    let value = |text: &str| match parse_expr(text, Dialect::PostgreSql) {
        Ok(Expr::Literal(value)) => value,
        other => panic!("{text}: {other:?}"),
    };
    for (text, expected) in [
        ("'it''s'", "it's"),
        (r"'a\n'", r"a\n"),
        (r"E'a\n\'\\\x41\u00e9\101'''", "a\n'\\A\u{e9}A'"),
        ("$$it's$$", "it's"),
        ("$a$ $$ $a$", " $$ "),
        ("''", ""),
    ] {
        assert!(matches!(value(text), Value::Text(text) if text == expected), "{text}");
    }
    assert!(matches!(value("x'00fF'"), Value::Bytes(bytes) if bytes == [0, 255]));
    assert!(matches!(value("9223372036854775808"), Value::Unsigned(9223372036854775808)));
    assert!(matches!(value("-9223372036854775808"), Value::Integer(i64::MIN)));
    assert!(matches!(value("0x1F"), Value::Integer(31)));
    assert!(matches!(value("1_000"), Value::Integer(1000)));
    assert!(matches!(value("1.10"), Value::Decimal(decimal) if decimal.to_string() == "1.10"));
    assert!(matches!(value(".5"), Value::Decimal(_)));
    assert!(matches!(value("1e3"), Value::Float(number) if number == 1000.0));
    assert!(matches!(value("DATE '2024-02-29'"), Value::Date(_)));
    for moment in ["TIMESTAMP '2024-02-29 12:00:00'", "timestamp with time zone '2024-02-29T12:00:00+02:00'"] {
        assert!(matches!(value(moment), Value::DateTime(_)), "{moment}");
    }
    assert!(matches!(value("UUID '00000000-0000-0000-0000-000000000001'"), Value::Uuid(_)));
    assert!(matches!(value("JSON '{\"a\": 1}'"), Value::Json(_)));
}

#[test]
fn names_fold_to_lower_case_unless_they_are_quoted() {
    assert_eq!(shown("SELECT Name, \"Name\", T.\"a\"\"b\" FROM T"), "SELECT name, \"Name\", t.\"a\"\"b\" FROM t");
    assert_eq!(shown("SELECT a \"select\", b AS order FROM t"), "SELECT a AS \"select\", b AS \"order\" FROM t");
}

#[test]
fn comments_stand_in_comments() {
    assert_eq!(shown("SELECT /* a /* b */ c */ 1 -- d\n + 2"), "SELECT (1 + 2)");
}

#[test]
fn a_block_has_all_its_clauses() {
    let text = "SELECT DISTINCT a AS x, count(*) FILTER (WHERE (b > 1)) FROM t AS u WHERE c = 1 GROUP BY a, 2 \
                HAVING count(*) > 1 ORDER BY x DESC NULLS LAST, 2 LIMIT 10 OFFSET 5";
    assert_eq!(shown(text), text.replace("((b > 1))", "(b > 1)").replace("(WHERE (b > 1))", "(WHERE b > 1)"));
    assert_eq!(shown("SELECT a FROM t OFFSET 2 ROWS FETCH FIRST 3 ROWS ONLY"), "SELECT a FROM t LIMIT 3 OFFSET 2");
    assert_eq!(shown("SELECT a FROM t LIMIT ALL"), "SELECT a FROM t");
    assert_eq!(shown("SELECT t.*, * FROM t"), "SELECT t.*, * FROM t");
}

#[test]
fn joins_have_every_form() {
    for (text, expected) in [
        ("SELECT * FROM a, b", "SELECT * FROM a CROSS JOIN b"),
        ("SELECT * FROM a JOIN b ON a.x = b.x", "SELECT * FROM a JOIN b ON a.x = b.x"),
        ("SELECT * FROM a INNER JOIN b USING (x, y)", "SELECT * FROM a JOIN b USING (x, y)"),
        ("SELECT * FROM a NATURAL LEFT OUTER JOIN b", "SELECT * FROM a NATURAL LEFT JOIN b"),
        ("SELECT * FROM a FULL JOIN b ON true CROSS JOIN c", "SELECT * FROM a FULL JOIN b ON true CROSS JOIN c"),
        ("SELECT * FROM (a RIGHT JOIN b ON p) JOIN c ON q", "SELECT * FROM a RIGHT JOIN b ON p JOIN c ON q"),
        ("SELECT * FROM a JOIN (b JOIN c ON p) ON q", "SELECT * FROM a CROSS JOIN b JOIN c ON (p AND q)"),
        ("SELECT * FROM a, b LEFT JOIN c ON p", "SELECT * FROM a CROSS JOIN b LEFT JOIN c ON p"),
        ("SELECT * FROM (SELECT 1) AS s (x)", "SELECT * FROM (SELECT 1) AS s (x)"),
        ("SELECT * FROM ((SELECT 1) UNION SELECT 2) s", "SELECT * FROM (SELECT 1 UNION SELECT 2) AS s"),
        ("SELECT * FROM ((SELECT 1) s CROSS JOIN t)", "SELECT * FROM (SELECT 1) AS s CROSS JOIN t"),
        ("SELECT * FROM (VALUES (1, 2), (3, 4)) v (a, b)", "SELECT * FROM (VALUES (1, 2), (3, 4)) AS v (a, b)"),
        ("SELECT * FROM (((a)))", "SELECT * FROM a"),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
    let error = refused("SELECT * FROM a LEFT JOIN (b JOIN c ON p) ON q");
    assert!(matches!(error, SqlErrorKind::NotSupported(_)), "{error}");
    let error = refused("SELECT * FROM a, b NATURAL JOIN c");
    assert!(matches!(error, SqlErrorKind::NotSupported(_)), "{error}");
}

#[test]
fn sets_bind_as_the_dialect_says() {
    let text = "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT ALL SELECT 4 ORDER BY 1 LIMIT 1";
    let [one, two, three, four] = [1, 2, 3, 4].map(|number| Query::default().column(Expr::from(number)));
    let set = wasm_dbms_api::SetOperation::Intersect;
    let except = wasm_dbms_api::SetOperation::Except;
    let expected = one.clone().union(two.clone().set(set, false, three.clone())).set(except, true, four.clone());
    let expected = expected.order_by(Expr::from(1), false).limit(1);
    assert_eq!(parse(text, Dialect::Shown).unwrap().statement, Statement::Query(expected));
    let flat = one.union(two).set(set, false, three).set(except, true, four).order_by(Expr::from(1), false).limit(1);
    assert_eq!(parse(text, Dialect::Sqlite).unwrap().statement, Statement::Query(flat));
}

#[test]
fn an_order_in_parentheses_is_not_that_of_the_whole() {
    assert_eq!(
        shown("(SELECT a FROM t ORDER BY a LIMIT 3) ORDER BY b"),
        "SELECT * FROM (SELECT a FROM t ORDER BY a LIMIT 3) ORDER BY b"
    );
    assert_eq!(
        shown("(SELECT 1 LIMIT 1) UNION ALL (SELECT 2)"),
        "SELECT * FROM ((SELECT 1 LIMIT 1) UNION ALL SELECT 2)"
    );
}

#[test]
fn a_recursive_query_is_the_one_that_names_itself() {
    let text = "WITH RECURSIVE one AS (SELECT 1 AS n), up (n) AS (SELECT n FROM one UNION ALL SELECT n + 1 FROM up \
                WHERE n < 5) SELECT * FROM up";
    let Statement::Query(query) = statement(text) else { panic!() };
    assert_eq!(query.with.iter().map(|table| table.is_recursive).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn nulls_stand_where_the_dialect_has_them() {
    let order = |dialect| match parse("SELECT a FROM t ORDER BY a, b DESC", dialect).unwrap().statement {
        Statement::Query(query) => query.order_by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        _ => unreachable!(),
    };
    assert_eq!(order(Dialect::PostgreSql), "a NULLS LAST, b DESC NULLS FIRST");
    assert_eq!(order(Dialect::Sqlite), "a, b DESC");
    assert_eq!(order(Dialect::Shown), "a, b DESC");
}

#[test]
fn calls_have_their_own_grammar() {
    for (text, expected) in [
        ("EXTRACT(year FROM d)", "date_part('year', d)"),
        ("EXTRACT('year', d)", "date_part('year', d)"),
        ("SUBSTRING(a FROM 2 FOR 3)", "substr(a, 2, 3)"),
        ("SUBSTRING(a FOR 3)", "substr(a, 1, 3)"),
        ("substr(a, 2)", "substr(a, 2)"),
        ("TRIM(LEADING 'x' FROM a)", "ltrim(a, 'x')"),
        ("TRIM(BOTH FROM a)", "trim(a)"),
        ("TRIM(a)", "trim(a)"),
        ("POSITION('x' IN a)", "instr(a, 'x')"),
        ("COALESCE(a, b, 1)", "coalesce(a, b, 1)"),
        ("count(DISTINCT a)", "count(DISTINCT a)"),
        ("string_agg(a, ', ')", "string_agg(a, ', ')"),
        ("left(a, 1)", "left(a, 1)"),
        ("iif(a, 1, 2)", "CASE WHEN a THEN 1 ELSE 2 END"),
        ("CASE a WHEN 1 THEN 'x' ELSE 'y' END", "CASE a WHEN 1 THEN 'x' ELSE 'y' END"),
        ("row_number() OVER (ORDER BY a NULLS FIRST)", "row_number() OVER (ORDER BY a NULLS FIRST)"),
        (
            "sum(a) OVER (PARTITION BY b ROWS 1 PRECEDING)",
            "sum(a) OVER (PARTITION BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
        ),
        ("lag(a, 1, 0) OVER ()", "lag(a, 1, 0) OVER ()"),
        (
            "sum(a) OVER (ORDER BY b NULLS LAST GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW)",
            "sum(a) OVER (ORDER BY b NULLS LAST GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW)",
        ),
        (
            "sum(a) OVER (ORDER BY b NULLS LAST GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING exclude group)",
            "sum(a) OVER (ORDER BY b NULLS LAST GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE GROUP)",
        ),
        (
            "sum(a) OVER (ORDER BY b NULLS LAST GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE TIES)",
            "sum(a) OVER (ORDER BY b NULLS LAST GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE TIES)",
        ),
        (
            "sum(a) OVER (ORDER BY b NULLS LAST GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE NO OTHERS)",
            "sum(a) OVER (ORDER BY b NULLS LAST GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)",
        ),
        ("a = ANY (SELECT 1)", "a IN (SELECT 1)"),
        ("EXISTS (SELECT 1)", "EXISTS (SELECT 1)"),
    ] {
        assert_eq!(expr(text), expected, "{text}");
    }
}

#[test]
fn parameters_are_counted_and_named() {
    let parsed = parse("SELECT ?, ?5, ?, :name, $2, :other, :name", Dialect::PostgreSql).unwrap();
    assert_eq!(parsed.parameters.count(), 8);
    assert_eq!((parsed.parameters.number("name"), parsed.parameters.number("other")), (Some(7), Some(8)));
    let Statement::Query(query) = parsed.statement else { panic!() };
    assert_eq!(query.to_string(), "SELECT ?1, ?5, ?6, ?7, ?2, ?8, ?7");
}

#[test]
fn inserts_have_every_form() {
    let Statement::Insert(insert) = statement(
        "INSERT INTO t (a, b) VALUES (1, DEFAULT), (2, 3) ON CONFLICT (a) DO UPDATE SET b = excluded.b, c = 1 \
         WHERE t.b < 5 RETURNING *, a + 1 AS next",
    ) else {
        panic!()
    };
    assert_eq!((insert.table.as_ref(), insert.columns.unwrap().len()), ("t", 2));
    let NewRows::Values(rows) = &insert.rows else { panic!() };
    assert_eq!(rows[0], [Some(Expr::from(1)), None]);
    let less = Expr::column("t.b").compare(Comparison::Less, 5);
    let expected = OnConflict::on(["a"]).set("b", Expr::column("excluded.b")).set("c", 1).filter(less);
    assert_eq!(insert.on_conflict, Some(OnRowConflict::Of(expected)));
    assert_eq!(insert.returning.len(), 2);

    let source = |text: &str| match statement(text) {
        Statement::Insert(insert) => (insert.rows, insert.on_conflict),
        other => panic!("{other:?}"),
    };
    let Statement::Insert(of_defaults) = statement("INSERT INTO t AS x DEFAULT VALUES") else { panic!() };
    assert_eq!(of_defaults.alias.as_deref(), Some("x"));
    assert_eq!((of_defaults.columns, of_defaults.rows), (Some(Vec::new()), NewRows::Values(vec![Vec::new()])));
    assert!(matches!(source("INSERT INTO t SELECT 1"), (NewRows::Query(_), None)));
    assert!(matches!(source("INSERT INTO t (SELECT 1)"), (NewRows::Query(_), None)));
    assert!(matches!(source("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING"), (_, Some(OnRowConflict::Skip))));
    let of_key = OnRowConflict::Of(OnConflict::on(["a"]).do_nothing());
    assert_eq!(source("INSERT INTO t VALUES (1) ON CONFLICT (a) DO NOTHING").1, Some(of_key));
    assert!(matches!(source("REPLACE INTO t VALUES (1)"), (_, Some(OnRowConflict::Replace))));
    assert!(matches!(source("INSERT OR REPLACE INTO t VALUES (1)"), (_, Some(OnRowConflict::Replace))));
    let Statement::Insert(insert) = statement("WITH q AS (SELECT 1) INSERT INTO t SELECT * FROM q") else { panic!() };
    assert_eq!(insert.with.len(), 1);
}

#[test]
fn updates_and_deletes_have_every_form() {
    let Statement::Update(update) = statement(
        "UPDATE t AS x SET a = 1, (b, c) = (2, DEFAULT) FROM u JOIN v ON u.id = v.id WHERE x.id = u.id RETURNING x.a",
    ) else {
        panic!()
    };
    assert_eq!(update.sets.len(), 3);
    assert_eq!(update.from.unwrap().1[0].kind, JoinKind::Inner);
    assert_eq!(update.returning.len(), 1);
    let Statement::Delete(delete) = statement("DELETE FROM t USING u WHERE t.id = u.id RETURNING *") else { panic!() };
    assert!(delete.using.is_some() && delete.filter.is_some());
    assert!(matches!(statement("DELETE FROM t"), Statement::Delete(_)));
}

#[test]
fn a_table_is_a_schema() {
    let Statement::CreateTable(create) = statement(
        "CREATE TABLE IF NOT EXISTS posts (
            id BIGSERIAL PRIMARY KEY,
            author u64 NOT NULL REFERENCES users (id) ON DELETE CASCADE ON UPDATE NO ACTION,
            title TEXT NOT NULL DEFAULT 'new',
            price NUMERIC DEFAULT 1,
            state ENUM ('draft', 'live') NOT NULL DEFAULT 'live',
            day date DEFAULT '2024-02-29',
            slug text,
            CONSTRAINT once UNIQUE (author, title)
         )",
    ) else {
        panic!()
    };
    let expected = TableSchema::new("posts")
        .column(ColumnSchema::new("id", DataType::I64).autoincrement())
        .column(ColumnSchema::new("author", DataType::U64))
        .column(ColumnSchema::new("title", DataType::Text).default("new"))
        .column(ColumnSchema::new("price", DataType::Decimal).nullable().default(Value::Decimal(1.into())))
        .column(ColumnSchema::one_of("state", ["draft", "live"]).default("live"))
        .column(
            ColumnSchema::new("day", DataType::Date)
                .nullable()
                .default(Value::Date(wasm_dbms_api::Date::new(2024, 2, 29).unwrap())),
        )
        .column(ColumnSchema::new("slug", DataType::Text).nullable())
        .primary_key(["id"])
        .with_index(IndexSchema::new(["author", "title"]).unique().named("once"))
        .foreign_key("author", "users", "id", ReferentialAction::Cascade);
    assert_eq!(create.schema, expected);
    assert!(create.if_not_exists);
}

#[test]
fn sqlites_row_number_counts_up() {
    let table = "CREATE TABLE t(id INTEGER PRIMARY KEY, name VARCHAR(30))";
    let Statement::CreateTable(create) = parse(table, Dialect::Sqlite).unwrap().statement else { panic!() };
    assert!(create.schema.columns[0].autoincrement);
    assert_eq!(create.schema.columns[0].data_type, DataType::I64);
    let Statement::CreateTable(create) = statement(table) else { panic!() };
    assert!(!create.schema.columns[0].autoincrement);
    assert_eq!(create.schema.columns[1].validators, [Validator::MaxLen(30)]);
}

#[test]
fn tables_change_by_actions() {
    let actions = |text: &str| match statement(text) {
        Statement::AlterTable(alter) => alter.actions,
        other => panic!("{other:?}"),
    };
    let added = actions("ALTER TABLE t ADD COLUMN IF NOT EXISTS a text UNIQUE, DROP COLUMN b, ALTER c SET NOT NULL");
    assert_eq!(added.len(), 4);
    let AlterAction::Change(first, true) = &added[0] else { panic!("{added:?}") };
    assert!(matches!(&**first, Operation::AddColumn { column, .. } if column.nullable));
    let AlterAction::Change(second, _) = &added[1] else { panic!("{added:?}") };
    assert!(matches!(&**second, Operation::CreateIndex { index, .. } if index.name == "a" && index.unique));
    let one = |operation| [AlterAction::Change(Box::new(operation), false)];
    let (table, column) = ("t".to_owned(), "a".to_owned());
    let wanted = Operation::SetNullable { table: table.clone(), column: "c".into(), nullable: false };
    assert_eq!(added[3..], one(wanted));
    let wanted = Operation::RenameTable { table: table.clone(), name: "u".into() };
    assert_eq!(actions("ALTER TABLE t RENAME TO u"), one(wanted));
    let wanted = Operation::RenameColumn { table: table.clone(), column: column.clone(), name: "b".into() };
    assert_eq!(actions("ALTER TABLE t RENAME a TO b"), one(wanted));
    let (data_type, variants) = (DataType::I64, Vec::new());
    let wanted = Operation::ChangeType { table: table.clone(), column: column.clone(), data_type, variants };
    assert_eq!(actions("ALTER TABLE t ALTER a TYPE bigint"), one(wanted));
    let wanted = Operation::SetDefault { table, column, default: Some(3.into()) };
    assert_eq!(actions("ALTER TABLE t ALTER a SET DEFAULT 3"), one(wanted));
    let dropped = AlterAction::DropConstraint("c".into(), true);
    assert_eq!(actions("ALTER TABLE t DROP CONSTRAINT IF EXISTS c"), [dropped]);
}

#[test]
fn indexes_views_and_drops_are_read() {
    let Statement::CreateIndex(index) = statement("CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a DESC, b) INCLUDE (c)")
    else {
        panic!()
    };
    let expected =
        IndexSchema::new([IndexColumn::new("a").descending(), IndexColumn::new("b")]).include(["c"]).named("i");
    assert_eq!(index.index, IndexSchema { unique: true, ..expected });
    assert!(index.if_not_exists);
    assert!(matches!(statement("CREATE OR REPLACE VIEW v (a) AS SELECT 1"), Statement::CreateView(_)));
    let Statement::Drop(drop) = statement("DROP TABLE IF EXISTS a, b RESTRICT") else { panic!() };
    assert!(drop.if_exists && drop.names == ["a", "b"]);
}

#[test]
fn transactions_and_explain_are_read() {
    let all = parse_all(
        "BEGIN; BEGIN IMMEDIATE; START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SAVEPOINT a; \
         ROLLBACK TO SAVEPOINT a; RELEASE a; COMMIT WORK;; ROLLBACK; EXPLAIN ANALYZE SELECT 1;",
        Dialect::PostgreSql,
    )
    .unwrap();
    assert_eq!(all.len(), 9);
    let Statement::Transaction(TransactionStatement::Begin(mode)) = &all[2].statement else { panic!() };
    assert!(mode.snapshot && mode.read_only && !mode.exclusive);
    assert!(matches!(&all[8].statement, Statement::Explain { analyze: true, .. }));
}

#[test]
fn what_is_not_done_is_refused_by_name() {
    for (text, named) in [
        ("PRAGMA foreign_keys = ON", "PRAGMA"),
        ("VACUUM", "VACUUM"),
        ("CREATE TRIGGER t", "CREATE TRIGGER"),
        ("CREATE TEMP TABLE t (a int)", "tables for a time"),
        ("SELECT DISTINCT ON (a) b FROM t", "DISTINCT ON"),
        ("SELECT * FROM t, LATERAL (SELECT 1)", "LATERAL"),
        ("SELECT a COLLATE \"C\" FROM t", "COLLATE"),
        ("SELECT now()", "clock"),
        ("SELECT current_date", "clock"),
        ("SELECT (1, 2) = (3, 4)", "rows as values"),
        ("SELECT * FROM t FOR UPDATE", "FOR UPDATE"),
        ("CREATE TABLE t (a char(10))", "length or precision of char"),
        ("CREATE TABLE t (a numeric(10, 2))", "length or precision of numeric"),
        ("SELECT a::varchar(10)", "casts to this type"),
        ("CREATE INDEX i ON t (a) WHERE a > 1", "part of a table"),
        ("SELECT interval '1 day'", "interval"),
        ("SELECT * FROM public.t", "schema"),
        ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "changes in WITH"),
    ] {
        let error = refused(text);
        assert!(matches!(&error, SqlErrorKind::NotSupported(what) if what.contains(named)), "{text}: {error}");
    }
    assert!(matches!(refused("SELECT frobnicate(1)"), SqlErrorKind::UnknownFunction(name) if name == "frobnicate"));
    assert!(matches!(refused("CREATE TABLE t (a frob)"), SqlErrorKind::UnknownType(name) if name == "frob"));
    assert!(matches!(refused("SELECT lower(1, 2)"), SqlErrorKind::Contradiction(_)));
}
