//! Questions of every shape: joins of all kinds, groups, sets, subqueries, queries in FROM.

use wasm_dbms::prelude::*;
use wasm_dbms::{
    AggregateCall, CommonTable, Join, JoinCondition, JoinKind, Origin, Output, ScalarFunction, SetOperation, Source,
};

/// `l`: a 1, 2, 2, NULL, 4; `r`: b 2, 3, 4, 4, NULL. The second column numbers the rows.
fn database() -> Database {
    let db = Database::in_memory();
    for (table, column, other, rows) in [
        ("l", "a", "x", [Some(1), Some(2), Some(2), None, Some(4)]),
        ("r", "b", "y", [Some(2), Some(3), Some(4), Some(4), None]),
    ] {
        let schema = TableSchema::new(table)
            .column(ColumnSchema::new(column, DataType::I64).nullable())
            .column(ColumnSchema::new(other, DataType::Text));
        db.create_table(&schema).unwrap();
        for (number, row) in rows.into_iter().enumerate() {
            let name = format!("{table}{number}");
            db.insert_values(table, &[(column, Value::from(row)), (other, Value::from(name))]).unwrap();
        }
    }
    db
}

fn column(name: &str) -> Expr {
    Expr::column(name)
}

fn equal(left: &str, right: &str) -> Expr {
    column(left).compare(Comparison::Equal, column(right))
}

