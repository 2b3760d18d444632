//! Queries in conditions become joins where that costs less: each row comes once, and NULLs mean what they mean in SQL.

use wasm_dbms::prelude::*;
use wasm_dbms::{Case, HeapProvider, MAX_RANGES};

use crate::support::seed;

fn column(name: &str) -> Expr {
    Expr::column(name)
}

fn equal(left: &str, right: &str) -> Expr {
    column(left).compare(Comparison::Equal, column(right))
}

/// The condition in a form that no planner sees through.
fn opaque(condition: Expr) -> Expr {
    let branches = vec![(condition, Expr::from(true))];
    Case { operand: None, branches, otherwise: Some(Expr::from(false)) }.into()
}

/// `big` has 3,000 rows, `small` 300; both have NULLs and what the other lacks.
fn fill(db: &Database, has_nulls: bool) {
    let mut random = fastrand::Rng::with_seed(seed(3));
    for (name, rows) in [("big", 3_000), ("small", 300)] {
        let schema = TableSchema::new(name)
            .column(ColumnSchema::new("id", DataType::I64))
            .column(ColumnSchema::new("kind", DataType::I32).nullable())
            .column(ColumnSchema::new("word", DataType::Text).nullable())
            .primary_key(["id"]);
        db.create_table(&schema).unwrap();
        let rows = (0..rows).map(|id: i64| {
            let mut or_null = |value: Value| if has_nulls && random.u8(..10) == 0 { Value::Null } else { value };
            let kind = or_null((id % 400).into());
            [id.into(), kind, or_null(format!("word {}", id % 90).into())]
        });
        db.insert_many_values(name, &["id", "kind", "word"], rows.collect::<Vec<_>>()).unwrap();
    }
}

/// Conditions on `big` that ask `small`; whether they become joins.
fn conditions() -> Vec<(Expr, bool)> {
    let small = || Query::from("small");
    let word = |word: &str| column("small.word").compare(Comparison::Greater, word);
    let ids = || small().filter(word("word 3")).column(column("small.id"));
    let kinds = || small().column(column("small.kind"));
    let tied = |tie: Expr| small().filter(tie).column(Expr::from(1));
    let two = || equal("small.word", "big.word").and(equal("small.kind", "big.kind"));
    vec![
        (column("big.id").in_query(ids()), true),
        (column("big.kind").in_query(kinds()), true),
        (column("big.kind").in_query(kinds().filter(equal("small.word", "big.word"))), true),
        (column("big.kind").in_query(kinds().filter(equal("small.kind", "big.kind"))), true),
        (Expr::exists(tied(equal("small.word", "big.word"))), true),
        (Expr::exists(tied(two().and(word("word 5")))), true),
        (Expr::exists(tied(two())).not(), true),
        (Expr::exists(tied(equal("small.id", "big.kind").and(word("word 1")))).not(), true),
        // A NULL in the answer decides; what is no equality stays; so does what is asked with others.
        (column("big.kind").in_query(kinds()).not(), false),
        (column("big.id").in_query(ids()).not(), false),
        (Expr::exists(tied(column("small.id").compare(Comparison::Less, column("big.kind")))), false),
        (Expr::exists(tied(two())).or(column("big.id").compare(Comparison::Less, 10)), false),
        (Expr::exists(tied(equal("small.id", "big.kind")).limit(0)), false),
    ]
}

#[test]
fn conditions_that_become_joins_keep_the_rows_that_they_hold_for() {
    for has_nulls in [false, true] {
        let roomy = Database::in_memory();
        let spilling = Database::open_with(HeapProvider::new(), Options::new().query_memory_bytes(1)).unwrap();
        fill(&roomy, has_nulls);
        fill(&spilling, has_nulls);
        for (condition, is_join) in conditions() {
            let ask = |db: &Database, condition: Expr| {
                let query = Query::from("big").filter(condition).column(column("big.id")).order_by(1.into(), false);
                db.query(&query).unwrap_or_else(|error| panic!("{error}: {query}")).rows
            };
            let query = Query::from("big").filter(condition.clone());
            let plan = roomy.explain(&query).unwrap();
            assert_eq!(plan.contains("join"), is_join, "{condition}\n{plan}");
            let expected = ask(&roomy, opaque(condition.clone()));
            assert_eq!(ask(&roomy, condition.clone()), expected, "{condition}\n{plan}");
            assert_eq!(ask(&spilling, condition.clone()), expected, "{condition}\n{plan}");
            assert_eq!(roomy.query(&query).unwrap().rows.len(), expected.len());
            // What is written goes by the same rows.
            let deleted = spilling.delete_values("big", condition.clone()).unwrap();
            assert_eq!(deleted as usize, expected.len(), "{condition}");
            spilling.drop_table("big").unwrap();
            spilling.drop_table("small").unwrap();
            fill(&spilling, has_nulls);
        }
    }
}

#[test]
fn a_query_is_asked_of_few_rows_and_joined_to_many() {
    let db = Database::in_memory();
    fill(&db, false);
    let condition = || Expr::exists(Query::from("small").filter(equal("small.id", "big.kind")).column(Expr::from(1)));
    let many = Query::from("big").filter(condition());
    let one = many.clone().filter(column("big.id").compare(Comparison::Equal, 7));
    assert!(db.explain(&many).unwrap().contains("join"), "{}", db.explain(&many).unwrap());
    assert!(db.explain(&one).unwrap().contains("exists query 0"), "{}", db.explain(&one).unwrap());
    // Asked of each row, it would look at a hundred times as many.
    assert_eq!(db.budget(12_000).query(&many).unwrap().rows.len(), 2_300);
}

#[test]
fn as_many_values_as_may_be_are_ranges_and_one_more_is_a_filter() {
    let db = Database::in_memory();
    fill(&db, false);
    let list = |count: usize| (0..count as i64).map(|number| number * 11).collect::<Vec<_>>();
    for (count, is_search) in [(MAX_RANGES - 1, true), (MAX_RANGES, true), (MAX_RANGES + 1, false)] {
        let query = Query::from("big").filter(column("id").in_list(list(count)));
        let plan = db.explain(&query).unwrap();
        assert_eq!(plan.contains("search"), is_search, "{count}: {plan}");
        let found = db.query(&query).unwrap().rows.len();
        assert_eq!(found, list(count).iter().filter(|number| **number < 3_000).count());
        // Ranges that overlap, as alternatives that no list can say.
        let ranges = list(count).into_iter().map(|number| column("id").between(number, number + 15));
        let query = Query::from("big").filter(ranges.reduce(Expr::or).unwrap());
        let expected = list(count).last().map_or(0, |last| (last + 16).min(3_000));
        assert_eq!(db.query(&query).unwrap().rows.len(), expected as usize, "{count}");
    }
}
