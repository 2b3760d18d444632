//! Random questions to random tables have the answers that a naive evaluation gives, with indexes and without.

use wasm_dbms::prelude::*;

use crate::model::{ModelTable, answer, random};
use crate::support::{assert_sound, seed};

const DATABASES: u64 = 60;
const QUERIES: u64 = 350;

fn filled(tables: &[ModelTable], has_keys: bool) -> Database {
    let db = Database::in_memory_with(Options::new().page_size(4096)).unwrap();
    for table in tables {
        let mut schema = table.schema.clone();
        if !has_keys {
            schema.primary_key.clear();
            schema.indexes.clear();
        }
        db.create_table(&schema).unwrap();
        db.transaction(|tx| {
            for row in &table.rows {
                let names = schema.columns.iter().map(|column| column.name.as_str());
                let values: Vec<_> = names.zip(row.iter().cloned()).collect();
                tx.insert_values(&schema.name, &values)?;
            }
            Ok(())
        })
        .unwrap();
    }
    assert_sound(&db);
    db
}

#[test]
fn random_questions_have_the_answers_of_a_naive_evaluation() {
    let seed = seed(1_234);
    let (mut asked, mut rows, mut out_of_range, mut by_index) = (0u64, 0u64, 0u64, 0u64);
    for round in 0..DATABASES {
        let mut random = fastrand::Rng::with_seed(seed ^ round << 32);
        let tables: Vec<ModelTable> =
            ["a", "b", "c"].iter().map(|name| random::table(&mut random.fork(), name, random.usize(..40))).collect();
        let (with_keys, without) = (filled(&tables, true), filled(&tables, false));
        for number in 0..QUERIES {
            let query = random::query(&mut random, &tables);
            let expected = answer(&tables, &query);
            for db in [&with_keys, &without] {
                let plan = db.explain(&query).unwrap();
                let where_it_was = || format!("seed {seed}, round {round}, query {number}: {query:?}\n{plan}");
                match (&expected, db.query(&query)) {
                    (Some(expected), Ok(found)) => {
                        expected.check(&found.rows).unwrap_or_else(|what| panic!("{what}\n{}", where_it_was()));
                        rows += found.rows.len() as u64;
                    }
                    (None, Err(Error::OutOfRange(_))) => out_of_range += 1,
                    (expected, found) => {
                        let expected = expected.as_ref().map(|expected| expected.len());
                        panic!("{expected:?} rows expected, found {found:?}\n{}", where_it_was());
                    }
                }
                asked += 1;
                by_index += u64::from(plan.contains("search"));
            }
        }
    }
    println!("{asked} questions, {rows} rows, {out_of_range} sums out of range, {by_index} by an index");
    assert!(asked > 40_000 && rows > asked && out_of_range > 20 && by_index > asked / 20);
}