/// The answer, a line a row.
fn shown(query: &Query) -> String {
    let answer = database().query(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    let row = |row: &Vec<Value>| row.iter().map(Value::to_string).collect::<Vec<_>>().join(" ");
    answer.rows.iter().map(row).collect::<Vec<_>>().join("; ").replace('\'', "")
}

fn refused(query: &Query) -> String {
    database().query(query).unwrap_err().to_string()
}

fn pairs(kind: JoinKind) -> Query {
    let query = Query::from("l").join_on(kind, "r", equal("a", "b")).column(column("x")).column(column("y"));
    query.order_by(column("x"), false).order_by(column("y"), false)
}

#[test]
fn joins_of_every_kind_keep_the_rows_they_should() {
    assert_eq!(shown(&pairs(JoinKind::Inner)), "l1 r0; l2 r0; l4 r2; l4 r3");
    assert_eq!(shown(&pairs(JoinKind::Left)), "l0 NULL; l1 r0; l2 r0; l3 NULL; l4 r2; l4 r3");
    assert_eq!(shown(&pairs(JoinKind::Right)), "NULL r1; NULL r4; l1 r0; l2 r0; l4 r2; l4 r3");
    assert_eq!(shown(&pairs(JoinKind::Full)), "NULL r1; NULL r4; l0 NULL; l1 r0; l2 r0; l3 NULL; l4 r2; l4 r3");
    let cross = Query::from("l").cross_join("r").column(Expr::count());
    assert_eq!(shown(&cross), "25");
}

#[test]
fn a_join_may_be_on_any_condition() {
    let less = column("a").compare(Comparison::Less, column("b")).and(column("y").compare(Comparison::NotEqual, "r3"));
    let query = |kind| {
        let query = Query::from("l").join_on(kind, "r", less.clone()).column(column("x")).column(column("y"));
        query.order_by(column("x"), false).order_by(column("y"), false)
    };
    assert_eq!(shown(&query(JoinKind::Inner)), "l0 r0; l0 r1; l0 r2; l1 r1; l1 r2; l2 r1; l2 r2");
    assert_eq!(shown(&query(JoinKind::Left)), "l0 r0; l0 r1; l0 r2; l1 r1; l1 r2; l2 r1; l2 r2; l3 NULL; l4 NULL");
    assert_eq!(
        shown(&query(JoinKind::Full)),
        "NULL r3; NULL r4; l0 r0; l0 r1; l0 r2; l1 r1; l1 r2; l2 r1; l2 r2; l3 NULL; l4 NULL"
    );
}

#[test]
fn a_condition_on_the_whole_meets_missing_rows_too() {
    let none = pairs(JoinKind::Left).filter(column("y").is_null());
    assert_eq!(shown(&none), "l0 NULL; l3 NULL");
    let some = pairs(JoinKind::Left).filter(column("y").compare(Comparison::GreaterOrEqual, "r2"));
    assert_eq!(shown(&some), "l4 r2; l4 r3");
    let either = pairs(JoinKind::Full).filter(column("x").is_null().or(column("y").is_null()));
    assert_eq!(shown(&either), "NULL r1; NULL r4; l0 NULL; l3 NULL");
}

#[test]
fn a_table_joins_itself_and_others_in_a_row() {
    let query = Query::from("l")
        .alias("one")
        .join_on(JoinKind::Left, Source::from("l").alias("two"), equal("one.a", "two.a"))
        .join_on(JoinKind::Right, "r", equal("two.a", "r.b"))
        .column(column("one.x"))
        .column(column("two.x"))
        .column(column("y"))
        .order_by(column("y"), false)
        .order_by(Expr::from(1), false)
        .order_by(Expr::from(2), false);
    assert_eq!(shown(&query), "l1 l1 r0; l1 l2 r0; l2 l1 r0; l2 l2 r0; NULL NULL r1; l4 l4 r2; l4 l4 r3; NULL NULL r4");
}

#[test]
fn joins_by_name_show_the_column_once() {
    let renamed = |name: &str, column: &'static str| Source { columns: vec![column.into()], ..Source::from(name) };
    for condition in [JoinCondition::Natural, JoinCondition::Using(vec!["a".into()])] {
        let join = |kind| Join { kind, source: renamed("r", "a"), condition: condition.clone() };
        let query =
            |kind| Query::from("l").join_with(join(kind)).order_by(column("x"), false).order_by(column("y"), false);
        assert_eq!(shown(&query(JoinKind::Inner)), "2 l1 r0; 2 l2 r0; 4 l4 r2; 4 l4 r3");
        assert_eq!(shown(&query(JoinKind::Left).column(column("a")).limit(2)), "1; 2");
        let right = query(JoinKind::Right).column(column("a")).column(column("y"));
        assert_eq!(shown(&right), "3 r1; NULL r4; 2 r0; 2 r0; 4 r2; 4 r3");
    }
}

#[test]
fn groups_by_any_expression_with_conditions_and_filters() {
    let parity = column("a") % 2;
    let odd = AggregateCall::new(AggregateFunction::Count, None).filter(column("x").compare(Comparison::Greater, "l1"));
    let texts = AggregateCall {
        separator: Some("/".into()),
        ..AggregateCall::new(AggregateFunction::Concatenate, Some(column("x")))
    };
    let query = Query::from("l")
        .group_by_expr(parity.clone())
        .column_as("parity", parity.clone())
        .column(Expr::count())
        .column(Expr::from(odd))
        .column(Expr::from(texts))
        .column(Expr::from(AggregateCall::new(AggregateFunction::Sum, Some(column("a"))).distinct()))
        .order_by(column("parity"), false);
    assert_eq!(shown(&query), "NULL 1 1 l3 NULL; 0 3 2 l1/l2/l4 6; 1 1 0 l0 1");
    let having = query.having(Expr::count().compare(Comparison::Greater, 1));
    assert_eq!(shown(&having), "0 3 2 l1/l2/l4 6");
    let by_alias = Query::from("l").column_as("k", parity.clone() + 1).column(Expr::count()).group_by("k");
    assert_eq!(shown(&by_alias.order_by(Expr::from(1), false)), "NULL 1; 1 3; 2 1");
    let by_number = Query::from("l").column(parity).column(Expr::count()).group_by_expr(1.into());
    assert_eq!(shown(&by_number.order_by(Expr::from(2), true).limit(1)), "0 3");
    let whole = Query::from("l").having(Expr::count().compare(Comparison::Greater, 100)).column(Expr::count());
    assert_eq!(shown(&whole), "");
    let refused_query = Query::from("l").group_by("a").column(column("x"));
    assert_eq!(refused(&refused_query), "column l.x is neither grouped by nor inside an aggregate");
}

#[test]
fn distinct_rows_come_once() {
    let query = Query::from("l").distinct().column(column("a")).order_by(column("a"), true);
    assert_eq!(shown(&query), "4; 2; 1; NULL");
    assert_eq!(shown(&query.offset(1).limit(2)), "2; 1");
    let by_other = Query::from("l").distinct().column(column("a")).order_by(column("x"), false);
    assert_eq!(refused(&by_other), "x: distinct rows can be ordered by what they hold only");
}

#[test]
fn sets_put_answers_together() {
    let left = || Query::from("l").column(column("a"));
    let right = || Query::from("r").column(column("b"));
    let set = |operation, all| shown(&left().set(operation, all, right()).order_by(1.into(), false));
    assert_eq!(set(SetOperation::Union, true), "NULL; NULL; 1; 2; 2; 2; 3; 4; 4; 4");
    assert_eq!(set(SetOperation::Union, false), "NULL; 1; 2; 3; 4");
    assert_eq!(set(SetOperation::Intersect, false), "NULL; 2; 4");
    assert_eq!(set(SetOperation::Intersect, true), "NULL; 2; 4");
    assert_eq!(set(SetOperation::Except, false), "1");
    assert_eq!(set(SetOperation::Except, true), "1; 2");
    let mixed = Query::values([[1.into()], [2.into()]]).union(Query::values([[1.0.into()], [2.5.into()]]));
    assert_eq!(shown(&mixed.order_by(1.into(), false)), "1.0; 2.0; 2.5");
    let unlike = left().union(Query::from("r").column(column("y")));
    assert!(refused(&unlike).contains("i64 cannot be compared with text"));
    let wider = left().union(Query::from("r"));
    assert_eq!(refused(&wider), "one query answers 1 columns and the other 2");
}

#[test]
fn queries_stand_in_from_and_have_names() {
    let inner =
        Query::from("l").column_as("n", column("a") * 10).column(column("x")).order_by(column("x"), true).limit(3);
    let query = Query::from(Source::from(inner).alias("d")).filter(column("d.n").is_null().not()).column(column("n"));
    assert_eq!(shown(&query.order_by(column("n"), false)), "20; 40");
    let with = Query::from("doubled")
        .with("ones", Query::from("l").column(column("a")))
        .with("doubled", Query::from("ones").column_as("a", column("a") * 2))
        .join_on(JoinKind::Inner, Source::from("ones").alias("o"), equal("doubled.a", "o.a"))
        .column(Expr::count());
    assert_eq!(shown(&with), "4");
    let values = Query::from(Source {
        alias: Some("v".into()),
        columns: vec!["n".into(), "word".into()],
        ..Query::values([["1".into(), "one".into()], [Expr::from("2"), Expr::from("two")]]).from
    });
    assert_eq!(shown(&values.filter(column("v.n").compare(Comparison::Equal, "2")).column(column("word"))), "two");
    assert_eq!(refused(&Query::from("doubled")), "there is no table doubled");
    assert_eq!(shown(&Query::default().column(Expr::from(1) + 1)), "2");
}

#[test]
fn a_query_may_name_itself() {
    let step = Query::from("n").filter(column("i").compare(Comparison::Less, 5)).column(column("i") + 1);
    let query = |all| {
        let numbers = Query::values([[Expr::from(1)]]).set(SetOperation::Union, all, step.clone());
        let table =
            CommonTable { name: "n".into(), columns: vec!["i".into()], query: numbers.into(), is_recursive: true };
        Query {
            with: vec![table],
            ..Query::from("n").column(Expr::aggregate(AggregateFunction::Sum, Some(column("i"))))
        }
    };
    assert_eq!(shown(&query(true)), "15");
    assert_eq!(shown(&query(false)), "15");
}

#[test]
fn subqueries_answer_for_the_row_around() {
    let of_row = |query: Query| query.filter(equal("r.b", "l.a"));
    let exists = Query::from("l").filter(Expr::exists(of_row(Query::from("r")))).column(column("x"));
    assert_eq!(shown(&exists), "l1; l2; l4");
    let none = Query::from("l").filter(Expr::exists(of_row(Query::from("r"))).not()).column(column("x"));
    assert_eq!(shown(&none), "l0; l3");
    let count = Expr::scalar(of_row(Query::from("r").column(Expr::count())));
    let counted = Query::from("l").column(column("x")).column_as("c", count).order_by(column("c"), true);
    assert_eq!(shown(&counted.order_by(column("x"), false)), "l4 2; l1 1; l2 1; l0 0; l3 0");
    let greatest =
        Expr::scalar(Query::from("r").column(Expr::aggregate(AggregateFunction::Maximum, Some(column("b")))));
    let top = Query::from("l").filter(column("a").compare(Comparison::Equal, greatest)).column(column("x"));
    assert_eq!(shown(&top), "l4");
    let two = Expr::scalar(Query::from("r").column(column("b")));
    assert_eq!(
        refused(&Query::default().column(two)),
        "a subquery that stands for one value answers more than one row"
    );
    let wide = Expr::scalar(Query::from("r"));
    assert!(refused(&Query::default().column(wide)).ends_with("a subquery here has one column, not 2"));
}

#[test]
fn in_a_query_has_the_three_values_of_sql() {
    let all = || Query::from("r").column(column("b"));
    let some = || all().filter(column("b").is_null().not());
    let none = || all().filter(column("b").compare(Comparison::Greater, 100));
    let is_in =
        |query: Query| shown(&Query::from("l").column(column("a").in_query(query)).order_by(column("x"), false));
    assert_eq!(is_in(some()), "false; true; true; NULL; true");
    assert_eq!(is_in(all()), "NULL; true; true; NULL; true");
    assert_eq!(is_in(none()), "false; false; false; false; false");
    let decimals = Query::values([[Expr::from("2.0".parse::<Decimal>().unwrap())]]);
    assert_eq!(is_in(decimals), "false; true; true; NULL; false");
}

#[test]
fn a_subquery_sees_every_query_around_it() {
    let inner =
        Query::from("r").alias("r2").filter(equal("r2.b", "l.a").and(equal("r2.y", "r.y"))).column(Expr::from(1));
    let middle = Query::from("r").filter(Expr::exists(inner)).column(Expr::count());
    let query = Query::from("l").column(column("x")).column(Expr::scalar(middle)).order_by(column("x"), false);
    assert_eq!(shown(&query), "l0 0; l1 1; l2 1; l3 0; l4 2");
    let derived = Query::from(Source::from(Query::from("r").filter(equal("b", "l.a")).column(column("y"))).alias("d"));
    let query = Query::from("l").column(column("x")).column(Expr::scalar(derived.column(Expr::count())));
    assert_eq!(shown(&query.order_by(column("x"), false)), "l0 0; l1 1; l2 1; l3 0; l4 2");
    let grouped = Query::from("l")
        .group_by("a")
        .column(column("a"))
        .column(Expr::scalar(Query::from("r").filter(equal("b", "l.a")).column(Expr::count())));
    assert_eq!(shown(&grouped.order_by(column("a"), false)), "NULL 0; 1 0; 2 1; 4 2");
}

#[test]
fn names_that_mean_nothing_or_two_things_are_refused() {
    for (query, expected) in [
        (Query::from("l").column(column("z")), "there is no column z"),
        (Query::from("l").column(column("r.b")), "there is no column r.b"),
        (Query::from("l").alias("k").column(column("l.a")), "there is no column l.a"),
        (Query::from("l").column(Output::EveryOf("k".into())), "there is no table k"),
        (Query::from("l").order_by(3.into(), false), "there is no output 3: there are 2"),
        (
            Query::from("l").column(column("a")).filter(column("a").compare(Comparison::Equal, "x")),
            "a = 'x': i64 cannot be compared with text",
        ),
        (Query { limit: Some("x".into()), ..Query::from("l") }, "limit 'x': it must be a whole number from 0 on"),
        (Query { limit: Some(Expr::from(-1)), ..Query::from("l") }, "limit -1: it must be a whole number from 0 on"),
        (Query::from("l").filter(Expr::Parameter(1).is_null()), "the parameter ?1 is not given"),
        (Query::from("l").column(Expr::function(ScalarFunction::Lower, [column("a")])), "lower(a): argument 1 is i64"),
        (
            Query::from(Source::new(Origin::Values(vec![vec![1.into()], vec![]].into()))),
            "a row has 0 values and the first 1",
        ),
    ] {
        assert_eq!(refused(&query), expected, "{query}");
    }
    let twice = Query::from("l").cross_join(Source::from("l").alias("m")).column(column("a"));
    assert_eq!(refused(&twice), "column a is in more than one table: name the table");
}

#[test]
fn parameters_are_given_when_the_question_is_asked() {
    let query = Query::from("l").filter(column("a").compare(Comparison::Equal, Expr::Parameter(1)));
    let query = Query { limit: Some(Expr::Parameter(2)), ..query.column(column("x")) };
    let answer = database().query_with(&query, &[2.into(), 1.into()]).unwrap();
    assert_eq!(answer.rows, [[Value::from("l1")]]);
    let refused = database().query_with(&query, &["x".into(), 1.into()]).unwrap_err();
    assert_eq!(refused.to_string(), "a = ?1: i64 cannot be compared with text");
}

#[test]
fn groups_by_a_column_of_rows_that_may_be_missing() {
    // The column stands at a fixed place in the rows that are there.
    let query = pairs(JoinKind::Left).group_by("b").order_by(column("b"), false);
    let query = Query { order_by: query.order_by.into_iter().skip(2).collect(), columns: Vec::new(), ..query };
    assert_eq!(shown(&query.column(column("b")).column(Expr::count())), "NULL 2; 2 2; 4 2");
}

#[test]
fn a_query_inside_that_is_said_twice_is_one() {
    let largest = Expr::scalar(
        Query::from("r").filter(equal("b", "a")).column(Expr::aggregate(AggregateFunction::Maximum, Some(column("y")))),
    );
    let query = Query::from("l").column(largest.clone()).column(Expr::count()).group_by_expr(largest);
    assert_eq!(shown(&query.order_by(1.into(), false)), "NULL 2; r0 2; r3 1");
}

#[test]
fn a_missing_value_is_none_of_no_values() {
    let none: [i64; 0] = [];
    let query = pairs(JoinKind::Left).filter(column("b").in_list(none).not());
    assert_eq!(shown(&query), "l0 NULL; l1 r0; l2 r0; l3 NULL; l4 r2; l4 r3");
}

#[test]
fn what_is_said_of_one_of_equal_columns_holds_for_all() {
    let source = |alias: &'static str| Source::from("l").alias(alias);
    let query = Query::from(source("p")).cross_join(source("q")).cross_join("r").filter(equal("p.a", "q.a"));
    let query = query.filter(equal("q.a", "b").and(column("b").compare(Comparison::Greater, 2)));
    let query = query.column(column("p.x")).column(column("q.x")).column(column("y")).order_by(column("y"), false);
    assert_eq!(shown(&query), "l4 l4 r2; l4 l4 r3");
    // Two columns of one table are equal too, if both equal one of another.
    let pair =
        || Query::from(Source::new(Origin::Values(vec![vec![2.into(), 2.into()], vec![2.into(), 4.into()]].into())));
    let query = Query::from("l").cross_join(Source::from(pair()).alias("v"));
    let query = query.filter(equal("column1", "a").and(equal("column2", "a"))).column(column("x"));
    assert_eq!(shown(&query.order_by(column("x"), false)), "l1; l2");
}

#[test]
fn a_row_that_several_ranges_lead_to_comes_once() {
    let db = Database::in_memory();
    let column = |name| ColumnSchema::new(name, DataType::I64);
    let schema = TableSchema::new("t").column(column("a")).column(column("b")).column(column("c"));
    db.create_table(&schema.index(["a"]).index(["b"])).unwrap();
    db.insert_many_values("t", &["a", "b", "c"], (0..2000).map(|n| [n % 500, n % 400, n % 3].map(Value::from)))
        .unwrap();
    let is = |name, value: i64| Expr::column(name).compare(Comparison::Equal, value);
    // Rows are in the first range for which only the second alternative holds.
    let either = is("a", 7).and(is("c", 1)).or(is("b", 7)).or(is("a", 8).and(is("b", 8)));
    let query = Query::from("t").filter(either).column(Expr::column("a")).column(Expr::column("b"));
    let plan = db.explain(&query).unwrap();
    assert!(plan.contains(", then search index t.b"), "{plan}");
    let expected = (0..2000).filter(|n| n % 500 == 7 && n % 3 == 1 || n % 400 == 7 || n % 500 == 8 && n % 400 == 8);
    let mut expected: Vec<_> = expected.map(|n: i64| format!("{} {}", n % 500, n % 400)).collect();
    let found = db.query(&query).unwrap().rows;
    let mut found: Vec<_> = found.iter().map(|row| format!("{} {}", row[0], row[1])).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}
