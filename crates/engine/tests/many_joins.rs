//! Eight tables joined by little, as sqllogictest's `select4` does it: the answers are SQLite's, and few rows are looked
//! at for them.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use wasm_dbms::prelude::*;

use crate::support::seed;

const TABLES: usize = 9;
const ROWS: usize = 100;
const QUESTIONS: usize = 60;

/// So many rows may be looked at for each row of the answer, and for each question.
const LOOKED_AT_PER_ROW: u64 = 4;
const LOOKED_AT_PER_QUESTION: u64 = 4_000;

const LETTERS: [&str; 5] = ["a", "b", "c", "d", "e"];

struct Tables {
    db: Database,
    sqlite: Connection,
    rows: Vec<Vec<[i64; 5]>>,
}

fn tables(random: &mut fastrand::Rng) -> Tables {
    let (db, sqlite) = (Database::in_memory(), Connection::open_in_memory().unwrap());
    let mut all = Vec::new();
    for table in 1..=TABLES {
        let name = format!("t{table}");
        let columns = LETTERS.map(|letter| format!("{letter}{table}"));
        let mut schema = TableSchema::new(&*name);
        for column in &columns {
            schema = schema.column(ColumnSchema::new(column.as_str(), DataType::I64));
        }
        schema = schema.column(ColumnSchema::new(format!("x{table}"), DataType::Text));
        // As in the corpus: the first table has long indexes, the others an index of each column.
        for number in 0..LETTERS.len() {
            let end = if table == 1 { LETTERS.len() } else { number + 1 };
            let index = columns[number..end].iter().map(IndexColumn::new);
            schema.indexes.push(IndexSchema::new(index).named(format!("i{number}")));
            sqlite
                .execute_batch(&format!(
                    "CREATE TABLE IF NOT EXISTS {name} ({} INTEGER, x{table} TEXT);
                     CREATE INDEX {name}i{number} ON {name} ({})",
                    columns.join(" INTEGER, "),
                    columns[number..end].join(", ")
                ))
                .unwrap();
        }
        db.create_table(&schema).unwrap();
        let rows: Vec<[i64; 5]> = (0..ROWS).map(|_| LETTERS.map(|_| random.i64(0..1000))).collect();
        for (number, row) in rows.iter().enumerate() {
            let text = format!("table tn{table} row {number}");
            let values = row.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
            sqlite.execute(&format!("INSERT INTO {name} VALUES ({values}, '{text}')"), []).unwrap();
            let values = columns.iter().map(String::as_str).zip(row.iter().map(|number| Value::from(*number)));
            let text = (schema.columns[5].name.as_str(), Value::from(text));
            db.insert_values(&name, &values.chain([text]).collect::<Vec<_>>()).unwrap();
        }
        all.push(rows);
    }
    Tables { db, sqlite, rows: all }
}

/// Tables in any order; two are tied to each other, and each of the others has a condition of its own.
fn question(random: &mut fastrand::Rng, tables: &Tables) -> Query {
    let mut order: Vec<usize> = (1..=TABLES).collect();
    random.shuffle(&mut order);
    order.truncate(8);
    let mut query = Query::from(format!("t{}", order[0]));
    for table in &order[1..] {
        query = query.cross_join(format!("t{table}"));
    }
    let tied = random.usize(1..8);
    for (position, table) in order.iter().enumerate() {
        let letter = random.usize(..5);
        let column = || Expr::column(&format!("{}{table}", LETTERS[letter]));
        let known = |random: &mut fastrand::Rng| tables.rows[table - 1][random.usize(..ROWS)][letter];
        let output = if position == 0 { Expr::column(&format!("x{table}")) } else { column() };
        query = query.column(output);
        if position + 1 == tied {
            continue;
        }
        query = query.filter(match random.u8(..4) {
            _ if position == tied => {
                let other = format!("{}{}", LETTERS[random.usize(..5)], order[position - 1]);
                column().compare(Comparison::Equal, Expr::column(&other))
            }
            0 => column().compare(Comparison::Equal, known(random)),
            1 => Expr::from(known(random)).compare(Comparison::Equal, column()),
            2 => {
                let (one, other) = (known(random), known(random));
                column().compare(Comparison::Equal, one).or(column().compare(Comparison::Equal, other))
            }
            _ => {
                let values: Vec<i64> = (0..random.usize(2..4)).map(|_| known(random)).collect();
                column().in_list(values)
            }
        });
    }
    query
}

#[test]
fn eight_tables_joined_by_little_have_the_answers_of_sqlite_and_look_at_few_rows() {
    let mut random = fastrand::Rng::with_seed(seed(4));
    let tables = tables(&mut random);
    let (mut own, mut others, mut rows) = (Duration::ZERO, Duration::ZERO, 0);
    for number in 0..QUESTIONS {
        let query = question(&mut random, &tables);
        let where_it_was = || format!("question {number}: {query}\n{}", tables.db.explain(&query).unwrap());
        let start = Instant::now();
        let mut statement = tables.sqlite.prepare(&query.to_string()).unwrap();
        let read = statement.query_map([], |row| {
            let mut cells = vec![row.get::<_, String>(0)?];
            for cell in 1..8 {
                cells.push(row.get::<_, i64>(cell)?.to_string());
            }
            Ok(cells)
        });
        let mut expected: Vec<Vec<String>> = read.unwrap().collect::<std::result::Result<_, _>>().unwrap();
        others += start.elapsed();
        let budget = LOOKED_AT_PER_QUESTION + LOOKED_AT_PER_ROW * expected.len() as u64;
        let start = Instant::now();
        let answer = tables.db.budget(budget).query(&query);
        own += start.elapsed();
        let answer = answer.unwrap_or_else(|error| panic!("{error}, {}\n{}", expected.len(), where_it_was()));
        let shown = |value: &Value| value.to_string().trim_matches('\'').to_owned();
        let mut found: Vec<Vec<String>> = answer.rows.iter().map(|row| row.iter().map(shown).collect()).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{}", where_it_was());
        rows += found.len();
    }
    println!("{QUESTIONS} questions, {rows} rows: {own:?}; SQLite {others:?}");
    assert!(rows > 1000);
}
