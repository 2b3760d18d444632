//! What must hold of answers whatever they are: the rows for which a condition is true, false and NULL are all rows
//! (ternary-logic partitioning); as many rows are kept as the condition is true of (NoREC); a condition that the planner
//! cannot look into, over all pairs of rows, keeps the same ones: nothing is lost by an index, an order of tables or a
//! hash table.

use wasm_dbms::prelude::*;
use wasm_dbms::{Case, JoinCondition, JoinKind};

use crate::model::random::{Visible, columns_of, filter, table};
use crate::model::{ModelTable, shown};
use crate::support::seed;

const DATABASES: u64 = 120;
const CONDITIONS: u64 = 60;

fn filled(tables: &[ModelTable]) -> Database {
    let db = Database::in_memory();
    for table in tables {
        let names: Vec<&str> = table.schema.columns.iter().map(|column| column.name.as_str()).collect();
        db.create_table(&table.schema).unwrap();
        db.insert_many_values(&table.schema.name, &names, table.rows.iter().cloned()).unwrap();
    }
    db
}

/// The condition in a form that no planner sees through.
fn opaque(condition: Expr) -> Expr {
    let branches = vec![(condition, Expr::from(true))];
    Case { operand: None, branches, otherwise: Some(Expr::from(false)) }.into()
}

fn ask(db: &Database, query: &Query) -> Vec<String> {
    let answer = db.query(query).unwrap_or_else(|error| panic!("{error}: {query}"));
    let mut rows: Vec<String> = answer.rows.iter().map(|row| shown(row)).collect();
    rows.sort_unstable();
    rows
}

/// A join of some of the tables, the columns that can be seen, and the same rows as pairs of all rows that a condition
/// chooses from, if no join keeps rows without a partner.
fn joined(random: &mut fastrand::Rng, tables: &[ModelTable]) -> (Query, Vec<Visible>, Option<(Query, Expr)>) {
    let mut order: Vec<&ModelTable> = tables.iter().collect();
    random.shuffle(&mut order);
    let first = &order[0].schema;
    let mut query = Query::from(first.name.clone());
    let mut pairs = Some((query.clone(), Expr::from(true)));
    let mut columns = columns_of(first);
    for other in order.iter().skip(1).take(random.usize(..3)) {
        let right = columns_of(&other.schema);
        let alike: Vec<(&Visible, &Visible)> = columns
            .iter()
            .flat_map(|left| right.iter().map(move |right| (left, right)))
            .filter(|(left, right)| left.data_type.is_comparable_with(right.data_type))
            .collect();
        let (left_column, right_column) = alike[random.usize(..alike.len())];
        let equal = Expr::column(&left_column.name).compare(Comparison::Equal, Expr::column(&right_column.name));
        columns.extend(right);
        let condition = match random.u8(..3) {
            0 => equal.and(filter(random, &columns, 1)),
            _ => equal,
        };
        let kind = [JoinKind::Inner, JoinKind::Inner, JoinKind::Left, JoinKind::Right][random.usize(..4)];
        pairs = pairs.filter(|_| kind == JoinKind::Inner).map(|(pairs, all)| {
            let pairs = pairs.join_with(wasm_dbms::Join {
                kind,
                source: other.schema.name.clone().into(),
                condition: JoinCondition::Always,
            });
            (pairs, all.and(condition.clone()))
        });
        query = query.join_on(kind, other.schema.name.clone(), condition);
    }
    (query, columns, pairs)
}

#[test]
fn conditions_part_rows_in_three_and_keep_what_they_are_true_of() {
    let seed = seed(4_711);
    let (mut rows, mut kept, mut paired) = (0, 0, 0);
    for round in 0..DATABASES {
        let mut random = fastrand::Rng::with_seed(seed ^ round << 32);
        let tables: Vec<ModelTable> =
            ["a", "b", "c"].iter().map(|name| table(&mut random.fork(), name, random.usize(..16))).collect();
        let db = filled(&tables);
        for number in 0..CONDITIONS {
            let (all, columns, pairs) = joined(&mut random, &tables);
            let condition = filter(&mut random, &columns, 3);
            let where_it_was = || format!("seed {seed}, round {round}, number {number}: {all}, {condition}");
            let parts = [condition.clone(), condition.clone().not(), condition.clone().is_null()];
            let [holds, fails, open] = parts.map(|part| ask(&db, &all.clone().filter(part)));
            let every = ask(&db, &all);
            let mut together = [holds.as_slice(), &fails, &open].concat();
            together.sort_unstable();
            assert_eq!(together, every, "{}", where_it_was());
            let truths = ask(&db, &all.clone().column(condition.clone().is_true()));
            let truths = truths.iter().filter(|truth| truth.eq_ignore_ascii_case("true")).count();
            assert_eq!(truths, holds.len(), "{}", where_it_was());
            assert_eq!(ask(&db, &all.clone().filter(opaque(condition.clone()))), holds, "{}", where_it_was());
            if let Some((pairs, ties)) = pairs.filter(|(pairs, _)| !pairs.joins.is_empty()) {
                let columns = columns.iter().map(|column| Expr::column(&column.name));
                let project = |query: Query| columns.clone().fold(query, Query::column);
                let found = ask(&db, &project(pairs.filter(opaque(ties.and(condition.clone())))));
                assert_eq!(found, ask(&db, &project(all.clone().filter(condition.clone()))), "{}", where_it_was());
                paired += 1;
            }
            rows += every.len();
            kept += holds.len();
        }
    }
    println!("{rows} rows, {kept} kept, {paired} conditions over all pairs");
    assert!(kept > 5_000 && rows > 2 * kept && paired > 300);
}
