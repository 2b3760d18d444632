//! The same rows joined in each way that there is: a descent in an index for each row, a hash table, all rows looked at
//! again for each, kept or not. `explain` says which it was; the pairs are always the same, those of two plain loops.

use wasm_dbms::prelude::*;
use wasm_dbms::{Case, JoinKind};

use crate::support::seed;

const DATABASES: usize = 40;

/// Values of the columns that are joined: few, so that many are equal.
fn code(random: &mut fastrand::Rng, range: i64) -> Option<i64> {
    (random.u8(..6) > 0).then(|| random.i64(0..range))
}

/// Tables of the same rows: `few` beside `bare`, `indexed` and `descending`, which differ in what leads to their rows.
fn tables(few: &[Option<i64>], many: &[Option<i64>]) -> Database {
    let db = Database::in_memory();
    let schema = |name: &str| {
        TableSchema::new(name)
            .column(ColumnSchema::new("number", DataType::I64))
            .column(ColumnSchema::new("code", DataType::I64).nullable())
    };
    let mut indexed = schema("indexed");
    indexed.indexes.push(IndexSchema::new([IndexColumn::new("code")]).named("by_code"));
    let mut descending = schema("descending");
    descending.indexes.push(IndexSchema::new([IndexColumn::new("code").descending()]).named("by_code"));
    for (schema, codes) in [(schema("few"), few), (schema("bare"), many), (indexed, many), (descending, many)] {
        db.create_table(&schema).unwrap();
        let rows = codes.iter().zip(0i64..).map(|(code, number)| vec![number.into(), Value::from(*code)]);
        db.insert_many_values(&schema.name, &["number", "code"], rows).unwrap();
    }
    db
}

/// What two plain loops find: the numbers of the rows that belong together.
fn expected(few: &[Option<i64>], many: &[Option<i64>], kind: JoinKind) -> Vec<Vec<Value>> {
    let mut pairs = Vec::new();
    let mut has_partner = vec![false; many.len()];
    for (left, code) in few.iter().enumerate() {
        let partners: Vec<usize> = (0..many.len()).filter(|right| code.is_some() && many[*right] == *code).collect();
        partners.iter().for_each(|right| has_partner[*right] = true);
        pairs.extend(partners.iter().map(|right| (Some(left), Some(*right))));
        if partners.is_empty() && matches!(kind, JoinKind::Left | JoinKind::Full) {
            pairs.push((Some(left), None));
        }
    }
    if matches!(kind, JoinKind::Right | JoinKind::Full) {
        pairs.extend((0..many.len()).filter(|right| !has_partner[*right]).map(|right| (None, Some(right))));
    }
    let number = |place: Option<usize>| Value::from(place.map(|place| place as i64));
    sorted(pairs.into_iter().map(|(left, right)| vec![number(left), number(right)]).collect())
}

fn sorted(mut rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    rows.sort_by_cached_key(|row| format!("{row:?}"));
    rows
}

fn join(kind: JoinKind, table: &str, condition: Expr) -> Query {
    let number = |table: &str| Expr::column(&format!("{table}.number"));
    Query::from("few").join_on(kind, table, condition).column(number("few")).column(number(table))
}

/// That both codes are equal, in a form that no planner sees through.
fn opaque(condition: Expr) -> Expr {
    let branches = vec![(condition, Expr::from(true))];
    Case { operand: None, branches, otherwise: Some(Expr::from(false)) }.into()
}

#[test]
fn every_kind_of_join_finds_the_same_pairs() {
    let seed = seed(0x101);
    let mut random = fastrand::Rng::with_seed(seed);
    for number in 0..DATABASES {
        let range = random.i64(4..400);
        let few: Vec<_> = (0..random.usize(8..16)).map(|_| code(&mut random, range)).collect();
        let many: Vec<_> = (0..random.usize(600..1200)).map(|_| code(&mut random, range)).collect();
        let db = tables(&few, &many);
        for kind in [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full] {
            let expected = expected(&few, &many, kind);
            let equal = |table: &str| {
                Expr::column("few.code").compare(Comparison::Equal, Expr::column(&format!("{table}.code")))
            };
            let ways = [
                ("hash ", join(kind, "bare", equal("bare"))),
                ("index indexed.by_code", join(kind, "indexed", equal("indexed"))),
                ("index descending.by_code", join(kind, "descending", equal("descending"))),
                ("", join(kind, "bare", opaque(equal("bare")))),
            ];
            for (way, query) in ways {
                let plan = db.explain(&query).unwrap();
                // The others begin with the table that all rows stay of.
                if matches!(kind, JoinKind::Inner | JoinKind::Left) {
                    let is_loop = !plan.contains("hash ") && !plan.contains("index ");
                    assert!(
                        plan.contains(way) && is_loop == way.is_empty(),
                        "not by {way:?} in database {number}, seed {seed}:\n{plan}"
                    );
                }
                let found = sorted(db.query(&query).unwrap().rows);
                assert_eq!(found, expected, "{query}, database {number}, seed {seed}:\n{plan}");
            }
        }
    }
}
