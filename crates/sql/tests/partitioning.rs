//! What must hold of every answer, whoever else may answer: drawn schemas and conditions as SQL text, in both dialects.
//!
//! - *TLP*: the rows for which a condition is true, those for which it is false and those for which it is NULL are all rows;
//!   so are what DISTINCT, aggregates and groups make of them.
//! - *NoREC*: a condition keeps as many rows as it is true of where nothing is looked for by it.
//!
//! `STATEMENTS` says how many are asked (12,000 if nothing is said, 144,000 in continuous integration, where `differential`
//! asks 60,000 more), `SEED` what is drawn.

#![cfg(test)]

mod peer;

use fastrand::Rng;
use wasm_dbms::Database;
use wasm_dbms_sql::{Dialect, Session};

use peer::draw::Draw;
use peer::{own, variable, variable_or_in_ci};

const CONDITIONS_OF_A_SCHEMA: usize = 25;

/// How many threads draw, each from a seed of its own.
const STREAMS: u64 = 2;

/// A database under test, and how many statements it was asked.
struct Asked<'d> {
    session: Session<'d>,
    count: u64,
}

impl Asked<'_> {
    /// The rows that a query answers, sorted; none where a value leaves its type, or is divided by zero.
    fn ask(&mut self, query: &str) -> Option<Vec<String>> {
        self.count += 1;
        match own(&self.session, query) {
            Ok(mut rows) => {
                rows.sort_unstable();
                Some(rows)
            }
            Err(error) if error.contains("out of range") || error.contains("division by zero") => None,
            Err(error) => panic!("{query}\n{error}"),
        }
    }

    /// Two statements that answer the same rows; whether both answered.
    fn same(&mut self, one: &str, other: &str, context: &dyn Fn() -> String) -> bool {
        let (Some(one_rows), Some(other_rows)) = (self.ask(one), self.ask(other)) else { return false };
        assert!(one_rows == other_rows, "{}\n{one}\n{other}\n{one_rows:?}\n{other_rows:?}", context());
        true
    }

    /// Whether all of it could be asked of one condition on some tables.
    fn look_at(&mut self, draw: &mut Draw, context: &dyn Fn() -> String) -> bool {
        let (from, sources) = draw.tables_joined();
        let condition = draw.condition(&sources, 2);
        let (number, key) = (draw.integer(&sources, 1), draw.column(&sources, &["i", "s", "k"]));
        let parts = [format!("({condition})"), format!("NOT ({condition})"), format!("({condition}) IS NULL")];
        let parted = |what: &str, all: &str, behind: &str| {
            parts.clone().map(|part| format!("SELECT {what} FROM {from} WHERE {part}{behind}")).join(all)
        };
        let columns = sources.iter().map(|source| format!("{source}.*")).collect::<Vec<_>>().join(", ");
        self.same(&format!("SELECT {columns} FROM {from}"), &parted(&columns, " UNION ALL ", ""), context)
            && self.same(
                &format!("SELECT DISTINCT {number}, {key} FROM {from}"),
                &parted(&format!("{number}, {key}"), " UNION ", ""),
                context,
            )
            && self.same(
                &format!("SELECT count(*), count({number}), sum({number}), min({key}), max({key}) FROM {from}"),
                &format!(
                    "SELECT sum(a), sum(b), sum(c), min(d), max(e) FROM ({}) p",
                    parted(
                        &format!("count(*) a, count({number}) b, sum({number}) c, min({key}) d, max({key}) e"),
                        " UNION ALL ",
                        ""
                    )
                ),
                context,
            )
            && self.same(
                &format!("SELECT {key}, count({number}), max({number}) FROM {from} GROUP BY {key}"),
                &format!(
                    "SELECT a, sum(b), max(c) FROM ({}) p GROUP BY a",
                    parted(
                        &format!("{key} a, count({number}) b, max({number}) c"),
                        " UNION ALL ",
                        &format!(" GROUP BY {key}")
                    )
                ),
                context,
            )
            && self.same(
                &format!("SELECT count(*) FROM {from} WHERE {condition}"),
                &format!("SELECT count(CASE WHEN {condition} THEN 1 END) FROM {from}"),
                context,
            )
            && self.same(
                &format!("SELECT {columns} FROM {from} WHERE {condition}"),
                &format!("SELECT {columns} FROM {from} WHERE CASE WHEN {condition} THEN 1 ELSE 0 END = 1"),
                context,
            )
    }
}

/// What was asked of the schemas of one stream.
#[derive(Default)]
struct Counts {
    statements: u64,
    whole: u64,
    cut_short: u64,
}

fn stream(seed: u64, statements: u64) -> Counts {
    let mut rng = Rng::with_seed(seed);
    let mut counts = Counts::default();
    for round in 0.. {
        if counts.statements >= statements {
            break;
        }
        let dialect = if round % 2 == 0 { Dialect::PostgreSql } else { Dialect::Sqlite };
        let mut draw = Draw { rng: rng.fork(), tables: 1 + rng.usize(..3) };
        let database = Database::in_memory();
        let session = Session::with_dialect(&database, dialect);
        let mut script = draw.schema();
        for statement in &script {
            session.execute(statement, ()).unwrap_or_else(|error| panic!("{statement}\n{error}"));
        }
        let mut asked = Asked { session, count: script.len() as u64 };
        for number in 0..CONDITIONS_OF_A_SCHEMA {
            let context = || format!("stream {seed}, {dialect:?}, round {round}, condition {number}: {script:#?}");
            match asked.look_at(&mut draw, &context) {
                true => counts.whole += 1,
                false => counts.cut_short += 1,
            }
            if number % 5 == 4 {
                // Other rows, in other places.
                let change = format!("DELETE FROM t{} WHERE k = {}", draw.rng.usize(..draw.tables), draw.rng.u8(..30));
                asked.count += 1;
                asked.session.execute(&change, ()).unwrap();
                script.push(change);
            }
        }
        counts.statements += asked.count;
    }
    counts
}

#[test]
fn conditions_part_rows_in_three_and_keep_what_they_are_true_of() {
    let (statements, seed) = (variable_or_in_ci("STATEMENTS", 12_000, 144_000), variable("SEED", 11));
    println!("SEED={seed} STATEMENTS={statements}");
    let streams: Vec<Counts> = std::thread::scope(|scope| {
        let run = |number| scope.spawn(move || stream(seed ^ number << 32, statements.div_ceil(STREAMS)));
        let streams: Vec<_> = (0..STREAMS).map(run).collect();
        streams.into_iter().map(|stream| stream.join().unwrap()).collect()
    });
    let sum = |count: fn(&Counts) -> u64| streams.iter().map(count).sum::<u64>();
    let (asked, whole, cut_short) = (sum(|s| s.statements), sum(|s| s.whole), sum(|s| s.cut_short));
    println!("{asked} statements; {whole} conditions, and {cut_short} with values that leave their type");
    assert!(asked >= statements, "{asked} of {statements}");
    assert!(whole > 4 * cut_short, "{whole}, {cut_short}");
}
