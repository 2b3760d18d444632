//! Tables whose keys are in one order are joined side by side, each leaf entered once: the answers are those of sets, and
//! `explain` says that it was a merge.

use std::collections::BTreeMap;

use wasm_dbms::prelude::*;
use wasm_dbms::{JoinKind, Source};

use crate::support::seed;

const DATABASES: usize = 6;

/// Orders by number, their lines by number and place, and notes found by a unique index alone.
struct Rows {
    orders: BTreeMap<i64, i64>,
    lines: BTreeMap<(i64, i64), i64>,
    notes: BTreeMap<i64, i64>,
}

impl Rows {
    fn draw(random: &mut fastrand::Rng) -> Self {
        let orders: BTreeMap<_, _> =
            (0..random.usize(2_000..4_000)).map(|_| (random.i64(0..6_000), random.i64(..50))).collect();
        let lines = (0..random.usize(4_000..9_000))
            .map(|_| ((random.i64(0..6_000), random.i64(..20)), random.i64(..50)))
            .collect();
        let notes = (0..random.usize(2_000..4_000)).map(|_| (random.i64(0..6_000), random.i64(..50))).collect();
        Self { orders, lines, notes }
    }

    fn store(&self) -> Database {
        let db = Database::in_memory();
        let number = |name: &str| ColumnSchema::new(name, DataType::I64);
        let orders = TableSchema::new("orders").column(number("id")).column(number("n")).primary_key(["id"]);
        let lines = TableSchema::new("lines")
            .column(number("order"))
            .column(number("place"))
            .column(number("n"))
            .primary_key(["order", "place"]);
        let mut notes = TableSchema::new("notes").column(number("of")).column(number("n"));
        notes.indexes.push(IndexSchema::new([IndexColumn::new("of")]).named("by_order").unique());
        for schema in [orders, lines, notes] {
            db.create_table(&schema).unwrap();
        }
        let pairs = |rows: &BTreeMap<i64, i64>| {
            rows.iter().map(|(id, n)| vec![(*id).into(), (*n).into()]).collect::<Vec<Vec<Value>>>()
        };
        db.insert_many_values("orders", &["id", "n"], pairs(&self.orders)).unwrap();
        db.insert_many_values("notes", &["of", "n"], pairs(&self.notes)).unwrap();
        let lines = self.lines.iter().map(|((order, place), n)| vec![(*order).into(), (*place).into(), (*n).into()]);
        db.insert_many_values("lines", &["order", "place", "n"], lines.collect::<Vec<Vec<Value>>>()).unwrap();
        db
    }
}

fn numbers(mut rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    rows.sort_by_cached_key(|row| format!("{row:?}"));
    rows
}

fn equal(left: &str, right: &str) -> Expr {
    Expr::column(left).compare(Comparison::Equal, Expr::column(right))
}

/// What the question finds, which must be by a merge.
fn merged(db: &Database, query: &Query, seed: u64) -> Vec<Vec<Value>> {
    let plan = db.explain(query).unwrap();
    assert!(plan.contains("merge "), "no merge, seed {seed}:\n{plan}");
    numbers(db.query(query).unwrap().rows)
}

#[test]
fn tables_in_one_order_are_merged_and_nothing_is_lost() {
    let seed = seed(0x3e6);
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..DATABASES {
        let rows = Rows::draw(&mut random);
        let db = rows.store();

        // Each order with its lines: a part of their key.
        let of_lines = |kind| {
            let query = Query::from("orders").join_on(kind, "lines", equal("orders.id", "lines.order"));
            query.column(Expr::column("orders.id")).column(Expr::column("lines.n"))
        };
        let mut expected: Vec<Vec<Value>> = Vec::new();
        let mut without: Vec<Vec<Value>> = Vec::new();
        for id in rows.orders.keys() {
            let lines = rows.lines.range((*id, i64::MIN)..=(*id, i64::MAX));
            let before = expected.len();
            expected.extend(lines.map(|(_, n)| vec![(*id).into(), (*n).into()]));
            if expected.len() == before {
                without.push(vec![(*id).into(), Value::Null]);
            }
        }
        assert_eq!(merged(&db, &of_lines(JoinKind::Inner), seed), numbers(expected.clone()), "seed {seed}");
        expected.append(&mut without);
        assert_eq!(merged(&db, &of_lines(JoinKind::Left), seed), numbers(expected), "seed {seed}");

        // Each order with its note, by a unique index, and again with itself, by its key.
        let query = Query::from("orders")
            .join_on(JoinKind::Left, "notes", equal("orders.id", "notes.of"))
            .join_on(JoinKind::Left, Source::from("orders").alias("again"), equal("again.id", "notes.of"))
            .column(Expr::column("orders.id"))
            .column(Expr::column("notes.n"))
            .column(Expr::column("again.n"));
        let expected = rows.orders.iter().map(|(id, n)| {
            let note = rows.notes.get(id);
            vec![(*id).into(), note.copied().into(), note.map(|_| *n).into()]
        });
        assert_eq!(merged(&db, &query, seed), numbers(expected.collect()), "seed {seed}");
    }
}

#[test]
fn an_order_asked_for_backwards_gives_the_rows_of_a_merge_all_the_same() {
    let seed = seed(0x3e7);
    let mut random = fastrand::Rng::with_seed(seed);
    let rows = Rows::draw(&mut random);
    let db = rows.store();
    let query = Query::from("orders")
        .join_on(JoinKind::Inner, "lines", equal("orders.id", "lines.order"))
        .column(Expr::column("orders.id"))
        .order_by(Expr::column("orders.id"), true);
    let found: Vec<Value> = db.query(&query).unwrap().rows.into_iter().flatten().collect();
    let mut expected: Vec<i64> =
        rows.lines.keys().map(|(order, _)| *order).filter(|order| rows.orders.contains_key(order)).collect();
    expected.reverse();
    assert_eq!(found, expected.into_iter().map(Value::from).collect::<Vec<_>>(), "seed {seed}");
}
