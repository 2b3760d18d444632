//! Drawn questions to drawn tables have the answers of SQLite: with indexes and without, over tables and over what the
//! planner cannot look into.

mod draw;

use rusqlite::Connection;
use rusqlite::types::{Value as Cell, ValueRef as CellRef};
use wasm_dbms::prelude::*;

use crate::support::{assert_sound, seed};
use draw::{Draw, Question, TABLES, rows, table};

/// How often tables are made, and how often they are asked.
const DATABASES: u64 = 100;
const QUESTIONS: u64 = 120;

fn create(db: &Database, schema: &TableSchema, rows: &[Vec<Value>]) {
    let names: Vec<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
    db.create_table(schema).unwrap();
    db.insert_many_values(&schema.name, &names, rows.iter().cloned()).unwrap();
}

fn create_in_sqlite(sqlite: &Connection, schema: &TableSchema, rows: &[Vec<Value>]) {
    let columns = schema.columns.iter().map(|column| match column.data_type {
        DataType::I64 => format!("{} INTEGER", column.name),
        DataType::F64 => format!("{} REAL", column.name),
        _ => format!("{} TEXT", column.name),
    });
    let columns: Vec<String> = columns.collect();
    sqlite.execute_batch(&format!("CREATE TABLE {} ({})", schema.name, columns.join(", "))).unwrap();
    let mut insert = sqlite.prepare(&format!("INSERT INTO {} VALUES (?, ?, ?, ?, ?, ?)", schema.name)).unwrap();
    for row in rows {
        let cells = row.iter().map(|value| match value {
            Value::Integer(number) => Cell::Integer(*number),
            Value::Float(number) => Cell::Real(*number),
            Value::Text(text) => Cell::Text(text.clone()),
            _ => Cell::Null,
        });
        insert.execute(rusqlite::params_from_iter(cells)).unwrap();
    }
}

/// A value as text that is the same for what both engines call equal.
fn shown(value: &Value) -> String {
    match value {
        Value::Bool(value) => i64::from(*value).to_string(),
        Value::Float(number) => format!("{:?}", number + 0.0),
        value => value.to_string(),
    }
}

fn shown_cell(cell: CellRef<'_>) -> String {
    match cell {
        CellRef::Null => "NULL".into(),
        CellRef::Integer(number) => number.to_string(),
        CellRef::Real(number) => format!("{:?}", number + 0.0),
        CellRef::Text(text) => Value::from(String::from_utf8_lossy(text).into_owned()).to_string(),
        CellRef::Blob(_) => "a blob".into(),
    }
}

type Answer = Vec<Vec<String>>;

fn ask(db: &Database, query: &Query) -> std::result::Result<Answer, String> {
    let found = db.query(query).map_err(|error| error.to_string())?;
    Ok(found.rows.iter().map(|row| row.iter().map(shown).collect()).collect())
}

fn ask_sqlite(sqlite: &Connection, query: &Query) -> std::result::Result<Answer, String> {
    let mut statement = sqlite.prepare(&query.to_string()).map_err(|error| error.to_string())?;
    let width = statement.column_count();
    let rows = statement.query_map([], |row| (0..width).map(|cell| row.get_ref(cell).map(shown_cell)).collect());
    rows.and_then(Iterator::collect).map_err(|error| error.to_string())
}

fn db_plan(db: &Database, query: &Query) -> String {
    db.explain(query).unwrap_or_else(|error| error.to_string())
}

/// The columns that come in order, in order, and all rows in an order of our own.
fn comparable(question: &Question, answer: Answer) -> (Answer, Answer) {
    let in_order = answer.iter().map(|row| row.iter().take(question.ordered_columns).cloned().collect()).collect();
    let mut all = answer;
    all.sort();
    (in_order, all)
}

#[test]
fn drawn_questions_have_the_answers_of_sqlite() {
    let seed = seed(77);
    let (mut asked, mut found, mut searched, mut many) = (0u64, 0u64, 0u64, 0u64);
    for round in 0..DATABASES {
        let mut random = fastrand::Rng::with_seed(seed ^ round << 32);
        let sqlite = Connection::open_in_memory().unwrap();
        sqlite.execute_batch("PRAGMA case_sensitive_like = ON").unwrap();
        let (indexed, plain) = (Database::in_memory(), Database::in_memory());
        // Whatever is kept is too much for it.
        let options = Options::new().query_memory_bytes(1);
        let spilling = Database::open_with(HeapProvider::new(), options).unwrap();
        for number in 0..TABLES {
            let schema = table(&mut random, number);
            // In one of them an index is worth more than in the others.
            let count = random.usize(..if number == 0 { 120 } else { 16 });
            let rows = rows(&mut random, count);
            create_in_sqlite(&sqlite, &schema, &rows);
            create(&indexed, &schema, &rows);
            create(&spilling, &schema, &rows);
            let bare = TableSchema { primary_key: Vec::new(), indexes: Vec::new(), ..schema };
            create(&plain, &bare, &rows);
        }
        assert_sound(&indexed);
        for number in 0..QUESTIONS {
            let question = Draw::new(&mut random).question();
            let query = &question.query;
            let where_it_was = || format!("seed {seed}, round {round}, question {number}: {query}");
            let expected = ask_sqlite(&sqlite, query).unwrap_or_else(|error| panic!("{error}\n{}", where_it_was()));
            many += u64::from(expected.len() > 50);
            let expected = comparable(&question, expected);
            // Where things are kept makes no difference, not even to the order.
            let spilled = ask(&spilling, query);
            assert!(
                spilled == ask(&indexed, query),
                "{spilled:?}\n{}\n{:?}",
                where_it_was(),
                db_plan(&spilling, query)
            );
            for db in [&indexed, &plain] {
                let plan = db.explain(query).unwrap_or_else(|error| panic!("{error}\n{}", where_it_was()));
                let answer = ask(db, query).unwrap_or_else(|error| panic!("{error}\n{}\n{plan}", where_it_was()));
                let answer = comparable(&question, answer);
                assert!(answer == expected, "{answer:?}\ninstead of\n{expected:?}\n{}\n{plan}", where_it_was());
                found += expected.1.len() as u64;
                searched += u64::from(plan.contains("search"));
                asked += 1;
            }
        }
    }
    println!("{asked} asked, {found} rows, {searched} by an index, {many} of many rows");
    assert!(found > asked && searched > asked / 10 && many > asked / 800);
}
